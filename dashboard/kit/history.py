"""The runs of a workspace's tab: when, with which parameters, and what can be done with each."""

from collections.abc import Mapping
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from dashboard.jobs.store import Job, JobState
from dashboard.kit import panel
from dashboard.kit.desk import Tab, View
from dashboard.workspaces import run_notes, workspaces
from dashboard.workspaces.run_notes import RunNote
from pipelines.core.errors import NeuroboardError
from pipelines.steps import STEPS

MOST_SAID = 6
"""Parameters of a run that are named; the page of the job has all."""


def layout(tab: Tab, view: View) -> Component:
    """All runs of the tab, newest first."""
    jobs = workspaces.jobs(view.workspace.id, *tab.tasks)
    if not jobs:
        return html.P("Nothing has been run here yet.", className="empty")
    notes = run_notes.of([job.id for job in jobs])
    items = [_run(view, job, jobs[i + 1 :], notes.get(job.id)) for i, job in enumerate(jobs)]
    return html.Ol(items, className="runs", reversed=True)


def note(job: str, found: RunNote | None, wrong: str = "") -> list[Any]:
    """What was written on a run, and where one writes it.

    Args:
        job: the run.
        found: its note, if it has one.
        wrong: why what was just written is not kept.
    """
    said = []
    if found is not None:
        by = f" by {found.author}" if found.author else ""
        about = html.Span(f" Written {panel.when(found.written)}{by}.", className="hint")
        said = [html.P([html.Span(found.text, className="note-text"), about], className="note")]
    identity = {"type": "run-note", "job": job}
    text = dcc.Textarea(
        id=identity,
        value=found.text if found else "",
        maxLength=run_notes.LONGEST,
        rows=3,
        className="note-field",
    )
    field = html.Label(["Note on this run", text])
    button = html.Button("Keep the note", className="pick", id={"type": "note-save", "job": job})
    message = html.P(wrong, className="error", role="alert") if wrong else None
    summary = html.Summary("Change the note" if found else "Write a note")
    return [*said, html.Details([summary, field, button, message], open=bool(wrong))]


def keep(job: str, text: str) -> list[Any]:
    """Keep a note on a run; what is then there in its place."""
    try:
        return note(job, run_notes.write(job, text))
    except NeuroboardError as error:
        return note(job, run_notes.of([job]).get(job), error.sentence)


def _run(view: View, job: Job, before: list[Job], written: RunNote | None) -> Component:
    is_shown = view.job is not None and job.id == view.job.id
    earlier = next((one for one in before if one.task == job.task), None)
    links: list[Any] = []
    if job.state is JobState.DONE and not is_shown:
        links.append(dcc.Link("Show", href=view.workspace.at(view.tab, run=job.id)))
        if view.job is not None and view.job.task == job.task:
            links.append(
                dcc.Link(
                    "Compare with what is shown",
                    href=view.workspace.at(view.tab, run=view.job.id, compare=job.id),
                )
            )
    links.append(
        html.Button("Repeat with changes", className="pick", id={"type": "repeat", "job": job.id})
    )
    links.append(dcc.Link("Details and files", href=f"/jobs/{job.id}"))
    title: list[Any] = [STEPS[job.task].title, " ", panel.badge(job.state)]
    return html.Li(
        [
            html.Div(title, className="row"),
            html.P(f"{panel.when(job.created)}{_took(job)}{_by(job)}", className="hint"),
            html.P(changes(job, earlier), className="run-parameters"),
            html.P(job.error, className="error") if job.error else None,
            html.Div(note(job.id, written), id={"type": "note-box", "job": job.id}),
            html.Div(links, className="row"),
        ],
        className="run shown" if is_shown else "run",
    )


def _took(job: Job) -> str:
    return f", {job.took:.1f} s" if job.took is not None else ""


def _by(job: Job) -> str:
    return f", by {job.author}" if job.author else ""


def changes(job: Job, earlier: Job | None) -> str:
    """What is different from an earlier run, or from the defaults where there is none."""
    found = differences(job, earlier.parameters if earlier else None)
    said = [f"{name}: {now}" for name, (_, now) in found.items()]
    more = f", and {len(said) - MOST_SAID} more" if len(said) > MOST_SAID else ""
    if not said:
        return "Same parameters as the run before." if earlier else "All defaults."
    return ("Changed: " if earlier else "") + ", ".join(said[:MOST_SAID]) + more


def differences(job: Job, other: Mapping[str, Any] | None) -> dict[str, tuple[str, str]]:
    """Parameters that differ: as the form calls them, the other's value and this one's.

    Args:
        job: a run.
        other: parameters of another run of the step; none for the defaults.
    """
    model = STEPS[job.task].parameters
    base = other if other is not None else model().model_dump(mode="json")
    found = {}
    for name, value in job.parameters.items():
        field = model.model_fields.get(name)
        if field is not None and base.get(name) != value:
            found[str(field.title or name)] = (_word(base.get(name)), _word(value))
    return found


def _word(value: Any) -> str:
    return "–" if value in (None, "") else str(value)
