"""From values per voxel back to volumes and pictures."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.brainmap.voxels.series import Floats

Shape = tuple[int, int, int]
"""(plane, y, x)"""

FILTERED = -1
"""Label of voxels that were not clustered."""

NEUTRAL = 128
"""Grey of filtered voxels where no mean image is shown."""

BACKGROUND = 0.5
"""Brightness of the brightest background, so that clusters stand out."""

RANGE_PERCENTILES = (1.0, 99.5)
"""The span of the mean image that is shown; a few bright voxels must not darken the rest."""

PLANES_IN_A_ROW = 8

VOXELS_AT_ONCE = 1 << 18
"""Voxels that are painted together: mixing takes many times the memory of the picture."""
COMPONENTS = 3


def volume(
    values: NDArray[Any], voxels: NDArray[np.intp], shape: Shape, fill: float
) -> NDArray[Any]:
    """Put values of some voxels at their places in a volume.

    Args:
        values: (kept voxel,).
        voxels: position of each in the order of plane, y, x.
        shape: (plane, y, x).
        fill: for all other voxels.
    """
    full = np.full(int(np.prod(shape)), fill, values.dtype)
    full[voxels] = values
    return full.reshape(shape)


def paint(
    labels: NDArray[np.int16],
    similarity: NDArray[np.float32],
    mean: NDArray[np.floating[Any]],
    colors: NDArray[np.uint8],
) -> NDArray[np.uint8]:
    """Colour clusters over the mean image.

    The more a voxel resembles its centroid, the more of the cluster's colour it shows; voxels
    that were filtered out, or resemble it not at all, show the mean image in grey.

    Args:
        labels: (plane, y, x), -1 where filtered out.
        similarity: (plane, y, x), correlation with the centroid.
        mean: (plane, y, x), mean intensity over time; NaN is shown as darkest.
        colors: (cluster, 3).

    Returns:
        RGB (plane, y, x, 3).
    """
    painted = np.empty((labels.size, 3), np.uint8)
    known = mean[np.isfinite(mean)]
    low, high = np.percentile(known, RANGE_PERCENTILES) if known.size else (0.0, 1.0)
    for start in range(0, labels.size, VOXELS_AT_ONCE):
        some = slice(start, start + VOXELS_AT_ONCE)
        group, alike, dark = (values.reshape(-1)[some] for values in (labels, similarity, mean))
        opacity = np.where(group == FILTERED, 0.0, np.clip(alike, 0, 1))[:, None]
        bright = np.clip((np.nan_to_num(dark, nan=low) - low) / ((high - low) or 1.0), 0, 1)
        grey = 255 * BACKGROUND * bright[:, None]
        mixed = opacity * colors[np.maximum(group, 0)] + (1 - opacity) * grey
        painted[some] = np.round(mixed).astype(np.uint8)
    return painted.reshape(*labels.shape, 3)


def flat_colors(labels: NDArray[np.int16], colors: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Colour clusters fully, and voxels that were filtered out in a neutral grey.

    Args:
        labels: (..., y, x), -1 where filtered out.
        colors: (cluster, 3).

    Returns:
        RGB (..., y, x, 3).
    """
    return np.concatenate([colors, np.full((1, 3), NEUTRAL, np.uint8)])[labels]


def most_similar_plane(
    labels: NDArray[np.int16], similarity: NDArray[np.floating[Any]]
) -> NDArray[np.intp]:
    """The plane (y, x) in which the voxel resembles its cluster most: a stack seen from above.

    Args:
        labels: (plane, y, x), -1 where filtered out; such a plane is taken only if all are.
        similarity: (plane, y, x).
    """
    return np.asarray(np.where(labels == FILTERED, -np.inf, similarity).argmax(axis=0))


def side_by_side(planes: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Arrange (plane, y, x, 3) from left to right, in rows of up to eight, as (y, x, 3)."""
    count, height, width, parts = planes.shape
    columns = min(count, PLANES_IN_A_ROW)
    rows = -(-count // columns)
    sheet = np.zeros((rows * columns, height, width, parts), np.uint8)
    sheet[:count] = planes
    grid = sheet.reshape(rows, columns, height, width, parts)
    return grid.transpose(0, 2, 1, 3, 4).reshape(rows * height, columns * width, parts)


def components(centroids: Floats) -> tuple[Floats, Floats]:
    """Principal components of centroids (cluster, time), by singular values of the centred ones.

    Returns:
        Scores (cluster, 3) and shares of the variance (3,); 0 where there are fewer components.
    """
    centred = centroids - centroids.mean(axis=0)
    left, scale, _ = np.linalg.svd(centred, full_matrices=False)
    kept = min(COMPONENTS, len(scale))
    scores, share = np.zeros((len(centroids), COMPONENTS)), np.zeros(COMPONENTS)
    scores[:, :kept] = left[:, :kept] * scale[:kept]
    share[:kept] = (scale**2 / max((scale**2).sum(), 1e-300))[:kept]
    return scores, share
