"""The supervisor: keeps warm child processes, hands them jobs, stops and replaces them.

Started by the web process as `python -m dashboard.jobs.worker`; ends when the pipe on its
standard input closes, which happens however the web process ends. A lock in the home folder
makes sure that there is one; a second one waits and takes over.
"""

import multiprocessing
import os
import shutil
import signal
import sys
import threading
import time
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Protocol

from filelock import FileLock, Timeout

from dashboard.home.examples import EXAMPLES
from dashboard.jobs.child import BEGUN, WARM, serve
from dashboard.jobs.patience import Trouble
from dashboard.jobs.store import JobState, Store
from dashboard.server.settings import Settings
from pipelines.core.errors import NeuroboardError
from pipelines.core.outputs import RECORD, put_back
from pipelines.processes import guard
from pipelines.processes.watching import OUT_OF_MEMORY, Watch, of_this_machine

POLL_SECONDS = 0.05
BEAT_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 30.0
ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")


@dataclass
class Child:
    """One warm process."""

    process: BaseProcess
    pipe: Connection
    watch: Watch
    folder: Path | None = None
    ready: bool = False
    warm: bool = False
    """Whether it has imported all that jobs need; until then it may still turn out not to work."""
    job: str = ""
    has_begun: bool = False
    """Whether it said that it works on the job; a job that was only handed to it can move on."""
    quick: bool = False


class Supervisor:
    """Runs jobs on `workers + 1` children; the spare one takes quick jobs and follows a cancel."""

    def __init__(self, settings: Settings, store: Store) -> None:
        self.settings = settings
        self.store = store
        self.children: list[Child] = []
        self._spawn = multiprocessing.get_context("spawn")
        self._limits = of_this_machine(settings.memory_gb)
        self._last_beat = 0.0
        self._ended: dict[str, tuple[JobState, str]] = {}
        self._failed_starts = 0
        self._next_start = 0.0

    def run(self, stop: threading.Event) -> None:
        """Work until told to stop."""
        trouble = Trouble()
        while not trouble.survived(self._recover) and not stop.is_set():
            pass
        try:
            while not stop.is_set():
                if trouble.survived(self.step):
                    time.sleep(POLL_SECONDS)
        finally:
            for child in self.children:
                child.process.kill()
            for child in list(self.children):
                self._end(child)
            trouble.survived(self._say_goodbye)

    def _recover(self) -> None:
        recover(self.settings, self.store)
        tidy_examples(self.settings)

    def _say_goodbye(self) -> None:
        self._note_ends()
        recover(self.settings, self.store)
        self.store.beat("stopped")

    def step(self) -> None:
        """One round: notice what happened, stop what is unwanted, start what waits."""
        for child in list(self.children):
            self._listen(child)
        self._keep_within_limits()
        self._note_ends()
        self._stop_cancelled()
        self._keep_warm()
        self._hand_out()
        self._beat()

    def _listen(self, child: Child) -> None:
        if not self._heard(child) or not child.process.is_alive():
            self._bury(child)

    def _heard(self, child: Child) -> bool:
        """Take in what a child has said; whether it can say more."""
        try:
            while child.pipe.poll():
                said = child.pipe.recv()
                if said in (BEGUN, WARM):
                    self._failed_starts = 0
                    child.has_begun |= said == BEGUN
                    child.warm |= said == WARM
                    continue
                child.ready, child.job, child.has_begun, child.quick = True, "", False, False
        except (EOFError, OSError):
            return False
        return True

    def _keep_within_limits(self) -> None:
        """End whose file takes all memory or time, and the largest where all take too much."""
        if not any(child.job for child in self.children):
            return
        unwanted = [child for child in self.children if child.watch.look() and child.job]
        together = sum(child.watch.memory for child in self.children)
        busy = [child for child in self.children if child.job]
        if not unwanted and busy and together > self._limits.memory:
            largest = max(busy, key=lambda child: child.watch.memory)
            largest.watch.end_for(together)
            unwanted = [largest]
        for child in unwanted:
            child.process.kill()

    def _bury(self, child: Child) -> None:
        words = self._last_words(child)
        self._heard(child)  # what it said before it died
        self._end(child)
        if not child.warm and not child.has_begun:
            self._wait_longer()
        if child.job:
            tidy(self.settings, [child.job])
            failed = JobState.FAILED, words
            self._ended[child.job] = failed if child.has_begun else (JobState.QUEUED, "")

    def _note_ends(self) -> None:
        """Note how jobs ended; what cannot be noted now, for the disk is full, is noted later.

        One that was handed to a process which died before it began waits for the next; one whose
        process ended when the result was in its place is done.
        """
        for job_id, (state, error) in list(self._ended.items()):
            if state is JobState.QUEUED:
                self.store.hand_back(job_id)
            elif has_result(self.settings, job_id):
                self.store.finish(job_id, JobState.DONE)
            else:
                self.store.finish(job_id, state, error)
            del self._ended[job_id]

    def _end(self, child: Child) -> None:
        """Wait until a process is gone, and remove what was temporary in it."""
        child.process.join()
        self.children.remove(child)
        if child.folder is not None:
            guard.remove(child.folder)

    @staticmethod
    def _last_words(child: Child) -> str:
        child.process.join()
        ending = child.watch.ending(child.process.exitcode)
        if ending is None:
            return death_sentence(child.process.exitcode)
        return f"{ending.sentence} Nothing half-written was kept."

    def _wait_longer(self) -> None:
        """A child that dies while it starts would do so again at once: leave it time."""
        self._failed_starts += 1
        pause = min(2.0**self._failed_starts, LONGEST_PAUSE_SECONDS)
        self._next_start = time.monotonic() + pause

    def _stop_cancelled(self) -> None:
        unwanted = set(self.store.to_cancel())
        for child in [child for child in self.children if child.job in unwanted]:
            child.process.kill()
            self._end(child)
            tidy(self.settings, [child.job])  # before it is said that nothing was kept
            self._ended[child.job] = JobState.CANCELLED, ""
        self._note_ends()

    def _keep_warm(self) -> None:
        """Start the children one by one, so that the first is ready as early as can be."""
        warming = any(not child.ready for child in self.children)
        enough = len(self.children) > self.settings.workers
        if warming or enough or time.monotonic() < self._next_start:
            return
        ours, theirs = self._spawn.Pipe()
        folder = guard.new_folder()
        process = self._spawn.Process(
            target=serve, args=(self.settings, self.store.file, theirs, folder), daemon=True
        )
        process.start()
        theirs.close()
        board = (folder or Path(os.devnull)) / guard.BOARD
        watch = Watch(process.pid or 0, board, self._limits)
        self.children.append(Child(process, ours, watch, folder))

    def _hand_out(self) -> None:
        for child in [child for child in self.children if child.ready and not child.job]:
            heavy = sum(bool(other.job) and not other.quick for other in self.children)
            job = self.store.claim(quick_only=heavy >= self.settings.workers)
            if job is None:
                return
            child.job, child.quick = job.id, job.quick
            try:
                child.pipe.send(job.id)
            except OSError:  # it died just now
                self._bury(child)

    def _beat(self) -> None:
        if time.monotonic() - self._last_beat > BEAT_SECONDS:
            self._last_beat = time.monotonic()
            self.store.beat(self._condition())

    def _condition(self) -> str:
        if self._failed_starts > 1 and not any(child.warm for child in self.children):
            return "failing"
        return "ready" if any(child.ready for child in self.children) else "starting"


