"""Recordings in NWB files: one or several files, with one or several electrical series."""

from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from spikeinterface.core import BaseRecording

from pipelines.core.errors import RecordingError
from pipelines.files import hdf5
from pipelines.spikes.formats.candidates import Candidate, chosen
from pipelines.spikes.formats.clocks import typical_rate, with_nwb_times
from pipelines.spikes.formats.extractors import extractors
from pipelines.spikes.recording.formats import LEAST_HZ, NWB
from pipelines.spikes.recording.parameters import RecordingParameters

TYPE = "ElectricalSeries"


def read_nwb(path: Path, parameters: RecordingParameters) -> BaseRecording:
    """Open the electrical series in an NWB file, or one of several.

    Series too slow for spikes, such as field potentials, are left aside where there is another.

    Raises:
        RecordingError: there are several, or none.
    """
    found = [one for file in NWB.files(path) for one in _candidates(file)]
    if not found:
        raise RecordingError(f"{path} holds no {TYPE}: give the file that has the raw signal.")
    return chosen(found, path, parameters)


def _candidates(file: Path) -> list[Candidate]:
    with hdf5.opened(file, RecordingError) as root:
        names = _series(root)
        rates = {name: _rate(root[name]) for name in names}
        fast = [name for name in names if rates[name] >= LEAST_HZ] or names
        return [
            Candidate((file.name, name), partial(_read, file, name), _began(root, name), name)
            for name in fast
        ]


def _series(root: h5py.File) -> list[str]:
    """Paths of all electrical series."""
    found = list[str]()

    def visit(name: str, item: Any) -> None:
        if isinstance(item, h5py.Group) and _text(item.attrs.get("neurodata_type")) == TYPE:
            found.append(name)

    root.visititems(visit)
    return found


def _rate(series: Any) -> float:
    if "timestamps" in series:
        return typical_rate(series["timestamps"])
    return float(series["starting_time"].attrs["rate"])


def _began(root: h5py.File, name: str) -> datetime | None:
    """When the first sample was taken."""
    kept = next(
        (one for one in ("timestamps_reference_time", "session_start_time") if one in root), ""
    )
    if not kept:
        return None
    series = root[name]
    start = series["timestamps"][0] if "timestamps" in series else series["starting_time"][()]
    try:
        began = datetime.fromisoformat(_text(root[kept][()])) + timedelta(seconds=float(start))
    except ValueError:
        return None
    return began.astimezone(UTC).replace(tzinfo=None) if began.tzinfo else began


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _read(file: Path, name: str) -> BaseRecording:
    hdf5.refuse_pointers(file, RecordingError)
    with np.errstate(divide="ignore"):  # its rate of rounded timestamps, which is replaced
        recording = extractors().read_nwb_recording(
            file, electrical_series_path=name, use_pynwb=False
        )
    return with_nwb_times(recording, file)
