"""What is shown of a finished job, one module per pipeline."""

import logging
from collections.abc import Callable, Mapping

from dash import Dash, html
from dash.development.base_component import Component

from dashboard.jobs.store import Job
from dashboard.results import (
    brainmap,
    brainmap_look,
    spike_export,
    spike_labels,
    spikes,
    synapse_check,
    synapse_fit,
    synapse_models,
)

UNSHOWN = (
    "This result cannot be shown: some of its files are missing or older than this version. "
    "The job's page still has the downloads; Run again with changes makes it anew."
)
_log = logging.getLogger(__name__)

View = Callable[[Job], Component]

VIEWS: Mapping[str, View] = {
    "brainmap fit": brainmap.view,
    "brainmap look": brainmap_look.view,
    "synapses check": synapse_check.view,
    "synapses fit": synapse_fit.view,
    "synapses train": synapse_models.view_train,
    "synapses predict": synapse_models.view_predict,
    "spikes sort": spikes.view,
    "spikes label": spike_labels.view,
    "spikes export": spike_export.view,
}


def view(job: Job) -> Component:
    """The result of a finished job, or a sentence when its files cannot be shown.

    Results outlive the code that wrote them: one that lacks a file must not take the page,
    with its downloads, with it.
    """
    try:
        return VIEWS[job.task](job)
    except Exception:
        _log.exception("The result of job %s cannot be shown", job.id)
        return html.P(UNSHOWN, className="note")


def register(app: Dash) -> None:
    """Connect what can be pointed at and clicked in results."""
    for module in (brainmap, brainmap_look, synapse_fit, synapse_models, spikes, spike_labels):
        module.register(app)
