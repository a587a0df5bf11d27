"""Figures to look into clusters of synapses: distributions, space, effects, evidence."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from dashboard.figures.common import NOISE, color, message, style
from dashboard.figures.synapses import axis_title, cluster_name, names_of

MOST_IN_SPACE = 20_000
"""Points that a browser turns smoothly in three dimensions."""
MOST_IN_PAIRS = 5000
BINS = 60
CHOSEN = "#3346c3"


def histogram(rows: pd.DataFrame, column: str, chosen: Sequence[int] | None) -> go.Figure:
    """The distribution of one column, with that of the chosen synapses before it."""
    values = rows[column].to_numpy(float)
    edges = np.histogram_bin_edges(values[np.isfinite(values)], bins=BINS)
    figure = go.Figure()
    figure.add_trace(_bars(values, edges, "all", NOISE))
    if chosen is not None:
        figure.add_trace(
            _bars(rows.loc[list(chosen), column].to_numpy(float), edges, "chosen", CHOSEN)
        )
    figure.update_xaxes(title=axis_title(column))
    figure.update_yaxes(title="synapses")
    return style(
        figure,
        height=260,
        barmode="overlay",
        bargap=0.05,
        dragmode="select",
        selectdirection="h",
        showlegend=False,
    )


def _bars(values: np.ndarray, edges: np.ndarray, name: str, shade: str) -> go.Bar:
    counts, _ = np.histogram(values[np.isfinite(values)], bins=edges)
    return go.Bar(
        x=(edges[:-1] + edges[1:]) / 2,
        y=counts,
        name=name,
        marker={"color": shade},
        hovertemplate=f"%{{x:.4g}}: %{{y}} ({name})<extra></extra>",
    )


def density(rows: pd.DataFrame) -> go.Figure:
    """How many synapses lie where on the map, as contours."""
    counts, x, y = np.histogram2d(rows["UMAP_1"], rows["UMAP_2"], bins=50)
    figure = go.Figure(
        go.Contour(
            z=_smooth(counts.T),
            x=(x[:-1] + x[1:]) / 2,
            y=(y[:-1] + y[1:]) / 2,
            colorscale="Viridis",
            colorbar={"title": "synapses"},
            contours={"coloring": "fill"},
            line={"width": 0.5},
            hovertemplate="%{z:.1f} synapses<extra></extra>",
        )
    )
    figure.update_xaxes(title="UMAP 1 (no unit)")
    figure.update_yaxes(title="UMAP 2 (no unit)")
    return style(figure, height=460)


def _smooth(counts: np.ndarray) -> np.ndarray:
    """Binomial smoothing along both axes; it is 1.2 bins wide and needs no further library."""
    kernel = np.array([1, 6, 15, 20, 15, 6, 1]) / 64
    for axis in (0, 1):
        counts = np.apply_along_axis(np.convolve, axis, counts, kernel, "same")
    return counts


def map_in_space(rows: pd.DataFrame) -> go.Figure:
    """The map in three dimensions."""
    shown = _thinned(rows, MOST_IN_SPACE)
    figure = go.Figure(_scatter3d(shown, ["UMAP_1", "UMAP_2", "UMAP_3"], legend=True))
    axes = {f"{axis}axis": {"title": f"UMAP {i}"} for i, axis in enumerate("xyz", start=1)}
    return style(figure, height=560, scene=axes)


def in_space(rows: pd.DataFrame) -> go.Figure:
    """Synapses around their soma (0, 0, 0), as measured and in their neuron's frame, in um."""
    shown = _thinned(rows, MOST_IN_SPACE)
    around = shown.assign(
        **{f"rel_{a}": shown[f"corr_{a}_micron"] - shown[f"corr_soma_{a}_micron"] for a in "xyz"}
    )
    figure = make_subplots(
        cols=2,
        specs=[[{"type": "scene"}] * 2],
        subplot_titles=("around the soma, as measured", "in the frame of each neuron"),
        horizontal_spacing=0.02,
    )
    figure.add_traces(_scatter3d(around, ["rel_x", "rel_y", "rel_z"], legend=True), rows=1, cols=1)
    figure.add_traces(_scatter3d(around, ["pca_1", "pca_2", "pca_3"], legend=False), rows=1, cols=2)
    axes = {f"{axis}axis": {"title": f"{axis} (um)"} for axis in "xyz"}
    turned = {f"{axis}axis": {"title": f"axis {i} (um)"} for i, axis in enumerate("xyz", start=1)}
    return style(
        figure,
        height=560,
        scene={"aspectmode": "data", **axes},
        scene2={"aspectmode": "data", **turned},
    )


def _scatter3d(rows: pd.DataFrame, axes: list[str], *, legend: bool) -> list[go.Scatter3d]:
    return [
        go.Scatter3d(
            **{
                letter: members[name].to_numpy(np.float32)
                for letter, name in zip("xyz", axes, strict=True)
            },
            mode="markers",
            name=cluster_name(cluster),
            legendgroup=str(cluster),
            showlegend=legend,
            marker={"color": color(cluster), "size": 3, "opacity": 0.8},
            text=names_of(members),
            hovertemplate="%{text}<br>%{x:.1f}, %{y:.1f}, %{z:.1f}<extra></extra>",
        )
        for cluster, members in by_cluster(rows)
    ]


