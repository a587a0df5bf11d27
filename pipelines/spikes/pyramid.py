"""Traces at any zoom: lowest and highest value of every few samples. Needs numpy only."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

MOST_VALUES = 20_000_000
"""Bins of all channels together: 80 MB on disk."""

LEAST_SAMPLES = 64
"""In a bin: shorter stretches are read from the recording itself."""

MOST_DRAWN = 1_500
"""Bins in a picture: more than a screen has columns."""

MEMORY_BYTES = 64_000_000


@dataclass(frozen=True)
class Envelope:
    """A stretch of traces.

    Attributes:
        edges_s: from where to where, shape (bin + 1,).
        low: lowest value of each bin in uV, shape (bin, channel).
        high: highest value, same shape.
    """

    edges_s: NDArray[np.float64]
    low: NDArray[np.float32]
    high: NDArray[np.float32]


def bin_samples(n_samples: int, n_channels: int) -> int:
    """Samples in a bin of the stored level."""
    least = n_samples * n_channels / MOST_VALUES
    steps = int(np.ceil(np.log2(max(least / LEAST_SAMPLES, 1.0))))
    return LEAST_SAMPLES << steps


def chunk_bins(n_channels: int, samples: int) -> int:
    """Bins that are read at once."""
    return max(1, MEMORY_BYTES // (4 * n_channels * samples))


def binned(
    values: NDArray[np.float32], samples: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Lowest and highest value of every `samples` rows; the last bin may have fewer."""
    starts = np.arange(0, len(values), samples)
    low: NDArray[np.float32] = np.minimum.reduceat(values, starts, axis=0)
    high: NDArray[np.float32] = np.maximum.reduceat(values, starts, axis=0)
    return low, high


def read_envelope(
    file: Path, samples: int, rate: float, start_s: float, stop_s: float, channels: Sequence[int]
) -> Envelope | None:
    """A stretch from the stored level; none where it is too coarse for a picture.

    Args:
        file: array (2, bin, channel) of lowest and highest values in uV.
        samples: in a bin.
        rate: samples per second.
        start_s: where the stretch begins.
        stop_s: where it ends.
        channels: positions of the channels.
    """
    stored = np.load(file, mmap_mode="r")
    first = max(0, int(start_s * rate / samples))
    last = min(stored.shape[1], int(np.ceil(stop_s * rate / samples)))
    if last - first < MOST_DRAWN // 3:
        return None
    part = stored[:, first:last][:, :, list(channels)].astype(np.float32)
    step = -(-(last - first) // MOST_DRAWN)
    starts = np.arange(0, last - first, step)
    edges = np.append(starts, last - first) + first
    low = np.minimum.reduceat(part[0], starts, axis=0)
    high = np.maximum.reduceat(part[1], starts, axis=0)
    return Envelope(edges * samples / rate, low, high)


def envelope_of(values: NDArray[np.float32], start_s: float, rate: float) -> Envelope:
    """A short stretch of samples, shape (sample, channel) in uV, as it is drawn."""
    step = max(1, -(-len(values) // MOST_DRAWN))
    low, high = binned(values, step)
    edges = np.append(np.arange(0, len(values), step), len(values))
    return Envelope(start_s + edges / rate, low, high)
