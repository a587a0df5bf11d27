"""Jobs: everything that ran, runs or waits."""

import json
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import dash_mantine_components as dmc
from dash import ALL, Dash, Input, Output, dcc, html
from dash import State as StateOf
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from dashboard.jobs.store import Job, JobState
from dashboard.kit import panel, shell
from dashboard.kit.aria import aria
from dashboard.server import pressed
from dashboard.server.services import services
from pipelines.steps import STEPS

PAGE = {"module": "jobs", "path": "/jobs", "title": "Jobs – Neuroboard"}
TITLE = "Jobs"
LEAD = "Every run with its input, its parameters and its result. They outlive the browser."
TICK_MS = 1500


def layout(**_: str) -> Component:
    """The page."""
    return shell.page(
        TITLE,
        LEAD,
        dcc.Interval(id="jobs-tick", interval=TICK_MS),
        dcc.Store(id="jobs-stamp", data=stamp(services().store.latest())),
        *_repaired(),
        html.Section(listing(), id="jobs-list", className="card"),
        html.P(dcc.Link("What takes space on this computer", href="/space"), className="hint"),
    )


def _repaired() -> list[Component]:
    """What happened to the list, for as long as the app runs."""
    said = services().repaired
    return [html.P(said, className="note", role="status")] if said else []


def refresh(_ticks: int | None, shown: str | None) -> tuple[Component, str]:
    """The table of jobs, if there is news; drawn anew, a button would lose the focus."""
    now = stamp(services().store.latest())
    if now == shown:
        raise PreventUpdate
    return listing(), now


def listing() -> Component:
    """The table of jobs, or what to do when there is none."""
    jobs = services().store.latest()
    if not jobs:
        link = dcc.Link("the example data on the home page", href="/")
        return html.P(["No job yet. Start one with ", link, "."], className="empty")
    return job_table(jobs, {"Do": action})


def job_table(
    jobs: Sequence[Job], more: Mapping[str, Callable[[Job], Any]] = MappingProxyType({})
) -> Component:
    """Jobs as rows with links.

    Args:
        jobs: a row for each.
        more: further columns: what they hold, by their titles.
    """
    named = any(job.author for job in jobs)
    columns = {**({"By": lambda job: job.author} if named else {}), **more}
    titles = ["Job", "Input", "State", "Created", "Seconds", *columns]
    return shell.table(
        titles, [_row(job, [column(job) for column in columns.values()]) for job in jobs]
    )


def action(job: Job) -> Any:
    """The button that stops a job or starts it again, if one of them makes sense."""
    if job.state is JobState.DONE or job.cancel:
        return None
    what, text = ("again", "Run again") if job.state.is_over else ("cancel", "Cancel")
    source = job.inputs[0].label if job.inputs else job.id
    return dmc.Button(
        text,
        id={"type": "job-do", "what": what, "job": job.id},
        variant="default",
        size="compact-sm",
        **aria(label=f"{text}: {source}"),
    )


def stamp(jobs: Sequence[Job]) -> str:
    """What tells one look of a table of jobs from another."""
    return json.dumps([[job.id, job.state, job.fraction, job.message, job.cancel] for job in jobs])


def act(_clicks: Sequence[int | None]) -> str:
    """Stop or start the jobs whose buttons were pressed; the table shows it with its next tick."""
    buttons = pressed.buttons()
    if not buttons:
        raise PreventUpdate
    store = services().store
    for one in buttons:
        (store.cancel if one["what"] == "cancel" else store.restart)(one["job"])
    return ""


def _row(job: Job, more: Sequence[Any]) -> Component:
    progress = f" {job.fraction:.0%}" if job.state == "running" else ""
    seconds = "" if job.took is None else f"{job.took:.1f}"
    return html.Tr(
        [
            html.Td(dcc.Link(f"{STEPS[job.task].title} {job.id}", href=f"/jobs/{job.id}")),
            html.Td(", ".join(item.label for item in job.inputs)),
            html.Td([panel.badge(job.state), progress]),
            html.Td(panel.when(job.created)),
            html.Td(seconds, className="number"),
            *map(html.Td, more),
        ]
    )


def register(app: Dash) -> None:
    """Connect the page, and the buttons of every table of jobs."""
    app.callback(
        Output("jobs-list", "children"),
        Output("jobs-stamp", "data"),
        Input("jobs-tick", "n_intervals"),
        StateOf("jobs-stamp", "data"),
        prevent_initial_call=True,
    )(refresh)
    app.callback(
        Output("notice", "children", allow_duplicate=True),
        Input({"type": "job-do", "what": ALL, "job": ALL}, "n_clicks"),
        prevent_initial_call=True,
    )(act)
