"""What a workspace says in one line: the answer of its newest result, or what happens in it."""

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from dashboard.jobs.store import Job, JobState
from dashboard.kit import forms
from dashboard.kit.results import counted
from dashboard.server.services import services
from pipelines.core.outputs import RECORD
from pipelines.core.result_files import read_object_if_sound
from pipelines.steps import STEPS

Results = Mapping[str, Any]
FORETOLD_FROM = 0.05
"""Of the work; from less nobody can tell how long the rest takes."""
NOTHING_YET = "Nothing run yet"


def units(found: Results) -> str:
    """Of a sorting, or of units as curated with their labels."""
    labels = Counter(found.get("labels") or {})
    del labels["unlabelled"]
    counts = [f"{number} {label}" for label, number in labels.items()]
    failed = found.get("groups_failed", 0)
    lost = [f"{counted(failed, 'group')} could not be sorted"] if failed else []
    return ", ".join([counted(found["n_units"], "unit"), *counts, *lost])


def clusters_of_voxels(found: Results) -> str:
    """Of a map."""
    return f"{counted(found['k'], 'cluster')} of {counted(found['n_kept'], 'voxel')}"


def clusters_of_synapses(found: Results) -> str:
    """Of a fit."""
    noise = found.get("n_noise", 0)
    text = f"{counted(found['n_clusters'], 'cluster')} of {found['n_in_group']:,} rows"
    return f"{text}, {noise:,} in none" if noise else text


def predicted(found: Results) -> str:
    """Of predictions."""
    unlike = found.get("n_outliers", 0)
    text = f"{found['n_predicted']:,} of {counted(found['n_rows'], 'row')} predicted"
    return f"{text}, {unlike:,} unlike the known" if unlike else text


def trained(found: Results) -> str:
    """Of a classifier of synapses."""
    return f"Classifier right for {found['accuracy']:.0%} of synapses that it did not know"


def checked(found: Results) -> str:
    """Of a checked table."""
    usable = found["n_rows"] - found["n_rejected"]
    return f"{usable:,} of {counted(found['n_rows'], 'row')} can be used"


def recorded(found: Results) -> str:
    """Of a first look at a recording."""
    channels = counted(found["n_channels"], "channel")
    return f"{channels}, {found['duration_s']:,.0f} s, not sorted yet"


def filmed(found: Results) -> str:
    """Of a first look at images."""
    return f"{counted(found['n_voxels'], 'voxel')}, {found['shape'][-1]:,} times, not mapped yet"


ANSWERS: Mapping[str, Callable[[Results], str]] = {
    "spikes curate": units,
    "spikes sort": units,
    "spikes look": recorded,
    "brainmap fit": clusters_of_voxels,
    "brainmap look": filmed,
    "synapses fit": clusters_of_synapses,
    "synapses predict": predicted,
    "synapses train": trained,
    "synapses check": checked,
}
"""What the result of a step says; within a subject, what a person waits for comes first."""


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
    for task, says in ANSWERS.items():
        for job in (job for job in done if job.task == task):
            try:
                return says(_results(job))
            except (KeyError, TypeError, ValueError, IndexError):
                continue  # its record is damaged or of an early version; another may do
    return f"{STEPS[done[0].task].title}: done" if done else NOTHING_YET


def _results(job: Job) -> Results:
    record = read_object_if_sound(services().settings.jobs / job.id / "result" / RECORD)
    return dict(record["results"])


def _under_way(job: Job, now: float) -> str:
    title = STEPS[job.task].title
    if job.state is JobState.QUEUED:
        return f"{title}: waiting"
    left = _seconds_left(job, now)
    done = f"{title}: {job.fraction:.0%}"
    return done if left is None else f"{done}, {_duration(left)} left"


def _broken_off(job: Job) -> str:
    title = STEPS[job.task].title
    if job.state is JobState.FAILED:
        return f"{title}: {forms.with_labels(STEPS[job.task].parameters, job.error)}"
    return f"{title}: {job.state}"


def _seconds_left(job: Job, now: float) -> float | None:
    """How long a job will still take if it goes on as fast as until now."""
    if job.started is None or job.fraction < FORETOLD_FROM or now <= job.started:
        return None
    return (now - job.started) * (1 - job.fraction) / job.fraction


def _duration(seconds: float) -> str:
    if seconds < 60:
        return "less than a minute"
    minutes = round(seconds / 60)
    return f"about {minutes} min" if minutes < 90 else f"about {round(minutes / 60)} h"
