"""Sorted units as files of other programs."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.errors import InputError
from pipelines.progress import Report
from pipelines.spikes.parameters import LABELS, ExportFormat, ExportParameters, split_labels

LABEL_COLUMNS = ("label_unitrefine", "label_bombcell", "label_thresholds")
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
    """

    units: pd.DataFrame
    sample_index: NDArray[np.int64]
    unit_id: NDArray[np.int32]
    mean: NDArray[np.float32]
    channel_id: NDArray[np.str_]
    locations_um: NDArray[np.float64]
    sampling_frequency: float


def export(
    inputs: Mapping[str, Path], parameters: ExportParameters, folder: Path, report: Report
) -> dict[str, Any]:
    """Write a sorting in another program's format.

    Args:
        inputs: `sorting`, the folder that sorting made.
        parameters: which format, which units.
        folder: an existing, empty folder.
        report: told what happens.

    Returns:
        `format`, `n_units`, `n_spikes`.

    Raises:
        InputError: the folder holds no sorting, or none of its units is wanted.
    """
    sorting = read_sorting(inputs["sorting"], parameters.min_snr)
    chosen = selected(sorting, split_labels(parameters.only))
    report(0.3, f"Writing {len(chosen.units)} units as {parameters.format}")
    WRITERS[parameters.format](chosen, folder)
    return {
        "format": parameters.format,
        "n_units": len(chosen.units),
        "n_spikes": len(chosen.sample_index),
    }


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


def _read(folder: Path, min_snr: float) -> Sorting:
    record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    units = pd.read_csv(folder / "units.csv")
    units["label"] = _labels(units, min_snr)
    with np.load(folder / "spikes.npz") as spikes, np.load(folder / "waveforms.npz") as waveforms:
        return Sorting(
            units,
            spikes["sample_index"],
            spikes["unit_id"],
            waveforms["mean"],
            waveforms["channel_id"],
            waveforms["channel_location_um"],
            float(record["results"]["sampling_frequency"]),
        )


def _labels(units: pd.DataFrame, min_snr: float) -> pd.Series:
    found = pd.Series(np.where(units["snr"] >= min_snr, "good", "mua"), index=units.index)
    for column in reversed([name for name in LABEL_COLUMNS if name in units]):
        # Labels of axons, such as non_soma_mua, end with the label itself.
        words = units[column].astype(str).str.rpartition("_")[2]
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
    )


def write_csv(sorting: Sorting, folder: Path) -> None:
    """Write `spike_times.csv` (`time_s, sample_index, unit_id`) and `units.csv`."""
    times = pd.DataFrame(
        {
            "time_s": np.round(sorting.sample_index / sorting.sampling_frequency, 7),
            "sample_index": sorting.sample_index,
            "unit_id": sorting.unit_id,
        }
    )
    times.to_csv(folder / "spike_times.csv", index=False)
    sorting.units.to_csv(folder / "units.csv", index=False)


def write_curation(sorting: Sorting, folder: Path) -> None:
    """Write `curation.json`, SpikeInterface's curation format, version 2."""
    words = {"good": "good", "mua": "MUA", "noise": "noise"}
    labels = [
        {"unit_id": int(unit), "quality": [words[label]]}
        for unit, label in zip(sorting.units["unit_id"], sorting.units["label"], strict=True)
    ]
    curation = {
        "format_version": "2",
        "unit_ids": [int(unit) for unit in sorting.units["unit_id"]],
        "label_definitions": {
            "quality": {"label_options": list(words.values()), "exclusive": True}
        },
        "manual_labels": labels,
        "merges": [],
        "splits": [],
        "removed": [],
    }
    text = json.dumps(curation, indent=2)
    (folder / "curation.json").write_text(text + "\n", encoding="utf-8")


def write_phy(sorting: Sorting, folder: Path) -> None:
    """Write a folder that phy's template-gui opens, without the raw signal.

    Templates are the mean waveforms in uV, not whitened; `spike_templates` counts rows of
    `templates.npy`, `spike_clusters` has the unit's own number.
    """
    ids = sorting.units["unit_id"].to_numpy()
    mean = np.nan_to_num(sorting.mean)
    n_channels = len(sorting.channel_id)
    flat = mean.reshape(len(mean), -1).astype(np.float64)
    length = np.maximum(np.linalg.norm(flat, axis=1), 1e-12)
    arrays: dict[str, NDArray[Any]] = {
        "spike_times": sorting.sample_index,
        "spike_clusters": sorting.unit_id,
        "spike_templates": np.searchsorted(ids, sorting.unit_id).astype(np.int32),
        "amplitudes": np.ones(len(sorting.sample_index)),
        "templates": mean,
        "similar_templates": (flat @ flat.T / np.outer(length, length)).astype(np.float32),
        "channel_map": np.arange(n_channels, dtype=np.int32),
        "channel_positions": sorting.locations_um[:, :2],
        "whitening_mat": np.eye(n_channels),
        "whitening_mat_inv": np.eye(n_channels),
    }
    for name, values in arrays.items():
        np.save(folder / f"{name}.npy", values)
    groups = pd.DataFrame({"cluster_id": ids, "group": sorting.units["label"]})
    groups.to_csv(folder / "cluster_group.tsv", sep="\t", index=False)
    (folder / "params.py").write_text(_phy_settings(sorting), encoding="utf-8")


def _phy_settings(sorting: Sorting) -> str:
    """Phy's settings file; `dat_path` can be set to the raw file by hand."""
    return (
        "dat_path = []\n"
        f"n_channels_dat = {len(sorting.channel_id)}\n"
        "dtype = 'int16'\n"
        "offset = 0\n"
        f"sample_rate = {sorting.sampling_frequency!r}\n"
        "hp_filtered = False\n"
    )


WRITERS: Mapping[ExportFormat, Callable[[Sorting, Path], None]] = {
    "phy": write_phy,
    "curation-json": write_curation,
    "csv": write_csv,
}
