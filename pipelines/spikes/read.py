"""A file or folder to a recording that can be sorted."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from spikeinterface.core import BaseRecording, BinaryRecordingExtractor, concatenate_recordings

from pipelines.errors import NeuroboardError, RecordingError
from pipelines.spikes.clocks import with_intan_times, with_nwb_times, with_open_ephys_times
from pipelines.spikes.extractors import extractors
from pipelines.spikes.mearec import MEArecRecording, mearec_file
from pipelines.spikes.more_systems import (
    is_neuralynx,
    nsx_files,
    read_blackrock,
    read_neuralynx,
)
from pipelines.spikes.places import apart, with_locations
from pipelines.spikes.recording_parameters import RecordingParameters
from pipelines.spikes.saved import check_size, read_binary_folder, read_json, read_zarr_folder
from pipelines.spikes.segments import in_one_piece, joined, timeline_of, with_timeline

RAW = (".dat", ".bin", ".raw")
INTAN = (".rhd", ".rhs")


@dataclass(frozen=True)
class Format:
    """A kind of recording.

    Attributes:
        name: as people call it.
        recognise: whether a path looks like it.
        read: opens it.
    """

    name: str
    recognise: Callable[[Path], bool]
    read: Callable[[Path, RecordingParameters], BaseRecording]


def read_recording(path: Path, parameters: RecordingParameters) -> BaseRecording:
    """Open a recording, whichever of the known formats it has.

    Several segments become one, the later ones right after the earlier ones; `sample_index`
    counts through all of them, and `timeline_of` says when each was taken. Channels without a
    known place are taken as far apart.

    Args:
        path: a file or folder.
        parameters: `gain_uv` if the recording does not say its gain; for raw binary files also
            `sampling_frequency`, `num_channels` and `dtype`. `segment_starts_s` where the
            recording does not say when its segments began.

    Returns:
        A recording of one segment with gains and places of its channels.

    Raises:
        RecordingError: the format is unknown, the files are damaged, or the gain is missing.
    """
    kind = _format_of(path)
    try:
        recording = kind.read(path, parameters)
        recording = in_one_piece(recording, path, parameters.segment_starts_s)
        _touch(recording)
    except NeuroboardError:
        raise
    except Exception as error:  # other people's readers fail in any way on a damaged file
        raise RecordingError(
            f"{path} cannot be read as {kind.name} ({_short(error)}): check that all its files "
            "are there and whole."
        ) from error
    recording = _with_gain(recording, path, parameters.gain_uv)
    if recording.has_probe():
        return recording
    return with_locations(recording, apart(recording.get_num_channels()))


def _format_of(path: Path) -> Format:
    if not path.exists():
        raise RecordingError(f"{path} does not exist: check the path.")
    for kind in FORMATS:
        if kind.recognise(path):
            return kind
    names = ", ".join(kind.name for kind in FORMATS)
    raise RecordingError(f"{path} holds no recording that is known{_hint(path)}. Known: {names}.")


def _hint(path: Path) -> str:
    """Name a folder inside that would do."""
    if path.is_dir():
        for inner in sorted(child for child in path.iterdir() if child.is_dir()):
            if any(kind.recognise(inner) for kind in FORMATS):
                return f"; did you mean {inner}"
    return ""


def _touch(recording: BaseRecording) -> None:
    """Read a few samples from both ends, so that a damaged file is found now."""
    n_samples = recording.get_num_samples()
    if n_samples == 0:
        raise RecordingError("The recording is empty: copy it again.")
    recording.get_traces(start_frame=0, end_frame=min(10, n_samples))
    recording.get_traces(start_frame=max(n_samples - 10, 0), end_frame=n_samples)


def _with_gain(recording: BaseRecording, path: Path, gain_uv: float | None) -> BaseRecording:
    if not recording.has_scaleable_traces():
        if gain_uv is None:
            raise RecordingError(
                f"{path} does not say how many microvolts a step of its numbers is: set gain_uv, "
                "for example --set gain_uv=0.195 for Intan."
            )
        recording.set_channel_gains(gain_uv)
        recording.set_channel_offsets(0.0)
    gains = np.asarray(recording.get_channel_gains(), dtype=np.float64)
    if not np.all(np.isfinite(gains) & (gains != 0)):
        raise RecordingError(f"{path} gives a channel the gain {gains.min():g}: it must not be 0.")
    return recording


def _short(error: Exception) -> str:
    lines = str(error).strip().splitlines() or [""]
    return f"{type(error).__name__}: {lines[0][:200]}" if lines[0] else type(error).__name__


# -- binary files with nothing but samples


def _is_raw(path: Path) -> bool:
    return _raw_file(path) is not None


def _raw_file(path: Path) -> Path | None:
    """The file itself, or the only raw file of a folder."""
    if path.is_file():
        return path if path.suffix.lower() in RAW else None
    files = [file for file in sorted(path.iterdir()) if file.suffix.lower() in RAW]
    return files[0] if len(files) == 1 else None


def _read_raw(path: Path, parameters: RecordingParameters) -> BaseRecording:
    file = _raw_file(path) or path
    if file.with_suffix(".meta").is_file():
        raise RecordingError(f"{file} is part of a recording: give the folder {file.parent}.")
    rate, channels = parameters.sampling_frequency, parameters.num_channels
    if rate is None or channels is None:
        raise RecordingError(
            f"{file} is a raw binary file: set sampling_frequency, num_channels, dtype and "
            "gain_uv, for it does not say them."
        )
    check_size(file, channels * np.dtype(parameters.dtype).itemsize)
    return BinaryRecordingExtractor(
        file, sampling_frequency=rate, num_channels=channels, dtype=parameters.dtype
    )


# -- acquisition systems


def _one_stream(names: Sequence[str], wanted: Callable[[str], bool], path: Path) -> str:
    found = [name for name in names if wanted(name)]
    if not found:
        raise RecordingError(
            f"{path} holds no signal of electrodes, only {', '.join(names) or 'nothing'}: "
            "give the folder that has it."
        )
    if len(found) > 1:
        raise RecordingError(
            f"{path} holds the signals {', '.join(found)}: give the folder of one of them."
        )
    return found[0]


def _is_spikeglx(path: Path) -> bool:
    return path.is_dir() and any(path.rglob("*.meta"))


def _read_spikeglx(path: Path, _: RecordingParameters) -> BaseRecording:
    names, _ids = extractors().get_neo_streams("spikeglx", path)
    probes = [name for name in names if name.endswith(".ap")]
    plain = [name for name in names if "SYNC" not in name and not name.endswith(".lf")]
    name = _one_stream(probes or plain, bool, path)
    return extractors().read_spikeglx(path, stream_name=name)


def _is_open_ephys(path: Path) -> bool:
    return path.is_dir() and any(path.rglob("structure.oebin"))


def _read_open_ephys(path: Path, _: RecordingParameters) -> BaseRecording:
    for file in sorted(path.rglob("structure.oebin")):
        _refuse_outside(file)
    names, _ids = extractors().get_neo_streams("openephysbinary", path)
    other = ("ADC", "LFP", "SYNC", "NI-DAQ", "AUX")
    name = _one_stream(names, lambda text: not any(word in text for word in other), path)
    return with_open_ephys_times(extractors().read_openephys(path, stream_name=name))


def _refuse_outside(file: Path) -> None:
    """Check that the streams of a `structure.oebin` lie beside it."""
    root = (file.parent / "continuous").resolve()
    for stream in read_json(file).get("continuous", []):
        name = str(stream.get("folder_name", ""))
        if not (root / name).resolve().is_relative_to(root):
            raise RecordingError(
                f"{file} points to {name}, which is outside of its folder: copy the recording as "
                "it was saved."
            )


def _intan_files(path: Path) -> list[Path]:
    if path.is_file():
        return [path] if path.suffix.lower() in INTAN else []
    files = [file for file in sorted(path.iterdir()) if file.suffix.lower() in INTAN]
    return [file for file in files if file.stem == "info"] or files


def _read_intan(path: Path, _: RecordingParameters) -> BaseRecording:
    recordings = [_read_intan_file(file) for file in _intan_files(path)]
    if len(recordings) == 1:
        return recordings[0]
    timeline, notes = joined([timeline_of(one) for one in recordings])
    return with_timeline(concatenate_recordings(recordings), timeline.without_seams(), notes)


def _read_intan_file(file: Path) -> BaseRecording:
    names, _ids = extractors().get_neo_streams("intan", file, ignore_integrity_checks=True)
    # The neo library writes "amplfier" for stimulators.
    name = _one_stream(names, lambda text: text.startswith("RH") and " ampl" in text, file)
    recording = extractors().read_intan(file, stream_name=name, ignore_integrity_checks=True)
    return with_intan_times(recording)


def _nwb_file(path: Path) -> Path | None:
    if path.is_file():
        return path if path.suffix.lower() == ".nwb" else None
    files = sorted(path.glob("*.nwb"))
    return files[0] if len(files) == 1 and files[0].is_file() else None


def _read_nwb(path: Path, _: RecordingParameters) -> BaseRecording:
    file = _nwb_file(path) or path
    return with_nwb_times(extractors().read_nwb_recording(file, use_pynwb=False), file)


FORMATS = (
    Format(
        "a folder saved by SpikeInterface",
        lambda path: (path / "binary.json").is_file(),
        lambda path, _: read_binary_folder(path),
    ),
    Format(
        "zarr saved by SpikeInterface",
        lambda path: path.is_dir() and ((path / ".zgroup").is_file() or path.suffix == ".zarr"),
        lambda path, _: read_zarr_folder(path),
    ),
    Format("NWB", lambda path: _nwb_file(path) is not None, _read_nwb),
    Format("SpikeGLX", _is_spikeglx, _read_spikeglx),
    Format("Open Ephys binary", _is_open_ephys, _read_open_ephys),
    Format("Intan", lambda path: bool(_intan_files(path)), _read_intan),
    Format("Neuralynx", is_neuralynx, read_neuralynx),
    Format("Blackrock", lambda path: bool(nsx_files(path)), read_blackrock),
    Format(
        "MEArec",
        lambda path: mearec_file(path) is not None,
        lambda path, _: MEArecRecording(mearec_file(path) or path),
    ),
    Format("raw binary (.dat, .bin, .raw)", _is_raw, _read_raw),
)
