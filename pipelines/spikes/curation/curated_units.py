"""Units after curation: labels, waveforms and quality of those whose spikes changed.

Needs no heavy library: the page shows a unit right after a step.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.spikes.curation.steps import CurationState
from pipelines.spikes.labels.columns import WRITTEN
from pipelines.spikes.labels.labellers import LABELLERS
from pipelines.spikes.labels.words import LABELS, UNLABELLED, plain
from pipelines.spikes.units import metrics
from pipelines.spikes.units.metrics import Observed
from pipelines.spikes.units.sorting import FinishedSorting, largest_channel

Automatic = Mapping[int, Mapping[str, Any]]
"""What the labellers wrote, by unit and column."""
Floats = NDArray[np.float32]


@dataclass(frozen=True)
class UnitMean:
    """A unit's mean waveform.

    Attributes:
        mean: in uV, shape (sample, channel), nan on channels that were not looked at.
        sd: likewise.
        note: how it was made, if not from the unit's own spikes.
    """

    mean: Floats
    sd: Floats
    note: str = ""


def decided(state: CurationState, automatic: Automatic, fill: str) -> dict[int, str]:
    """The label of every unit: the curator's, or that of a labeller, or `unlabelled`."""
    column = LABELLERS[fill].column if fill in LABELLERS else ""
    return {
        unit: state.labels.get(unit) or _word(automatic.get(unit, {}).get(column))
        for unit in state.units
    }


def _word(value: Any) -> str:
    """A labeller's label as a plain word, or `unlabelled`."""
    word = plain(value)
    return word if word in LABELS else UNLABELLED


def is_changed(state: CurationState, sorting: FinishedSorting, unit: int) -> bool:
    """Whether a unit does not have exactly the spikes that it was sorted with."""
    known = unit in sorting.units["unit_id"].to_numpy()
    return not known or bool(len(state.removed_of(unit)))


def averaged(sorting: FinishedSorting, spikes: NDArray[np.int64]) -> UnitMean:
    """The mean of the sorted units that spikes come from, weighted by their number.

    Exact for whole units that were merged and were looked at on the same channels. Otherwise the
    note says that it is not; a unit counts as flat on channels where it was not looked at, for
    these are far from it.

    Args:
        sorting: whose units.
        spikes: their places in it, shape (spike,), at least one.
    """
    numbers, counts = np.unique(sorting.unit_id[spikes], return_counts=True)
    rows = [sorting.row_of(int(unit)) for unit in numbers]
    shapes = np.stack([sorting.shape_of(int(unit)) for unit in numbers])
    seen, measured = _seen(shapes), _seen(sorting.mean[rows])
    means, sds = np.nan_to_num(shapes), np.nan_to_num(sorting.sd[rows])
    weight = (counts / counts.sum())[:, None, None]
    mean = (weight * means).sum(axis=0)
    square = (weight * (sds.astype(np.float64) ** 2 + means**2)).sum(axis=0)
    sd = np.sqrt(np.maximum(square - mean**2, 0))
    nobody = ~seen.any(axis=0)
    mean[:, nobody] = sd[:, nobody] = np.nan
    whole = [int((sorting.unit_id == unit).sum()) for unit in numbers]
    exact = whole == counts.tolist() and (measured == measured[0]).all() and measured.any()
    note = "" if exact else "of the units that its spikes come from"
    return UnitMean(mean.astype(np.float32), sd.astype(np.float32), note)


def _seen(mean: Floats) -> NDArray[np.bool_]:
    """On which channels each unit was looked at, shape (unit, channel)."""
    return np.asarray(np.isfinite(mean).all(axis=1))


def unit_row(
    sorting: FinishedSorting, state: CurationState, unit: int, shape: UnitMean
) -> dict[str, Any]:
    """A unit's row of `units.csv`: as sorted, or measured anew when its spikes changed."""
    known = sorting.units.drop(columns=[name for name in WRITTEN if name in sorting.units])
    if not is_changed(state, sorting, unit):
        row = _row(known, sorting.row_of(unit))
        return {**row, **_since(sorting, state, unit, shape, row), "came_from": ""}
    places = state.spikes_of(unit)
    numbers, counts = np.unique(sorting.unit_id[places], return_counts=True)
    parent = _row(known, sorting.row_of(int(numbers[counts.argmax()])))
    column = sorting.column_of(str(parent["channel"]))
    if len(numbers) > 1:
        column = largest_channel(shape.mean, column)
    channel = str(sorting.channel_id[column])
    # Its noise is known from a unit that has it as its own channel; else another one is near it.
    there = known["channel"] == channel
    like = _row(known, int(there.to_numpy().argmax())) if there.any() else parent
    noise = float(like["amplitude_uv"]) / max(float(like["snr"]), 1e-9)
    height = float(np.nan_to_num(np.abs(shape.mean[:, column]).max()))
    unit_now = Observed(
        sorting.sample_index[places], sorting.clock, shape.mean[:, column], height, height / noise
    )
    return {
        **dict.fromkeys(parent),
        "unit_id": unit,
        "channel": channel,
        **metrics.measure(unit_now),
        "group": like["group"],
        "came_from": "+".join(map(str, numbers.tolist())),
    }


def _since(
    sorting: FinishedSorting,
    state: CurationState,
    unit: int,
    shape: UnitMean,
    row: Mapping[str, Any],
) -> dict[str, Any]:
    """Metrics of an unchanged unit that are younger than its sorting, measured now."""
    lacking = [name for name in metrics.columns() if name not in row]
    if not lacking:
        return {}
    waveform = shape.mean[:, sorting.column_of(str(row["channel"]))]
    height = float(np.nan_to_num(np.abs(waveform).max()))
    spikes = sorting.sample_index[state.spikes_of(unit)]
    unit_now = Observed(spikes, sorting.clock, waveform, height, float(row["snr"]))
    measured = metrics.measure(unit_now)
    return {name: measured[name] for name in lacking}


def _row(table: pd.DataFrame, row: int) -> dict[str, Any]:
    """A row of a table; a row as a series would turn whole numbers into fractions."""
    return {str(name): table[name].iloc[row] for name in table.columns}
