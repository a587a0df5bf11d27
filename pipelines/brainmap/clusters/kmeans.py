"""K-means of voxel series, and how well the clusters describe them."""

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning
from threadpoolctl import threadpool_limits

from pipelines.brainmap.clusters.lloyd import (
    Facing,
    Means,
    Ready,
    alike,
    by_size,
    group_sums,
    nearest,
    put,
    refine,
    squares_of,
    stretches,
)
from pipelines.brainmap.engines.engine import Engine, Local
from pipelines.brainmap.voxels.series import Floats, Series
from pipelines.brainmap.voxels.stored import AnySeries
from pipelines.core.errors import ParameterError

IN_MEMORY_VALUES = 1 << 24
"""K-means starts on a sample of this many values if there are more: 64 MB."""

LEAST_IN_SAMPLE = 50
"""Voxels per group in such a sample at least, however long the series are."""

PASSES = 300
TOLERANCE = 1e-4
"""Passes end when the centroids move less than this, relative to the variance of the series;
both as in scikit-learn."""


@dataclass(frozen=True)
class Clustering:
    """Voxels in k groups; group 0 is the largest.

    Attributes:
        labels: group of each voxel (voxel,).
        centroids: mean series of each group (cluster, time).
        inertia: sum of squared Euclidean distances of the voxels to their centroids.
    """

    labels: NDArray[np.int32]
    centroids: Floats
    inertia: float

    @property
    def sizes(self) -> NDArray[np.int64]:
        """Voxels per cluster (cluster,)."""
        return np.bincount(self.labels, minlength=len(self.centroids)).astype(np.int64)


@dataclass(frozen=True)
class Quality:
    """How well clusters describe their voxels.

    Attributes:
        similarity: correlation of each voxel's series with its centroid (voxel,), 0 where
            either is constant.
        error_distance: sum of the Euclidean distances of all voxels to their centroids.
        error_similarity: 1 / sum of the similarities; infinite if that sum is not positive.
    """

    similarity: NDArray[np.float32]
    error_distance: float
    error_similarity: float


def cluster(
    series: AnySeries, k: int, *, n_init: int = 4, seed: int = 0, engine: Engine | None = None
) -> Clustering:
    """Group series by Lloyd's K-means, started by k-means++.

    Many voxels are started on a random sample: all restarts are made there, and the best one
    is continued on all voxels, block by block.

    Args:
        series: (voxel, time).
        k: number of groups.
        n_init: restarts, of which the one of least inertia is kept.
        seed: of the starts.
        engine: where the passes over all voxels are made; this machine by default.

    Raises:
        ParameterError: fewer voxels than k, or fewer different series.

    References:
        Lloyd (1982), doi:10.1109/TIT.1982.1056489; Arthur, Vassilvitskii (2007), k-means++
    """
    if len(series) < k:
        raise ParameterError(
            f"k is {k}, but only {len(series)} voxels are active: choose a smaller k, or a lower "
            "activity threshold."
        )
    rows = start_rows(series.shape, k, seed)
    sample = series[rows] if len(rows) < len(series) else series[:]
    model = fitted(KMeans(k, n_init=n_init, random_state=seed, algorithm="lloyd"), sample)
    used = np.unique(model.labels_).size
    if used < k:
        raise ParameterError(
            f"k is {k}, but the active voxels have only {used} different series: "
            f"choose a k of {used} or less."
        )
    centroids = np.asarray(model.cluster_centers_, np.float64)
    if len(rows) == len(series):
        return renumbered(model.labels_, centroids, float(model.inertia_))
    tolerance = TOLERANCE * float(sample.var(axis=0, dtype=np.float64).mean())
    [means] = refine(engine or Local(), series, [centroids], PASSES, tolerance=tolerance)
    return grouped_by(means, series, engine or Local())


