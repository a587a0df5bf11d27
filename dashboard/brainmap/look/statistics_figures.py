"""Figures of what many voxels do over time."""

from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from dashboard.kit.figures import NOISE, PALETTE, style

HEIGHT = 340
MOST_LINES = 200
"""Series that can be drawn over each other; more would hide each other."""

BLUE = "59, 111, 212"


def over_time(table: pd.DataFrame, low: float, high: float) -> go.Figure:
    """Statistics across voxels per time point, as `operations.statistics.over_time` gives them."""
    mean, std = table["mean"], table["std"]
    figure = go.Figure()
    lower, upper = f"{low:g}th percentile", f"{high:g}th percentile"
    _edge(figure, table["min"], "smallest", {"color": NOISE, "width": 1, "dash": "dot"})
    _edge(figure, table["max"], "largest", {"color": NOISE, "width": 1, "dash": "dot"})
    _edge(figure, table[f"p{low:g}"], lower, {"color": f"rgba({BLUE}, 0.5)", "width": 1})
    _edge(figure, table[f"p{high:g}"], upper, {"color": f"rgba({BLUE}, 0.5)", "width": 1}, 0.12)
    _edge(figure, mean - std, "mean - std", {"color": f"rgba({BLUE}, 0)", "width": 0})
    _edge(figure, mean + std, "mean + std", {"color": f"rgba({BLUE}, 0)", "width": 0}, 0.22)
    _edge(figure, table["p50"], "median", {"color": PALETTE[1], "width": 1.5, "dash": "dash"})
    _edge(figure, mean, "mean", {"color": PALETTE[0], "width": 2.5})
    figure.update_xaxes(title="time point (frames)")
    figure.update_yaxes(title="normalised signal")
    return style(figure, height=HEIGHT, showlegend=False)


def _edge(
    figure: go.Figure, values: Any, name: str, line: dict[str, Any], filled: float = 0.0
) -> None:
    """A line over time; with `filled` the space to the line before is tinted that strongly."""
    tint = {"fill": "tonexty", "fillcolor": f"rgba({BLUE}, {filled})"} if filled else {}
    figure.add_scatter(
        x=np.arange(len(values)),
        y=values,
        mode="lines",
        name=name,
        line=line,
        hovertemplate=f"{name} at time point %{{x}}: %{{y:.4g}}<extra></extra>",
        **tint,
    )


def sample(series: NDArray[Any], deviation: NDArray[Any]) -> go.Figure:
    """Some series (voxel, time), each with its standard deviation in its label."""
    figure = go.Figure()
    for index, (values, std) in enumerate(zip(series, deviation, strict=True)):
        figure.add_scatter(
            y=values,
            mode="lines",
            line={"color": PALETTE[index % len(PALETTE)], "width": 1},
            opacity=0.7,
            hovertemplate=f"std {std:.3g}, time point %{{x}}: %{{y:.4g}}<extra></extra>",
        )
    figure.update_xaxes(title="time point (frames)")
    figure.update_yaxes(title="normalised signal")
    return style(figure, height=HEIGHT, showlegend=False)
