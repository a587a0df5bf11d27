"""Figures of sorted units."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray
from plotly.subplots import make_subplots

from dashboard.kit.figures import (
    color,
    drawn_times,
    layout_once,
    put_together,
    style,
    time_axis,
)
from pipelines.spikes.recording.timeline import Timeline
from pipelines.spikes.units.trains import Histogram
from pipelines.spikes.units.waveforms import cosines

MOST_CHANNELS = 8
MOST_NAMES = 20
"""More units than this are told apart by pointing at them, not by names at the axes."""

REFRACTORY_MS = 1.5
"""Two spikes of one neuron are hardly ever closer than this; drawn as a line, as a guide."""


@dataclass(frozen=True)
class MeanWaveform:
    """A unit's mean waveform.

    Attributes:
        mean: in uV, (sample, channel), nan on channels that were not looked at.
        sd: its standard deviation, same shape.
        ms: time of each sample relative to the peak.
        channels: names.
    """

    mean: NDArray[np.float32]
    sd: NDArray[np.float32]
    ms: NDArray[np.float64]
    channels: NDArray[np.str_]

    def largest(self, most: int) -> "MeanWaveform":
        """The channels with the largest amplitudes, in the order of the probe."""
        height = np.nan_to_num(np.abs(self.mean).max(axis=0), nan=-1.0)
        seen = np.flatnonzero(height >= 0)
        kept = np.sort(seen[np.argsort(-height[seen], kind="stable")][:most])
        return MeanWaveform(self.mean[:, kept], self.sd[:, kept], self.ms, self.channels[kept])


def waveforms(unit: int, waveform: MeanWaveform) -> go.Figure:
    """Mean waveform with one standard deviation on each of a unit's channels."""
    shown = waveform.largest(MOST_CHANNELS)
    layout = _layout_of_waveforms(len(shown.channels))
    for annotation, name in zip(layout.get("annotations", ()), shown.channels, strict=True):
        annotation["text"] = f"ch {name}"
    traces = [
        {**trace, **axes}
        for index, axes in enumerate(_axes(len(shown.channels)))
        for trace in _band_and_mean(unit, shown, index)
    ]
    return put_together(traces, layout)


def _columns(n_channels: int) -> int:
    return min(max(1, n_channels), 4)


def _axes(n_channels: int) -> list[dict[str, str]]:
    """The axes of each channel's part, as plotly numbers them, row by row."""
    numbers = ["", *map(str, range(2, n_channels + 1))][:n_channels]
    return [{"xaxis": f"x{number}", "yaxis": f"y{number}"} for number in numbers]


