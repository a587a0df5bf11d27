"""How long a job will still take, told from how far it is and from jobs like it before."""

from collections.abc import Iterable
from statistics import median

from dashboard.jobs.store import Job, JobState

FORETOLD_FROM = 0.05
"""Of the work; from less nobody can tell how long the rest takes."""


def past(job: Job, others: Iterable[Job]) -> list[float]:
    """Seconds that finished jobs of the same step on the same inputs took.

    Args:
        job: that is under way.
        others: jobs of any kind.
    """
    read = {item.key for item in job.inputs}
    return [
        one.took
        for one in others
        if one.id != job.id
        and one.task == job.task
        and one.state is JobState.DONE
        and one.took is not None
        and {item.key for item in one.inputs} == read
    ]


def seconds_left(job: Job, now: float, before: Iterable[float] = ()) -> float | None:
    """How long a job will still take; none where nothing tells.

    Args:
        job: that is under way.
        now: in seconds since 1970.
        before: seconds that jobs like it took; they tell until enough of its own work is done.
    """
    if job.started is None or now <= job.started:
        return None
    passed = now - job.started
    if job.fraction >= FORETOLD_FROM:
        return passed * (1 - job.fraction) / job.fraction
    known = list(before)
    left = median(known) - passed if known else 0.0
    return left if left > 0 else None


def in_words(seconds: float) -> str:
    """A rough time."""
    if seconds < 60:
        return "less than a minute"
    minutes = round(seconds / 60)
    return f"about {minutes} min" if minutes < 90 else f"about {round(minutes / 60)} h"
