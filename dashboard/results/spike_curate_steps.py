"""Proposals, the log of steps, and how far a curation is, as the page shows them."""

from collections.abc import Mapping, Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component

from dashboard.aria import aria
from dashboard.curating import Desk
from dashboard.results import common
from pipelines.spikes.curation import State, Step

MOST_STEPS = 40
DONE = {
    "merge": "Merge",
    "duplicate": "Call the weaker one noise",
    "split": "Split",
    "outliers": "Remove",
}


def step_of(proposal: Mapping[str, Any], author: str) -> Step:
    """What taking a proposal does."""
    units, kind, why = tuple(proposal["units"]), proposal["kind"], str(proposal["evidence"])
    spikes = tuple(tuple(part) for part in proposal["spikes"])
    if kind == "merge":
        return Step("merge", author, units, reason=why)
    if kind == "duplicate":
        return Step("label", author, units[:1], "noise", reason=why)
    action: Any = "split" if kind == "split" else "remove"
    return Step(action, author, units, spikes=spikes, reason=why)


def proposals(desk: Desk, state: State) -> Component:
    """All proposals with their evidence; a click takes one, undo gives it back."""
    rows = [
        html.Tr(
            [
                html.Th(f"{DONE[one['kind']]}: {_units(one['units'])}", scope="row"),
                html.Td(one["evidence"]),
                html.Td(_take(number, one, state)),
            ]
        )
        for number, one in enumerate(desk.review.proposals)
    ]
    if not rows:
        return html.P("Nothing is proposed: units look like one cell each.", className="empty")
    table = html.Table(html.Tbody(rows))
    return html.Div(
        table, className="scroll tall", tabIndex="0", role="region", **aria(label="Proposals")
    )


def _take(number: int, proposal: Mapping[str, Any], state: State) -> Any:
    if any(
        step.reason == proposal["evidence"] and set(step.units) <= set(proposal["units"])
        for step in state.done
    ):
        return html.Span("taken; undo gives it back", className="hint")
    if not set(proposal["units"]) <= state.units:
        return html.Span("units have changed", className="hint")
    what = f"{DONE[proposal['kind']]}: {_units(proposal['units'])}"
    return dmc.Button(
        "Take",
        id={"type": "curate-take", "number": number},
        variant="default",
        size="compact-sm",
        **aria(label=f"Take: {what}"),
    )


def _units(units: Sequence[int]) -> str:
    word = "unit" if len(units) == 1 else "units"
    return f"{word} {' and '.join(map(str, units))}"


def log(state: State) -> Component:
    """The last steps that count, newest first."""
    if not state.done:
        return html.P("Nothing was done yet.", className="empty")
    heads = ("when (UTC)", "who", "what", "why")
    rows = [
        html.Tr([html.Td(cell) for cell in (step.time[:19], step.author, words(step), step.reason)])
        for step in reversed(state.done[-MOST_STEPS:])
    ]
    head = html.Thead(html.Tr([html.Th(name, scope="col") for name in heads]))
    return html.Div(
        html.Table([head, html.Tbody(rows)]), className="scroll tall", tabIndex="0",
        role="region", **aria(label="Steps of this curation"),
    )  # fmt: skip


def words(step: Step) -> str:
    """A step in words."""
    units = _units(step.units) if step.units else ""
    made = " and ".join(map(str, step.made))
    taken = sum(map(len, step.spikes))
    texts = {
        "label": f"{units}: {step.label or 'label taken away'}",
        "merge": f"merged {units} into {made}",
        "split": f"split {units} into {made}",
        "remove": f"removed {taken:,} spikes from {units}",
        "restore": f"gave {units} its spikes back",
    }
    return texts[step.action]


def saved(desk: Desk, state: State) -> str:
    """Where the work is, in words."""
    if not state.done:
        return "Nothing to save yet; every step is saved at once."
    last = state.done[-1]
    steps = f"{len(state.done)} {'step' if len(state.done) == 1 else 'steps'}"
    return f"All saved: {steps}, the last at {last.time[11:19]} UTC by {last.author}."


def heads(desk: Desk, state: State) -> Component:
    """How far the curation is."""
    counts = dict.fromkeys(("good", "mua", "noise"), 0)
    for unit in state.units & state.labels.keys():
        counts[state.labels[unit]] += 1
    left = len(state.units) - sum(counts.values())
    return common.stats(
        {"Units": str(len(state.units)), "Unlabelled": str(left)}
        | {name: str(count) for name, count in counts.items()}
    )
