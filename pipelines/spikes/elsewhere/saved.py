"""Sortings that hold spikes and little else: saved by SpikeInterface, units of NWB files."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.core.errors import InputError
from pipelines.core.result_files import opened_arrays, read_object
from pipelines.files import hdf5, zarr_store
from pipelines.files.links import refuse_links_out
from pipelines.files.reading import reading
from pipelines.spikes.elsewhere.arrays import read_array
from pipelines.spikes.elsewhere.columns import MOST_COLUMNS, label_column, metric_column
from pipelines.spikes.elsewhere.found import (
    ForeignTrains,
    Found,
    before_the_start,
    one_axis,
    trains_of,
    whole_numbers,
)
from pipelines.spikes.recording.parameters import RecordingParameters

ADVICE = "save the sorting again"
NPZ = "sorting_cached.npz"


def read_saved(folder: Path, _: RecordingParameters | None = None) -> Found:
    """Read a sorting that SpikeInterface saved: `numpy_folder`, `npz_folder` or zarr.

    Raises:
        InputError: it is none, damaged, or of several segments, whose lengths it does not say.
    """
    refuse_links_out(folder)
    with reading(folder, InputError, ADVICE, "sorting saved by SpikeInterface"):
        if (folder / NPZ).is_file():
            return _of_npz(folder)
        if (folder / ".zgroup").is_file():
            return _of_zarr(folder)
        info = read_object(folder / "numpysorting_info.json", InputError, ADVICE)
        _refuse_segments(info.get("num_segments"), folder)
        spikes, ids = read_array(folder / "spikes.npy"), np.array(info["unit_ids"])
        places = whole_numbers(spikes["unit_index"], f"{folder}: unit_index")
        return _found(
            spikes["sample_index"], _named(places, ids, folder), info["sampling_frequency"],
            folder, ids,
        )  # fmt: skip


def _of_npz(folder: Path) -> Found:
    with opened_arrays(folder / NPZ, InputError, ADVICE) as stored:
        _refuse_segments(int(np.ravel(stored["num_segment"])[0]), folder)
        rate = float(np.ravel(stored["sampling_frequency"])[0])
        samples, labels = stored["spike_indexes_seg0"], stored["spike_labels_seg0"]
        return _found(samples, one_axis(labels, str(folder)), rate, folder, stored["unit_ids"])


def _of_zarr(folder: Path) -> Found:
    with zarr_store.opened(folder, InputError) as root:
        _refuse_segments(root.attrs.get("num_segments"), folder)
        ids, spikes = np.asarray(root["unit_ids"][...]), root["spikes"]
        places = whole_numbers(np.asarray(spikes["unit_index"][...]), f"{folder}: unit_index")
        samples = np.asarray(spikes["sample_index"][...])
        rate = root.attrs["sampling_frequency"]
        return _found(samples, _named(places, ids, folder), rate, folder, ids)


def _refuse_segments(number: Any, folder: Path) -> None:
    if number != 1:
        raise InputError(
            f"{folder} has {number} segments and does not say how long they are: make an analyzer "
            "of it with its recording, and import that."
        )


def _named(places: NDArray[np.int64], ids: NDArray[Any], folder: Path) -> NDArray[Any]:
    """The unit of each spike, shape (spike,)."""
    if len(places) and (places.min() < 0 or places.max() >= len(ids)):
        raise InputError(f"{folder} has spikes of units that it does not have: {ADVICE}.")
    return ids[places] if len(places) else ids[:0]


def _found(
    samples: NDArray[Any], ids: NDArray[Any], rate: Any, path: Path, known: NDArray[Any]
) -> Found:
    trains = trains_of(whole_numbers(samples, f"{path}: times"), ids, path, known)
    kept = before_the_start(trains, path)
    return bare(kept, "sorting saved by SpikeInterface", "spikeinterface", _rate(rate, path))


def _rate(said: Any, path: Path) -> float:
    if not isinstance(said, int | float) or not 0 < float(said) < 1e7:
        raise InputError(f"{path} says no sampling frequency: {ADVICE}.")
    return float(said)


def bare(
    trains: ForeignTrains,
    kind: str,
    made_by: str,
    rate_hz: float,
    columns: pd.DataFrame | None = None,
) -> Found:
    """A sorting of spikes alone, perhaps with metrics and labels; its channels are not known.

    Args:
        trains: its spikes.
        kind: what it is.
        made_by: the program.
        rate_hz: samples per second.
        columns: metrics and labels, a row per unit with spikes.
    """
    index = pd.Index(trains.units.astype(np.int64), name="unit_id")
    table = pd.DataFrame(index=index) if columns is None else columns
    return Found(
        kind=kind, made_by=made_by, rate_hz=rate_hz, trains=trains, lengths=None, channel_names=(),
        locations_um=None, channel_index=None, shapes=None, heights=None, snippets=None,
        noise_uv=None, columns=table, taken=("spikes", *map(str, table.columns)), notes=(),
    )  # fmt: skip


# -- NWB


def read_nwb(file: Path, given: RecordingParameters) -> Found:
    """Read the units of an NWB file.

    Args:
        file: with `/units`.
        given: `sampling_frequency`, where the file does not say the resolution of spike times.

    Raises:
        InputError: it has none, or is damaged.
    """
    with hdf5.opened(file, InputError) as root:
        units = root["units"]
        ids = np.asarray(units["id"][...]) if "id" in units else np.arange(0)
        stops = whole_numbers(np.asarray(units["spike_times_index"][...]), f"{file}: spike times")
        times = np.asarray(units["spike_times"][...], dtype=np.float64)
        resolution = units["spike_times"].attrs.get("resolution", 0.0)
        rate = given.sampling_frequency or (1 / resolution if resolution > 0 else None)
        if rate is None:
            raise InputError(
                f"{file} does not say how many samples a second its spikes were found in: give it "
                "with --set sampling_frequency=HZ, such as 30000."
            )
        if not np.isfinite(times).all():
            raise InputError(f"{file}: spike_times holds values that are not numbers (nan).")
        counts = np.diff(stops, prepend=0)
        if (counts < 0).any() or len(stops) != len(ids) or (len(stops) and stops[-1] > len(times)):
            raise InputError(f"{file}: spike_times_index does not fit its units: write it again.")
        owner = np.repeat(np.arange(len(ids)), counts)
        samples = np.rint(times[: len(owner)] * rate)
        trains = before_the_start(
            trains_of(whole_numbers(samples, f"{file}: times"), ids[owner], file, ids), file
        )
        rows = owner[trains.order][np.unique(trains.unit_id, return_index=True)[1]]
        return bare(
            trains, "NWB units", "nwb", float(rate), _columns(units, len(ids), rows, trains)
        )


def _columns(
    units: Any, n_units: int, rows: NDArray[np.int64], trains: ForeignTrains
) -> pd.DataFrame:
    """Labels and metrics that stand beside the units, a row per unit with spikes."""
    found: dict[str, Any] = {}
    for name in list(units)[:MOST_COLUMNS]:
        array = units[name]
        if getattr(array, "shape", None) != (n_units,) or name == "id" or name.endswith("_index"):
            continue
        is_text = array.dtype.kind == "O"
        values = (array.asstr()[...] if is_text else np.asarray(array[...]))[rows]
        taken: Any = label_column(name, values.tolist()) if is_text else metric_column(name, values)
        if taken is not None:
            found[taken[0]] = np.asarray(taken[1])
    return pd.DataFrame(found, index=pd.Index(trains.units.astype(np.int64), name="unit_id"))
