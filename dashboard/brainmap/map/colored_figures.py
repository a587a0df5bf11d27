"""Figures of voxels that are coloured by measures."""

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go
from numpy.typing import NDArray
from plotly.subplots import make_subplots

from dashboard.brainmap.map.map_figures import picture, step
from dashboard.kit.figures import style
from pipelines.brainmap.colors.compose import ColorKey

BAR, GAP, SQUARE, AROUND = 24, 62, 220, 76
"""Heights in a legend, in pixels: of a bar, between bars, of a square, of the margins."""


def planes(rgb: NDArray[Any], titles: Sequence[str]) -> go.Figure:
    """Coloured planes (plane, y, x, 3) side by side."""
    count = len(rgb)
    columns = count if count < 3 else 2
    rows = -(-count // columns)
    figure = make_subplots(
        rows=rows,
        cols=columns,
        subplot_titles=titles,
        horizontal_spacing=0.08,
        vertical_spacing=0.12,
    )
    thin = step(rgb.shape[1:3])
    for index, plane in enumerate(rgb):
        place = {"row": index // columns + 1, "col": index % columns + 1}
        image = go.Image(
            source=picture(plane[::thin, ::thin]),
            dx=thin,
            dy=thin,
            hovertemplate=f"{titles[index]}, y %{{y}}, x %{{x}}<extra></extra>",
        )
        figure.add_trace(image, **place)
    figure.update_xaxes(title="x (pixels)", constrain="domain")
    figure.update_yaxes(constrain="domain")
    figure.update_yaxes(title="y (pixels)", col=1)
    style(figure, height=60 + rows * 360)
    return figure.update_xaxes(showgrid=False).update_yaxes(showgrid=False)


def legend(keys: Sequence[ColorKey]) -> go.Figure:
    """What the colours mean: a square of two measures, or a bar for each of several."""
    squares = keys[0].y is not None
    inside = SQUARE if squares else len(keys) * (BAR + GAP) - GAP
    figure = make_subplots(rows=len(keys), cols=1, vertical_spacing=GAP / inside)
    for row, key in enumerate(keys, 1):
        _add_key(figure, key, row)
    style(figure, height=inside + AROUND)
    figure.update_xaxes(showgrid=False).update_yaxes(showgrid=False)
    return figure


def _add_key(figure: go.Figure, key: ColorKey, row: int) -> None:
    """A picture between axes in the units of what it shows."""
    y = key.y
    low, high = (y.low, y.high) if y else (1.0, 0.0)
    figure.add_layout_image(
        source=picture(key.rgb),
        x=key.x.low,
        y=max(low, high),
        sizex=key.x.high - key.x.low,
        sizey=abs(high - low),
        sizing="stretch",
        layer="below",
        row=row,
        col=1,
    )
    # A picture alone gives its axes no range.
    figure.add_scatter(
        x=[key.x.low, key.x.high], y=[low, high], mode="markers", opacity=0, hoverinfo="skip",
        showlegend=False, row=row, col=1,
    )  # fmt: skip
    figure.update_xaxes(title=key.x.title, range=[key.x.low, key.x.high], row=row, col=1)
    ends = [min(low, high), max(low, high)]
    figure.update_yaxes(title=y.title if y else "", range=ends, visible=bool(y), row=row, col=1)