def start_rows(shape: tuple[int, ...], k: int, seed: int) -> NDArray[np.intp]:
    """Rows of the voxels that K-means is started on, ascending: all if they are not too many.

    Args:
        shape: of the series (voxel, time).
        k: number of groups.
        seed: of the sample.

    Returns:
        Indices of voxels (row,).
    """
    voxels, times = shape
    size = min(voxels, max(IN_MEMORY_VALUES // times, LEAST_IN_SAMPLE * k))
    if size == voxels:
        return np.arange(voxels)
    return np.sort(np.random.default_rng(seed).choice(voxels, size, replace=False))


def fitted(model: KMeans, series: Series) -> KMeans:
    """Fit a model to series (voxel, time) with one thread.

    The order in which more threads add up changes the last digits.
    """
    with threadpool_limits(limits=1), warnings.catch_warnings():
        # Where too few different series matter, they are reported in words.
        warnings.simplefilter("ignore", ConvergenceWarning)
        return model.fit(series)


def grouped_by(means: Means, series: AnySeries, engine: Engine) -> Clustering:
    """Put every voxel of series (voxel, time) into its group."""
    labels, inertia = np.empty(len(series), np.int32), 0.0
    for rows, (found, squares) in engine.each(put, series, means):
        labels[rows] = found
        inertia += squares
    return Clustering(labels, means.centroids, inertia)


def assign(series: Series, centroids: Floats, out: NDArray[np.int32]) -> None:
    """Write the number of the nearest centroid (Euclidean) of each series into `out`.

    Args:
        series: (voxel, time).
        centroids: (cluster, time).
        out: (voxel,).
    """
    ready = Ready.of(centroids, series.dtype)
    with threadpool_limits(limits=1):
        for rows in stretches(len(series)):
            out[rows] = nearest(series[rows], ready)


def mean_series(
    series: AnySeries, labels: NDArray[np.int32], empty: Floats, engine: Engine | None = None
) -> Floats:
    """Mean of each group's series (cluster, time); rows of `empty` for groups without voxels.

    Args:
        series: (voxel, time).
        labels: group of each voxel (voxel,).
        empty: (cluster, time).
        engine: where the sums are made; this machine by default.
    """
    [sums] = (engine or Local()).total(group_sums, series, len(empty), beside=labels)
    sizes = np.bincount(labels, minlength=len(empty))[:, None]
    return np.where(sizes > 0, sums / np.maximum(sizes, 1), empty)


def grouped(
    series: AnySeries, labels: NDArray[np.int32], centroids: Floats, engine: Engine
) -> Clustering:
    """The clustering that labels and centroids describe, numbered by size.

    Args:
        series: (voxel, time).
        labels: group of each voxel (voxel,).
        centroids: (cluster, time), in the order of the labels.
        engine: where the inertia is added up.
    """
    [inertia] = engine.total(squares_of, series, centroids, beside=labels)
    return renumbered(labels, centroids, float(inertia))


def quality(series: AnySeries, clustering: Clustering, engine: Engine | None = None) -> Quality:
    """Compare every series (voxel, time) with the centroid of its group."""
    facing, distance = Facing.of(clustering.centroids), 0.0
    similarity = np.empty(len(series), np.float32)
    compared = (engine or Local()).each(alike, series, facing, beside=clustering.labels)
    for rows, (cosines, away) in compared:
        distance += away
        similarity[rows] = cosines
    return Quality(similarity, distance, inverse(float(similarity.sum(dtype=np.float64))))


def inverse(similarity: float) -> float:
    """1 / the sum of the similarities; infinite if that is not positive."""
    return 1 / similarity if similarity > 0 else float("inf")


def renumbered(labels: NDArray[np.int32], centroids: Floats, inertia: float) -> Clustering:
    """Number the groups by size, equal ones by their centroids.

    Args:
        labels: group of each voxel (voxel,).
        centroids: (cluster, time).
        inertia: sum of the squared distances of the voxels to their centroids.
    """
    order = by_size(np.bincount(labels, minlength=len(centroids)), centroids)
    rank = np.argsort(order).astype(np.int32)
    return Clustering(rank[labels], centroids[order], inertia)
