"""Figures of some spikes of a unit beside its others."""

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray
from plotly.subplots import make_subplots

from dashboard.kit.figures import NOISE, color, style
from dashboard.spikes.sorting_figures import REFRACTORY_MS
from pipelines.spikes.units.selection import Beside
from pipelines.spikes.units.trains import Histogram

SHARE = "% of intervals"


def beside(unit: int, shapes: Beside) -> go.Figure:
    """Mean waveforms, with one standard deviation, of chosen spikes and of the others."""
    count = max(1, len(shapes.channels))
    figure = make_subplots(
        rows=1, cols=count, shared_yaxes=True, horizontal_spacing=0.03,
        subplot_titles=[f"ch {name}" for name in shapes.channels],
    )  # fmt: skip
    parts = (("the others", shapes.outside, NOISE), ("in the line", shapes.inside, color(unit)))
    for name, values, paint in parts:
        for column in range(len(shapes.channels) if len(values) else 0):
            for trace in _band_and_mean(name, paint, shapes.ms, values[:, :, column], column):
                figure.add_trace(trace, row=1, col=column + 1)
    figure.update_xaxes(title="ms")
    figure.update_yaxes(title="µV", row=1, col=1)
    return style(figure, height=320, legend={"orientation": "h", "y": 1.2})


def _band_and_mean(
    name: str, paint: str, ms: NDArray[np.float64], values: NDArray[np.float32], column: int
) -> list[go.Scatter]:
    mean, sd = values.mean(axis=0), values.std(axis=0)
    band = go.Scatter(
        x=np.concatenate([ms, ms[::-1]]), y=np.concatenate([mean + sd, (mean - sd)[::-1]]),
        fill="toself", fillcolor=paint, opacity=0.25, line={"width": 0}, hoverinfo="skip",
        legendgroup=name, showlegend=False,
    )  # fmt: skip
    line = go.Scatter(
        x=ms, y=mean, line={"color": paint, "width": 2}, name=name, legendgroup=name,
        showlegend=column == 0,
        hovertemplate=f"{name}, %{{x:.2f}} ms: %{{y:.1f}} µV<extra></extra>",
    )  # fmt: skip
    return [band, line]


def intervals(unit: int, inside: Histogram, outside: Histogram) -> go.Figure:
    """Intervals between successive spikes, among those chosen and among the others."""
    figure = go.Figure()
    parts = (("the others", outside, NOISE), ("in the line", inside, color(unit)))
    for name, found, paint in parts:
        share = 100 * found.counts / max(1, found.counts.sum())
        figure.add_scatter(
            x=found.edges_ms[:-1], y=share, mode="lines", name=name,
            line={"shape": "hv", "color": paint, "width": 2},
            hovertemplate=f"{name}, %{{x:.0f}} ms: %{{y:.1f}} %<extra></extra>",
        )  # fmt: skip
    figure.add_vline(x=REFRACTORY_MS, line={"dash": "dot", "width": 1.5, "color": "#a3262f"})
    figure.update_xaxes(title="interval between spikes (ms)", range=[0, inside.edges_ms[-1]])
    figure.update_yaxes(title=SHARE, rangemode="tozero")
    return style(figure, height=320, legend={"orientation": "h", "y": 1.2})
