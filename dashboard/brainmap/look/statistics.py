"""What the active voxels of a first look do as a whole, and some of their series."""

from typing import Any

import dash_mantine_components as dmc
import numpy as np
import pandas as pd
import plotly.graph_objects as go
from dash import Dash, Input, Output, State, html
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate
from numpy.typing import NDArray

from dashboard.brainmap.look.film import load
from dashboard.kit import results
from dashboard.kit.figures import NOISE, PALETTE, framed, message, style
from dashboard.kit.scale import Scale
from pipelines.brainmap.map.look_folder import FinishedLook
from pipelines.brainmap.operations.statistics import draw, over_time

LOW, HIGH, N, SEED = 5.0, 95.0, 20, 0
HEIGHT = 340
MOST_LINES = 200
"""Series that can be drawn over each other; more would hide each other."""

BLUE = "59, 111, 212"


def statistics_card(shown: FinishedLook, threshold: float, scale: Scale) -> list[Component]:
    """Statistics across the voxels above the threshold, and a random sample of their series."""
    over, some = map(scale.timed, figures_of(shown, threshold, LOW, HIGH, N, SEED))
    return [
        html.H2("What the active voxels do"),
        html.Div(
            [
                _number("statistics-low", "Lower percentile (%)", LOW, 0, 100),
                _number("statistics-high", "Upper percentile (%)", HIGH, 0, 100),
                _number("statistics-n", "Series drawn", N, 1, MOST_LINES),
                _number("statistics-seed", "Random seed", SEED, 0, 2**32 - 1),
            ],
            className="row bottom",
        ),
        html.P(sentence(shown, threshold), id="statistics-said", className="hint"),
        html.Div(
            [
                framed(
                    over,
                    id="statistics-over-time",
                    caption="Across the voxels above the threshold, at each time point: mean, "
                    "standard deviation around it, percentiles, smallest and largest value.",
                ),
                framed(
                    some,
                    id="statistics-sample",
                    caption="Normalised series of voxels above the threshold, drawn at random; "
                    "the same seed draws the same.",
                ),
            ],
            className="pair",
        ),
    ]


def _number(id: str, label: str, value: float, low: float, high: float) -> Any:
    return dmc.NumberInput(id=id, label=label, value=value, min=low, max=high, step=1, w=170)


def sentence(shown: FinishedLook, threshold: float) -> str:
    """Of how many voxels the figures are made."""
    kept = int(np.count_nonzero(shown.sampled_std > threshold))
    all_of_them, looked = shown.std.size, len(shown.sampled_std)
    if looked == all_of_them:
        return f"Of the {kept:,} voxels that vary by more than {threshold:g}."
    return (
        f"Of {kept:,} voxels that vary by more than {threshold:g} among {looked:,} that were drawn "
        f"from all {all_of_them:,} at random; the command brainmap statistics measures them all."
    )


def figures_of(
    shown: FinishedLook, threshold: float, low: float, high: float, n: int, seed: int
) -> tuple[Any, Any]:
    """Both figures for some settings."""
    kept = np.flatnonzero(shown.sampled_std > threshold)
    if not kept.size:
        empty = message("No voxel varies by more than the threshold", height=HEIGHT)
        return empty, empty
    series = shown.sample[kept]
    chosen = draw(len(kept), n, seed)
    return over_time_figure(over_time(series, (low, 50.0, high)), low, high), sample_figure(
        series[chosen], shown.sampled_std[kept[chosen]]
    )


def register(app: Dash) -> None:
    """Connect the numbers."""
    app.callback(
        Output("statistics-over-time", "figure"),
        Output("statistics-sample", "figure"),
        Output("statistics-said", "children"),
        Input("look-number", "value"),
        Input("statistics-low", "value"),
        Input("statistics-high", "value"),
        Input("statistics-n", "value"),
        Input("statistics-seed", "value"),
        State("panel-job", "data"),
        prevent_initial_call=True,
    )(redraw)


def redraw(
    threshold: Any, low: Any, high: Any, n: Any, seed: Any, job_id: str
) -> tuple[Any, Any, str]:
    """The figures for what is set now; half-typed numbers change nothing."""
    numbers = (threshold, low, high, n, seed)
    if not all(isinstance(value, int | float) and value >= 0 for value in numbers):
        raise PreventUpdate
    if not low < high <= 100 or n < 1:
        raise PreventUpdate
    shown = load(results.folder(job_id))
    scale = Scale.of(results.headline(results.job(job_id)))
    over, some = map(scale.timed, figures_of(shown, threshold, low, high, int(n), int(seed)))
    return over, some, sentence(shown, threshold)


def over_time_figure(table: pd.DataFrame, low: float, high: float) -> go.Figure:
    """Statistics across voxels per time point, as `operations.statistics.over_time` gives them.

    Args:
        table: with or without the median.
        low: the percentile in it that is the lower edge.
        high: that of the upper edge.
    """
    mean, std = table["mean"], table["std"]
    figure = go.Figure()
    lower, upper = f"{low:g}th percentile", f"{high:g}th percentile"
    _edge(figure, table["min"], "smallest", {"color": NOISE, "width": 1, "dash": "dot"})
    _edge(figure, table["max"], "largest", {"color": NOISE, "width": 1, "dash": "dot"})
    _edge(figure, table[f"p{low:g}"], lower, {"color": f"rgba({BLUE}, 0.5)", "width": 1})
    _edge(figure, table[f"p{high:g}"], upper, {"color": f"rgba({BLUE}, 0.5)", "width": 1}, 0.12)
    _edge(figure, mean - std, "mean - std", {"color": f"rgba({BLUE}, 0)", "width": 0})
    _edge(figure, mean + std, "mean + std", {"color": f"rgba({BLUE}, 0)", "width": 0}, 0.22)
    if "p50" in table:
        _edge(figure, table["p50"], "median", {"color": PALETTE[1], "width": 1.5, "dash": "dash"})
    _edge(figure, mean, "mean", {"color": PALETTE[0], "width": 2.5})
    figure.update_xaxes(title="time point (frames)")
    figure.update_yaxes(title="normalised signal")
    return style(figure, height=HEIGHT, showlegend=False)


def _edge(
    figure: go.Figure, values: Any, name: str, line: dict[str, Any], filled: float = 0.0
) -> None:
    """A line over time; with `filled` the space to the line before is tinted that strongly."""
    tint = {"fill": "tonexty", "fillcolor": f"rgba({BLUE}, {filled})"} if filled else {}
    figure.add_scatter(
        x=np.arange(len(values)),
        y=values,
        mode="lines",
        name=name,
        line=line,
        hovertemplate=f"{name} at time point %{{x}}: %{{y:.4g}}<extra></extra>",
        **tint,
    )


def sample_figure(series: NDArray[Any], deviation: NDArray[Any]) -> go.Figure:
    """Some series (voxel, time), each with its standard deviation in its label."""
    figure = go.Figure()
    for index, (values, std) in enumerate(zip(series, deviation, strict=True)):
        figure.add_scatter(
            y=values,
            mode="lines",
            line={"color": PALETTE[index % len(PALETTE)], "width": 1},
            opacity=0.7,
            hovertemplate=f"std {std:.3g}, time point %{{x}}: %{{y:.4g}}<extra></extra>",
        )
    figure.update_xaxes(title="time point (frames)")
    figure.update_yaxes(title="normalised signal")
    return style(figure, height=HEIGHT, showlegend=False)
