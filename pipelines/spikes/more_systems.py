"""Neuralynx and Blackrock recordings."""

import warnings
from pathlib import Path

from spikeinterface.core import BaseRecording

from pipelines.errors import RecordingError
from pipelines.spikes.extractors import extractors
from pipelines.spikes.recording_parameters import RecordingParameters

NSX = tuple(f".ns{number}" for number in range(1, 10))
LEAST_HZ = 5_000.0
"""Slower signals are field potentials: spikes cannot be sorted in them."""


def is_neuralynx(path: Path) -> bool:
    """A folder with continuously sampled channels (.ncs)."""
    return path.is_dir() and any(path.glob("*.[nN][cC][sS]"))


def read_neuralynx(path: Path, _: RecordingParameters) -> BaseRecording:
    """All channels of the fastest sampling in a folder, one file for each channel.

    Raises:
        RecordingError: several kinds of channels are sampled equally fast.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # SpikeInterface still gives neo an option it calls old
        names, ids = extractors().get_neo_streams("neuralynx", path)
        streams = [extractors().read_neuralynx(path, stream_id=one) for one in ids]
    return _fastest(streams, names, path)


def _fastest(streams: list[BaseRecording], names: list[str], path: Path) -> BaseRecording:
    rates = [stream.get_sampling_frequency() for stream in streams]
    best = [stream for stream, rate in zip(streams, rates, strict=True) if rate == max(rates)]
    if len(best) > 1:
        raise RecordingError(
            f"{path} holds several signals of {max(rates):g} Hz ({', '.join(names)}): put the "
            "files of one of them into a folder of their own."
        )
    return best[0]


def nsx_files(path: Path) -> list[Path]:
    """Blackrock's sampled signals: the file itself, or those of a folder."""
    files = [path] if path.is_file() else sorted(path.iterdir())
    return [file for file in files if file.suffix.lower() in NSX and file.is_file()]


def read_blackrock(path: Path, _: RecordingParameters) -> BaseRecording:
    """The fastest signal of one recording; pauses are closed up, the parts follow each other.

    Raises:
        RecordingError: there are several recordings, or only slow signals.
    """
    files = nsx_files(path)
    stems = sorted({file.stem for file in files})
    if len(stems) > 1:
        raise RecordingError(f"{path} holds the recordings {', '.join(stems)}: give one file.")
    streams = [extractors().read_blackrock(file, gap_tolerance_ms=1.0) for file in files]
    found = max(streams, key=lambda stream: float(stream.get_sampling_frequency()))
    if found.get_sampling_frequency() < LEAST_HZ:
        raise RecordingError(
            f"{path} is sampled at {found.get_sampling_frequency():g} Hz, too slowly for spikes: "
            "give the .ns5 or .ns6 file."
        )
    return found
