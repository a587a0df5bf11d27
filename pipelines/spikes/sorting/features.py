"""Waveforms of spikes, aligned below one sample, and their principal components."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines.spikes.signal.preprocess import Chunk, Floats
from pipelines.spikes.sorting.detect import Peaks

Scores = NDArray[np.float64]

BLOCK = 2_000
"""Waveforms that are in memory at once: 8 MB of them on 12 channels."""

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
        """Samples relative to the peak, shape (sample,)."""
        return np.arange(-self.before, self.after + 1)


@dataclass(frozen=True)
class SpikeWaveforms:
    """Spikes with their waveforms.

    Attributes:
        sample_index: in the recording, in order of time, shape (spike,).
        channel: column of the largest peak, shape (spike,).
        values: in uV, shape (spike, sample, channel).
        missing: channels that carried no signal somewhere in it, shape (spike, channel).
    """

    sample_index: NDArray[np.int64]
    channel: NDArray[np.intp]
    values: Floats
    missing: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.sample_index)

    def of_channels(self, columns: NDArray[np.bool_]) -> "SpikeWaveforms":
        """Only the spikes whose largest peak is on one of the columns that are true (channel,)."""
        chosen = columns[self.channel]
        return SpikeWaveforms(
            self.sample_index[chosen],
            self.channel[chosen],
            self.values[chosen],
            self.missing[chosen],
        )


def cut_out(chunk: Chunk, peaks: Peaks, window: Window) -> SpikeWaveforms:
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
    missing = np.zeros((len(inside), raw.shape[2]), dtype=bool)
    if chunk.no_signal is not None:
        missing = chunk.no_signal[rows[inside, None] + window.offsets].any(axis=1)
    return SpikeWaveforms(peaks.sample_index[inside], channel, _shifted(raw, phase), missing)


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
        values[chosen] = _resampling(n_kept, fraction) @ raw[chosen]
    return values


def _resampling(n_kept: int, fraction: float) -> Floats:
    """The matrix that takes `n_kept + 2 * REACH` samples to `n_kept` shifted ones."""
    matrix = np.zeros((n_kept, n_kept + 2 * REACH), dtype=np.float32)
    rows = np.arange(n_kept)[:, None]
    matrix[rows, rows + np.arange(2 * REACH + 1)] = _sinc(fraction)
    return matrix


def _sinc(fraction: float) -> Floats:
    """Lanczos weights that give the value `fraction` of a sample after the middle one."""
    distance = fraction - np.arange(-REACH, REACH + 1)
    weights = np.sinc(distance) * np.sinc(distance / (REACH + 1))
    return np.asarray(weights / weights.sum(), dtype=np.float32)


def principal_components(waveforms: Floats, n_components: int) -> Scores:
    """The scores of waveforms that are in memory: see `scores_of_blocks`.

    Args:
        waveforms: in units of noise, shape (spike, sample, channel).
        n_components: how many.
    """
    starts = range(0, len(waveforms), BLOCK)
    return scores_of_blocks(
        lambda: (waveforms[start : start + BLOCK] for start in starts), n_components
    )


def scores_of_blocks(blocks: Callable[[], Iterable[Floats]], n_components: int) -> Scores:
    """The waveforms' scores on their first principal components.

    Amplitudes are kept: they tell units apart. The sign of a component is such that its largest
    weight is positive. The waveforms are gone through twice, so they may lie in a file.

    Args:
        blocks: gives all waveforms, in units of noise, block by block: (spike, sample, channel).
        n_components: how many, at most as many as there are spikes or values in one.

    Returns:
        Scores, shape (spike, component).
    """
    n_spikes, mean, scatter = _moments(blocks())
    if not n_spikes:
        return np.empty((0, 0))
    _, vectors = np.linalg.eigh(scatter)
    vectors = vectors[:, ::-1][:, : min(n_components, n_spikes)]
    largest = np.abs(vectors).argmax(axis=0)
    vectors = vectors * np.sign(vectors[largest, np.arange(vectors.shape[1])])
    scores = np.empty((n_spikes, vectors.shape[1]))
    start = 0
    for block in blocks():
        scores[start : start + len(block)] = (_flat(block) - mean) @ vectors
        start += len(block)
    return scores


def _moments(blocks: Iterable[Floats]) -> tuple[int, Scores, Scores]:
    """The number of waveforms, their mean and the sum of squared deviations from it."""
    n_spikes, total, squares, near = 0, np.zeros(0), np.zeros((0, 0)), np.zeros(0)
    for block in blocks:
        flat = _flat(block)
        if not n_spikes:  # deviations from a mean of some, so that large sums lose nothing
            near = flat.mean(axis=0)
            total, squares = np.zeros_like(near), np.zeros((len(near), len(near)))
        flat -= near
        n_spikes += len(flat)
        total += flat.sum(axis=0)
        squares += flat.T @ flat
    moved = total / max(n_spikes, 1)
    return n_spikes, near + moved, squares - n_spikes * np.outer(moved, moved)


def _flat(block: Floats) -> Scores:
    return block.reshape(len(block), -1).astype(np.float64)
