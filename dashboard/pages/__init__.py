"""The pages. Each has PAGE, layout() and register(app); none acts when it is imported."""

from collections.abc import Mapping, Sequence
from types import ModuleType

from dashboard.bench import StepPage
from dashboard.pages import brainmap, home, job, jobs, models, space, spikes, synapses

ALL: Sequence[ModuleType] = (home, spikes, brainmap, synapses, models, jobs, job, space)


def step_pages() -> Mapping[str, StepPage]:
    """The page of each step, by the step's name."""
    rows = (*spikes.BENCHES.values(), *brainmap.BENCHES.values(), *synapses.BENCHES.values())
    return {row.task: row for row in rows}
