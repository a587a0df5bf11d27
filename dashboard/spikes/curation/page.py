"""The result of a review: the page on which units are labelled, merged and split by hand."""

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any

import dash_mantine_components as dmc
from dash import ALL, Dash, Input, Output, State, dcc, html, no_update
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate
from typing_extensions import TypedDict

from dashboard.jobs.store import Job
from dashboard.kit import results
from dashboard.kit.aria import aria, data
from dashboard.server import people
from dashboard.server.posted import Outline, one_of
from dashboard.server.pressed import buttons, triggers
from dashboard.spikes import locate
from dashboard.spikes.curation import cloud, proposals, queue, steps, use
from dashboard.spikes.curation import desk as curating
from dashboard.spikes.curation import unit as unit_view
from dashboard.spikes.curation.desk import Desk
from dashboard.spikes.curation.press import Pressed, Turn, perform, unit_after
from pipelines.spikes.curation import steps as curation
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
    "restore": ("Restore spikes", "Give the unit back what was taken out"),
}
PAD, UNIT, OTHERS = "curate-pad", "curate-unit-view", "curate-others"
"""Parts that are busy while an answer is under way: to a press, a chosen row, another view."""
ROW = {"rowSelection": {"mode": "singleRow", "enableClickSelection": True, "checkboxes": False}}


def view(job: Job) -> Component:
    """The whole page."""
    found = parts(job)
    stores, beside = found.pop("stores"), [found.pop("queue"), found.pop("unit")]
    above = [found.pop("note"), found.pop("pad")]
    between = html.Div(beside, className="curate")
    return html.Div([*stores, *above, between, *found.values()], id="curate")


def parts(job: Job, *names: str, asked: int | None = None) -> dict[str, Any]:
    """The parts of the page by name, which stand below each other there.

    Args:
        job: the review.
        names: of the parts; all if none is named.
        asked: the unit to begin with; the first of the queue if there is no such one.
    """
    desk = curating.desk(job)
    state = desk.state()
    rows = queue.rows_of(desk, state, "all")
    unit = asked if asked in state.units else int(rows[0]["unit"])
    made: dict[str, Callable[[], Any]] = {
        "stores": lambda: [
            dcc.Store(id="curate-unit", data=unit),
            dcc.Store(id="curate-shown", data="all"),
            dcc.Store(id="curate-refresh"),
        ],
        "note": lambda: _note(job, desk.review.sorting),
        "pad": lambda: html.Div(_pad(desk, state), id=PAD, className="card"),
        "queue": lambda: html.Section(
            _queue(rows, int(unit)), className="card", **aria(label="Queue"), **data(waits=UNIT)
        ),
        "unit": lambda: html.Section(
            unit_view.view(desk, state, unit),
            id=UNIT,
            className="card",
            **aria(label="Unit"),
            **data(waits=PAD),
        ),
        "others": lambda: html.Section(_others(desk, state), id=OTHERS, className="card stack"),
        "merging": lambda: html.Section(_merging(), id=OTHERS, className="card stack"),
        "log": lambda: html.Section(_log(desk, state), className="card"),
        "agreement": lambda: html.Section(use.agreement(), className="card stack"),
        "use": lambda: html.Section(use.use_card(), className="card stack"),
        "help": _help,
    }
    return {name: made[name]() for name in names or (one for one in made if one != "merging")}


def _note(job: Job, sorting: FinishedSorting) -> Component | None:
    """What a review without a recording lacks, with a way to point to it."""
    note = results.headline(job)["note"]
    if sorting.recording.exists():
        return html.P(note, className="note") if note else None
    return locate.offer(job.inputs[0].reference.removeprefix("job:"), sorting, note)


