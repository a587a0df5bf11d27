"""Figures of a correlation map."""

from typing import Any

import plotly.graph_objects as go
from numpy.typing import NDArray

from dashboard.figures.brainmap import FILTERED_GREY
from dashboard.figures.brainmap_look import picture
from dashboard.figures.common import PALETTE, style
from pipelines.brainmap.correlation import COLD_TO_HOT

SCALE = [[end / 2, f"rgb{color}"] for end, color in enumerate(COLD_TO_HOT)]


def correlation(plane: NDArray[Any], limit: float) -> go.Figure:
    """One plane (y, x) of correlations, in colours from -limit to limit."""
    figure = picture(plane, (-limit, limit), SCALE, unit="Pearson's r")
    figure.update_traces(hovertemplate="y %{y}, x %{x}: r = %{z:.3f}<extra></extra>")
    return figure.update_layout(plot_bgcolor=FILTERED_GREY)


def series(values: NDArray[Any], unit: str) -> go.Figure:
    """One series (time,)."""
    figure = go.Figure()
    figure.add_scatter(
        y=values,
        mode="lines",
        line={"color": PALETTE[0], "width": 2},
        hovertemplate="time point %{x}: %{y:.4g}<extra></extra>",
    )
    figure.update_xaxes(title="time point (frames)")
    figure.update_yaxes(title=unit)
    return style(figure, height=300)
