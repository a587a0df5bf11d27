"""The threshold of a first look: histogram, slider, box of background, way to the map."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

import dash_mantine_components as dmc
import numpy as np
from dash import ClientsideFunction, Dash, Input, Output, Patch, State, dcc, html, no_update
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate
from numpy.typing import NDArray

from dashboard.brainmap.look import look_figures as figures
from dashboard.brainmap.look.film import load
from dashboard.jobs.store import Job
from dashboard.kit import results
from dashboard.kit.figures import framed
from dashboard.server import pressed
from dashboard.server.posted import DrawnShapes, Place, offered
from pipelines.brainmap.map.look_folder import FinishedLook


def threshold_card(job: Job, shown: FinishedLook, found: Mapping[str, Any]) -> list[Component]:
    """How the deviations are distributed, and which voxels would be mapped."""
    if shown.bins.empty:
        return [html.P("No voxel changes over time, so there is nothing to map.")]
    threshold = found["threshold"]
    low, high = shown.bins["std_from"].iloc[0], shown.bins["std_to"].iloc[-1]
    return [
        html.H2("Which voxels to map"),
        dcc.Store(id="look-box"),
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


def kept_sentence(shown: FinishedLook, threshold: float) -> str:
    """How many voxels a threshold keeps."""
    kept, total = shown.kept(threshold), shown.std.size
    return f"{kept:,} of {total:,} voxels kept ({kept / total:.1%})"


def map_link(job: Job, threshold: float) -> str:
    """The address of the map's form with this job's images and settings filled in."""
    given = {
        name: ",".join(map(str, value)) if isinstance(value, list | tuple) else value
        for name, value in job.parameters.items()
        if value not in (None, "", [], ())
    }
    images = job.inputs[0].reference
    return "/brainmap?" + urlencode(
        {"step": "map", "images": images, **given, "std_threshold": f"{threshold:.8g}"}
    )


def set_here(
    logarithm: int | float,
    number: Any,
    drawn: DrawnShapes | None,
    plane: Place,
    job_id: str,
) -> tuple[Any, ...]:
    """As `set_threshold`, of what was changed last."""
    return set_threshold(str(pressed.latest()[0]), logarithm, number, drawn, plane, job_id)


def set_threshold(
    changed: str,
    logarithm: float,
    number: Any,
    drawn: Mapping[str, Any] | None,
    plane: Place,
    job_id: str,
) -> tuple[Any, ...]:
    """Let slider, number, line, count and link agree on the value that was just changed."""
    shown = load(results.folder(job_id))
    if changed == "look-threshold":
        if abs(logarithm) > 300:
            raise PreventUpdate
        threshold = float(f"{10**logarithm:.4g}")
    elif changed == "look-number":
        threshold = _typed(number)
    else:
        threshold = largest_in_box(
            shown.std[offered(int(plane or 0), range(len(shown.std)))], drawn
        )
    position = max(figures.position(threshold), figures.position(shown.bins["std_from"].iloc[0]))
    line = Patch()
    line["layout"]["shapes"][0]["x0"] = position
    line["layout"]["shapes"][0]["x1"] = position
    return (
        no_update if changed == "look-threshold" else position,
        no_update if changed == "look-number" else threshold,
        kept_sentence(shown, threshold),
        map_link(results.job(job_id), threshold),
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
    inside = inside[np.isfinite(inside)]
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


def register(app: Dash) -> None:
    """Connect slider, number, box and line."""
    job = State("panel-job", "data")
    app.clientside_callback(  # type: ignore[no-untyped-call]
        ClientsideFunction("neuroboard", "drawnShapes"),
        Output("look-box", "data"),
        Input("look-std", "relayoutData"),
        prevent_initial_call=True,
    )
    app.callback(
        Output("look-threshold", "value"),
        Output("look-number", "value"),
        Output("look-kept", "children"),
        Output("look-map", "href"),
        Output("look-histogram", "figure"),
        Input("look-threshold", "value"),
        Input("look-number", "value"),
        Input("look-box", "data"),
        State("look-plane", "value"),
        job,
        prevent_initial_call=True,
    )(set_here)
