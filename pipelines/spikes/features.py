"""Waveforms of spikes, aligned below one sample, and their principal components."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines.spikes.detect import Peaks
from pipelines.spikes.preprocess import Chunk, Floats

PHASES = np.array([-0.4, -0.2, 0.0, 0.2, 0.4])
"""Where between two samples a peak is looked for: a fifth of a sample apart."""

REACH = 6
"""Samples on each side that an interpolated value is made of."""


@dataclass(frozen=True)
class Window:
    """What is kept of a spike: `before` samples, the peak, `after` samples."""

    before: int
    after: int

    @property
    def offsets(self) -> NDArray[np.int64]:
        """Samples relative to the peak."""
        return np.arange(-self.before, self.after + 1)


@dataclass(frozen=True)
class Waveforms:
    """Spikes with their waveforms.

    Attributes:
        sample_index: in the recording, in order of time, shape (spike,).
        channel: column of the largest peak, shape (spike,).
        values: in uV, shape (spike, sample, channel).
    """

    sample_index: NDArray[np.int64]
    channel: NDArray[np.intp]
    values: Floats

    def __len__(self) -> int:
        return len(self.sample_index)

    @classmethod
    def joined(cls, parts: Sequence["Waveforms"]) -> "Waveforms":
        """Waveforms of successive chunks in one."""
        return cls(
            np.concatenate([one.sample_index for one in parts]),
            np.concatenate([one.channel for one in parts]),
            np.concatenate([one.values for one in parts]),
        )

    def of_channels(self, columns: NDArray[np.bool_]) -> "Waveforms":
        """Only the spikes whose largest peak is on one of these columns."""
        chosen = columns[self.channel]
        return Waveforms(self.sample_index[chosen], self.channel[chosen], self.values[chosen])


def cut_out(chunk: Chunk, peaks: Peaks, window: Window) -> Waveforms:
    """The waveforms around peaks, shifted so that the peaks fall on a sample.

    The signal is interpolated at five places around the largest sample, by a windowed sinc; the
    highest is taken as the peak. Without that, jitter of half a sample spreads the clusters of
    large units. Spikes too near to the ends of the recording are left out.

    Args:
        chunk: filtered signal.
        peaks: its spikes.
        window: how much is kept.
    """
    rows = peaks.sample_index - chunk.first
    low, high = window.before + REACH, window.after + REACH
    inside = np.flatnonzero((rows >= low) & (rows + high < len(chunk.traces)))
    offsets = np.arange(-low, high + 1)
    raw = chunk.traces[rows[inside, None] + offsets]
    channel = peaks.channel[inside]
    phase = _best_phase(raw, low, channel, peaks.sign[inside])
    return Waveforms(peaks.sample_index[inside], channel, _shifted(raw, phase))


def _best_phase(
    raw: Floats, peak: int, channel: NDArray[np.intp], sign: NDArray[np.float32]
) -> NDArray[np.intp]:
    near = raw[np.arange(len(raw)), peak - REACH : peak + REACH + 1, channel]
    heights = sign[:, None] * (near @ np.stack([_sinc(phase) for phase in PHASES]).T)
    return np.asarray(heights.argmax(axis=1))


def _shifted(raw: Floats, phase: NDArray[np.intp]) -> Floats:
    n_kept = raw.shape[1] - 2 * REACH
    values = np.empty((len(raw), n_kept, raw.shape[2]), dtype=np.float32)
    for number, fraction in enumerate(PHASES):
        chosen = phase == number
        values[chosen] = np.einsum("ts,nsc->ntc", _resampling(n_kept, fraction), raw[chosen])
    return values


def _resampling(n_kept: int, fraction: float) -> Floats:
    """The matrix that takes `n_kept + 2 * REACH` samples to `n_kept` shifted ones."""
    matrix = np.zeros((n_kept, n_kept + 2 * REACH), dtype=np.float32)
    for row in range(n_kept):
        matrix[row, row : row + 2 * REACH + 1] = _sinc(fraction)
    return matrix


def _sinc(fraction: float) -> Floats:
    """Lanczos weights that give the value `fraction` of a sample after the middle one."""
    distance = fraction - np.arange(-REACH, REACH + 1)
    weights = np.sinc(distance) * np.sinc(distance / (REACH + 1))
    return np.asarray(weights / weights.sum(), dtype=np.float32)


def principal_components(waveforms: Floats, n_components: int) -> NDArray[np.float64]:
    """The waveforms' scores on their first principal components.

    Amplitudes are kept: they tell units apart. The sign of a component is such that its largest
    weight is positive.

    Args:
        waveforms: in units of noise, shape (spike, sample, channel).
        n_components: how many, at most as many as there are spikes or values in one.

    Returns:
        Scores, shape (spike, component).
    """
    flat = waveforms.reshape(len(waveforms), -1)
    flat = flat - flat.mean(axis=0)
    _, vectors = np.linalg.eigh(flat.T.astype(np.float64) @ flat)
    vectors = vectors[:, ::-1][:, : min(n_components, len(waveforms))]
    largest = np.abs(vectors).argmax(axis=0)
    vectors *= np.sign(vectors[largest, np.arange(vectors.shape[1])])
    return np.asarray(flat @ vectors, dtype=np.float64)
