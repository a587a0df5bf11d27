"""Figures of a brain map."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray
from plotly.subplots import make_subplots

from dashboard.figures.common import message, style

MOST_PIXELS = 400
"""Longest side of a plane that is drawn; larger ones are thinned and the caption says so."""


def step(shape: Sequence[int]) -> int:
    """Every how many pixels a plane of that (y, x) shape is drawn."""
    return max(1, -(-max(shape) // MOST_PIXELS))


def label_map(
    labels: NDArray[np.int16], similarity: NDArray[np.float32], colors: Sequence[str], first: int
) -> go.Figure:
    """Planes side by side, each voxel in the colour of its cluster.

    Args:
        labels: (plane, y, x), -1 where a voxel was filtered out.
        similarity: (plane, y, x), correlation of each voxel with its centroid.
        colors: one `#rrggbb` per cluster.
        first: number of the first of these planes.
    """
    planes, height, width = labels.shape
    thin = step((height, width))
    titles = [f"Plane {first + index}" for index in range(planes)]
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
        trace = _plane(labels[index], similarity[index], colors, thin, first + index)
        figure.add_trace(trace, **place)
        figure.update_xaxes(title="x (pixels)", constrain="domain", **place)
        figure.update_yaxes(
            title="y (pixels)",
            autorange="reversed",
            scaleanchor=trace.xaxis or "x",
            constrain="domain",
            **place,
        )
    rows = -(-planes // columns)
    return style(figure, height=60 + rows * (360 if columns < 3 else 280))


def _plane(
    labels: NDArray[np.int16],
    similarity: NDArray[np.float32],
    colors: Sequence[str],
    thin: int,
    plane: int,
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
        name=str(plane),
        hovertemplate=(
            f"plane {plane}, y %{{y}}, x %{{x}}<br>cluster %{{z}}, "
            "similarity %{customdata:.2f}<extra></extra>"
        ),
    )


def discrete_scale(colors: Sequence[str]) -> list[tuple[float, str]]:
    """A colour scale of equal steps, one per cluster."""
    count = len(colors)
    return [
        (edge / count, color) for index, color in enumerate(colors) for edge in (index, index + 1)
    ]


def centroids(values: NDArray[np.float64], colors: Sequence[str]) -> go.Figure:
    """Every centroid over time in its cluster's colour; values are (cluster, time)."""
    figure = go.Figure()
    for cluster, series in enumerate(values):
        figure.add_scatter(
            y=series.astype(np.float32),
            mode="lines",
            line={"color": colors[cluster], "width": 1.5},
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
