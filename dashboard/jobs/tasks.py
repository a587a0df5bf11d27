"""What the dashboard knows about each task beyond how to run it."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pipelines


@dataclass(frozen=True)
class JobKind:
    """How a task appears to people.

    Attributes:
        title: what it does, as a heading.
        page: the page, with its step, that starts it.
        quick: whether it may pass waiting heavy jobs.
    """

    title: str
    page: str
    quick: bool = False


KINDS: Mapping[str, JobKind] = {
    "spikes look": JobKind("Look at a recording", "/spikes?step=look"),
    "spikes sort": JobKind("Sort spikes", "/spikes"),
    "spikes label": JobKind("Label units", "/spikes?step=label", quick=True),
    "spikes review": JobKind("Review units", "/spikes?step=curate"),
    "spikes curate": JobKind("Use units as curated", "/spikes?step=curated", quick=True),
    "spikes train-labels": JobKind("Train a classifier of units", "/spikes?step=train"),
    "spikes export": JobKind("Export units", "/spikes?step=export", quick=True),
    "brainmap look": JobKind("Look at images", "/brainmap?step=look", quick=True),
    "brainmap fit": JobKind("Map voxels", "/brainmap"),
    "brainmap correlate": JobKind("Correlate voxels", "/brainmap?step=correlate", quick=True),
    "brainmap series": JobKind("Change series", "/brainmap?step=series", quick=True),
    "brainmap export": JobKind("Export a map", "/brainmap?step=export", quick=True),
    "brainmap colorize": JobKind("Colour voxels", "/brainmap?step=colorize", quick=True),
    "synapses check": JobKind("Check a table of synapses", "/synapses?step=check", quick=True),
    "synapses fit": JobKind("Cluster synapses", "/synapses?step=fit"),
    "synapses train": JobKind("Train a classifier", "/synapses?step=train"),
    "synapses predict": JobKind("Predict synapses", "/synapses?step=predict", quick=True),
}


def edit_link(task: str, job_id: str) -> str:
    """The page where a job's form can be changed and run again."""
    page = KINDS[task].page
    return f"{page}{'&' if '?' in page else '?'}job={job_id}"


@cache
def code_version() -> str:
    """A digest of the pipelines' source: other code is another job."""
    folder = Path(pipelines.__file__).parent
    total = hashlib.sha256()
    for file in sorted(folder.rglob("*.py")):
        total.update(file.relative_to(folder).as_posix().encode() + b"\0" + file.read_bytes())
    return total.hexdigest()[:12]
