"""Trying several numbers of clusters, and the evidence for each.

No single curve knows the true number. The suggestion is where the errors stop to fall steeply;
stability, information criterion and held-out errors stand beside it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import adjusted_rand_score

from pipelines.brainmap.clusters.kmeans import Clustering, assign, cluster, mean_series
from pipelines.brainmap.clusters.quick import quick_rows, sample_rows, sweep_quickly
from pipelines.brainmap.engines.engine import Engine
from pipelines.brainmap.parameters import BrainmapParameters
from pipelines.brainmap.voxels.series import Floats, Series
from pipelines.brainmap.voxels.stored import AnySeries
from pipelines.core.progress import Report, silent

MOST_EVIDENCE = 20_000
"""Stability and held-out errors are measured on no more voxels than this."""

STABILITY_SEEDS = 4
TILE = 8
"""Side in pixels of the squares that are held out together: neighbours resemble each other."""

Positions = NDArray[np.intp]
"""(voxel, 3): plane, y, x."""


@dataclass(frozen=True)
class HeldOut:
    """Errors on what was not used to find the clusters, one value per K: (K,).

    Attributes:
        train: sum of the distances of the voxels to the nearest centroid at the time points that
            the centroids come from, in the unit of the series.
        test: the same at the other time points, to the nearest of the same centroids.
        crossvalidated: mean squared error of held-out voxels at held-out time points, in that
            unit squared.
    """

    train: Floats
    test: Floats
    crossvalidated: Floats


def usable(series: AnySeries, ks: Sequence[int], seed: int = 0) -> list[int]:
    """Those of `ks` for which there are enough different series; never none of them.

    Args:
        series: (voxel, time), of which the rows of `quick_rows` are looked at.
        ks: numbers of groups.
        seed: of these rows.
    """
    different = len(np.unique(series[quick_rows(series.shape, ks, seed)], axis=0))
    return [k for k in ks if k <= different] or [min(ks)]


def sweep_exactly(
    series: AnySeries,
    ks: Sequence[int],
    n_init: int,
    seed: int,
    report: Report = silent,
    engine: Engine | None = None,
) -> Iterator[Clustering]:
    """K-means with restarts for each k, one after the other.

    Args:
        series: (voxel, time).
        ks: numbers of groups, in the order of the answers.
        n_init: restarts for each k.
        seed: of the starts.
        report: told which k is tried.
        engine: as `kmeans.cluster`.

    Raises:
        ParameterError: as `kmeans.cluster`.
    """
    for done, k in enumerate(ks):
        report(done / len(ks), f"Clustering {len(series):,} voxels into {k} groups")
        yield cluster(series, k, n_init=n_init, seed=seed, engine=engine)


def by_means(
    series: AnySeries,
    ks: Sequence[int],
    parameters: BrainmapParameters,
    engine: Engine,
    report: Report,
) -> Iterator[tuple[Clustering, float]]:
    """`sweep_exactly` of series (voxel, time) as the clusterer `kmeans`, without a criterion."""
    found = sweep_exactly(series, ks, parameters.n_init, parameters.seed, report, engine)
    yield from ((clustering, np.nan) for clustering in found)


def knee(ks: Sequence[int], errors: Floats) -> int:
    """The k at which a falling curve bends most, on a logarithmic axis of k.

    It is the point farthest below the straight line between both ends; the first k if none is.

    Args:
        ks: ascending.
        errors: for each k (K,), in any unit.
    """
    x = np.log(np.asarray(ks, np.float64))
    drop = np.interp(x, x[[0, -1]], np.asarray(errors)[[0, -1]]) - errors
    return int(ks[int(np.argmax(drop))])


def normalized(errors: Floats) -> Floats:
    """A curve (K,) divided by its own sum, so that curves of different units can be compared.

    It is NaN throughout where the sum is not finite and above 0.
    """
    total = errors.sum()
    return errors / total if np.isfinite(total) and total > 0 else np.full(len(errors), np.nan)


def crossing(ks: Sequence[int], train: Floats, test: Floats) -> tuple[int, int] | None:
    """The first two neighbouring ks between which the normalised curves (K,) cross.

    Both curves have the sum 1, so their difference has the sum 0 and must change its sign:
    they cross for any data, and the crossing validates nothing.

    Args:
        ks: ascending.
        train: errors of each k (K,), in any unit.
        test: the same at other time points (K,).

    Returns:
        None where they meet without crossing, or are not known.
    """
    sign = np.sign(normalized(test) - normalized(train))
    changes = np.flatnonzero(sign[1:] * sign[:-1] < 0)
    return (int(ks[changes[0]]), int(ks[changes[0] + 1])) if changes.size else None


def stability(series: Series, ks: Sequence[int], seed: int, report: Report = silent) -> Floats:
    """Mean adjusted Rand index of all pairs of maps that differ in nothing but the seed (k,).

    Args:
        series: (voxel, time); of many voxels those of `evidence_rows` are taken.
        ks: ascending numbers of clusters.
        seed: of these voxels; the maps are made with those that follow it.
        report: told what happens.

    References:
        Hubert, Arabie (1985), doi:10.1007/BF01908075
    """
    part = series[evidence_rows(len(series), seed)]
    maps: list[list[NDArray[np.int32]]] = []
    for done in range(STABILITY_SEEDS):
        report(done / STABILITY_SEEDS, f"Clustering again with seed {seed + done + 1}")
        maps.append([found.labels for found in sweep_quickly(part, ks, seed + done + 1)])
    pairs = list(combinations(maps, 2))
    return np.array(
        [np.mean([adjusted_rand_score(a[i], b[i]) for a, b in pairs]) for i in range(len(ks))]
    )


def held_out(
    series: Series, positions: Positions, ks: Sequence[int], seed: int, report: Report = silent
) -> HeldOut:
    """Errors on held-out time points, and on held-out voxels at held-out time points.

    `train` and `test` are the usual pair of curves: clusters from one half of the time points,
    and the other half compared with the centroids of the first. `crossvalidated` holds out
    voxels too: labels come from the training time points, the centroids at test time points
    from the training voxels, and the error is that of the other voxels.

    Args:
        series: (voxel, time), at least 4 time points.
        positions: plane, y and x of the voxels (voxel, 3).
        ks: ascending numbers of clusters.
        seed: of the halves.
        report: told what happens.

    References:
        Owen, Perry (2009), bi-cross-validation, doi:10.1214/08-AOAS227
    """
    rows = evidence_rows(len(series), seed)
    part, random = series[rows], np.random.default_rng(seed)
    early, late = _time_halves(part, random)
    own = _tiles_held_in(positions[rows], random)
    report(0.0, "Comparing with held-out time points")
    sweep = list(zip(ks, sweep_quickly(early, ks, seed), strict=True))
    train, test = (_distances(half, [found for _, found in sweep]) for half in (early, late))
    report(0.5, "Comparing with held-out voxels at held-out time points")
    crossed = _crossvalidated(early, late, own, ks, seed)
    return HeldOut(train, test, crossed)


def evidence_rows(count: int, seed: int) -> NDArray[np.intp]:
    """Rows of the voxels that the evidence is measured on (row,), ascending, of `count` voxels."""
    return sample_rows(count, seed, share=0.0, least=MOST_EVIDENCE)


def _time_halves(series: Series, random: np.random.Generator) -> tuple[Series, Series]:
    """Two random halves of the time points, each in the order of time."""
    order, half = random.permutation(series.shape[1]), series.shape[1] // 2
    early, late = np.sort(order[:half]), np.sort(order[half : 2 * half])
    return np.ascontiguousarray(series[:, early]), np.ascontiguousarray(series[:, late])


def _tiles_held_in(positions: Positions, random: np.random.Generator) -> NDArray[np.bool_]:
    """Which voxels lie in the half of the tiles that is used for training."""
    tiles = positions // np.array([1, TILE, TILE])
    _, tile = np.unique(tiles, axis=0, return_inverse=True)
    count = int(tile.max()) + 1
    chosen = np.zeros(count, bool)
    chosen[random.permutation(count)[: -(-count // 2)]] = True
    return np.asarray(chosen[tile.ravel()])


def _distances(series: Series, sweep: Sequence[Clustering]) -> Floats:
    """Sum of the distances to the nearest centroid, for each clustering."""
    return np.array([_sum_of_distances(series, found.centroids) for found in sweep])


def _sum_of_distances(series: Series, centroids: Floats) -> float:
    labels = np.zeros(len(series), np.int32)
    assign(series, centroids, out=labels)
    return float(np.linalg.norm(series - centroids[labels], axis=1).sum())


def _crossvalidated(
    early: Series, late: Series, own: NDArray[np.bool_], ks: Sequence[int], seed: int
) -> Floats:
    errors = np.full(len(ks), np.nan)
    if own.all():
        return errors
    few = [k for k in ks if k <= int(own.sum())]
    labels = np.zeros(int((~own).sum()), np.int32)
    for place, found in enumerate(sweep_quickly(early[own], few, seed) if few else ()):
        assign(early[~own], found.centroids, out=labels)
        overall = np.broadcast_to(late[own].mean(axis=0), (len(found.centroids), late.shape[1]))
        centroids = mean_series(late[own], found.labels, overall)
        errors[place] = float(((late[~own] - centroids[labels]) ** 2).mean())
    return errors


def suggest(ks: Sequence[int], errors: Floats, bic: Floats) -> tuple[int, str]:
    """A number of clusters of those that were tried with K-means, and why, in a sentence.

    Args:
        ks: ascending.
        errors: sum of distances to the centroids (k,).
        bic: information criterion of mixtures (k,), NaN where it is not known.
    """
    chosen = knee(ks, errors)
    tried = ", ".join(map(str, ks))
    reason = f"Of {tried}, {chosen} is where the sum of distances bends most on a log axis of K"
    if np.isfinite(bic).any():
        reason += f"; the information criterion of a mixture is lowest at {lowest(ks, bic)}"
    return chosen, f"{reason}."


def lowest(ks: Sequence[int], values: Floats) -> int:
    """The k of the smallest value that is known, of a value for each k (K,), NaN where unknown.

    Raises:
        ValueError: none is known.
    """
    return int(ks[int(np.nanargmin(values))])
