"""Jobs in real worker processes: progress, cancel, crashes, restarts."""

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.jobs import child, worker
from dashboard.jobs.code_version import code_version
from dashboard.jobs.store import INTERRUPTED, JobState, Store
from dashboard.jobs.worker import death_sentence
from dashboard.server.inputs import resolve
from dashboard.server.settings import Settings
from pipelines.brainmap.parameters import BrainmapParameters, ImageLookParameters
from pipelines.processes.watching import Watch, of_this_machine
from pipelines.steps import STEPS
from tests.live import LiveApp, wait_for

FOREVER: Mapping[str, Any] = {"k": 500, "n_init": 50, "std_threshold": 0.0}


def submit(live: LiveApp, file: str, seed: int = 0, **changed: Any) -> str:
    parameters = BrainmapParameters.parse({"seed": seed, "k": 3, "n_init": 1, **changed})
    settings = Settings(home=live.home, data=tuple(live.data))
    images = resolve("images", f"data:lab/{file}", settings, live.store)
    values = parameters.model_dump(mode="json")
    return live.store.submit("brainmap fit", values, [images], version=code_version())


def running(live: LiveApp, seed: int) -> str:
    """A job that runs and will not end by itself."""
    job_id = submit(live, "slow.npy", seed, **FOREVER)
    live.wait_for_state(job_id, JobState.RUNNING)
    wait_for(lambda: (live.store.get(job_id) or pytest.fail("gone")).fraction > 0, "progress")
    return job_id


def children_of(pid: int) -> list[int]:
    found = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True, check=False)
    return [int(line) for line in found.stdout.split()]


def process_of(live: LiveApp, job_id: str) -> int:
    """The process that runs a job, as its log says."""
    first = (live.home / "jobs" / job_id / "log.txt").read_text("utf-8").splitlines()[0]
    return int(first.rpartition("process ")[2])


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that ended and that nobody asks about does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


posix = pytest.mark.skipif(sys.platform == "win32", reason="signal 9 and pgrep are of Unix")


def test_a_job_runs_to_its_result(live: LiveApp) -> None:
    job = live.wait_for_state(submit(live, "small.npy"), JobState.DONE, JobState.FAILED)
    assert (job.state, job.error) == (JobState.DONE, "")
    result = live.home / "jobs" / job.id / "result"
    assert {"labels.tif", "run.json"} <= {path.name for path in result.iterdir()}


def test_a_mistake_is_one_sentence(live: LiveApp) -> None:
    job_id = submit(live, "small.npy", std_threshold=1e9)
    job = live.wait_for_state(job_id, JobState.DONE, JobState.FAILED)
    assert job.state is JobState.FAILED
    assert "voxel" in job.error
    assert job.traceback == ""
    assert not (live.home / "jobs" / job.id / "result").exists()


def test_cancel_stops_a_running_job_within_a_second(live: LiveApp) -> None:
    job_id = running(live, seed=1)
    live.store.cancel(job_id)
    took = wait_for(lambda: live._state(job_id) is JobState.CANCELLED, "the cancel")
    assert took < 1.0
    assert list((live.home / "jobs" / job_id).glob(".result-*")) == []


def test_after_a_cancel_the_spare_process_takes_the_next_job(live: LiveApp) -> None:
    live.wait_for_state(submit(live, "small.npy", seed=2), JobState.DONE)


@posix
def test_a_killed_process_says_so_and_the_job_can_run_again(live: LiveApp) -> None:
    job_id = running(live, seed=3)
    os.kill(process_of(live, job_id), signal.SIGKILL)
    job = live.wait_for_state(job_id, JobState.FAILED)
    assert "was killed (signal 9, SIGKILL)" in job.error
    assert "memory" in job.error
    live.store.restart(job_id)
    live.wait_for_state(job_id, JobState.RUNNING)
    live.store.cancel(job_id)
    live.wait_for_state(job_id, JobState.CANCELLED)


