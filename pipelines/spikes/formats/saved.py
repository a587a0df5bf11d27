"""Recordings saved by SpikeInterface, read without trusting them.

SpikeInterface's own loader imports the class that a folder names and unpickles properties and
provenance, so a folder from elsewhere could run any code. Here only the description of plain
binary files and zarr arrays with known codecs is read.
"""

from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from spikeinterface.core import BaseRecording, BinaryRecordingExtractor
from spikeinterface.core.zarrextractors import ZarrRecordingExtractor

from pipelines.core.errors import RecordingError
from pipelines.core.result_files import read_object
from pipelines.files import zarr_store
from pipelines.files.reading import reading
from pipelines.spikes.reading.probes import read_probes
from pipelines.spikes.recording.parameters import RecordingParameters

SAVE_AGAIN = "save the recording again"
BINARY_CLASSES = (
    "spikeinterface.core.binaryrecordingextractor.BinaryRecordingExtractor",
    "spikeinterface.core.BinaryRecordingExtractor",
)
Values = float | list[float] | None


class _Binary(BaseModel):
    """What `binary.json` says of the binary files."""

    model_config = ConfigDict(extra="ignore", allow_inf_nan=False)

    file_paths: list[str] = Field(min_length=1)
    sampling_frequency: float = Field(gt=0)
    num_channels: int = Field(gt=0)
    dtype: str
    channel_ids: list[int | str] | None = None
    time_axis: Literal[0] = 0
    file_offset: int = Field(0, ge=0)
    gain_to_uv: Values = Field(None, alias="gain_to_uV")
    offset_to_uv: Values = Field(None, alias="offset_to_uV")
    t_starts: list[float | None] | None = None
    file_timestamps_paths: list[str] | None = None


def read_binary_folder(folder: Path, _: RecordingParameters | None = None) -> BaseRecording:
    """Read a folder made by `recording.save(folder=..., format="binary")`.

    Raises:
        RecordingError: the folder is of another kind, damaged, or points out of itself.
    """
    kwargs = _described(folder / "binary.json")
    files = [_inside(folder, name) for name in kwargs.file_paths]
    width = _width(kwargs, folder)
    for file in files:
        check_size(file, width, kwargs.file_offset)
    recording = BinaryRecordingExtractor(
        files,
        sampling_frequency=kwargs.sampling_frequency,
        num_channels=kwargs.num_channels,
        dtype=kwargs.dtype,
        channel_ids=kwargs.channel_ids,
        file_offset=kwargs.file_offset,
        gain_to_uV=kwargs.gain_to_uv,
        offset_to_uV=kwargs.offset_to_uv,
    )
    _set_times(recording, kwargs, folder)
    return _with_probe(recording, folder)


def _set_times(recording: BaseRecording, kwargs: _Binary, folder: Path) -> None:
    """Give segments the start, or the times of all samples, that the folder says."""
    for given in (kwargs.t_starts, kwargs.file_timestamps_paths):
        if given is not None and len(given) != len(recording.segments):
            raise RecordingError(
                f"{folder / 'binary.json'} gives times of {len(given)} segments, but there are "
                f"{len(recording.segments)}: save the recording again."
            )
    for number, segment in enumerate(recording.segments):
        if kwargs.t_starts is not None:
            segment._t_start = kwargs.t_starts[number]
        times = _times(kwargs, folder, number)
        if times is not None:
            segment._time_vector = times
            if times.shape != (segment.get_num_samples(),):
                raise RecordingError(
                    f"{folder} has {times.size:,} times of the {segment.get_num_samples():,} "
                    f"samples of segment {number}: copy the whole folder."
                )


def _times(kwargs: _Binary, folder: Path, number: int) -> NDArray[np.float64] | None:
    if kwargs.file_timestamps_paths is not None:
        return np.memmap(_inside(folder, kwargs.file_timestamps_paths[number]), "float64", "r")
    name = f"times_cached_seg{number}.npy"
    if not (folder / name).exists():
        return None
    found = np.load(_inside(folder, name), mmap_mode="r", allow_pickle=False)
    return np.asanyarray(found, dtype=np.float64)


