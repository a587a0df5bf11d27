"""A colour for each cluster, so that clusters with similar centroids look similar."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from pipelines.brainmap.color_fit import descend, pairs, pearson, repair, starts
from pipelines.brainmap.color_space import Floats, delta_e_matrix, srgb_to_lab, to_hex

GREY = 128 / 255
"""Neutral grey of clusters without a course in time: they are similar to none."""

STARTS = 3
STARTS_OF_MANY = 1
MANY = 100


@dataclass(frozen=True)
class Coloring:
    """Colours of clusters, and how well they tell what is alike.

    Attributes:
        rgb: (cluster, 3), 8 bits.
        correlation: Pearson's r, over all pairs of clusters, between the cosine distance of
            their centroids and the CIEDE2000 difference of their colours; None for fewer than
            three clusters.
        min_delta_e: smallest CIEDE2000 difference of two colours.
    """

    rgb: NDArray[np.uint8]
    correlation: float | None
    min_delta_e: float

    @property
    def hex(self) -> list[str]:
        """`#rrggbb` of each cluster."""
        return to_hex(self.rgb)


def color_centroids(centroids: Floats, seed: int = 0) -> Coloring:
    """Choose a colour for each centroid.

    The score is described in `color_fit.Objective`. A centroid that is zero throughout has no
    direction, hence no distance to the others, and gets a neutral grey. One thread is used, so
    that the same seed gives the same colours.

    Args:
        centroids: (cluster, time).
        seed: of the rotations and repairs that are tried.
    """
    silent = is_silent(centroids)
    distances = cosine_distances(centroids[~silent])
    rgb = np.full((len(centroids), 3), GREY)
    with threadpool_limits(limits=1):
        rgb[~silent] = _best(distances, rgb[silent], seed)
    return _measured(np.round(rgb * 255).astype(np.uint8), distances, silent)


def cosine_distances(centroids: Floats) -> Floats:
    """1 - cosine of the angle between centroids (cluster, time), for all pairs."""
    unit = centroids / np.linalg.norm(centroids, axis=1, keepdims=True)
    cosine = np.einsum("it,jt->ij", unit, unit)
    np.fill_diagonal(cosine, 1.0)
    distances: Floats = np.clip(1 - cosine, 0, 2)
    return distances


def is_silent(centroids: Floats) -> NDArray[np.bool_]:
    """Which centroids (cluster, time) are zero throughout, up to rounding."""
    length = np.linalg.norm(centroids, axis=1)
    return np.asarray(length <= 1e-9 * length.max(initial=0))


def smallest_difference(clusters: int) -> float:
    """The CIEDE2000 difference that so many colours can keep without losing their order."""
    if clusters <= 50:
        return 5.0
    return 3.0 if clusters <= 200 else 2.0


def _best(distances: Floats, fixed: Floats, seed: int) -> Floats:
    """The best of several starts: most pairs apart first, then the best correlation."""
    count = len(distances)
    if count < 2:
        return np.full((count, 3), [0.85, 0.55, 0.2])
    target = smallest_difference(count + len(fixed))
    random = np.random.default_rng(seed)
    found = [
        repair(descend(distances, start, target), distances, fixed, target, random)
        for start in starts(distances, random, STARTS if count <= MANY else STARTS_OF_MANY)
    ]
    return max(found, key=lambda rgb: _merit(rgb, distances, target))


def _merit(rgb: Floats, distances: Floats, target: float) -> tuple[float, float]:
    differences = pairs(delta_e_matrix(srgb_to_lab(rgb)))
    return min(float(differences.min()), target), pearson(pairs(distances), differences) or 0.0


def _measured(rgb: NDArray[np.uint8], distances: Floats, silent: NDArray[np.bool_]) -> Coloring:
    differences = delta_e_matrix(srgb_to_lab(rgb / 255))
    heard = differences[np.ix_(~silent, ~silent)]
    correlation = pearson(pairs(distances), pairs(heard))
    return Coloring(rgb, correlation, float(pairs(differences).min(initial=np.inf)))