@posix
def test_a_killed_supervisor_is_replaced_and_its_job_is_interrupted(live: LiveApp) -> None:
    job_id = running(live, seed=4)
    assert live.process is not None
    supervisor = children_of(live.process.pid)[0]
    below = children_of(supervisor)
    assert process_of(live, job_id) in below
    os.kill(supervisor, signal.SIGKILL)
    assert wait_for(lambda: not any(map(is_alive, below)), "the children to end") < 2.0
    job = live.wait_for_state(job_id, JobState.INTERRUPTED)
    assert job.error == INTERRUPTED
    live.wait_for_state(submit(live, "small.npy", seed=5), JobState.DONE)


def test_restarting_the_app_keeps_finished_jobs_and_marks_the_running_one(live: LiveApp) -> None:
    done = submit(live, "small.npy", seed=6)
    live.wait_for_state(done, JobState.DONE)
    job_id = running(live, seed=7)
    live.stop()
    live.start()
    live.wait_for_state(job_id, JobState.INTERRUPTED)
    job = live.store.get(done)
    assert job is not None
    assert job.state is JobState.DONE


def test_the_queue_position_is_said_while_waiting(live: LiveApp) -> None:
    first = running(live, seed=8)
    second = submit(live, "slow.npy", 9, **FOREVER)
    third = submit(live, "slow.npy", 10, **FOREVER)
    assert [live.store.position(job_id) for job_id in (second, third)] == [0, 1]
    for job_id in (third, second, first):
        live.store.cancel(job_id)
    live.wait_for_state(first, JobState.CANCELLED)


def test_a_quick_job_passes_long_ones_that_run_and_wait(live: LiveApp) -> None:
    first = running(live, seed=20)
    second = submit(live, "slow.npy", 21, **FOREVER)
    settings = Settings(home=live.home, data=tuple(live.data))
    images = resolve("images", "data:lab/small.npy", settings, live.store)
    values = ImageLookParameters.parse({}).model_dump(mode="json")
    version = f"{code_version()} beside long ones"
    for number in range(2):  # the second follows on the process that is kept for such
        look = live.store.submit(
            "brainmap look", values, [images], version=f"{version} {number}", quick=True
        )
        assert live.wait_for_state(look, JobState.DONE, JobState.FAILED).state is JobState.DONE
        assert [live._state(job_id) for job_id in (first, second)] == [
            JobState.RUNNING,
            JobState.QUEUED,
        ]
    for job_id in (second, first):
        live.store.cancel(job_id)
    live.wait_for_state(first, JobState.CANCELLED)


def imports(count: int, done: list[int]) -> Iterator[None]:
    for number in range(count):
        done.append(number)
        yield


def test_a_process_gets_warm_while_no_job_is_there_and_leaves_off_when_one_comes() -> None:
    ours, theirs = multiprocessing.Pipe()
    done: list[int] = []
    colder = imports(3, done)
    ours.send("a job")
    child._warm_up(colder, theirs)
    assert done == []
    assert theirs.recv() == "a job"
    child._warm_up(colder, theirs)
    assert done == [0, 1, 2]
    child._warm_up(colder, theirs)  # and it waits for the next as a warm one
    assert done == [0, 1, 2]


def test_a_job_that_comes_while_something_is_imported_waits_for_that_alone() -> None:
    ours, theirs = multiprocessing.Pipe()
    done: list[int] = []

    def colder() -> Iterator[None]:
        for _ in imports(3, done):
            ours.send("a job")
            yield

    child._warm_up(colder(), theirs)
    assert done == [0]


def test_what_cannot_be_imported_ends_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = multiprocessing.Pipe()
    broken = replace(STEPS["brainmap look"], location="pipelines.no_such_module:look")
    monkeypatch.setattr(child, "STEPS", {"brainmap look": broken})
    monkeypatch.setattr(child, "keep_ready", lambda: None)
    child._warm_up(child._warming(theirs), theirs)
    assert ours.recv() == child.WARM


