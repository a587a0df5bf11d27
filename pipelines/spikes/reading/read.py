"""A file or folder to a recording that can be sorted."""

import weakref
from collections.abc import Callable, Sequence
from functools import partial, wraps
from pathlib import Path
from typing import Any

import numpy as np
from spikeinterface.core import BaseRecording, BaseRecordingSegment, BinaryRecordingExtractor

from pipelines.core.errors import RecordingError
from pipelines.core.formats import Format, in_order
from pipelines.files.reading import reading, reading_on
from pipelines.spikes.formats.candidates import (
    Candidate,
    began_of_name,
    chosen,
    listed,
    names_file,
)
from pipelines.spikes.formats.intan import describes_others
from pipelines.spikes.formats.microvolts import with_gain
from pipelines.spikes.formats.saved import check_size
from pipelines.spikes.formats.segments import in_one_piece
from pipelines.spikes.reading.channels import NOTES, apart, told_apart, with_locations
from pipelines.spikes.recording.formats import FORMATS, RAW
from pipelines.spikes.recording.parameters import RecordingParameters

WHOLE = "check that all its files are there and whole"
LEAST_HZ, MOST_HZ = 1_000.0, 1_000_000.0
"""Between which recordings of spikes are sampled."""


def read_recording(path: Path, parameters: RecordingParameters) -> BaseRecording:
    """Open a recording, whichever of the known formats it has.

    Several segments become one, the later ones right after the earlier ones; `sample_index`
    counts through all of them, and `timeline_of` says when each was taken. Channels without a
    known place are taken as far apart.

    Args:
        path: a file or folder.
        parameters: `gain_uv`, which counts also if the recording says another; for raw binary
            files also `sampling_frequency`, `num_channels`, `dtype` and `file_offset`.
            `segment_starts_s` where the recording does not say when its segments began. `session`,
            and perhaps `join`, where the path holds several recordings.

    Returns:
        A recording of one segment with gains and places of its channels.

    Raises:
        RecordingError: the format is unknown, the files are damaged, the gain is missing, or there
            are several recordings and none is named.
        ParameterError: the starts of segments are no numbers, or not as many as segments.
    """
    with reading(path, RecordingError, WHOLE, "recording"):
        kind = format_of(path, parameters.session)
    with reading_on(path, RecordingError, WHOLE, f"recording of the kind {kind.title}"):
        recording = kind.reader(path, parameters)
        name_words = told_apart(recording)
        recording = in_one_piece(recording, path, parameters.segment_starts_s)
        _touch(recording)
        _keep_within(recording, path)
    recording = with_gain(recording, path, parameters.gain_uv)
    recording.annotate(**{NOTES: name_words})
    if recording.has_probe():
        return recording
    return with_locations(recording, apart(recording.get_num_channels()))


def read_as(
    recording: BaseRecording, path: Path, parameters: RecordingParameters
) -> dict[str, Any]:
    """How a recording was understood, for those who know how it was made.

    Args:
        recording: as `read_recording` gave it.
        path: from where.
        parameters: how it was read.

    Returns:
        `format`, `sample_type` as it is stored, and `gain_uv`: lowest and highest uV per step.
    """
    gains = np.asarray(recording.get_channel_gains(), dtype=np.float64)
    return {
        "format": format_of(path, parameters.session).title,
        "sample_type": str(recording.get_dtype()),
        "gain_uv": [float(f"{gains.min():.6g}"), float(f"{gains.max():.6g}")],
    }


def format_of(path: Path, session: str) -> Format:
    """The kind of a recording.

    Raises:
        RecordingError: there is none there, of no known kind, or several and none is named.
    """
    if not path.exists():
        raise RecordingError(f"{path} does not exist: check the path.")
    kinds = [kind for kind in FORMATS if kind.recognise(path)]
    if not kinds:
        names = ", ".join(kind.title for kind in FORMATS)
        raise RecordingError(
            f"{path} holds no recording that is known{_hint(path)}. Known: {names}."
        )
    by_file = path.is_dir() and kinds[0].stands != "folder" and kinds[0].files(path)
    return _only(kinds, path, session) if by_file and not describes_others(path) else kinds[0]


