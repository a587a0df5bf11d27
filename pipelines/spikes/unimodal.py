"""Whether numbers, or two clusters of points, form one hump or two.

The shape of the best unimodal density is found by isotonic regression, as in ISO-SPLIT
(Magland & Barnett 2015, arXiv:1508.04841).
"""

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression

Floats = NDArray[np.float64]
Labels = NDArray[np.intp]

CRITICAL_DIP = 0.6
"""95 of 100 samples of a normal distribution have a smaller dip, whatever their size."""

BALANCE = 3
"""Of a large cluster only this many times the smaller one's points, those nearest to it, are
looked at: otherwise a small hump beside a large one would go unnoticed."""

MOST_LOOKED_AT = 50_000
"""Points, evenly in time, that say which clusters are one. The dip grows with the root of their
number, so in days of signal the smallest dent would tear a cluster apart."""


def dip(values: Floats) -> float:
    """How far numbers are from having one hump.

    It is the largest distance between their cumulative distribution and that of the best
    density that first rises and then falls, times the root of their number.
    """
    ordered = np.sort(values)
    n_bins = min(len(ordered) - 1, max(10, int(2 * np.sqrt(len(ordered)))))
    ranks = np.linspace(0, len(ordered) - 1, n_bins + 1).astype(int)
    widths = np.maximum(np.diff(ordered[ranks]), 1e-9)
    counts = np.diff(ranks).astype(float)
    fitted = _rise_and_fall(counts / widths, widths) * widths
    gap = np.cumsum(counts) / counts.sum() - np.cumsum(fitted) / fitted.sum()
    return float(np.abs(gap).max() * np.sqrt(len(ordered)))


def _rise_and_fall(density: Floats, weights: Floats) -> Floats:
    """The unimodal sequence nearest to a density by weighted least squares."""
    before = _rising_errors(density, weights)
    after = _rising_errors(density[::-1], weights[::-1])[::-1]
    top = int(np.argmin(before + np.append(after[1:], 0.0))) + 1
    rise = isotonic_regression(density[:top], weights=weights[:top]).x
    if top == len(density):
        return np.asarray(rise)
    fall = isotonic_regression(density[top:], weights=weights[top:], increasing=False).x
    return np.concatenate([rise, fall])


def _rising_errors(values: Floats, weights: Floats) -> Floats:
    """The squared error of the best rising fit to the first 1, 2, ... values.

    One pass of pool-adjacent-violators: a block is (mean, weight, sum of squares).
    """
    blocks: list[tuple[float, float, float]] = []
    errors = np.empty(len(values))
    total = 0.0
    for index, (mean, weight) in enumerate(zip(values, weights, strict=True)):
        squares = weight * mean**2
        while blocks and blocks[-1][0] >= mean:
            other, other_weight, other_squares = blocks.pop()
            total -= other_squares - other_weight * other**2
            mean = (mean * weight + other * other_weight) / (weight + other_weight)
            weight += other_weight
            squares += other_squares
        blocks.append((mean, weight, squares))
        total += squares - weight * mean**2
        errors[index] = total
    return errors


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
