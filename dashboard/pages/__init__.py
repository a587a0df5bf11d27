"""The pages. Each has PAGE, layout() and register(app); none acts when it is imported."""

from collections.abc import Sequence
from types import ModuleType

from dashboard.pages import brainmap, home, job, jobs, models, space, spikes, synapses

ALL: Sequence[ModuleType] = (home, spikes, brainmap, synapses, models, jobs, job, space)
