"""Sorted units as files of other programs."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.core import csv
from pipelines.core.formats import of_name
from pipelines.core.progress import Report
from pipelines.spikes.curation import methods
from pipelines.spikes.export.blech import sort_file_rows
from pipelines.spikes.export.source import Sorting, read_sorting, selected
from pipelines.spikes.parameters import ExportParameters, split_labels
from pipelines.spikes.recording.recorded import Binary
from pipelines.spikes.recording.timeline import Timeline
from pipelines.spikes.units import metrics
from pipelines.spikes.units.folder import SortingFolder
from pipelines.spikes.units.formats import SORTINGS


def export(
    inputs: Mapping[str, Path], parameters: ExportParameters, folder: Path, report: Report
) -> dict[str, Any]:
    """Write a sorting in another program's format.

    Args:
        inputs: `sorting`, the folder that sorting made; perhaps `labels`, what labelling it made,
            which counts instead of the labels that are kept with it.
        parameters: which format, which units.
        folder: an existing, empty folder.
        report: told what happens.

    Returns:
        `format`, `n_units`, `n_spikes`, `notes`.

    Raises:
        InputError: the folder holds no sorting, none of its units is wanted, or what the format
            needs besides is not there.
    """
    sorting = read_sorting(inputs["sorting"], parameters.min_snr, inputs.get("labels"))
    chosen = selected(sorting, split_labels(parameters.only))
    report(0.3, f"Writing {len(chosen.units)} units as {parameters.format}")
    of_name(SORTINGS, parameters.format).writer(chosen, folder)
    methods.carry(inputs["sorting"], inputs.get("labels"), folder)
    return {
        "format": parameters.format,
        "n_units": len(chosen.units),
        "n_spikes": len(chosen.sample_index),
        "notes": list(chosen.notes),
    }


def write_csv(sorting: Sorting, folder: Path) -> None:
    """Write `spike_times.csv` (`time_s, sample_index, unit_id`), `units.csv`, `sort_file.csv`.

    `time_s` is of the recording's own clock, `sample_index` counts all samples as stored;
    `segments.csv` (`segment, start_s, stop_s, first_sample, n_samples`) says what lies between.
    `channel_index` in `units.csv` is the place of the channel in the recording as it lies on disk.
    """
    times = pd.DataFrame(
        {
            "time_s": np.round(sorting.timeline.seconds(sorting.sample_index), 7),
            "sample_index": sorting.sample_index,
            "unit_id": sorting.unit_id,
        }
    )
    csv.write_csv(times, folder / "spike_times.csv")
    csv.write_csv(_segments_table(sorting.timeline), folder / "segments.csv")
    written = SortingFolder(folder)
    written.write_units(sorting.units)
    written.write_decisions(sort_file_rows(sorting))


def _segments_table(timeline: Timeline) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "segment": number,
            "start_s": one.start_s,
            "stop_s": one.stop_s,
            "first_sample": one.first_sample,
            "n_samples": one.n_samples,
        }
        for number, one in enumerate(timeline.segments)
    )


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
    """Write a folder that phy's template-gui opens, with the raw signal if it is a plain file.

    `channel_map` and `n_channels_dat` count the channels of the recording as it lies on disk.
    Templates are the mean waveforms in uV, not whitened; `spike_templates` counts rows of
    `templates.npy`, `spike_clusters` has the unit's own number. `spike_times` are samples of the
    recording as stored, as phy wants them; `spike_seconds.npy` has the recording's own clock.
    phy shows `cluster_group.tsv` and further `cluster_*.tsv` as columns of its table.
    """
    ids = sorting.units["unit_id"].to_numpy()
    mean = np.nan_to_num(sorting.mean)
    n_channels = len(sorting.channel_id)
    flat = mean.reshape(len(mean), -1).astype(np.float64)
    length = np.maximum(np.linalg.norm(flat, axis=1), 1e-12)
    arrays: dict[str, NDArray[Any]] = {
        "spike_times": sorting.sample_index,
        "spike_seconds": sorting.timeline.seconds(sorting.sample_index),
        "spike_clusters": sorting.unit_id,
        "spike_templates": np.searchsorted(ids, sorting.unit_id).astype(np.int32),
        "amplitudes": np.ones(len(sorting.sample_index)),
        "templates": mean,
        "similar_templates": (flat @ flat.T / np.outer(length, length)).astype(np.float32),
        "channel_map": sorting.recorded.channel_index.astype(np.int32),
        "channel_positions": sorting.locations_um[:, :2],
        "whitening_mat": np.eye(n_channels),
        "whitening_mat_inv": np.eye(n_channels),
    }
    for name, values in arrays.items():
        np.save(folder / f"{name}.npy", values)
    names = [one.stored_as for one in metrics.exported("phy")]
    columns = {"group": "label", **{name: name for name in names if name in sorting.units}}
    for name, column in columns.items():
        rows = pd.DataFrame({"cluster_id": ids, name: sorting.units[column]})
        csv.write_csv(rows, folder / f"cluster_{name}.tsv", "\t")
    (folder / "params.py").write_text(_phy_settings(sorting), encoding="utf-8")


def _phy_settings(sorting: Sorting) -> str:
    """Phy's settings file; without a plain file, `dat_path` can be set by hand."""
    binary = sorting.recorded.binary or Binary((), "int16", 0)
    one = len(binary.files) == 1
    return (
        f"dat_path = {(binary.files[0] if one else list(binary.files))!r}\n"
        f"n_channels_dat = {sorting.recorded.n_channels}\n"
        f"dtype = {binary.dtype!r}\n"
        f"offset = {binary.offset}\n"
        f"sample_rate = {sorting.sampling_frequency!r}\n"
        "hp_filtered = False\n"
    )
