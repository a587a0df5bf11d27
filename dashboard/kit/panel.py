"""A job as it is seen: state, progress in words, cancel, result. Survives a reload."""

import time
from datetime import datetime
from typing import Any

import dash_mantine_components as dmc
from dash import ALL, ClientsideFunction, Dash, Input, Output, State, dcc, html
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from dashboard import views
from dashboard.jobs import remaining
from dashboard.jobs.store import Job, JobState
from dashboard.kit import forms
from dashboard.kit.aria import aria
from dashboard.server import pressed
from dashboard.server.services import services
from dashboard.server.trouble import is_disk_full
from pipelines.steps import STEPS

TICK_MS, QUICK_TICK_MS = 400, 150
PAST = 20
"""Newest jobs of a step that tell how long the next may take."""
SYMBOLS = {
    JobState.QUEUED: "◷",
    JobState.RUNNING: "▶",
    JobState.DONE: "✓",
    JobState.FAILED: "✕",
    JobState.CANCELLED: "■",
    JobState.INTERRUPTED: "⚡",
}


def view(job: Job) -> Component:
    """The panel of one job."""
    return html.Div(
        [
            dcc.Store(id="panel-job", data=job.id),
            *_followed(job),
            html.Div(_head(job), className="card panel-head"),
            html.Div(views.view(job) if job.state is JobState.DONE else None, id="panel-result"),
        ]
    )


def progress(job: Job) -> list[Component]:
    """Only how far a job is, beside the result of another."""
    return [*_followed(job), html.Div(_head(job), className="panel-head")]


def _followed(job: Job) -> list[Component]:
    stamp = result_stamp(job)
    return [
        dcc.Store(id="followed-job", data=job.id),
        dcc.Store(id="panel-report", data=stamp),
        dcc.Store(id="panel-shown", data=stamp),
        dcc.Interval(
            id="panel-tick",
            interval=QUICK_TICK_MS if job.quick else TICK_MS,
            disabled=job.state.is_over,
        ),
    ]


def _head(job: Job) -> list[Component]:
    over = job.state.is_over
    return [
        html.Div(
            [
                html.H2(STEPS[job.task].title),
                html.Span(badge(job.state), id="panel-state"),
                dcc.Link("Job details and downloads", href=f"/jobs/{job.id}"),
            ],
            className="row",
        ),
        html.P(", ".join(item.label for item in job.inputs), className="hint"),
        html.Progress(
            id="panel-bar",
            value=str(job.fraction),
            max="1",
            hidden=over,
            **aria(label="Progress of the job"),
        ),
        html.P(sentence(job), id="panel-sentence", role="status", **aria(live="polite")),
        html.Div(
            [
                html.Div(
                    dmc.Button("Cancel", id="panel-cancel", variant="default", size="sm"),
                    id="panel-cancel-box",
                    hidden=over,
                ),
                html.Div(
                    dmc.Button("Run again", id="panel-again", variant="default", size="sm"),
                    id="panel-again-box",
                    hidden=not over or job.state is JobState.DONE,
                ),
                html.Button(
                    "Tell me when it is done",
                    id="tell-when-done",
                    className="pick",
                    hidden=True,  # until a script finds that this browser can
                ),
            ],
            className="row",
        ),
    ]


def badge(state: JobState) -> Component:
    """A state as word, symbol and colour."""
    mark = html.Span(SYMBOLS[state], **aria(hidden="true"))
    return html.Span([mark, " ", state.value], className=f"badge badge-{state.value}")


FULL = "The disk of Neuroboard's folder is full: jobs go on when there is room again."


def sentence(job: Job) -> str:
    """Where a job is, in words."""
    if not job.state.is_over and is_disk_full(services().settings):
        return FULL
    if job.state is JobState.QUEUED:
        return waiting_sentence(job)
    if job.state is JobState.RUNNING:
        if job.cancel:
            return "Stopping …"
        return f"{job.message or 'Starting'} ({job.fraction:.0%}){_left(job)}"
    if job.state is JobState.DONE:
        return f"Finished {when(job.finished)} after {job.took or 0:.1f} s."
    if job.state is JobState.CANCELLED:
        return "Cancelled. Nothing was kept; Run again starts from the beginning."
    return forms.with_labels(STEPS[job.task].parameters, job.error)


def _left(job: Job) -> str:
    """How long a running job still takes, from its own past."""
    if job.fraction >= remaining.FORETOLD_FROM:  # asked many times a second: no need of the past
        seconds = remaining.seconds_left(job, time.time())
    else:
        before = remaining.past(job, services().store.latest((job.task,), limit=PAST))
        seconds = remaining.seconds_left(job, time.time(), before)
    return "" if seconds is None else f", {remaining.in_words(seconds)} left"


