"""Spikes that a person drew a line around in a group's cloud: whose they are, how they look.

`signal.spike_waveforms` reads their waveforms from the recording.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines.core.polygon import in_polygon
from pipelines.spikes.units.clouds import Cloud
from pipelines.spikes.units.sorting import FinishedSorting

Places = NDArray[np.int64]
Floats = NDArray[np.float32]
Outline = tuple[Sequence[float], Sequence[float]]
MOST_READ = 100
"""How many waveforms of chosen spikes are read, and how many of the others."""


@dataclass(frozen=True)
class Chosen:
    """What lies inside a line.

    Attributes:
        places: by unit, the one with most spikes in it first: places in the
            sorting, shape (spike,).
        loose: spikes that belong to no unit.
    """

    places: Mapping[int, Places]
    loose: int


@dataclass(frozen=True)
class Beside:
    """Some spikes of a unit beside its other ones.

    Attributes:
        ms: time of each sample relative to the peak, shape (sample,).
        channels: names.
        inside: single waveforms in uV of chosen spikes, shape (spike, sample, channel).
        outside: the same of the others.
    """

    ms: NDArray[np.float64]
    channels: Sequence[str]
    inside: Floats
    outside: Floats


def choose(
    sorting: FinishedSorting,
    group: int,
    cloud: Cloud,
    axes: tuple[int, int],
    outline: Outline,
) -> Chosen:
    """The spikes of a group inside a line that was drawn in its cloud.

    Args:
        sorting: the group's.
        group: its number.
        cloud: its spikes.
        axes: which components the line was drawn on, from 0.
        outline: where the corners of the line are on the first and the second of them.
    """
    x, y = (cloud.points[:, axis].astype(np.float64) for axis in axes)
    inside = in_polygon(x, y, *outline)
    units = units_of_clusters(sorting, group)
    found = {
        unit: _places(sorting, unit, cloud.sample_index[inside & (cloud.labels == cluster)])
        for cluster, unit in units.items()
    }
    order = sorted((unit for unit in found if len(found[unit])), key=lambda unit: -len(found[unit]))
    loose = int(inside.sum()) - sum(map(len, found.values()))
    return Chosen({unit: found[unit] for unit in order}, loose)


def units_of_clusters(sorting: FinishedSorting, group: int) -> dict[int, int]:
    """The units of a group by the number of their cluster."""
    rows = sorting.units[sorting.units["group"] == group]
    return dict(zip(rows["cluster"].astype(int), rows["unit_id"].astype(int), strict=True))


def _places(sorting: FinishedSorting, unit: int, samples: NDArray[np.int64]) -> Places:
    own = np.flatnonzero(sorting.unit_id == unit)
    found: Places = own[np.isin(sorting.sample_index[own], samples)]
    return found
