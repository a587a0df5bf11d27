"""SpikeInterface's analyzer of a sorting, for the units as curated.

Units that were merged, split or freed of outliers are carried by SpikeInterface's own
`split_units` and `merge_units`, with the extensions that it can carry.
"""

import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from spikeinterface.core import SortingAnalyzer, load_sorting_analyzer

from pipelines.core.errors import NeuroboardError
from pipelines.spikes.curation.curated_units import is_changed
from pipelines.spikes.curation.steps import State
from pipelines.spikes.formats.saved import refuse_unsafe_zarr
from pipelines.spikes.measure.analyzer_source import require_known_recording
from pipelines.spikes.measure.analyzer_steps import Steps, steps_to
from pipelines.spikes.units.files import ANALYZER
from pipelines.spikes.units.folder import SortingFolder
from pipelines.spikes.units.sorting import FinishedSorting, Waveforms

ALWAYS_CARRIED = ("random_spikes", "waveforms", "templates", "noise_levels")
"""Extensions that follow merges and splits without anything being computed from the recording."""


def carry_analyzer(
    sorting: FinishedSorting, state: State, units: Sequence[int], folder: Path
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
    analyzer: SortingAnalyzer, sorting: FinishedSorting, state: State, units: Sequence[int]
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
