"""From the raw signal to the band in which spikes are seen."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, sosfiltfilt
from spikeinterface.core import BaseRecording

from pipelines.core.errors import RecordingError
from pipelines.spikes.formats.segments import timeline_of
from pipelines.spikes.recording.timeline import Timeline
from pipelines.spikes.signal.mending import Mender

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]

MARGIN_S = 0.05
"""Signal beside a chunk that is filtered with it, so that chunks meet without a seam."""

PADDED_SAMPLES = 15
"""By how many samples `sosfiltfilt` extends a signal for two sections."""

CHANNELS_AT_ONCE = 4
"""Whose noise is measured together: 20 s of one take 2.4 MB."""

MAD_TO_SD = 1.4826
"""A normal distribution's standard deviation over its median absolute deviation."""


@dataclass(frozen=True)
class Chunk:
    """A stretch of filtered signal.

    Attributes:
        traces: filtered signal in uV, shape (sample, channel), with `margin` samples
            before `start` and after `stop` where their segments have them.
        first: the recording's sample index of `traces[0]`.
        start: the first sample that belongs to this chunk.
        stop: one after the last sample that belongs to this chunk.
        no_signal: where a channel carried no signal, or next to that, so that its traces there
            are not its own; same shape as `traces`, none if there is no such place.
    """

    traces: Floats
    first: int
    start: int
    stop: int
    no_signal: Mask | None = None


@dataclass(frozen=True)
class BandPass:
    """A zero-phase Butterworth band-pass of one recording, read chunk by chunk in uV.

    Each segment of the recording is filtered by itself.

    Attributes:
        recording: in one piece, with gains and its timeline.
        freq_min: lower corner in Hz.
        freq_max: upper corner in Hz.
        mender: bridges samples that are no signal before the filter spreads them; none if the
            recording is known to have none.
    """

    recording: BaseRecording
    freq_min: float
    freq_max: float
    mender: Mender | None = None

    @property
    def sampling_frequency(self) -> float:
        """Samples per second."""
        return float(self.recording.get_sampling_frequency())

    @property
    def n_samples(self) -> int:
        """Samples of the whole recording."""
        return int(self.recording.get_num_samples())

    @cached_property
    def timeline(self) -> Timeline:
        """Its segments and when they were recorded."""
        return timeline_of(self.recording)

    def read(self, channels: NDArray[np.intp], start: int, stop: int) -> Chunk:
        """Filter a stretch of some channels.

        Args:
            channels: positions of channels in the recording, shape (channel,).
            start: first sample.
            stop: one after the last sample.
        """
        margin = int(MARGIN_S * self.sampling_frequency)
        first = max(start - margin, self.timeline.around(start).first_sample)
        last = min(stop + margin, self.timeline.around(stop - 1).stop_sample)
        parts = [self._filtered(channels, *span) for span in self.timeline.spans(first, last)]
        if len(parts) == 1:
            traces, no_signal = parts[0]
            return Chunk(traces, first, start, stop, no_signal)
        no_signal = None
        if any(mask is not None for _, mask in parts):
            masks = [np.zeros(own.shape, bool) if mask is None else mask for own, mask in parts]
            no_signal = np.concatenate(masks)
        traces = np.concatenate([own for own, _ in parts])
        return Chunk(traces, first, start, stop, no_signal)

    def _filtered(
        self, channels: NDArray[np.intp], first: int, last: int
    ) -> tuple[Floats, Mask | None]:
        """A stretch of one segment."""
        ids = self.recording.channel_ids[channels]
        raw, no_signal = self._raw(channels, first, last)
        gains = self.recording.get_channel_gains(ids).astype(np.float64)
        sections = self._sections()
        # What scipy adds at the ends by itself; a segment of a few samples has less to add from.
        padding = min(PADDED_SAMPLES, last - first - 1)
        traces = np.empty(raw.shape, dtype=np.float32)
        # One channel after the other: half the time, and one channel in double precision at once.
        for column, gain in enumerate(gains):
            traces[:, column] = sosfiltfilt(sections, raw[:, column] * gain, padlen=padding)
        return traces, no_signal

    def _raw(
        self, channels: NDArray[np.intp], first: int, last: int
    ) -> tuple[NDArray[Any], Mask | None]:
        if self.mender is not None:
            return self.mender.read(channels, first, last)
        ids = self.recording.channel_ids[channels]
        return self.recording.get_traces(start_frame=first, end_frame=last, channel_ids=ids), None

    def spans(self, seconds: float) -> Iterator[tuple[int, int]]:
        """First sample, and one after the last, of stretches of `seconds` within segments."""
        step = max(int(seconds * self.sampling_frequency), 1)
        for segment in self.timeline.segments:
            for start in range(segment.first_sample, segment.stop_sample, step):
                yield start, min(start + step, segment.stop_sample)

    def chunks(self, channels: NDArray[np.intp], seconds: float) -> Iterator[Chunk]:
        """Go through the recording in stretches of `seconds`, none across a gap.

        Args:
            channels: positions of channels in the recording, shape (channel,).
            seconds: how long one is at most.
        """
        for start, stop in self.spans(seconds):
            yield self.read(channels, start, stop)

    def _sections(self) -> NDArray[np.float64]:
        band = (self.freq_min, self.freq_max)
        sections: NDArray[np.float64] = butter(
            2, band, btype="bandpass", fs=self.sampling_frequency, output="sos"
        )
        return sections


