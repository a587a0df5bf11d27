"""Jobs: everything that ran, runs or waits."""

from collections.abc import Sequence

from dash import Dash, Input, Output, dcc, html
from dash.development.base_component import Component

from dashboard import panel, shell
from dashboard.jobs.store import Job
from dashboard.jobs.tasks import KINDS
from dashboard.services import services

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
        html.Section(listing(0), id="jobs-list", className="card"),
        html.P(dcc.Link("What takes space on this computer", href="/space"), className="hint"),
    )


def listing(_ticks: int | None) -> Component:
    """The table of jobs, or what to do when there is none."""
    jobs = services().store.latest()
    if not jobs:
        link = dcc.Link("the example data on the home page", href="/")
        return html.P(["No job yet. Start one with ", link, "."], className="empty")
    return job_table(jobs)


def job_table(jobs: Sequence[Job]) -> Component:
    """Jobs as rows with links."""
    named = any(job.author for job in jobs)
    titles = ["Job", "Input", "State", "Created", "Seconds", *(["By"] if named else [])]
    return shell.table(titles, [_row(job, [job.author] if named else []) for job in jobs])


def _row(job: Job, by: Sequence[str]) -> Component:
    progress = f" {job.fraction:.0%}" if job.state == "running" else ""
    seconds = f"{job.finished - job.started:.1f}" if job.finished and job.started else ""
    return html.Tr(
        [
            html.Td(dcc.Link(f"{KINDS[job.task].title} {job.id}", href=f"/jobs/{job.id}")),
            html.Td(", ".join(item.label for item in job.inputs)),
            html.Td([panel.badge(job.state), progress]),
            html.Td(panel.when(job.created)),
            html.Td(seconds, className="number"),
            *map(html.Td, by),
        ]
    )


def register(app: Dash) -> None:
    """Connect the page."""
    app.callback(
        Output("jobs-list", "children"),
        Input("jobs-tick", "n_intervals"),
        prevent_initial_call=True,
    )(listing)
