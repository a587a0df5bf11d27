"""One press of a button while curating: what it does, and which unit is shown next."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dashboard.server import people
from dashboard.server.people import Role
from dashboard.server.posted import offered
from dashboard.spikes.curation.cloud import Outline, inside
from dashboard.spikes.curation.desk import Desk
from pipelines.core.errors import NeuroboardError, ParameterError
from pipelines.spikes.curation.steps import CurationState, CurationStep

LABELS = {"good": "good", "mua": "mua", "noise": "noise", "clear": ""}
"""Labels by what their buttons are called."""


@dataclass(frozen=True)
class Pressed:
    """A button that was pressed, and what stood in the fields.

    Attributes:
        button: its id; empty if something else happened.
        unit: that is shown.
        who: the curator.
        reason: may be empty.
        other: the unit to merge with.
        outline: the corners of the line that was drawn in the unit's cloud.
    """

    button: Mapping[str, Any]
    unit: int
    who: str
    reason: str = ""
    other: Any = None
    outline: Outline | None = None

    @property
    def what(self) -> str:
        """What the button is called, if it is one of `KEYS` or `MORE`."""
        return str(self.button.get("what", ""))


@dataclass(frozen=True)
class Turn:
    """What came of a press: the units before and after, the step, or what was wrong."""

    before: CurationState
    state: CurationState
    step: CurationStep | None = None
    message: str = ""

    @property
    def touched(self) -> Sequence[int]:
        """The units that a step, or its undoing, was about, those that it made first."""
        if len(self.state.done) < len(self.before.done):
            return self.before.done[-1].units
        if len(self.state.done) == len(self.before.done):
            return ()
        return (*self.state.done[-1].made, *self.state.done[-1].units)


def perform(desk: Desk, pressed: Pressed) -> Turn:
    """Do what a button stands for; what is wrong is said, and nothing has changed."""
    state = desk.state()
    try:
        people.require(Role.WORK if pressed.button else Role.LOOK)
        step = _step(desk, pressed)
        return Turn(state, desk.take(step) if step else state, step)
    except NeuroboardError as error:
        return Turn(state, state, message=error.sentence)


def _step(desk: Desk, pressed: Pressed) -> CurationStep | None:
    """The step that a button stands for; none for one that only moves on.

    Raises:
        ParameterError: something is missing for it.
    """
    what, who, unit, reason = pressed.what, pressed.who, pressed.unit, pressed.reason
    if pressed.button.get("type") == "curate-take":
        proposals = desk.review.proposals
        return proposals[int(offered(pressed.button["number"], range(len(proposals))))].step(who)
    if what in LABELS:
        return CurationStep("label", who, (unit,), LABELS[what], reason=reason)
    if what == "undo":
        return CurationStep("undo", who)
    if what == "redo":
        return CurationStep("redo", who)
    if what == "merge":
        if not isinstance(pressed.other, int):
            raise ParameterError("Write the number of the unit to merge with.")
        return CurationStep("merge", who, (unit, pressed.other), reason=reason)
    if what == "restore":
        return CurationStep("restore", who, (unit,), reason=reason)
    if what == "lasso":
        spikes = inside(desk, desk.state(), unit, pressed.outline)
        return CurationStep("split", who, (unit,), spikes=(spikes,), reason=reason or "lasso")
    if what == "split":
        return _proposed_split(desk, unit, who)
    return None


def _proposed_split(desk: Desk, unit: int, who: str) -> CurationStep:
    for one in desk.review.proposals:
        if one.kind == "split" and one.units == (unit,):
            return one.step(who)
    raise ParameterError(f"For unit {unit} no such proposal was made.")


def unit_after(
    pressed: Pressed,
    turn: Turn,
    unit: int,
    before: Sequence[Mapping[str, Any]],
    rows: Sequence[Mapping[str, Any]],
) -> int:
    """Which unit is shown next; after a label, the next one of the queue.

    Args:
        pressed: what was pressed.
        turn: what came of it.
        unit: that was shown or chosen.
        before: the queue that the person saw.
        rows: the queue now.
    """
    if pressed.button.get("type") == "curate-go":
        return int(pressed.button["unit"])
    order = [int(row["unit"]) for row in before]
    place = order.index(unit) if unit in order else 0
    if pressed.what == "previous":
        later: Sequence[int] = order[:place][::-1]
    elif pressed.what == "next" or (turn.step is not None and pressed.what in LABELS):
        later = order[place + 1 :]
    else:
        later = turn.touched
    there = {int(row["unit"]) for row in rows} or turn.state.units
    found = [one for one in [*later, unit, *order] if one in there and one in turn.state.units]
    return found[0] if found else min(turn.state.units)