def _pad(desk: Desk, state: curation.CurationState) -> list[Component]:
    name = people.current().name
    blind = dmc.Switch(
        id="curate-blind",
        label="Blind: label on my own, without seeing other labels",
        checked=False,
    )
    who = [
        dmc.TextInput(
            id="curate-name", label="Curator", value=name or "me", persistence=True, w=180
        ),
        html.Div(blind, **data(waits=OTHERS)),
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
    return html.Span(button, title=does, **data(key=key, waits=PAD))


def _more_button(what: str) -> Any:
    name, does = MORE[what]
    button = dmc.Button(
        name, id={"type": "curate-do", "what": what}, variant="default", size="compact-sm"
    )
    return html.Span(button, title=does, **data(waits=PAD))


def _help_button() -> Component:
    button = dmc.Button(
        ["Keys", html.Kbd("?")],
        id="curate-help",
        variant="subtle",
        size="compact-md",
        **aria(label="Keys", keyshortcuts="?"),
    )
    return html.Span(button, **data(key="?"))


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


def _queue(rows: Sequence[dict[str, Any]], unit: int) -> list[Component]:
    show = dmc.SegmentedControl(
        id="curate-show",
        data=[{"value": value, "label": label} for value, label in queue.SHOWS.items()],
        value="all",
        size="xs",
    )
    grid = results.table(
        rows,
        id="curate-queue",
        label="Units, the most doubtful first",
        names=queue.NAMES,
        height=480,
        selectedRows=[row for row in rows if row["unit"] == unit],
        getRowId="params.data.unit.toString()",
        dashGridOptions=ROW,
    )
    hint = "Units on which the labellers differ come first, the least sure of them at the top."
    return [
        html.H2("Queue"),
        html.Div(show, **data(waits=OTHERS)),
        html.P(hint, className="hint"),
        grid,
    ]


def _merge() -> Component:
    merge = dmc.NumberInput(id="curate-other", label="Merge the unit with unit", w=190, min=0)
    button = dmc.Button("Merge", id={"type": "curate-do", "what": "merge"}, variant="default")
    return html.Div([merge, button], className="row bottom", **data(waits=PAD))


def _merging() -> list[Component]:
    """What `_others` has besides proposals, which callbacks name and nobody sees."""
    unseen = [html.Div(id="curate-proposals"), *proposals.again()]
    return [_merge(), html.Div(unseen, hidden=True)]


def _others(desk: Desk, state: curation.CurationState) -> list[Component]:
    return [
        html.H2("Proposals"),
        html.P(
            "Nothing is changed by itself and nothing is ever deleted: a click takes a proposal, "
            f"Undo gives it back. {proposals.HOW_GOOD}",
            className="hint",
        ),
        html.Div(proposals.table(desk, state), id="curate-proposals", **data(waits=PAD)),
        html.Div(proposals.again(), className="row"),
        _merge(),
    ]


def _log(desk: Desk, state: curation.CurationState) -> list[Component]:
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
        output=_outputs(),
        inputs={
            "_do": Input({"type": "curate-do", "what": ALL}, "n_clicks"),
            "_take": Input({"type": "curate-take", "number": ALL}, "n_clicks"),
            "_go": Input({"type": "curate-go", "unit": ALL}, "n_clicks"),
        },
        state={"at": AT},
        prevent_initial_call=True,
        running=_busy(PAD, "card"),
    )(press)
    # Of its own: a row that the table chooses by itself must not take the place of a press.
    app.callback(
        output=_outputs(allow_duplicate=True),
        inputs={"selected": Input("curate-queue", "selectedRows")},
        state={"at": AT},
        prevent_initial_call=True,
        running=_busy(UNIT, "card"),
    )(choose)
    app.callback(
        output=_outputs(allow_duplicate=True),
        inputs={
            "_show": Input("curate-show", "value"),
            "_blind": Input("curate-blind", "checked"),
            "_refresh": Input("curate-refresh", "data"),
        },
        state={"at": AT},
        prevent_initial_call=True,
        running=_busy(OTHERS, "card stack"),
    )(look)
    app.callback(
        Output("curate-keys", "opened"),
        Input("curate-help", "n_clicks"),
        prevent_initial_call=True,
    )(bool)
    use.register(app)
    proposals.register(app)
    cloud.register(app)


def _busy(part: str, style: str) -> list[tuple[Any, str, str]]:
    """Say on a part of the page, while an answer is under way, that presses wait for it."""
    return [(Output(part, "className"), f"{style} busy", style)]


Show = Annotated[str, one_of(queue.SHOWS)]
AT = {
    "unit": State("curate-unit", "data"),
    "show": State("curate-show", "value"),
    "shown": State("curate-shown", "data"),
    "blind": State("curate-blind", "checked"),
    "name": State("curate-name", "value"),
    "reason": State("curate-reason", "value"),
    "other": State("curate-other", "value"),
    "outline": State("curate-outline", "data", allow_optional=True),
    "job": State("panel-job", "data"),
}


