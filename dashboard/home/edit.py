"""The dialog in which a workspace gets its name, tags and notes, is put away or deleted."""

from collections.abc import Mapping, Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import ALL, Dash, Input, Output, State, ctx, dcc, html, no_update
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from dashboard.home.usage import in_words
from dashboard.kit.aria import aria
from dashboard.server import people, pressed
from dashboard.server.people import Role
from dashboard.workspaces import workspaces
from dashboard.workspaces.workspace import MOST_TAGS, Workspace
from pipelines.core.errors import InputError, NeuroboardError


def dialog() -> list[Component]:
    """It, closed, and the question before something is deleted."""
    fields = [
        dmc.TextInput(id="edit-name", label="Name", value=""),
        dmc.TagsInput(
            id="edit-tags",
            label="Tags",
            value=[],
            maxTags=MOST_TAGS,
            placeholder="Enter after each",
        ),
        dmc.Textarea(
            id="edit-notes",
            label="Notes",
            value="",
            autosize=True,
            minRows=3,
            maxRows=12,
        ),
        html.P(id="edit-file", className="hint"),
        html.P(id="edit-error", className="error"),
        html.Div(
            [
                dmc.Button("Save", id="edit-save"),
                dmc.Button("Put away", id="edit-hide", variant="default"),
                dmc.Button("Delete", id="edit-delete", variant="default", color="red"),
            ],
            className="row",
        ),
    ]
    return [
        dcc.Store(id="edit-workspace"),
        dcc.ConfirmDialog(id="edit-confirm"),
        dmc.Modal(
            html.Div(fields, className="stack"),
            id="edit-dialog",
            title="Workspace",
            opened=False,
            keepMounted=True,
            closeButtonProps=aria(label="Close"),
        ),
    ]


def register(app: Dash) -> None:
    """Connect the dialog with the cards."""
    app.callback(
        Output("edit-workspace", "data"),
        Output("edit-dialog", "opened", allow_duplicate=True),
        Output("edit-name", "value"),
        Output("edit-tags", "value"),
        Output("edit-notes", "value"),
        Output("edit-file", "children"),
        Output("edit-hide", "children"),
        Output("edit-delete", "disabled"),
        Output("edit-error", "children", allow_duplicate=True),
        Input({"type": "workspace-edit", "workspace": ALL}, "n_clicks"),
        prevent_initial_call=True,
    )(lambda clicks: begin(clicks, pressed.button()))
    app.callback(
        Output("edit-dialog", "opened", allow_duplicate=True),
        Output("edit-error", "children", allow_duplicate=True),
        Output("home-edited", "data"),
        Input("edit-save", "n_clicks"),
        Input("edit-hide", "n_clicks"),
        Input("edit-confirm", "submit_n_clicks"),
        State("edit-workspace", "data"),
        State("edit-name", "value"),
        State("edit-tags", "value"),
        State("edit-notes", "value"),
        prevent_initial_call=True,
    )(act)
    app.callback(
        Output("edit-confirm", "message"),
        Output("edit-confirm", "displayed"),
        Input("edit-delete", "n_clicks"),
        State("edit-workspace", "data"),
        prevent_initial_call=True,
    )(ask)


def begin(clicks: Sequence[int | None], pressed: Mapping[str, str] | None) -> tuple[Any, ...]:
    """Open the dialog with what stands on the workspace whose button was pressed."""
    if not pressed or not any(clicks):
        raise PreventUpdate
    found = _known(pressed["workspace"])
    return (
        found.id,
        True,
        found.name,
        list(found.tags),
        found.notes,
        f"Of {found.root.label}",
        "Take out again" if found.hidden else "Put away",
        people.current().role < Role.OWN,
        "",
    )


def ask(clicks: int | None, workspace: str | None) -> tuple[str, bool]:
    """The question before a workspace is deleted."""
    if not clicks or not workspace:
        raise PreventUpdate
    found, jobs = _known(workspace), workspaces.jobs(workspace)
    with_jobs = f" with the results of its {len(jobs)} jobs" if jobs else ""
    return f"Delete {found.name}{with_jobs}? This is final.", True


def act(
    _save: int | None,
    _hide: int | None,
    _delete: int | None,
    workspace: str | None,
    name: str | None,
    tags: list[str] | None,
    notes: str | None,
) -> tuple[Any, str, Any]:
    """Do what was pressed: whether the dialog stays, what is wrong, and that there is news."""
    if not workspace or not ctx.triggered[0]["value"]:
        raise PreventUpdate
    try:
        done = _do(ctx.triggered_id, workspace, name or "", tags or [], notes or "")
    except NeuroboardError as error:
        return no_update, error.sentence, no_update
    return False, "", done


def _do(what: str, workspace: str, name: str, tags: Sequence[str], notes: str) -> str:
    if what == "edit-save":
        return str(workspaces.edit(workspace, name=name, tags=tags, notes=notes).changed)
    if what == "edit-confirm":
        return f"{workspace} deleted, {in_words(workspaces.delete(workspace))} are free again"
    is_hidden = _known(workspace).hidden
    (workspaces.show if is_hidden else workspaces.hide)(workspace)
    return f"{workspace} {'shown' if is_hidden else 'put away'}"


def _known(workspace: str) -> Workspace:
    found = workspaces.get(workspace)
    if found is None:
        raise InputError("That workspace is not here any more: reload the page.")
    return found
