"""Figures of a recording before it is sorted."""

import warnings
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from dashboard.kit.figures import NOISE, PALETTE, shade_gaps, style, time_axis
from dashboard.spikes.units.lines import joined
from pipelines.spikes.recording.pyramid import Envelope
from pipelines.spikes.recording.timeline import Timeline

STATES: Mapping[str, tuple[str, str]] = {
    "good": (PALETTE[0], "circle"),
    "dead": (NOISE, "x"),
    "noisy": ("#c43d4a", "diamond"),
    "bridged": (PALETTE[1], "square"),
}

MANY = 100
"""Channels whose marks would cover each other."""


def traces(found: Envelope, names: Sequence[str], uirevision: str, timeline: Timeline) -> go.Figure:
    """Channels below each other, each as the band between lowest and highest value.

    Args:
        found: the stretch that is drawn.
        names: of its channels.
        uirevision: keeps the zoom while it stays the same.
        timeline: of the recording.
    """
    low, high = (np.where(np.isfinite(one), one, np.nan) for one in (found.low, found.high))
    step, offsets = _offsets(found)
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


def lanes(
    found: Envelope,
    names: Sequence[str],
    marked: Sequence[str],
    uirevision: str,
    timeline: Timeline,
) -> go.Figure:
    """As `traces`, for many channels: they are one line, and those that are marked another.

    Args:
        found: the stretch that is drawn.
        names: of its channels.
        marked: channels in the colour of what is chosen.
        uirevision: keeps the zoom while it stays the same.
        timeline: of the recording.
    """
    step, offsets = _offsets(found)
    x = np.repeat((found.edges_s[:-1] + found.edges_s[1:]) / 2, 2)
    figure = go.Figure()
    both = np.stack([found.low, found.high], axis=1).astype(np.float64)
    chosen = np.isin(names, list(marked))
    for paint, own in ((NOISE, ~chosen), (PALETTE[0], chosen)):
        columns = np.flatnonzero(own)
        lines = [both[:, :, k].ravel() + offsets[k] for k in columns]
        figure.add_scatter(
            x=joined([x] * len(lines)), y=joined(lines), mode="lines", hoverinfo="skip",
            line={"width": 1, "color": paint, "simplify": False},
        )  # fmt: skip
    figure.update_xaxes(title=timeline.axis, range=[found.edges_s[0], found.edges_s[-1]])
    shade_gaps(figure, timeline)
    figure.update_yaxes(
        title=f"µV, {step:.0f} between channels", fixedrange=True,
        tickvals=-np.arange(len(names)) * step, ticktext=[f"ch {name}" for name in names],
        range=_around(both, offsets, step),
    )  # fmt: skip
    style(figure, height=400, showlegend=False, dragmode="zoom", uirevision=uirevision)
    figure.update_layout(margin={"l": 84, "r": 12, "t": 8, "b": 40})
    return figure


def _around(both: NDArray[np.float64], offsets: NDArray[np.float64], step: float) -> list[float]:
    """From below the lowest value of all lanes to above the highest."""
    drawn = both + offsets
    low, high = np.nanmin(drawn, initial=-step / 2), np.nanmax(drawn, initial=step / 2)
    return [float(low - 0.05 * step), float(high + 0.05 * step)]


def _offsets(found: Envelope) -> tuple[float, NDArray[np.float64]]:
    """How far channels are apart, and what is added to each."""
    low, high = (np.where(np.isfinite(one), one, np.nan) for one in (found.low, found.high))
    # Where all of a channel is no number there is nothing to draw, nor to warn of.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        spans = np.nanmax(high, axis=0) - np.nanmin(low, axis=0)
        middle = np.nan_to_num(np.nanmedian((low + high) / 2, axis=0))
    step = max(1.0, float(np.median(np.nan_to_num(spans))))
    return step, np.asarray(-np.arange(len(middle)) * step - middle, dtype=np.float64)


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
    figure, size = go.Figure(), 10 if len(channels) < MANY else 5
    for state, (color, symbol) in STATES.items():
        own = channels[channels["state"] == state]
        if len(own):
            figure.add_scatter(
                x=own[x], y=own[y], mode="markers", name=state,
                marker={"color": color, "symbol": symbol, "size": size},
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
