"""Figures of classifiers of synapses: their scores, and new synapses on the map."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from dashboard.kit.figures import NOISE, PALETTE, color, style
from dashboard.synapses.map_figures import cluster_name

CHOSEN = -1
"""The last trace of `predictions` marks the chosen synapses."""
SYMBOLS = {(False, False): "circle", (True, False): "x", (False, True): "diamond"}
"""By whether it is an outlier and of a neuron not seen before."""


def predictions(known: pd.DataFrame, new: pd.DataFrame) -> go.Figure:
    """New synapses on the map of the known ones.

    Args:
        known: UMAP_1 and UMAP_2 of the synapses that were learnt from.
        new: predicted rows with UMAP_1, UMAP_2, cluster, probability, outlier_score,
            is_outlier, is_new_neuron, name; indexed by their place in the table.
    """
    figure = go.Figure()
    if len(known):
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
    figure.add_trace(_chosen_trace())
    figure.update_xaxes(title="UMAP 1 (no unit)")
    figure.update_yaxes(title="UMAP 2 (no unit)")
    legend = {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0}
    return style(figure, height=480, legend=legend, dragmode="pan", clickmode="event+select")


def _new_trace(cluster: int, members: pd.DataFrame) -> go.Scattergl:
    flags = zip(members["is_outlier"], members["is_new_neuron"], strict=True)
    columns = ["probability", "outlier_score"]
    return go.Scattergl(
        x=members["UMAP_1"].to_numpy(np.float32),
        y=members["UMAP_2"].to_numpy(np.float32),
        mode="markers",
        name=f"new, {cluster_name(cluster)} ({len(members)})",
        marker={
            "color": color(cluster),
            "size": 11,
            "symbol": [SYMBOLS.get((bool(one), bool(other)), "x") for one, other in flags],
            "line": {"width": 1, "color": "#ffffff"},
        },
        customdata=members[columns].to_numpy(np.float32),
        text=members["name"],
        hovertemplate=(
            "%{text}<br>probability %{customdata[0]:.2f}<br>outlier score %{customdata[1]:.2f}"
            "<extra>" + cluster_name(cluster) + "</extra>"
        ),
    )


def _chosen_trace() -> go.Scattergl:
    return go.Scattergl(
        x=[],
        y=[],
        mode="markers",
        name="chosen in the table",
        marker={"size": 24, "symbol": "circle-open", "color": "#c8102e", "line": {"width": 3}},
        hoverinfo="skip",
        showlegend=False,
    )


def confusion(matrix: NDArray[np.int64], classes: Sequence[str]) -> go.Figure:
    """Counts of held-out synapses (k, k + 1): true class down, predicted class across.

    The last column, no answer, is shown when there are such synapses.
    """
    share = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    shown = matrix.shape[1] if matrix[:, -1].any() else len(classes)
    figure = go.Figure(
        go.Heatmap(
            z=share[:, :shown],
            x=[*classes, "no answer"][:shown],
            y=classes,
            text=matrix[:, :shown],
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
    return style(figure, height=320)


def calibration(curve: Sequence[Mapping[str, Any]]) -> go.Figure:
    """What was promised and what came true, with the number of synapses at each point."""
    promised = [one["probability"] for one in curve]
    counts = [one["n"] for one in curve]
    figure = go.Figure()
    figure.add_scatter(
        x=[0, 1], y=[0, 1], mode="lines", line={"color": NOISE, "dash": "dot"}, hoverinfo="skip"
    )
    figure.add_scatter(
        x=promised,
        y=[one["accuracy"] for one in curve],
        mode="lines+markers+text",
        line={"color": PALETTE[0], "width": 1},
        marker={"size": 9},
        text=[f"n = {count}" for count in counts],
        textposition=["bottom left" if value > 0.8 else "top right" for value in promised],
        hovertemplate="promised %{x:.2f}, came true %{y:.2f}<extra>%{text}</extra>",
    )
    figure.update_xaxes(title="probability that was told", range=[0, 1.03])
    figure.update_yaxes(title="share that was right", range=[0, 1.06])
    return style(figure, height=320, showlegend=False)


def importance(features: Mapping[str, Mapping[str, float]]) -> go.Figure:
    """Accuracy that is lost when a feature is shuffled; whiskers are one deviation."""
    names = list(features)[::-1]
    figure = go.Figure(
        go.Bar(
            x=[features[name]["mean"] for name in names],
            y=names,
            orientation="h",
            marker={"color": PALETTE[0]},
            error_x={"type": "data", "array": [features[name]["deviation"] for name in names]},
            hovertemplate="%{y}: %{x:.3f}<extra></extra>",
        )
    )
    figure.update_xaxes(title="accuracy lost when shuffled (share)")
    figure.update_yaxes(automargin=True)
    return style(figure, height=320)
