"""The process that opens recordings for pages; see `signal_reader`."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.core.result_files import unpacked
from pipelines.processes.closed import Answered
from pipelines.processes.kept_reader import Arrays, packed, serve
from pipelines.spikes.reading.locate import locate
from pipelines.spikes.recording.parameters import RecordingLookParameters
from pipelines.spikes.signal.glimpse import glimpse
from pipelines.spikes.signal.spike_waveforms import beside
from pipelines.spikes.signal.trace_window import read_stretch, stretch
from pipelines.spikes.units.folder import read_finished


def answer(asked: Answered) -> Answered:
    """A stretch of filtered signal with its spikes, or of a recording as it is, and others."""
    said = asked.said
    if "locate" in said:
        return Answered({"found": locate(Path(said["locate"]), Path(said["recording"]))}, {})
    if "glimpse" in said:
        return _glimpse(said)
    if "beside" in said:
        return _beside(
            Path(said["beside"]), said["unit"], unpacked(asked.parts["arrays"])["places"]
        )
    if "folder" in said:
        return _stretch(Path(said["folder"]), said["unit"], said["start_s"], said["length_s"])
    parameters, _ = RecordingLookParameters.parse_stored(said["parameters"])
    found = read_stretch(
        said["path"],
        parameters,
        said["channels"],
        said["start_s"],
        said["stop_s"],
        said["samples_sha256"],
    )
    arrays: Arrays = {"edges_s": found.edges_s, "low": found.low, "high": found.high}
    return Answered({}, {"arrays": packed(arrays)})


def _glimpse(said: Mapping[str, Any]) -> Answered:
    parameters, _ = RecordingLookParameters.parse_stored(said["parameters"])
    probe = Path(said["probe"]) if said["probe"] else None
    found = glimpse(Path(said["glimpse"]), parameters, probe)
    arrays: Arrays = {
        "names": np.array(found.names, dtype=str),
        "places_um": found.places_um,
        "shown": np.array(found.shown, dtype=np.int64),
        "edges_s": found.envelope.edges_s,
        "low": found.envelope.low,
        "high": found.envelope.high,
    }
    return Answered(dict(found.found), {"arrays": packed(arrays)})


def _stretch(folder: Path, unit: int, start_s: float, length_s: float) -> Answered:
    found = stretch(folder, unit, start_s, length_s)
    arrays: Arrays = {
        "seconds": found.seconds,
        "traces_uv": found.traces_uv,
        "channels": np.array(found.channels, dtype=str),
        "units": np.array(list(found.spikes), dtype=np.int64),
        "columns": np.array([column for _, column in found.spikes.values()], dtype=np.int64),
    }
    places = {f"spikes {unit}": peaks for unit, (peaks, _) in found.spikes.items()}
    return Answered({}, {"arrays": packed({**arrays, **places})})


def _beside(folder: Path, unit: int, places: NDArray[Any]) -> Answered:
    found = beside(read_finished(folder), unit, places)
    arrays: Arrays = {
        "ms": found.ms,
        "channels": np.array(found.channels, dtype=str),
        "inside": found.inside,
        "outside": found.outside,
    }
    return Answered({}, {"arrays": packed(arrays)})


if __name__ == "__main__":
    serve(answer)
