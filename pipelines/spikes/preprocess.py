"""From the raw signal to the band in which spikes are seen."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, sosfiltfilt
from spikeinterface.core import BaseRecording

from pipelines.errors import RecordingError

Floats = NDArray[np.float32]

MARGIN_S = 0.05
"""Signal beside a chunk that is filtered with it, so that chunks meet without a seam."""

CHANNELS_AT_ONCE = 4
"""Whose noise is measured together: 20 s of one take 2.4 MB."""

MAD_TO_SD = 1.4826
"""A normal distribution's standard deviation over its median absolute deviation."""


@dataclass(frozen=True)
class Chunk:
    """A stretch of filtered signal.

    Attributes:
        traces: filtered signal in uV, shape (sample, channel), with `margin` samples
            before `start` and after `stop` where the recording has them.
        first: the recording's sample index of `traces[0]`.
        start: the first sample that belongs to this chunk.
        stop: one after the last sample that belongs to this chunk.
    """

    traces: Floats
    first: int
    start: int
    stop: int


@dataclass(frozen=True)
class BandPass:
    """A zero-phase Butterworth band-pass of one recording, read chunk by chunk in uV.

    Attributes:
        recording: one segment, with gains.
        freq_min: lower corner in Hz.
        freq_max: upper corner in Hz.
    """

    recording: BaseRecording
    freq_min: float
    freq_max: float

    @property
    def sampling_frequency(self) -> float:
        """Samples per second."""
        return float(self.recording.get_sampling_frequency())

    @property
    def n_samples(self) -> int:
        """Samples of the whole recording."""
        return int(self.recording.get_num_samples())

    def read(self, channels: NDArray[np.intp], start: int, stop: int) -> Chunk:
        """Filter a stretch of some channels.

        Args:
            channels: positions of channels in the recording.
            start: first sample.
            stop: one after the last sample.
        """
        margin = int(MARGIN_S * self.sampling_frequency)
        first, last = max(start - margin, 0), min(stop + margin, self.n_samples)
        ids = self.recording.channel_ids[channels]
        raw = self.recording.get_traces(start_frame=first, end_frame=last, channel_ids=ids)
        gains = self.recording.get_channel_gains(ids).astype(np.float64)
        sections = self._sections()
        traces = np.empty(raw.shape, dtype=np.float32)
        # One channel after the other: half the time, and one channel in double precision at once.
        for column, gain in enumerate(gains):
            traces[:, column] = sosfiltfilt(sections, raw[:, column] * gain)
        return Chunk(traces, first, start, stop)

    def chunks(self, channels: NDArray[np.intp], seconds: float) -> Iterator[Chunk]:
        """Go through the recording in stretches of `seconds`."""
        step = max(int(seconds * self.sampling_frequency), 1)
        for start in range(0, self.n_samples, step):
            yield self.read(channels, start, min(start + step, self.n_samples))

    def _sections(self) -> NDArray[np.float64]:
        band = (self.freq_min, self.freq_max)
        sections: NDArray[np.float64] = butter(
            2, band, btype="bandpass", fs=self.sampling_frequency, output="sos"
        )
        return sections


def band_pass(recording: BaseRecording, freq_min: float, freq_max: float) -> BandPass:
    """Check the band against the recording.

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
    return BandPass(recording, freq_min, freq_max)


def noise_levels(signal: BandPass, channels: NDArray[np.intp]) -> Floats:
    """The noise of each channel in uV: scaled median absolute deviation.

    It is taken over slices spread evenly over the recording. Spikes hardly move it
    (Quian Quiroga et al. 2004, doi:10.1162/089976604774201631).

    Args:
        signal: the filtered recording.
        channels: positions of channels in the recording.
    """
    few = [channels[n : n + CHANNELS_AT_ONCE] for n in range(0, len(channels), CHANNELS_AT_ONCE)]
    return np.concatenate([_noise_of(signal, part) for part in few])


def _noise_of(signal: BandPass, channels: NDArray[np.intp]) -> Floats:
    return _scaled_mad(np.concatenate(list(slices(signal, channels, count=20, seconds=1.0))))


def slices(
    signal: BandPass, channels: NDArray[np.intp], *, count: int, seconds: float
) -> Iterator[Floats]:
    """Slices of the filtered signal, spread evenly over the recording.

    Args:
        signal: the filtered recording.
        channels: positions of channels in the recording.
        count: how many slices are read at most.
        seconds: how long one is.
    """
    length = min(int(seconds * signal.sampling_frequency), signal.n_samples)
    for start in np.unique(np.linspace(0, signal.n_samples - length, count).astype(int)):
        yield _own(signal.read(channels, start, start + length))


def chunk_noise(chunk: Chunk) -> Floats:
    """The noise of each channel in one stretch, in uV."""
    return _scaled_mad(_own(chunk))


def _scaled_mad(traces: Floats) -> Floats:
    middle = np.median(traces, axis=0)
    spread = [np.median(np.abs(column - m)) for column, m in zip(traces.T, middle, strict=True)]
    return (MAD_TO_SD * np.array(spread)).astype(np.float32)


def _own(chunk: Chunk) -> Floats:
    return chunk.traces[chunk.start - chunk.first : chunk.stop - chunk.first]
