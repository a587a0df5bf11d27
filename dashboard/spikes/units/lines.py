"""Many marks as one line that is lifted between them, and figures that fill a panel.

A browser draws one path of thousands of strokes in milliseconds, and as many marks in seconds.
"""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import ArrayLike, NDArray

from dashboard.kit.figures import style

Floats = NDArray[np.float64]


def joined(parts: Sequence[ArrayLike]) -> Floats:
    """Lines after each other, with the pen lifted between them."""
    lifted = [np.append(np.asarray(part, dtype=np.float64).ravel(), np.nan) for part in parts]
    return np.concatenate(lifted) if lifted else np.empty(0)


def strokes(x: ArrayLike, low: ArrayLike, high: ArrayLike) -> tuple[Floats, Floats]:
    """A vertical stroke at each x, from low to high."""
    at = np.asarray(x, dtype=np.float64)
    ends = [np.broadcast_to(np.asarray(one, dtype=np.float64), at.shape) for one in (low, high)]
    nothing = np.full(len(at), np.nan)
    return np.repeat(at, 3), np.stack([*ends, nothing], axis=1).ravel()


def steps(edges: ArrayLike, heights: ArrayLike, floor: float = 0.0) -> tuple[Floats, Floats]:
    """The outline of bars that stand side by side on a floor."""
    x = np.repeat(np.asarray(edges, dtype=np.float64), 2)
    y = np.repeat(np.asarray(heights, dtype=np.float64), 2)
    return x, np.concatenate([[floor], y, [floor]])


def thinned(count: int, most: int) -> slice:
    """Every n-th of so many, so that at most `most` are left."""
    return slice(None, None, max(1, -(-count // most)))


def fit(
    figure: go.Figure, margins: tuple[int, int, int, int], *, legend: bool = False
) -> go.Figure:
    """The look of the house for a panel.

    Args:
        figure: is changed.
        margins: left, right, top and bottom, in pixels.
        legend: whether the lines are named above the figure.
    """
    style(figure, height=400, showlegend=legend)
    sides = dict(zip("lrtb", margins, strict=True))
    figure.update_layout(
        margin=sides, legend={"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 0}
    )
    return figure