def waiting_sentence(job: Job) -> str:
    """Why a job does not run yet."""
    store = services().store
    before = store.position(job.id)
    beat = store.worker()
    if beat is not None and beat.state == "failing":
        return "The worker cannot start; worker.log in the home folder says why."
    if beat is not None and beat.age < 30 and beat.state == "unreachable":
        return (
            f"The cluster's scheduler at {services().settings.scheduler} does not answer; the job "
            "starts when it does."
        )
    if beat is None or beat.age > 10 or beat.state != "ready":
        return "The worker is starting; the first time this takes up to a minute."
    busy = sum(other.state is JobState.RUNNING for other in store.active())
    if before + busy == 0:
        return "Starting"
    return f"Waiting for {before + busy} other {'job' if before + busy == 1 else 'jobs'}."


def when(moment: float | None) -> str:
    """A time as a person writes it."""
    if moment is None:
        return ""
    return datetime.fromtimestamp(moment).strftime("%Y-%m-%d %H:%M:%S")


def short_label(job: Job) -> str:
    """A job in a list: its input, when, and what was changed."""
    # The last input that a task needs says best what it is about: a probe file would not.
    main = STEPS[job.task].main
    found = [item for item in job.inputs if item.name == main] or [*job.inputs][-1:]
    source = found[0].label if found else job.id
    return f"{source}, {when(job.created)} ({job.id})"


def register(app: Dash) -> None:
    """Connect the panel."""
    app.callback(
        Output("panel-state", "children"),
        Output("panel-bar", "value"),
        Output("panel-bar", "hidden"),
        Output("panel-sentence", "children"),
        Output("panel-cancel-box", "hidden"),
        Output("panel-again-box", "hidden"),
        Output("panel-tick", "disabled"),
        Output("panel-report", "data"),
        Input("panel-tick", "n_intervals"),
        Input("panel-cancel", "n_clicks"),
        Input("panel-again", "n_clicks"),
        State("followed-job", "data"),
        prevent_initial_call=True,
    )(refresh)
    # Several ticks may be under way when a job ends, and each reports its result. Drawing it
    # again would undo what a person has done with it meanwhile, so repeated news is dropped.
    app.clientside_callback(  # type: ignore[no-untyped-call]
        ClientsideFunction("neuroboard", "onlyNews"),
        Output("panel-shown", "data"),
        Input("panel-report", "data"),
        State("panel-shown", "data"),
        prevent_initial_call=True,
    )
    fold = {"type": "fold", "bench": ALL, "name": ALL}
    app.callback(
        Output(fold, "open"),
        Input("panel-tick", "disabled"),
        State("followed-job", "data"),
        State(fold, "id"),
        State(fold, "open"),
    )(open_what_is_asked)
    app.callback(
        Output("panel-result", "children"),
        Input("panel-shown", "data"),
        State("followed-job", "data"),
        prevent_initial_call=True,
    )(show_result)


def refresh(_ticks: Any, _cancel: Any, _again: Any, job_id: str) -> tuple[Any, ...]:
    """Do what was pressed, then show the job as it is now."""
    store = services().store
    button = pressed.button()
    if button == "panel-cancel":
        store.cancel(job_id)
    elif button == "panel-again":
        store.restart(job_id)
    job = store.get(job_id)
    if job is None:
        raise PreventUpdate
    over = job.state.is_over
    again = over and job.state is not JobState.DONE
    return (
        badge(job.state),
        str(job.fraction),
        over,
        sentence(job),
        over,
        not again,
        over,
        result_stamp(job),
    )


def open_what_is_asked(
    over: bool | None, job_id: str, ids: list[dict[str, str]], now: list[bool]
) -> list[bool]:
    """Unfold the settings of the form that a failed job asks for."""
    job = services().store.get(job_id)
    if not over or job is None or job.state is not JobState.FAILED:
        raise PreventUpdate
    headings = [one["name"] for one in ids]
    return forms.opened(STEPS[job.task].parameters, job.error, headings, now)


def result_stamp(job: Job) -> str:
    """What tells one result of a job from another; empty while there is none."""
    return str(job.finished) if job.state is JobState.DONE else ""


def show_result(stamp: str | None, job_id: str) -> Component | None:
    """The result that was just reported, or nothing when the job runs anew."""
    job = services().store.get(job_id)
    return views.view(job) if stamp and job is not None else None