class At(TypedDict):
    """Where a person is, and what stands in the fields; the keys are those of `AT`."""

    unit: int
    show: Show
    shown: Show
    blind: bool
    name: str | None
    reason: str | None
    other: Any
    outline: Outline | None
    job: str


class QueueRow(TypedDict):
    """A row of the queue."""

    unit: int


def press(
    _do: Sequence[int | None],
    _take: Sequence[int | None],
    _go: Sequence[int | None],
    at: At,
) -> dict[str, Any]:
    """Do what was pressed, one after the other, and show what came of it."""
    pressed = buttons()
    if not pressed:
        raise PreventUpdate  # buttons have just appeared
    return _after(at, pressed)


def choose(selected: Sequence[QueueRow] | None, at: At) -> dict[str, Any]:
    """Go to the row that was chosen."""
    if not selected or int(selected[0]["unit"]) == at["unit"]:
        raise PreventUpdate
    return _after({**at, "unit": int(selected[0]["unit"])}, [])


def look(_show: Show, _blind: bool, _refresh: Any, at: At) -> dict[str, Any]:
    """Show the queue in another way, or what others did."""
    if triggers() == ["curate-show"] and at["show"] == at["shown"]:
        raise PreventUpdate  # it was a press that changed it, and showed it
    return _after(at, [])


def _after(at: At, pressed: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Do what buttons stand for, if any were pressed, then show everything as it is now."""
    desk = _desk(at)
    turns = []
    for button in pressed or [{}]:
        turn, rows, before, at = _do(desk, button, at)
        turns.append(turn)
    state, unit = turns[-1].state, at["unit"]
    return {
        "message": " ".join(turn.message for turn in turns if turn.message),
        "saved": steps.saved(desk, state),
        "heads": steps.heads(desk, state),
        "rows": rows,
        "columns": queue.columns(before),
        "selected": [row for row in rows if row["unit"] == unit],
        "view": unit_view.view(desk, state, unit),
        "proposals": proposals.table(desk, state),
        "log": steps.log(state),
        "unit": unit,
        "show": no_update if at["show"] == at["shown"] else at["show"],
        "shown": at["show"],
        "reason": at["reason"],
        "no_others": at["blind"],
        "no_more": at["blind"],
    }


def _desk(at: At) -> Desk:
    return curating.desk(results.job(at["job"]), _who(at) if at["blind"] else "")


def _who(at: At) -> str:
    return (at["name"] or "").strip()


def _do(
    desk: Desk, button: Mapping[str, Any], at: At
) -> tuple[Turn, list[dict[str, Any]], list[dict[str, Any]], At]:
    """Do what a button stands for: what came of it, the queue then and before, and where one is."""
    pressed = Pressed(button, at["unit"], _who(at), at["reason"] or "", at["other"], at["outline"])
    turn = perform(desk, pressed)
    before = queue.rows_of(desk, turn.before, at["show"])
    show = _next_show(at["show"]) if pressed.what == "filter" else at["show"]
    rows = queue.rows_of(desk, turn.state, show)
    unit = unit_after(pressed, turn, at["unit"], before, rows)
    reason = "" if turn.step else at["reason"]
    return turn, rows, before, {**at, "unit": unit, "show": show, "reason": reason}


def _outputs(*, allow_duplicate: bool = False) -> dict[str, Output]:
    """Where the parts of `_after` are shown."""
    places = {
        "message": ("curate-message", "children"),
        "saved": ("curate-saved", "children"),
        "heads": ("curate-heads", "children"),
        "rows": ("curate-queue", "rowData"),
        "columns": ("curate-queue", "columnDefs"),
        "selected": ("curate-queue", "selectedRows"),
        "view": (UNIT, "children"),
        "proposals": ("curate-proposals", "children"),
        "log": ("curate-log", "children"),
        "unit": ("curate-unit", "data"),
        "show": ("curate-show", "value"),
        "shown": ("curate-shown", "data"),
        "reason": ("curate-reason", "value"),
        "no_others": (OTHERS, "hidden"),
        "no_more": ("curate-more", "hidden"),
    }
    return {name: Output(*place, allow_duplicate=allow_duplicate) for name, place in places.items()}


def _next_show(show: str) -> str:
    names = list(queue.SHOWS)
    return names[(names.index(show) + 1) % len(names)]
