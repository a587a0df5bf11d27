"""The quick way to try several numbers of clusters.

One K-means for the largest number on a sample; its groups are put together for the smaller
numbers, and each result is refined, first on the sample and then on all voxels.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist
from sklearn.cluster import KMeans
from threadpoolctl import threadpool_limits

from pipelines.brainmap.clusters.kmeans import IN_MEMORY_VALUES, Clustering, fitted, grouped_by
from pipelines.brainmap.clusters.lloyd import Means, refine
from pipelines.brainmap.engines.engine import Engine, Local
from pipelines.brainmap.voxels.series import Floats, Series
from pipelines.brainmap.voxels.stored import AnySeries
from pipelines.core.progress import Report, part, silent

LEAST_SAMPLE, SAMPLE_SHARE = 10_000, 0.2
"""The quick way looks at this share of the voxels first, and at no fewer than this, as long as
they hold no more than `IN_MEMORY_VALUES`."""

RESTARTS, MOST_TRIED, TRIED_GROUPS = 20, 4, 80
"""The groups of the sample are themselves clustered so often for each K. The best outcomes are
tried on the sample: up to so many, and with so many groups in all."""

SAME_INERTIA = 1e-4
"""Outcomes whose inertias differ by no more than this share are taken for the same."""

FULL_PASSES = 3
"""Passes over all voxels."""


def sweep_quickly(
    series: Series, ks: Sequence[int], seed: int, report: Report = silent
) -> list[Clustering]:
    """`means_quickly`, with the group of every voxel.

    Args:
        series: (voxel, time).
        ks: ascending numbers of groups.
        seed: of the sample and the starts.
        report: told what happens.

    Raises:
        ValueError: as `means_quickly`.
    """
    found = means_quickly(series, ks, seed, report)
    return [grouped_by(means, series, Local()) for means in found]


def means_quickly(
    series: AnySeries,
    ks: Sequence[int],
    seed: int,
    report: Report = silent,
    engine: Engine | None = None,
) -> list[Means]:
    """One K-means for the largest k on a sample, merged down and refined for each k.

    Args:
        series: (voxel, time).
        ks: ascending numbers of groups.
        seed: of the sample and the starts.
        report: told what happens.
        engine: where the passes over all voxels are made; this machine by default.

    Raises:
        ValueError: of scikit-learn, for fewer voxels in the sample than the largest k; ask
            `choose_k.usable` before.
    """
    sample = series[quick_rows(series.shape, ks, seed)]
    report(0.0, f"Clustering {len(sample):,} of {len(series):,} voxels into {max(ks)} groups")
    starts = _ladder(sample, ks, seed, part(report, 0.1, 0.4))
    rest = part(report, 0.4, 1.0)
    return refine(engine or Local(), series, starts, FULL_PASSES, report=rest)


def quick_rows(shape: tuple[int, ...], ks: Sequence[int], seed: int) -> NDArray[np.intp]:
    """Rows of the voxels that the quick way looks at first.

    Args:
        shape: of the series (voxel, time).
        ks: numbers of groups; they do not change the sample.
        seed: of the sample.

    Returns:
        Indices of voxels (row,), ascending.
    """
    voxels, times = shape
    most = max(LEAST_SAMPLE, IN_MEMORY_VALUES // times) / voxels
    return sample_rows(voxels, seed, share=min(SAMPLE_SHARE, most))


def sample_rows(
    count: int, seed: int, *, share: float = SAMPLE_SHARE, least: int = LEAST_SAMPLE
) -> NDArray[np.intp]:
    """Rows of a random sample (row,), ascending.

    Args:
        count: of all rows.
        seed: of the sample.
        share: of all rows.
        least: rows that are taken however small the share is; all, if there are no more.
    """
    size = min(count, max(least, int(share * count)))
    return np.sort(np.random.default_rng(seed).choice(count, size, replace=False))


def merge_down(centroids: Floats, sizes: NDArray[np.int64], ks: Sequence[int]) -> dict[int, Floats]:
    """Merge groups pair by pair, the pair that raises the inertia least first.

    Args:
        centroids: (cluster, time).
        sizes: voxels per cluster (cluster,).
        ks: the numbers of groups to stop at, none above the number of centroids.

    Returns:
        The centroids of each k.

    References:
        Ward (1963), doi:10.1080/01621459.1963.10500845
    """
    centres, weight = centroids.copy(), np.maximum(sizes, 1).astype(np.float64)
    cost = _merging_costs(centres, weight, centres, weight)
    np.fill_diagonal(cost, np.inf)
    alive, found = np.ones(len(centres), bool), {}
    for count in range(len(centres), min(ks) - 1, -1):
        if count in ks:
            found[count] = centres[alive].copy()
        first, second = np.unravel_index(int(cost.argmin()), cost.shape)
        total = weight[first] + weight[second]
        centres[first] += (weight[second] / total) * (centres[second] - centres[first])
        weight[first], alive[second] = total, False
        row = _merging_costs(centres[[first]], weight[[first]], centres, weight)[0]
        row[~alive], row[first] = np.inf, np.inf
        cost[first], cost[:, first] = row, row
        cost[second], cost[:, second] = np.inf, np.inf
    return found


def _merging_costs(first: Floats, weight: Floats, second: Floats, other: Floats) -> Floats:
    """By how much the inertia grows if groups of these centroids and sizes are merged."""
    share = weight[:, None] * other / (weight[:, None] + other)
    return np.asarray(share * cdist(first, second, "sqeuclidean"))


def _ladder(sample: Series, ks: Sequence[int], seed: int, report: Report) -> list[Floats]:
    """Centroids for each k, found on a sample."""
    largest = max(ks)
    top = fitted(KMeans(largest, n_init=1, random_state=seed), sample)
    centroids = np.asarray(top.cluster_centers_, np.float64)
    sizes = np.bincount(top.labels_, minlength=largest).astype(np.int64)
    merged = merge_down(centroids, sizes, ks)
    found = []
    for done, k in enumerate(ks):
        report(done / len(ks), f"Refining {k} groups of {len(sample):,} voxels")
        starts = [merged[k], *_regrouped(centroids, sizes, k, seed)]
        tried = [_refined(sample, start) for start in starts]
        best = min(tried, key=lambda model: float(model.inertia_))
        found.append(np.asarray(best.cluster_centers_, np.float64))
    return found


def _regrouped(centroids: Floats, sizes: NDArray[np.int64], k: int, seed: int) -> list[Floats]:
    """The best few ways to put many small groups into k large ones, none for large k.

    Merging pair by pair is one way, and for few groups not always a good one. The small groups
    are few, so that K-means of them, weighted by their sizes, can be started many times.
    """
    wanted = min(MOST_TRIED, TRIED_GROUPS // k) if k < len(centroids) else 0
    if not wanted:
        return []
    weights = np.maximum(sizes, 1)
    with threadpool_limits(limits=1):
        models = [
            KMeans(k, n_init=1, random_state=random).fit(centroids, sample_weight=weights)
            for random in np.random.RandomState(seed).randint(0, 2**31, RESTARTS)
        ]
    found: list[KMeans] = []
    for model in sorted(models, key=lambda model: float(model.inertia_)):
        if not found or model.inertia_ > found[-1].inertia_ * (1 + SAME_INERTIA):
            found.append(model)
    return [np.asarray(model.cluster_centers_, np.float64) for model in found[:wanted]]


def _refined(sample: Series, start: Floats) -> KMeans:
    start = start.astype(sample.dtype)
    return fitted(KMeans(n_clusters=len(start), init=start, n_init=1), sample)
