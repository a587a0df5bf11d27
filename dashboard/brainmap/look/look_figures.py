"""Figures of a first look at images."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from dashboard.brainmap.map.map_figures import FILTERED_GREY, step
from dashboard.kit.figures import PALETTE, style

COLOR_MAPS = ("Gray", "Viridis", "Inferno", "Magma", "Cividis", "Turbo", "Hot")
PICTURE_HEIGHT = 380


def picture(
    plane: NDArray[Any],
    limits: tuple[float, float],
    color_map: str | Sequence[Sequence[Any]],
    *,
    pixels: int = 1,
    unit: str = "intensity",
) -> go.Figure:
    """One plane (y, x) in the colours of a scale.

    Args:
        plane: intensities, thinned to every `pixels`-th pixel; NaN is grey.
        limits: values at the ends of the scale.
        color_map: one of `COLOR_MAPS`, or pairs of a place from 0 to 1 and a colour.
        pixels: what one step of the plane is in pixels of the images.
        unit: of the values.
    """
    thin = step(plane.shape)
    shown = plane[::thin, ::thin]
    across, down = (pixels * thin * np.arange(size) for size in shown.shape[::-1])
    trace = go.Heatmap(
        z=shown if shown.dtype.itemsize < 8 else shown.astype(np.float32),
        x=across,
        y=down,
        colorscale=color_map,
        zmin=limits[0],
        zmax=limits[1],
        colorbar={"title": {"text": unit, "side": "right"}, "thickness": 12},
        hovertemplate=f"y %{{y}}, x %{{x}}: %{{z}} {unit}<extra></extra>",
        hoverongaps=False,
    )
    figure = style(go.Figure(trace), height=PICTURE_HEIGHT, uirevision=str(plane.shape))
    figure.update_layout(hoverlabel={"bgcolor": "#1b2330", "font": {"color": "#ffffff"}})
    if shown.dtype.kind == "f" and np.isnan(shown).any():
        figure.update_layout(plot_bgcolor=FILTERED_GREY)
    figure.update_xaxes(title="x (pixels)", constrain="domain")
    figure.update_yaxes(
        title="y (pixels)", autorange="reversed", scaleanchor="x", constrain="domain"
    )
    return figure


def voxel(series: NDArray[Any], every: int, title: str) -> go.Figure:
    """A voxel's series (time,), of which every `every`-th time point is there."""
    figure = go.Figure()
    figure.add_scatter(
        x=every * np.arange(len(series)),
        y=series,
        mode="lines",
        line={"color": PALETTE[0], "width": 2},
        hovertemplate="time point %{x}: %{y:.4g}<extra></extra>",
    )
    figure.update_xaxes(title="time point (frames)")
    figure.update_yaxes(title="intensity")
    return style(figure, height=PICTURE_HEIGHT, title={"text": title, "font": {"size": 13}})


def boxable(figure: go.Figure) -> go.Figure:
    """A picture on which a box can be drawn with the pointer."""
    figure.update_layout(
        dragmode="drawrect",
        newshape={"line": {"color": "#e07b39", "width": 2}, "fillcolor": "rgba(224,123,57,0.2)"},
    )
    return figure


def deviations(bins: pd.DataFrame, threshold: float) -> go.Figure:
    """How many voxels vary how much, with the threshold as a line.

    Args:
        bins: `std_from`, `std_to`, `voxels`, `density`, in equal steps of the logarithm.
        threshold: standard deviation above which voxels are kept.
    """
    low, high = np.log10(bins["std_from"]), np.log10(bins["std_to"])
    middle, width = (low + high) / 2, high - low
    figure = go.Figure()
    figure.add_bar(
        x=middle,
        y=bins["voxels"] / bins["voxels"].sum() / width,
        width=width,
        marker={"color": "#3b6fd4", "line": {"width": 0}},
        opacity=0.55,
        customdata=bins[["std_from", "std_to", "voxels"]].to_numpy(),
        hovertemplate="std %{customdata[0]:.3g} to %{customdata[1]:.3g}: "
        "%{customdata[2]:,} voxels<extra></extra>",
        name="voxels",
    )
    figure.add_scatter(
        x=middle,
        y=bins["density"],
        mode="lines",
        line={"color": "#3b6fd4", "width": 2},
        hoverinfo="skip",
        name="density",
    )
    figure.add_vline(x=position(threshold), line={"color": "#e07b39", "width": 3})
    ticks = _ticks(float(low.min()), float(high.max()))
    figure.update_xaxes(
        title="standard deviation of the normalised series",
        range=[low.min(), high.max()],
        tickvals=np.log10(ticks),
        ticktext=[f"{tick:g}" for tick in ticks],
    )
    figure.update_yaxes(title="density (per factor of 10)", rangemode="tozero")
    return style(figure, height=300, showlegend=False, bargap=0)


def position(threshold: float) -> float:
    """Where a threshold stands on the axis of logarithms."""
    return float(np.log10(max(threshold, 1e-12)))


def _ticks(low: float, high: float) -> list[float]:
    powers = range(int(np.floor(low)), int(np.ceil(high)) + 1)
    found = [m * 10.0**power for power in powers for m in (1, 2, 5)]
    return [tick for tick in found if low <= np.log10(tick) <= high]
