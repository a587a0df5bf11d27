"""What all figures share: configuration, look, frame with caption."""

from typing import Any, cast

import plotly.graph_objects as go
from dash import dcc, html

GRAPH_CONFIG: dict[str, Any] = {
    "displaylogo": False,
    "modeBarButtonsToRemove": ["sendChartToCloud", "select2d", "autoScale2d"],
    "plotlyServerURL": "",
    "responsive": True,
    "toImageButtonOptions": {"format": "svg"},
}
"""Without this, plotly.js 4 offers to upload the figure to its maker's cloud."""

PALETTE = (
    "#3b6fd4",
    "#e07b39",
    "#2f9e77",
    "#c2427b",
    "#8a63c9",
    "#b28b00",
    "#3aa6c9",
    "#a0522d",
    "#6b8e23",
    "#d1495b",
    "#00798c",
    "#7a5195",
)
NOISE = "#9aa1ab"
FONT = "Inter, system-ui, sans-serif"


def color(index: int) -> str:
    """The colour of a cluster or unit; -1 is grey."""
    return NOISE if index < 0 else PALETTE[index % len(PALETTE)]


def style(figure: go.Figure, *, height: int, **layout: Any) -> go.Figure:
    """Give a figure the house's look; colours of text and grid come from the stylesheet."""
    figure.update_layout(
        template="none",
        height=height,
        font={"family": FONT, "size": 12},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        margin={"l": 56, "r": 16, "t": 28, "b": 48},
        hoverlabel={"font": {"family": FONT}},
        **layout,
    )
    figure.update_xaxes(gridcolor="rgba(128,128,128,0.18)", zeroline=False)
    figure.update_yaxes(gridcolor="rgba(128,128,128,0.18)", zeroline=False)
    return figure


def framed(figure: go.Figure, *, id: Any, caption: str, **properties: Any) -> html.Figure:
    """A figure with its caption below; the height is fixed so that nothing jumps."""
    height = f"{figure.layout.height}px"
    properties = {"config": cast(Any, GRAPH_CONFIG), **properties}
    graph = dcc.Graph(id=id, figure=figure, style={"height": height}, **properties)
    return html.Figure([graph, html.Figcaption(caption)], className="figure")


def message(text: str, *, height: int) -> go.Figure:
    """An empty figure that says what to do."""
    figure = style(go.Figure(), height=height)
    figure.update_xaxes(visible=False)
    figure.update_yaxes(visible=False)
    figure.add_annotation(text=text, showarrow=False, font={"size": 14})
    return figure