def band_pass(
    recording: BaseRecording, freq_min: float, freq_max: float, *, clean: bool = False
) -> BandPass:
    """Check the band against the recording.

    Args:
        recording: one segment, with gains.
        freq_min: lower corner in Hz.
        freq_max: upper corner in Hz.
        clean: the recording is known to hold nothing but signal, so that is not looked for.

    Raises:
        RecordingError: the band reaches half the sampling frequency, or the recording is too
            short to be filtered.
    """
    sampling_frequency = float(recording.get_sampling_frequency())
    if freq_max >= sampling_frequency / 2:
        raise RecordingError(
            f"The recording has {sampling_frequency:g} samples per second, so freq_max must be "
            f"below {sampling_frequency / 2:g} Hz: it is {freq_max:g} Hz."
        )
    if recording.get_num_samples() < sampling_frequency:
        raise RecordingError(
            f"The recording is {recording.get_num_samples() / sampling_frequency:.3g} s long: "
            "at least 1 s is needed."
        )
    return BandPass(recording, freq_min, freq_max, None if clean else Mender(recording))


def noise_levels(signal: BandPass, channels: NDArray[np.intp]) -> Floats:
    """The noise of each channel in uV: scaled median absolute deviation.

    It is taken over slices spread evenly over the recording. Spikes hardly move it
    (Quian Quiroga et al. 2004, doi:10.1162/089976604774201631).

    Stretches without signal do not enter; a channel that has nothing else has no noise.

    Args:
        signal: the filtered recording.
        channels: positions of channels in the recording, shape (channel,).

    Returns:
        Noise in uV, shape (channel,).
    """
    few = [channels[n : n + CHANNELS_AT_ONCE] for n in range(0, len(channels), CHANNELS_AT_ONCE)]
    return np.concatenate([_noise_of(signal, part) for part in few])


def _noise_of(signal: BandPass, channels: NDArray[np.intp]) -> Floats:
    return scaled_mad(np.concatenate(list(slices(signal, channels, count=20, seconds=1.0))))


def slices(
    signal: BandPass, channels: NDArray[np.intp], *, count: int, seconds: float
) -> Iterator[Floats]:
    """Slices of the filtered signal, spread evenly over the recording; nan where it is none.

    Args:
        signal: the filtered recording.
        channels: positions of channels in the recording.
        count: how many slices are read at most.
        seconds: how long one is.

    Returns:
        Slices in uV, each of shape (sample, channel).
    """
    length = min(int(seconds * signal.sampling_frequency), signal.n_samples)
    for start in np.unique(np.linspace(0, signal.n_samples - length, count).astype(int)):
        yield _own(signal.read(channels, start, start + length))


def chunk_noise(chunk: Chunk) -> Floats:
    """The noise of a stretch in uV, shape (channel,); infinite where all of it is no signal."""
    noise = scaled_mad(_own(chunk))
    if chunk.no_signal is not None:
        noise[chunk.no_signal[chunk.start - chunk.first : chunk.stop - chunk.first].all(axis=0)] = (
            np.inf
        )
    return noise


def scaled_mad(traces: Floats) -> Floats:
    """The scaled median absolute deviation of each column; nan is left out, all nan gives 0.

    Args:
        traces: in uV, shape (sample, channel).

    Returns:
        In uV, shape (channel,).
    """
    if np.isnan(traces).any():
        good = [column[~np.isnan(column)] for column in traces.T]
        return np.array(
            [_scaled_mad(one[:, None])[0] if len(one) else 0.0 for one in good], np.float32
        )
    return _scaled_mad(traces)


def _scaled_mad(traces: Floats) -> Floats:
    middle = np.median(traces, axis=0)
    spread = [np.median(np.abs(column - m)) for column, m in zip(traces.T, middle, strict=True)]
    return (MAD_TO_SD * np.array(spread)).astype(np.float32)


def _own(chunk: Chunk) -> Floats:
    """The chunk's own samples, nan where there was no signal."""
    inside = slice(chunk.start - chunk.first, chunk.stop - chunk.first)
    if chunk.no_signal is None:
        return chunk.traces[inside]
    return np.where(chunk.no_signal[inside], np.float32(np.nan), chunk.traces[inside])
