"""The mean image as a picture on which voxels and regions are chosen."""

from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from dashboard.brainmap.look import look_figures as figures
from dashboard.kit.scale import UNKNOWN, Scale

CONTRAST = (1.0, 99.5)
"""Percentiles of intensity at the ends of the colour scale, at first."""


def ends(plane: NDArray[Any], contrast: tuple[float, float] = CONTRAST) -> tuple[float, float]:
    """Values at two percentiles of a plane; its largest where they are the same."""
    known = plane[np.isfinite(plane)]
    if not known.size:
        return 0.0, 1.0
    low, high = np.percentile(known, contrast)
    return float(low), float(high if high > low else known.max())


def mean_picture(
    plane: NDArray[Any],
    way: str = "voxel",
    colors: str = figures.COLOR_MAPS[0],
    scale: Scale = UNKNOWN,
) -> go.Figure:
    """A mean image (y, x) that takes the pointer in a way of `choice.WAYS`."""
    picture = scale.pictured(figures.picture(plane, ends(plane), colors), plane.shape)
    figure = figures.boxable(picture)
    return figure.update_layout(dragmode="zoom" if way == "voxel" else way)