def _only(kinds: Sequence[Format], path: Path, session: str) -> Format:
    """The format of a folder's recordings, each a file.

    Raises:
        RecordingError: there are several formats, and `session` names no file of one of them.
    """
    files = {file: kind for kind in kinds for file in kind.files(path)}
    named = {id(kind): kind for file, kind in files.items() if names_file(session, file)}
    if len({id(kind) for kind in files.values()}) == 1:
        return kinds[0]
    if len(named) == 1:
        return next(iter(named.values()))
    names = [file.name for file in files]
    raise RecordingError(
        f"{path} holds recordings of several formats, {listed(names)}: give one file, or choose "
        f"one, for example --set session={names[0]}."
    )


def _hint(path: Path) -> str:
    """Name the folders inside that would do."""
    if not path.is_dir():
        return ""
    inner = [one for one in path.iterdir() if one.is_dir() and not one.name.startswith(".")]
    inner.sort(key=lambda one: in_order(one.name))
    fitting = [str(one) for one in inner if any(kind.recognise(one) for kind in FORMATS)]
    return f"; did you mean {listed(fitting, last='or')}" if fitting else ""


def _touch(recording: BaseRecording) -> None:
    """Read places and a few samples of both ends, so that a damaged file is found now."""
    n_samples = recording.get_num_samples()
    if n_samples == 0:
        raise RecordingError("The recording is empty: copy it again.")
    if not 0 < recording.get_sampling_frequency() < np.inf:
        raise RecordingError("The recording says no sampling frequency: copy it again.")
    if recording.has_probe():
        recording.get_channel_locations()  # which a probe without contacts has not
    for start in (0, max(n_samples - 10, 0)):
        traces = recording.get_traces(start_frame=start, end_frame=min(start + 10, n_samples))
        if traces.shape[1] != recording.get_num_channels():
            raise RecordingError(
                f"The recording names {recording.get_num_channels()} channels, but has samples of "
                f"{traces.shape[1]}: copy it again."
            )


def _keep_within(recording: BaseRecording, path: Path) -> None:
    """Let whatever is read of a recording later on pass the boundary too."""
    for segment in recording._recording_segments:
        segment.get_traces = _within(segment, path)


def _within(segment: BaseRecordingSegment, path: Path) -> Callable[..., Any]:
    get_traces = type(segment).get_traces
    # Held weakly: in a circle with itself a segment would keep its file open for a while.
    held = weakref.ref(segment)

    @wraps(get_traces)
    def within(*args: Any, **named: Any) -> Any:
        with reading_on(path, RecordingError, WHOLE, "recording"):
            return get_traces(held(), *args, **named)

    return within


def raw_files(path: Path, session: str) -> list[Path]:
    """The files that a recording is read from, if they are of samples only, without a description.

    Raises:
        RecordingError: there is no recording.
    """
    kind = format_of(path, session)
    if kind is not RAW:
        return []
    files = RAW.files(path)
    return files if len(files) == 1 else [file for file in files if names_file(session, file)]


# -- binary files with nothing but samples


def read_raw(path: Path, parameters: RecordingParameters) -> BaseRecording:
    """Open a file of nothing but samples, or one of several.

    Raises:
        RecordingError: there are several, its layout is not said, or it is part of a recording.
    """
    found = [
        Candidate((file.name,), partial(_read_raw_file, file, parameters), began_of_name(file.stem))
        for file in RAW.files(path)
    ]
    return chosen(found, path, parameters, "give one file")


def _read_raw_file(file: Path, parameters: RecordingParameters) -> BaseRecording:
    if file.with_suffix(".meta").is_file():
        raise RecordingError(f"{file} is part of a recording: give the folder {file.parent}.")
    rate, channels = parameters.sampling_frequency, parameters.num_channels
    if rate is None or channels is None:
        raise RecordingError(
            f"{file} is a raw binary file: set sampling_frequency, num_channels, dtype and "
            "gain_uv, for it does not say them."
        )
    if not LEAST_HZ <= rate <= MOST_HZ and not parameters.trust_reading:
        raise RecordingError(
            f"sampling_frequency is {rate:g} samples per second, which {file} cannot have if "
            "spikes are in it: give it in Hz, such as 30000 for 30 kHz."
        )
    check_size(file, channels * np.dtype(parameters.dtype).itemsize, parameters.file_offset)
    return BinaryRecordingExtractor(
        file,
        sampling_frequency=rate,
        num_channels=channels,
        dtype=parameters.dtype,
        file_offset=parameters.file_offset,
    )
