"""Figures of how labellers differ, and of the rules that units fail."""

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray
from plotly.subplots import make_subplots

from dashboard.kit.figures import style
from dashboard.spikes.labels.label_figures import color_of, in_order

MOST_COMBINATIONS, LEAST_COLUMNS = 15, 6
FAINT = "rgba(128,128,128,0.25)"
DOT = "#3b6fd4"


def flow(labels: Mapping[str, NDArray[np.str_]]) -> go.Figure:
    """Which units each labeller calls what, as streams from one labeller to the next.

    Args:
        labels: of each unit, by the labeller's title.
    """
    names = list(labels)
    known = in_order(word for found in labels.values() for word in found.tolist())
    place = {key: n for n, key in enumerate((who, what) for who in names for what in known)}
    sources, targets, counts, paints = [], [], [], []
    for one, two in pairwise(names):
        pairs = Counter(zip(labels[one].tolist(), labels[two].tolist(), strict=True))
        for (before, after), count in sorted(pairs.items()):
            sources.append(place[one, before])
            targets.append(place[two, after])
            counts.append(count)
            paints.append(_faded(color_of(before)))
    sankey = go.Sankey(
        node={
            "label": [f"{who}: {what}" for who, what in place],
            "color": [color_of(what) for _, what in place],
            "pad": 14,
            "thickness": 14,
            "hovertemplate": "%{label}: %{value:d} units<extra></extra>",
        },
        link={
            "source": sources,
            "target": targets,
            "value": counts,
            "color": paints,
            "hovertemplate": "%{source.label}, %{target.label}: %{value:d} units<extra></extra>",
        },
    )
    return style(go.Figure(sankey), height=320)


def _faded(hex_color: str) -> str:
    red, green, blue = (int(hex_color[place : place + 2], 16) for place in (1, 3, 5))
    return f"rgba({red},{green},{blue},0.35)"


def upset(broken: Sequence[Sequence[str]]) -> go.Figure:
    """Which rules units fail together: a bar per combination above the rules that it is made of.

    Args:
        broken: of each unit, the metrics whose rule it fails; units that fail none are left out.
    """
    sets = Counter(tuple(sorted(set(rules))) for rules in broken if rules)
    best = sets.most_common(MOST_COMBINATIONS)
    totals = Counter(rule for combination, count in best for rule in combination * count)
    rules = [name for name, _ in totals.most_common()][::-1]
    figure = make_subplots(
        rows=2, cols=1, shared_xaxes=True, row_heights=[0.45, 0.55], vertical_spacing=0.03
    )
    bars = go.Bar(
        x=list(range(len(best))),
        y=[count for _, count in best],
        marker={"color": DOT, "line": {"width": 0}},
        text=[str(count) for _, count in best],
        textposition="outside",
        cliponaxis=False,
        customdata=[", ".join(combination) for combination, _ in best],
        hovertemplate="%{y} units fail %{customdata}<extra></extra>",
    )
    figure.add_trace(bars, row=1, col=1)
    for in_it, paint in ((False, FAINT), (True, DOT)):
        dots = [
            (column, rule)
            for column, (combination, _) in enumerate(best)
            for rule in rules
            if (rule in combination) == in_it
        ]
        figure.add_trace(
            go.Scatter(
                x=[column for column, _ in dots],
                y=[rule for _, rule in dots],
                mode="markers",
                marker={"size": 10, "color": paint},
                hoverinfo="skip",
            ),
            row=2,
            col=1,
        )
    edge = max(len(best), LEAST_COLUMNS) - 0.5
    figure.update_xaxes(showticklabels=False, showgrid=False, range=[-0.5, edge])
    figure.update_xaxes(title="combinations of failing rules, the most frequent first", row=2)
    figure.update_yaxes(title="units", rangemode="tozero", row=1)
    figure.update_yaxes(categoryorder="array", categoryarray=rules, automargin=True, row=2)
    return style(figure, height=220 + 24 * max(3, len(rules)), showlegend=False)
