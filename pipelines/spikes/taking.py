"""What taking a proposal of a review does. Needs numpy only."""

from collections.abc import Mapping
from typing import Any

from pipelines.spikes.curation import Action, Step


def step_of(proposal: Mapping[str, Any], author: str) -> Step:
    """The step that a proposal stands for.

    Args:
        proposal: one of `proposals.json`.
        author: who takes it.
    """
    units, kind, why = tuple(proposal["units"]), proposal["kind"], str(proposal["evidence"])
    spikes = tuple(tuple(part) for part in proposal["spikes"])
    if kind == "merge":
        return Step("merge", author, units, reason=why)
    if kind == "duplicate":
        return Step("label", author, units[:1], "noise", reason=why)
    action: Action = "split" if kind == "split" else "remove"
    return Step(action, author, units, spikes=spikes, reason=why)
