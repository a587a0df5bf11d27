"""Sorted units as zarr arrays."""

from pathlib import Path
from typing import Any

import numpy as np
import zarr
from numpy.typing import NDArray

from pipelines.spikes.export.source import Sorting

NAME = "units.zarr"


def write_zarr(sorting: Sorting, folder: Path) -> None:
    """Write `units.zarr`: numbers and fixed-length texts only, so reading it runs no code.

    `sample_index`, `seconds` of the recording's own clock, `unit_id` (spike,);
    `segment_seconds` (segment, start and stop), `segment_first_sample`; `mean_waveform_uv` (unit,
    sample, channel); `channel_id`, `channel_index` (place in the recording as it lies on disk),
    `channel_location_um`; the columns of the table of units below `units`.
    """
    root = zarr.open_group(str(folder / NAME), mode="w")
    root.attrs["sampling_frequency_hz"] = sorting.sampling_frequency
    arrays: dict[str, NDArray[Any]] = {
        "sample_index": sorting.sample_index,
        "seconds": sorting.timeline.seconds(sorting.sample_index),
        "segment_seconds": np.array(sorting.timeline.intervals_s),
        "segment_first_sample": sorting.timeline.firsts,
        "unit_id": sorting.unit_id,
        "mean_waveform_uv": sorting.mean,
        "channel_id": sorting.channel_id,
        "channel_index": sorting.recorded.channel_index,
        "channel_location_um": sorting.locations_um,
    }
    for name, values in arrays.items():
        root.create_dataset(name, data=values, shape=values.shape)
    table = root.create_group("units")
    for name in map(str, sorting.units.columns):
        column = _plain(sorting.units[name].to_numpy())
        table.create_dataset(name, data=column, shape=column.shape)


def _plain(values: NDArray[Any]) -> NDArray[Any]:
    """Numbers as they are, anything else as text of fixed length; missing text is empty."""
    if values.dtype.kind in "iufb":
        return values
    words = ["" if word is None or word != word else str(word) for word in values]
    return np.array(words, dtype=np.str_)
