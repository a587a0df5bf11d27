"""New rows for a stored model: a sheet is chosen, one press predicts it, in a workspace of its own.

Stands on the pages Models and Synapses and on the tab Predict.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import dash_mantine_components as dmc
from dash import ALL, Dash, Input, Output, State, html, no_update
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from dashboard.jobs.store import JobState
from dashboard.kit import forms, workbench
from dashboard.kit.bench import Bench, Source
from dashboard.server.services import services
from dashboard.server.submission import submit
from dashboard.synapses import table_choices
from dashboard.workspaces import workspaces
from dashboard.workspaces.workspace import address
from pipelines.core.errors import InputError, NeuroboardError

TRAIN = "synapses train"
TITLE = "New rows for a stored model"
ABOUT = (
    "Each row gets a cluster, a probability and an outlier score. The sheet becomes a workspace of "
    "its own, which shows them."
)
NO_MODEL = (
    "There is no model yet: train a classifier on a clustering, and it is offered here. The one "
    "that is kept in the registry stays."
)
BENCH = Bench(
    slug="new-predict",
    task="synapses predict",
    run_label="Predict these rows",
    sources=(
        Source(
            "table",
            "Sheet with new rows",
            "With the columns of the table that the model was trained on.",
            upload="table",
            root="table",
        ),
        Source(
            "bundle",
            "Model",
            "The newest, unless you choose another.",
            from_task=TRAIN,
            from_registry=True,
        ),
    ),
    empty=ABOUT,
)


def newest_model() -> str:
    """The reference of the model that was trained or kept last; empty if there is none."""
    trained = [
        (job.created, f"job:{job.id}")
        for job in services().store.latest((TRAIN,))
        if job.state is JobState.DONE
    ]
    kept = [(_moment(one.added), f"model:{one.name}") for one in workbench.kept_models(TRAIN)]
    return max([*trained, *kept], default=(0.0, ""))[1]


def _moment(text: str) -> float:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return 0.0
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()


def form(model: str = "") -> Component:
    """The sheet, the model and the button; all else is folded.

    Args:
        model: the reference of the model that is chosen at first; the newest if empty.
    """
    chosen = model or newest_model()
    if not chosen:
        return html.P(NO_MODEL, className="empty")
    given = {"bundle": chosen, "table": ""}
    pickers = [workbench.picker(BENCH, one, given[one.name]) for one in BENCH.sources]
    fields = forms.form(BENCH.step.parameters, BENCH.slug, {}, {})
    more = html.Details(
        [html.Summary("Sheet, columns, repairs, outliers"), html.Div(fields, className="stack")],
        className="fold",
    )
    error = html.Div(id=f"{BENCH.slug}-error", role="alert", className="error")
    button = dmc.Button(BENCH.run_label, id=f"{BENCH.slug}-run")
    chosen_parts = html.Div(pickers, className="beside")
    return html.Div([chosen_parts, more, error, html.Div(button)], className="stack new-rows")


def section(model: str = "") -> Component:
    """The same with its heading, for pages."""
    parts = [html.H2(TITLE), html.P(ABOUT, className="hint new-rows-about"), form(model)]
    return html.Section(parts, className="card")


def predict(
    clicks: int | None,
    source_ids: Sequence[Mapping[str, str]],
    references: Sequence[str | None],
    parameter_ids: Sequence[Mapping[str, str]],
    values: Sequence[Any],
) -> tuple[Any, Any]:
    """Start the prediction: the workspace of the sheet, where it is seen, and what is wrong."""
    if not clicks:
        raise PreventUpdate
    named = zip(source_ids, references, strict=True)
    chosen = {item["name"]: reference or "" for item, reference in named}
    try:
        parameters = forms.read(BENCH.step.parameters, parameter_ids, values)
        _require_usable(chosen)
        space = workspaces.create("synapses", "", {"table": chosen["table"]}).id
        run = submit(BENCH.task, chosen, parameters.model_dump(mode="json"), workspace=space)
    except NeuroboardError as error:
        return no_update, error.sentence
    return address("synapses", space, tab="predict", **workbench.seen_as(run)), ""


def _require_usable(chosen: Mapping[str, str]) -> None:
    """Nothing is made before all is known to be there.

    Raises:
        InputError: a sheet or a model is missing or cannot be used.
    """
    for source in BENCH.sources:
        reference = chosen.get(source.name, "")
        if not reference:
            raise InputError(f"Choose first: {source.label.lower()}.")
        words, usable = workbench.describe(source, reference)
        if not usable:
            raise InputError(words)


def register(app: Dash) -> None:
    """Connect the pickers and the button."""
    for source in BENCH.sources:
        workbench.register_picker(app, BENCH, source)
    table_choices.register(app, BENCH)
    ids = {
        kind: {"type": kind, "bench": BENCH.slug, "name": ALL}
        for kind in ("reference", "parameter")
    }
    app.callback(
        Output("url", "href", allow_duplicate=True),
        Output(f"{BENCH.slug}-error", "children"),
        Input(f"{BENCH.slug}-run", "n_clicks"),
        State(ids["reference"], "id"),
        State(ids["reference"], "data"),
        State(ids["parameter"], "id"),
        State(ids["parameter"], "value"),
        prevent_initial_call=True,
        running=[(Output(f"{BENCH.slug}-run", "loading"), True, False)],
    )(predict)
