"""Many recordings from one form: a job for each, and a table of where they are."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

import dash_mantine_components as dmc
from dash import ALL, Dash, Input, Output, State, dcc, html, no_update
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from dashboard.home import jobs
from dashboard.jobs.store import Job, JobState
from dashboard.kit import forms, panel, results, shell, workbench
from dashboard.kit.aria import aria
from dashboard.server import pressed, roots
from dashboard.server.services import edit_link, services
from dashboard.server.settings import Settings
from dashboard.server.submission import submit
from dashboard.spikes.recordings import BATCH
from pipelines.core.errors import NeuroboardError, ParameterError
from pipelines.spikes.parameters import SpikesParameters

TICK_MS = 1_500
HINT = "The same jobs are on the page Jobs; this address shows the table again."
STOPPED = (JobState.FAILED, JobState.CANCELLED, JobState.INTERRUPTED)


def layout(named: str) -> Component:
    """The form on the left, the table of the jobs that an address names on the right."""
    names = [name for name in named.split(",") if name]
    right = _batch(names) if names else html.P(BATCH.empty, className="card introduction empty")
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
        else f"{_roots_in_words(settings)}: start the app with --data DIR, where recordings lie."
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
        *(workbench.picker(BATCH, source, "") for source in BATCH.sources),
        html.H2("Parameters"),
        *forms.form(SpikesParameters, BATCH.slug, {}),
        html.Div([error, run], className="form-foot"),
    ]


def _roots_in_words(settings: Settings) -> str:
    if not settings.data:
        return "There is no data root"
    return f"There is no recording below {', '.join(map(str, settings.data))}"


def _batch(names: list[str]) -> Component:
    return html.Div(
        [
            dcc.Store(id="batch-jobs", data=names),
            dcc.Store(id="batch-stamp", data=_stamp(_jobs(names))),
            dcc.Interval(id="batch-tick", interval=TICK_MS),
            html.H2("Batch"),
            html.Div(_table(_jobs(names)), id="batch-table"),
            html.Div(
                [
                    dmc.Button(
                        "Resume what stopped", id="batch-resume", variant="default", size="sm"
                    ),
                    dmc.Button("Cancel all", id="batch-cancel", variant="default", size="sm"),
                    html.Span(HINT, className="hint"),
                ],
                className="row",
            ),
        ],
        className="card",
    )


def _jobs(names: Sequence[str]) -> list[Job]:
    return [job for name in names if (job := services().store.get(name)) is not None]


def _table(batch: Sequence[Job]) -> list[Component]:
    states = [job.state for job in batch]
    counts = [f"{states.count(state)} {state.value}" for state in dict.fromkeys(states)]
    over = sum(state.is_over for state in states)
    return [
        html.P(
            f"{over} of {len(batch)} are over: {', '.join(counts)}.",
            role="status",
            **aria(live="polite"),
        ),
        shell.table(
            ("Recording", "State", "Units", "What happens", "Do"), [_row(job) for job in batch]
        ),
    ]


def _stamp(batch: Sequence[Job]) -> str:
    """What tells one look of the table from another; a waiting job says how many are before."""
    return jobs.stamp(batch) + "\n".join(panel.sentence(job) for job in batch)


def _row(job: Job) -> Component:
    units = str(results.headline(job)["n_units"]) if job.state is JobState.DONE else ""
    link = dcc.Link(job.inputs[0].label, href=edit_link(job.task, job.id))
    cells: list[Any] = [link, panel.badge(job.state), units, panel.sentence(job), jobs.action(job)]
    return html.Tr([html.Td(cell) for cell in cells])


def register(app: Dash) -> None:
    """Connect the form, the table and its button."""
    app.callback(
        Output("batch-recordings", "value"),
        Input("batch-every", "n_clicks"),
        State("batch-recordings", "data"),
        prevent_initial_call=True,
    )(take_all)
    for source in BATCH.sources:
        workbench.register_picker(app, BATCH, source)
    reference = {"type": "reference", "bench": BATCH.slug, "name": ALL}
    parameter = {"type": "parameter", "bench": BATCH.slug, "name": ALL}
    app.callback(
        Output("url", "href", allow_duplicate=True),
        Output("batch-error", "children"),
        Input("batch-run", "n_clicks"),
        State("batch-recordings", "value"),
        State(reference, "id"),
        State(reference, "data"),
        State(parameter, "id"),
        State(parameter, "value"),
        prevent_initial_call=True,
    )(run)
    app.callback(
        Output("batch-table", "children"),
        Output("batch-stamp", "data"),
        Input("batch-tick", "n_intervals"),
        State("batch-jobs", "data"),
        State("batch-stamp", "data"),
        prevent_initial_call=True,
    )(refresh)
    app.callback(
        Output("notice", "children", allow_duplicate=True),
        Input("batch-resume", "n_clicks"),
        Input("batch-cancel", "n_clicks"),
        State("batch-jobs", "data"),
        prevent_initial_call=True,
    )(for_all)


def run(
    clicks: int | None,
    recordings: list[str] | None,
    source_ids: Sequence[Mapping[str, str]],
    references: Sequence[str | None],
    ids: Sequence[Mapping[str, str]],
    values: Sequence[Any],
) -> tuple[Any, str]:
    """Queue a job for every recording: the address of their table, and what is wrong."""
    if not clicks:
        raise PreventUpdate
    files = {
        item["name"]: reference
        for item, reference in zip(source_ids, references, strict=True)
        if reference
    }
    try:
        if not recordings:
            raise ParameterError("Choose at least one recording.")
        parameters = forms.read(SpikesParameters, ids, values).model_dump(mode="json")
        for one in recordings:  # all are queued, or none
            roots.locate(services().settings.data, one)
        names = [
            submit(BATCH.task, {"recording": f"data:{one}", **files}, parameters)
            for one in recordings
        ]
    except NeuroboardError as error:
        return no_update, error.sentence
    return "/spikes?" + urlencode({"step": "batch", "jobs": ",".join(names)}), ""


def take_all(_clicks: int | None, offered: list[Any]) -> list[Any]:
    """Choose every recording that is offered."""
    return offered


def refresh(_ticks: Any, names: list[str], shown: str) -> tuple[list[Component], str]:
    """The table as it is now, if there is news."""
    batch = _jobs(names)
    now = _stamp(batch)
    if now == shown:
        raise PreventUpdate
    return _table(batch), now


def for_all(_resume: int | None, _cancel: int | None, names: list[str]) -> str:
    """Put what stopped back into the queue, or stop all that runs or waits."""
    store, button = services().store, pressed.buttons()[-1:]  # the last word counts
    for job in _jobs(names):
        if button == ["batch-resume"] and job.state in STOPPED:
            store.restart(job.id)
        elif button == ["batch-cancel"] and not job.state.is_over:
            store.cancel(job.id)
    return ""
