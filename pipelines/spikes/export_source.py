"""A finished sorting as it is exported: its units with one label each."""

import json
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.errors import InputError
from pipelines.spikes.parameters import LABELS
from pipelines.spikes.timeline import Timeline
from pipelines.spikes.unit_tables import read_table, read_units

LABEL_COLUMNS = (
    "label_curated",
    "label_sort_file",
    "label_unitrefine",
    "label_bombcell",
    "label_thresholds",
)
"""The labels of a unit, the most trusted labeller first."""

FILES = ("units.csv", "spikes.npz", "waveforms.npz", "run.json")


@dataclass(frozen=True)
class Sorting:
    """A finished sorting, or some of its units.

    Attributes:
        units: the table of units; `unit_id` and `label` are there.
        sample_index: of all spikes, in order of time, shape (spike,).
        unit_id: of all spikes, shape (spike,).
        mean: mean waveforms in uV, shape (unit, sample, channel), nan where not looked at.
        channel_id: names, shape (channel,).
        locations_um: of the channels, shape (channel, dimension).
        sampling_frequency: samples per second.
        timeline: when each sample was taken.
        folder: where it was read from.
    """

    units: pd.DataFrame
    sample_index: NDArray[np.int64]
    unit_id: NDArray[np.int32]
    mean: NDArray[np.float32]
    channel_id: NDArray[np.str_]
    locations_um: NDArray[np.float64]
    sampling_frequency: float
    timeline: Timeline
    folder: Path


def read_sorting(folder: Path, min_snr: float) -> Sorting:
    """Read what sorting wrote.

    Args:
        folder: of the sorting.
        min_snr: what makes a unit good when there is no label.

    Raises:
        InputError: it is no such folder, or damaged.
    """
    missing = [name for name in FILES if not (folder / name).is_file()]
    if missing:
        raise InputError(f"{folder} has no {missing[0]}: give the folder that `spikes sort` made.")
    try:
        return _read(folder, min_snr)
    except (OSError, ValueError, KeyError, EOFError) as error:
        raise InputError(f"{folder} is damaged ({error}): sort the recording again.") from error


def with_labels(sorting: Sorting, labels: Path) -> Sorting:
    """The sorting with the labels of a table that labelling made.

    Args:
        sorting: of the same units.
        labels: a folder with `labels.csv`, or such a table.

    Raises:
        InputError: it is no such table, or one of other units.
    """
    file = labels / "labels.csv" if labels.is_dir() else labels
    try:
        table = read_table(file)
    except (OSError, ValueError) as error:
        raise InputError(f"{file} cannot be read as a table ({error}): label again.") from error
    columns = [name for name in LABEL_COLUMNS if name in table]
    if not columns or "unit_id" not in table:
        raise InputError(f"{file} has no labels: give what labelling wrote.")
    mine, theirs = (one.set_index("unit_id")["n_spikes"] for one in (sorting.units, table))
    if not mine.equals(theirs.reindex(mine.index)):
        raise InputError(f"{file} labels other units than these: label this sorting.")
    chosen = table.set_index("unit_id")[columns].reindex(mine.index)
    units = sorting.units.drop(columns=[name for name in columns if name in sorting.units])
    units = units.join(chosen, on="unit_id")
    units["label"] = _labelled(units, units["label"])
    return replace(sorting, units=units)


def _read(folder: Path, min_snr: float) -> Sorting:
    record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    units = read_units(folder / "units.csv")
    units["label"] = _labels(units, min_snr)
    results = record["results"]
    rate = float(results["sampling_frequency"])
    timeline = Timeline.from_results(results, round(float(results["duration_s"]) * rate))
    with np.load(folder / "spikes.npz") as spikes, np.load(folder / "waveforms.npz") as waveforms:
        return Sorting(
            units,
            spikes["sample_index"],
            spikes["unit_id"],
            waveforms["mean"],
            waveforms["channel_id"],
            waveforms["channel_location_um"],
            rate,
            timeline,
            folder,
        )


def _labels(units: pd.DataFrame, min_snr: float) -> pd.Series:
    good = np.where(units["snr"] >= min_snr, "good", "mua")
    return _labelled(units, pd.Series(good, index=units.index))


def _labelled(units: pd.DataFrame, otherwise: pd.Series) -> pd.Series:
    """The most trusted label of each unit."""
    found = otherwise
    for column in reversed([name for name in LABEL_COLUMNS if name in units]):
        # Labels of axons, such as non_soma_mua, end with the label itself.
        said = units[column].astype(object).where(units[column].notna(), "")
        words = said.astype(str).str.rpartition("_")[2]
        found = words.where(words.isin(LABELS), found)
    return found


def selected(sorting: Sorting, labels: list[str]) -> Sorting:
    """Only the units with one of these labels; all if there are no labels.

    Raises:
        InputError: there is no such unit.
    """
    rows = sorting.units["label"].isin(labels or LABELS).to_numpy()
    if not rows.any():
        counts = sorting.units["label"].value_counts().to_dict()
        there = ", ".join(f"{count} {name}" for name, count in counts.items()) or "none"
        raise InputError(
            f"No unit is labelled {' or '.join(labels) or 'at all'}; there are: {there}."
        )
    units = sorting.units[rows]
    spikes = np.isin(sorting.unit_id, units["unit_id"])
    return Sorting(
        units,
        sorting.sample_index[spikes],
        sorting.unit_id[spikes],
        sorting.mean[rows],
        sorting.channel_id,
        sorting.locations_um,
        sorting.sampling_frequency,
        sorting.timeline,
        sorting.folder,
    )
