"""Finding colours whose differences follow given distances.

Three steps: a start from multidimensional scaling, a descent on a smooth score, and a repair
that moves colours which ended too close to another one.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.spatial.transform import Rotation

from pipelines.brainmap.colors.space import (
    Floats,
    compressed_with_jacobian,
    delta_e,
    delta_e_matrix,
    expand,
    lab_to_srgb,
    srgb_to_lab,
)

LIGHTNESS = (35.0, 95.0)
"""Darker colours vanish under the similarity mask, lighter ones look white."""

MIDDLE = 68.0
"""Lightness around which the colours start: there the screen's gamut is widest."""

ROTATIONS = 60
ITERATIONS = 250
PERCEPTION, PUBLISHED = 0.8, 0.2
"""Weights of the correlation seen by the eye and of the published one of RGB angles."""

COLORFUL = 16.0
"""Compressed chroma below which a colour could be taken for the grey of the background."""

SEPARATION, BRIGHTNESS, SATURATION = 1.0, 0.01, 0.5
"""Weights of the smallest difference, of the limits of lightness, and of enough chroma."""

STAGES = (0.6, 1.15)
"""Shares of the wanted smallest difference: a low one first, so that colours can pass."""

CANDIDATES = 150
REPAIRS_PER_COLOR = 20


@dataclass(frozen=True)
class Objective:
    """The score that colours are moved down on.

    It is made of 1 - r between the distances and the differences in compressed CIELAB, 1 - r
    between the distances and the cosine distances of RGB triplets (the score of Thunder's
    `Colorize.optimize`), and penalties for close pairs and for dark or white colours.

    Attributes:
        distances: wanted distances (colour, colour).
        separation: smallest difference that is not penalised, in compressed CIELAB.
    """

    distances: Floats
    separation: float

    @cached_property
    def _wanted(self) -> Floats:
        return _standard(self.distances)[0]

    def __call__(self, flat: Floats) -> tuple[float, Floats]:
        """Score of sRGB colours (3 * colour,) from 0 to 1, and its gradient."""
        rgb = flat.reshape(-1, 3)
        lab, jacobian = compressed_with_jacobian(rgb)
        seen, pull = self._perceived(lab)
        dark, lift = _lightness_penalty(lab[:, 0])
        dull, saturate = _greyness_penalty(lab[:, 1:])
        pull[:, 0] += lift
        pull[:, 1:] += saturate
        angle, turn = self._angular(rgb)
        gradient = PUBLISHED * turn + np.einsum("cl,clr->cr", pull, jacobian)
        return seen + dark + dull + PUBLISHED * angle, gradient.ravel()

    def _perceived(self, lab: Floats) -> tuple[float, Floats]:
        # The small constant keeps the slope finite where two colours are equal.
        distance = np.sqrt(sum((part[:, None] - part) ** 2 for part in lab.T) + 1e-12)
        misfit, slope = _misfit(distance, self._wanted)
        close, push = self._closeness(distance)
        force = (PERCEPTION * slope + push) / distance
        pull = force.sum(axis=1, keepdims=True) * lab - force @ lab
        return PERCEPTION * misfit + close, 2 * pull

    def _closeness(self, distance: Floats) -> tuple[float, Floats]:
        lack = np.maximum(1 - distance / self.separation, 0)
        np.fill_diagonal(lack, 0)
        weight = SEPARATION / len(distance)
        return weight * float(np.vdot(lack, lack)), -2 * weight / self.separation * lack

    def _angular(self, rgb: Floats) -> tuple[float, Floats]:
        return _angle_misfit(rgb, self._wanted)


def pairs(matrix: Floats) -> Floats:
    """The values above the diagonal of a matrix (n, n), row by row: (n (n - 1) / 2,)."""
    return matrix[np.triu_indices(len(matrix), 1)]


def pearson(first: Floats, second: Floats) -> float | None:
    """Pearson's r of two sets of values (n,), or None where it is not defined."""
    if len(first) < 2 or np.ptp(first) == 0 or np.ptp(second) == 0:
        return None
    return float(np.corrcoef(first, second)[0, 1])


def starts(distances: Floats, random: np.random.Generator, count: int) -> Iterator[Floats]:
    """Colours (colour, 3) from classical multidimensional scaling, turned to fill the gamut.

    Args:
        distances: wanted distances (colour, colour).
        random: gives the turns.
        count: how many sets of colours; they are sRGB from 0.02 to 0.98.

    References:
        Torgerson (1952), doi:10.1007/BF02288916
    """
    points = _scaled(distances)
    for _ in range(count):
        turned = [points @ turn.T for turn in Rotation.random(ROTATIONS, rng=random).as_matrix()]
        sizes = [_largest_scale(candidate) for candidate in turned]
        best = int(np.argmax(sizes))
        yield np.clip(_place(turned[best], sizes[best]), 0.02, 0.98)


