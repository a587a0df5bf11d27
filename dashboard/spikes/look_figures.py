"""Figures of a recording before it is sorted."""

import warnings
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from dashboard.kit.figures import NOISE, PALETTE, shade_gaps, style, time_axis
from pipelines.spikes.recording.pyramid import Envelope
from pipelines.spikes.recording.timeline import Timeline

STATES: Mapping[str, tuple[str, str]] = {
    "good": (PALETTE[0], "circle"),
    "dead": (NOISE, "x"),
    "noisy": ("#c43d4a", "diamond"),
    "bridged": (PALETTE[1], "square"),
}


def traces(found: Envelope, names: Sequence[str], uirevision: str, timeline: Timeline) -> go.Figure:
    """Channels below each other, each as the band between lowest and highest value.

    Args:
        found: the stretch that is drawn.
        names: of its channels.
        uirevision: keeps the zoom while it stays the same.
        timeline: of the recording.
    """
    low, high = (np.where(np.isfinite(one), one, np.nan) for one in (found.low, found.high))
    # Where all of a channel is no number there is nothing to draw, nor to warn of.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        spans = np.nanmax(high, axis=0) - np.nanmin(low, axis=0)
        middle = np.nan_to_num(np.nanmedian((low + high) / 2, axis=0))
    step = max(1.0, float(np.median(np.nan_to_num(spans))))
    offsets = -np.arange(len(names)) * step - middle
    x = np.repeat((found.edges_s[:-1] + found.edges_s[1:]) / 2, 2)
    figure = go.Figure()
    for column, name in enumerate(names):
        y = np.stack([low[:, column], high[:, column]], axis=1).ravel()
        figure.add_scattergl(
            x=x, y=y + offsets[column], mode="lines", name=f"ch {name}",
            line={"width": 1, "color": PALETTE[column % len(PALETTE)]},
            hovertemplate=f"ch {name}, %{{x:.3f}} s<extra></extra>",
        )  # fmt: skip
    figure.update_xaxes(title=timeline.axis, range=[found.edges_s[0], found.edges_s[-1]])
    shade_gaps(figure, timeline)
    figure.update_yaxes(
        title=f"µV, {step:.0f} between channels",
        tickvals=-np.arange(len(names)) * step,
        ticktext=[f"ch {name}" for name in names],
        fixedrange=True,
    )
    height = 140 + 50 * max(3, len(names))
    return style(figure, height=height, showlegend=False, dragmode="zoom", uirevision=uirevision)


def probe(channels: pd.DataFrame) -> go.Figure:
    """Where the channels are, by their state."""
    figure = _by_state(channels, "x_um", "y_um")
    figure.update_xaxes(title="x (µm)")
    figure.update_yaxes(title="y (µm)")
    return style(figure, height=380)


def noise(channels: pd.DataFrame) -> go.Figure:
    """The noise of every channel."""
    figure = _by_state(channels.assign(place=range(len(channels))), "place", "noise_uv")
    few = channels["channel"].astype(str).tolist() if len(channels) <= 40 else []
    figure.update_xaxes(title="channel", tickvals=list(range(len(few))) or None, ticktext=few)
    figure.update_yaxes(title="noise (µV)", rangemode="tozero")
    return style(figure, height=380)


def _by_state(channels: pd.DataFrame, x: str, y: str) -> go.Figure:
    figure = go.Figure()
    for state, (color, symbol) in STATES.items():
        own = channels[channels["state"] == state]
        if len(own):
            figure.add_scatter(
                x=own[x], y=own[y], mode="markers", name=state,
                marker={"color": color, "symbol": symbol, "size": 10},
                customdata=own[["channel", "noise_uv"]].astype(str),
                hovertemplate="ch %{customdata[0]}: %{customdata[1]} µV<extra></extra>",
            )  # fmt: skip
    figure.update_layout(showlegend=True)
    return figure


def spectrum(
    freq_hz: NDArray[np.float32], power: NDArray[np.float32], names: Sequence[str]
) -> go.Figure:
    """Power of every channel over frequency, as a picture."""
    with np.errstate(divide="ignore"):
        decibel = 10 * np.log10(power.T)
    low = float(np.min(decibel[np.isfinite(decibel)], initial=0.0))
    figure = go.Figure(
        go.Heatmap(
            z=np.round(np.maximum(decibel, low)[:, 1:], 1),
            x=freq_hz[1:],
            y=[f"ch {name}" for name in names],
            colorscale="Viridis",
            colorbar={"title": {"text": "dB(µV²/Hz)"}, "thickness": 12},
            hovertemplate="%{y}, %{x:.0f} Hz: %{z:.1f} dB<extra></extra>",
        )
    )
    figure.update_xaxes(title="frequency (Hz)", type="log", dtick=1)
    figure.update_yaxes(showticklabels=len(names) <= 40, autorange="reversed", title="channel")
    return style(figure, height=380)


def saturation(seconds: pd.DataFrame, end_s: float | None, timeline: Timeline) -> go.Figure:
    """How much of every second is beyond the limit.

    Args:
        seconds: `second` (when it begins on the recording's clock) and `saturated` (share).
        end_s: where the recording will end.
        timeline: of the recording.
    """
    figure = go.Figure(
        go.Bar(
            x=seconds["second"] + 0.5, y=100 * seconds["saturated"], width=1.0,
            marker={"color": PALETTE[0], "line": {"width": 0}},
            hovertemplate="%{x:.0f} s: %{y:.1f} %<extra></extra>",
        )
    )  # fmt: skip
    if end_s is not None:
        figure.add_vline(x=end_s, line={"dash": "dot", "width": 2, "color": "#c43d4a"})
    time_axis(figure, timeline)
    figure.update_yaxes(title="saturated (%)", range=[0, 100])
    return style(figure, height=380, bargap=0)
