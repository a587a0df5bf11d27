"""Whether data fall into groups with a gap between them, wider than one population shows.

The data are described by two to six Gaussians, as many as the Bayesian information criterion
asks for. Of two Gaussians the gap is the dip of their rows along the line that tells them apart
best; neighbours whose gap is smallest are joined first, and the gap at which the last two groups
join is the statistic. A population that is bent, skewed or has long tails takes several Gaussians
too, but has no gap between them. Where there is one, the same is done, with as many Gaussians, to
samples of the nearest population without clusters (`surrogates.OnePopulation`).

Source: Hartigan and Hartigan (1985), the dip, doi:10.1214/aos/1176346577; Fraley and Raftery
(2002), doi:10.1198/016214502760047131; Hennig (2010), joining the components of a mixture by
their dip, doi:10.1007/s11634-010-0058-3; Biernacki et al. (2003), short runs,
doi:10.1016/S0167-9473(02)00163-9; Davison and Hinkley (1997), Monte Carlo tests.
"""

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture

from pipelines.core.progress import Report
from pipelines.core.unimodal import dip
from pipelines.synapses.clusters.surrogates import OnePopulation, spread_ties
from pipelines.synapses.table.arrays import Floats, Integers

MOST_GAUSSIANS = 6
STARTS = 10
"""With five, one fit in twenty of two groups five standard deviations apart misses them."""
SHORT = 10
"""Steps of each start."""
REGULARIZATION = 1e-4
SMALLEST_SHARE = 0.05
FEWEST_ROWS = 40
"""With fewer, Gaussians in five dimensions describe noise, and a dip says nothing."""
BALANCE = 3
"""Of a large group only this many times the smaller one's rows, those nearest to it, count."""
LEAST_GAP = 1.2
"""99 of 100 samples of a flat density, which dips most of all with one hump, have a smaller dip."""


@dataclass(frozen=True)
class GapTest:
    """What a comparison with chance data found.

    Attributes:
        gap: the widest gap between two groups of the data, 0 where there is none.
        p: share of all sets, with the data itself, whose gap is as wide; 1 where the gap is less
            than `LEAST_GAP`; none where nothing could be compared.
        null_gaps: of each set of chance data; none are drawn for a gap below `LEAST_GAP`.
        groups: of each row (n,), after joining all that no gap of at least `LEAST_GAP` parts.
    """

    gap: float
    p: float | None
    null_gaps: tuple[float, ...]
    groups: Integers

    @property
    def n_groups(self) -> int:
        """How many groups have a gap between them."""
        return len(np.unique(self.groups))


def compare(features: Floats, surrogates: int, seed: int, report: Report) -> GapTest:
    """Look for groups in features (n, d), and for as wide a gap in chance data.

    Args:
        features: in an order that does not depend on that of a file.
        surrogates: sets of chance data.
        seed: all random numbers follow from it.
        report: progress.
    """
    random = np.random.default_rng(seed)
    varied = features[:, np.ptp(features, axis=0) > 0]
    one_group = np.zeros(len(features), dtype=np.int64)
    if len(features) < FEWEST_ROWS or not varied.shape[1]:
        return GapTest(0.0, None, (), one_group)
    spread = spread_ties(varied, random)
    points = _whitened(spread)
    count, labels = _described(points, seed)
    gap, groups = _joined(points, labels)
    if gap < LEAST_GAP:
        return GapTest(round(gap, 4), 1.0, (), groups)
    population = OnePopulation.like(spread)
    null = tuple(_null(population, count, surrogates, seed, random, report))
    wider = sum(one >= round(gap, 4) for one in null)
    return GapTest(round(gap, 4), (1 + wider) / (1 + len(null)), null, groups)


def _null(
    population: OnePopulation,
    count: int,
    surrogates: int,
    seed: int,
    random: np.random.Generator,
    report: Report,
) -> Iterator[float]:
    for i in range(surrogates):
        report(i / surrogates, f"Looking for gaps in chance data, {i + 1} of {surrogates}")
        points = _whitened(population.sample(random))
        gap, _ = _joined(points, _fit(points, count, seed).predict(points))
        yield round(gap, 4)


def _whitened(values: Floats) -> Floats:
    """Values (n, d) turned and scaled so that every direction varies by 1.

    Gaussians fit as well either way; but the k-means that they start from finds two groups that
    are apart in a direction that varies little.
    """
    turned, lengths, _ = np.linalg.svd(values - values.mean(axis=0), full_matrices=False)
    points: Floats = turned[:, lengths > 1e-6 * lengths[0]] * np.sqrt(len(values))
    return points


def _described(points: Floats, seed: int) -> tuple[int, Integers]:
    """As many Gaussians as the criterion asks for, and the one that each point belongs to."""
    most = max(2, min(MOST_GAUSSIANS, len(points) // (4 * points.shape[1])))
    models = [_fit(points, count, seed) for count in range(2, most + 1)]
    best = min(models, key=lambda model: float(model.bic(points)))
    return int(best.n_components), np.asarray(best.predict(points))


def _fit(points: Floats, count: int, seed: int) -> GaussianMixture:
    """Many short runs of expectation maximisation, the best of which is carried on."""
    same = {"n_components": count, "reg_covar": REGULARIZATION, "random_state": seed}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # the short runs are to stop early
        short = GaussianMixture(n_init=STARTS, max_iter=SHORT, tol=0.01, **same).fit(points)
        model = GaussianMixture(
            weights_init=short.weights_,
            means_init=short.means_,
            precisions_init=short.precisions_,
            **same,
        )
        return model.fit(points)


def _joined(points: Floats, labels: Integers) -> tuple[float, Integers]:
    """The gap at which the last two groups join, and the groups that a gap parts."""
    members = _large(points, labels)
    gaps = {
        (one, other): _gap(points[members == one], points[members == other])
        for one, other in combinations(np.unique(members), 2)
    }
    groups, last = members.copy(), 0.0
    stage = members
    for (one, other), gap in sorted(gaps.items(), key=lambda item: item[1]):
        kept, gone = (int(stage[members == name][0]) for name in (one, other))
        if kept == gone:
            continue
        stage, last = np.where(stage == gone, kept, stage), gap
        if gap < LEAST_GAP:
            groups = stage
    return last, np.unique(groups, return_inverse=True)[1]


def _large(points: Floats, labels: Integers) -> Integers:
    """Labels with the points of tiny Gaussians given to the nearest centre of a larger one."""
    names, counts = np.unique(labels, return_counts=True)
    large = names[counts >= SMALLEST_SHARE * len(points)]
    centres = np.array([points[labels == name].mean(axis=0) for name in large])
    lost = ~np.isin(labels, large)
    apart = np.linalg.norm(points[lost, np.newaxis] - centres, axis=2)
    found = labels.copy()
    found[lost] = large[apart.argmin(axis=1)]
    return found


def _gap(one: Floats, other: Floats) -> float:
    """The dip of two groups of points along the line that tells them apart best."""
    within = len(one) * np.cov(one.T, bias=True) + len(other) * np.cov(other.T, bias=True)
    within = np.atleast_2d(within) / (len(one) + len(other))
    within += 10 * REGULARIZATION * np.eye(len(within))
    line = np.linalg.solve(within, other.mean(axis=0) - one.mean(axis=0))
    low, high = np.sort(one @ line), np.sort(other @ line)
    most = BALANCE * min(len(low), len(high))
    return dip(np.concatenate([low[-most:], high[:most]]))
