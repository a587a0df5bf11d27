"""A colour for each cluster, so that clusters with similar centroids look similar."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from threadpoolctl import threadpool_limits

from pipelines.brainmap.colors.fit import (
    descend,
    descend_by_angle,
    exchange,
    pairs,
    pearson,
    repair,
    starts,
)
from pipelines.brainmap.colors.space import Floats, delta_e_matrix, srgb_to_lab, to_hex
from pipelines.brainmap.parameters import Palette

GREY = 128 / 255
"""Neutral grey of clusters without a course in time: they are similar to none."""

COLOR_BLIND = (
    "#5b9180", "#ecf704", "#6d23a9", "#65fdec", "#99250d",
    "#ce7dfc", "#c08305", "#045f55", "#aed793", "#7f6f99",
)  # fmt: skip
"""Ten colours that stay at least 16 apart in CIEDE2000 under normal sight and under full protan,
deutan and tritan blindness, simulated after Machado et al. (2009), doi:10.1109/TVCG.2009.113."""

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


@dataclass(frozen=True)
class EarlierColors:
    """Colours that were chosen for other clusters of the same voxels.

    Attributes:
        centroids: (cluster, time).
        rgb: (cluster, 3), 8 bits.
    """

    centroids: Floats
    rgb: NDArray[np.uint8]


def color_centroids(
    centroids: Floats,
    seed: int = 0,
    palette: Palette = "similarity",
    earlier: EarlierColors | None = None,
) -> Coloring:
    """Choose a colour for each centroid.

    The score is described in `fit.Objective`. A centroid that is zero throughout has no
    direction, hence no distance to the others, and gets a neutral grey. One thread is used, so
    that the same seed gives the same colours.

    Args:
        centroids: (cluster, time).
        seed: of the rotations, starts and repairs that are tried.
        palette: how to choose; "colorblind" holds for up to ten clusters, more get "similarity".
        earlier: colours to stay close to, so that a map keeps its look when k changes.
    """
    silent = is_silent(centroids)
    distances = cosine_distances(centroids[~silent])
    start = None if earlier is None else _inherited(centroids[~silent], earlier)
    rgb = np.full((len(centroids), 3), GREY)
    with threadpool_limits(limits=1):
        if palette == "notebook":
            rgb[~silent] = _by_angle(distances, start, seed)
        elif palette == "colorblind" and len(distances) <= len(COLOR_BLIND):
            rgb[~silent] = _from_palette(distances, start)
        elif start is None or len(distances) < 2:
            rgb[~silent] = _best(distances, rgb[silent], seed)
        else:
            rgb[~silent] = _kept(distances, rgb[silent], start, seed)
    return _measured(np.round(rgb * 255).astype(np.uint8), distances, silent)


def match(centroids: Floats, earlier: Floats) -> NDArray[np.intp]:
    """For each centroid the most similar earlier one, no two the same as long as there are enough.

    The pairs are those of the largest total cosine (the Hungarian method); centroids that are
    left over go to their nearest.

    Args:
        centroids: (cluster, time).
        earlier: (earlier cluster, time), as long as the centroids.

    Returns:
        Row of `earlier` for each centroid (cluster,).

    References:
        Kuhn (1955), doi:10.1002/nav.3800020109
    """
    cosine = _unit(centroids) @ _unit(earlier).T
    partner = cosine.argmax(axis=1)
    rows, columns = linear_sum_assignment(cosine, maximize=True)
    partner[rows] = columns
    return np.asarray(partner)


def _unit(centroids: Floats) -> Floats:
    length = np.linalg.norm(centroids, axis=1, keepdims=True)
    return centroids / np.where(length > 0, length, 1.0)


def _inherited(centroids: Floats, earlier: EarlierColors) -> Floats:
    heard = ~is_silent(earlier.centroids)
    if not heard.any():
        return np.full((len(centroids), 3), GREY)
    partner = match(centroids, earlier.centroids[heard])
    return np.asarray(earlier.rgb[heard][partner] / 255)


def _kept(distances: Floats, fixed: Floats, start: Floats, seed: int) -> Floats:
    """Colours near those to start from: equal ones are parted a little, then all descend."""
    target = smallest_difference(len(start) + len(fixed))
    random = np.random.default_rng(seed)
    parted = np.clip(start + 0.02 * random.standard_normal(start.shape), 0.02, 0.98)
    return repair(descend(distances, parted, target), distances, fixed, target, random)


def _by_angle(distances: Floats, start: Floats | None, seed: int) -> Floats:
    count = len(distances)
    if count < 2:
        return np.full((count, 3), [0.85, 0.55, 0.2])
    random = np.random.default_rng(seed)
    first = random.random((count, 3)) if start is None else start
    return descend_by_angle(distances, np.clip(first, 0.02, 0.98))


def _from_palette(distances: Floats, start: Floats | None) -> Floats:
    """The fixed palette, in the order that tells similarity best; or as it was before."""
    rgb = np.array([[int(text[i : i + 2], 16) / 255 for i in (1, 3, 5)] for text in COLOR_BLIND])
    lab = srgb_to_lab(rgb)
    if start is None:
        return rgb[exchange(distances, delta_e_matrix(lab))]
    away = np.linalg.norm(srgb_to_lab(start)[:, None] - lab, axis=2)
    return np.asarray(rgb[linear_sum_assignment(away)[1]])


def cosine_distances(centroids: Floats) -> Floats:
    """1 - cosine of the angle between centroids (cluster, time), for all pairs.

    Args:
        centroids: none of them zero throughout.

    Returns:
        (cluster, cluster), from 0 for the same direction to 2 for opposite ones.
    """
    unit = centroids / np.linalg.norm(centroids, axis=1, keepdims=True)
    cosine = np.einsum("it,jt->ij", unit, unit)
    np.fill_diagonal(cosine, 1.0)
    distances: Floats = np.clip(1 - cosine, 0, 2)
    return distances


def is_silent(centroids: Floats) -> NDArray[np.bool_]:
    """Which centroids (cluster, time) are zero throughout, up to rounding: (cluster,)."""
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