@layout_once
def _layout_of_waveforms(n_channels: int) -> go.Figure:
    columns = _columns(n_channels)
    rows = -(-max(1, n_channels) // columns)
    figure = make_subplots(
        rows=rows,
        cols=columns,
        shared_yaxes="all",
        subplot_titles=["ch"] * n_channels,
        horizontal_spacing=0.03,
        vertical_spacing=0.2,
    )
    for index in range(n_channels):
        figure.update_xaxes(title="ms", row=index // columns + 1, col=index % columns + 1)
    for row in range(1, rows + 1):
        figure.update_yaxes(title="µV", row=row, col=1)
    return style(figure, height=60 + 240 * rows, showlegend=False)


def _band_and_mean(unit: int, shown: MeanWaveform, index: int) -> list[dict[str, Any]]:
    mean, sd = shown.mean[:, index], shown.sd[:, index]
    band = {
        "type": "scatter",
        "x": np.concatenate([shown.ms, shown.ms[::-1]]),
        "y": np.concatenate([mean + sd, (mean - sd)[::-1]]),
        "fill": "toself",
        "fillcolor": color(unit),
        "opacity": 0.25,
        "line": {"width": 0},
        "hoverinfo": "skip",
    }
    line = {
        "type": "scatter",
        "x": shown.ms,
        "y": mean,
        "line": {"color": color(unit), "width": 2},
        "hovertemplate": "%{x:.2f} ms: %{y:.1f} µV<extra></extra>",
    }
    return [band, line]


def isi(unit: int, histogram: Histogram) -> go.Figure:
    """Intervals between successive spikes of a unit."""
    layout = _layout_of_bars((REFRACTORY_MS,))
    layout["xaxis"]["range"] = [0, histogram.edges_ms[-1]]
    layout["xaxis"]["title"] = {"text": "interval between spikes (ms)"}
    return put_together([_bars(unit, histogram, "intervals")], layout)


def correlogram(title: str, unit: int, histogram: Histogram) -> go.Figure:
    """How long before and after a unit's spikes other spikes lie."""
    layout = _layout_of_bars((-REFRACTORY_MS, REFRACTORY_MS))
    layout["xaxis"]["range"] = [histogram.edges_ms[0], histogram.edges_ms[-1]]
    layout["xaxis"]["title"] = {"text": title}
    return put_together([_bars(unit, histogram, "spikes")], layout)


def _bars(unit: int, histogram: Histogram, counted: str) -> dict[str, Any]:
    """A histogram of times in a unit's colour."""
    return {
        "type": "bar",
        "x": (histogram.edges_ms[:-1] + histogram.edges_ms[1:]) / 2,
        "y": histogram.counts,
        "width": np.diff(histogram.edges_ms),
        "marker": {"color": color(unit), "line": {"width": 0}},
        "hovertemplate": f"%{{x:.1f}} ms: %{{y}} {counted}<extra></extra>",
    }


@layout_once
def _layout_of_bars(marks_ms: tuple[float, ...]) -> go.Figure:
    """Counts over times, with dotted lines."""
    figure = go.Figure(go.Bar())  # without a trace a line has no axis to stand on
    for mark in marks_ms:
        figure.add_vline(x=mark, line={"dash": "dot", "width": 1.5, "color": "#a3262f"})
    figure.update_yaxes(title="count", rangemode="tozero")
    return style(figure, height=300, bargap=0)


def similarity(mean: NDArray[np.float32], units: Sequence[int]) -> go.Figure:
    """The cosine of every two units' mean waveforms.

    Args:
        mean: in uV, (unit, sample, channel), nan on channels that were not looked at; there
            a waveform counts as flat.
        units: their numbers.
    """
    names = [f"unit {unit}" for unit in units]
    figure = go.Figure(
        go.Heatmap(
            z=np.round(cosines(mean), 3),
            x=names,
            y=names,
            zmin=-1,
            zmax=1,
            colorscale="RdBu",
            reversescale=True,
            colorbar={"title": {"text": "cosine"}, "thickness": 12},
            hovertemplate="%{y} and %{x}: %{z:.2f}<extra></extra>",
        )
    )
    figure.update_xaxes(title="unit", showticklabels=len(units) <= MOST_NAMES)
    figure.update_yaxes(title="unit", autorange="reversed", showticklabels=len(units) <= MOST_NAMES)
    return style(figure, height=380)


def raster(
    times_s: Sequence[NDArray[np.float64]], units: Sequence[int], timeline: Timeline
) -> go.Figure:
    """When every unit fired: spikes per unit over time, thinned to what can be seen."""
    figure = go.Figure()
    for row, (unit, times) in enumerate(zip(units, times_s, strict=True)):
        figure.add_scattergl(
            x=drawn_times(times),
            y=np.full(len(times), row, np.float32),
            mode="markers",
            marker={"symbol": "line-ns", "size": 9, "line": {"width": 1, "color": color(unit)}},
            hovertemplate=f"unit {unit}: %{{x:.3f}} s<extra></extra>",
        )
    time_axis(figure, timeline)
    names = [f"unit {unit}" for unit in units]
    figure.update_yaxes(tickvals=list(range(len(units))), ticktext=names, autorange="reversed")
    return style(figure, height=90 + 24 * max(4, len(units)), showlegend=False)
