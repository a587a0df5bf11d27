"""Figures of how far clusters of synapses can be believed."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from dashboard.kit.figures import NOISE, color, style
from dashboard.synapses.explore_figures import CHOSEN


def null(evidence: Mapping[str, Any]) -> go.Figure:
    """The widest gap of the data beside those of chance data."""
    figure = go.Figure()
    figure.add_histogram(
        x=evidence["null_gaps"],
        nbinsx=30,
        name="chance data",
        marker={"color": NOISE},
        hovertemplate="chance data: %{y} sets with a gap of %{x}<extra></extra>",
    )
    figure.add_vline(x=evidence["gap"], line={"color": CHOSEN, "width": 3})
    figure.add_annotation(
        x=evidence["gap"], y=1, yref="paper", yanchor="bottom", showarrow=False, text="these data"
    )
    figure.update_xaxes(
        title="widest gap between groups (dip times root of rows)", rangemode="tozero"
    )
    figure.update_yaxes(title="sets of chance data")
    return style(figure, height=300, showlegend=False)


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
