"""Two clusterings of the same things: which clusters are the same, and how far they agree.

Sources: Hubert and Arabie (1985), doi:10.1007/BF01908075 (adjusted Rand index); Vinh, Epps and
Bailey (2010), JMLR 11, 2837 (adjusted mutual information).
"""

from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

DEVIATIONS = 12.0
"""Beyond so many standard deviations a count by chance adds nothing that a float can hold."""

NOTHING = 1e-12
"""Information in nats that is only rounding."""
Counts = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Shared:
    """The clusters of two clusterings on the rows, or voxels, that both have.

    Attributes:
        one: (k,) numbers of the clusters of the first one, ascending; -1 is noise.
        two: (m,) those of the second.
        counts: (k, m) rows that are in the one cluster of the first and the other of the second.
        only_one: rows that the second one does not have.
        only_two: rows that the first one does not have.
    """

    one: Counts
    two: Counts
    counts: Counts
    only_one: int
    only_two: int

    @property
    def clustered(self) -> Counts:
        """(k, m) the counts without noise, of rows that are in a cluster of both."""
        return self.counts[np.ix_(self.one >= 0, self.two >= 0)]

    def matches(self) -> dict[int, int]:
        """The cluster of the second one for each of the first, by shared rows from most down.

        No cluster is taken twice, and noise is none; what shares no row has no match.
        """
        found: dict[int, int] = {}
        taken: set[int] = set()
        for place in np.argsort(-self.counts, axis=None, kind="stable").tolist():
            k, m = divmod(place, len(self.two))
            a, b = int(self.one[k]), int(self.two[m])
            if self.counts[k, m] and a >= 0 and b >= 0 and a not in found and b not in taken:
                found[a] = b
                taken.add(b)
        return found


def counted_together(one: Counts, two: Counts, only_one: int = 0, only_two: int = 0) -> Shared:
    """Compare two clusterings of the same things.

    Args:
        one: the cluster of each thing in the first, one per row; -1 is noise.
        two: the same in the second.
        only_one: how many more things the first has.
        only_two: how many more the second has.
    """
    names_one, k = np.unique(one, return_inverse=True)
    names_two, m = np.unique(two, return_inverse=True)
    flat = np.bincount(k * max(len(names_two), 1) + m, minlength=len(names_one) * len(names_two))
    counts = flat.reshape(len(names_one), len(names_two)).astype(np.int64)
    return Shared(names_one, names_two, counts, only_one, only_two)


def adjusted_rand(counts: Counts) -> float:
    """Adjusted Rand index of a table of counts (k, m): 1 is the same, about 0 is chance."""
    n = int(counts.sum())
    together, one, two = (_pairs(part) for part in (counts, counts.sum(axis=1), counts.sum(axis=0)))
    by_chance = one * two / _pairs(np.array([n])) if n > 1 else 0.0
    most = (one + two) / 2
    return 1.0 if most == by_chance else (together - by_chance) / (most - by_chance)


def _pairs(counts: Counts) -> float:
    return float((counts * (counts - 1.0)).sum() / 2)


def adjusted_information(counts: Counts) -> float:
    """Adjusted mutual information of a table of counts (k, m): 1 is the same, about 0 is chance."""
    one, two = (part[part > 0] for part in (counts.sum(axis=1), counts.sum(axis=0)))
    if len(one) <= 1 and len(two) <= 1:
        return 1.0
    n = int(counts.sum())
    shares = counts[counts > 0] / n
    expected = np.outer(counts.sum(axis=1), counts.sum(axis=0))[counts > 0] / n**2
    found = float((shares * np.log(shares / expected)).sum())
    by_chance = _information_by_chance(one, two)
    most = (_entropy(one / n) + _entropy(two / n)) / 2
    apart = most - by_chance
    # Each row alone in both: the same, though chance would do as well.
    return (found - by_chance) / apart if apart > NOTHING else 1.0


def _entropy(shares: Floats) -> float:
    return float(-(shares * np.log(shares)).sum())


def _information_by_chance(one: Counts, two: Counts) -> float:
    """Expected mutual information of clusters of these sizes (k,) and (m,), drawn at random."""
    n = int(one.sum())
    logs = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, n + 1)))])
    total = 0.0
    for a in one.tolist():
        for b in two.tolist():
            middle = a * b / n
            spread = sqrt(middle * (n - a) * (n - b) / (n * max(n - 1, 1)))
            low = max(1, a + b - n, int(middle - DEVIATIONS * spread) - 1)
            high = min(a, b, int(middle + DEVIATIONS * spread) + 2)
            cell = np.arange(low, high + 1)
            chance = logs[a] + logs[b] + logs[n - a] + logs[n - b] - logs[n] - logs[cell]
            chance = chance - logs[a - cell] - logs[b - cell] - logs[n - a - b + cell]
            total += float((cell / n * np.log(n * cell / (a * b)) * np.exp(chance)).sum())
    return total
