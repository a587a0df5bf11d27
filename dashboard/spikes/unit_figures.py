"""Figures of one unit over time and shape, of a group's clusters, and of the signal itself."""

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray
from plotly.subplots import make_subplots

from dashboard.kit.figures import color, drawn_times, shade_gaps, style, time_axis
from pipelines.spikes.recording.overview import OverTime, Stretch
from pipelines.spikes.recording.timeline import Timeline
from pipelines.spikes.units.waveforms import density as passing

DENSITY_ROWS = 60
DENSITY_SCALE = [[0.0, "rgba(59,111,212,0)"], [0.15, "#9bb5ea"], [1.0, "#12285a"]]
MOST_LEGEND = 20


def density(
    values: NDArray[np.float32], ms: NDArray[np.float64], channels: Sequence[str]
) -> go.Figure:
    """How many single waveforms pass each place, on each channel.

    Args:
        values: in uV, shape (waveform, sample, channel).
        ms: time of each sample relative to the peak.
        channels: names.
    """
    figure = make_subplots(
        rows=1,
        cols=max(1, len(channels)),
        shared_yaxes=True,
        subplot_titles=[f"ch {name}" for name in channels],
        horizontal_spacing=0.03,
    )
    found = passing(values, DENSITY_ROWS)
    for column in range(len(channels)):
        trace = _density(found.counts[column], ms, found.edges_uv)
        figure.add_trace(trace, row=1, col=column + 1)
        figure.update_xaxes(title="ms", row=1, col=column + 1)
    figure.update_yaxes(title="µV", row=1, col=1)
    return style(figure, height=300, showlegend=False)


def _density(
    counts: NDArray[np.int64], ms: NDArray[np.float64], edges: NDArray[np.float64]
) -> go.Heatmap:
    return go.Heatmap(
        z=counts,
        x=ms,
        y=(edges[:-1] + edges[1:]) / 2,
        colorscale=DENSITY_SCALE,
        showscale=False,
        hovertemplate="%{x:.2f} ms, %{y:.0f} µV: %{z} waveforms<extra></extra>",
    )


def over_time(unit: int, found: OverTime, timeline: Timeline) -> go.Figure:
    """Heights of spikes with their running median above, the firing rate below."""
    figure = make_subplots(rows=2, cols=1, shared_xaxes=True, vertical_spacing=0.08)
    middle = (found.edges_s[:-1] + found.edges_s[1:]) / 2
    figure.add_scattergl(
        x=drawn_times(found.seconds), y=found.heights_uv, mode="markers", row=1, col=1,
        marker={"size": 3, "color": color(unit), "opacity": 0.5},
        hovertemplate="%{x:.2f} s: %{y:.0f} µV<extra></extra>",
    )  # fmt: skip
    figure.add_scatter(
        x=middle, y=found.median_uv, mode="lines+markers", row=1, col=1,
        line={"color": "#a3262f", "width": 2}, hovertemplate="median %{y:.1f} µV<extra></extra>",
    )  # fmt: skip
    figure.add_bar(
        x=middle, y=found.rate_hz, width=np.diff(found.edges_s), row=2, col=1,
        marker={"color": color(unit), "line": {"width": 0}},
        hovertemplate="%{x:.1f} s: %{y:.2f} Hz<extra></extra>",
    )  # fmt: skip
    figure.update_yaxes(title="height (µV)", rangemode="tozero", row=1, col=1)
    figure.update_yaxes(title="rate (Hz)", rangemode="tozero", row=2, col=1)
    time_axis(figure, timeline, title_row=2)
    return style(figure, height=400, showlegend=False, bargap=0)


def cloud(
    points: NDArray[np.float32], labels: NDArray[np.int16], axes: tuple[int, int], what: str
) -> go.Figure:
    """A group's spikes on two principal components, a colour for each label.

    Args:
        points: shape (spike, component), in units of noise.
        labels: of each spike, -1 for none.
        axes: which components, from 0.
        what: a label stands for, such as unit.
    """
    figure = go.Figure()
    for label in np.unique(labels):
        own = labels == label
        figure.add_scattergl(
            x=points[own, axes[0]], y=points[own, axes[1]], mode="markers",
            name=f"no {what}" if label < 0 else f"{what} {label}",
            marker={"size": 4, "color": color(int(label)), "opacity": 0.6},
            hovertemplate="%{x:.1f}, %{y:.1f}<extra>" + f"{what} {label}</extra>",
        )  # fmt: skip
    figure.update_xaxes(title=f"component {axes[0] + 1} (noise levels)")
    figure.update_yaxes(title=f"component {axes[1] + 1} (noise levels)")
    many = len(np.unique(labels)) > MOST_LEGEND
    return style(figure, height=420, showlegend=not many, dragmode="lasso")


def criterion(bic: Mapping[int, float]) -> go.Figure:
    """Bayesian criterion of every solution; the lowest explains the spikes best for its size."""
    numbers = sorted(bic)
    figure = go.Figure(
        go.Scatter(
            x=numbers, y=[bic[number] for number in numbers], mode="lines+markers",
            hovertemplate="%{x} components: %{y:.4g}<extra></extra>",
        )
    )  # fmt: skip
    figure.update_xaxes(title="components", dtick=1)
    figure.update_yaxes(title="BIC")
    return style(figure, height=420)


def traces(found: Stretch, around: int, timeline: Timeline) -> go.Figure:
    """Channels below each other, the samples of each unit's spikes in its colour.

    Args:
        found: the stretch that is drawn.
        around: so many samples on both sides of a peak are coloured.
        timeline: of the recording.
    """
    step = max(1.0, 6 * float(np.std(found.traces_uv)))
    offsets = -np.arange(len(found.channels)) * step
    # A value that is none breaks the line where nothing was recorded.
    gaps = np.flatnonzero(np.diff(found.seconds) > 1.5 / timeline.segments[0].rate_hz) + 1
    figure = go.Figure()
    for column, name in enumerate(found.channels):
        figure.add_scattergl(
            x=np.insert(found.seconds, gaps, np.nan), mode="lines",
            y=np.insert(found.traces_uv[:, column] + offsets[column], gaps, np.nan),
            line={"width": 1, "color": "#7d8592"}, name=f"ch {name}", showlegend=False,
            hovertemplate=f"ch {name}, %{{x:.4f}} s<extra></extra>",
        )  # fmt: skip
    for unit, (samples, column) in found.spikes.items():
        x, y = _coloured(found, samples, column, around)
        figure.add_scattergl(
            x=x, y=y + offsets[column], mode="lines", name=f"unit {unit}",
            line={"width": 2, "color": color(unit)},
            hovertemplate=f"unit {unit}<extra></extra>",
        )  # fmt: skip
    figure.update_xaxes(title=timeline.axis, range=[found.seconds[0], found.seconds[-1]])
    shade_gaps(figure, timeline)
    ticks = [f"ch {name}" for name in found.channels]
    figure.update_yaxes(tickvals=offsets, ticktext=ticks, title=f"µV, {step:.0f} between channels")
    return style(figure, height=140 + 60 * max(3, len(found.channels)), showlegend=True)


def _coloured(
    found: Stretch, samples: NDArray[np.intp], column: int, around: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The stretches around some samples, with gaps between them."""
    rows = samples[:, None] + np.arange(-around, around + 1)
    inside = np.clip(rows, 0, len(found.seconds) - 1)
    gap = np.full((len(samples), 1), np.nan)
    x = np.concatenate([found.seconds[inside], gap], axis=1).ravel()
    y = np.concatenate([found.traces_uv[inside, column].astype(np.float64), gap], axis=1).ravel()
    return x, y
