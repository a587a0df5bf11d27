"""Space: what the home folder holds, and deleting what nobody needs any more."""

from collections.abc import Mapping, Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import ALL, Dash, Input, Output, State, dcc, html
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from dashboard.home import usage
from dashboard.home.usage import GB, StoredJob, in_words
from dashboard.jobs.store import JobState
from dashboard.kit import panel, shell
from dashboard.kit.aria import aria
from dashboard.server import people, pressed
from dashboard.server.people import Role
from dashboard.server.services import services
from pipelines.core.errors import NeuroboardError
from pipelines.steps import STEPS

PAGE = {"module": "space", "path": "/space", "title": "Space – Neuroboard"}
TITLE = "Space"
LEAD = "What Neuroboard keeps on this computer, and what can go."
UPLOADS = "uploads"
UNFINISHED = "unfinished"
MOST_JOBS = 100


def layout(**_: str) -> Component:
    """The page."""
    return shell.page(
        TITLE,
        LEAD,
        dcc.ConfirmDialog(id="space-confirm"),
        dcc.Store(id="space-wanted"),
        html.P(id="space-status", role="status", className="chosen"),
        html.Div(content(), id="space-content", className="stack"),
    )


def content() -> list[Component]:
    """Everything below the heading; made anew after something was deleted."""
    found = services()
    stored = usage.stored_jobs(found.store, found.settings)
    return [
        html.Section(_parts(), className="card stack"),
        html.Section([html.H2("Jobs, the largest first"), *_jobs(stored)], className="card"),
    ]


def _parts() -> list[Component]:
    settings = services().settings
    uses = usage.overview(settings)
    total = sum(use.bytes for use in uses)
    rows = [
        html.Tr([html.Th(use.what, scope="row"), html.Td(in_words(use.bytes), className="number")])
        for use in uses
    ]
    rows.append(html.Tr([html.Th("Together"), html.Td(in_words(total), className="number")]))
    unused = usage.unused_uploads(services().store, settings)
    return [
        html.H2("Home folder"),
        html.P([html.Code(str(settings.home)), ". ", _quota(total)], className="hint"),
        html.Table(html.Tbody(rows)),
        html.P(
            "To back everything up, stop the app and copy this folder: an app started on the copy "
            "has the same jobs, uploads and models.",
            className="hint",
        ),
        html.Div(
            [
                _button(UPLOADS, f"Delete {len(unused)} uploads that no job reads", bool(unused)),
                _button(UNFINISHED, "Delete jobs that failed or were stopped", _may_delete()),
            ],
            className="row",
        ),
    ]


def _quota(total: int) -> str:
    quota = services().settings.quota_gb
    if not quota:
        return "There is no quota; NEUROBOARD_QUOTA_GB sets one."
    return f"{total / GB:.1f} of {quota} GB are used; when it is full, no new job starts."


def _may_delete() -> bool:
    return people.current().role >= Role.OWN


def _button(what: str, label: str, possible: bool, *, name: str = "") -> Any:
    return dmc.Button(
        label,
        id={"type": "space-delete", "what": what},
        variant="default",
        size="compact-sm",
        disabled=not (possible and _may_delete()),
        **(aria(label=name) if name else {}),
    )


def _jobs(stored: Sequence[StoredJob]) -> list[Component]:
    if not stored:
        return [html.P("No job is kept yet.", className="empty")]
    titles = ("Job", "Input", "State", "Created", "Size", "Action")
    parts: list[Component] = [shell.table(titles, [_row(one) for one in stored[:MOST_JOBS]])]
    if not _may_delete():
        parts.append(html.P("Only the owner of this server deletes jobs.", className="hint"))
    if len(stored) > MOST_JOBS:
        parts.append(html.P(f"The largest {MOST_JOBS} of {len(stored)}.", className="hint"))
    return parts


def _row(one: StoredJob) -> Component:
    job = one.job
    needed = f"read by {', '.join(one.readers)}" if one.readers else ""
    action = needed or _button(f"job:{job.id}", "Delete", True, name=f"Delete job {job.id}")
    return html.Tr(
        [
            html.Td(dcc.Link(f"{STEPS[job.task].title} {job.id}", href=f"/jobs/{job.id}")),
            html.Td(", ".join(item.label for item in job.inputs)),
            html.Td(panel.badge(job.state)),
            html.Td(panel.when(job.created)),
            html.Td(in_words(one.bytes), className="number"),
            html.Td(action),
        ]
    )


def ask(clicks: Sequence[int | None], trigger: Mapping[str, str] | None) -> tuple[str, str, bool]:
    """Ask before something is deleted: what, the question, and that it is shown."""
    if not trigger or not any(clicks):
        raise PreventUpdate
    what = trigger["what"]
    return what, f"{QUESTIONS.get(what, 'Delete this job with its result')}? This is final.", True


QUESTIONS = {
    UPLOADS: "Delete all uploads that no job reads",
    UNFINISHED: "Delete all jobs that failed, were cancelled or interrupted",
}


def delete(clicks: int | None, what: str | None) -> tuple[str, Any]:
    """Delete what was asked about: what came of it, and the page anew."""
    if not clicks or not what:
        raise PreventUpdate
    try:
        people.require(Role.OWN)
        freed = _delete(what)
    except NeuroboardError as error:
        return error.sentence, content()
    return f"{in_words(freed)} are free again.", content()


def _delete(what: str) -> int:
    found = services()
    if what == UPLOADS:
        return usage.delete_uploads(usage.unused_uploads(found.store, found.settings))
    if what == UNFINISHED:
        jobs = found.store.latest(limit=-1)
        ids = {job.id for job in jobs if job.state.is_over and job.state is not JobState.DONE}
    else:
        ids = {what.partition(":")[2]}
    return usage.delete_jobs(ids, found.store, found.settings)


def register(app: Dash) -> None:
    """Connect the page."""
    app.callback(
        Output("space-wanted", "data"),
        Output("space-confirm", "message"),
        Output("space-confirm", "displayed"),
        Input({"type": "space-delete", "what": ALL}, "n_clicks"),
        prevent_initial_call=True,
    )(lambda clicks: ask(clicks, pressed.button()))
    app.callback(
        Output("space-status", "children"),
        Output("space-content", "children"),
        Input("space-confirm", "submit_n_clicks"),
        State("space-wanted", "data"),
        prevent_initial_call=True,
    )(delete)
