"""The result of a first look: the film, mean and deviation, and the threshold for mapping."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import dash_mantine_components as dmc
import numpy as np
import pandas as pd
import plotly.graph_objects as go
import tifffile
from dash import Dash, Input, Output, Patch, State, ctx, dcc, html, no_update
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate
from numpy.typing import NDArray

from dashboard.figures import brainmap_look as figures
from dashboard.figures.common import framed
from dashboard.jobs.store import Job
from dashboard.results import common

FRAME_MS = 300
CONTRAST = (1.0, 99.5)
"""Percentiles of intensity at the ends of the colour scale, at first."""
SAMPLED_FRAMES = 20
"""Frames of which the contrast is measured; all of a long film would take long."""


@dataclass(frozen=True)
class Look:
    """What is shown of a film.

    Attributes:
        preview: (time, plane, y, x), thinned; mapped, not read.
        mean: (plane, y, x), intensity.
        std: (plane, y, x), of the normalised series.
        deviations: (voxel,), ascending; mapped, not read.
        bins: how the deviations above 0 are distributed.
    """

    preview: NDArray[Any]
    mean: NDArray[np.float32]
    std: NDArray[np.float32]
    deviations: NDArray[np.float64]
    bins: pd.DataFrame

    def kept(self, threshold: float) -> int:
        """How many voxels vary by more than a threshold."""
        return len(self.deviations) - int(np.searchsorted(self.deviations, threshold, "right"))


@lru_cache(maxsize=4)
def load(folder: Path) -> Look:
    """Open a result once; a finished result never changes."""
    preview = np.load(folder / "preview.npy", mmap_mode="r")
    planes = preview.shape[1]
    mean, std = (tifffile.imread(folder / f"{name}.tif") for name in ("mean", "std"))
    return Look(
        preview=preview,
        mean=mean.reshape(planes, *mean.shape[-2:]),
        std=std.reshape(planes, *std.shape[-2:]),
        deviations=np.load(folder / "deviations.npy", mmap_mode="r"),
        bins=pd.read_csv(folder / "histogram.csv"),
    )


@lru_cache(maxsize=64)
def contrast_limits(folder: Path, plane: int, low: float, high: float) -> tuple[float, float]:
    """Intensities at two percentiles of a plane's preview, the same for all of its frames."""
    preview = load(folder).preview
    every = -(-len(preview) // SAMPLED_FRAMES)
    ends = np.percentile(preview[::every, plane], [low, high])
    return float(ends[0]), float(ends[1])


def view(job: Job) -> Component:
    """The whole result."""
    found = common.headline(job)
    shown = load(common.folder(job.id))
    return html.Div(
        [
            html.Div([_headline(found), _downloads(job)], className="card"),
            html.Div(_film(job, shown, found), className="card"),
            html.Div(_stills(job, shown), id="look-stills", className="card pair"),
            html.Div(_threshold(job, shown, found), className="card stack"),
        ]
    )


def _headline(found: Mapping[str, Any]) -> Component:
    return common.stats(
        {
            "Planes x y x x x time": " x ".join(map(str, found["shape"])),
            "Voxels": f"{found['n_voxels']:,}",
            "of which never change": f"{found['n_constant']:,}",
        }
    )


def _downloads(job: Job) -> Component:
    files = {
        "mean.tif": "Mean (TIFF)",
        "std.tif": "Standard deviation (TIFF)",
        "histogram.csv": "Histogram (CSV)",
    }
    links = [common.download(job, file, text) for file, text in files.items()]
    return html.Div(links, className="downloads")


def _film(job: Job, shown: Look, found: Mapping[str, Any]) -> list[Component]:
    thinned = found["thinned"]
    notes = [
        f"Every {thinned[name]}th {what} is shown."
        for name, what in {"pixels": "pixel", "times": "time point"}.items()
        if thinned[name] > 1
    ]
    caption = " ".join(["One plane of the film as it was recorded.", *notes])
    return [
        html.Div(
            [
                dmc.Button("Play", id="look-play", variant="default", w=90),
                _plane_control(len(shown.mean)),
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
            ],
            className="row bottom",
        ),
        _time_control(len(shown.preview)),
        html.Div(
            framed(
                _frame(job, 0, 0, CONTRAST, figures.COLOR_MAPS[0]), id="look-film", caption=caption
            ),
            className="film",
        ),
        dcc.Interval(id="look-tick", interval=FRAME_MS, disabled=True),
    ]


def _plane_control(planes: int) -> Any:
    data = [{"value": str(plane), "label": f"Plane {plane}"} for plane in range(planes)]
    return dmc.Select(
        id="look-plane", label="Plane", data=data, value="0", allowDeselect=False, w=130
    )


def _contrast_control(id: str, label: str, value: float) -> Any:
    return dmc.NumberInput(
        id=id, label=label, value=value, min=0, max=100, step=0.5, decimalScale=2, w=130
    )


def _time_control(times: int) -> Any:
    shown = np.linspace(0, times - 1, min(times, 6)).astype(int).tolist()
    return dmc.Slider(
        id="look-time",
        min=0,
        max=times - 1,
        step=1,
        value=0,
        marks=[{"value": time, "label": str(time)} for time in shown],
        updatemode="drag",
        thumbLabel="Time point",
        mt="sm",
        mb="xl",
    )


def _frame(
    job: Job, time: int, plane: int, contrast: tuple[float, float], colors: str
) -> go.Figure:
    folder = common.folder(job.id)
    image = np.asarray(load(folder).preview[time, plane])
    limits = contrast_limits(folder, plane, *contrast)
    pixels = common.headline(job)["thinned"]["pixels"]
    return figures.picture(image, limits, colors, pixels=pixels)


def _stills(
    job: Job, shown: Look, plane: int = 0, colors: str = figures.COLOR_MAPS[0]
) -> list[Component]:
    mean, std = shown.mean[plane], shown.std[plane]
    deviation = figures.picture(std, _ends(std), colors, unit="std")
    return [
        framed(
            figures.picture(mean, _ends(mean), colors),
            id="look-mean",
            caption=f"Mean over time, plane {plane}.",
        ),
        framed(
            figures.boxable(deviation),
            id="look-std",
            caption=f"Standard deviation of the normalised series, plane {plane}. Draw a box "
            "over background: the largest deviation in it becomes the threshold.",
        ),
    ]


def _ends(plane: NDArray[np.float32]) -> tuple[float, float]:
    low, high = np.percentile(plane, CONTRAST)
    return float(low), float(high if high > low else plane.max())


def _threshold(job: Job, shown: Look, found: Mapping[str, Any]) -> list[Component]:
    if shown.bins.empty:
        return [html.P("No voxel changes over time, so there is nothing to map.")]
    threshold = found["threshold"]
    low, high = shown.bins["std_from"].iloc[0], shown.bins["std_to"].iloc[-1]
    return [
        html.H2("Which voxels to map"),
        html.P(f"Suggested: {found['threshold_reason']}", className="hint"),
        framed(
            figures.deviations(shown.bins, threshold),
            id="look-histogram",
            caption="All voxels that change, by how much they do; those to the right of the line "
            "are mapped.",
        ),
        dmc.Slider(
            id="look-threshold",
            min=float(np.log10(low)),
            max=float(np.log10(high)),
            step=0.001,
            value=figures.position(threshold),
            label=None,
            updatemode="drag",
            thumbLabel="Threshold, as a logarithm",
        ),
        html.Div(
            [
                dmc.NumberInput(
                    id="look-number",
                    label="Activity threshold",
                    value=threshold,
                    min=0,
                    step=0.001,
                    decimalScale=8,
                    w=160,
                ),
                html.P(kept_sentence(shown, threshold), id="look-kept", role="status"),
                dcc.Link(
                    "Map voxels above this threshold",
                    id="look-map",
                    href=map_link(job, threshold),
                    className="button",
                ),
            ],
            className="row bottom",
        ),
    ]


def kept_sentence(shown: Look, threshold: float) -> str:
    """How many voxels a threshold keeps."""
    kept, total = shown.kept(threshold), len(shown.deviations)
    return f"{kept:,} of {total:,} voxels kept ({kept / total:.1%})"


def map_link(job: Job, threshold: float) -> str:
    """The address of the map's form with this job's images and settings filled in."""
    given = {name: value for name, value in job.parameters.items() if value not in (None, "")}
    images = job.inputs[0].reference
    return "/brainmap?" + urlencode(
        {"step": "map", "images": images, **given, "std_threshold": f"{threshold:.8g}"}
    )


def register(app: Dash) -> None:
    """Connect the film, the pictures and the threshold."""
    job = State("panel-job", "data")
    app.callback(
        Output("look-film", "figure"),
        Input("look-time", "value"),
        Input("look-plane", "value"),
        Input("look-low", "value"),
        Input("look-high", "value"),
        Input("look-colors", "value"),
        job,
        prevent_initial_call=True,
    )(show_frame)
    app.callback(
        Output("look-stills", "children"),
        Input("look-plane", "value"),
        Input("look-colors", "value"),
        job,
        prevent_initial_call=True,
    )(show_stills)
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
        prevent_initial_call=True,
    )(next_time)
    app.callback(
        Output("look-threshold", "value"),
        Output("look-number", "value"),
        Output("look-kept", "children"),
        Output("look-map", "href"),
        Output("look-histogram", "figure"),
        Input("look-threshold", "value"),
        Input("look-number", "value"),
        Input("look-std", "relayoutData"),
        State("look-plane", "value"),
        job,
        prevent_initial_call=True,
    )(lambda *values: set_threshold(str(ctx.triggered_id), *values))


