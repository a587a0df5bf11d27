"""One unit over the time of a recording, and what a stretch of signal is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from pipelines.spikes.recording.timeline import Timeline

N_STRETCHES = 40
MOST_DRAWN = 5_000
LONGEST_STRETCH_S = 5.0
LEAST_SHARE = 1e-6
"""Of a stretch that was recorded: below is rounding, and there is no rate."""


@dataclass(frozen=True)
class OverTime:
    """A unit in time.

    Attributes:
        seconds: of its drawn spikes, shape (spike,).
        heights_uv: of the same.
        edges_s: of the stretches, shape (stretch + 1,).
        rate_hz: in each stretch, nan where nothing was recorded.
        median_uv: height in each stretch, nan without a spike.
    """

    seconds: NDArray[np.float64]
    heights_uv: NDArray[np.float32]
    edges_s: NDArray[np.float64]
    rate_hz: NDArray[np.float64]
    median_uv: NDArray[np.float64]


def over_time(
    samples: NDArray[np.int64], heights_uv: NDArray[np.float32], timeline: Timeline
) -> OverTime:
    """Rate and height of a unit in about 40 stretches; every n-th spike is kept to be drawn.

    Args:
        samples: of its spikes, in order of time, shape (spike,).
        heights_uv: of the same.
        timeline: of the recording; a gap is a stretch of its own.
    """
    seconds = timeline.seconds(samples)
    edges = _edges(timeline)
    counts, _ = np.histogram(seconds, edges)
    place = np.searchsorted(seconds, edges)
    place[-1] = len(seconds)
    medians = [
        float(np.median(heights_uv[first:last])) if last > first else np.nan
        for first, last in pairwise(place)
    ]
    step = max(1, len(seconds) // MOST_DRAWN)
    recorded = np.diff(_recorded_until(timeline, edges))
    some = recorded > LEAST_SHARE * np.diff(edges)
    rates = np.where(some, counts / np.where(some, recorded, 1.0), np.nan)
    return OverTime(seconds[::step], heights_uv[::step], edges, rates, np.array(medians))


def _edges(timeline: Timeline) -> NDArray[np.float64]:
    """Edges of stretches, at those of segments too as long as these are few."""
    if len(timeline.segments) > N_STRETCHES:
        return np.linspace(timeline.start_s, timeline.stop_s, N_STRETCHES + 1)
    share = N_STRETCHES / timeline.recorded_s
    parts = [
        np.linspace(start, stop, max(1, round((stop - start) * share)) + 1)
        for start, stop in timeline.intervals_s
    ]
    return np.unique(np.round(np.concatenate(parts), 9))


def _recorded_until(timeline: Timeline, times: NDArray[np.float64]) -> NDArray[np.float64]:
    """How much was recorded before each time."""
    starts, stops = np.array(timeline.intervals_s).T
    return np.asarray(np.clip(times[:, None] - starts, 0, stops - starts).sum(axis=1))


@dataclass(frozen=True)
class Stretch:
    """A stretch of filtered signal with the spikes in it.

    Attributes:
        seconds: time of each sample on the recording's clock, shape (sample,).
        traces_uv: shape (sample, channel).
        channels: names.
        spikes: by unit, the positions of its peaks in `seconds`, and its channel's position.
    """

    seconds: NDArray[np.float64]
    traces_uv: NDArray[np.float32]
    channels: Sequence[str]
    spikes: Mapping[int, tuple[NDArray[np.intp], int]]
