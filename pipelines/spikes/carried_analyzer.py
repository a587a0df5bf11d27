"""SpikeInterface's analyzer of a sorting, for the units that are kept."""

import warnings
from collections.abc import Sequence
from pathlib import Path

from spikeinterface.core import load_sorting_analyzer

from pipelines.errors import NeuroboardError
from pipelines.spikes.curated_units import is_changed
from pipelines.spikes.curation import State
from pipelines.spikes.finished_sorting import FinishedSorting
from pipelines.spikes.saved import refuse_unsafe_zarr

NAME = "analyzer.zarr"


def carry_analyzer(
    sorting: FinishedSorting, state: State, units: Sequence[int], folder: Path
) -> str:
    """Write the analyzer of some units with all its extensions, by `select_units`.

    Args:
        sorting: may have an `analyzer.zarr`.
        state: units that were merged, split or freed of spikes have no place in it.
        units: that are kept.
        folder: gets `analyzer.zarr`.

    Returns:
        What was done or why not, in a sentence; empty if there was none.
    """
    source = sorting.folder / NAME
    if not source.is_dir():
        return ""
    changed = [unit for unit in units if is_changed(state, sorting, unit)]
    if changed:
        names = ", ".join(map(str, changed))
        return f"{NAME} is left out, because the spikes of units {names} were changed."
    try:
        refuse_unsafe_zarr(source)
    except NeuroboardError as error:
        return f"{NAME} is left out: {error.sentence}"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about a recording that has moved
        analyzer = load_sorting_analyzer(source)
        kept = analyzer.select_units(list(units), format="zarr", folder=folder / NAME)
    extensions = ", ".join(sorted(kept.get_saved_extension_names()))
    return f"{NAME} has the {len(units)} units with the extensions {extensions}."
