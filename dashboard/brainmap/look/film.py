"""The film of a first look: any plane at any time, beside its mean and deviation."""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any

import dash_mantine_components as dmc
import numpy as np
import plotly.graph_objects as go
from dash import Dash, Input, Output, State, dcc, html
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from dashboard.brainmap.look import kept
from dashboard.brainmap.look import look_figures as figures
from dashboard.brainmap.look.pictures import CONTRAST, ends, mean_picture
from dashboard.brainmap.operations import choice
from dashboard.brainmap.operations.choice import Way
from dashboard.jobs.store import Job
from dashboard.kit import results
from dashboard.kit.figures import framed, message
from dashboard.kit.scale import Scale
from dashboard.server.posted import Pointed, Whole, offered, one_of, row_and_column, within
from pipelines.brainmap.map.look_folder import FinishedLook, open_look

FRAME_MS = 300


@lru_cache(maxsize=4)
def load(folder: Path) -> FinishedLook:
    """Open a first look once; a finished one never changes."""
    return open_look(folder)


@lru_cache(maxsize=64)
def contrast_limits(folder: Path, plane: int, low: float, high: float) -> tuple[float, float]:
    """Intensities at two percentiles of a plane's preview, measured once."""
    return load(folder).contrast(plane, low, high)


def film_card(job: Job, shown: FinishedLook, found: Mapping[str, Any]) -> list[Component]:
    """The film with what can be chosen about it."""
    pair = [film_figure(job, found), series_figure()]
    return [*film_controls(shown, found), html.Div(pair, className="pair"), ticks()]


