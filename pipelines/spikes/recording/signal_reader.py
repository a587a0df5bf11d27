"""Signal for a page to draw, read by a process of its own (`kept_reader`).

The web process opens no recording: a damaged one could take it down for everybody.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from pipelines.core.result_files import unpacked
from pipelines.processes.closed import Answered
from pipelines.processes.kept_reader import KeptReader, packed
from pipelines.spikes.recording.glimpse import Glimpse
from pipelines.spikes.recording.overview import Stretch
from pipelines.spikes.recording.pyramid import Envelope
from pipelines.spikes.units.selection import Beside, Places
from pipelines.spikes.units.sorting import FinishedSorting

CHILD = "pipelines.spikes.signal.signal_child"


def keep_ready() -> None:
    """Start the process, where a recording will soon be shown."""
    _reader().start()


def stretch(folder: Path, unit: int, start_s: float, length_s: float) -> Stretch:
    """As `trace_window.stretch`: a stretch of filtered signal with its spikes.

    Raises:
        InputError: the recording is not there any more, or cannot be read.
    """
    asked = {"folder": str(folder), "unit": unit, "start_s": start_s, "length_s": length_s}
    found = unpacked(_reader().ask(Answered(asked, {}), folder).parts["arrays"])
    columns = zip(found["units"].tolist(), found["columns"].tolist(), strict=True)
    return Stretch(
        np.asarray(found["seconds"], dtype=np.float64),
        np.asarray(found["traces_uv"], dtype=np.float32),
        found["channels"].tolist(),
        {one: (np.asarray(found[f"spikes {one}"], np.intp), column) for one, column in columns},
    )


def envelope(
    path: str,
    parameters: Mapping[str, Any],
    channels: Sequence[int],
    start_s: float,
    stop_s: float,
    samples_sha256: str,
) -> Envelope:
    """As `trace_window.read_stretch`: a recording as it is, from its stored parameters.

    Raises:
        InputError: the recording is not there any more, cannot be read, or is another one.
    """
    asked = {
        "path": path,
        "parameters": dict(parameters),
        "channels": list(channels),
        "start_s": start_s,
        "stop_s": stop_s,
        "samples_sha256": samples_sha256,
    }
    return _envelope(unpacked(_reader().ask(Answered(asked, {}), Path(path)).parts["arrays"]))


def _envelope(found: Mapping[str, Any]) -> Envelope:
    return Envelope(
        np.asarray(found["edges_s"], dtype=np.float64),
        np.asarray(found["low"], dtype=np.float32),
        np.asarray(found["high"], dtype=np.float32),
    )


def glimpse(path: str, parameters: Mapping[str, Any], probe: str) -> Glimpse:
    """As `signal.glimpse`: the first second of a recording, from stored parameters.

    Args:
        path: of the recording.
        parameters: of a look at it.
        probe: a probeinterface file; empty for none.

    Raises:
        InputError: the recording cannot be read, or does not say enough.
    """
    asked = {"glimpse": path, "parameters": dict(parameters), "probe": probe}
    answer = _reader().ask(Answered(asked, {}), Path(path))
    found = unpacked(answer.parts["arrays"])
    return Glimpse(
        answer.said,
        found["names"].tolist(),
        np.asarray(found["places_um"], dtype=np.float64),
        found["shown"].tolist(),
        _envelope(found),
    )


def beside(sorting: FinishedSorting, unit: int, places: Places) -> Beside:
    """As `spike_waveforms.beside`: chosen spikes of a unit beside its others.

    Args:
        sorting: whose unit.
        unit: its number.
        places: of the chosen spikes in the sorting, shape (spike,).

    Raises:
        InputError: the recording is not there any more, or cannot be read.
    """
    asked = {"beside": str(sorting.folder), "unit": unit}
    given = packed({"places": np.asarray(places, dtype=np.int64)})
    found = unpacked(
        _reader().ask(Answered(asked, {"arrays": given}), sorting.folder).parts["arrays"]
    )
    return Beside(
        np.asarray(found["ms"], dtype=np.float64),
        found["channels"].tolist(),
        np.asarray(found["inside"], dtype=np.float32),
        np.asarray(found["outside"], dtype=np.float32),
    )


def locate(folder: Path, recording: Path) -> None:
    """As `locate.locate`: keep where the recording of a sorting lies now.

    Raises:
        InputError: it is another recording, or cannot be read.
    """
    _reader().ask(Answered({"locate": str(folder), "recording": str(recording)}, {}), recording)


@cache
def _reader() -> KeptReader:
    return KeptReader(CHILD)
