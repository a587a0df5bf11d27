"""The result of a correlation map: the map, the series it was made with, and the next choice."""

from functools import lru_cache
from pathlib import Path
from typing import Any

import dash_mantine_components as dmc
import numpy as np
import plotly.graph_objects as go
from dash import Dash, Input, Output, State, html
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate
from numpy.typing import NDArray
from plotly.subplots import make_subplots

from dashboard.brainmap.look import kept
from dashboard.brainmap.look.look_figures import picture
from dashboard.brainmap.look.pictures import mean_picture
from dashboard.brainmap.map.map_figures import FILTERED_GREY, step
from dashboard.brainmap.operations import choice
from dashboard.brainmap.operations.choice import Way
from dashboard.jobs.store import Job
from dashboard.kit import results
from dashboard.kit.figures import PALETTE, framed, style
from dashboard.kit.scale import Scale
from dashboard.server.posted import Place, Pointed, offered, row_and_column, within
from pipelines.brainmap.map import correlation_folder
from pipelines.brainmap.map.correlation_folder import FinishedCorrelation
from pipelines.brainmap.operations.correlation import COLD_TO_HOT

PREFIX = "correlation"
UNITS = {"voxel": "intensity", "region": "mean intensity", "cluster": "normalised signal"}
SCALE = [[end / 2, f"rgb{color}"] for end, color in enumerate(COLD_TO_HOT)]
HEIGHT = 340
VOXEL_COLOR = "#7c8698"


@lru_cache(maxsize=4)
def load(folder: Path) -> FinishedCorrelation:
    """Open a correlation once; a finished one never changes."""
    return FinishedCorrelation(folder)


def view(job: Job) -> Component:
    """The whole result."""
    found = results.headline(job)
    n_planes = found["shape"][0]
    return html.Div(
        [
            html.Div([headline(found), downloads(job)], className="card"),
            html.Div(
                [
                    controls(n_planes, found["plane"]),
                    choice.controls(PREFIX),
                    html.Div(
                        [
                            map_figure(job, found, found["plane"]),
                            mean_figure(job, found, found["plane"]),
                        ],
                        className="pair",
                    ),
                ],
                className="card",
            ),
            html.Div(reference_series(job, found), className="card"),
        ]
    )


def headline(found: dict[str, Any]) -> Component:
    """The figures of a correlation that matter most."""
    return results.stats(
        {
            "Planes x y x x x time": " x ".join(map(str, found["shape"])),
            "Voxels": f"{found['n_voxels']:,}",
            "of which have no r": f"{found['n_undefined']:,}",
            "Lowest r": results.number(found["lowest"]),
            "Highest r": results.number(found["highest"]),
        }
    )


def downloads(job: Job) -> Component:
    """Links to its files."""
    files = {
        correlation_folder.VOLUME: "Map (TIFF)",
        correlation_folder.PICTURE: "Map (PNG)",
        correlation_folder.DRAWING: "Map and series (SVG)",
        correlation_folder.TABLE.name: "Map (CSV)",
        correlation_folder.SERIES.name: "Series (CSV)",
    }
    links = [results.download(job, file, text) for file, text in files.items()]
    return html.Div(links, className="downloads")


def controls(planes: int, shown: int) -> Component:
    """The plane, and how far the colours go."""
    data = [{"value": str(plane), "label": f"Plane {plane}"} for plane in range(planes)]
    plane = dmc.Select(
        id=f"{PREFIX}-plane", label="Plane", data=data, value=str(shown), allowDeselect=False, w=130
    )
    limit = dmc.NumberInput(
        id=f"{PREFIX}-limit",
        label="Colours up to |r| =",
        value=1,
        min=0.05,
        max=1,
        step=0.1,
        decimalScale=2,
        w=160,
    )
    return html.Div([html.Div(plane, hidden=planes == 1), limit], className="row bottom actions")


def map_figure(job: Job, found: dict[str, Any], plane: int) -> Component:
    """The correlations of one plane."""
    values = load(results.folder(job.id)).values
    thin = step(values.shape[1:])
    thinned = f" Every {thin}th pixel is drawn." if thin > 1 else ""
    figure = correlation_figure(values[plane], 1.0)
    return framed(
        Scale.of(found).pictured(figure, values.shape[1:]),
        id=f"{PREFIX}-map",
        caption=f"Pearson's correlation over {found['shape'][-1]} time points of every voxel with "
        f"{found['series']}. Voxels that never change, or lack a number, are grey. Point at a "
        f"voxel to see its series below.{thinned}",
    )


def mean_figure(job: Job, found: dict[str, Any], plane: int) -> Component:
    """The mean image of a plane, on which the next choice is made."""
    mean = load(results.folder(job.id)).mean
    return framed(
        mean_picture(mean[plane], scale=Scale.of(found)),
        id=f"{PREFIX}-mean",
        caption="Mean over time. Choose here what to correlate with next.",
    )


