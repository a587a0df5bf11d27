"""The result of an operation on images or series, before and after: pictures, a voxel's series."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import dash_mantine_components as dmc
import numpy as np
from dash import Dash, Input, Output, State, dcc, html
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate
from numpy.typing import NDArray

from dashboard.brainmap.look import kept
from dashboard.brainmap.look.pictures import ends
from dashboard.brainmap.operations import series_figures as figures
from dashboard.jobs.store import Job
from dashboard.kit import results
from dashboard.kit.figures import framed
from dashboard.kit.scale import Scale
from dashboard.server.posted import Place, Pointed, Voxel, offered, within
from pipelines.brainmap.images.images import LEAST_TIMES
from pipelines.brainmap.operations import operation_result
from pipelines.brainmap.operations.operation_result import FinishedOperation, open_operation
from pipelines.brainmap.operations.parameters import USED

UNITS: Mapping[str, str] = {
    "normalize": "relative change",
    "zscore": "standard deviations",
    "standardize": "x / standard deviation",
    "correlate": "Pearson's r",
    "crosscorr": "Pearson's r",
    "localcorr": "Pearson's r",
}
FOURIER = ("coherence", "phase (radians)")
UNITLESS = frozenset({"normalize", "center", "zscore", "standardize"})
"""Operations after which a series has no baseline to be normalised by."""


@dataclass(frozen=True)
class Spot:
    """What is shown of a result.

    Attributes:
        plane: of the result.
        at: which of its pictures: a time point, lag, signal or measure.
        voxel: of the images (plane, y, x), whose series is drawn.
    """

    plane: int
    at: int
    voxel: tuple[int, ...]

    @classmethod
    def first(cls, change: FinishedOperation) -> "Spot":
        """What is shown before anything is chosen: the liveliest voxel."""
        return cls(0, 0, change.liveliest())


@lru_cache(maxsize=4)
def _load(folder: Path) -> FinishedOperation:
    return open_operation(folder)


def load(job_id: str) -> FinishedOperation:
    """Open a result once; a finished result never changes."""
    return _load(results.folder(job_id))


def _result_scale(change: FinishedOperation) -> Scale:
    """Of the result, whose pixels and frames may be larger than those of the images."""
    return Scale.of(change.results.get("result_sizes", {}))


def view(job: Job) -> Component:
    """The whole result."""
    change = load(job.id)
    cards = [html.Div([headline(change), ways_on(job, change)], className="card")]
    if change.layout == "sample":
        cards.append(html.Div(sample_figure(job, change), className="card"))
    else:
        first = Spot.first(change)
        parts = [controls(job, change, first), pictures(job, change, first)]
        cards.append(html.Div(parts, className="card"))
        cards.append(html.Div(series_figure(job, change, first.voxel), className="card"))
    return html.Div(cards)


def headline(change: FinishedOperation) -> Component:
    """The figures of a result that matter most."""
    found = change.results
    return results.stats(
        {
            "Operation": found["operation"],
            "Shape of the result": " x ".join(map(str, found["shape"])),
            "Type": found["dtype"],
            "Undefined values": f"{found['n_undefined']:,}",
        }
    )


def ways_on(job: Job, change: FinishedOperation) -> Component:
    """Its file, and the steps that go on with it."""
    links: list[Component] = [
        results.download(job, operation_result.FILE.name, "Result (NumPy .npy)")
    ]
    if change.layout in ("series", "volumes") and change.steps >= LEAST_TIMES:
        links += [
            dcc.Link("Look at the result", href=next_link(job, "look"), className="button"),
            dcc.Link("Map the result", href=next_link(job, "map"), className="button"),
        ]
    return html.Div(links, className="downloads")


def next_link(job: Job, step: str) -> str:
    """The address of a step's form with this result as its images."""
    given = {"step": step, "images": f"job:{job.id}"}
    operation = job.parameters["operation"]
    if operation in UNITLESS:
        given["normalize"] = "none"
    if operation in UNITLESS - {"normalize"} and step == "map":
        given["std_threshold"] = "0"
    return "/brainmap?" + urlencode(given)


def sample_figure(job: Job, change: FinishedOperation) -> Component:
    """Some series at random."""
    return framed(
        Scale.of(change.results).timed(figures.sample(np.asarray(change.after))),
        id="series-sample",
        caption=f"{len(change.after):,} series drawn at random (seed {job.parameters['seed']}), as "
        "they were recorded.",
    )


def controls(job: Job, change: FinishedOperation, spot: Spot) -> Component:
    """The plane and step that are shown, and the voxel."""
    data = [{"value": str(plane), "label": f"Plane {plane}"} for plane in range(change.planes)]
    plane = dmc.Select(
        id="series-plane",
        label="Plane",
        data=data,
        value=str(spot.plane),
        allowDeselect=False,
        w=130,
    )
    at = dmc.NumberInput(
        id="series-at",
        label=_step_name(job),
        value=spot.at,
        min=0,
        max=change.steps - 1,
        step=1,
        allowDecimal=False,
        w=170,
    )
    return html.Div(
        [
            html.Div(plane, hidden=change.planes == 1),
            html.Div(at, hidden=change.steps == 1),
            dcc.Store(id="series-voxel", data=list(spot.voxel)),
        ],
        className="row bottom actions",
    )


