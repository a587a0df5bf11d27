"""Spike trains: how the spikes of one unit lie in time. Needs numpy only."""

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
        sample_index: of one unit's spikes, in order of time.
        sampling_frequency: samples per second.
        bin_ms: width of a bin.
        max_ms: longer intervals are left out.
    """
    edges = np.arange(round(max_ms / bin_ms) + 1, dtype=np.float64) * bin_ms
    counts, _ = np.histogram(intervals_ms(sample_index, sampling_frequency), edges)
    return Histogram(edges, counts.astype(np.int64))


def intervals_ms(sample_index: NDArray[np.int64], sampling_frequency: float) -> NDArray[np.float64]:
    """Milliseconds between successive spikes."""
    return np.diff(sample_index) * (1000.0 / sampling_frequency)