def reference_series(
    job: Job, found: dict[str, Any], voxel: tuple[int, int, int] | None = None
) -> Component:
    """The series that every voxel is compared with, and below it that of one (plane, y, x)."""
    alone = series_figure(load(results.folder(job.id)).series, _unit(found))
    return framed(
        compared_with(job, voxel) if voxel else Scale.of(found).timed(alone),
        id=f"{PREFIX}-series",
        caption=f"The series that every voxel is compared with: {found['series']}. Below it, once "
        "the pointer is on a voxel of the map, that voxel's own, as recorded.",
    )


def _unit(found: dict[str, Any]) -> str:
    return UNITS.get(found["source"], "signal")


def register(app: Dash) -> None:
    """Connect planes, colours and the next choice."""
    kept.plane(app, f"{PREFIX}-plane")
    kept.pointed(app, f"{PREFIX}-map", f"{PREFIX}-plane")
    app.callback(
        Output(f"{PREFIX}-map", "figure"),
        Output(f"{PREFIX}-mean", "figure"),
        Input(f"{PREFIX}-plane", "value"),
        Input(f"{PREFIX}-limit", "value"),
        State(f"{PREFIX}-way", "value"),
        State("panel-job", "data"),
        prevent_initial_call=True,
    )(redraw)
    app.callback(
        Output(f"{PREFIX}-series", "figure"),
        Input(f"{PREFIX}-map", "hoverData"),
        State(f"{PREFIX}-plane", "value"),
        State("panel-job", "data"),
        prevent_initial_call=True,
    )(compare)
    choice.register(app, PREFIX, f"{PREFIX}-mean")


def compare(hover: Pointed | None, plane: Place, job_id: str) -> Any:
    """The series of the voxel that is pointed at, below the one it is compared with."""
    if not hover:
        raise PreventUpdate
    y, x = row_and_column(hover)
    return compared_with(results.job(job_id), (int(plane or 0), y, x))


def compared_with(job: Job, voxel: tuple[int, int, int]) -> go.Figure:
    """The series of a voxel (plane, y, x), below the one that all are compared with."""
    found, (at, y, x) = results.headline(job), voxel
    pixels, times = found["thinned"]["pixels"], found["thinned"]["times"]
    finished = load(results.folder(job.id))
    images, values = finished.preview, finished.values
    in_plane, row, column = within((at, y // pixels, x // pixels), images.shape[1:])
    recorded = np.asarray(images[:, in_plane, row, column])
    r = values[within((at, y, x), values.shape)]
    title = f"plane {at}, y {y}, x {x}: " + ("no r" if np.isnan(r) else f"r = {r:.3f}")
    figure = compared_figure(finished.series, _unit(found), recorded, times, title)
    return Scale.of(found).timed(figure)


def redraw(plane: Place, limit: Any, way: Way, job_id: str) -> tuple[Any, Any]:
    """The chosen plane in the chosen colours."""
    if not isinstance(limit, int | float) or not 0 < limit <= 1:
        raise PreventUpdate
    finished = load(results.folder(job_id))
    values, mean = finished.values, finished.mean
    at = offered(int(plane or 0), range(len(values)))
    scale = Scale.of(results.headline(results.job(job_id)))
    shown = scale.pictured(correlation_figure(values[at], limit), values.shape[1:])
    return shown, mean_picture(mean[at], way, scale=scale)


def correlation_figure(plane: NDArray[Any], limit: float) -> go.Figure:
    """One plane (y, x) of correlations, in colours from -limit to limit."""
    figure = picture(plane, (-limit, limit), SCALE, unit="Pearson's r")
    figure.update_traces(hovertemplate="y %{y}, x %{x}: r = %{z:.3f}<extra></extra>")
    return figure.update_layout(plot_bgcolor=FILTERED_GREY)


def series_figure(values: NDArray[Any], unit: str) -> go.Figure:
    """One series (time,)."""
    figure = go.Figure(_line(np.arange(len(values)), values, PALETTE[0]))
    figure.update_xaxes(title="time point (frames)")
    figure.update_yaxes(title=unit)
    return style(figure, height=HEIGHT)


def compared_figure(
    values: NDArray[Any], unit: str, voxel: NDArray[Any], every: int, title: str
) -> go.Figure:
    """A series above that of one voxel, on the same time axis.

    Args:
        values: (time,).
        unit: of `values`.
        voxel: (time,), every `every`-th time point, as recorded.
        every: as above.
        title: which voxel it is.
    """
    figure = make_subplots(rows=2, cols=1, shared_xaxes=True, vertical_spacing=0.08)
    figure.add_trace(_line(np.arange(len(values)), values, PALETTE[0]), row=1, col=1)
    figure.add_trace(_line(every * np.arange(len(voxel)), voxel, VOXEL_COLOR), row=2, col=1)
    figure.update_xaxes(title="time point (frames)", row=2, col=1)
    figure.update_yaxes(title=unit, row=1, col=1)
    figure.update_yaxes(title="intensity", row=2, col=1)
    heading = {"text": title, "font": {"size": 13}}
    return style(figure, height=HEIGHT, showlegend=False, title=heading)


def _line(times: NDArray[Any], values: NDArray[Any], color: str) -> go.Scatter:
    return go.Scatter(
        x=times,
        y=values,
        mode="lines",
        line={"color": color, "width": 2},
        hovertemplate="time point %{x}: %{y:.4g}<extra></extra>",
    )