def check_size(file: Path, width: int, offset: int = 0) -> None:
    """Check that a binary file holds a whole number of time points.

    Args:
        file: the binary file.
        width: bytes of one time point.
        offset: bytes before the first one.

    Raises:
        RecordingError: it holds none, or a part of one.
    """
    size = file.stat().st_size - offset
    if size <= 0:
        raise RecordingError(f"{file} is empty: copy the recording again.")
    if size % width:
        raise RecordingError(
            f"{file} has {size} bytes, which is not a multiple of {width} bytes per time point: "
            "check the number of channels, the sample type and the bytes of a header "
            "(file_offset), or copy the file again."
        )


def read_json(file: Path) -> dict[str, Any]:
    """Read a JSON object.

    Raises:
        RecordingError: it is none.
    """
    return read_object(file, RecordingError, SAVE_AGAIN)


def _described(file: Path) -> _Binary:
    values = read_json(file)
    if values.get("class") not in BINARY_CLASSES:
        raise RecordingError(
            f"{file} describes a {values.get('class')!r}, which is not opened: save the recording "
            'with recording.save(folder=..., format="binary").'
        )
    kwargs = values.get("kwargs")
    kwargs = dict(kwargs) if isinstance(kwargs, dict) else {}
    kwargs.setdefault("num_channels", kwargs.get("num_chan"))
    for name in ("file_paths", "file_timestamps_paths"):
        if isinstance(kwargs.get(name), str):
            kwargs[name] = [kwargs[name]]
    try:
        return _Binary.model_validate(kwargs)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(step) for step in first["loc"])
        raise RecordingError(f"{file}, {name}: {first['msg']}; save the recording again.") from None


def _inside(folder: Path, name: str) -> Path:
    file = (folder / name).resolve()
    if not file.is_relative_to(folder.resolve()):
        raise RecordingError(
            f"{folder / 'binary.json'} points to {name}, which is outside of the folder: save the "
            "recording again so that all its files are inside."
        )
    if not file.is_file():
        raise RecordingError(f"{folder / name} is missing: copy the whole folder.")
    return file


def _width(kwargs: _Binary, folder: Path) -> int:
    """Bytes of one time point."""
    file = folder / "binary.json"
    try:
        dtype = np.dtype(kwargs.dtype)
    except TypeError:
        raise RecordingError(f"{file}: there is no sample type {kwargs.dtype!r}.") from None
    if dtype.kind not in "iuf":
        raise RecordingError(f"{file}: {kwargs.dtype!r} samples are not numbers.")
    for name in ("channel_ids", "gain_to_uv", "offset_to_uv"):
        values = getattr(kwargs, name)
        if isinstance(values, list) and len(set(values) if name == "channel_ids" else values) != (
            kwargs.num_channels
        ):
            raise RecordingError(
                f"{file}: {name} must have one value for each of {kwargs.num_channels} channels."
            )
    return dtype.itemsize * kwargs.num_channels


def _with_probe(recording: BaseRecording, folder: Path) -> BaseRecording:
    for name in ("probegroup.json", "probe.json"):
        file = folder / name
        if file.is_file():
            return _placed(recording, read_json(file), file)
    return recording


def _placed(recording: BaseRecording, values: dict[str, Any], file: Path) -> BaseRecording:
    n_channels = recording.get_num_channels()
    with reading(file, RecordingError, SAVE_AGAIN, f"probe for {n_channels} channels"):
        probes = read_probes(values)
        if file.name == "probegroup.json":
            # Its contacts stand in the order of the channels, also after channels were chosen.
            probes.set_global_device_channel_indices(np.arange(n_channels))
        recording.set_probegroup(probes, check_overlap=False)
    return recording


def read_zarr_folder(folder: Path, _: RecordingParameters | None = None) -> BaseRecording:
    """Read a folder made by `recording.save(folder=..., format="zarr")`.

    Raises:
        RecordingError: the folder is damaged, uses an unknown codec, or links out of itself.
    """
    refuse_unsafe_zarr(folder)
    with reading(folder, RecordingError, SAVE_AGAIN, "recording saved as zarr"):
        return ZarrRecordingExtractor(folder)


def refuse_unsafe_zarr(folder: Path) -> None:
    """Check that nothing in a zarr folder can run code or leads out of it.

    Raises:
        RecordingError: a codec is unknown, or a link leads elsewhere.
    """
    zarr_store.require_safe(folder, RecordingError)
