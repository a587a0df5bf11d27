"""Figures to look into clusters of synapses: distributions, space, correlation, effects."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from dashboard.kit.figures import NOISE, color, style
from dashboard.synapses.map_figures import axis_title, cluster_name, embedding, names_of
from pipelines.synapses.fits import described

MOST_IN_SPACE = 20_000
"""Points that a browser turns smoothly in three dimensions."""
MOST_IN_PAIRS = 5000
BINS = 60
CHOSEN = "#3346c3"
MOST_EFFECTS = 14
"""Measures whose effects stand below each other in a panel; of more, the largest."""
AXES = ("pca_1", "pca_2", "pca_3")
LONGEST_AXIS, LONGEST_DIAGONAL = 1.3, 1.75
"""Of a view in space, in plotly's units: more would run out of what its camera sees."""
SPACE_GREY, SPACE_GRID = "#7c8698", "rgba(128,128,128,0.35)"
"""Text and lines of a view in space, which no stylesheet reaches, on light and on dark."""

Rows = Sequence[int] | npt.NDArray[np.int64]


def histogram(rows: pd.DataFrame, column: str, chosen: Rows | None) -> go.Figure:
    """The distribution of one column, with that of the chosen synapses before it."""
    values = rows[column].to_numpy(float)
    edges = np.histogram_bin_edges(values[np.isfinite(values)], bins=BINS)
    figure = go.Figure()
    figure.add_trace(_bars(values, edges, "all", NOISE))
    if chosen is not None:
        figure.add_trace(_bars(values[np.asarray(chosen, dtype=np.int64)], edges, "chosen", CHOSEN))
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
    found = described.density(rows)
    figure = go.Figure(
        go.Contour(
            z=found.counts,
            x=found.x,
            y=found.y,
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


def map_in_space(rows: pd.DataFrame) -> go.Figure:
    """The map in three dimensions."""
    shown = _thinned(rows, MOST_IN_SPACE)
    figure = go.Figure(_scatter3d(shown, ["UMAP_1", "UMAP_2", "UMAP_3"], legend=True))
    axes = _space_axes([f"UMAP {i}" for i in (1, 2, 3)])
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
    figure.add_traces(_scatter3d(around, list(AXES), legend=False), rows=1, cols=2)
    figure.add_trace(_soma(), row=1, col=1)
    axes = _space_axes([f"{axis} (um)" for axis in "xyz"])
    turned = _space_axes([f"axis {i} (um)" for i in (1, 2, 3)])
    return style(
        figure,
        height=560,
        scene={**_proportions(around[["rel_x", "rel_y", "rel_z"]]), **axes},
        scene2={**_proportions(around[list(AXES)]), **turned},
    )


def in_one_space(
    rows: pd.DataFrame, by: str, axes: Sequence[str], titles: Sequence[str], *, is_place: bool
) -> go.Figure:
    """Three columns against each other, coloured by any.

    Args:
        rows: one line a synapse; of more than `MOST_IN_SPACE` an even part is drawn.
        by: the column that gives the colour.
        axes: the three columns.
        titles: of the axes.
        is_place: whether they are places in um, whose proportions are true.
    """
    shown = _thinned(rows, MOST_IN_SPACE)
    flat = embedding(shown, by, axes=(axes[0], axes[1]))
    figure = go.Figure()
    for trace in flat.data:
        marker = {**trace.marker.to_plotly_json(), "size": 3}
        figure.add_scatter3d(
            x=trace.x,
            y=trace.y,
            z=shown.loc[np.asarray(trace.customdata), axes[2]].to_numpy(np.float32),
            mode="markers",
            name=trace.name,
            marker=marker,
            showlegend=trace.showlegend,
            customdata=trace.customdata,
            text=trace.text,
            hovertemplate="%{text}<br>%{x:.4g}, %{y:.4g}, %{z:.4g}<extra></extra>",
        )
    sides = _proportions(shown[list(axes)]) if is_place else {}
    legend = {"orientation": "h", "y": 1, "yanchor": "bottom", "x": 0, "itemsizing": "constant"}
    scene = {**sides, **_space_axes(titles)}
    return style(figure, height=560, scene=scene, legend=legend, uirevision=" ".join(axes))


def _soma() -> go.Scatter3d:
    return go.Scatter3d(
        x=[0],
        y=[0],
        z=[0],
        mode="markers",
        name="soma",
        marker={"color": "#c8102e", "size": 6, "symbol": "diamond"},
        hovertemplate="soma<extra></extra>",
    )


def _space_axes(titles: Sequence[str]) -> dict[str, Any]:
    look = {"color": SPACE_GREY, "gridcolor": SPACE_GRID, "zerolinecolor": SPACE_GRID}
    return {
        f"{axis}axis": {"title": title, **look} for axis, title in zip("xyz", titles, strict=True)
    }


def _proportions(places: pd.DataFrame) -> dict[str, Any]:
    """True proportions that fit the frame: plotly's own let a long axis run out of it."""
    spans = np.ptp(places.to_numpy(float), axis=0) + np.finfo(float).tiny
    fitting = min(LONGEST_AXIS / spans.max(), LONGEST_DIAGONAL / np.linalg.norm(spans))
    shares = fitting * spans
    return {"aspectmode": "manual", "aspectratio": dict(zip("xyz", shares.tolist(), strict=True))}


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
        for cluster, members in described.by_cluster(rows)
    ]


def _thinned(rows: pd.DataFrame, most: int) -> pd.DataFrame:
    """At most so many rows, the same share of every cluster."""
    step = -(-len(rows) // most)
    return rows.sort_values("cluster", kind="stable").iloc[::step]


def pairs(rows: pd.DataFrame, columns: Sequence[str]) -> go.Figure:
    """Every column against every other."""
    shown = _thinned(rows, MOST_IN_PAIRS)
    figure = go.Figure()
    for cluster, members in described.by_cluster(shown):
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
    figure = go.Figure(
        go.Heatmap(
            z=described.rank_correlations(rows, columns),
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
    """One column for each neuron and cluster, as box plots.

    Quartiles and whiskers are found here, so that the browser need not hold every value.
    """
    figure = go.Figure()
    for found in described.boxes(rows, column):
        figure.add_box(
            x=found.neurons,
            q1=found.quartiles[:, 0],
            median=found.quartiles[:, 1],
            q3=found.quartiles[:, 2],
            lowerfence=found.low,
            upperfence=found.high,
            name=cluster_name(found.cluster),
            marker={"color": color(found.cluster)},
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


def largest(effects: pd.DataFrame, most: int = MOST_EFFECTS) -> pd.DataFrame:
    """The lines of the measures with the largest effects, in the order in which they were."""
    size = effects["delta"].abs().groupby(effects["measure"]).max()
    return effects[effects["measure"].isin(size.nlargest(most, keep="all").index[:most])]


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
