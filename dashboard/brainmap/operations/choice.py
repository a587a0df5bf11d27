"""Choosing a voxel or a region on a picture, and the map of correlation with it."""

import re
from collections.abc import Mapping
from typing import Annotated, Any

import dash_mantine_components as dmc
from dash import ClientsideFunction, Dash, Input, Output, Patch, State, ctx, dcc, html, no_update
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from dashboard.kit import results, workbench
from dashboard.kit.aria import aria
from dashboard.kit.bench import Shown
from dashboard.server.posted import DrawnShapes, Place, Pointed, one_of
from dashboard.server.services import edit_link
from dashboard.server.submission import submit
from pipelines.brainmap.operations.parameters import CorrelateParameters
from pipelines.brainmap.parameters import ReadingParameters
from pipelines.core.errors import NeuroboardError

TASK = "brainmap correlate"
WAYS: Mapping[str, str] = {"voxel": "Voxel", "drawrect": "Box", "drawclosedpath": "Outline"}
"""What is chosen on the picture, by the mode in which the picture then takes the pointer."""
Way = Annotated[str, one_of(WAYS)]
HINT = "Press a voxel in the mean image, or draw a box or an outline there."
NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e-?\d+)?")


def controls(prefix: str) -> Component:
    """What is chosen, and the button that correlates every voxel with it."""
    return html.Div(
        [
            dmc.SegmentedControl(
                id=f"{prefix}-way",
                data=[{"value": way, "label": label} for way, label in WAYS.items()],
                value="voxel",
                size="xs",
                **aria(label="What to choose on the mean image"),
            ),
            html.P(HINT, id=f"{prefix}-chosen", role="status", className="hint"),
            dmc.Button(
                "Correlate every voxel with it",
                id=f"{prefix}-correlate",
                variant="default",
                size="xs",
                disabled=True,
            ),
            dcc.Store(id=f"{prefix}-choice"),
            dcc.Store(id=f"{prefix}-drawn"),
        ],
        className="row actions",
    )


def register(app: Dash, prefix: str, picture: str) -> None:
    """Connect the controls of that prefix to a picture and to `{prefix}-plane`."""
    app.callback(
        Output(picture, "figure", allow_duplicate=True),
        Input(f"{prefix}-way", "value"),
        prevent_initial_call=True,
    )(take_pointer)
    app.clientside_callback(  # type: ignore[no-untyped-call]
        ClientsideFunction("neuroboard", "drawnShapes"),
        Output(f"{prefix}-drawn", "data"),
        Input(picture, "relayoutData"),
        prevent_initial_call=True,
    )
    app.callback(
        Output(f"{prefix}-choice", "data"),
        Output(f"{prefix}-chosen", "children"),
        Output(f"{prefix}-correlate", "disabled"),
        Output(picture, "figure", allow_duplicate=True),
        Input(picture, "clickData"),
        Input(f"{prefix}-drawn", "data"),
        State(f"{prefix}-plane", "value"),
        prevent_initial_call=True,
    )(choose_here)
    app.callback(
        Output("url", "href", allow_duplicate=True),
        Output(f"{prefix}-chosen", "children", allow_duplicate=True),
        Input(f"{prefix}-correlate", "n_clicks"),
        State(f"{prefix}-choice", "data"),
        State("panel-job", "data"),
        State("desk", "data", allow_optional=True),
        prevent_initial_call=True,
        running=[(Output(f"{prefix}-correlate", "loading"), True, False)],
    )(correlate)


def take_pointer(way: str) -> Patch:
    """Let the picture take the pointer for a voxel, a box or an outline."""
    picture = Patch()
    picture["layout"]["dragmode"] = way if way in WAYS and way != "voxel" else "zoom"
    return picture


def choose_here(click: Pointed | None, drawn: DrawnShapes | None, plane: Place) -> tuple[Any, ...]:
    """As `choose`, of what was just changed."""
    return choose(ctx.triggered_prop_ids, click, drawn, int(plane or 0))


def choose(
    changed: Mapping[str, Any],
    click: Pointed | None,
    drawn: Mapping[str, Any] | None,
    plane: int,
) -> tuple[Any, ...]:
    """The voxel that was pressed or the region that was drawn, in numbers and in words."""
    picture: Any = Patch()
    if any(name.endswith("clickData") for name in changed) and click:
        point = click["points"][0]
        voxel = [plane, int(point["y"]), int(point["x"])]
        picture["layout"]["shapes"] = [_mark(voxel[2], voxel[1])]
        words = f"Chosen: plane {plane}, y {voxel[1]}, x {voxel[2]}"
        return {"source": "voxel", "voxel": voxel}, words, False, picture
    shapes = [shape for shape in (drawn or {}).get("shapes", ()) if shape.get("name") != "voxel"]
    if not shapes:
        raise PreventUpdate
    corners = _corners(shapes[-1])
    picture["layout"]["shapes"] = [shapes[-1]]
    kind = "a box" if len(corners) == 2 else f"an outline of {len(corners)} corners"
    region = [plane, *(number for corner in corners for number in corner)]
    return (
        {"source": "region", "region": region},
        f"Chosen: {kind} in plane {plane}",
        False,
        picture,
    )


def _mark(x: int, y: int) -> dict[str, Any]:
    """A frame around a voxel."""
    edge = {"x0": x - 1.5, "x1": x + 1.5, "y0": y - 1.5, "y1": y + 1.5}
    return {"type": "rect", "name": "voxel", "line": {"color": "#e07b39", "width": 2}, **edge}


def _corners(shape: Mapping[str, Any]) -> list[tuple[int, int]]:
    """(y, x) of the corners of a drawn shape, on whole pixels."""
    if shape["type"] == "path":
        numbers = [round(float(text)) for text in NUMBER.findall(shape["path"])]
        points = zip(numbers[1::2], numbers[::2], strict=False)
        return list(dict.fromkeys(points))
    return [(round(shape[f"y{end}"]), round(shape[f"x{end}"])) for end in "01"]


def correlate(
    clicks: int | None,
    choice: Mapping[str, Any] | None,
    job_id: str,
    shown: Shown | None = None,
) -> tuple[Any, Any]:
    """Start the map of correlation with what is chosen, on the images of a job."""
    if not clicks or not choice:
        raise PreventUpdate
    return start(job_id, choice, shown)


def start(job_id: str, choice: Mapping[str, Any], shown: Shown | None = None) -> tuple[Any, Any]:
    """Correlate the images of a job: the address to go to, or what is wrong.

    Args:
        job_id: whose images, read as it read them.
        choice: parameters of the correlation; a cluster is one of the job's own.
        shown: the desk on which it was asked for, if it was on one.
    """
    job = results.job(job_id)
    reading = {name: job.parameters.get(name) for name in ReadingParameters.model_fields}
    given = {name: value for name, value in reading.items() if value is not None}
    references = {item.name: item.reference for item in job.inputs if item.name == "images"}
    if choice.get("source") == "cluster":
        references["map"] = f"job:{job_id}"
    try:
        parameters = CorrelateParameters.parse({**given, **choice})
        values = parameters.model_dump(mode="json")
        started = submit(TASK, references, values, workspace=shown["workspace"] if shown else "")
    except NeuroboardError as error:
        return no_update, error.sentence
    if shown:
        return workbench.in_workspace({**shown, "tab": "correlate"}, started), no_update
    return edit_link(TASK, started), no_update
