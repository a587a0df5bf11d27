"""Which points lie inside a line that was drawn around them."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def in_polygon(
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    corner_x: Sequence[float],
    corner_y: Sequence[float],
) -> NDArray[np.bool_]:
    """Which points (n,) lie in a polygon: a ray from them crosses its outline an odd time.

    Args:
        x: of the points (n,), in the unit of the corners.
        y: of the points (n,).
        corner_x: of the corners in turn, the last joined with the first.
        corner_y: of the same corners.
    """
    within = np.zeros(len(x), dtype=bool)
    for i in range(len(corner_x)):
        x1, y1, x2, y2 = corner_x[i - 1], corner_y[i - 1], corner_x[i], corner_y[i]
        if y1 == y2:
            continue
        crosses = (y1 > y) != (y2 > y)
        within ^= crosses & (x < (x2 - x1) * (y - y1) / (y2 - y1) + x1)
    return within