def play(_clicks: int | None, paused: bool) -> tuple[bool, str]:
    """Start or stop the film: whether it stands still, and what the button does next."""
    return not paused, "Pause" if paused else "Play"


def next_time(_ticks: int | None, time: int, last: int) -> int:
    """The time point after this one; the first after the last."""
    return 0 if time >= last else time + 1


def show_frame(time: int, plane: str, low: Any, high: Any, colors: str, job_id: str) -> Any:
    """The chosen plane at the chosen time."""
    if "" in (low, high) or None in (low, high) or not 0 <= low < high <= 100:
        raise PreventUpdate
    return _frame(common.job(job_id), int(time), int(plane), (float(low), float(high)), colors)


def show_stills(plane: str, colors: str, job_id: str) -> list[Component]:
    """Mean and deviation of the chosen plane."""
    job = common.job(job_id)
    return _stills(job, load(common.folder(job_id)), int(plane), colors)


def set_threshold(
    changed: str,
    logarithm: float,
    number: Any,
    drawn: Mapping[str, Any] | None,
    plane: str,
    job_id: str,
) -> tuple[Any, ...]:
    """Let slider, number, line, count and link agree on the value that was just changed."""
    shown = load(common.folder(job_id))
    if changed == "look-threshold":
        threshold = float(f"{10**logarithm:.4g}")
    elif changed == "look-number":
        threshold = _typed(number)
    else:
        threshold = largest_in_box(shown.std[int(plane or 0)], drawn)
    position = max(figures.position(threshold), figures.position(shown.bins["std_from"].iloc[0]))
    line = Patch()
    line["layout"]["shapes"][0]["x0"] = position
    line["layout"]["shapes"][0]["x1"] = position
    return (
        no_update if changed == "look-threshold" else position,
        no_update if changed == "look-number" else threshold,
        kept_sentence(shown, threshold),
        map_link(common.job(job_id), threshold),
        line,
    )


