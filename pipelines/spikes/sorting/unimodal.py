"""Whether two clusters of points form one hump or two."""

import numpy as np
from numpy.typing import NDArray

from pipelines.core.unimodal import Floats, dip

Labels = NDArray[np.intp]

CRITICAL_DIP = 0.6
"""95 of 100 samples of a normal distribution have a smaller dip, whatever their size."""

BALANCE = 3
"""Of a large cluster only this many times the smaller one's points, those nearest to it, are
looked at: otherwise a small hump beside a large one would go unnoticed."""

MOST_LOOKED_AT = 50_000
"""Points, evenly in time, that say which clusters are one. The dip grows with the root of their
number, so in days of signal the smallest dent would tear a cluster apart."""


def pair_dip(one: Floats, two: Floats) -> float:
    """The dip of two clusters along the line that tells them apart best.

    Args:
        one: points, shape (point, dimension), in units of noise.
        two: points of the other cluster.
    """
    within = (np.cov(one.T, bias=True) + np.cov(two.T, bias=True)) / 2
    # Half a unit of noise keeps the line sensible for clusters of few points.
    within = np.atleast_2d(within) + 0.5 * np.eye(one.shape[1])
    line = np.linalg.solve(within, two.mean(axis=0) - one.mean(axis=0))
    low, high = one @ line, two @ line
    most = BALANCE * min(len(low), len(high))
    return dip(np.concatenate([np.sort(low)[-most:], np.sort(high)[:most]]))


def join_unimodal(points: Floats, labels: Labels, limit: float = CRITICAL_DIP) -> Labels:
    """Join clusters, nearest first, while two of them make one hump together.

    Args:
        points: shape (point, dimension), in units of noise.
        labels: cluster of each point.
        limit: two clusters with a smaller dip are one.

    Returns:
        New labels, shape (point,); of joined clusters the smaller number remains.
    """
    step = max(1, -(-len(points) // MOST_LOOKED_AT))
    some, of_some = points[::step], labels[::step]
    members = {int(name): some[of_some == name] for name in np.unique(of_some)}
    names, places = np.unique(labels, return_inverse=True)
    apart: set[tuple[int, int]] = set()
    while (pair := _next_to_join(members, apart, limit)) is not None:
        kept, gone = pair
        names[names == gone] = kept
        members[kept] = np.concatenate([members[kept], members.pop(gone)])
        apart = {known for known in apart if not {kept, gone} & set(known)}
    return np.asarray(names[places])


def _next_to_join(
    members: dict[int, Floats], apart: set[tuple[int, int]], limit: float
) -> tuple[int, int] | None:
    names = list(members)
    centres = {name: members[name].mean(axis=0) for name in names}
    pairs = [(one, two) for place, one in enumerate(names) for two in names[place + 1 :]]
    pairs.sort(key=lambda pair: float(np.linalg.norm(centres[pair[0]] - centres[pair[1]])))
    for pair in pairs:
        if pair in apart:
            continue
        if pair_dip(members[pair[0]], members[pair[1]]) < limit:
            return pair
        apart.add(pair)
    return None
