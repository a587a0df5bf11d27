"""Figures of labelled units."""

from collections.abc import Iterable, Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from dashboard.kit.figures import NOISE as GREY
from dashboard.kit.figures import PALETTE, style
from pipelines.spikes.labels.thresholds import Rule
from pipelines.spikes.labels.words import plain

COLORS = {
    "good": PALETTE[2],
    "mua": PALETTE[1],
    "noise": GREY,
    "non_soma_good": PALETTE[4],
    "non_soma_mua": PALETTE[3],
}
BINS = 40


def color_of(label: str) -> str:
    """The colour of a label; of one that has none of its own that of its plain word."""
    return COLORS.get(label) or COLORS.get(plain(label), GREY)


def in_order(labels: Iterable[str]) -> list[str]:
    """Labels that are there, each once: those that all labellers know first."""
    found = set(labels)
    return [name for name in COLORS if name in found] + sorted(found - set(COLORS))


def histogram(
    metric: str,
    values: NDArray[np.float64],
    labels: NDArray[np.str_],
    rules: Sequence[tuple[str, Rule]],
) -> go.Figure:
    """How a metric is distributed over the units of each label, with limits that can be dragged.

    Args:
        metric: its name.
        values: of each unit, nan where missing.
        labels: of each unit.
        rules: those with a limit on this metric, each with the section that it stands in; the
            name of a line is section and side.
    """
    figure = go.Figure()
    known = values[np.isfinite(values)]
    edges = np.histogram_bin_edges(known, BINS) if len(known) else np.array([0.0, 1.0])
    centers, widths = (edges[:-1] + edges[1:]) / 2, np.diff(edges)
    for name in in_order(labels.tolist()):
        counts, _ = np.histogram(known[labels[np.isfinite(values)] == name], edges)
        figure.add_bar(
            x=centers,
            y=counts,
            width=widths,
            name=name,
            marker={"color": color_of(name), "line": {"width": 0}},
            hovertemplate=f"{name}: %{{y}} units near %{{x:.3g}}<extra></extra>",
        )
    for section, rule in rules:
        for side, limit in (("least", rule.least), ("most", rule.most)):
            if limit is not None and len(known):
                _add_limit(figure, f"{section}|{side}", limit)
    if len(known):
        margin = (edges[-1] - edges[0]) * 0.03
        figure.update_xaxes(range=[edges[0] - margin, edges[-1] + margin])
    figure.update_xaxes(title=metric)
    figure.update_yaxes(title="units", rangemode="tozero")
    return style(
        figure, height=300, barmode="stack", showlegend=True, legend={"orientation": "h", "y": 1.15}
    )


def _add_limit(figure: go.Figure, name: str, limit: float) -> None:
    """A vertical line that is taken by a click and then dragged."""
    figure.add_shape(
        name=name,
        editable=True,
        type="line",
        x0=limit,
        x1=limit,
        y0=0,
        y1=1,
        yref="paper",
        line={"dash": "dot", "width": 3, "color": "#a3262f"},
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
    for name in in_order(labels.tolist()):
        chosen = waves[labels == name]
        # One trace a label: nan lifts the pen between units.
        gap = np.full((len(chosen), 1), np.nan)
        figure.add_scatter(
            x=np.tile(np.append(ms, np.nan), len(chosen)),
            y=np.hstack([chosen, gap]).ravel(),
            mode="lines",
            line={"width": 1.2, "color": color_of(name)},
            name=f"{name} ({len(chosen)})",
            hoverinfo="skip",
        )
    figure.update_xaxes(title="time from the peak (ms)")
    figure.update_yaxes(title="µV")
    return style(figure, height=300, showlegend=True, legend={"orientation": "h", "y": 1.15})
