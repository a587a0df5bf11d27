"""Figures that can be kept as a picture, in lines (SVG) or in pixels (PNG)."""

from typing import Any

import plotly.graph_objects as go
from dash import html

from dashboard.kit.figures import GRAPH_CONFIG, framed

HIDDEN_BUTTONS = [name for name in GRAPH_CONFIG["modeBarButtonsToRemove"] if name != "select2d"]
CHOOSING_CONFIG: dict[str, Any] = {**GRAPH_CONFIG, "modeBarButtonsToRemove": HIDDEN_BUTTONS}
"""For figures on which one chooses: with the box beside the lasso."""
FORMATS = ("svg", "png")


def pictured(figure: go.Figure, *, id: str, caption: str, **properties: Any) -> html.Figure:
    """A figure with its caption and, below, the formats in which it can be kept."""
    frame = framed(figure, id=id, caption=caption, **properties)
    graph, text = frame.children
    text.children = [caption, html.Div([_button(id, name) for name in FORMATS], className="row")]
    frame.children = [graph, text]
    return frame


def _button(id: str, name: str) -> html.Button:
    """Names the figure and the format; a script of the page does the rest."""
    data: dict[str, Any] = {"data-figure": id, "data-format": name}
    title = f"Keep this figure as {name.upper()}"
    return html.Button(name.upper(), className="pick", title=title, **data)
