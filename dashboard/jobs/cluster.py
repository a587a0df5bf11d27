"""The supervisor when jobs run on a Dask cluster instead of this machine.

The store, the job pages and the result folders stay what they are: the home folder lies on a
drive that all machines see under the same path, and so do the project and its Python.
"""

import sys
import time
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from threading import Event
from typing import Any

from dashboard.jobs import cluster_job, remote
from dashboard.jobs.launcher import PROJECT
from dashboard.jobs.patience import Patient, Trouble
from dashboard.jobs.store import Job, JobState, Store
from dashboard.jobs.worker import (
    BEAT_SECONDS,
    ONE_THREAD,
    POLL_SECONDS,
    death_sentence,
    has_result,
    recover,
    tidy,
)
from dashboard.server.settings import Settings
from pipelines.core.errors import ParameterError

TOPIC = "neuroboard"
CONNECT_SECONDS = 5
STOP_FILE = ".stop"
UNREACHABLE = "unreachable"
WAITING = "Waiting for a machine of the cluster"
WORKER_LOST = (
    "The machine of the cluster that ran this job was lost. Nothing half-written was kept: "
    "press Run again."
)


class ClusterSupervisor:
    """Hands jobs to the workers of a Dask scheduler, one job a worker at a time."""

    def __init__(self, settings: Settings, store: Store) -> None:
        self.settings = settings
        self.store = store
        self._client: Any = None
        self._running: dict[str, Any] = {}
        self._waiting: set[str] = set()
        self._last_beat = 0.0

    def run(self, stop: Event) -> None:
        """Work until told to stop."""
        trouble = Trouble()
        while not trouble.survived(self._recover) and not stop.is_set():
            pass
        try:
            while not stop.is_set():
                if trouble.survived(self.step):
                    time.sleep(POLL_SECONDS)
        finally:
            trouble.survived(self._recover)
            trouble.survived(lambda: self.store.beat("stopped"))
            if self._client is not None:
                self._client.close(timeout=2)

    def _recover(self) -> None:
        self._abandon(recover(self.settings, self.store))

    def step(self) -> None:
        """One round: connect, stop what is unwanted, note what ended, start what waits."""
        if not self._connected():
            self._beat(UNREACHABLE)
            return
        for job_id in self.store.to_cancel():
            self._stop(job_id)
        for job_id, future in list(self._running.items()):
            if future.done():
                self._note_end(job_id, future)
                del self._running[job_id]
        self._hand_out()
        self._beat("ready")

    def _connected(self) -> bool:
        if self._client is not None and self._client.status == "running":
            return True
        try:
            self._client = connect(self.settings.scheduler)
        except OSError as error:
            print(f"{self.settings.scheduler} does not answer: {error}", flush=True)
            return False
        self._client.subscribe_topic(TOPIC, self._hear)
        return True

    def _hear(self, event: tuple[float, Mapping[str, Any]]) -> None:
        _, said = event
        self._waiting.discard(said["job"])
        if "fraction" in said:
            Patient(self.store).report(said["job"], said["fraction"], said["message"])

    def _hand_out(self) -> None:
        """Hand out a job to each worker, and one more.

        By that one the scheduler sees that more workers are wanted: a cluster that grows and
        shrinks with its work would otherwise never start the first.
        """
        workers = len(self._client.scheduler_info(n_workers=-1)["workers"])
        while len(self._running) <= workers:
            job = self.store.claim(quick_only=False)
            if job is None:
                return
            self._stop_file(job.id).unlink(missing_ok=True)
            Patient(self.store).report(job.id, 0.0, WAITING)
            self._waiting.add(job.id)
            self._running[job.id] = self._submitted(job)

    def _submitted(self, job: Job) -> Any:
        # Dask sends a function without a name as it stands, and what it needs with it; others it
        # names, and the scheduler and the workers would look for the project beside them.
        run = remote.run
        return self._client.submit(
            lambda order: run(order, TOPIC),
            self._order(job),
            key=f"{job.id}-{time.time_ns()}",
            pure=False,
        )

    def _order(self, job: Job) -> remote.RemoteJob:
        variables = {**self.settings.environment(), **dict.fromkeys(ONE_THREAD, "1")}
        return remote.RemoteJob(
            job=job.id,
            command=(
                sys.executable,
                "-m",
                "pipelines.processes.guard",
                "dashboard.jobs.cluster_job",
            ),
            folder=str(PROJECT),
            environment=variables,
            text=cluster_job.to_text(job),
            stop_file=str(self._stop_file(job.id)),
        )

    def _stop(self, job_id: str) -> None:
        self._stop_file(job_id).touch()
        # A job that waits for a machine has no process yet that would see the file.
        if job_id in self._waiting and job_id in self._running:
            self._running[job_id].cancel()

    def _note_end(self, job_id: str, future: Any) -> None:
        self._waiting.discard(job_id)
        if future.cancelled():
            self.store.finish(job_id, JobState.CANCELLED)
        elif future.status != "finished":
            print(f"Job {job_id}: {future.exception()!r}", flush=True)
            self._note_death(job_id, WORKER_LOST)
        else:
            self._note_result(job_id, future.result())
        tidy(self.settings, [job_id])

    def _note_result(self, job_id: str, said: Mapping[str, Any]) -> None:
        if "state" in said:
            state = JobState(said["state"])
            self.store.finish(job_id, state, said["error"], said["traceback"])
        elif self._stop_file(job_id).exists():
            self.store.finish(job_id, JobState.CANCELLED)
        else:
            self._note_death(job_id, death_sentence(said["exit_code"]))

    def _note_death(self, job_id: str, sentence: str) -> None:
        if has_result(self.settings, job_id):
            self.store.finish(job_id, JobState.DONE)
        else:
            self.store.finish(job_id, JobState.FAILED, sentence)

    def _abandon(self, job_ids: list[str]) -> None:
        """Stop what still runs on the cluster for jobs that nobody waits for."""
        for job_id in job_ids:
            if (self.settings.jobs / job_id).is_dir():
                self._stop_file(job_id).touch()
        tidy(self.settings, job_ids)

    def _stop_file(self, job_id: str) -> Path:
        folder = self.settings.jobs / job_id
        folder.mkdir(parents=True, exist_ok=True)
        return folder / STOP_FILE

    def _beat(self, state: str) -> None:
        if time.monotonic() - self._last_beat > BEAT_SECONDS:
            self._last_beat = time.monotonic()
            self.store.beat(state)


def connect(address: str) -> Any:
    """A client of the scheduler.

    Raises:
        ParameterError: Dask is not installed here.
        OSError: the scheduler does not answer.
    """
    try:
        cloudpickle, distributed = map(import_module, ("cloudpickle", "distributed"))
    except ImportError:
        raise ParameterError(
            "NEUROBOARD_SCHEDULER needs Dask: pip install -r requirements-dask.txt."
        ) from None
    cloudpickle.register_pickle_by_value(remote)
    return distributed.Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