def descend(distances: Floats, start: Floats, target: float) -> Floats:
    """Move colours (colour, 3) to where their differences follow the distances best.

    Args:
        distances: wanted distances (colour, colour).
        start: sRGB from 0 to 1 (colour, 3), as the answer.
        target: difference below which pairs are penalised, in compressed CIELAB.
    """
    flat = start.ravel()
    for share in STAGES:
        flat = minimize(
            Objective(distances, share * target),
            flat,
            jac=True,
            method="L-BFGS-B",
            bounds=[(0.0, 1.0)] * flat.size,
            options={"maxiter": ITERATIONS},
        ).x
    return flat.reshape(-1, 3)


def descend_by_angle(distances: Floats, start: Floats) -> Floats:
    """Move colours (colour, 3) to where the angles between RGB triplets follow the distances.

    This is the score of Thunder's `Colorize.optimize`, here with its exact slope. It is blind to
    brightness, so what the eye sees follows the distances less well than after `descend`.

    Args:
        distances: wanted distances (colour, colour).
        start: sRGB from 0 to 1 (colour, 3), as the answer.
    """
    wanted = _standard(distances)[0]

    def score(flat: Floats) -> tuple[float, Floats]:
        misfit, slope = _angle_misfit(flat.reshape(-1, 3), wanted)
        return misfit, slope.ravel()

    bounds = [(0.0, 1.0)] * start.size
    found = minimize(score, start.ravel(), jac=True, method="L-BFGS-B", bounds=bounds)
    return np.asarray(found.x.reshape(-1, 3))


def exchange(distances: Floats, differences: Floats) -> NDArray[np.intp]:
    """Which of some given colours each item gets, so that differences follow distances.

    Two colours, used or not, are swapped as long as that raises the correlation.

    Args:
        distances: wanted distances (item, item).
        differences: of the given colours (colour, colour), of which there are at least as many.

    Returns:
        The colour of each item (item,), as a row of `differences`.
    """
    count, total = len(distances), len(differences)
    order = np.arange(total)
    best = pearson(pairs(distances), pairs(differences[:count, :count])) or 0.0
    improved = True
    while improved:
        improved = False
        for first in range(count):
            for second in range(first + 1, total):
                tried = order.copy()
                tried[[first, second]] = tried[[second, first]]
                used = tried[:count]
                r = pearson(pairs(distances), pairs(differences[np.ix_(used, used)])) or 0.0
                if r > best + 1e-12:
                    order, best, improved = tried, r, True
    return order[:count]


def repair(
    rgb: Floats, distances: Floats, fixed: Floats, target: float, random: np.random.Generator
) -> Floats:
    """Move colours until every CIEDE2000 difference reaches the target, as far as possible.

    The most crowded colour jumps to the nearby candidate that fits the distances best among
    those that keep the target. Colours are rounded to what 8 bits hold.

    Args:
        rgb: (colour, 3) from 0 to 1.
        distances: wanted distances (colour, colour).
        fixed: further colours (fixed, 3) that the others keep away from.
        target: smallest difference.
        random: gives the candidates.
    """
    rgb = _rounded(rgb)
    lab, count = srgb_to_lab(np.concatenate([rgb, fixed])), len(rgb)
    matrix = delta_e_matrix(lab)
    np.fill_diagonal(matrix, np.inf)
    wanted = _in_differences(distances, matrix[:count, :count])
    for _ in range(REPAIRS_PER_COLOR * count):
        crowding = np.maximum(target - matrix[:count], 0).sum(axis=1)
        worst = int(np.argmax(crowding))
        if crowding[worst] == 0:
            break
        candidates = _candidates(rgb[worst], random)
        seen = srgb_to_lab(candidates)
        differences = delta_e(seen[:, None], lab[None])
        differences[:, worst] = np.inf
        best = _best_candidate(differences, wanted[worst], target)
        rgb[worst], lab[worst] = candidates[best], seen[best]
        matrix[worst] = matrix[:, worst] = differences[best]
    return rgb


def _best_candidate(differences: Floats, wanted: Floats, target: float) -> int:
    nearest = differences.min(axis=1)
    if nearest.max() < target:
        return int(np.argmax(nearest))
    away = differences[:, : len(wanted)] - wanted
    misfit = np.where(np.isfinite(away), away**2, 0).sum(axis=1)
    return int(np.argmin(np.where(nearest < target, np.inf, misfit)))


