"""What is shown of a finished job, one module per pipeline."""

from collections.abc import Callable, Mapping

from dash import Dash
from dash.development.base_component import Component

from dashboard.jobs.store import Job
from dashboard.results import brainmap, spikes, synapse_check, synapse_fit, synapse_models

View = Callable[[Job], Component]

VIEWS: Mapping[str, View] = {
    "brainmap fit": brainmap.view,
    "synapses check": synapse_check.view,
    "synapses fit": synapse_fit.view,
    "synapses train": synapse_models.view_train,
    "synapses predict": synapse_models.view_predict,
    "spikes sort": spikes.view,
}


def view(job: Job) -> Component:
    """The result of a finished job."""
    return VIEWS[job.task](job)


def register(app: Dash) -> None:
    """Connect what can be pointed at and clicked in results."""
    for module in (brainmap, synapse_fit, spikes):
        module.register(app)
