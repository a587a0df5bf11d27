"""What a workspace says in one line: the answer of its newest result, or what happens in it."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

from dashboard.jobs.remaining import in_words, seconds_left
from dashboard.jobs.store import Job, JobState
from dashboard.kit import forms
from dashboard.server.services import services
from pipelines.core.outputs import RECORD
from pipelines.core.result_files import read_object_if_sound
from pipelines.report import answers
from pipelines.report.answers import ANSWERS
from pipelines.steps import STEPS

NOTHING_YET = "Nothing run yet"


def state(jobs: Sequence[Job], now: float | None = None) -> tuple[JobState | None, str]:
    """Where a workspace is and what it says.

    Args:
        jobs: of the workspace, the newest first.
        now: in seconds since 1970; the present if not given.

    Returns:
        The state to show, none where there is nothing to tell, and a line: what runs, what failed
        with nothing done since, or the answer.
    """
    for job in jobs:
        if not job.state.is_over:
            return job.state, _under_way(job, time.time() if now is None else now)
    if not jobs:
        return None, NOTHING_YET
    newest = jobs[0]
    if newest.state is not JobState.DONE:
        return newest.state, _broken_off(newest)
    return JobState.DONE, answer(jobs)


def answer(jobs: Sequence[Job]) -> str:
    """What the newest result of the most telling step says.

    Args:
        jobs: of the workspace, the newest first.
    """
    done = [job for job in jobs if job.state is JobState.DONE]
    for task in ANSWERS:
        for job in (job for job in done if job.task == task):
            if text := answers.answer(task, _results(job)):
                return text  # else its record is damaged; another may do
    return f"{STEPS[done[0].task].title}: done" if done else NOTHING_YET


def _results(job: Job) -> Mapping[str, Any]:
    record = read_object_if_sound(services().settings.jobs / job.id / "result" / RECORD)
    found = record.get("results")
    return found if isinstance(found, dict) else {}


def _under_way(job: Job, now: float) -> str:
    title = STEPS[job.task].title
    if job.state is JobState.QUEUED:
        return f"{title}: waiting"
    left = seconds_left(job, now)
    done = f"{title}: {job.fraction:.0%}"
    return done if left is None else f"{done}, {in_words(left)} left"


def _broken_off(job: Job) -> str:
    title = STEPS[job.task].title
    if job.state is JobState.FAILED:
        return f"{title}: {forms.with_labels(STEPS[job.task].parameters, job.error)}"
    return f"{title}: {job.state}"
