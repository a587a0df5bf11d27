"""A cell has a spike once: of two spikes of a unit within the dead time the larger one is kept.

Detection already keeps to the dead time, but sorters that match templates take the same spike
twice now and then, and a unit that was merged by hand has every spike that both parts had.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from pipelines.spikes.parameters import SpikesParameters
from pipelines.spikes.recording.timeline import Timeline
from pipelines.spikes.signal.preprocess import BandPass, Floats
from pipelines.spikes.units.unit import Live, Unit

STRETCH_S = 2.0
"""Signal that is read at once to see which of two spikes is larger."""

Samples = NDArray[np.int64]
Labels = NDArray[np.intp]


def dead_samples(parameters: SpikesParameters, sampling_frequency: float) -> int:
    """The dead time in samples; two spikes of a unit are farther apart than that."""
    return max(1, round(parameters.dead_time_ms * sampling_frequency / 1000))


def repeats(samples: Samples, heights: NDArray[np.floating], dead: int) -> NDArray[np.bool_]:
    """Which spikes of one unit come within the dead time of a larger one that is kept.

    Args:
        samples: of the unit's spikes, in order of time and apart over gaps, shape (spike,).
        heights: of the same spikes, shape (spike,); of equal ones the first is kept.
        dead: the dead time in samples.

    Returns:
        Shape (spike,).
    """
    again = np.zeros(len(samples), bool)
    for run in _runs(samples, dead):
        order = run[np.argsort(-heights[run], kind="stable")]
        kept: list[int] = []
        for place in order.tolist():
            again[place] = any(abs(int(samples[place] - samples[one])) <= dead for one in kept)
            if not again[place]:
                kept.append(place)
    return again


def _runs(samples: Samples, dead: int) -> list[NDArray[np.intp]]:
    """Places of spikes that follow each other within the dead time; single ones are left out."""
    breaks = np.flatnonzero(np.diff(samples) > dead) + 1
    runs = np.split(np.arange(len(samples)), breaks)
    return [run for run in runs if len(run) > 1]


def each_once(
    signal: BandPass, live: Live, samples: Samples, labels: Labels, dead: int
) -> tuple[Labels, int]:
    """Take spikes that repeat another one out of their units.

    Args:
        signal: the filtered recording.
        live: the channels that were sorted.
        samples: of all spikes, in order of time, shape (spike,).
        labels: the unit of each, -1 for none, shape (spike,).
        dead: the dead time in samples.

    Returns:
        The labels, shape (spike,), -1 for spikes that repeat another one, and how many these are.
    """
    units = [np.flatnonzero(labels == unit) for unit in np.unique(labels[labels >= 0])]
    apart = signal.timeline.apart(samples)
    crowded = [own[np.concatenate(runs)] for own in units if (runs := _runs(apart[own], dead))]
    if not crowded:
        return labels, 0
    heights = np.zeros(len(samples), np.float32)
    near = np.sort(np.concatenate(crowded))
    heights[near] = _heights(signal, live, samples[near])
    found = [own[repeats(apart[own], heights[own], dead)] for own in units]
    once = labels.copy()
    once[np.concatenate(found)] = -1
    return once, sum(map(len, found))


def _heights(signal: BandPass, live: Live, samples: Samples) -> Floats:
    """How many noise levels the signal reaches at some samples, on its largest channel."""
    step = int(STRETCH_S * signal.sampling_frequency)
    parts = [np.empty(0, np.float32)]
    for here in np.split(samples, np.flatnonzero(np.diff(samples // step)) + 1):
        chunk = signal.read(live.channels, int(here[0]), int(here[-1]) + 1)
        parts.append((np.abs(chunk.traces[here - chunk.first]) / live.noise).max(axis=1))
    return np.concatenate(parts).astype(np.float32)


def once(unit: Unit, timeline: Timeline, dead: int) -> Unit:
    """A unit of an earlier sorting without spikes that repeat another one; its mean stays."""
    kept = ~repeats(timeline.apart(unit.sample_index), unit.heights, dead)
    return replace(unit, sample_index=unit.sample_index[kept], heights=unit.heights[kept])


def in_words(counts: Sequence[int], parameters: SpikesParameters) -> list[str]:
    """What a person has to know about spikes that were found more than once."""
    n = sum(counts)
    if not n:
        return []
    spikes = "1 spike was" if n == 1 else f"{n:,} spikes were"
    return [
        f"{spikes} found twice by a sorter, within {parameters.dead_time_ms:g} ms in one unit: "
        "the larger peak is kept."
    ]
