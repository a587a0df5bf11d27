"""One unit over the time of a recording, and what a stretch of signal is. Needs numpy only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

N_STRETCHES = 40
MOST_DRAWN = 5_000
LONGEST_STRETCH_S = 5.0


@dataclass(frozen=True)
class OverTime:
    """A unit in time.

    Attributes:
        seconds: of its drawn spikes, shape (spike,).
        heights_uv: of the same.
        edges_s: of the stretches, shape (stretch + 1,).
        rate_hz: in each stretch.
        median_uv: height in each stretch, nan without a spike.
    """

    seconds: NDArray[np.float64]
    heights_uv: NDArray[np.float32]
    edges_s: NDArray[np.float64]
    rate_hz: NDArray[np.float64]
    median_uv: NDArray[np.float64]


def over_time(
    samples: NDArray[np.int64],
    heights_uv: NDArray[np.float32],
    sampling_frequency: float,
    duration_s: float,
) -> OverTime:
    """Rate and height of a unit in 40 stretches; every n-th spike is kept to be drawn.

    Args:
        samples: of its spikes, in order of time.
        heights_uv: of the same.
        sampling_frequency: samples per second.
        duration_s: length of the recording.
    """
    seconds = samples / sampling_frequency
    edges = np.linspace(0.0, duration_s, N_STRETCHES + 1)
    counts, _ = np.histogram(seconds, edges)
    place = np.searchsorted(seconds, edges)
    place[-1] = len(seconds)
    medians = [
        float(np.median(heights_uv[first:last])) if last > first else np.nan
        for first, last in pairwise(place)
    ]
    step = max(1, len(seconds) // MOST_DRAWN)
    rates = counts / np.diff(edges)
    return OverTime(seconds[::step], heights_uv[::step], edges, rates, np.array(medians))


@dataclass(frozen=True)
class Stretch:
    """A stretch of filtered signal with the spikes in it.

    Attributes:
        seconds: time of each sample, shape (sample,).
        traces_uv: shape (sample, channel).
        channels: names.
        spikes: by unit, the positions of its peaks in `seconds`, and its channel's position.
    """

    seconds: NDArray[np.float64]
    traces_uv: NDArray[np.float32]
    channels: Sequence[str]
    spikes: Mapping[int, tuple[NDArray[np.intp], int]]
