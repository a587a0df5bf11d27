"""What all figures share: configuration, look, frame with caption."""

from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from typing import Any, ParamSpec, cast

import numpy as np
import plotly.graph_objects as go
from dash import dcc, html
from numpy.typing import NDArray

from pipelines.figures.palette import NOISE as NOISE
from pipelines.figures.palette import PALETTE as PALETTE
from pipelines.figures.palette import color as color
from pipelines.spikes.recording.timeline import Timeline

P = ParamSpec("P")
GRAPH_CONFIG: dict[str, Any] = {
    "displaylogo": False,
    "modeBarButtonsToRemove": ["sendChartToCloud", "select2d", "autoScale2d"],
    "plotlyServerURL": "",
    "responsive": True,
    "toImageButtonOptions": {"format": "svg"},
}
"""Without this, plotly.js 4 offers to upload the figure to its maker's cloud."""

GAP = "rgba(128,128,128,0.25)"
MOST_GAPS = 100
MOST_FLOAT32_S = 4_000.0
FONT = "Inter, system-ui, sans-serif"
HIDDEN_BUTTONS = [name for name in GRAPH_CONFIG["modeBarButtonsToRemove"] if name != "select2d"]
CHOOSING_CONFIG: dict[str, Any] = {**GRAPH_CONFIG, "modeBarButtonsToRemove": HIDDEN_BUTTONS}
"""For figures on which one chooses: with the box beside the lasso."""
FORMATS = ("svg", "png")


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
    figure.update_xaxes(gridcolor="rgba(128,128,128,0.18)", zeroline=False, title_standoff=6)
    figure.update_yaxes(gridcolor="rgba(128,128,128,0.18)", zeroline=False)
    return figure


def layout_once(make: Callable[P, go.Figure]) -> Callable[P, dict[str, Any]]:
    """The layout of a figure without data, made once for the same arguments.

    Plotly checks every property of a figure, which takes longer than all else of an answer; what
    is the same in many figures is checked once, and each gets a copy to write its own into.
    """

    @cache
    def made(*args: P.args, **kwargs: P.kwargs) -> dict[str, Any]:
        layout: dict[str, Any] = make(*args, **kwargs).to_plotly_json()["layout"]
        return layout

    return lambda *args, **kwargs: deepcopy(made(*args, **kwargs))


def put_together(traces: Sequence[dict[str, Any]], layout: dict[str, Any]) -> go.Figure:
    """A figure of parts that are right, which plotly checks only from then on."""
    figure = go.Figure({"data": traces, "layout": layout}, _validate=False)
    for part in (figure, figure.layout, *figure.data):
        part._validate = True
    return figure


def drawn_times(seconds: NDArray[np.float64]) -> NDArray[np.float64] | NDArray[np.float32]:
    """Times in half the bytes, where that keeps them to a quarter of a millisecond."""
    near = float(np.abs(seconds).max(initial=0.0)) < MOST_FLOAT32_S
    return seconds.astype(np.float32) if near else seconds


def time_axis(figure: go.Figure, timeline: Timeline, title_row: int | None = None) -> None:
    """Make the horizontal axis the recording's time, with gaps in grey.

    Args:
        figure: gets the title, range and gaps.
        timeline: of the recording.
        title_row: of the subplot below the others, which bears the title.
    """
    where = {} if title_row is None else {"row": title_row, "col": 1}
    figure.update_xaxes(range=[timeline.start_s, timeline.stop_s])
    figure.update_xaxes(title=timeline.axis, **where)
    shade_gaps(figure, timeline)


def shade_gaps(figure: go.Figure, timeline: Timeline) -> None:
    """Grey over what was not recorded; the longest gaps if there are many."""
    gaps = sorted(timeline.gaps_s, key=lambda gap: gap[0] - gap[1])[:MOST_GAPS]
    for start, stop in gaps:
        figure.add_vrect(x0=start, x1=stop, fillcolor=GAP, line_width=0, layer="below")


def gap_words(timeline: Timeline) -> str:
    """What the grey in a figure means, if there is some."""
    return " Grey: not recorded." if timeline.gaps_s else ""


@dataclass(frozen=True)
class Drawn:
    """A figure and the sentence that says what was done."""

    figure: go.Figure
    caption: str

    def framed(self, id: Any, **properties: Any) -> html.Figure:
        """On a page that scrolls: with its caption below."""
        return framed(self.figure, id=id, caption=self.caption, **properties)


def framed(figure: go.Figure, *, id: Any, caption: str, **properties: Any) -> html.Figure:
    """A figure with its caption below; the height is fixed so that nothing jumps."""
    height = f"{figure.layout.height}px"
    properties = {"config": cast(Any, GRAPH_CONFIG), **properties}
    graph = dcc.Graph(id=id, figure=figure, style={"height": height}, **properties)
    return html.Figure([graph, html.Figcaption(caption)], className="figure")


def waiting(id: Any) -> dcc.Graph:
    """A graph as large as what it stands in, with nothing in it yet."""
    figure = go.Figure(layout={"autosize": True})
    figure.update_layout(paper_bgcolor="rgba(0,0,0,0)", plot_bgcolor="rgba(0,0,0,0)")
    figure.update_xaxes(visible=False)
    figure.update_yaxes(visible=False)
    config = cast(Any, {**GRAPH_CONFIG, "displayModeBar": "hover"})
    style = {"height": "100%"}
    return dcc.Graph(id=id, figure=figure, config=config, style=style, responsive=True)


def message(text: str, *, height: int) -> go.Figure:
    """An empty figure that says what to do."""
    figure = style(go.Figure(), height=height)
    figure.update_xaxes(visible=False)
    figure.update_yaxes(visible=False)
    figure.add_annotation(text=text, showarrow=False, font={"size": 14})
    return figure


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
