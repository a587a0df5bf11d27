"""Proposals with their evidence: a click takes one, another asks for fresh ones."""

from collections.abc import Sequence
from typing import Any

import dash_mantine_components as dmc
import numpy as np
from dash import Dash, Input, Output, html, no_update
from dash import State as Field
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from dashboard.jobs.store import Job
from dashboard.kit import results
from dashboard.kit.aria import aria
from dashboard.server import people, submission
from dashboard.server.people import Role
from dashboard.server.services import edit_link
from dashboard.spikes.curation.desk import Desk, snapshot
from dashboard.spikes.curation.desk import desk as desk_of
from pipelines.core.errors import NeuroboardError
from pipelines.spikes.curation.parameters import ReviewParameters
from pipelines.spikes.curation.reviewed import NO_REMOVALS, Proposal
from pipelines.spikes.curation.steps import CurationState

TASK = "spikes review"
DONE = {
    "merge": "Merge",
    "split": "Split",
}
HOW_GOOD = (
    "Each is offered because more speaks for it than against it; it can still be wrong. "
    f"{NO_REMOVALS}"
)


def table(desk: Desk, state: CurationState) -> Component:
    """Proposals with their evidence; a click takes one, undo gives it back.

    Those about units that are not there any more are left out and counted.
    """
    rows = [
        html.Tr(
            [
                html.Th(_does(one), scope="row"),
                html.Td(one.evidence),
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


def how_fresh(desk: Desk, state: CurationState, n_gone: int) -> str:
    """Whether proposals are about the units as they are now.

    Args:
        desk: with the review that made them.
        state: units now.
        n_gone: proposals about units that are not there any more.
    """
    new = sorted(state.units - set(desk.review.judged))
    words = []
    if old := desk.review.found.n_unweighed:
        verb = "is" if old == 1 else "are"
        return (
            f"{old} of an earlier version {verb} left out: taken all together, such proposals made "
            "units worse. Review the units again for new ones."
        )
    if n_gone:
        verb = "is" if n_gone == 1 else "are"
        words.append(f"{n_gone} about units that have changed since {verb} left out")
    if new:
        verb = "has" if len(new) == 1 else "have"
        words.append(f"{units_in_words(new)}, made since the review, {verb} none yet")
    if not words:
        return "Up to date: no unit was merged or split since the review."
    return f"Of the proposals {'; '.join(words)}. Propose again looks at the units as they are."


def _taken(proposal: Proposal, state: CurationState) -> bool:
    return any(
        step.reason == proposal.evidence and set(step.units) <= set(proposal.units)
        for step in state.done
    )


def _fits(proposal: Proposal, state: CurationState) -> bool:
    """Whether the units are there, with the spikes that it is about."""
    units = proposal.units
    own = state.spikes_of(units[0])
    there = [np.isin(np.asarray(part, np.int64), own).all() for part in proposal.spikes]
    return set(units) <= state.units and all(there)


def _take(number: int, proposal: Proposal, state: CurationState) -> Any:
    if _taken(proposal, state):
        return html.Span("taken; undo gives it back", className="hint")
    return dmc.Button(
        "Take",
        id={"type": "curate-take", "number": number},
        variant="default",
        size="compact-sm",
        **aria(label=f"Take: {_does(proposal)}"),
    )


def _does(proposal: Proposal) -> str:
    """What taking a proposal does, in words."""
    units = proposal.units
    if proposal.kind == "duplicate":
        return f"Call unit {units[0]} noise: it is unit {units[1]} again"
    return f"{DONE[proposal.kind]}: {units_in_words(units)}"


def units_in_words(units: Sequence[int]) -> str:
    """Such as: units 1, 2 and 5."""
    word = "unit" if len(units) == 1 else "units"
    *first, last = map(str, units)
    return f"{word} {', '.join(first)} and {last}" if first else f"{word} {last}"


# -- the units as they are now, reviewed anew


def again() -> list[Any]:
    """The button, and where it says what is wrong."""
    button = dmc.Button("Propose again", id="curate-again", variant="default")
    title = (
        "Review the units as they are now, in a job: merges, splits, likeness and labellers. Your "
        "labels and steps stay."
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
        Field("panel-job", "data"),
        prevent_initial_call=True,
    )(propose_again)


def propose_again(clicks: int | None, job_id: str) -> tuple[Any, Any]:
    """Start the review of the units as they are now; the curation goes on in its result."""
    if not clicks:
        raise PreventUpdate
    try:
        people.require(Role.WORK)
        made = _submit(results.job(job_id))
    except NeuroboardError as error:
        return no_update, error.sentence
    return edit_link(TASK, made), ""


def _submit(job: Job) -> str:
    references = {item.name: item.reference for item in job.inputs}
    references["curation"] = snapshot(desk_of(job))
    # A review of an earlier version may have parameters that are not there any more.
    parameters = ReviewParameters.parse_stored(job.parameters)[0]
    return submission.submit(TASK, references, parameters.model_dump(mode="json"))
