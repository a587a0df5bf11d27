"""Steps that are begun with one press on a film's desk, with what it knows of the film."""

from collections.abc import Mapping
from typing import Any

import dash_mantine_components as dmc
from dash import ALL, Dash, Input, Output, State, html, no_update
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from dashboard.kit import results, workbench, workspace_page
from dashboard.kit.bench import Shown
from dashboard.kit.desk import Answer, View
from dashboard.server import pressed
from dashboard.server.posted import PostedError
from dashboard.server.submission import submit
from dashboard.workspaces import workspaces
from pipelines.brainmap.parameters import ReadingParameters
from pipelines.core.errors import InputError, NeuroboardError
from pipelines.steps import STEPS

LOOK, MAP, SEVERAL = "brainmap look", "brainmap fit", "several"
WORDS: Mapping[str, tuple[str, str]] = {
    LOOK: ("Look at this film", "film"),
    "brainmap correlate": ("Correlate with the voxel that varies most", "correlate"),
    "brainmap statistics": ("Measure all voxels", "operations"),
    "brainmap export": ("Export the newest map", "export"),
    "brainmap colorize": ("Colour voxels by components", "export"),
    SEVERAL: ("Map with several K", "k"),
}
"""What the button of a step says, and the tab that shows its result; `SEVERAL` is the step of the
map with the usual numbers of clusters, and all else as the newest map has it."""


def button(task: str) -> Component:
    """A button that starts a step with its usual parameters."""
    kind = "default" if task != LOOK else "filled"
    identity = {"type": "film-begin", "task": task}
    return html.Div(dmc.Button(WORDS[task][0], id=identity, variant=kind, size="compact-sm"))


def fill(view: View) -> dict[str, str]:
    """The film for a form, read as it was before, and the threshold that a look suggests."""
    look = workspaces.newest(view.workspace.id, LOOK)
    given = {"images": view.workspace.root.reference}
    if look is not None and view.job is None:
        threshold = results.headline(look).get("threshold")
        read = {name: _text(value) for name, value in reading(view.workspace.id).items()}
        given |= read | ({"std_threshold": f"{threshold:.8g}"} if threshold else {})
    return given


def fill_map(view: View) -> dict[str, str]:
    """The newest map for a form."""
    found = workspaces.newest(view.workspace.id, MAP)
    return {"map": f"job:{found.id}"} if found else {}


def reading(workspace: str) -> dict[str, Any]:
    """How the film was read when it was last looked at or mapped."""
    job = workspaces.newest(workspace, LOOK, MAP)
    values = job.parameters if job else {}
    names = ReadingParameters.model_fields
    return {name: values[name] for name in names if values.get(name) not in (None, "", [])}


def as_before(workspace: str) -> dict[str, Any]:
    """The parameters of the newest map, except its numbers of clusters."""
    job = workspaces.newest(workspace, MAP)
    known = STEPS[MAP].parameters.model_fields
    values = job.parameters if job else {}
    return {name: values[name] for name in values if name in known and name != "k"}


def _text(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


def begin(clicks: list[int | None], shown: Shown) -> tuple[Any, Any]:
    """Start the step whose button was pressed: where to go, or what is wrong."""
    identity = pressed.button()
    if identity is None:
        raise PreventUpdate
    task = str(identity["task"])
    if task not in WORDS:
        raise PostedError("no such step is begun here")
    try:
        is_map = task == SEVERAL
        values = as_before(shown["workspace"]) if is_map else {}
        started = start(shown["workspace"], MAP if is_map else task, **values)
    except NeuroboardError as error:
        return no_update, workspace_page.said(Answer(error.sentence))
    return workbench.in_workspace({**shown, "tab": WORDS[task][1]}, started), no_update


def start(workspace: str, task: str, **values: Any) -> str:
    """Start a step on the film or the newest map of a workspace; the id of its job.

    Raises:
        InputError: there is no such workspace, or no map.
    """
    found = workspaces.get(workspace)
    if found is None:
        raise InputError("This workspace is not here any more.")
    model = STEPS[task].parameters
    if STEPS[task].input("images") is not None:
        references = {"images": found.root.reference}
        known = reading(workspace)
        values = {**{name: known[name] for name in known if name in model.model_fields}, **values}
    else:
        made = workspaces.newest(workspace, MAP)
        if made is None:
            raise InputError("This needs a map: make one on the tab Map first.")
        references = {"map": f"job:{made.id}"}
    parameters = model.parse(values).model_dump(mode="json")
    return submit(task, references, parameters, workspace=workspace)


def register(app: Dash) -> None:
    """Connect the buttons."""
    app.callback(
        Output("url", "href", allow_duplicate=True),
        Output("desk-answer", "children", allow_duplicate=True),
        Input({"type": "film-begin", "task": ALL}, "n_clicks"),
        State("desk", "data"),
        prevent_initial_call=True,
    )(begin)
