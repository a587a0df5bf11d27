"""Sorted units in the layout that blech_clust writes: HDF5 with every waveform, and a sort file."""

import hashlib
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from pipelines.core.progress import silent
from pipelines.spikes.export.source import Sorting
from pipelines.spikes.labels.columns import SORT_FILE
from pipelines.spikes.labels.words import GOOD
from pipelines.spikes.parameters import chosen_solutions
from pipelines.spikes.signal.spike_waveforms import open_signal, unit_waveforms
from pipelines.spikes.sorting.decisions import TYPES, Decision, of_units
from pipelines.spikes.units.folder import SortingFolder
from pipelines.spikes.units.sorting import largest_channel

NAME = "sorted_units.h5"
HASH_LETTERS = 10
DESCRIPTOR = np.dtype(
    [
        ("unit_number", "<i4"), ("electrode_number", "<i4"), ("single_unit", "<i4"),
        ("regular_spiking", "<i4"), ("fast_spiking", "<i4"), ("waveform_count", "<i4"),
        ("hash", f"S{HASH_LETTERS}"), ("snr", "<f4"),
    ]
)  # fmt: skip
METADATA = ("electrode_number", "single_unit", "regular_spiking", "fast_spiking")


def write_blech(sorting: Sorting, folder: Path) -> None:
    """Write `sorted_units.h5`, and `sort_file.csv`.

    `/sorted_units/unitNNN` holds `waveforms` (spike, sample; uV, on the unit's largest channel),
    `times` (samples, counted through the recording as stored) and `unit_metadata` (a table of one
    row); `/unit_descriptor` has a row per unit. Units are numbered from 0 in their order.
    `electrode_number` is the position of the channel in the recording as it lies on disk. The
    hash is of the spike times, so equal counts do not collide.

    Raises:
        InputError: the recording, which has the waveforms, is not there any more.
    """
    signal = open_signal(sorting)
    units = [int(unit) for unit in sorting.units["unit_id"]]
    places = {unit: np.flatnonzero(sorting.unit_id == unit) for unit in units}
    shapes = {unit: sorting.shape_of(unit) for unit in units}
    rows = np.zeros(len(units), DESCRIPTOR)
    with h5py.File(folder / NAME, "w") as root:
        read = unit_waveforms(sorting, signal, places, shapes, silent)
        for number, (unit, found) in enumerate(read):
            times = sorting.sample_index[found.spikes]
            largest = largest_channel(shapes[unit])
            column = int(np.flatnonzero(found.channels == largest)[0])
            electrode = int(sorting.recorded.channel_index[largest])
            rows[number] = _descriptor(sorting, number, electrode, times)
            group = root.create_group(f"sorted_units/unit{number:03d}")
            group["times"] = times
            group["waveforms"] = found.values[:, :-1, column]  # 75 samples at 30 kHz, as theirs
            group["unit_metadata"] = _metadata(rows[number])
        root["unit_descriptor"] = rows


def _metadata(row: np.void) -> NDArray[np.void]:
    found = np.zeros(1, [(name, "<i4") for name in METADATA])
    for name in METADATA:
        found[name] = row[name]
    return found


def _descriptor(
    sorting: Sorting, number: int, electrode: int, times: NDArray[np.int64]
) -> tuple[Any, ...]:
    row = sorting.units.iloc[number]
    kind = str(row.get("type", ""))
    return (
        number,
        electrode,
        row["label"] == GOOD,
        kind == TYPES["r"],
        kind == TYPES["f"],
        len(times),
        hashlib.sha256(times.tobytes()).hexdigest()[:HASH_LETTERS].encode(),
        row["snr"],
    )


def sort_file_rows(sorting: Sorting) -> list[Decision]:
    """The decisions that a sorting stands for, by the labels that its units have now.

    Units as curated have no clusters any more, so their sort file is empty; that of a replayed
    sort file is the file itself.
    """
    units = sorting.units
    decisions = SortingFolder(sorting.folder).decisions
    if "cluster" not in units or decisions is None:
        return []
    if SORT_FILE in units:
        return decisions
    rows = zip(units["group"], units["cluster"], units["label"] == GOOD, strict=True)
    choose = sorting.parameters.choose
    return of_units(
        [(int(group), int(cluster), bool(single)) for group, cluster, single in rows],
        chosen_solutions(choose),
    )
