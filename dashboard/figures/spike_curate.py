"""Figures for curating one unit."""

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from dashboard.figures.common import NOISE, color, style

MOST_DRAWN = 50_000


def cloud(unit: int, points: NDArray[np.float32], far: NDArray[np.bool_]) -> go.Figure:
    """A unit's spikes on their first two principal components, to be lassoed.

    Args:
        unit: its number.
        points: shape (spike, 2), in units of noise.
        far: which spikes are proposed as outliers.
    """
    figure = go.Figure()
    for name, chosen, paint in (("spikes", ~far, color(unit)), ("outliers", far, NOISE)):
        if chosen.any():
            figure.add_scattergl(
                x=points[chosen, 0],
                y=points[chosen, 1],
                mode="markers",
                name=name,
                marker={"size": 4, "color": paint, "opacity": 0.7},
                hoverinfo="skip",
            )
    figure.update_xaxes(title="first component (noise)")
    figure.update_yaxes(title="second component (noise)")
    return style(
        figure,
        height=300,
        dragmode="lasso",
        showlegend=bool(far.any()),
        legend={"orientation": "h", "y": 1.15},
    )
