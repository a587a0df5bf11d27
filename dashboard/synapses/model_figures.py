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
WHISKERS = "#7c8698"
"""Seen on light and on dark."""
FADED = 0.12
"""Opacity of what is not chosen."""
MOST_WRITTEN = 16
"""Clusters of which each cell of the confusion bears its number; of more, colour tells."""


def predictions(
    known: pd.DataFrame, new: pd.DataFrame, chosen: NDArray[np.bool_] | None = None
) -> go.Figure:
    """New synapses on the map of the known ones.

    Args:
        known: UMAP_1 and UMAP_2 of the synapses that were learnt from.
        new: predicted rows with UMAP_1, UMAP_2, cluster, probability, outlier_score,
            is_outlier, is_new_neuron, name; indexed by their place in the table.
        chosen: (n,) which of them are not faded; None for all.
    """
    kept = np.ones(len(new), dtype=bool) if chosen is None else chosen
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
        inside = (new["cluster"] == cluster).to_numpy()
        figure.add_trace(_new_trace(int(cluster), new[inside], kept[inside]))
    figure.add_trace(_chosen_trace())
    figure.update_xaxes(title="UMAP 1 (no unit)")
    figure.update_yaxes(title="UMAP 2 (no unit)")
    legend = {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0}
    return style(figure, height=480, legend=legend, dragmode="pan", clickmode="event+select")


def _new_trace(cluster: int, members: pd.DataFrame, kept: NDArray[np.bool_]) -> go.Scattergl:
    flags = zip(members["is_outlier"], members["is_new_neuron"], strict=True)
    said = members[["probability", "outlier_score"]].to_numpy(float)
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
            "opacity": np.where(kept, 0.9, FADED),
        },
        customdata=np.column_stack([members.index.to_numpy(), said]),
        text=members["name"],
        hovertemplate=(
            "%{text}<br>probability %{customdata[1]:.2f}<br>outlier score %{customdata[2]:.2f}"
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
    own = np.repeat([[f"cluster:{name}"] for name in classes], shown, axis=1)
    figure = go.Figure(
        go.Heatmap(
            z=share[:, :shown],
            x=[*classes, "no answer"][:shown],
            y=classes,
            text=matrix[:, :shown],
            texttemplate="%{text}" if len(classes) <= MOST_WRITTEN else "",
            customdata=own,
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


def each_cluster(matrix: NDArray[np.int64], classes: Sequence[str], chosen: str = "") -> go.Figure:
    """How well each cluster is told, from counts of held-out rows (k, k + 1).

    Args:
        matrix: true class down, predicted class across, no answer last.
        classes: their names.
        chosen: the one that is marked.
    """
    rows, told = matrix.sum(axis=1), matrix[:, : len(classes)].sum(axis=0)
    right = np.diagonal(matrix)
    figure = go.Figure()
    figure.add_bar(
        x=classes, y=rows / max(int(rows.sum()), 1), name="share of all rows",
        marker={"color": NOISE, "opacity": 0.5},
        hovertemplate="cluster %{x}: %{y:.1%} of all rows<extra></extra>",
    )  # fmt: skip
    for name, of, shade, symbol in (
        ("of its rows, told right", rows, PALETTE[0], "circle"),
        ("of those told it, right", told, PALETTE[1], "diamond-open"),
    ):
        sizes = [13 if one == chosen else 8 for one in classes]
        figure.add_scatter(
            x=classes, y=np.where(of > 0, right / np.maximum(of, 1), np.nan), mode="markers",
            name=name, marker={"color": shade, "symbol": symbol, "size": sizes},
            customdata=[f"cluster:{one}" for one in classes],
            hovertemplate="cluster %{x}: %{y:.1%} " + name + "<extra></extra>",
        )  # fmt: skip
    figure.update_xaxes(title="cluster", type="category")
    figure.update_yaxes(title="share", range=[0, 1.04], tickformat=".0%")
    legend = {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0}
    return style(figure, height=320, legend=legend)


def doubt(new: pd.DataFrame, chosen: NDArray[np.bool_] | None = None) -> go.Figure:
    """Probability against outlier score: what is told surely is at the left above.

    Args:
        new: as of `predictions`.
        chosen: (n,) which of them are not faded; None for all.
    """
    kept = np.ones(len(new), dtype=bool) if chosen is None else chosen
    figure = go.Figure(
        go.Scattergl(
            x=new["outlier_score"].to_numpy(float),
            y=new["probability"].to_numpy(float),
            mode="markers",
            marker={
                "color": [color(int(one)) for one in new["cluster"]],
                "symbol": ["x" if one else "circle" for one in new["is_outlier"]],
                "size": 8,
                "opacity": np.where(kept, 0.8, FADED),
            },
            customdata=new.index.to_numpy(),
            text=new["name"],
            hovertemplate="%{text}<br>probability %{y:.2f}<br>outlier score %{x:.2f}"
            "<extra></extra>",
        )
    )
    figure.update_xaxes(title="outlier score (no unit)", rangemode="tozero")
    figure.update_yaxes(title="probability of the told cluster", range=[0, 1.04])
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
            error_x={
                "type": "data",
                "array": [features[name]["deviation"] for name in names],
                "color": WHISKERS,
            },
            hovertemplate="%{y}: %{x:.3f}<extra></extra>",
        )
    )
    figure.update_xaxes(title="accuracy lost when shuffled (share)")
    figure.update_yaxes(automargin=True)
    return style(figure, height=320)
