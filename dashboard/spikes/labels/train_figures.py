"""Figures of a trained classifier of units."""

from collections.abc import Mapping

import plotly.graph_objects as go

from dashboard.kit.figures import PALETTE, style

MOST_METRICS = 12
STEPS = {"neural": "noise or neural", "single": "single or multi"}


def importance(lost: Mapping[str, Mapping[str, float]]) -> go.Figure:
    """What each metric is worth to each question, the metric that matters most at the top.

    Args:
        lost: balanced accuracy that is lost without a metric, by question and metric.
    """
    most = {name: max(lost[step][name] for step in STEPS) for name in lost["neural"]}
    best = sorted(most, key=lambda name: -most[name])[:MOST_METRICS]
    figure = go.Figure()
    for place, (step, title) in enumerate(STEPS.items()):
        figure.add_bar(
            y=best,
            x=[lost[step][name] for name in best],
            name=title,
            orientation="h",
            marker={"color": PALETTE[place]},
            hovertemplate="%{y}: %{x:.3f}<extra>" + title + "</extra>",
        )
    figure.update_xaxes(title="balanced accuracy lost")
    figure.update_yaxes(autorange="reversed", automargin=True)
    legend = {"orientation": "h", "y": 1.01, "yanchor": "bottom", "x": 0}
    style(figure, height=140 + 26 * len(best), legend=legend)
    return figure.update_layout(margin_t=70)
