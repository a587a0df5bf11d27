"""Reviewing units anew as they are after merges and splits: a press starts a job."""

from typing import Any

import dash_mantine_components as dmc
from dash import Dash, Input, Output, State, html, no_update
from dash.exceptions import PreventUpdate

from dashboard import curating, people, submission
from dashboard.jobs.store import Job
from dashboard.people import Role
from dashboard.results import common
from dashboard.services import edit_link
from pipelines.errors import NeuroboardError

TASK = "spikes review"


def parts() -> list[Any]:
    """The button, and where it says what is wrong."""
    button = dmc.Button("Propose again", id="curate-again", variant="default")
    title = (
        "Review the units as they are now, in a job: merges, splits, outliers, likeness and "
        "labellers. Your labels and steps stay."
    )
    return [
        html.Span(button, title=title),
        html.Span(id="curate-again-error", role="alert", className="error"),
    ]


def register(app: Dash) -> None:
    """Connect the button."""
    app.callback(
        Output("url", "href", allow_duplicate=True),
        Output("curate-again-error", "children"),
        Input("curate-again", "n_clicks"),
        State("panel-job", "data"),
        prevent_initial_call=True,
    )(propose)


def propose(clicks: int | None, job_id: str) -> tuple[Any, Any]:
    """Start the review of the units as they are now; the curation goes on in its result."""
    if not clicks:
        raise PreventUpdate
    try:
        people.require(Role.WORK)
        made = _submit(common.job(job_id))
    except NeuroboardError as error:
        return no_update, error.sentence
    return edit_link(TASK, made), ""


def _submit(job: Job) -> str:
    references = {item.name: item.reference for item in job.inputs}
    references["curation"] = curating.snapshot(curating.desk(job))
    return submission.submit(TASK, references, job.parameters)