def by_cluster(rows: pd.DataFrame) -> list[tuple[int, pd.DataFrame]]:
    """The rows of each cluster, noise first."""
    labels = rows["cluster"].to_numpy(np.int64)
    return [(int(cluster), rows[labels == cluster]) for cluster in np.unique(labels)]


def _thinned(rows: pd.DataFrame, most: int) -> pd.DataFrame:
    """At most so many rows, the same share of every cluster."""
    step = -(-len(rows) // most)
    return rows.sort_values("cluster", kind="stable").iloc[::step]


def pairs(rows: pd.DataFrame, columns: Sequence[str]) -> go.Figure:
    """Every column against every other."""
    shown = _thinned(rows, MOST_IN_PAIRS)
    figure = go.Figure()
    for cluster, members in by_cluster(shown):
        figure.add_splom(
            dimensions=[
                {"label": name, "values": members[name].to_numpy(np.float32)} for name in columns
            ],
            name=cluster_name(cluster),
            marker={"color": color(cluster), "size": 3, "opacity": 0.6},
            diagonal={"visible": False},
            showupperhalf=False,
            text=names_of(members),
            hovertemplate="%{text}<br>%{x:.3g}, %{y:.3g}<extra></extra>",
        )
    return style(figure, height=680)


def correlation(rows: pd.DataFrame, columns: Sequence[str]) -> go.Figure:
    """Rank correlations (Spearman) of the columns."""
    # Ranks first: pandas would take scipy for the same numbers.
    matrix = rows[list(columns)].rank().corr().to_numpy()
    figure = go.Figure(
        go.Heatmap(
            z=matrix,
            x=list(columns),
            y=list(columns),
            zmin=-1,
            zmax=1,
            colorscale="RdBu",
            texttemplate="%{z:.2f}",
            colorbar={"title": "rho"},
            hovertemplate="%{x}, %{y}: %{z:.3f}<extra></extra>",
        )
    )
    figure.update_yaxes(autorange="reversed", automargin=True)
    figure.update_xaxes(automargin=True)
    return style(figure, height=460)


def boxes(rows: pd.DataFrame, column: str) -> go.Figure:
    """One column for each neuron and cluster, as box plots."""
    figure = go.Figure()
    for cluster, members in by_cluster(rows):
        figure.add_box(
            x=members["NeuronId"],
            y=members[column].to_numpy(np.float32),
            name=cluster_name(cluster),
            marker={"color": color(cluster), "size": 3},
            line={"width": 1},
        )
    figure.update_xaxes(title="neuron", type="category", categoryorder="category ascending")
    figure.update_yaxes(title=axis_title(column))
    return style(figure, height=460, boxmode="group")


def summary(contrasts: pd.DataFrame) -> go.Figure:
    """Cliff's delta of each cluster against the rest, with intervals.

    Args:
        contrasts: with columns cluster, measure, n, median, delta, delta_low, delta_high.
    """
    figure = go.Figure()
    measures = list(dict.fromkeys(contrasts["measure"]))
    clusters = sorted(int(cluster) for cluster in contrasts["cluster"].unique())
    for place, cluster in enumerate(clusters):
        lines = contrasts[contrasts["cluster"] == cluster]
        offset = (place - (len(clusters) - 1) / 2) * 0.7 / max(len(clusters), 1)
        figure.add_trace(_effects(lines, measures, offset, cluster_name(cluster), cluster))
    return _effect_axes(figure, measures, "Cliff's delta against all other synapses")


def comparison(effects: pd.DataFrame, one: str, other: str) -> go.Figure:
    """Cliff's delta of one set of synapses against another, with intervals."""
    measures = list(effects["measure"])
    figure = go.Figure(_effects(effects, measures, 0.0, one, 0))
    figure.update_layout(showlegend=False)
    return _effect_axes(figure, measures, f"Cliff's delta: above 0, {one} is higher than {other}")


def _effects(
    lines: pd.DataFrame, measures: list[str], offset: float, name: str, shade: int
) -> go.Scatter:
    delta = lines["delta"].to_numpy(float)
    return go.Scatter(
        x=delta,
        y=[measures.index(name) + offset for name in lines["measure"]],
        mode="markers",
        name=name,
        marker={"color": color(shade), "size": 8},
        error_x={
            "type": "data",
            "symmetric": False,
            "array": lines["delta_high"].to_numpy(float) - delta,
            "arrayminus": delta - lines["delta_low"].to_numpy(float),
            "color": color(shade),
            "thickness": 1.5,
            "width": 3,
        },
        customdata=lines[["delta_low", "delta_high", "median"]].to_numpy(float),
        text=lines["measure"],
        hovertemplate=(
            "%{text}: %{x:.2f}, 95 % interval %{customdata[0]:.2f} to %{customdata[1]:.2f}"
            f"<br>median %{{customdata[2]:.4g}}<extra>{name}</extra>"
        ),
    )


def _effect_axes(figure: go.Figure, measures: list[str], title: str) -> go.Figure:
    figure.add_vline(x=0, line={"color": "#7c8698", "width": 1, "dash": "dot"})
    figure.update_xaxes(title=title, range=[-1.05, 1.05])
    figure.update_yaxes(
        tickvals=list(range(len(measures))),
        ticktext=measures,
        range=[len(measures) - 0.5, -0.5],
        automargin=True,
    )
    return style(figure, height=120 + 46 * len(measures))


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
