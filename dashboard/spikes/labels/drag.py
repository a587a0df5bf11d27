"""Limits that are dragged, with a slider or in the histogram; counts follow while one drags."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import dash_mantine_components as dmc
import numpy as np
from dash import ClientsideFunction, Dash, Input, Output, State, html, no_update
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from dashboard.server.posted import offered
from pipelines.spikes.labels.metric_values import MetricTable
from pipelines.spikes.labels.rules import section_of
from pipelines.spikes.labels.thresholds import Rule

SIDES = {"least": "at least", "most": "at most"}
STEPS = 200
DRAGGED = re.compile(r"shapes\[(\d+)\]\.x[01]")


def sliders(metric: str, table: MetricTable, rules: Sequence[tuple[str, Rule]]) -> Component:
    """A slider for every limit that rules set on a metric.

    Args:
        metric: its name.
        table: the units.
        rules: those whose limits can be dragged, with their sections.
    """
    known = table.column(metric)
    known = known[np.isfinite(known)]
    found = [
        _slider(section, rule, side, limit, known)
        for section, rule in rules
        if rule.metric == metric and len(known)
        for side, limit in (("least", rule.least), ("most", rule.most))
        if limit is not None
    ]
    if not found:
        return html.P("No rule has a limit on this metric.", className="hint")
    return html.Div(found, className="pair")


def _slider(section: str, rule: Rule, side: str, limit: float, known: np.ndarray) -> Component:
    sizes = np.abs(known) if rule.absolute else known
    low, high = min(float(sizes.min()), limit), max(float(sizes.max()), limit)
    identity = {"section": section, "metric": rule.metric, "side": side}
    name = f"{section_of(section).short}: {rule.metric} {SIDES[side]}"
    slider = dmc.Slider(
        id={"type": "limit-slider", **identity},
        min=low,
        max=high,
        step=(high - low) / STEPS or 1.0,
        value=limit,
        updatemode="drag",
        precision=4,
        thumbLabel=name,
    )
    return html.Div([html.Span(name, className="hint"), slider], className="slider")


def dragged_line(moved: Mapping[str, Any] | None, figure: Mapping[str, Any] | None) -> Any:
    """The limit that was dragged in the histogram: its section, side and new value, or nothing."""
    for key, value in (moved or {}).items():
        match = DRAGGED.fullmatch(key)
        if match:
            shapes = (figure or {}).get("layout", {}).get("shapes", ())
            shape = shapes[offered(int(match.group(1)), range(len(shapes)))]
            if not isinstance(value, int | float):
                raise PreventUpdate
            section, _, side = str(shape["name"]).partition("|")
            return section, side, float(value)
    return None


def move_limit(
    moved: Mapping[str, Any] | None,
    figure: Mapping[str, Any] | None,
    metric: str,
    ids: Sequence[Mapping[str, str]],
) -> list[Any]:
    """New values of the fields after a line of the histogram was dragged."""
    found = dragged_line(moved, figure)
    if found is None:
        raise PreventUpdate
    section, side, value = found
    wanted = {"section": section, "metric": metric, "side": side}
    return [float(f"{value:.4g}") if wanted.items() <= one.items() else no_update for one in ids]


def register(app: Dash, limit: dict[str, Any]) -> None:
    """Connect histogram and sliders with the fields.

    Args:
        app: the app.
        limit: the pattern of the fields' ids.
    """
    app.callback(
        Output(limit, "value"),
        Input("labels-histogram", "relayoutData"),
        State("labels-histogram", "figure"),
        State("labels-metric", "value"),
        State(limit, "id"),
        prevent_initial_call=True,
    )(move_limit)
    # The fields follow when the slider rests: then figures and table are made anew, once.
    app.clientside_callback(  # type: ignore[no-untyped-call]
        ClientsideFunction("neuroboard", "settleLimit"),
        Output("labels-sliders", "title"),
        Input({**limit, "type": "limit-slider"}, "value"),
        prevent_initial_call=True,
    )
