"""K-means of voxel series, and how well the clusters describe them."""

import warnings
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array
from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning
from threadpoolctl import threadpool_limits

from pipelines.brainmap.series import Floats, Series, is_constant
from pipelines.errors import ParameterError

ROWS_AT_ONCE = 1024
"""Voxels in a partial sum; fixed, so that the sums do not depend on how the series are read."""


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
        """Voxels per cluster."""
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


def cluster(series: Series, k: int, *, n_init: int = 4, seed: int = 0) -> Clustering:
    """Group series by Lloyd's K-means, started by k-means++.

    One thread is used, as the order in which threads add up changes the last digits.

    Args:
        series: (voxel, time).
        k: number of groups.
        n_init: restarts, of which the one of least inertia is kept.
        seed: of the starts.

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
    model = KMeans(n_clusters=k, n_init=n_init, random_state=seed, algorithm="lloyd")
    with threadpool_limits(limits=1), warnings.catch_warnings():
        # Too few different series are reported below, in words.
        warnings.simplefilter("ignore", ConvergenceWarning)
        labels = model.fit_predict(series)
    used = np.unique(labels).size
    if used < k:
        raise ParameterError(
            f"k is {k}, but the active voxels have only {used} different series: "
            f"choose a k of {used} or less."
        )
    return _renumbered(labels, np.asarray(model.cluster_centers_, np.float64), model.inertia_)


def lloyd(series: Series, centroids: Floats, passes: int) -> Clustering:
    """Improve centroids by exact passes of Lloyd's algorithm, reading a few voxels at a time.

    The series may lie in a memory map that is larger than memory. Sums over stretches of
    `ROWS_AT_ONCE` voxels are added in double precision in the order of the voxels, so the
    result does not depend on how many voxels are read at once. A group that loses all its
    voxels keeps its centroid.

    Args:
        series: (voxel, time).
        centroids: where to start (cluster, time).
        passes: the most passes; it ends earlier once no voxel changes its group.

    References:
        Lloyd (1982), doi:10.1109/TIT.1982.1056489
    """
    labels, before = np.zeros(len(series), np.int32), np.full(len(series), -1, np.int32)
    with threadpool_limits(limits=1):
        for _ in range(max(1, passes)):
            assign(series, centroids, out=labels)
            if np.array_equal(labels, before):
                break
            before[:] = labels
            centroids = mean_series(series, labels, centroids)
        return grouped(series, labels, centroids)


def assign(series: Series, centroids: Floats, out: NDArray[np.int32]) -> None:
    """Write the number of the nearest centroid (Euclidean) of each series into `out`."""
    # |x - c|^2 is least where x.(c - m) - |c - m|^2 / 2 - m.(c - m) is largest, for any m.
    middle = centroids.mean(axis=0)
    apart = centroids - middle
    half = ((apart**2).sum(axis=1) / 2 + apart @ middle).astype(series.dtype)
    turned = np.ascontiguousarray(apart.T, series.dtype)
    for rows in _stretches(len(series)):
        scores = series[rows] @ turned
        scores -= half
        out[rows] = scores.argmax(axis=1)


def mean_series(series: Series, labels: NDArray[np.int32], empty: Floats) -> Floats:
    """Mean of each group's series (cluster, time); rows of `empty` for groups without voxels."""
    sums = np.zeros(empty.shape)
    for rows in _stretches(len(series)):
        count = rows.stop - rows.start
        ones, ends = np.ones(count, series.dtype), np.arange(count + 1, dtype=np.int32)
        members = csc_array((ones, labels[rows], ends), shape=(len(empty), count))
        sums += members @ np.ascontiguousarray(series[rows])
    sizes = np.bincount(labels, minlength=len(empty))[:, None]
    return np.where(sizes > 0, sums / np.maximum(sizes, 1), empty)


def grouped(series: Series, labels: NDArray[np.int32], centroids: Floats) -> Clustering:
    """The clustering that labels and centroids describe, numbered by size."""
    return _renumbered(labels, centroids, _inertia(series, labels, centroids))


def _inertia(series: Series, labels: NDArray[np.int32], centroids: Floats) -> float:
    total = 0.0
    for rows in _stretches(len(series)):
        away = series[rows] - centroids[labels[rows]]
        total += float(np.vdot(away, away))
    return total


def _stretches(count: int) -> Iterator[slice]:
    for start in range(0, count, ROWS_AT_ONCE):
        yield slice(start, min(start + ROWS_AT_ONCE, count))


def quality(series: Series, clustering: Clustering) -> Quality:
    """Compare every series (voxel, time) with the centroid of its group."""
    directions = _directions(clustering.centroids)
    distance = 0.0
    similarity = np.empty(len(series), np.float32)
    for rows in _stretches(len(series)):
        block, labels = series[rows].astype(np.float64), clustering.labels[rows]
        distance += float(_lengths(block - clustering.centroids[labels]).sum())
        similarity[rows] = _cosines(block, directions[labels])
    total = float(similarity.sum(dtype=np.float64))
    return Quality(similarity, distance, 1 / total if total > 0 else float("inf"))


def _directions(centroids: Floats) -> Floats:
    """Centroids less their mean over time, of length 1; 0 for constant ones."""
    centred = centroids - centroids.mean(axis=1, keepdims=True)
    length = np.where(is_constant(centroids), 0.0, _lengths(centred))[:, None]
    return np.where(length > 0, centred / np.where(length > 0, length, 1.0), 0.0)


def _cosines(block: Floats, directions: Floats) -> Floats:
    """Pearson's r of series with directions, row by row; 0 for constant series."""
    flat = is_constant(block)
    centred = block - block.mean(axis=1, keepdims=True)
    length = np.where(flat, 0.0, _lengths(centred))
    product = np.einsum("vt,vt->v", centred, directions)
    return np.clip(np.where(length > 0, product / np.where(length > 0, length, 1.0), 0.0), -1, 1)


def _lengths(vectors: Floats) -> Floats:
    return np.asarray(np.sqrt(np.einsum("vt,vt->v", vectors, vectors)))


def _renumbered(labels: NDArray[np.int32], centroids: Floats, inertia: float) -> Clustering:
    """Number the groups by size, equal ones by their centroids."""
    sizes = np.bincount(labels, minlength=len(centroids))
    order = np.lexsort((*centroids.T[::-1], -sizes))
    rank = np.empty(len(order), np.int32)
    rank[order] = np.arange(len(order), dtype=np.int32)
    return Clustering(rank[labels], centroids[order], float(inertia))
