"""The labels of a sorting: the labelling that was made of it, or is made by itself."""

from dashboard.jobs.store import Job, JobState
from dashboard.kit import results
from dashboard.server import people
from dashboard.server.people import Role
from dashboard.server.submission import submit
from dashboard.spikes.labels.labels import stored
from dashboard.workspaces import workspaces
from pipelines.spikes.labels.disagreement import disagreement, ran
from pipelines.spikes.labels.labelling import Labelling
from pipelines.spikes.labels.one_label import one_label
from pipelines.steps import STEPS

TASK = "spikes label"
NO_SNR = float("inf")
"""A unit that no labeller called anything is not called good for its SNR."""


def jobs(sorting: Job) -> list[Job]:
    """All labellings of a sorting in its workspaces, the newest first."""
    reference = f"job:{sorting.id}"
    found = {
        job.id: job
        for one in workspaces.of(sorting.id)
        for job in workspaces.jobs(one.id, TASK)
        if any(item.reference == reference for item in job.inputs)
    }
    return list(found.values())


def finished(sorting: Job) -> Job | None:
    """The newest labelling of a sorting that is done."""
    return next((job for job in jobs(sorting) if job.state is JobState.DONE), None)


def labels(sorting: Job) -> Labelling | None:
    """What the labellers say of a sorting's units; none before they ran."""
    job = finished(sorting)
    return stored(results.folder(job.id)) if job else None


def labelled_job(job: Job) -> Job:
    """The labelling that a page shows: it shows that itself, or the sorting that it is of."""
    return job if job.task == TASK else finished(job) or job


def start(sorting: Job, workspace: str) -> Job | None:
    """Label a sorting that nobody labelled, if the person may work; the labelling, if any.

    One that failed or was stopped is not begun again by itself.
    """
    known = jobs(sorting)
    if not known and people.current().role >= Role.WORK:
        submit(TASK, {"units": f"job:{sorting.id}"}, _defaults(), workspace=workspace)
        known = jobs(sorting)
    return next((one for one in known if one.state is JobState.DONE), known[0] if known else None)


def _defaults() -> dict[str, object]:
    return STEPS[TASK].parameters().model_dump(mode="json")


def in_words(found: Labelling) -> str:
    """How many units are good, and on how many the labellers differ."""
    good = int((one_label(found.labels, NO_SNR) == "good").sum())
    differ = int((disagreement(found.labels) > 0).sum())
    several = len(ran(found.labels)) > 1
    return f"{good} good" + (f"; the labellers differ on {differ}" if several and differ else "")
