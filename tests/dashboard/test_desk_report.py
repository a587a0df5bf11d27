"""The report of a workspace: which runs it is about, and how one gets it on a desk."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from dash import Dash
from flask import g

from dashboard import create_app
from dashboard.jobs.store import Job, JobInput, JobState
from dashboard.kit import workspace_page
from dashboard.kit.bench import Shown
from dashboard.kit.desk import View
from dashboard.pages import subjects
from dashboard.runs import report
from dashboard.server.people import Person, Role
from dashboard.server.services import Services, services
from dashboard.server.settings import Settings
from dashboard.workspaces import run_notes, workspaces
from pipelines.core.errors import InputError, NotAllowedError
from pipelines.report.report_file import FILE
from pipelines.tasks import run
from tests.earlier import unpack


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return unpack(tmp_path_factory.mktemp("earlier"), "home") / "home"


@pytest.fixture
def old(home: Path) -> Iterator[Services]:
    app = create_app(Settings(home=home))
    with app.server.app_context():
        yield services()


def view_of(subject: str, task: str) -> View:
    workspace = next(one for one in workspaces.all(subject) if workspaces.newest(one.id, task))
    return View(workspace, "any", workspaces.newest(workspace.id, task))


@pytest.mark.parametrize(
    ("subject", "task"),
    [("spikes", "spikes sort"), ("brainmap", "brainmap fit"), ("synapses", "synapses fit")],
)
def test_a_desk_gives_the_report_of_what_it_shows(
    old: Services, tmp_path: Path, subject: str, task: str
) -> None:
    view = view_of(subject, task)
    run_notes.write(view.run.id, "The one in the paper.")
    job = report.ask(view)
    assert job.task == f"{subject} report"
    assert job.quick
    assert job.inputs[0].reference == f"job:{view.run.id}"
    assert view.workspace.id in [one.id for one in workspaces.of(job.id)]
    assert report.ask(view).id == job.id
    inputs = {item.name: Path(item.path) for item in job.inputs}
    run(job.task, inputs, job.parameters, tmp_path / "out")
    text = (tmp_path / "out" / FILE).read_text(encoding="utf-8")
    assert "The one in the paper." in text
    assert f"run {view.run.id}" in text
    run_notes.write(view.run.id, "Another.")
    assert report.ask(view).id != job.id


def finish_others(found: Services, job_id: str) -> None:
    """Let a job run; those that wait before it are over then."""
    while (claimed := found.store.claim(quick_only=False)) is not None and claimed.id != job_id:
        found.store.finish(claimed.id, JobState.CANCELLED)


def job_of(job_id: str, task: str, *made_from: str, state: JobState = JobState.DONE) -> Job:
    inputs = tuple(
        JobInput(f"input {n}", f"job:{one}" if one else "data:x", "x", "/x", one)
        for n, one in enumerate(made_from)
    )
    return Job(job_id, task, {}, inputs, False, state, 1.0, "", "", "", False, 1.0, 1.0, 2.0, "")


SORTED = [
    job_of("report", "spikes report", "new"),
    job_of("export-old", "spikes export", "curated-old", "label-old"),
    job_of("label-new", "spikes label", "new"),
    job_of("new", "spikes sort", ""),
    job_of("failed", "spikes sort", "", state=JobState.FAILED),
    job_of("curated-old", "spikes curate", "old", "review-old"),
    job_of("review-old", "spikes review", "old"),
    job_of("label-old", "spikes label", "old"),
    job_of("old", "spikes sort", ""),
    job_of("look", "spikes look", ""),
]
"""Of one recording that was sorted twice, the newest first."""


def ids(shown: str) -> list[str]:
    found = next((job for job in SORTED if job.id == shown), None)
    return [job.id for job in report.reported(SORTED, found)]


def test_a_report_is_about_one_sorting_and_what_was_made_of_it() -> None:
    assert ids("") == ["new", "look", "label-new"]
    assert ids("new") == ["new", "look", "label-new"]
    of_old = ["old", "look", "label-old", "review-old", "curated-old", "export-old"]
    assert ids("old") == of_old
    assert ids("curated-old") == of_old


def test_without_a_finished_run_there_is_nothing_to_report(found: Services) -> None:
    item = JobInput("recording", "example:spikes", "Tuesday", "/nowhere", "a-key")
    job = found.store.submit("spikes sort", {}, [item], version="1")
    workspace = workspaces.of(job)[0]
    with pytest.raises(InputError, match="nothing to report yet"):
        report.ask(View(workspace, "units", None))
    assert found.store.latest(("spikes report",)) == []


def test_who_may_only_look_cannot_make_one(old: Services, app: Dash) -> None:
    view = view_of("spikes", "spikes sort")
    with app.server.test_request_context():
        g.person = Person("ben", Role.LOOK)
        with pytest.raises(NotAllowedError):
            report.ask(view)


def test_a_run_that_failed_is_named_with_its_note(old: Services) -> None:
    view = view_of("spikes", "spikes sort")
    failed = old.store.submit("spikes sort", {"seed": 5}, view.run.inputs, version="1")
    finish_others(old, failed)
    old.store.finish(failed, JobState.FAILED, "The recording <i>is</i> short.")
    run_notes.write(failed, "Too little data.")
    also = report.ask(view).parameters["also"]
    assert [text for text in also if failed in text] == [
        f"Sort spikes, run {failed}, failed: The recording <i>is</i> short.\nToo little data."
    ]


def test_the_drawer_follows_the_report_until_it_is_there(old: Services) -> None:
    view = view_of("synapses", "synapses fit")
    page = workspace_page._Page(subjects())
    shown = Shown(subject="synapses", workspace=view.workspace.id, tab="map", run=view.run.id)
    is_open, _, job_id, is_over = page.report(1, shown)
    assert is_open
    assert not is_over
    folder = old.settings.jobs / job_id / "result"
    folder.mkdir(parents=True)
    (folder / "run.json").write_text(json.dumps({"results": {"n_runs": 1}, "parameters": {}}))
    (folder / FILE).write_text("<!doctype html>")
    finish_others(old, job_id)
    old.store.finish(job_id, JobState.DONE)
    said, is_over = page.report_made(1, job_id, shown)
    assert is_over
    assert f"/jobs/{job_id}/files/{FILE}" in str(said)
