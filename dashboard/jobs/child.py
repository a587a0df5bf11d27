"""A warm process that runs one job after another.

It is spawned, never forked: after scikit-learn or numba used OpenMP in a parent, a forked
child hangs. It is killed to cancel, so it holds nothing that needs a tidy end.
"""

import contextlib
import gc
import multiprocessing
import os
import tempfile
import threading
import traceback
from collections.abc import Iterator
from functools import partial
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Protocol

from dashboard.home.examples import ensure_example
from dashboard.jobs import record
from dashboard.jobs.patience import CutLog, Patient, until_done
from dashboard.jobs.store import Job, JobState, Store
from dashboard.server.settings import Settings
from pipelines import tasks
from pipelines.core.compiled import keep_compiled
from pipelines.core.errors import OUT_OF_MEMORY, NeuroboardError
from pipelines.core.outputs import is_full, no_room, not_written
from pipelines.core.progress import Report
from pipelines.core.terminal import say
from pipelines.processes import doing, guard
from pipelines.processes.parentage import end_at_once_with_creator
from pipelines.steps import STEPS
from pipelines.synapses.formats.sandbox import keep_ready

BUG = "This is a fault of Neuroboard, not of your data. The log below has the details."
READY, BEGUN, WARM = "ready", "begun", "warm"
"""What a process says: that it waits for a job, that it works on the one it was given, and that all
that jobs need is imported."""


MOMENT_SECONDS = 0.3
"""What the supervisor may take to give the next job, before something else is begun."""
DONE = object()


class Ledger(Protocol):
    """Where a job's progress and end are noted: the store, or whoever passes it on."""

    def report(self, job_id: str, fraction: float, message: str, /) -> None:
        """Note how far the job is."""
        ...

    def finish(self, job_id: str, state: JobState, error: str = "", traceback: str = "", /) -> None:
        """Note how the job ended."""
        ...


def serve(settings: Settings, store_file: Path, pipe: Connection, folder: Path | None) -> None:
    """Run the jobs whose ids come through the pipe, for ever; get warm while none is there.

    The folder is for what is temporary; the board in it says what this process does.
    """
    _end_with_parent()
    if folder is not None:
        doing.keep(folder / guard.BOARD)
        os.environ |= dict.fromkeys(guard.TEMPORARY, str(folder))
        tempfile.tempdir = str(folder)
    keep_compiled()
    store = until_done(lambda: Store(store_file))
    colder = _warming(pipe)
    while True:
        pipe.send(READY)
        _warm_up(colder, pipe)
        job_id: str = pipe.recv()
        pipe.send(BEGUN)
        job = until_done(partial(store.get, job_id))
        if job is not None:
            run_job(job, settings, Patient(store))
        doing.begin()


def run_job(job: Job, settings: Settings, store: Ledger) -> None:
    """Run one job and record how it ended; never raises."""
    folder = settings.jobs / job.id
    doing.begin()
    try:
        log = _begin(job, folder, settings.home)
    except NeuroboardError as error:
        store.finish(job.id, JobState.FAILED, error.sentence)
        return
    with log, _captured(log):
        print(f"{job.task}, job {job.id}, process {os.getpid()}", flush=True)
        end = _end_of(job, folder, settings, store)
    # Not where the error is at hand: it keeps the removed files open, and so a full disk full.
    gc.collect()
    store.finish(job.id, *end)


def _end_of(job: Job, folder: Path, settings: Settings, store: Ledger) -> tuple[JobState, str, str]:
    """Run a job; its state afterwards, what is said, and the traceback of a fault."""
    try:
        _run(job, folder / "result", settings, _reporter(job, store))
    except NeuroboardError as error:
        return JobState.FAILED, error.sentence, ""
    except MemoryError:
        return JobState.FAILED, OUT_OF_MEMORY, traceback.format_exc()
    except Exception as error:
        if is_full(error):
            return JobState.FAILED, no_room(folder).sentence, ""
        text = f"{type(error).__name__}: {error}. {BUG}"
        return JobState.FAILED, text, traceback.format_exc()
    return JobState.DONE, "", ""


def _begin(job: Job, folder: Path, home: Path) -> CutLog:
    """The job's log, with what the job is beside it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        log = CutLog(folder / "log.txt")
    except OSError as error:
        raise not_written(folder, error) from None
    record.write(job, folder, home)
    return log


def _run(job: Job, result: Path, settings: Settings, report: Report) -> None:
    for item in job.inputs:
        ensure_example(item.reference, settings, report)
    inputs = {item.name: Path(item.path) for item in job.inputs}
    tasks.run(job.task, inputs, job.parameters, result, overwrite=True, report=report)


def _reporter(job: Job, store: Ledger) -> Report:
    def report(fraction: float, sentence: str) -> None:
        say(f"{fraction:4.0%} {sentence}")
        store.report(job.id, fraction, sentence)

    return report


@contextlib.contextmanager
def _captured(log: CutLog) -> Iterator[None]:
    with contextlib.redirect_stdout(log), contextlib.redirect_stderr(log):
        yield


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is None:
        return
    end_at_once_with_creator()

    def watch() -> None:
        wait([parent.sentinel])
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _warm_up(colder: Iterator[None], pipe: Connection) -> None:
    """Import what jobs need, so that they start at once; a job that comes does not wait for all.

    Not in a thread: it would take half of the processor from the job.
    """
    moment = MOMENT_SECONDS
    while not pipe.poll(moment):
        moment = 0.0
        if next(colder, DONE) is DONE:
            return


def _warming(pipe: Connection) -> Iterator[None]:
    """What jobs need, a part with each turn; what cannot be imported is said by the job's end.

    Quick steps come first, since somebody waits for those; the libraries of maps come last, since
    they compile for a quarter of a minute where they are imported for the first time.
    """
    for step in sorted(STEPS.values(), key=lambda step: not step.quick):
        with contextlib.suppress(Exception):
            _ = step.function
        yield
    keep_ready()
    pipe.send(WARM)
