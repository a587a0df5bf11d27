"""Many recordings from one form: a job for each, and a table of where they are."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

import dash_mantine_components as dmc
from dash import ALL, Dash, Input, Output, State, ctx, dcc, html, no_update
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from dashboard import forms, panel, roots
from dashboard.aria import aria
from dashboard.jobs.store import Job
from dashboard.jobs.store import State as JobState
from dashboard.jobs.tasks import edit_link
from dashboard.results import common
from dashboard.services import services
from dashboard.submission import submit
from pipelines.errors import NeuroboardError, ParameterError
from pipelines.spikes.parameters import SpikesParameters

SLUG = "spikes-batch"
TASK = "spikes sort"
TICK_MS = 1_500
STOPPED = (JobState.FAILED, JobState.CANCELLED, JobState.INTERRUPTED)
EMPTY = (
    "Choose the recordings on the left and press Sort all. Each is sorted in a job of its own, one "
    "after the other, with the same parameters; a recording that fails does not stop the others. "
    "Those that were sorted before with the same parameters are found again at once."
)


def layout(jobs: str) -> Component:
    """The form on the left, the table of the jobs that an address names on the right."""
    names = [name for name in jobs.split(",") if name]
    right = _batch(names) if names else html.P(EMPTY, className="card introduction empty")
    return html.Div(
        [
            html.Section(_form(), className="card form", **aria(label="Input")),
            html.Section(right, className="bench-result", **aria(label="Result")),
        ],
        className="bench",
    )


def _form() -> list[Component]:
    settings = services().settings
    offered = roots.offers(settings.data, "recording") if settings.data else []
    hint = (
        "Folders and files below the data roots."
        if offered
        else "There is no recording below a data root: start the app with --data DIR."
    )
    picker = dmc.MultiSelect(
        id="batch-recordings",
        data=offered,
        value=[],
        searchable=True,
        clearable=True,
        limit=100,
        **aria(label="Recordings"),
    )
    every = dmc.Button("Choose all", id="batch-every", variant="subtle", size="compact-sm")
    error = html.Div(id="batch-error", role="alert", className="error")
    run = dmc.Button("Sort all", id="batch-run", size="md", fullWidth=True)
    return [
        html.Div(
            [html.H2("Recordings"), html.P(hint, className="hint"), picker, every],
            className="stack picker",
        ),
        html.H2("Parameters"),
        *forms.form(SpikesParameters, SLUG, {}),
        html.Div([error, run], className="form-foot"),
    ]


def _batch(names: list[str]) -> Component:
    return html.Div(
        [
            dcc.Store(id="batch-jobs", data=names),
            dcc.Interval(id="batch-tick", interval=TICK_MS),
            html.H2("Batch"),
            html.Div(_table(names), id="batch-table"),
            dmc.Button("Resume what stopped", id="batch-resume", variant="light", size="sm"),
        ],
        className="card",
    )


def _table(names: Sequence[str]) -> list[Component]:
    jobs = [job for name in names if (job := services().store.get(name)) is not None]
    over = sum(job.state.is_over for job in jobs)
    heads = [html.Th(text, scope="col") for text in ("Recording", "State", "Units", "What happens")]
    return [
        html.P(f"{over} of {len(jobs)} are over.", role="status", **aria(live="polite")),
        html.Div(
            html.Table([html.Tr(heads), *(_row(job) for job in jobs)]),
            className="scroll",
            tabIndex="0",
            role="region",
            **aria(label="Jobs of the batch"),
        ),
    ]


def _row(job: Job) -> Component:
    units = str(common.headline(job)["n_units"]) if job.state is JobState.DONE else ""
    link = dcc.Link(job.inputs[0].label, href=edit_link(job.task, job.id))
    cells: list[Any] = [link, panel.badge(job.state), units, panel.sentence(job)]
    return html.Tr([html.Td(cell) for cell in cells])


def register(app: Dash) -> None:
    """Connect the form, the table and its button."""
    app.callback(
        Output("batch-recordings", "value"),
        Input("batch-every", "n_clicks"),
        State("batch-recordings", "data"),
        prevent_initial_call=True,
    )(lambda _clicks, offered: offered)
    parameter = {"type": "parameter", "bench": SLUG, "name": ALL}
    app.callback(
        Output("url", "href", allow_duplicate=True),
        Output("batch-error", "children"),
        Input("batch-run", "n_clicks"),
        State("batch-recordings", "value"),
        State(parameter, "id"),
        State(parameter, "value"),
        prevent_initial_call=True,
    )(run)
    app.callback(
        Output("batch-table", "children"),
        Output("batch-tick", "disabled"),
        Input("batch-tick", "n_intervals"),
        Input("batch-resume", "n_clicks"),
        State("batch-jobs", "data"),
        prevent_initial_call=True,
    )(refresh)


def run(
    clicks: int | None,
    recordings: list[str] | None,
    ids: Sequence[Mapping[str, str]],
    values: Sequence[Any],
) -> tuple[Any, str]:
    """Queue a job for every recording: the address of their table, and what is wrong."""
    if not clicks:
        raise PreventUpdate
    try:
        if not recordings:
            raise ParameterError("Choose at least one recording.")
        parameters = forms.read(SpikesParameters, ids, values).model_dump(mode="json")
        jobs = [submit(TASK, {"recording": f"data:{one}"}, parameters) for one in recordings]
    except NeuroboardError as error:
        return no_update, error.sentence
    return "/spikes?" + urlencode({"step": "batch", "jobs": ",".join(jobs)}), ""


def refresh(_ticks: Any, _clicks: Any, names: list[str]) -> tuple[list[Component], bool]:
    """The table as it is now, after what stopped was put back into the queue if that was asked."""
    store = services().store
    jobs = [job for name in names if (job := store.get(name)) is not None]
    if ctx.triggered_id == "batch-resume":
        for job in jobs:
            if job.state in STOPPED:
                store.restart(job.id)
        return _table(names), False
    return _table(names), all(job.state.is_over for job in jobs)
