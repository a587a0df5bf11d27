"""The recording that a SortingAnalyzer describes, looked at before SpikeInterface opens it.

SpikeInterface imports whatever the description calls a class and calls it with what the
description says, so that an analyzer from elsewhere could run anything. Only the recordings and
steps that Neuroboard itself puts into an analyzer pass, with files on this computer.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from spikeinterface.core.zarrextractors import super_zarr_open

from pipelines.core.errors import RecordingError
from pipelines.files import hdf5, zarr_store

PACKAGES = ("spikeinterface.core.", "spikeinterface.preprocessing.", "spikeinterface.extractors.")
OWN = "pipelines.spikes.formats.mearec.MEArecRecording"
NWB, ZARR = "NwbRecordingExtractor", "ZarrRecordingExtractor"
_STEPS = ("BandpassFilter", "AppendSegment", "ConcatenateSegment", "SelectSegment")
_SLICES = ("FrameSlice", "ChannelSlice")
_READERS = ("Binary", "SpikeGLX", "OpenEphysBinary", "Intan", "Neuralynx", "Blackrock")
KNOWN = frozenset(
    {
        *(f"{name}Recording" for name in (*_STEPS, *_SLICES)),
        *(f"{name}RecordingExtractor" for name in _READERS),
        NWB,
        ZARR,
    }
)


def require_known_recording(folder: Path) -> None:
    """Check what an analyzer in zarr says of its recording.

    Args:
        folder: whose codecs and links were looked at.

    Raises:
        RecordingError: the recording is of another kind, or lies elsewhere.
    """
    # Opened as SpikeInterface will: a summary in the folder may differ from what it sums up.
    field = super_zarr_open(folder, mode="r").get("recording")
    if field is None:
        return
    described = field[0]
    if not isinstance(described, dict) or "class" not in described:
        raise RecordingError(_unknown(folder, "a file"))
    for one in _descriptions(described):
        _require_known(one, folder)


def _descriptions(value: Any) -> Iterator[dict[str, Any]]:
    """All that is described as a class, at any depth."""
    if isinstance(value, dict):
        if "class" in value:
            yield value
        for below in value.values():
            yield from _descriptions(below)
    elif isinstance(value, list):
        for below in value:
            yield from _descriptions(below)


def _require_known(described: dict[str, Any], folder: Path) -> None:
    name = str(described["class"])
    last = name.rpartition(".")[2]
    if name != OWN and not (name.startswith(PACKAGES) and last in KNOWN):
        raise RecordingError(_unknown(folder, name))
    kwargs = described.get("kwargs")
    texts = [value for value in _values(kwargs) if isinstance(value, str)]
    if any("://" in text or "::" in text for text in texts):
        raise RecordingError(f"{folder} names a recording on another computer.")
    for text in texts:
        place = Path(folder, text)
        if last == NWB and place.is_file():
            hdf5.refuse_pointers(place, RecordingError)
        if last == ZARR and place.is_dir():
            zarr_store.require_safe(place, RecordingError)


def _values(kwargs: Any) -> list[Any]:
    return list(kwargs.values()) if isinstance(kwargs, dict) else []


def _unknown(folder: Path, name: str) -> str:
    return f"{folder.name} describes its recording as {name}, which is not opened."
