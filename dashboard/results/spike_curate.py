"""The result of a review: the page on which units are labelled, merged and split by hand."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import dash_mantine_components as dmc
from dash import ALL, Dash, Input, Output, State, ctx, dcc, html
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate
from typing_extensions import TypedDict

from dashboard import curating, people
from dashboard.aria import aria
from dashboard.curating import Desk
from dashboard.jobs.store import Job
from dashboard.posted import one_of
from dashboard.results import common, spike_locate
from dashboard.results import spike_curate_after as after
from dashboard.results import spike_curate_again as again
from dashboard.results import spike_curate_cloud as cloud
from dashboard.results import spike_curate_parts as parts
from dashboard.results import spike_curate_steps as steps
from dashboard.results.spike_curate_cloud import Outline
from dashboard.results.spike_curate_turn import Pressed, perform, unit_after
from pipelines.spikes import curation
from pipelines.spikes.units.sorting import FinishedSorting

KEYS = {
    "good": ("g", "Good", "label the unit good: one neuron"),
    "mua": ("m", "MUA", "label it mua: several neurons"),
    "noise": ("n", "Noise", "label it noise"),
    "clear": ("u", "Unlabel", "take its label away"),
    "undo": ("z", "Undo", "undo the last step, also of an earlier day"),
    "redo": ("y", "Redo", "do again what was undone"),
    "next": ("j", "Next", "go to the next unit of the queue"),
    "previous": ("k", "Previous", "go to the unit before"),
    "filter": ("f", "Filter", "show all, unlabelled, differing or unsure units in turn"),
}
"""What the keys do, and what the buttons are called."""
MORE = {
    "split": ("Split by clouds", "Split the unit as proposed, by the clouds of its spikes"),
    "lasso": ("Split off the lasso", "Split off the spikes in the lasso"),
    "outliers": ("Remove outliers", "Take the proposed outliers out of the unit"),
    "restore": ("Restore spikes", "Give the unit back what was taken out"),
}
ROW = {"rowSelection": {"mode": "singleRow", "enableClickSelection": True, "checkboxes": False}}


def view(job: Job) -> Component:
    """The whole page."""
    desk = curating.desk(job)
    state = desk.state()
    rows = parts.queue(desk, state, "all")
    unit = int(rows[0]["unit"])
    return html.Div(
        [
            dcc.Store(id="curate-unit", data=unit),
            dcc.Store(id="curate-refresh"),
            _note(job, desk.review.sorting),
            html.Div(_pad(desk, state), id="curate-pad", className="card"),
            html.Div(
                [
                    html.Section(_queue(rows), className="card", **aria(label="Queue")),
                    html.Section(
                        parts.unit_view(desk, state, unit),
                        id="curate-unit-view",
                        className="card",
                        **aria(label="Unit"),
                    ),
                ],
                className="curate",
            ),
            html.Section(_others(desk, state), id="curate-others", className="card stack"),
            html.Section(_log(desk, state), className="card"),
            html.Section(after.agreement(), className="card stack"),
            html.Section(after.use_card(), className="card stack"),
            _help(),
        ],
        id="curate",
    )


def _note(job: Job, sorting: FinishedSorting) -> Component | None:
    """What a review without a recording lacks, with a way to point to it."""
    note = common.headline(job)["note"]
    if sorting.recording.exists():
        return html.P(note, className="note") if note else None
    return spike_locate.offer(job.inputs[0].reference.removeprefix("job:"), sorting, note)


def _pad(desk: Desk, state: curation.State) -> list[Component]:
    name = people.current().name
    who = [
        dmc.TextInput(
            id="curate-name", label="Curator", value=name or "me", persistence=True, w=180
        ),
        dmc.Switch(
            id="curate-blind",
            label="Blind: label on my own, without seeing other labels",
            checked=False,
        ),
        dmc.TextInput(
            id="curate-reason", label="Reason", placeholder="may stay empty", value="", w=260
        ),
    ]
    buttons = [_key_button(what) for what in KEYS]
    return [
        html.Div(steps.heads(desk, state), id="curate-heads"),
        html.Div(who, className="row bottom"),
        html.Div([*buttons, _help_button()], className="row keys"),
        html.Div([_more_button(what) for what in MORE], id="curate-more", className="row keys"),
        html.P(steps.saved(desk, state), id="curate-saved", role="status", className="hint"),
        html.P(id="curate-message", role="alert", className="error"),
    ]


def _key_button(what: str) -> Component:
    key, name, does = KEYS[what]
    button = dmc.Button(
        [name, html.Kbd(key)],
        id={"type": "curate-do", "what": what},
        variant="default",
        size="compact-md",
        **aria(label=name, keyshortcuts=key),
    )
    return html.Span(button, title=does, **_data(key))


def _more_button(what: str) -> Any:
    name, does = MORE[what]
    button = dmc.Button(
        name, id={"type": "curate-do", "what": what}, variant="default", size="compact-sm"
    )
    return html.Span(button, title=does)


def _help_button() -> Component:
    button = dmc.Button(
        ["Keys", html.Kbd("?")],
        id="curate-help",
        variant="subtle",
        size="compact-md",
        **aria(label="Keys", keyshortcuts="?"),
    )
    return html.Span(button, **_data("?"))


def _data(key: str) -> dict[str, Any]:
    return {"data-key": key}


def _help() -> Any:
    rows = [html.Tr([html.Th(html.Kbd(key)), html.Td(does)]) for key, _, does in KEYS.values()]
    rows.append(html.Tr([html.Th(html.Kbd("?")), html.Td("show these keys")]))
    hint = html.P("Every key is a button too. Keys rest while you type in a field.")
    return dmc.Modal(
        [html.Table(html.Tbody(rows)), hint],
        id="curate-keys",
        title="Keys",
        opened=False,
        closeButtonProps=aria(label="Close"),
    )


def _queue(rows: Sequence[dict[str, Any]]) -> list[Component]:
    show = dmc.SegmentedControl(
        id="curate-show",
        data=[{"value": value, "label": label} for value, label in parts.SHOWS.items()],
        value="all",
        size="xs",
    )
    grid = common.table(
        rows,
        id="curate-queue",
        label="Units, the most doubtful first",
        names=parts.NAMES,
        height=480,
        selectedRows=list(rows[:1]),
        dashGridOptions=ROW,
    )
    hint = "Units on which the labellers differ come first, the least sure of them at the top."
    return [html.H2("Queue"), show, html.P(hint, className="hint"), grid]


def _others(desk: Desk, state: curation.State) -> list[Component]:
    merge = dmc.NumberInput(id="curate-other", label="Merge the unit with unit", w=190, min=0)
    button = dmc.Button("Merge", id={"type": "curate-do", "what": "merge"}, variant="default")
    return [
        html.H2("Proposals"),
        html.P(
            "Nothing is changed by itself and nothing is ever deleted: a click takes a proposal, "
            "Undo gives it back.",
            className="hint",
        ),
        html.Div(steps.proposals(desk, state), id="curate-proposals"),
        html.Div(again.parts(), className="row"),
        html.Div([merge, button], className="row bottom"),
    ]


def _log(desk: Desk, state: curation.State) -> list[Component]:
    return [
        html.Details(
            [html.Summary("Steps so far"), html.Div(steps.log(state), id="curate-log")],
            className="fold",
        )
    ]


# -- what happens


def register(app: Dash) -> None:
    """Connect keys, buttons, queue and proposals."""
    app.callback(
        Output("curate-message", "children"),
        Output("curate-saved", "children"),
        Output("curate-heads", "children"),
        Output("curate-queue", "rowData"),
        Output("curate-queue", "columnDefs"),
        Output("curate-queue", "selectedRows"),
        Output("curate-unit-view", "children"),
        Output("curate-proposals", "children"),
        Output("curate-log", "children"),
        Output("curate-unit", "data"),
        Output("curate-show", "value"),
        Output("curate-reason", "value"),
        Output("curate-others", "hidden"),
        Output("curate-more", "hidden"),
        Input({"type": "curate-do", "what": ALL}, "n_clicks"),
        Input({"type": "curate-take", "number": ALL}, "n_clicks"),
        Input({"type": "curate-go", "unit": ALL}, "n_clicks"),
        Input("curate-queue", "selectedRows"),
        Input("curate-show", "value"),
        Input("curate-blind", "checked"),
        Input("curate-refresh", "data"),
        State("curate-unit", "data"),
        State("curate-name", "value"),
        State("curate-reason", "value"),
        State("curate-other", "value"),
        State("curate-outline", "data", allow_optional=True),
        State("panel-job", "data"),
        prevent_initial_call=True,
        running=[(Output("curate-pad", "className"), "card busy", "card")],
    )(act)
    app.callback(
        Output("curate-keys", "opened"),
        Input("curate-help", "n_clicks"),
        prevent_initial_call=True,
    )(bool)
    after.register(app)
    again.register(app)
    cloud.register(app)


Show = Annotated[str, one_of(parts.SHOWS)]


class QueueRow(TypedDict):
    """A row of the queue."""

    unit: int


def act(
    _do: Sequence[int | None],
    _take: Sequence[int | None],
    _go: Sequence[int | None],
    selected: Sequence[QueueRow] | None,
    show: Show,
    blind: bool,
    _refresh: Any,
    unit: int,
    name: str | None,
    reason: str | None,
    other: Any,
    outline: Outline | None,
    job_id: str,
) -> tuple[Any, ...]:
    """Do what was pressed, then show everything as it is now."""
    trigger = ctx.triggered_id
    if isinstance(trigger, dict) and not ctx.triggered[0]["value"]:
        raise PreventUpdate  # a button has just appeared
    if trigger == "curate-queue" and (not selected or int(selected[0]["unit"]) == unit):
        raise PreventUpdate
    who = (name or "").strip()
    desk = curating.desk(common.job(job_id), who if blind else "")
    pressed = Pressed(_words(trigger), unit, who, reason or "", other, outline)
    turn = perform(desk, pressed)
    before = parts.queue(desk, turn.before, show)
    if pressed.what == "filter":
        names = list(parts.SHOWS)
        show = names[(names.index(show) + 1) % len(names)]
    rows = parts.queue(desk, turn.state, show)
    unit = int(selected[0]["unit"]) if trigger == "curate-queue" and selected else unit
    unit = unit_after(pressed, turn, unit, before, rows)
    return (
        turn.message,
        steps.saved(desk, turn.state),
        steps.heads(desk, turn.state),
        rows,
        parts.columns(before),
        [row for row in rows if row["unit"] == unit],
        parts.unit_view(desk, turn.state, unit),
        steps.proposals(desk, turn.state),
        steps.log(turn.state),
        unit,
        show,
        "" if turn.step else reason,
        blind,
        blind,
    )


def _words(trigger: Any) -> Mapping[str, Any]:
    """The id of the button that was pressed, if one was."""
    return trigger if isinstance(trigger, dict) else {}