def _typed(number: Any) -> float:
    if not isinstance(number, int | float) or number < 0:
        raise PreventUpdate
    return float(number)


def largest_in_box(std: NDArray[np.float32], drawn: Mapping[str, Any] | None) -> float:
    """The largest deviation in a box that was drawn on a plane (y, x), rounded up."""
    corners = _corners(drawn or {})
    if corners is None:
        raise PreventUpdate
    (left, right), (top, bottom) = (sorted(pair) for pair in corners)
    rows = slice(max(0, round(top)), max(0, round(bottom)) + 1)
    columns = slice(max(0, round(left)), max(0, round(right)) + 1)
    inside = std[rows, columns]
    if not inside.size:
        raise PreventUpdate
    return _rounded_up(float(inside.max()))


def _corners(drawn: Mapping[str, Any]) -> Sequence[Sequence[float]] | None:
    """(x0, x1), (y0, y1) of the box that was drawn or moved last."""
    boxes = drawn.get("shapes")
    if boxes:
        box = boxes[-1]
        return (box["x0"], box["x1"]), (box["y0"], box["y1"])
    moved = {name.rpartition(".")[2]: value for name, value in drawn.items() if "shapes[" in name}
    if {"x0", "x1", "y0", "y1"} <= set(moved):
        return (moved["x0"], moved["x1"]), (moved["y0"], moved["y1"])
    return None


def _rounded_up(value: float) -> float:
    """To four digits, so that nothing in the box passes: stored pictures are rounded themselves."""
    if value <= 0:
        return 0.0
    digit = 10.0 ** (np.floor(np.log10(value)) - 3)
    return float(f"{np.ceil(value * (1 + 1e-6) / digit) * digit:.4g}")