def _step_name(job: Job) -> str:
    """What is counted by the number of the picture that is shown."""
    lag = job.parameters["lag"]
    words = {
        "fourier": "0 coherence, 1 phase",
        "crosscorr": f"Lag shown, 0 is -{lag}",
        "correlate": "Signal shown",
    }
    return words.get(job.parameters["operation"], "Time point shown")


def pictures(job: Job, change: FinishedOperation, spot: Spot) -> Component:
    """The mean image, and a picture of the result."""
    pixels = change.pixels
    thinned = f" Every {pixels}th pixel is drawn." if pixels > 1 else ""
    before, after = draw(job, change, spot)
    return html.Div(
        [
            framed(
                before,
                id="series-before",
                caption=f"Mean over time of the images as recorded.{thinned} Press a voxel to see "
                "its series; the frame marks the one below.",
            ),
            framed(after, id="series-after", caption=f"The result of {_words(job)}."),
        ],
        className="pair",
    )


def draw(job: Job, change: FinishedOperation, spot: Spot) -> tuple[Any, Any]:
    """The mean image with the chosen voxel's frame, and a picture of the result."""
    n_planes = change.images_shape[1]
    whole = min(spot.plane * -(-n_planes // change.planes), n_planes - 1)
    mean = mean_plane(results.folder(job.id), whole)
    marked = spot.voxel[1:] if spot.voxel[0] == whole else None
    before = figures.before(mean, ends(mean), change.pixels, marked)
    shown = change.picture(spot.plane, spot.at)
    after = figures.after(shown, ends(shown), unit(job, spot.at))
    return (
        Scale.of(change.results).pictured(before, change.images_shape[2:]),
        _result_scale(change).pictured(after, shown.shape),
    )


@lru_cache(maxsize=16)
def mean_plane(folder: Path, plane: int) -> NDArray[np.float32]:
    """Mean over time of a plane of the preview."""
    return _load(folder).mean(plane)


def unit(job: Job, at: int = 0) -> str:
    """The unit of a result."""
    operation = job.parameters["operation"]
    if operation == "fourier":
        return FOURIER[at]
    return UNITS.get(operation, "intensity")


def _words(job: Job) -> str:
    """The operation with the settings that were changed."""
    given = {name: value for name, value in job.parameters.items() if value not in (None, "")}
    used = [f"{name} {given[name]}" for name in USED[given["operation"]] if name in given]
    return f"{given['operation']} ({', '.join(used)})" if used else str(given["operation"])


def series_figure(job: Job, change: FinishedOperation, voxel: tuple[int, ...]) -> Component:
    """A voxel (plane, y, x) before and after."""
    return framed(
        draw_series(job, change, voxel),
        id="series-series",
        caption="The chosen voxel, as it was recorded (above) and after the operation (below).",
    )


def draw_series(job: Job, change: FinishedOperation, voxel: tuple[int, ...]) -> Any:
    """A voxel's series before and after."""
    plane, y, x = voxel
    operation = job.parameters["operation"]
    lags = job.parameters["lag"] if operation == "crosscorr" else 0
    after = change.series((plane, y, x))
    figure = figures.series(
        change.recorded((plane, y, x)),
        after,
        every=change.times,
        title=f"plane {plane}, y {y}, x {x}",
        unit=unit(job) if operation != "fourier" else "value",
        axis={"crosscorr": "lag (frames)", "fourier": "measure", "correlate": "signal"}.get(
            operation, "time point (frames)"
        ),
        first=-lags,
        names=FOURIER if operation == "fourier" else (),
    )
    Scale.of(change.results).timed(figure, row=1)
    return _result_scale(change).timed(figure, row=2)


def register(app: Dash) -> None:
    """Connect the pictures and the voxel."""
    kept.plane(app, "series-plane")
    kept.time(app, "series-at")
    kept.pressed(app, "series-voxel")
    job = State("panel-job", "data")
    app.callback(
        Output("series-voxel", "data"),
        Input("series-before", "clickData"),
        State("series-plane", "value"),
        job,
        prevent_initial_call=True,
    )(choose_voxel)
    app.callback(
        Output("series-before", "figure"),
        Output("series-after", "figure"),
        Input("series-plane", "value"),
        Input("series-at", "value"),
        Input("series-voxel", "data"),
        job,
        prevent_initial_call=True,
    )(redraw)
    app.callback(
        Output("series-series", "figure"),
        Input("series-voxel", "data"),
        job,
        prevent_initial_call=True,
    )(show_series)


def choose_voxel(click: Pointed | None, plane: Place, job_id: str) -> list[int]:
    """The voxel (plane, y, x) of the images that was pressed."""
    if not click:
        raise PreventUpdate
    change, point = load(job_id), click["points"][0]
    every = -(-change.images_shape[1] // change.planes)
    return [int(plane or 0) * every, int(point["y"]), int(point["x"])]


def redraw(plane: Place, at: Any, voxel: Voxel, job_id: str) -> tuple[Any, Any]:
    """Both pictures."""
    change = load(job_id)
    if type(at) is not int or not 0 <= at < change.steps:
        raise PreventUpdate
    shown = offered(int(plane or 0), range(change.planes))
    return draw(results.job(job_id), change, Spot(shown, at, tuple(voxel)))


def show_series(voxel: Voxel, job_id: str) -> Any:
    """The series of the chosen voxel."""
    change = load(job_id)
    place = within(tuple(voxel), change.images_shape[1:])
    return draw_series(results.job(job_id), change, place)
