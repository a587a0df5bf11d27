"""Figures of synapses: maps of the embedding, scores of a classifier."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from dashboard.figures.common import NOISE, color, style

MOST_POINTS = 200_000
"""Above this many points a density raster is drawn instead of markers."""
RASTER = (700, 500)


def cluster_name(cluster: int) -> str:
    """What a cluster is called."""
    return "noise" if cluster < 0 else f"cluster {cluster}"


def embedding(rows: pd.DataFrame) -> go.Figure:
    """The map of clustered synapses, one trace per cluster.

    Args:
        rows: with columns UMAP_1, UMAP_2, cluster, probability and the key columns.
    """
    figure = go.Figure()
    if len(rows) > MOST_POINTS:
        figure.add_trace(_raster(rows))
    else:
        for cluster in sorted(rows["cluster"].unique()):
            figure.add_trace(_cluster_trace(int(cluster), rows[rows["cluster"] == cluster]))
    return _map_axes(figure)


def _cluster_trace(cluster: int, members: pd.DataFrame) -> go.Scattergl:
    return go.Scattergl(
        x=members["UMAP_1"].to_numpy(np.float32),
        y=members["UMAP_2"].to_numpy(np.float32),
        mode="markers",
        name=f"{cluster_name(cluster)} ({len(members)})",
        marker={"color": color(cluster), "size": 7, "opacity": 0.8},
        customdata=members.index.to_numpy(),
        text=members["NeuronId"] + " " + members["SynType"] + " " + members["SynId"].astype(str),
        hovertemplate=(
            "%{text}<br>UMAP %{x:.2f}, %{y:.2f}<extra>" + cluster_name(cluster) + "</extra>"
        ),
    )


def _raster(rows: pd.DataFrame) -> go.Heatmap:
    counts, x, y = np.histogram2d(rows["UMAP_1"], rows["UMAP_2"], bins=RASTER)
    shown = np.where(counts.T > 0, np.log10(np.maximum(counts.T, 1)), np.nan)
    return go.Heatmap(
        z=shown.astype(np.float32),
        x=(x[:-1] + x[1:]) / 2,
        y=(y[:-1] + y[1:]) / 2,
        colorscale="Viridis",
        colorbar={"title": "log10 synapses"},
        hovertemplate="10^%{z:.1f} synapses<extra></extra>",
    )


def predictions(known: pd.DataFrame, new: pd.DataFrame) -> go.Figure:
    """New synapses on the map of the known ones.

    Args:
        known: clustered synapses, as in `embedding`.
        new: predicted rows with UMAP_1, UMAP_2, cluster, probability, is_outlier.
    """
    figure = go.Figure()
    figure.add_scattergl(
        x=known["UMAP_1"].to_numpy(np.float32),
        y=known["UMAP_2"].to_numpy(np.float32),
        mode="markers",
        name=f"learnt from ({len(known)})",
        marker={"color": NOISE, "size": 5, "opacity": 0.35},
        hoverinfo="skip",
    )
    for cluster in sorted(new["cluster"].unique()):
        figure.add_trace(_new_trace(int(cluster), new[new["cluster"] == cluster]))
    return _map_axes(figure)


def _new_trace(cluster: int, members: pd.DataFrame) -> go.Scattergl:
    outlier = members["is_outlier"].to_numpy(bool)
    return go.Scattergl(
        x=members["UMAP_1"].to_numpy(np.float32),
        y=members["UMAP_2"].to_numpy(np.float32),
        mode="markers",
        name=f"new, {cluster_name(cluster)} ({len(members)})",
        marker={
            "color": color(cluster),
            "size": 11,
            "symbol": np.where(outlier, "x", "circle"),
            "line": {"width": 1, "color": "#ffffff"},
        },
        customdata=members[["probability", "outlier_score"]].to_numpy(np.float32),
        text=members["name"],
        hovertemplate=(
            "%{text}<br>probability %{customdata[0]:.2f}<br>outlier score %{customdata[1]:.2f}"
            "<extra>" + cluster_name(cluster) + "</extra>"
        ),
    )


def _map_axes(figure: go.Figure) -> go.Figure:
    figure.update_xaxes(title="UMAP 1 (no unit)")
    figure.update_yaxes(title="UMAP 2 (no unit)")
    legend = {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0}
    return style(figure, height=520, legend=legend, dragmode="pan", clickmode="event+select")


def confusion(matrix: NDArray[np.int64], classes: Sequence[str]) -> go.Figure:
    """Counts of held-out synapses: true class down, predicted class across."""
    share = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    figure = go.Figure(
        go.Heatmap(
            z=share,
            x=classes,
            y=classes,
            text=matrix,
            texttemplate="%{text}",
            colorscale=[(0, "rgba(59,111,212,0.05)"), (1, "rgba(59,111,212,0.85)")],
            zmin=0,
            zmax=1,
            showscale=False,
            hovertemplate="true %{y}, predicted %{x}<br>%{text} synapses<extra></extra>",
        )
    )
    figure.update_xaxes(title="predicted cluster", type="category")
    figure.update_yaxes(title="true cluster", type="category", autorange="reversed")
    return style(figure, height=380)
