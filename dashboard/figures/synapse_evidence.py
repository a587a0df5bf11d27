"""Figures of how far clusters of synapses can be believed."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from dashboard.figures.common import NOISE, color, message, style
from dashboard.figures.synapse_explore import CHOSEN


def null(evidence: Mapping[str, Any]) -> go.Figure:
    """The statistic of the clusters beside those of chance data."""
    values = evidence["null_dbcv_features"]
    if not values:
        return message("Chance data were not tried", height=260)
    figure = go.Figure()
    figure.add_scatter(
        x=values,
        y=evidence["null_n_clusters"],
        mode="markers",
        name="chance data",
        marker={"color": NOISE, "size": 10, "opacity": 0.7},
        hovertemplate="chance data: %{x:.2f}, %{y} groups<extra></extra>",
    )
    figure.add_scatter(
        x=[evidence["dbcv_features"]],
        y=[evidence["n_clusters"]],
        mode="markers",
        name="these synapses",
        marker={"color": CHOSEN, "size": 14, "symbol": "diamond"},
        hovertemplate="these synapses: %{x:.2f}, %{y} clusters<extra></extra>",
    )
    figure.update_xaxes(title="DBCV in the features (-1 to 1)")
    figure.update_yaxes(title="clusters", dtick=1, rangemode="tozero")
    legend = {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0}
    return style(figure, height=300, legend=legend)


def sweep(lines: pd.DataFrame) -> go.Figure:
    """Number of clusters, share of noise and mean membership against min_samples."""
    titles = {
        "n_clusters": "clusters",
        "noise_share": "share of noise",
        "mean_probability": "mean membership",
    }
    figure = make_subplots(rows=3, shared_xaxes=True, vertical_spacing=0.06)
    for row, (column, title) in enumerate(titles.items(), start=1):
        figure.add_scatter(
            x=lines["min_samples"],
            y=lines[column],
            mode="lines+markers",
            line={"color": color(row - 1)},
            row=row,
            col=1,
            hovertemplate=f"min_samples %{{x}}: {title} %{{y:.3g}}<extra></extra>",
        )
        figure.update_yaxes(title=title, rangemode="tozero", row=row, col=1)
    figure.update_xaxes(title="minimum samples (synapses)", row=3, col=1)
    return style(figure, height=420, showlegend=False)
