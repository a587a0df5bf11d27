"""Proposals, the log of steps, and how far a curation is, as the page shows them."""

from collections.abc import Mapping, Sequence
from typing import Any

import dash_mantine_components as dmc
import numpy as np
from dash import html
from dash.development.base_component import Component

from dashboard.aria import aria
from dashboard.curating import Desk
from dashboard.results import common
from pipelines.spikes.curation import State, Step

MOST_STEPS = 40
DONE = {
    "merge": "Merge",
    "split": "Split",
    "outliers": "Remove",
}


def proposals(desk: Desk, state: State) -> Component:
    """Proposals with their evidence; a click takes one, undo gives it back.

    Those about units that are not there any more are left out and counted.
    """
    rows = [
        html.Tr(
            [
                html.Th(_does(one), scope="row"),
                html.Td(one["evidence"]),
                html.Td(_take(number, one, state)),
            ]
        )
        for number, one in enumerate(desk.review.proposals)
        if _taken(one, state) or _fits(one, state)
    ]
    fresh = html.P(how_fresh(desk, state, len(desk.review.proposals) - len(rows)))
    if not rows:
        text = "Nothing is proposed: units look like one cell each."
        return html.Div([fresh, html.P(text, className="empty")])
    table = html.Table(html.Tbody(rows), className="proposals")
    scroll = html.Div(
        table, className="scroll tall", tabIndex="0", role="region", **aria(label="Proposals")
    )
    return html.Div([fresh, scroll])


def how_fresh(desk: Desk, state: State, n_gone: int) -> str:
    """Whether proposals are about the units as they are now.

    Args:
        desk: with the review that made them.
        state: units now.
        n_gone: proposals about units that are not there any more.
    """
    new = sorted(state.units - set(desk.review.queue["unit_id"].tolist()))
    words = []
    if n_gone:
        verb = "is" if n_gone == 1 else "are"
        words.append(f"{n_gone} about units that have changed since {verb} left out")
    if new:
        verb = "has" if len(new) == 1 else "have"
        words.append(f"{_units(new)}, made since the review, {verb} none yet")
    if not words:
        return "Up to date: no unit was merged or split since the review."
    return f"Of the proposals {'; '.join(words)}. Propose again looks at the units as they are."


def _taken(proposal: Mapping[str, Any], state: State) -> bool:
    return any(
        step.reason == proposal["evidence"] and set(step.units) <= set(proposal["units"])
        for step in state.done
    )


def _fits(proposal: Mapping[str, Any], state: State) -> bool:
    """Whether the units are there, with the spikes that it is about."""
    units = proposal["units"]
    places = [np.asarray(part, np.int64) for part in proposal["spikes"]]
    there = [(state.unit_id[one] == units[0]) & ~state.removed[one] for one in places]
    return set(units) <= state.units and all(one.all() for one in there)


def _take(number: int, proposal: Mapping[str, Any], state: State) -> Any:
    if _taken(proposal, state):
        return html.Span("taken; undo gives it back", className="hint")
    return dmc.Button(
        "Take",
        id={"type": "curate-take", "number": number},
        variant="default",
        size="compact-sm",
        **aria(label=f"Take: {_does(proposal)}"),
    )


def _does(proposal: Mapping[str, Any]) -> str:
    """What taking a proposal does, in words."""
    units = proposal["units"]
    if proposal["kind"] == "duplicate":
        return f"Call unit {units[0]} noise: it is unit {units[1]} again"
    return f"{DONE[proposal['kind']]}: {_units(units)}"


def _units(units: Sequence[int]) -> str:
    word = "unit" if len(units) == 1 else "units"
    *first, last = map(str, units)
    return f"{word} {', '.join(first)} and {last}" if first else f"{word} {last}"


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
