"""Voxels and regions that a person named."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pipelines.core.errors import ParameterError


def check_voxel(voxel: Sequence[int], shape: Sequence[int]) -> None:
    """Refuse a voxel that images of that (plane, y, x) do not have.

    Raises:
        ParameterError: not three numbers, or beyond the images.
    """
    inside = len(voxel) == 3 and all(0 <= at < size for at, size in zip(voxel, shape, strict=True))
    if not inside:
        raise ParameterError(
            f"voxel: {_listed(voxel)} is not in the images of {' x '.join(map(str, shape))} "
            "(plane, y, x): give its plane, y and x, counted from 0."
        )


def region_mask(region: Sequence[int], shape: Sequence[int]) -> NDArray[np.bool_]:
    """Which voxels (plane, y, x) lie in a region of one plane.

    Args:
        region: the plane, then y and x of the corners in turn; two corners span a box.
        shape: (plane, y, x).

    Raises:
        ParameterError: fewer than two corners, half a corner, or nothing of the images inside.
    """
    if len(region) < 5 or len(region) % 2 == 0:
        raise ParameterError(
            f"region: {_listed(region) or 'nothing'} is no region; give a plane, then y and x of "
            "two corners of a box, or of three or more corners of an outline."
        )
    plane, corners = region[0], np.asarray(region[1:], float).reshape(-1, 2)
    mask = np.zeros(tuple(shape), bool)
    if 0 <= plane < shape[0]:
        inside = _box if len(corners) == 2 else _outline
        mask[plane] = inside(corners, (shape[1], shape[2]))
    if not mask.any():
        raise ParameterError(
            f"region: {_listed(region)} holds no voxel of the images of "
            f"{' x '.join(map(str, shape))} (plane, y, x): draw it anew."
        )
    return mask


def _box(corners: NDArray[np.float64], shape: tuple[int, int]) -> NDArray[np.bool_]:
    y, x = np.indices(shape)
    (top, left), (bottom, right) = corners.min(axis=0), corners.max(axis=0)
    return np.asarray((y >= top) & (y <= bottom) & (x >= left) & (x <= right))


def _outline(corners: NDArray[np.float64], shape: tuple[int, int]) -> NDArray[np.bool_]:
    """Pixels whose centre a ray to the right leaves by an odd number of edges, and the corners."""
    y, x = np.indices(shape)
    odd = np.zeros(shape, bool)
    following = np.roll(corners, -1, axis=0)
    for (y1, x1), (y2, x2) in zip(corners, following, strict=True):
        if y1 != y2:
            spans = (y1 > y) != (y2 > y)
            odd ^= spans & (x < (x2 - x1) * (y - y1) / (y2 - y1) + x1)
    for at_y, at_x in corners.astype(int):
        if 0 <= at_y < shape[0] and 0 <= at_x < shape[1]:
            odd[at_y, at_x] = True
    return odd


def _listed(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, numbers))