def film_controls(
    shown: FinishedLook, found: Mapping[str, Any], plane: int = 0, time: int = 0
) -> list[Component]:
    """What can be chosen about the film, and the time."""
    return [
        html.Div(
            [
                dmc.Button("Play", id="look-play", variant="default", w=90),
                _plane_control(len(shown.mean), plane),
                dmc.Select(
                    id="look-colors",
                    label="Colours",
                    data=list(figures.COLOR_MAPS),
                    value=figures.COLOR_MAPS[0],
                    allowDeselect=False,
                    w=130,
                ),
                _contrast_control("look-low", "Darkest at (%)", CONTRAST[0]),
                _contrast_control("look-high", "Brightest at (%)", CONTRAST[1]),
                _step_control("look-pixels", "Every n-th pixel", min(shown.preview.shape[2:]) // 2),
                _step_control("look-times", "Every n-th time", len(shown.preview) // 2),
            ],
            className="row bottom",
        ),
        _time_control(len(shown.preview), found["thinned"]["times"], Scale.of(found), time),
    ]


def ticks() -> Component:
    """What plays the film."""
    return dcc.Interval(id="look-tick", interval=FRAME_MS, disabled=True)


def film_figure(job: Job, found: Mapping[str, Any], plane: int = 0, time: int = 0) -> Component:
    """One frame, the first if no other is asked for."""
    thinned = found["thinned"]
    notes = [
        f"Every {thinned[name]}th {what} is shown."
        for name, what in {"pixels": "pixel", "times": "time point"}.items()
        if thinned[name] > 1
    ]
    return framed(
        frame(job, time, plane, CONTRAST, figures.COLOR_MAPS[0]),
        id="look-film",
        caption=" ".join(["One plane of the film as it was recorded.", *notes]),
    )


def series_figure(drawn: go.Figure | None = None) -> Component:
    """Where the series of the voxel under the pointer is drawn, as `series_of` draws it."""
    return framed(
        drawn or message("Point at a voxel to see its series", height=figures.PICTURE_HEIGHT),
        id="look-series",
        caption="The voxel under the pointer in the film, as it was recorded.",
    )


def _plane_control(planes: int, shown: int) -> Any:
    data = [{"value": str(plane), "label": f"Plane {plane}"} for plane in range(planes)]
    return dmc.Select(
        id="look-plane", label="Plane", data=data, value=str(shown), allowDeselect=False, w=130
    )


def _contrast_control(id: str, label: str, value: float) -> Any:
    return dmc.NumberInput(
        id=id, label=label, value=value, min=0, max=100, step=0.5, decimalScale=2, w=130
    )


def _step_control(id: str, label: str, most: int) -> Any:
    return dmc.NumberInput(
        id=id, label=label, value=1, min=1, max=max(1, most), step=1, allowDecimal=False, w=130
    )


def _time_control(times: int, every: int, scale: Scale, now: int) -> Any:
    shown = np.linspace(0, times - 1, min(times, 6)).astype(int).tolist()
    return dmc.Slider(
        id="look-time",
        min=0,
        max=times - 1,
        step=1,
        value=now,
        marks=[
            {"value": time, "label": scale.time(time * every if scale.frame_s else time)}
            for time in shown
        ],
        updatemode="drag",
        thumbLabel="Time point",
        mt="sm",
        mb="xl",
    )


def frame(
    job: Job,
    time: int,
    plane: int,
    contrast: tuple[float, float],
    colors: str,
    every: int = 1,
) -> go.Figure:
    """One plane at one time, every n-th pixel of it."""
    folder = results.folder(job.id)
    preview = load(folder).preview
    image = np.asarray(preview[(*within((time, plane), preview.shape[:2]),)][::every, ::every])
    limits = contrast_limits(folder, plane, *contrast)
    found = results.headline(job)
    pixels = found["thinned"]["pixels"]
    figure = figures.picture(image, limits, colors, pixels=pixels * every)
    return Scale.of(found).pictured(figure, found["shape"][1:3])


def stills(
    job: Job,
    shown: FinishedLook,
    plane: int = 0,
    colors: str = figures.COLOR_MAPS[0],
    way: str = "voxel",
) -> list[Component]:
    """Mean and deviation of one plane."""
    offered(plane, range(len(shown.mean)))
    mean, std = shown.mean[plane], shown.std[plane]
    scale = Scale.of(results.headline(job))
    deviation = scale.pictured(figures.picture(std, ends(std), colors, unit="std"), std.shape)
    return [
        framed(
            mean_picture(mean, way, colors, scale),
            id="look-mean",
            responsive=True,
            caption=f"Mean over time, plane {plane}. What is chosen here can be correlated with "
            "every voxel.",
        ),
        framed(
            figures.boxable(deviation),
            id="look-std",
            responsive=True,
            caption=f"Standard deviation of the normalised series, plane {plane}. Draw a box "
            "over background: the largest deviation in it becomes the threshold.",
        ),
    ]


Colors = Annotated[str, one_of(figures.COLOR_MAPS)]


def play(_clicks: int | None, paused: bool) -> tuple[bool, str]:
    """Start or stop the film: whether it stands still, and what the button does next."""
    return not paused, "Pause" if paused else "Play"


def next_time(_ticks: int | None, time: int, last: int, every: Any) -> int:
    """The next time point that is shown; the first after the last."""
    step = every if isinstance(every, int) and every > 0 else 1
    return 0 if time + step > last else time + step


def show_frame(
    time: int | float,
    plane: Whole,
    low: float | str | None,
    high: float | str | None,
    colors: Colors,
    every: Any,
    job_id: str,
) -> Any:
    """The chosen plane at the chosen time."""
    if not isinstance(low, int | float) or not isinstance(high, int | float):
        raise PreventUpdate
    if not 0 <= low < high <= 100:
        raise PreventUpdate
    if not isinstance(every, int) or every < 1:
        raise PreventUpdate
    contrast = float(low), float(high)
    return frame(results.job(job_id), int(time), int(plane), contrast, colors, every)


def show_series(hover: Pointed | None, plane: Whole, job_id: str) -> Any:
    """The series of the voxel that is pointed at, as far as it is previewed."""
    if not hover:
        raise PreventUpdate
    y, x = row_and_column(hover)
    return series_of(results.job(job_id), (int(plane), y, x))


def series_of(job: Job, voxel: tuple[int, int, int]) -> go.Figure:
    """The series of a voxel (plane, y, x), as far as it is previewed."""
    plane, y, x = voxel
    found = results.headline(job)
    thinned = found["thinned"]
    preview = load(results.folder(job.id)).preview
    at = plane, y // thinned["pixels"], x // thinned["pixels"]
    plane_at, row, column = within(at, preview.shape[1:])
    series = preview[:, plane_at, row, column]
    title = f"plane {plane}, y {y}, x {x}"
    return Scale.of(found).timed(figures.voxel(np.asarray(series), thinned["times"], title))


def show_stills(plane: Whole, colors: Colors, way: Way, job_id: str) -> list[Component]:
    """Mean and deviation of the chosen plane."""
    job = results.job(job_id)
    return stills(job, load(results.folder(job_id)), int(plane), colors, way)


def register(app: Dash) -> None:
    """Connect the film and the pictures."""
    kept.plane(app, "look-plane")
    kept.time(app, "look-time", "look-tick")
    kept.pointed(app, "look-film", "look-plane")
    job = State("panel-job", "data")
    app.callback(
        Output("look-film", "figure"),
        Input("look-time", "value"),
        Input("look-plane", "value"),
        Input("look-low", "value"),
        Input("look-high", "value"),
        Input("look-colors", "value"),
        Input("look-pixels", "value"),
        job,
        prevent_initial_call=True,
    )(show_frame)
    app.callback(
        Output("look-series", "figure"),
        Input("look-film", "hoverData"),
        State("look-plane", "value"),
        job,
        prevent_initial_call=True,
    )(show_series)
    app.callback(
        Output("look-stills", "children"),
        Input("look-plane", "value"),
        Input("look-colors", "value"),
        State("look-way", "value"),
        job,
        prevent_initial_call=True,
    )(show_stills)
    choice.register(app, "look", "look-mean")
    app.callback(
        Output("look-tick", "disabled"),
        Output("look-play", "children"),
        Input("look-play", "n_clicks"),
        State("look-tick", "disabled"),
        prevent_initial_call=True,
    )(play)
    app.callback(
        Output("look-time", "value"),
        Input("look-tick", "n_intervals"),
        State("look-time", "value"),
        State("look-time", "max"),
        State("look-times", "value"),
        prevent_initial_call=True,
    )(next_time)
