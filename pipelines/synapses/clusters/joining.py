"""Clusters that are torn apart but not separated are joined again.

A map tears a population into islands, and a mixture takes several components for one that
is bent or branches: a planted cluster on two branches of a dendrite came back as two. What
decides is the density in the features: the two clusters that are nearest (by mutual
reachability) are joined, then the next two, and of all these stages the one with the
highest DBCV is kept. If no stage separates anything (DBCV at most 0) the clusters stay as
they were found: they describe the data then, and `evidence` says what they are worth.

Source: Moulavi et al. (2014), DBCV, doi:10.1137/1.9781611973440.96; Hennig (2010), merging
of mixture components, doi:10.1007/s11634-010-0058-3.
"""

from collections.abc import Iterator
from itertools import combinations

import numpy as np
from hdbscan.validity import validity_index
from scipy.spatial.distance import cdist

from pipelines.synapses.table.arrays import Floats, Integers

NO_STRUCTURE = 0.0
"""DBCV of fewer than two clusters: no denser inside than between."""
MOST_ROWS = 1500
"""All pairs are compared; of more synapses every so many-th counts."""
NEIGHBORS = 10
"""The distance to the so many-th neighbour is how sparse it is around a synapse."""


def dbcv(points: Floats, labels: Integers) -> float:
    """Density-based cluster validity of points (n, d), from -1 to 1; noise counts against it.

    Args:
        points: scaled, as they were compared.
        labels: cluster of each (n,); -1 is noise.

    Returns:
        0 for fewer than two clusters, and where it is not defined.
    """
    if len(np.unique(labels[labels >= 0])) < 2:
        return NO_STRUCTURE
    # Points at the same place are infinitely dense; the index copes, numpy warns.
    with np.errstate(divide="ignore", invalid="ignore"):
        value = float(validity_index(np.ascontiguousarray(points, dtype=float), labels))
    return value if np.isfinite(value) else NO_STRUCTURE


def joined(features: Floats, labels: Integers, smallest: float = 0.0) -> Integers:
    """For each cluster (k,) the lowest cluster that it is joined with; itself if with none.

    Args:
        features: (n, d), in an order that does not depend on that of a file.
        labels: (n,) clusters from 0 to k - 1; -1 is noise.
        smallest: share of the synapses that a cluster has at least; those with fewer are
            joined with the nearest in any case.
    """
    count = int(labels.max(initial=-1)) + 1
    alone = np.arange(count)
    step = -(-len(labels) // MOST_ROWS)
    points, names = features[::step], labels[::step]
    if len(np.unique(names[names >= 0])) < max(count, 2):
        return alone
    separations = _separations(points, names)
    best = _without_tiny(names, separations, smallest)
    highest = max(NO_STRUCTURE, dbcv(points, np.where(names < 0, names, best[names])))
    for stage in _stages(separations, best):
        value = dbcv(points, np.where(names < 0, names, stage[names]))
        if value > highest:
            best, highest = stage, value
    return best


def _separations(points: Floats, labels: Integers) -> Floats:
    """Smallest mutual reachability (k, k) between the members of two clusters."""
    distance = cdist(points, points)
    core = np.partition(distance, min(NEIGHBORS, len(points) - 1), axis=1)
    sparse = core[:, min(NEIGHBORS, len(points) - 1)]
    reach = np.maximum(distance, np.maximum(sparse[:, np.newaxis], sparse))
    count = int(labels.max()) + 1
    found = np.full((count, count), np.inf)
    for one, other in combinations(range(count), 2):
        nearest = reach[np.ix_(labels == one, labels == other)].min()
        found[one, other] = found[other, one] = nearest
    return found


def _without_tiny(labels: Integers, separations: Floats, smallest: float) -> Integers:
    """Groups (k,) of clusters, those with too few members joined with the nearest."""
    groups = np.arange(len(separations))
    sizes = np.bincount(labels[labels >= 0], minlength=len(groups))
    while len(np.unique(groups)) > 1:
        held = np.bincount(groups, weights=sizes, minlength=len(groups))
        tiny = int(np.argmin(np.where(held > 0, held, np.inf)))
        if held[tiny] >= smallest * len(labels):
            break
        apart = np.where(groups == tiny, np.inf, separations[groups == tiny].min(axis=0))
        near = int(groups[int(np.argmin(apart))])
        groups = np.where(np.isin(groups, [tiny, near]), min(tiny, near), groups)
    return groups


def _stages(separations: Floats, groups: Integers) -> Iterator[Integers]:
    """Groups (k,) after each joining of the two nearest, down to two groups."""
    pairs = sorted(combinations(range(len(separations)), 2), key=lambda pair: separations[pair])
    for one, other in pairs:
        low, high = sorted((int(groups[one]), int(groups[other])))
        if low == high:
            continue
        groups = np.where(groups == high, low, groups)
        if len(np.unique(groups)) < 2:
            return
        yield groups
