"""A file that breaks its reader in a job: the sentence, and the next job runs."""

import os
import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest

from dashboard.jobs import child, worker
from dashboard.jobs.store import Job, JobInput, JobState, Store
from dashboard.server.settings import Settings
from pipelines import tasks
from pipelines.core.errors import ImageError
from pipelines.core.parameters import Parameters
from pipelines.files import reading
from pipelines.processes import watching
from pipelines.processes.watching import ProcessLimits
from pipelines.step import Command, Input, Inputs, Results, Step
from tests.live import wait_for

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals are of Unix")
LIMITS = ProcessLimits(memory=600 * 10**6, reading=40 * 10**6, processor_seconds=0.3, seconds=0.6)


class How(Parameters):
    how: str = ""
    late: bool = False


def break_by(how: str) -> None:
    if how == "crash":
        os.kill(os.getpid(), signal.SIGSEGV)
    eaten = []
    while how == "memory":
        eaten.append(b"x" * 1_000_000)
        time.sleep(0.002)
    if how == "hang":
        time.sleep(60)


def look(inputs: Inputs, parameters: How, folder: Path, _: Any) -> Results:
    (folder / "half").write_text("half", encoding="utf-8")
    if not parameters.late:
        with reading.reading(inputs["images"], ImageError):
            break_by(parameters.how)
    break_by(parameters.how)
    ends.extend([parameters.how] * (parameters.how == "killed when done"))
    return {}


ends: list[str] = []
"""Of this process, once its job's result is in place."""


def end_when_done() -> None:
    if ends:
        os.kill(os.getpid(), signal.SIGKILL)


def serve(settings: Settings, store: Path, pipe: Connection, folder: Path | None) -> None:
    """The process of a job, with one task that breaks as it is told."""
    images, location = Input("images", ("images",)), f"{__name__}:look"
    step = Step("look", "Look", (images,), How, location, "a look", Command("look"))
    tasks.STEPS = {"look": step}
    child._warm_up = lambda *_: None
    child.gc.collect = end_when_done  # which comes between the result and its note
    child.serve(settings, store, pipe, folder)


@pytest.fixture(scope="module")
def supervisor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[worker.Supervisor]:
    settings = Settings(home=tmp_path_factory.mktemp("home"))
    settings.prepare()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(worker, "serve", serve)
        patch.setattr(worker, "of_this_machine", lambda _: LIMITS)
        found = worker.Supervisor(settings, Store(settings.home / "jobs.sqlite"))
        wait_for(lambda: stepped(found), "a process")
        yield found
        for one in found.children:
            one.process.kill()
            found._end(one)


def stepped(supervisor: worker.Supervisor) -> bool:
    supervisor.step()
    return any(one.ready for one in supervisor.children)


def ended(supervisor: worker.Supervisor, file: Path, **how: Any) -> Job:
    item = JobInput("images", f"data:{file}", file.name, str(file), str(file))
    job_id = supervisor.store.submit("look", how, [item], version="1")

    def is_over() -> bool:
        supervisor.step()
        job = supervisor.store.get(job_id)
        return job is not None and job.state in (JobState.DONE, JobState.FAILED)

    wait_for(is_over, "the end")
    job = supervisor.store.get(job_id)
    assert job is not None
    return job


@pytest.mark.parametrize(
    ("how", "why"), [("crash", "SIGSEGV"), ("memory", "of memory for"), ("hang", "no end after")]
)
def test_a_file_that_breaks_its_reader_is_named_and_the_next_job_runs(
    supervisor: worker.Supervisor, tmp_path: Path, how: str, why: str
) -> None:
    file = tmp_path / "images.npy"
    file.write_bytes(b"x")
    job = ended(supervisor, file, how=how)
    assert job.state is JobState.FAILED
    assert job.error.startswith(f"{file} broke the program that reads it (")
    assert why in job.error
    assert "copy it again" in job.error
    assert "smaller part" not in job.error
    folder = supervisor.settings.jobs / job.id
    assert {path.name for path in folder.iterdir()} == {"log.txt", "job.json"}
    assert ended(supervisor, file, how="").state is JobState.DONE


