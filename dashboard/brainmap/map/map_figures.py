"""Figures of a brain map."""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray
from plotly.subplots import make_subplots

from dashboard.kit.figures import NOISE, PALETTE, message, style
from pipelines.brainmap.map.maps import NEUTRAL
from pipelines.brainmap.map.maps import components as principal_components
from pipelines.figures.png import encode_png

MOST_PIXELS = 400
"""Longest side of a plane that is drawn; larger ones are thinned and the caption says so."""

FILTERED_GREY = f"rgb({NEUTRAL}, {NEUTRAL}, {NEUTRAL})"


def step(shape: Sequence[int]) -> int:
    """Every how many pixels a plane of that (y, x) shape is drawn."""
    return max(1, -(-max(shape) // MOST_PIXELS))


def label_map(
    labels: NDArray[np.int16],
    similarity: NDArray[np.float32],
    colors: Sequence[str],
    titles: Sequence[str],
    pictures: Sequence[str] = (),
) -> go.Figure:
    """Planes side by side, each voxel in the colour of its cluster.

    Args:
        labels: (plane, y, x), -1 where a voxel was filtered out.
        similarity: (plane, y, x), correlation of each voxel with its centroid.
        colors: one `#rrggbb` per cluster.
        titles: one per plane.
        pictures: one address per plane of a picture that is shown instead of plain colours.
    """
    planes, height, width = labels.shape
    thin = step((height, width))
    columns = planes if planes < 4 else 2
    figure = make_subplots(
        rows=-(-planes // columns),
        cols=columns,
        subplot_titles=titles,
        horizontal_spacing=0.08,
        vertical_spacing=0.12,
    )
    for index in range(planes):
        place = {"row": index // columns + 1, "col": index % columns + 1}
        trace = _plane(labels[index], similarity[index], colors, thin, titles[index])
        if pictures:
            trace.opacity = 0
            figure.add_layout_image(_picture(pictures[index], height, width), **place)
        figure.add_trace(trace, **place)
        figure.update_xaxes(title="x (pixels)", constrain="domain", showgrid=False, **place)
        figure.update_yaxes(
            title="y (pixels)",
            autorange="reversed",
            showgrid=False,
            scaleanchor=trace.xaxis or "x",
            constrain="domain",
            **place,
        )
    rows = -(-planes // columns)
    style(figure, height=60 + rows * (360 if columns < 3 else 280), uirevision="map")
    return figure.update_layout(plot_bgcolor=FILTERED_GREY)


def _picture(source: str, height: int, width: int) -> dict[str, Any]:
    """A picture that fills the plane; pixel centres lie on whole numbers."""
    size = {"sizex": width, "sizey": height, "sizing": "stretch"}
    return {"source": source, "x": -0.5, "y": -0.5, "layer": "below", **size}


def _plane(
    labels: NDArray[np.int16],
    similarity: NDArray[np.float32],
    colors: Sequence[str],
    thin: int,
    title: str,
) -> go.Heatmap:
    shown = labels[::thin, ::thin]
    return go.Heatmap(
        z=np.where(shown < 0, np.nan, shown).astype(np.float32),
        x=np.arange(0, labels.shape[1], thin),
        y=np.arange(0, labels.shape[0], thin),
        customdata=similarity[::thin, ::thin],
        colorscale=discrete_scale(colors),
        zmin=-0.5,
        zmax=len(colors) - 0.5,
        showscale=False,
        hoverongaps=False,
        name=title,
        hovertemplate=(
            f"{title}, y %{{y}}, x %{{x}}<br>cluster %{{z}}, "
            "similarity %{customdata:.2f}<extra></extra>"
        ),
    )


def discrete_scale(colors: Sequence[str]) -> list[tuple[float, str]]:
    """A colour scale of equal steps, one per cluster."""
    count = len(colors)
    return [
        (edge / count, color) for index, color in enumerate(colors) for edge in (index, index + 1)
    ]


def picture(rgb: NDArray[np.uint8]) -> str:
    """An image (y, x, 3) as an address that holds it."""
    return f"data:image/png;base64,{b64encode(encode_png(rgb)).decode()}"


def centroids(
    values: NDArray[np.float64], colors: Sequence[str], alone: int | None = None
) -> go.Figure:
    """Every centroid over time in its cluster's colour.

    Args:
        values: (cluster, time).
        colors: one per cluster.
        alone: the cluster that is looked at, which is drawn above the others, or None.
    """
    figure = go.Figure()
    for cluster in sorted(range(len(values)), key=lambda cluster: cluster == alone):
        series, width = values[cluster], 4 if cluster == alone else 1.5
        figure.add_scatter(
            y=series.astype(np.float32),
            mode="lines",
            line={"color": colors[cluster], "width": width},
            opacity=1 if alone in (None, cluster) else 0.35,
            name=f"cluster {cluster}",
            hovertemplate=f"cluster {cluster}<br>time point %{{x}}: %{{y:.3f}}<extra></extra>",
        )
    figure.update_xaxes(title="time point (frames)")
    figure.update_yaxes(title="normalised signal")
    return style(figure, height=320, showlegend=False)


def voxel_series(
    series: NDArray[np.float32], centroid: NDArray[np.float64], color: str, title: str
) -> go.Figure:
    """One voxel's series (time,) with its cluster's centroid (time,)."""
    figure = go.Figure()
    figure.add_scatter(
        y=centroid.astype(np.float32),
        mode="lines",
        line={"color": color, "width": 5},
        opacity=0.6,
        name="centroid",
    )
    figure.add_scatter(
        y=series, mode="lines", line={"color": "#7c8698", "width": 1.5}, name="voxel"
    )
    figure.update_xaxes(title="time point (frames)")
    figure.update_yaxes(title="normalised signal")
    return style(figure, height=320, title={"text": title, "font": {"size": 13}})


def no_voxel() -> go.Figure:
    """What stands there before a voxel is pointed at."""
    return message("Point at a voxel in the map to see its time series", height=320)


def error_curves(sweep: pd.DataFrame, chosen: int) -> go.Figure:
    """Both errors over K, each divided by its own sum, with the chosen K."""
    curves = {
        "sum of distances": "error_distance_normalized",
        "1 / sum of correlations": "error_similarity_normalized",
    }
    figure = _curves(sweep, curves)
    figure.update_yaxes(title="share of the curve's sum")
    return _over_k(figure, sweep, chosen)


def stability_curves(sweep: pd.DataFrame, chosen: int) -> go.Figure:
    """Agreement over seeds (left axis) and information criterion (right axis) over K."""
    figure = _curves(sweep, {"agreement over seeds": "stability_ari"})
    bic = _line(sweep["k"], sweep["bic"], "BIC of a mixture (right)", PALETTE[1])
    figure.add_trace(bic.update(yaxis="y2"))
    figure.update_yaxes(title="adjusted Rand index")
    return _over_k(figure, sweep, chosen).update_layout(yaxis2=_right_axis("BIC"))


def bic_curve(sweep: pd.DataFrame, chosen: int) -> go.Figure:
    """Information criterion of the mixtures over K."""
    figure = _curves(sweep, {"BIC of the mixture": "bic"})
    figure.update_yaxes(title="BIC")
    return _over_k(figure, sweep, chosen)


def held_out_curves(sweep: pd.DataFrame, chosen: int) -> go.Figure:
    """Training and test error (left axis), bi-cross-validated error (right axis) over K."""
    curves = {
        "training time points": "train_error_normalized",
        "held-out time points": "test_error_normalized",
    }
    figure = _curves(sweep, curves)
    crossed = sweep["crossvalidated_error"]
    crossed = _line(sweep["k"], crossed, "held-out voxels too (right)", PALETTE[2])
    figure.add_trace(crossed.update(yaxis="y2"))
    figure.update_yaxes(title="share of the curve's sum")
    return _over_k(figure, sweep, chosen).update_layout(yaxis2=_right_axis("mean squared error"))


def _curves(sweep: pd.DataFrame, columns: Mapping[str, str]) -> go.Figure:
    lines = [
        _line(sweep["k"], sweep[column], name, PALETTE[index])
        for index, (name, column) in enumerate(columns.items())
    ]
    return go.Figure(lines)


def _line(ks: "pd.Series[int]", values: "pd.Series[float]", name: str, color: str) -> go.Scatter:
    return go.Scatter(
        x=ks,
        y=values,
        name=name,
        mode="lines+markers",
        line={"color": color, "width": 2},
        hovertemplate=f"K = %{{x}}<br>{name}: %{{y:.4g}}<extra></extra>",
    )


def _over_k(figure: go.Figure, sweep: pd.DataFrame, chosen: int) -> go.Figure:
    style(figure, height=340, legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0})
    figure.update_layout(margin={"t": 84, "r": 72})
    figure.update_xaxes(type="log", title="K (clusters)", tickvals=list(sweep["k"]))
    return figure.add_vline(x=chosen, line={"color": NOISE, "dash": "dot", "width": 2})


def _right_axis(title: str) -> dict[str, Any]:
    return {
        "title": {"text": title, "standoff": 8},
        "overlaying": "y",
        "side": "right",
        "showgrid": False,
        "zeroline": False,
        "nticks": 5,
    }


def components(
    values: NDArray[np.float64], sizes: NDArray[np.int64], colors: Sequence[str], dimensions: int
) -> go.Figure:
    """Centroids (cluster, time) along their first 2 or 3 principal components."""
    scores, share = principal_components(values)
    titles = [f"PC {axis + 1} ({share[axis]:.0%} of the variance)" for axis in range(3)]
    marker = {"color": list(colors), "size": _marker_sizes(sizes)}
    text = [f"cluster {cluster}: {size:,} voxels" for cluster, size in enumerate(sizes)]
    shared = {"mode": "markers", "marker": marker, "text": text, "hoverinfo": "text"}
    if dimensions == 2:
        figure = go.Figure(go.Scatter(x=scores[:, 0], y=scores[:, 1], **shared))
        figure.update_xaxes(title=titles[0])
        figure.update_yaxes(title=titles[1])
        return style(figure, height=340)
    x, y, z = scores.T
    figure = style(go.Figure(go.Scatter3d(x=x, y=y, z=z, **shared)), height=340)
    axes = {f"{name}axis": {"title": f"PC {i + 1}", "color": NOISE} for i, name in enumerate("xyz")}
    return figure.update_layout(scene=axes, margin={"l": 0, "r": 0, "t": 8, "b": 0})


def _marker_sizes(sizes: NDArray[np.int64]) -> list[float]:
    return list(6 + 16 * np.sqrt(sizes / max(1, sizes.max())))


def cluster_sizes(sizes: NDArray[np.int64], filtered: int, colors: Sequence[str]) -> go.Figure:
    """Voxels in each cluster, and those that were filtered out."""
    names = ["filtered", *map(str, range(len(sizes)))]
    values = [filtered, *sizes.tolist()]
    bars = go.Bar(
        x=names,
        y=values,
        marker={"color": [FILTERED_GREY, *colors]},
        hovertemplate="%{x}: %{y:,} voxels<extra></extra>",
    )
    figure = go.Figure(bars)
    figure.update_xaxes(title="cluster", type="category")
    figure.update_yaxes(title="voxels")
    return style(figure, height=340, bargap=0.15)
