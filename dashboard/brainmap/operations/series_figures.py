"""Figures of an operation on images or series."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray
from plotly.subplots import make_subplots

from dashboard.brainmap.look.look_figures import COLOR_MAPS, picture
from dashboard.brainmap.map.map_figures import FILTERED_GREY
from dashboard.kit.figures import PALETTE, style

MOST_LINES = 60
"""Series that are drawn of a sample; more would hide each other."""


def before(
    mean: NDArray[Any],
    limits: tuple[float, float],
    pixels: int,
    marked: tuple[int, ...] | None,
) -> go.Figure:
    """A mean image (y, x), with a frame around the voxel (y, x) whose series is shown."""
    figure = picture(mean, limits, COLOR_MAPS[0], pixels=pixels)
    if marked is not None:
        y, x = marked
        reach = 1.5 * pixels
        figure.add_shape(
            type="rect",
            x0=x - reach,
            x1=x + reach,
            y0=y - reach,
            y1=y + reach,
            line={"color": PALETTE[1], "width": 2},
        )
    return figure


def after(plane: NDArray[Any], limits: tuple[float, float], unit: str) -> go.Figure:
    """A plane (y, x) of the result; undefined values are grey."""
    shown = np.where(np.isfinite(plane), plane, np.nan) if plane.dtype.kind == "f" else plane
    figure = picture(shown, limits, "Viridis", unit=unit)
    figure.update_traces(hovertemplate=f"y %{{y}}, x %{{x}}: %{{z:.4g}} {unit}<extra></extra>")
    return figure.update_layout(plot_bgcolor=FILTERED_GREY)


def series(
    recorded: NDArray[Any],
    changed: NDArray[Any],
    *,
    every: int,
    title: str,
    unit: str,
    axis: str,
    first: int,
    names: Sequence[str] = (),
) -> go.Figure:
    """One voxel's series above what an operation made of it.

    Args:
        recorded: (time,), every `every`-th time point.
        changed: (value,).
        every: as above.
        title: which voxel it is.
        unit: of the changed values.
        axis: what the changed values follow.
        first: where the changed values begin on their axis.
        names: what the changed values are, where they are no series.
    """
    figure = make_subplots(rows=2, cols=1, vertical_spacing=0.2)
    figure.add_scatter(
        x=every * np.arange(len(recorded)), y=recorded, row=1, col=1, **_line("recorded", "#7c8698")
    )
    marks = _line("result", PALETTE[0])
    if len(changed) < 3:
        marks["mode"] = "markers"
    figure.add_scatter(x=first + np.arange(len(changed)), y=changed, row=2, col=1, **marks)
    figure.update_xaxes(title="time point (frames)", row=1, col=1)
    figure.update_yaxes(title="intensity", row=1, col=1)
    figure.update_xaxes(title=axis, row=2, col=1)
    if names:
        ticks = list(range(len(names)))
        figure.update_xaxes(tickvals=ticks, ticktext=list(names), row=2, col=1)
    figure.update_yaxes(title=unit, row=2, col=1)
    return style(figure, height=420, showlegend=False, title={"text": title, "font": {"size": 13}})


def _line(name: str, color: str) -> dict[str, Any]:
    return {
        "mode": "lines",
        "name": name,
        "line": {"color": color, "width": 2},
        "hovertemplate": f"{name} at %{{x}}: %{{y:.4g}}<extra></extra>",
    }


def sample(series: NDArray[Any], unit: str = "intensity") -> go.Figure:
    """Some series (voxel, time) over each other."""
    figure = go.Figure()
    for index, values in enumerate(series[:MOST_LINES]):
        figure.add_scatter(
            y=values,
            mode="lines",
            line={"color": PALETTE[index % len(PALETTE)], "width": 1},
            opacity=0.7,
            hovertemplate=f"series {index}, time point %{{x}}: %{{y:.4g}}<extra></extra>",
        )
    figure.update_xaxes(title="time point (frames)")
    figure.update_yaxes(title=unit)
    return style(figure, height=360, showlegend=False)
