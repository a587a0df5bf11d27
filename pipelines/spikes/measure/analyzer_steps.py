"""The splits and merges that lead from sorted units to curated ones at once.

A curation is a chain of steps. What counts is where each spike is at its end: every sorted unit
is split into the pieces that went different ways, and pieces that met are merged.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines.spikes.curation.steps import State

Ranks = NDArray[np.int64]
GONE = -1
"""Where spikes are that were taken out, or whose unit is not kept."""


@dataclass(frozen=True)
class Steps:
    """All splits, then all merges.

    Attributes:
        splits: of a sorted unit, the spikes of each piece by the piece's number, shape (spike,);
            spikes are counted from 0 within the unit, in order of time.
        merges: the pieces and units that make a new one, by its number.
    """

    splits: Mapping[int, Mapping[int, Ranks]]
    merges: Mapping[int, Sequence[int]]

    def __bool__(self) -> bool:
        return bool(self.splits or self.merges)


def steps_to(unit_id: NDArray[np.int32], state: State, units: Sequence[int]) -> Steps:
    """How to get from sorted units to some of the curated ones.

    Args:
        unit_id: the sorted unit of every spike, shape (spike,).
        state: after the curation.
        units: that are kept.
    """
    kept = np.isin(state.unit_id, units) & ~state.removed
    home = np.where(kept, state.unit_id, GONE)
    spare = max(int(state.next_unit), int(unit_id.max(initial=0)) + 1)
    splits: dict[int, dict[int, Ranks]] = {}
    parts: dict[int, list[int]] = {}
    for unit in np.unique(unit_id).tolist():
        own = home[unit_id == unit]
        homes = np.unique(own).tolist()
        if len(homes) == 1:
            parts.setdefault(homes[0], []).append(unit)
            continue
        splits[unit] = {}
        for one in homes:
            ranks = np.flatnonzero(own == one)
            # A piece that keeps its unit's number gets it by a merge of its two halves:
            # SpikeInterface gives no piece the number of the unit that is split.
            for piece in np.array_split(ranks, 2) if one == unit else [ranks]:
                splits[unit][spare] = piece
                parts.setdefault(one, []).append(spare)
                spare += 1
    return _named(splits, {one: found for one, found in parts.items() if one != GONE})


def _named(splits: dict[int, dict[int, Ranks]], parts: Mapping[int, list[int]]) -> Steps:
    """Give a piece that is a unit by itself the unit's number; the others are merged."""
    alone = {found[0]: unit for unit, found in parts.items() if len(found) == 1}
    named = {
        unit: {alone.get(piece, piece): ranks for piece, ranks in pieces.items()}
        for unit, pieces in splits.items()
    }
    return Steps(named, {unit: found for unit, found in parts.items() if len(found) > 1})
