"""K-means of voxel series, and how well the clusters describe them."""

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning
from threadpoolctl import threadpool_limits

from pipelines.brainmap.series import Floats, Series, blocks, is_constant
from pipelines.errors import ParameterError


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


def quality(series: Series, clustering: Clustering) -> Quality:
    """Compare every series (voxel, time) with the centroid of its group."""
    distance = 0.0
    similarity = np.empty(len(series), np.float32)
    for rows in blocks(series):
        centroids = clustering.centroids[clustering.labels[rows]]
        distance += float(np.linalg.norm(series[rows] - centroids, axis=1).sum())
        similarity[rows] = correlation(series[rows], centroids)
    total = float(similarity.sum(dtype=np.float64))
    return Quality(similarity, distance, 1 / total if total > 0 else float("inf"))


def correlation(first: Series, second: Series) -> Floats:
    """Pearson's r of series with series, row by row; 0 where either is constant."""
    centred = [x - x.mean(axis=1, keepdims=True, dtype=np.float64) for x in (first, second)]
    norms = [np.linalg.norm(x, axis=1) for x in centred]
    flat = is_constant(first) | is_constant(second) | (norms[0] * norms[1] == 0)
    product = np.einsum("vt,vt->v", *centred)
    return np.clip(np.where(flat, 0.0, product / np.where(flat, 1.0, norms[0] * norms[1])), -1, 1)


def _renumbered(labels: NDArray[np.int32], centroids: Floats, inertia: float) -> Clustering:
    """Number the groups by size, equal ones by their centroids."""
    sizes = np.bincount(labels, minlength=len(centroids))
    order = np.lexsort((*centroids.T[::-1], -sizes))
    rank = np.empty(len(order), np.int32)
    rank[order] = np.arange(len(order), dtype=np.int32)
    return Clustering(rank[labels], centroids[order], float(inertia))
