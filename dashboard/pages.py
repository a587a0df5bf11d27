"""The pages. Each has PAGE, layout() and register(app); none acts when it is imported."""

from collections.abc import Mapping, Sequence
from types import ModuleType

from dashboard.brainmap import page
from dashboard.brainmap import workspace as film
from dashboard.home import guide, job, jobs, models, space
from dashboard.home import page as home
from dashboard.kit.bench import StepPage
from dashboard.kit.desk import Subject
from dashboard.spikes import page as spikes
from dashboard.spikes import workspace as recording
from dashboard.synapses import page as synapses
from dashboard.synapses import workspace as table

WORKSPACES: Sequence[ModuleType] = (recording, film, table)
ALL: Sequence[ModuleType] = (
    home, spikes, page, synapses, models, jobs, job, space, guide, *WORKSPACES,
)  # fmt: skip


def subjects() -> Sequence[Subject]:
    """The kinds of workspaces."""
    return [one.SUBJECT for one in WORKSPACES]


def step_pages() -> Mapping[str, StepPage]:
    """The page of each step, by the step's name."""
    rows = (*spikes.BENCHES.values(), *page.BENCHES.values(), *synapses.BENCHES.values())
    return {row.task: row for row in rows}
