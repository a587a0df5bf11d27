"""Training a classifier at one press, on the clustering that is shown."""

from typing import Any

import dash_mantine_components as dmc
from dash import Dash, Input, Output, State, dcc, html, no_update
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from dashboard.kit import results, workbench
from dashboard.kit.aria import data
from dashboard.kit.bench import Shown
from dashboard.kit.desk import View
from dashboard.server.submission import submit
from dashboard.workspaces import workspaces
from pipelines.core.errors import NeuroboardError
from pipelines.steps import STEPS

TASK, FIT = "synapses train", "synapses fit"
NO_FIT = "Cluster the table first, on the tab Map: a classifier learns its clusters."


def button(view: View) -> list[Component]:
    """Trains on the clustering that is shown, or on the newest where another thing is shown."""
    is_fit = view.job is not None and view.job.task == FIT
    fit = view.job if is_fit else workspaces.newest(view.workspace.id, FIT)
    if fit is None:
        return [html.P(NO_FIT, className="hint")]
    error = html.Span(id="desk-train-error", role="alert", className="error")
    press = dmc.Button("Train a classifier", id="desk-train", variant="default", size="compact-sm")
    return [html.Span(press, **data(key="t")), dcc.Store(id="desk-train-fit", data=fit.id), error]


def train(clicks: int | None, fit: str, shown: Shown) -> tuple[Any, Any]:
    """Start the training of a fit, with the parameters that suit most: where it is seen."""
    if not clicks:
        raise PreventUpdate
    values = STEPS[TASK].parameters.parse({}).model_dump(mode="json")
    try:
        references = {"fit": f"job:{results.job(fit).id}"}
        run = submit(TASK, references, values, workspace=shown["workspace"])
    except NeuroboardError as error:
        return no_update, error.sentence
    there: Shown = {**shown, "tab": "classifier"}
    return workbench.in_workspace(there, run), ""


def register(app: Dash) -> None:
    """Connect the button that trains."""
    app.callback(
        Output("url", "href", allow_duplicate=True),
        Output("desk-train-error", "children"),
        Input("desk-train", "n_clicks"),
        State("desk-train-fit", "data"),
        State("desk", "data"),
        prevent_initial_call=True,
    )(train)