def recover(settings: Settings, store: Store) -> list[str]:
    """Say how jobs ended that nobody works on any more; the ids of those that were interrupted."""
    running = store.running()
    tidy(settings, running)
    for job_id in running:
        if has_result(settings, job_id):
            store.finish(job_id, JobState.DONE)
    return store.recover()


def has_result(settings: Settings, job_id: str) -> bool:
    """Whether a job's result is in its place, where it only ever comes whole."""
    return (settings.jobs / job_id / "result" / RECORD).is_file()


def tidy(settings: Settings, job_ids: list[str]) -> None:
    """Remove the half-written results of jobs that were stopped; an older one comes back."""
    for job_id in job_ids:
        put_back(settings.jobs / job_id / "result")
        for scratch in (settings.jobs / job_id).glob(".result-*"):
            shutil.rmtree(scratch, ignore_errors=True)


def tidy_examples(settings: Settings) -> None:
    """Remove examples that a process which was ended had half made."""
    for group in {example.group for example in EXAMPLES.values()}:
        put_back(settings.examples / group)
        for scratch in settings.examples.glob(f".{group}-*"):
            shutil.rmtree(scratch, ignore_errors=True)


def death_sentence(exit_code: int | None) -> str:
    """Say in words why a process that ran a job is gone."""
    if exit_code is not None and exit_code < 0:
        try:
            name = signal.Signals(-exit_code).name
        except ValueError:
            name = "unknown"
        why = f"was killed (signal {-exit_code}, {name})"
    else:
        name, why = "", f"ended by itself (exit code {exit_code})"
    return (
        f"The process that ran this job {why}.{f' {OUT_OF_MEMORY}' if name == 'SIGKILL' else ''} "
        "Nothing half-written was kept: press Run again, and report this if it ends so again."
    )


def prepare_environment(home: Path) -> None:
    """One thread per child, and a place where compiled functions are kept."""
    for name in ONE_THREAD:
        os.environ.setdefault(name, "1")
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    os.environ.setdefault("NUMBA_CACHE_DIR", str(home / "cache" / "numba"))


def _stop_when_parent_ends(stop: threading.Event) -> None:
    def watch() -> None:
        while sys.stdin.buffer.read(1):
            pass
        stop.set()

    threading.Thread(target=watch, daemon=True).start()


class Works(Protocol):
    """What keeps jobs going, here or on a cluster."""

    def run(self, stop: threading.Event) -> None:
        """Work until told to stop."""
        ...


def supervisor(settings: Settings) -> Works:
    """The one that the settings ask for."""
    store = Store(settings.home / "jobs.sqlite")
    if settings.scheduler:
        from dashboard.jobs.cluster import ClusterSupervisor

        return ClusterSupervisor(settings, store)
    return Supervisor(settings, store)


def main() -> int:
    """Take the lock, or wait for it, and supervise."""
    settings = Settings.from_environment()
    prepare_environment(settings.home)
    stop = threading.Event()
    _stop_when_parent_ends(stop)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        settings.prepare()
        _supervise(settings, stop)
    except (NeuroboardError, OSError) as error:
        print(f"The worker cannot start: {error}", file=sys.stderr)
        return 2
    return 0


def _supervise(settings: Settings, stop: threading.Event) -> None:
    lock = FileLock(settings.home / "worker.lock")
    while not stop.is_set():
        try:
            with lock.acquire(timeout=1):
                supervisor(settings).run(stop)
        except Timeout:
            continue


if __name__ == "__main__":
    code = main()
    sys.stderr.flush()
    # Nothing is left to do; taking all modules down would last a second where the machine is busy.
    os._exit(code)
