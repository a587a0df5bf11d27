"""Which channels are sorted together."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse.csgraph import connected_components

MOST_CHANNELS = 8
"""Larger groups are cut: one feature space can only hold so many units apart."""

Channels = NDArray[np.intp]


@dataclass(frozen=True)
class Group:
    """Channels that see the same cells.

    Attributes:
        number: from 0.
        channels: positions in the recording, shape (channel,), of the channels whose spikes belong
            to this group.
        neighbours: positions of channels of other groups within the radius. They take part in
            detection and features, so that a spike at the border is found in one group only.
    """

    number: int
    channels: Channels
    neighbours: Channels

    @property
    def view(self) -> Channels:
        """All channels that are looked at, shape (channel,), the group's own first."""
        return np.concatenate([self.channels, self.neighbours])


def channel_groups(locations: NDArray[np.float64], radius_um: float) -> list[Group]:
    """Sort channels into groups of at most 8.

    Channels that are connected by steps of at most the radius form a group. A longer row of
    channels is cut, along its longest side, into parts of equal size.

    Args:
        locations: of the channels in um, shape (channel, dimension).
        radius_um: the longest step.
    """
    near = _near(locations, radius_um)
    parts: list[Channels] = []
    for component in connected(locations, radius_um):
        parts += _cut(component, locations)
    return [Group(number, part, _around(part, near)) for number, part in enumerate(parts)]


def connected(locations: NDArray[np.float64], radius_um: float) -> list[Channels]:
    """Channels that are connected by steps of at most the radius, however many.

    Args:
        locations: of the channels in um, shape (channel, dimension).
        radius_um: the longest step.
    """
    count, component = connected_components(_near(locations, radius_um), directed=False)
    return [np.flatnonzero(component == number) for number in range(count)]


def _near(locations: NDArray[np.float64], radius_um: float) -> NDArray[np.bool_]:
    distance = np.linalg.norm(locations[:, None] - locations[None], axis=2)
    return np.asarray(distance <= radius_um)


def _cut(channels: Channels, locations: NDArray[np.float64]) -> list[Channels]:
    own = locations[channels]
    longest = np.ptp(own, axis=0).argmax()
    along = channels[np.argsort(own[:, longest], kind="stable")]
    parts = np.array_split(along, -(-len(along) // MOST_CHANNELS))
    return [np.sort(part) for part in parts]


def _around(channels: Channels, near: NDArray[np.bool_]) -> Channels:
    seen: NDArray[np.bool_] = np.any(near[channels], axis=0)
    seen[channels] = False
    return np.flatnonzero(seen)
