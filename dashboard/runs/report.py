"""The report of a workspace: which runs it is about, its form, and the drawer where one gets it."""

from collections.abc import Mapping, Sequence
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from dashboard.jobs.store import Job, JobState
from dashboard.kit import panel, results
from dashboard.kit.bench import Source, StepPage
from dashboard.kit.desk import View
from dashboard.server import inputs, people
from dashboard.server.people import Role
from dashboard.server.services import services
from dashboard.server.submission import submit
from dashboard.workspaces import run_notes, workspaces
from pipelines.core.errors import InputError
from pipelines.report.parameters import LONGEST_TEXT, LONGEST_TITLE, ReportParameters
from pipelines.report.report_file import FILE
from pipelines.steps import STEPS

NOTHING = "There is nothing to report yet: run something first."
MOST_FAILED = 20
"""Runs without a result that are named, the newest."""


def step_page(path: str, *tasks: str) -> StepPage:
    """The form of a pipeline's report, which workspaces fill in by themselves.

    Args:
        path: of the subject's page.
        tasks: steps whose results may stand in it, the main one first.
    """
    word = path.strip("/")
    return StepPage(
        slug=f"{word}-report",
        task=f"{word} report",
        path=path,
        word="report",
        tab="",
        view=view,
        run_label="Make the report",
        sources=(
            Source(
                "runs",
                "Runs",
                "Finished runs of one recording, film or table, the main one first.",
                from_task=tasks[0],
                also_from=tasks[1:],
                several=True,
            ),
        ),
        empty=(
            "Choose runs on the left and press Make the report: you get one HTML file with "
            "figures, numbers, parameters, a methods paragraph and references, which opens "
            "anywhere and can be printed. On a workspace the button Report does the same."
        ),
    )


def view(job: Job) -> Component:
    """Where the file of a finished report is."""
    found = results.headline(job)
    return html.Div(
        [
            html.P(f"A report of {results.counted(found.get('n_runs', 0), 'run')}."),
            _file(job),
        ],
        className="card stack",
    )


def _file(job: Job) -> Component:
    link = results.download(job, FILE, "Download the report (HTML)")
    return html.Div([link], className="downloads")


def ask(shown: View) -> Job:
    """Ask for the report of what a workspace shows; the same runs and notes are the same job.

    Raises:
        InputError: there is nothing to report.
        NotAllowedError: the person may only look.
    """
    people.require(Role.WORK)
    jobs = workspaces.jobs(shown.workspace.id)
    refused = {run.id: why for run in reported(jobs, shown.job) if (why := _refused(run))}
    runs = [run for run in reported(jobs, shown.job) if run.id not in refused]
    if not runs:
        raise InputError(NOTHING)
    task = f"{shown.workspace.subject} report"
    references = {"runs": " ".join(f"job:{run.id}" for run in runs)}
    parameters = words(shown, jobs, runs, tuple(refused.values())).model_dump(mode="json")
    job_id = submit(task, references, parameters, workspace=shown.workspace.id)
    return results.job(job_id)


def _refused(run: Job) -> str:
    """Why the result of a run cannot be read, such as a model that an earlier version pickled."""
    found = services()
    try:
        inputs.resolve("runs", f"job:{run.id}", found.settings, found.store)
    except InputError as error:
        return f"{STEPS[run.task].title}, run {run.id}, is not in this report. {error.sentence}"
    return ""


def words(
    shown: View, jobs: Sequence[Job], runs: Sequence[Job], refused: tuple[str, ...] = ()
) -> ReportParameters:
    """Title, notes and what failed, as a report takes them."""
    failed = [job for job in jobs if job.state is JobState.FAILED and not _is_report(job)]
    failed = failed[:MOST_FAILED]
    notes = run_notes.of([job.id for job in (*runs, *failed)])
    texts = {job_id: note.text for job_id, note in notes.items()}
    return ReportParameters(
        title=shown.workspace.name[:LONGEST_TITLE],
        about=shown.workspace.notes[:LONGEST_TEXT],
        notes=tuple(texts.get(run.id, "") for run in runs),
        also=(*refused, *(_failed(job, texts.get(job.id, "")) for job in failed)),
    )


def _failed(job: Job, note: str) -> str:
    text = f"{STEPS[job.task].title}, run {job.id}, failed: {job.error}"
    return (f"{text}\n{note}" if note else text)[:LONGEST_TEXT]


def reported(jobs: Sequence[Job], shown: Job | None) -> list[Job]:
    """The runs of a workspace that a report is about, in the order of the steps.

    Of each step the newest one, or what is shown; those that were made from another sorting, map
    or clustering than the one that is shown are left out.

    Args:
        jobs: of the workspace, the newest first.
        shown: the run that its page shows; none if it shows none.
    """
    known = {job.id: job for job in jobs if job.task in STEPS}
    done = [job for job in known.values() if job.state is JobState.DONE and not _is_report(job)]
    if shown is not None:
        done.sort(key=lambda job: job.id != shown.id)
    main = _main(known, done, shown)
    others = {job.id for job in done if main is not None and job.task == main.task}
    others -= {main.id} if main is not None else set()
    found: dict[str, Job] = {}
    for job in done:
        if not others & {job.id, *_ancestors(known, job)}:
            found.setdefault(job.task, job)
    order = list(STEPS)
    return sorted(found.values(), key=lambda job: (job is not main, order.index(job.task)))


def _main(known: Mapping[str, Job], done: Sequence[Job], shown: Job | None) -> Job | None:
    """The sorting, map or clustering that is shown, or what the shown run was made from."""
    opened = set(workspaces.OPENED_BY.values())
    line = [] if shown is None else [shown.id, *_ancestors(known, shown)]
    candidates = [known[job] for job in line if job in known] + list(done)
    return next((job for job in candidates if job.task in opened), None)


def _ancestors(known: Mapping[str, Job], job: Job) -> set[str]:
    """The jobs that a job was made from, near or far."""
    found: set[str] = set()
    pending = [job]
    while pending:
        for item in pending.pop().inputs:
            earlier = item.reference.removeprefix("job:")
            if item.reference.startswith("job:") and earlier not in found:
                found.add(earlier)
                pending += [known[earlier]] if earlier in known else []
    return found


def _is_report(job: Job) -> bool:
    return STEPS[job.task].leaves == "report"


# -- the drawer of a workspace


def drawer(job: Job) -> tuple[list[Any], bool]:
    """What the drawer says of a report, and whether nothing more will change in it."""
    parts: list[Any] = [
        html.P(
            "Figures, numbers, parameters, versions, a methods paragraph and references, in one "
            "HTML file that opens without network and can be printed.",
            className="hint",
        ),
        html.Div([panel.badge(job.state), " ", panel.sentence(job)], role="status"),
    ]
    if job.state is JobState.DONE:
        parts += [*results.notes(job), _file(job)]
    earlier = [one for one in _reports(job) if one.id != job.id]
    if earlier:
        links = [
            html.Li(dcc.Link(panel.when(one.created), href=f"/jobs/{one.id}")) for one in earlier
        ]
        parts += [html.H3("Earlier reports"), html.Ul(links)]
    return parts, job.state.is_over


def _reports(job: Job) -> list[Job]:
    """All reports of the workspace, the newest first."""
    found = workspaces.of(job.id)
    jobs = services().store.of_workspace(found[0].id, job.task) if found else []
    return [one for one in jobs if one.state is JobState.DONE]
