"""Units of blech_clust: `/sorted_units` of an HDF5 file.

See https://github.com/abuzarmahmood/blech_clust.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.core.errors import InputError
from pipelines.files import hdf5
from pipelines.spikes.elsewhere.found import (
    SHAPES,
    Floats,
    ForeignTrains,
    Found,
    Shapes,
    before_the_start,
    trains_of,
    whole_numbers,
)
from pipelines.spikes.labels.columns import CURATED
from pipelines.spikes.labels.words import GOOD, MUA
from pipelines.spikes.recording.parameters import RecordingParameters


def read_blech(file: Path, given: RecordingParameters) -> Found:
    """Read the units of a file of blech_clust.

    Args:
        file: with `/sorted_units/unitNNN`, each with `times` in samples and perhaps `waveforms`.
        given: `sampling_frequency`, which the file does not say.

    Raises:
        InputError: it has no units, or is damaged.
    """
    if given.sampling_frequency is None:
        raise InputError(
            f"{file} does not say its sampling frequency: give it with --set "
            "sampling_frequency=HZ, such as 30000."
        )
    with hdf5.opened(file, InputError) as root:
        groups = {_number(name, file): one for name, one in root["sorted_units"].items()}
        times = {n: whole_numbers(np.asarray(g["times"][...]), f"{file}: times of unit {n}")
                 for n, g in groups.items()}  # fmt: skip
        waves = {n: _waveforms(groups[n], len(times[n])) for n in groups}
        about = {n: _metadata(one) for n, one in groups.items()}
    ids = np.repeat(np.array(list(times), dtype=np.int64), [len(one) for one in times.values()])
    samples = np.concatenate([*times.values(), np.empty(0, np.int64)])
    trains = before_the_start(trains_of(samples, ids, file, np.array(list(times))), file)
    return _found(file, float(given.sampling_frequency), trains, waves, about)


def _number(name: str, file: Path) -> int:
    digits = name.removeprefix("unit")
    if not digits.isascii() or not digits.isdigit() or len(digits) > 9:
        raise InputError(f"{file}: sorted_units holds {name!r}, which is no unit of blech_clust.")
    return int(digits)


def _waveforms(group: Any, n_spikes: int) -> Floats | None:
    """All waveforms of a unit on its electrode, shape (spike, sample)."""
    found = group.get("waveforms")
    if found is None or found.ndim != 2 or found.shape[0] != n_spikes or not n_spikes:
        return None
    return np.asarray(found[...], dtype=np.float32)


def _metadata(group: Any) -> dict[str, int]:
    table = group.get("unit_metadata")
    if table is None or not len(table) or table.dtype.names is None:
        return {}
    row = table[0]
    return {name: int(row[name]) for name in table.dtype.names if table.dtype[name].kind in "iu"}


def _found(
    file: Path,
    rate_hz: float,
    trains: ForeignTrains,
    waves: dict[int, Floats | None],
    about: dict[int, dict[str, int]],
) -> Found:
    units = trains.units.tolist()
    electrodes = [about[unit].get("electrode_number", -1) for unit in units]
    known = min(electrodes) >= 0
    places = np.unique(electrodes) if known else np.zeros(0, np.int64)
    labels = {unit: about[unit].get("single_unit") for unit in units}
    columns = pd.DataFrame(index=pd.Index(np.array(units, dtype=np.int64), name="unit_id"))
    if all(one is not None for one in labels.values()):
        columns[CURATED] = [GOOD if labels[unit] else MUA for unit in units]
    shapes = _shapes(units, waves, np.searchsorted(places, electrodes)) if known else None
    has = [name for name, one in {SHAPES: shapes, "electrodes": known}.items() if one]
    return Found(
        kind="blech_clust (HDF5)", made_by="blech_clust", rate_hz=rate_hz, trains=trains,
        lengths=None, channel_names=tuple(map(str, places.tolist())), locations_um=None,
        channel_index=places if known else None, shapes=shapes, heights=None, snippets=None,
        noise_uv=None, columns=columns, taken=("spikes", *has, *map(str, columns.columns)),
        notes=(),
    )  # fmt: skip


def _shapes(
    units: list[int], waves: dict[int, Floats | None], columns: NDArray[np.intp]
) -> Shapes | None:
    """Mean waveforms, each on its unit's electrode only."""
    there = [waves[unit] for unit in units]
    whole = [one for one in there if one is not None]
    if len(whole) < len(there) or len({one.shape[1] for one in whole}) != 1:
        return None
    size = (len(units), whole[0].shape[1], int(columns.max()) + 1)
    mean, sd = np.full(size, np.nan, np.float32), np.full(size, np.nan, np.float32)
    for number, (one, column) in enumerate(zip(whole, columns.tolist(), strict=True)):
        mean[number, :, column], sd[number, :, column] = one.mean(axis=0), one.std(axis=0)
    peaks = np.nanmax(np.abs(mean), axis=2).argmax(axis=1)
    return Shapes(int(np.median(peaks)), mean, sd)
