"""Spikes of two units in one feature space, and which spikes no other cell lies over."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from pipelines.spikes.signal.preprocess import BandPass
from pipelines.spikes.signal.spike_waveforms import unit_waveforms
from pipelines.spikes.sorting.features import principal_components
from pipelines.spikes.units.sorting import FinishedSorting
from pipelines.spikes.units.waveforms import MOST_LAG

Floats = NDArray[np.float64]
Places = NDArray[np.int64]

N_COMPONENTS = 5
MOST_SPIKES = 2_000
"""Of a unit, evenly in time."""
OVER_MS = 1.0
"""Spikes of two cells that are nearer lie over each other."""
SEEN = 0.2
"""Of a unit's height: from this on another unit disturbs its waveforms."""


@dataclass(frozen=True)
class Overlaps:
    """Which spikes of a sorting lie alone.

    Attributes:
        sorting: whose spikes.
    """

    sorting: FinishedSorting

    @cached_property
    def heights(self) -> Floats:
        """Of every unit on every channel in uV, shape (unit, channel)."""
        found: Floats = np.nan_to_num(np.abs(self.sorting.mean).max(axis=1)).astype(np.float64)
        return found

    @cached_property
    def rows(self) -> NDArray[np.intp]:
        """The row of the unit of every spike, shape (spike,)."""
        units = self.sorting.units["unit_id"].to_numpy()
        order = np.argsort(units, kind="stable")
        return np.asarray(order[np.searchsorted(units[order], self.sorting.unit_id)], np.intp)

    def alone(self, places: Places, units: tuple[int, ...]) -> NDArray[np.bool_]:
        """Whether no spike of a unit that is seen on the same channels lies over each.

        Args:
            places: of spikes in the sorting, in order of time, shape (spike,).
            units: whose they are; these do not disturb each other.
        """
        own = [self.sorting.row_of(unit) for unit in units]
        largest = self.heights[own].max(axis=0)
        shared = np.minimum(self.heights, largest)
        disturbing = shared.max(axis=1) > SEEN * largest.max()
        disturbing[own] = False
        others = self.sorting.sample_index[disturbing[self.rows]]
        samples = self.sorting.sample_index[places]
        reach = round(OVER_MS * self.sorting.sampling_frequency / 1000)
        first = np.searchsorted(others, samples - reach, side="left")
        last = np.searchsorted(others, samples + reach, side="right")
        return np.asarray(last == first)


def joint_clouds(
    sorting: FinishedSorting,
    signal: BandPass,
    noise: NDArray[np.float32],
    pair: tuple[int, int],
    overlaps: Overlaps,
) -> tuple[Floats, Floats]:
    """Spikes of two units on their common principal components, in units of noise.

    The second unit is shifted so that both mean waveforms lie over each other.

    Args:
        sorting: whose units.
        signal: its recording, filtered.
        noise: of every channel in uV, shape (channel,).
        pair: the units.
        overlaps: of the sorting.

    Returns:
        Shapes (spike of the first, component) and (spike of the second, component).
    """
    one, two = pair
    shapes = [sorting.shape_of(unit) for unit in pair]
    samples = sorting.sample_index.copy()
    samples[sorting.unit_id == two] += best_lag(*shapes)
    places = np.concatenate([_some(sorting, unit, pair, overlaps) for unit in pair])
    places = places[np.argsort(samples[places], kind="stable")]
    larger = shapes[int((sorting.unit_id == two).sum() > (sorting.unit_id == one).sum())]
    moved = replace(sorting, sample_index=samples)
    found = unit_waveforms(moved, signal, {0: places}, {0: larger}, lambda *_: None, noise)
    _, waves = next(found)
    points = principal_components(waves.values / waves.noise, N_COMPONENTS)
    first = sorting.unit_id[waves.spikes] == one
    return points[first], points[~first]


def _some(sorting: FinishedSorting, unit: int, pair: tuple[int, int], overlaps: Overlaps) -> Places:
    """Places of a unit's spikes, evenly in time: those that lie alone, or all if most do not."""
    own = np.flatnonzero(sorting.unit_id == unit)
    alone = own[overlaps.alone(own, pair)]
    kept = alone if len(alone) >= len(own) / 2 else own
    return kept[:: max(1, -(-len(kept) // MOST_SPIKES))]


def best_lag(one: NDArray[np.float32], two: NDArray[np.float32]) -> int:
    """By how many samples the waveform `two` lies later than `one`, shapes (sample, channel)."""
    a, b = np.nan_to_num(one).astype(np.float64), np.nan_to_num(two).astype(np.float64)
    best, found = -np.inf, 0
    for lag in sorted(range(-MOST_LAG, MOST_LAG + 1), key=abs):
        n = len(a) - abs(lag)
        x, y = a[max(-lag, 0) :][:n], b[max(lag, 0) :][:n]
        cosine = float((x * y).sum() / max(np.linalg.norm(x) * np.linalg.norm(y), 1e-12))
        if cosine > best + 1e-9:
            best, found = cosine, lag
    return found