def test_what_somebody_waits_for_is_imported_first(monkeypatch: pytest.MonkeyPatch) -> None:
    imported: list[str] = []

    class Slow:
        quick = False

        @property
        def function(self) -> None:
            imported.append(type(self).__name__)

    class Quick(Slow):
        quick = True

    monkeypatch.setattr(child, "STEPS", {"fit": Slow(), "look": Quick()})
    monkeypatch.setattr(child, "keep_ready", lambda: None)
    _, theirs = multiprocessing.Pipe()
    assert len(list(child._warming(theirs))) == 2
    assert imported == ["Quick", "Slow"]


def test_processes_that_die_while_they_get_warm_are_started_ever_later(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    settings.prepare()
    supervisor = worker.Supervisor(settings, Store(tmp_path / "jobs.sqlite"))
    pauses = []
    for _ in range(3):
        supervisor.children.append(dying())
        before = time.monotonic()
        supervisor._listen(supervisor.children[0])
        pauses.append(supervisor._next_start - before)
    assert pauses == pytest.approx([2.0, 4.0, 8.0], abs=1.0)
    assert supervisor._condition() == "failing"


def dying() -> worker.Child:
    """A process that said that it waits for a job, and was gone."""
    ours, theirs = multiprocessing.Pipe()
    theirs.send(child.READY)
    theirs.close()
    process = multiprocessing.get_context("spawn").Process(target=print)
    process.start()
    process.join()
    return worker.Child(
        process, ours, Watch(process.pid or 0, Path(os.devnull), of_this_machine(0))
    )


@pytest.mark.parametrize(
    ("code", "words"),
    [(-9, "killed (signal 9, SIGKILL)"), (-11, "signal 11"), (3, "exit code 3")],
)
def test_a_death_is_explained(code: int, words: str) -> None:
    assert words in death_sentence(code)


def test_a_busy_port_and_an_unwritable_home_are_one_sentence_each(
    live: LiveApp, tmp_path: Path
) -> None:
    file = tmp_path / "file"
    file.write_text("not a folder", encoding="utf-8")
    for options in (["--port", str(live.port)], ["--home", str(file), "--port", "0"]):
        done = subprocess.run(
            [sys.executable, "app.py", "--no-browser", "--home", str(tmp_path / "h"), *options],
            cwd=Path(__file__).parents[2],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == 2
        assert done.stderr.count("\n") == 1
        assert "cannot be" in done.stderr


def test_settings_reject_a_number_that_is_none() -> None:
    from pipelines.core.errors import ParameterError

    with pytest.raises(ParameterError, match="NEUROBOARD_PORT=x"):
        Settings.from_environment({"NEUROBOARD_PORT": "x"})


@given(
    st.builds(
        Settings,
        home=st.sampled_from([Path("/lab/home"), Path("/lab/h o m e")]),
        data=st.lists(st.sampled_from([Path("/lab/a"), Path("/lab/b c")])).map(tuple),
        host=st.sampled_from(["127.0.0.1", "::1"]),
        port=st.integers(1, 65535),
        owners=st.lists(st.sampled_from(["olga", "Zoë Y"])).map(tuple),
        proxies=st.just(("10.0.0.1", "10.0.0.2")),
        workers=st.integers(1, 9),
        scheduler=st.sampled_from(["", "tcp://one:8786"]),
        memory_gb=st.integers(0, 99),
        quota_gb=st.integers(0, 99),
    )
)
def test_the_worker_reads_the_settings_as_they_are_but_for_the_tokens(settings: Settings) -> None:
    secret = replace(settings, token="secret-1", owner_token="secret-2", look_token="secret-3")
    told = secret.environment()
    assert Settings.from_environment({"NEUROBOARD_QUOTA_GB": "7", **told}) == settings
    assert {f"NEUROBOARD_{one.name.upper()}" for one in fields(Settings)} - set(told) == {
        "NEUROBOARD_TOKEN",
        "NEUROBOARD_OWNER_TOKEN",
        "NEUROBOARD_LOOK_TOKEN",
    }
    assert "secret" not in f"{told}{secret}"
