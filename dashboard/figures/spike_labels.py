"""Figures of labelled units."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from dashboard.figures.common import NOISE as GREY
from dashboard.figures.common import PALETTE, style
from pipelines.spikes.thresholds import Rule

COLORS = {
    "good": PALETTE[2],
    "mua": PALETTE[1],
    "noise": GREY,
    "non_soma_good": PALETTE[4],
    "non_soma_mua": PALETTE[3],
}
BINS = 40


def histogram(
    metric: str, values: NDArray[np.float64], labels: NDArray[np.str_], rules: Sequence[Rule]
) -> go.Figure:
    """How a metric is distributed over the units of each label, with the limits as lines.

    Args:
        metric: its name.
        values: of each unit, nan where missing.
        labels: of each unit.
        rules: those with a limit on this metric.
    """
    figure = go.Figure()
    known = values[np.isfinite(values)]
    edges = np.histogram_bin_edges(known, BINS) if len(known) else np.array([0.0, 1.0])
    centers, widths = (edges[:-1] + edges[1:]) / 2, np.diff(edges)
    for name in [name for name in COLORS if name in set(labels.tolist())]:
        counts, _ = np.histogram(known[labels[np.isfinite(values)] == name], edges)
        figure.add_bar(
            x=centers,
            y=counts,
            width=widths,
            name=name,
            marker={"color": COLORS[name], "line": {"width": 0}},
            hovertemplate=f"{name}: %{{y}} units near %{{x:.3g}}<extra></extra>",
        )
    for rule in rules:
        for limit in (rule.least, rule.most):
            if limit is not None and len(known) and known.min() <= limit <= known.max():
                figure.add_vline(x=limit, line={"dash": "dot", "width": 2, "color": "#a3262f"})
    figure.update_xaxes(title=metric)
    figure.update_yaxes(title="units", rangemode="tozero")
    return style(
        figure, height=300, barmode="stack", showlegend=True, legend={"orientation": "h", "y": 1.15}
    )


def waveforms(
    ms: NDArray[np.float64], waves: NDArray[np.float64], labels: NDArray[np.str_]
) -> go.Figure:
    """The units' mean waveforms on their largest channels, one line a unit, by label.

    Args:
        ms: time of each sample relative to the peak.
        waves: in uV, shape (unit, sample).
        labels: of each unit.
    """
    figure = go.Figure()
    for name in [name for name in COLORS if name in set(labels.tolist())]:
        chosen = waves[labels == name]
        # One trace a label: nan lifts the pen between units.
        gap = np.full((len(chosen), 1), np.nan)
        figure.add_scatter(
            x=np.tile(np.append(ms, np.nan), len(chosen)),
            y=np.hstack([chosen, gap]).ravel(),
            mode="lines",
            line={"width": 1.2, "color": COLORS[name]},
            name=f"{name} ({len(chosen)})",
            hoverinfo="skip",
        )
    figure.update_xaxes(title="time from the peak (ms)")
    figure.update_yaxes(title="µV")
    return style(figure, height=300, showlegend=True, legend={"orientation": "h", "y": 1.15})
