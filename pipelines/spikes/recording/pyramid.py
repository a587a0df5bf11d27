"""Traces at any zoom: lowest and highest value of every few samples."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipelines.spikes.recording.timeline import Timeline

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
        edges_s: from where to where on the recording's clock, shape (bin + 1,).
        low: lowest value of each bin in uV, shape (bin, channel); nan in a gap.
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
    """Lowest and highest value of every `samples` rows; the last bin may have fewer.

    Args:
        values: in uV, shape (sample, channel).
        samples: of a bin.

    Returns:
        Lowest and highest, each of shape (bin, channel).
    """
    starts = np.arange(0, len(values), samples)
    low: NDArray[np.float32] = np.minimum.reduceat(values, starts, axis=0)
    high: NDArray[np.float32] = np.maximum.reduceat(values, starts, axis=0)
    return low, high


def bin_edges(timeline: Timeline, samples: int) -> NDArray[np.int64]:
    """Samples where the bins of the stored level begin, and where the last one ends.

    A bin ends where its segment does, so it may hold fewer than `samples`. Shape (bin + 1,).
    """
    parts = [
        np.arange(one.first_sample, one.stop_sample, samples, dtype=np.int64)
        for one in timeline.segments
    ]
    return np.concatenate([*parts, [timeline.n_samples]])


def read_envelope(
    file: Path,
    samples: int,
    timeline: Timeline,
    start_s: float,
    stop_s: float,
    channels: Sequence[int],
) -> Envelope | None:
    """A stretch from the stored level; none where it is too coarse for a picture.

    Args:
        file: array (2, bin, channel) of lowest and highest values in uV.
        samples: in a bin.
        timeline: of the recording.
        start_s: where the stretch begins.
        stop_s: where it ends.
        channels: positions of the channels.
    """
    stored = np.load(file, mmap_mode="r")
    edges = bin_edges(timeline, samples)[: stored.shape[1] + 1]
    ends = timeline.sample([start_s, stop_s])
    first = max(int(np.searchsorted(edges, ends[0], side="right")) - 1, 0)
    last = min(int(np.searchsorted(edges, ends[1], side="left")), len(edges) - 1)
    if last - first < MOST_DRAWN // 3:
        return None
    part = stored[:, first:last][:, :, list(channels)].astype(np.float32)
    return _reduced(part[0], part[1], edges[first : last + 1], timeline)


def envelope_of(values: NDArray[np.float32], first: int, timeline: Timeline) -> Envelope:
    """A short stretch of samples, shape (sample, channel) in uV, as it is drawn.

    Args:
        values: in uV.
        first: sample where they begin.
        timeline: of the recording.
    """
    return _reduced(values, values, np.arange(first, first + len(values) + 1), timeline)


def _reduced(
    low: NDArray[np.float32],
    high: NDArray[np.float32],
    edges: NDArray[np.int64],
    timeline: Timeline,
) -> Envelope:
    """So few bins that they can be drawn, none with samples of two segments; nan in gaps."""
    step = -(-len(low) // MOST_DRAWN)
    fresh = np.flatnonzero(np.diff(timeline.segment_of(edges[:-1]), prepend=-1))
    runs = pairwise([*fresh.tolist(), len(low)])
    starts = np.concatenate([np.arange(one, two, step) for one, two in runs])
    low = np.minimum.reduceat(low, starts, axis=0)
    high = np.maximum.reduceat(high, starts, axis=0)
    return _with_gaps(low, high, edges[np.append(starts, len(edges) - 1)], timeline)


def _with_gaps(
    low: NDArray[np.float32],
    high: NDArray[np.float32],
    edges: NDArray[np.int64],
    timeline: Timeline,
) -> Envelope:
    rate = timeline.segments[0].rate_hz
    starts = timeline.seconds(edges[:-1])
    stops = timeline.seconds(edges[1:] - 1) + 1 / rate
    gaps = np.flatnonzero(starts[1:] - stops[:-1] > 0.5 / rate) + 1
    return Envelope(
        np.insert(np.append(starts, stops[-1]), gaps, stops[gaps - 1]),
        np.insert(low, gaps, np.nan, axis=0),
        np.insert(high, gaps, np.nan, axis=0),
    )
