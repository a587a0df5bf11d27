"""What the active voxels of a first look do as a whole, and some of their series."""

from typing import Any

import dash_mantine_components as dmc
import numpy as np
from dash import Dash, Input, Output, State, html
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from dashboard.brainmap.look import statistics_figures as figures
from dashboard.brainmap.look.film import load
from dashboard.kit import results
from dashboard.kit.figures import framed, message
from dashboard.kit.scale import Scale
from pipelines.brainmap.map.look_folder import FinishedLook
from pipelines.brainmap.operations.statistics import draw, over_time

LOW, HIGH, N, SEED = 5.0, 95.0, 20, 0


def statistics_card(shown: FinishedLook, threshold: float, scale: Scale) -> list[Component]:
    """Statistics across the voxels above the threshold, and a random sample of their series."""
    over, some = map(scale.timed, figures_of(shown, threshold, LOW, HIGH, N, SEED))
    return [
        html.H2("What the active voxels do"),
        html.Div(
            [
                _number("statistics-low", "Lower percentile (%)", LOW, 0, 100),
                _number("statistics-high", "Upper percentile (%)", HIGH, 0, 100),
                _number("statistics-n", "Series drawn", N, 1, figures.MOST_LINES),
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
        empty = message("No voxel varies by more than the threshold", height=figures.HEIGHT)
        return empty, empty
    series = shown.sample[kept]
    chosen = draw(len(kept), n, seed)
    return figures.over_time(over_time(series, (low, 50.0, high)), low, high), figures.sample(
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
