"""Spike trains: how the spikes of one unit lie in time, and beside those of another."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Histogram:
    """Counts between edges.

    Attributes:
        edges_ms: shape (bin + 1,).
        counts: shape (bin,).
    """

    edges_ms: NDArray[np.float64]
    counts: NDArray[np.int64]


def isi_histogram(
    sample_index: NDArray[np.int64],
    sampling_frequency: float,
    bin_ms: float = 1.0,
    max_ms: float = 100.0,
) -> Histogram:
    """Intervals between successive spikes, up to `max_ms`.

    Args:
        sample_index: of one unit's spikes, in order of time, shape (spike,).
        sampling_frequency: samples per second.
        bin_ms: width of a bin.
        max_ms: longer intervals are left out.
    """
    edges = np.arange(round(max_ms / bin_ms) + 1, dtype=np.float64) * bin_ms
    counts, _ = np.histogram(intervals_ms(sample_index, sampling_frequency), edges)
    return Histogram(edges, counts.astype(np.int64))


def correlogram(
    one: NDArray[np.int64],
    two: NDArray[np.int64],
    sampling_frequency: float,
    bin_ms: float = 1.0,
    max_ms: float = 50.0,
) -> Histogram:
    """How long before and after spikes of one train those of another lie.

    With the same train twice it is the autocorrelogram: a spike is not compared with itself.

    Args:
        one: sample indices of the spikes that stand at 0, in order of time, shape (spike,).
        two: those that are counted around them, in order of time.
        sampling_frequency: samples per second.
        bin_ms: width of a bin; one bin is centred at 0.
        max_ms: the farthest bin's centre.
    """
    n_side = round(max_ms / bin_ms)
    edges = (np.arange(2 * n_side + 2, dtype=np.float64) - n_side - 0.5) * bin_ms
    reach = int(np.ceil(edges[-1] * sampling_frequency / 1000))
    first = np.searchsorted(two, one - reach, side="left")
    last = np.searchsorted(two, one + reach, side="right")
    counts = np.zeros(len(edges) - 1, dtype=np.int64)
    for step in range(int((last - first).max(initial=0))):
        near = first + step < last
        lags = (two[first[near] + step] - one[near]) * (1000.0 / sampling_frequency)
        counts += np.histogram(lags, edges)[0]
    if np.array_equal(one, two):
        counts[n_side] -= len(one)
    return Histogram(edges, counts)


def intervals_ms(sample_index: NDArray[np.int64], sampling_frequency: float) -> NDArray[np.float64]:
    """Milliseconds between successive spikes, shape (spike - 1,), of none (0,)."""
    return np.diff(sample_index) * (1000.0 / sampling_frequency)
