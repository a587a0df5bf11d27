"""The process that opens recordings for pages; see `signal_reader`."""

from pathlib import Path

import numpy as np

from pipelines.processes.closed import Answer
from pipelines.processes.kept_reader import Arrays, packed, serve
from pipelines.spikes.formats.raw import read_stretch
from pipelines.spikes.recording.parameters import LookParameters
from pipelines.spikes.signal.trace_window import stretch


def answer(asked: Answer) -> Answer:
    """A stretch of filtered signal with its spikes, or of a recording as it is."""
    said = asked.said
    if "folder" in said:
        return _stretch(Path(said["folder"]), said["unit"], said["start_s"], said["length_s"])
    parameters, _ = LookParameters.parse_stored(said["parameters"])
    found = read_stretch(
        said["path"],
        parameters,
        said["channels"],
        said["start_s"],
        said["stop_s"],
        said["samples_sha256"],
    )
    arrays: Arrays = {"edges_s": found.edges_s, "low": found.low, "high": found.high}
    return Answer({}, {"arrays": packed(arrays)})


def _stretch(folder: Path, unit: int, start_s: float, length_s: float) -> Answer:
    found = stretch(folder, unit, start_s, length_s)
    arrays: Arrays = {
        "seconds": found.seconds,
        "traces_uv": found.traces_uv,
        "channels": np.array(found.channels, dtype=str),
        "units": np.array(list(found.spikes), dtype=np.int64),
        "columns": np.array([column for _, column in found.spikes.values()], dtype=np.int64),
    }
    places = {f"spikes {unit}": peaks for unit, (peaks, _) in found.spikes.items()}
    return Answer({}, {"arrays": packed({**arrays, **places})})


if __name__ == "__main__":
    serve(answer)
