"""Jobs on a real Dask cluster: a scheduler and two workers, all on this machine."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dashboard.jobs.cluster import WAITING, ClusterSupervisor
from dashboard.jobs.store import JobInput, JobState, Store
from dashboard.server.settings import Settings
from tests.live import LiveApp, wait_for

if not os.environ.get("NEUROBOARD_REQUIRE_ENGINES"):
    pytest.importorskip("distributed", reason="Dask is not installed: requirements-dask.txt")


def start(*words: str) -> "subprocess.Popen[bytes]":
    """Start a program of Dask's where it does not find the project."""
    return subprocess.Popen(
        [sys.executable, "-m", "distributed.cli." + words[0], *words[1:]],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd="/",
    )


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a scheduler with two workers of one thread each."""
    folder = tmp_path_factory.mktemp("cluster")
    file = folder / "scheduler.json"
    quiet = ("--no-dashboard", "--scheduler-file", str(file))
    scheduler = start("dask_scheduler", "--host", "127.0.0.1", "--port", "0", *quiet)
    wait_for(file.exists, "the scheduler")
    worker = ("dask_worker", *quiet, "--nthreads", "1", "--local-directory", str(folder))
    workers = [start(*worker) for _ in range(2)]
    try:
        yield str(file)
    finally:
        for process in (*workers, scheduler):
            process.terminate()
        for process in (*workers, scheduler):
            process.wait(timeout=30)


@pytest.fixture(scope="module")
def app(cluster: str, lab: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveApp]:
    address = json.loads(Path(cluster).read_text(encoding="utf-8"))["address"]
    app = LiveApp(tmp_path_factory.mktemp("home"), [lab])
    app.start({**os.environ, "NEUROBOARD_SCHEDULER": address})
    try:
        app.wait_until_ready()
        yield app
    finally:
        app.stop()


def submit(app: LiveApp, name: str, k: int) -> str:
    path = app.data[0] / name
    images = JobInput("images", f"data:lab/{name}", name, str(path), name)
    return app.store.submit(
        "brainmap fit", {"k": k, "std_threshold": 0.0}, [images], version="test"
    )


def processes_of(job_id: str, app: LiveApp) -> list[int]:
    """The process that runs a job says its number in the job's log."""
    log = app.home / "jobs" / job_id / "log.txt"
    if not log.exists() or "process " not in log.read_text(encoding="utf-8"):
        return []
    return [int(log.read_text(encoding="utf-8").partition("process ")[2].split()[0])]


def running_process(job_id: str, app: LiveApp) -> int:
    wait_for(lambda: bool(processes_of(job_id, app)), f"job {job_id} to start")
    return processes_of(job_id, app)[0]


def test_a_job_runs_on_the_cluster_and_is_the_same_job_here(app: LiveApp) -> None:
    job_id = submit(app, "small.npy", 3)
    job = app.wait_for_state(job_id, JobState.DONE, JobState.FAILED)
    assert (job.state, job.error) == (JobState.DONE, "")
    assert (app.home / "jobs" / job_id / "result" / "labels.tif").exists()
    assert job.fraction == 1


def test_a_mistake_is_the_same_sentence(app: LiveApp) -> None:
    job_id = submit(app, "small.npy", 100_000)
    job = app.wait_for_state(job_id, JobState.DONE, JobState.FAILED)
    assert job.state is JobState.FAILED
    assert "100000" in job.error
    assert job.traceback == ""


def test_cancelling_ends_the_process_on_the_cluster(app: LiveApp) -> None:
    job_id = submit(app, "slow.npy", 150)
    process = running_process(job_id, app)
    app.store.cancel(job_id)
    app.wait_for_state(job_id, JobState.CANCELLED)
    wait_for(lambda: not alive(process), "the process to end")
    assert not list((app.home / "jobs" / job_id).glob(".result-*"))


def test_a_killed_process_is_explained_and_the_cluster_goes_on(app: LiveApp) -> None:
    job_id = submit(app, "slow.npy", 151)
    os.kill(running_process(job_id, app), signal.SIGKILL)
    job = app.wait_for_state(job_id, JobState.FAILED)
    assert "SIGKILL" in job.error
    again = submit(app, "small.npy", 4)
    assert app.wait_for_state(again, JobState.DONE, JobState.FAILED).state is JobState.DONE


def test_a_cluster_without_machines_is_asked_for_one(settings: Settings, tmp_path: Path) -> None:
    """As on SLURM, where machines are taken while there is work; cancelling does not wait."""
    distributed = pytest.importorskip("distributed")
    file = tmp_path / "scheduler.json"
    place = ("--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", str(file))
    scheduler = start("dask_scheduler", *place)
    try:
        wait_for(file.exists, "the scheduler")
        address = json.loads(file.read_text(encoding="utf-8"))["address"]
        settings.home.mkdir()
        store = Store(settings.home / "jobs.sqlite")
        supervisor = ClusterSupervisor(replace(settings, scheduler=address), store)
        jobs = [store.submit("brainmap fit", {"k": k}, [], version="t") for k in (3, 4)]
        supervisor.step()
        said = [(found.state, found.message) for job in jobs if (found := store.get(job))]
        assert said == [(JobState.RUNNING, WAITING), (JobState.QUEUED, "")]
        with distributed.Client(address, set_as_default=False) as client:
            wait_for(lambda: wanted(client) == 1, "the scheduler to want a worker")
        store.cancel(jobs[0])
        supervisor.step()
        supervisor.step()
        cancelled = store.get(jobs[0])
        assert cancelled is not None
        assert cancelled.state is JobState.CANCELLED
    finally:
        scheduler.terminate()
        scheduler.wait(timeout=30)


def test_a_killed_machine_loses_nothing(app: LiveApp) -> None:
    job_id = submit(app, "slow.npy", 20)
    process = running_process(job_id, app)
    watching = parent(process)
    os.kill(parent(watching), signal.SIGKILL)
    job = app.wait_for_state(job_id, JobState.DONE, JobState.FAILED)
    assert (job.state, job.error) == (JobState.DONE, "")
    assert processes_of(job_id, app) != [process]
    assert not alive(process)


def wanted(client: Any) -> int:
    """How many workers a cluster that grows with its work would have."""
    return int(client.sync(client.scheduler.adaptive_target))


def alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{process}/stat")
    return (
        not state.exists() or state.read_text(encoding="utf-8").rsplit(")", 1)[1].split()[0] != "Z"
    )


def parent(process: int) -> int:
    text = Path(f"/proc/{process}/stat").read_text(encoding="utf-8")
    return int(text.rsplit(")", 1)[1].split()[1])