def _in_differences(distances: Floats, matrix: Floats) -> Floats:
    """Distances on the scale of the present differences, by a straight line through both."""
    off = ~np.eye(len(distances), dtype=bool)
    x, y = distances[off], matrix[off]
    slope = ((x - x.mean()) * (y - y.mean())).sum() / max(((x - x.mean()) ** 2).sum(), 1e-12)
    line: Floats = y.mean() + slope * (distances - x.mean())
    return line


def _candidates(color: Floats, random: np.random.Generator) -> Floats:
    """Colours around one, some near and some far, within the limits of lightness."""
    spread = np.geomspace(0.02, 0.5, CANDIDATES)[:, None]
    tried = _rounded(np.clip(color + spread * random.standard_normal((CANDIDATES, 3)), 0, 1))
    lightness = srgb_to_lab(tried)[:, 0]
    kept = tried[(lightness >= LIGHTNESS[0]) & (lightness <= LIGHTNESS[1])]
    return kept if len(kept) else color[None]


def _rounded(rgb: Floats) -> Floats:
    return np.round(rgb * 255) / 255


def _angle_misfit(rgb: Floats, wanted: Floats) -> tuple[float, Floats]:
    """`_misfit` of the cosine distances of RGB triplets, and its slope by the colours."""
    length = np.maximum(np.linalg.norm(rgb, axis=1, keepdims=True), 1e-6)
    unit = rgb / length
    misfit, slope = _misfit(1 - unit @ unit.T, wanted)
    turn = -2 * slope @ unit
    along = (turn * unit).sum(axis=1, keepdims=True) * unit
    return misfit, (turn - along) / length


def _misfit(values: Floats, wanted: Floats) -> tuple[float, Floats]:
    """1 - Pearson's r of a matrix with a standardised one, and its slope by the first."""
    direction, norm = _standard(values)
    r = float(np.vdot(wanted, direction))
    return 1 - r, (r * direction - wanted) / norm


def _standard(matrix: Floats) -> tuple[Floats, float]:
    """Centre a matrix off its diagonal and scale it to length 1; give the length too."""
    count = len(matrix)
    mean = (matrix.sum() - np.trace(matrix)) / (count * (count - 1))
    centred = matrix - mean
    np.fill_diagonal(centred, 0)
    norm = max(float(np.linalg.norm(centred)), 1e-12)
    return centred / norm, norm


def _lightness_penalty(lightness: Floats) -> tuple[float, Floats]:
    low, high = LIGHTNESS
    excess = np.maximum(lightness - high, 0) - np.maximum(low - lightness, 0)
    weight = BRIGHTNESS / len(lightness)
    return weight * float((excess**2).sum()), 2 * weight * excess


def _greyness_penalty(plane: Floats) -> tuple[float, Floats]:
    """Grows as compressed chroma (a*, b*) sinks below the limit; with its slope."""
    chroma = np.maximum(np.linalg.norm(plane, axis=1), 1e-9)
    lack = np.maximum(1 - chroma / COLORFUL, 0)
    weight = SATURATION / len(plane)
    slope = (-2 * weight / COLORFUL * lack / chroma)[:, None] * plane
    return weight * float((lack**2).sum()), slope


def _scaled(distances: Floats) -> Floats:
    """Points (colour, 3) by classical multidimensional scaling, the longest 1 from the origin."""
    centring = np.eye(len(distances)) - 1 / len(distances)
    values, vectors = np.linalg.eigh(-0.5 * centring @ (distances**2) @ centring)
    points = np.zeros((len(distances), 3))
    kept = min(3, len(distances))
    points[:, :kept] = vectors[:, ::-1][:, :kept] * np.sqrt(np.maximum(values[::-1][:kept], 0))
    largest = points[np.abs(points).argmax(axis=0), range(3)]
    length = np.linalg.norm(points, axis=1).max()
    # Eigenvectors come with either sign; the largest entry is made positive.
    return points * np.where(largest < 0, -1.0, 1.0) / (length or 1.0)


def _place(points: Floats, scale: float) -> Floats:
    return lab_to_srgb(expand(scale * points + np.array([MIDDLE, 0.0, 0.0])))


def _largest_scale(points: Floats) -> float:
    """By what the points can be multiplied so that the screen still shows all of them."""
    low, high = 0.0, 60.0
    for _ in range(12):
        middle = (low + high) / 2
        rgb = _place(points, middle)
        inside = bool((rgb >= 0).all() and (rgb <= 1).all())
        low, high = (middle, high) if inside else (low, middle)
    return low
