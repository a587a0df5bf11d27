"""Figures of a correlation map."""

from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray
from plotly.subplots import make_subplots

from dashboard.brainmap.look.look_figures import picture
from dashboard.brainmap.map.map_figures import FILTERED_GREY
from dashboard.kit.figures import PALETTE, style
from pipelines.brainmap.operations.correlation import COLD_TO_HOT

SCALE = [[end / 2, f"rgb{color}"] for end, color in enumerate(COLD_TO_HOT)]
HEIGHT = 340
VOXEL_COLOR = "#7c8698"


def correlation(plane: NDArray[Any], limit: float) -> go.Figure:
    """One plane (y, x) of correlations, in colours from -limit to limit."""
    figure = picture(plane, (-limit, limit), SCALE, unit="Pearson's r")
    figure.update_traces(hovertemplate="y %{y}, x %{x}: r = %{z:.3f}<extra></extra>")
    return figure.update_layout(plot_bgcolor=FILTERED_GREY)


def series(values: NDArray[Any], unit: str) -> go.Figure:
    """One series (time,)."""
    figure = go.Figure(_line(np.arange(len(values)), values, PALETTE[0]))
    figure.update_xaxes(title="time point (frames)")
    figure.update_yaxes(title=unit)
    return style(figure, height=HEIGHT)


def compared(
    values: NDArray[Any], unit: str, voxel: NDArray[Any], every: int, title: str
) -> go.Figure:
    """A series above that of one voxel, on the same time axis.

    Args:
        values: (time,).
        unit: of `values`.
        voxel: (time,), every `every`-th time point, as recorded.
        every: as above.
        title: which voxel it is.
    """
    figure = make_subplots(rows=2, cols=1, shared_xaxes=True, vertical_spacing=0.08)
    figure.add_trace(_line(np.arange(len(values)), values, PALETTE[0]), row=1, col=1)
    figure.add_trace(_line(every * np.arange(len(voxel)), voxel, VOXEL_COLOR), row=2, col=1)
    figure.update_xaxes(title="time point (frames)", row=2, col=1)
    figure.update_yaxes(title=unit, row=1, col=1)
    figure.update_yaxes(title="intensity", row=2, col=1)
    heading = {"text": title, "font": {"size": 13}}
    return style(figure, height=HEIGHT, showlegend=False, title=heading)


def _line(times: NDArray[Any], values: NDArray[Any], color: str) -> go.Scatter:
    return go.Scatter(
        x=times,
        y=values,
        mode="lines",
        line={"color": color, "width": 2},
        hovertemplate="time point %{x}: %{y:.4g}<extra></extra>",
    )