def test_what_breaks_later_names_the_stage_and_the_inputs(
    supervisor: worker.Supervisor, tmp_path: Path
) -> None:
    file = tmp_path / "images.npy"
    file.write_bytes(b"x")
    job = ended(supervisor, file, how="crash", late=True)
    assert 'at the stage "Reading the input"' in job.error
    assert f"while working on {file}" in job.error


def test_jobs_that_take_too_much_together_end_the_largest(
    supervisor: worker.Supervisor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "images.npy"
    file.write_bytes(b"x")
    monkeypatch.setattr(supervisor, "_limits", replace(LIMITS, memory=350 * 10**6))
    job = ended(supervisor, file, how="memory", late=True)
    assert "of memory with the other jobs and may take" in job.error
    assert watching.SETTING in job.error


def test_a_job_whose_process_dies_when_its_result_is_in_place_is_done(
    supervisor: worker.Supervisor, tmp_path: Path
) -> None:
    file = tmp_path / "images.npy"
    file.write_bytes(b"x")
    before = [one.process.pid for one in supervisor.children]
    job = ended(supervisor, file, how="killed when done")
    assert (job.state, job.error) == (JobState.DONE, "")
    assert (supervisor.settings.jobs / job.id / "result" / "run.json").is_file()
    assert [one.process.pid for one in supervisor.children] != before


def queued(supervisor: worker.Supervisor, file: Path) -> str:
    item = JobInput("images", f"data:{file}", file.name, str(file), str(file))
    return supervisor.store.submit("look", {"how": ""}, [item], version="1")


def idle(supervisor: worker.Supervisor) -> worker.Child:
    """A process that waits for a job, and is the first to be handed one."""
    wait_for(lambda: stepped(supervisor), "a process")
    return next(one for one in supervisor.children if one.ready and not one.job)


@pytest.mark.parametrize("falls", ["before it is handed the job", "with the job unread"])
def test_a_job_handed_to_a_process_that_has_just_died_is_done_by_the_next(
    supervisor: worker.Supervisor, tmp_path: Path, falls: str
) -> None:
    file = tmp_path / "images.npy"
    file.write_bytes(b"x")
    one = idle(supervisor)
    if falls == "with the job unread":
        os.kill(one.process.pid or 0, signal.SIGSTOP)
    else:
        one.process.kill()
        one.process.join()
    job_id = queued(supervisor, file)
    supervisor._hand_out()
    one.process.kill()
    one.process.join()
    wait_for(
        lambda: bool(supervisor.step()) or _state(supervisor, job_id) is JobState.DONE, "its end"
    )
    assert one not in supervisor.children


def test_a_job_that_was_cancelled_while_its_process_died_waits_for_no_other(
    supervisor: worker.Supervisor, tmp_path: Path
) -> None:
    file = tmp_path / "images.npy"
    file.write_bytes(b"x")
    one = idle(supervisor)
    os.kill(one.process.pid or 0, signal.SIGSTOP)
    job_id = queued(supervisor, file)
    supervisor._hand_out()
    assert one.job == job_id
    supervisor.store.cancel(job_id)
    one.process.kill()
    one.process.join()
    supervisor._listen(one)
    supervisor._note_ends()
    assert _state(supervisor, job_id) is JobState.CANCELLED


def test_between_jobs_nothing_is_noted_of_the_last(
    supervisor: worker.Supervisor, tmp_path: Path
) -> None:
    file = tmp_path / "images.npy"
    file.write_bytes(b"x")
    job = ended(supervisor, file, how="")
    assert job.state is JobState.DONE
    wait_for(lambda: bool(supervisor.step()) or not any(o.job for o in supervisor.children), "rest")
    for one in supervisor.children:
        assert one.watch.notes().values == {}
        assert one.watch.notes().file == ""


def _state(supervisor: worker.Supervisor, job_id: str) -> JobState | None:
    job = supervisor.store.get(job_id)
    return job.state if job else None


def test_nothing_temporary_stays_behind(supervisor: worker.Supervisor, tmp_path: Path) -> None:
    one = supervisor.children[0]
    assert one.folder is not None
    assert one.folder.is_dir()
    one.process.kill()
    one.process.join()
    supervisor.step()
    assert not one.folder.exists()
