"""What is shown of a finished job, one module per pipeline."""

import logging
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, cast

from dash import Dash, html
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate
from werkzeug.exceptions import HTTPException

from dashboard.jobs.store import Job
from dashboard.posted import PostedError
from dashboard.results import (
    brainmap,
    brainmap_colored,
    brainmap_correlation,
    brainmap_export,
    brainmap_look,
    brainmap_series,
    common,
    spike_curate,
    spike_curated,
    spike_export,
    spike_labels,
    spike_look,
    spike_train,
    spikes,
    synapse_check,
    synapse_fit,
    synapse_models,
)
from pipelines.errors import InputError, NeuroboardError
from pipelines.outputs import is_full

UNSHOWN = (
    "This result cannot be shown: some of its files are missing, damaged or older than this "
    "version. "
    "The job's page still has the downloads; Run again with changes makes it anew."
)
_log = logging.getLogger(__name__)

View = Callable[[Job], Component]
Answer = Callable[..., Any]

VIEWS: Mapping[str, View] = {
    "brainmap fit": brainmap.view,
    "brainmap look": brainmap_look.view,
    "brainmap correlate": brainmap_correlation.view,
    "brainmap colorize": brainmap_colored.view,
    "brainmap export": brainmap_export.view,
    "brainmap series": brainmap_series.view,
    "synapses check": synapse_check.view,
    "synapses fit": synapse_fit.view,
    "synapses train": synapse_models.view_train,
    "synapses predict": synapse_models.view_predict,
    "spikes look": spike_look.view,
    "spikes sort": spikes.view,
    "spikes label": spike_labels.view,
    "spikes review": spike_curate.view,
    "spikes curate": spike_curated.view,
    "spikes train-labels": spike_train.view,
    "spikes export": spike_export.view,
}


def view(job: Job) -> Component:
    """The result of a finished job, or a sentence when its files cannot be shown.

    Results outlive the code that wrote them: one that lacks a file must not take the page,
    with its downloads, with it.
    """
    try:
        return html.Div([*common.notes(job), VIEWS[job.task](job)])
    except Exception:
        _log.exception("The result of job %s cannot be shown", job.id)
        return html.P(UNSHOWN, className="note")


class _Bounded:
    """An app as results see it: what a callback cannot show of a damaged result is a sentence."""

    def __init__(self, app: Dash) -> None:
        self._app = app
        self.clientside_callback = app.clientside_callback

    def callback(self, *args: Any, **named: Any) -> Callable[[Answer], Answer]:
        """As Dash's, for a function within the boundary."""
        return lambda function: self._app.callback(*args, **named)(_in_a_sentence(function))


def _in_a_sentence(function: Answer) -> Answer:
    @wraps(function)
    def bounded(*args: Any, **named: Any) -> Any:
        try:
            return function(*args, **named)
        except (NeuroboardError, PreventUpdate, HTTPException, PostedError, FileNotFoundError):
            raise
        except Exception as error:
            if is_full(error):
                raise
            _log.exception("A part of a result cannot be shown")
            raise InputError(UNSHOWN) from error

    return bounded


def register(to: Dash) -> None:
    """Connect what can be pointed at and clicked in results."""
    app = cast(Dash, _Bounded(to))
    for module in (
        brainmap,
        brainmap_look,
        brainmap_colored,
        brainmap_correlation,
        brainmap_series,
        synapse_check,
        synapse_fit,
        synapse_models,
        spikes,
        spike_look,
        spike_labels,
        spike_curate,
    ):
        module.register(app)
