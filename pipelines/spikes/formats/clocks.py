"""The clocks that formats keep beside their samples, and SpikeInterface does not look at."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from spikeinterface.core import BaseRecording

from pipelines.core.errors import RecordingError
from pipelines.files import hdf5
from pipelines.spikes.formats.segments import joined, with_timeline
from pipelines.spikes.recording.timeline import Timeline, from_timestamps

BLOCK = 1 << 20
"""Times that are in memory at once."""

OTHER_RATE = 1e-6
"""A rate that the times of all samples give is taken instead of the first ones' from here on."""

OTHER_CLOCK_S = 1e-3
"""Two clocks of one recording that differ by less are the same to a person."""


def with_nwb_times(recording: BaseRecording, file: Path) -> BaseRecording:
    """Take the segments of an NWB series from its `timestamps`, if it has some.

    Raises:
        RecordingError: there are not as many as samples.
    """
    with hdf5.opened(file, RecordingError) as root:
        series: Any = root[recording.electrical_series_path]
        if "timestamps" not in series:
            return recording
        times, n_samples = series["timestamps"], recording.get_num_samples()
        if times.shape != (n_samples,):
            raise RecordingError(
                f"{file} has {times.size:,} timestamps of {n_samples:,} samples: write it again."
            )
        rate = typical_rate(times)
        timeline = from_timestamps(_blocks(times), rate)
    _set_rate(recording, rate)
    return with_timeline(recording, timeline)


def typical_rate(times: Any) -> float:
    """Samples per second, from times that may be rounded and may have gaps.

    The mean of those spans of ten thousand samples that differ from the middle one by no more than
    the step in which times were rounded: rounding to microseconds moves a single interval by a
    hundredth, rounding to milliseconds the middle span by a thousandth, and gaps are rare.

    Args:
        times: in seconds, of all samples.
    """
    some = np.asarray(times[: BLOCK // 8], dtype=np.float64)
    reach = min(10_000, len(some) // 2)
    if reach < 1:
        return 1.0
    spans, steps = some[reach:] - some[:-reach], np.diff(some)
    spans, steps = spans[np.isfinite(spans)], steps[np.isfinite(steps) & (steps > 0)]
    if not len(spans) or not len(steps):
        return 1.0
    middle = float(np.median(spans))
    near = spans[np.abs(spans - middle) < 1.01 * steps.min()]
    rate = reach / float(near.mean() if len(near) else middle)
    whole = round(rate)
    return float(whole) if abs(rate - whole) < OTHER_RATE * rate else rate


def _set_rate(recording: BaseRecording, rate: float) -> None:
    recording._sampling_frequency = rate
    for segment in recording.segments:
        segment.sampling_frequency = rate


def _blocks(values: Any, per_second: float = 1.0) -> Iterator[NDArray[np.float64]]:
    for start in range(0, len(values), BLOCK):
        yield np.asarray(values[start : start + BLOCK], dtype=np.float64) / per_second


def with_open_ephys_times(recording: BaseRecording) -> BaseRecording:
    """Take the segments of an Open Ephys recording from its sample numbers.

    Frames that were dropped are missing in `continuous.dat`, and the sample numbers jump over them.
    """
    rate = float(recording.get_sampling_frequency())
    parts, notes = list[Timeline](), list[str]()
    for number in range(recording.get_num_segments()):
        folder = _open_ephys_folder(recording, number)
        samples = _sample_numbers(folder)
        if samples is None or len(samples) != recording.get_num_samples(number):
            return recording
        parts.append(from_timestamps(_blocks(samples, rate), rate))
        notes += _other_clock(folder, parts[-1])
    return with_timeline(recording, *joined(parts, notes[:1]))


def _open_ephys_folder(recording: BaseRecording, number: int) -> Path:
    reader, block = recording.neo_reader, recording.block_index
    names = [str(name) for name in reader.header["signal_streams"]["name"]]
    stream = names.index(str(recording.stream_name))
    return Path(reader._sig_streams[block or 0][number][stream]["raw_filename"]).parent


def _sample_numbers(folder: Path) -> NDArray[Any] | None:
    """Numbers of all samples: in a file of their own since version 0.6, before as timestamps."""
    for name in ("sample_numbers.npy", "timestamps.npy"):
        if (folder / name).is_file():
            found = np.load(folder / name, mmap_mode="r", allow_pickle=False)
            return found if found.dtype.kind in "iu" else None
    return None


def _other_clock(folder: Path, timeline: Timeline) -> list[str]:
    """A sentence on synchronised times that differ from those of the sample numbers."""
    file = folder / "timestamps.npy"
    if not file.is_file():
        return []
    times = np.load(file, mmap_mode="r", allow_pickle=False)
    if times.dtype.kind != "f" or len(times) != timeline.n_samples or times[0] < 0:
        return []
    ends = np.array([0, timeline.n_samples - 1])
    away = float(np.abs(timeline.seconds(ends) - times[ends]).max())
    if away < OTHER_CLOCK_S:
        return []
    return [
        "Times are sample numbers over the sampling frequency; the synchronised times in "
        f"{file.name} differ by up to {away:.3g} s."
    ]


def with_neuralynx_times(recording: BaseRecording) -> BaseRecording:
    """Count the time of a Neuralynx session as its records do.

    The neo library counts from the earliest sample of all files.
    """
    earliest_s = float(recording.neo_reader.global_t_start)
    for number in range(recording.get_num_segments()):
        recording.shift_times(earliest_s, number)
    return recording


def with_intan_times(recording: BaseRecording) -> BaseRecording:
    """Take the segments of an Intan file from the numbers that it keeps of all its samples."""
    rate = float(recording.get_sampling_frequency())
    numbers = recording.neo_reader.get_intan_timestamps()
    if len(numbers) != recording.get_num_samples():
        return recording
    return with_timeline(recording, from_timestamps(_blocks(numbers, rate), rate))
