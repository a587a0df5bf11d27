"""SpikeInterface's analyzer of a sorting, for the units as curated.

Units that were merged, split or freed of outliers are carried by SpikeInterface's own
`split_units` and `merge_units`, with the extensions that it can carry. A curation is a chain of
steps, but what counts is where each spike is at its end: every sorted unit is split into the pieces
that went different ways, and pieces that met are merged.
"""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from spikeinterface.core import SortingAnalyzer, load_sorting_analyzer

from pipelines.core.errors import NeuroboardError
from pipelines.spikes.curation.curated_units import is_changed
from pipelines.spikes.curation.steps import CurationState
from pipelines.spikes.formats.saved import refuse_unsafe_zarr
from pipelines.spikes.measure.analyzer_source import require_known_recording
from pipelines.spikes.units.files import ANALYZER
from pipelines.spikes.units.folder import SortingFolder
from pipelines.spikes.units.sorting import FinishedSorting, Waveforms

ALWAYS_CARRIED = ("random_spikes", "waveforms", "templates", "noise_levels")
"""Extensions that follow merges and splits without anything being computed from the recording."""

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


def steps_to(unit_id: NDArray[np.int32], state: CurationState, units: Sequence[int]) -> Steps:
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


def carry_analyzer(
    sorting: FinishedSorting, state: CurationState, units: Sequence[int], folder: Path
) -> str:
    """Write the analyzer of some units as curated.

    Args:
        sorting: may have an `analyzer.zarr`.
        state: the units after the curation.
        units: that are kept.
        folder: has `waveforms.npz` of the units, and gets `analyzer.zarr`.

    Returns:
        What was done or why not, in a sentence or two; empty if there was none.
    """
    source, target = SortingFolder(sorting.folder).file(ANALYZER), SortingFolder(folder)
    if not source.is_dir():
        return ""
    changed = [unit for unit in units if is_changed(state, sorting, unit)]
    try:
        refuse_unsafe_zarr(source)
        require_known_recording(source)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about a recording that has moved, and templates
            analyzer = load_sorting_analyzer(source)
            carried, lost = _changed(analyzer, sorting, state, units)
            if changed:
                _hand_over_templates(carried, changed, target.waveforms)
            kept = carried.select_units(list(units), format="zarr", folder=target.file(ANALYZER))
    except NeuroboardError as error:
        return f"{ANALYZER} is left out: {error.sentence}"
    # What an extension cannot do with merged units it says in its own way, and the other files
    # are worth having without it.
    except Exception as error:
        return f"{ANALYZER} is left out, because SpikeInterface cannot carry it ({error})."
    return _in_words(kept, changed, lost)


def _changed(
    analyzer: SortingAnalyzer, sorting: FinishedSorting, state: CurationState, units: Sequence[int]
) -> tuple[SortingAnalyzer, list[str]]:
    """The analyzer after all splits and merges, and the extensions that were lost by them."""
    steps = steps_to(sorting.unit_id, state, units)
    if not steps:
        return analyzer, []
    try:
        return _taken(analyzer.copy(), steps), []
    except Exception:
        lost = [name for name in analyzer.extensions if name not in ALWAYS_CARRIED]
        if not lost:
            raise
        bare = analyzer.copy()  # in memory: what is deleted here stays on the disk
        for name in lost:
            bare.delete_extension(name)
        return _taken(bare, steps), lost


def _taken(analyzer: SortingAnalyzer, steps: Steps) -> SortingAnalyzer:
    # One unit at a time: SpikeInterface cannot split all units of a sorting at once.
    for unit, pieces in steps.splits.items():
        analyzer = analyzer.split_units(
            {unit: [piece.tolist() for piece in pieces.values()]}, new_unit_ids=[list(pieces)]
        )
    if steps.merges:
        analyzer = analyzer.merge_units(
            list(steps.merges.values()), new_unit_ids=list(steps.merges), sparsity_overlap=0.0
        )
    return analyzer


def _hand_over_templates(
    analyzer: SortingAnalyzer, changed: Sequence[int], means: Waveforms
) -> None:
    """Give units the means that they have now; SpikeInterface leaves a split unit the old one."""
    if not analyzer.has_extension("templates"):
        return
    templates = analyzer.get_extension("templates")
    found = {"average": means.mean, "std": means.sd}
    rows = {int(unit): row for row, unit in enumerate(means.unit_id)}
    for unit in changed:
        place = analyzer.sorting.id_to_index(unit)
        for operator, values in found.items():
            target = templates.data.get(operator)
            if target is not None and target.shape[1:] == values.shape[1:]:
                seen = analyzer.sparsity.mask[place] if analyzer.sparsity else slice(None)
                target[place] = 0
                target[place][:, seen] = np.nan_to_num(values[rows[unit]])[:, seen]


def _in_words(kept: SortingAnalyzer, changed: Sequence[int], lost: Sequence[str]) -> str:
    extensions = ", ".join(sorted(kept.get_saved_extension_names()))
    words = f"{ANALYZER} has the {len(kept.unit_ids)} units with the extensions {extensions}."
    if changed:
        who = (
            f"Unit {changed[0]} was"
            if len(changed) == 1
            else f"Units {', '.join(map(str, changed))} were"
        )
        words += f" {who} merged, split or freed of spikes."
    if lost:
        words += f" Left out, as they cannot follow that: {', '.join(lost)}."
    return words
