"""Notes on runs: who may write them, where they stand, and how they survive."""

import io
import json
import sqlite3
import zipfile
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from dash import Dash
from flask import g
from hypothesis import given
from hypothesis import strategies as st
from plotly.io.json import to_json_plotly

from dashboard.jobs import record
from dashboard.jobs.repair import mend
from dashboard.jobs.store import Job, JobInput, JobState, Store
from dashboard.kit import compare, downloads, history
from dashboard.kit.desk import Answer, Slot, Tab, View
from dashboard.server.people import Person, Role
from dashboard.server.services import Services
from dashboard.workspaces import run_notes, workspaces
from dashboard.workspaces.run_notes import LONGEST, RunNote, RunNotes, note_of
from pipelines.core.errors import InputError, NotAllowedError, ParameterError

RECORDING = JobInput("recording", "example:spikes", "Tuesday", "/nowhere", "a-key")
TAB = Tab(word="units", title="Units", tasks=("spikes sort",), arrange=Slot(),
          answer=lambda _view: Answer("Six units."))  # fmt: skip


def sort(store: Store, **values: float) -> str:
    return store.submit("spikes sort", values, [RECORDING], version="1")


def done(found: Services, job_id: str) -> Job:
    found.store.claim(quick_only=False)
    folder = found.settings.jobs / job_id / "result"
    folder.mkdir(parents=True)
    (folder / "run.json").write_text('{"results": {}, "parameters": {}}')
    found.store.finish(job_id, JobState.DONE)
    job = found.store.get(job_id)
    assert job is not None
    return job


def test_a_note_is_kept_with_author_and_time_and_taken_away(app: Dash, found: Services) -> None:
    job = sort(found.store)
    with app.server.test_request_context():
        g.person = Person("anna", Role.WORK)
        made = run_notes.write(job, "  The one in the paper.\nElectrode moved at 10 min.\t\x07 ")
    assert made is not None
    assert made.text == "The one in the paper.\nElectrode moved at 10 min."
    assert made.author == "anna"
    assert run_notes.of([job, "another"]) == {job: made}
    assert run_notes.write(job, " \n ") is None
    assert run_notes.of([job]) == {}


def test_what_cannot_be_a_note_is_refused_and_the_old_one_stays(app: Dash, found: Services) -> None:
    job = sort(found.store)
    before = run_notes.write(job, "x" * LONGEST)
    with pytest.raises(ParameterError, match="4,001 characters is too long"):
        run_notes.write(job, "x" * (LONGEST + 1))
    with pytest.raises(InputError, match="not here any more"):
        run_notes.write("nobody", "text")
    with app.server.test_request_context():
        g.person = Person("ben", Role.LOOK)
        with pytest.raises(NotAllowedError):
            run_notes.write(job, "mine")
    assert run_notes.of([job]) == {job: before}


@given(st.text(max_size=200))
def test_any_text_is_a_note_that_is_read_again(text: str) -> None:
    note = note_of({"job": "a", "text": text, "author": "", "written": 1.0})
    assert note_of(json.loads(json.dumps(vars(note)))) == note


def test_a_note_goes_with_its_run(found: Services) -> None:
    job = sort(found.store)
    run_notes.write(job, "mine")
    found.store.cancel(job)
    found.store.delete(job)
    assert run_notes.of([job]) == {}


def test_a_lost_list_finds_the_notes_in_the_folders(tmp_path: Path) -> None:
    file, jobs = tmp_path / "jobs.sqlite", tmp_path / "jobs"
    store = Store(file)
    one, two, three = (sort(store, seed=seed) for seed in range(3))
    for job_id in (one, two, three):
        job = store.get(job_id)
        assert job is not None
        (jobs / job_id).mkdir(parents=True)
        record.write(job, jobs / job_id, tmp_path)
    notes = RunNotes(file)
    written = [RunNote(one, "first", "anna", 1.0), RunNote(two, "second", "", 2.0)]
    for note in written:
        notes.write(note, jobs)
    (jobs / two / run_notes.FILE).write_text("{")
    (jobs / three / run_notes.FILE).write_text(json.dumps(vars(written[0])))
    del store, notes
    for end in ("", "-wal", "-shm"):
        Path(f"{file}{end}").unlink(missing_ok=True)
    mend(file, jobs)
    assert RunNotes(file).of([one, two, three]) == {one: written[0]}


def test_a_damaged_list_keeps_the_notes_that_can_be_read(tmp_path: Path) -> None:
    file = tmp_path / "jobs.sqlite"
    one, two = (sort(Store(file), seed=seed) for seed in range(2))
    note = RunNote(one, "first", "anna", 1.0)
    RunNotes(file).write(note, tmp_path / "jobs")
    RunNotes(file).write(replace(note, job=two), tmp_path / "jobs")
    with closing(sqlite3.connect(file)) as database, database:
        database.execute("UPDATE run_note SET written='never' WHERE job=?", (two,))
    assert "was damaged" in mend(file, tmp_path / "jobs")
    assert RunNotes(file).of([one, two]) == {one: note}


def test_notes_stand_in_the_history_and_beside_compared_runs(app: Dash, found: Services) -> None:
    one, two = (done(found, sort(found.store, seed=seed)) for seed in range(2))
    text = "The one in the paper"
    run_notes.write(one.id, text)
    workspace = workspaces.of(one.id)[0]
    view = View(workspace, "units", two)
    drawn = to_json_plotly(history.layout(TAB, view))
    assert text in drawn
    assert drawn.count('"Keep the note"') == 2
    assert drawn.count("Write a note") == 1
    compared = to_json_plotly(compare.layout(TAB, view, one))
    assert text in compared


def test_what_is_wrong_with_a_note_is_said_in_its_place(app: Dash, found: Services) -> None:
    job = sort(found.store)
    run_notes.write(job, "before")
    drawn = str(to_json_plotly(history.keep(job, "x" * (LONGEST + 1))))
    assert "is too long" in drawn
    assert "before" in drawn
    assert "now" in str(to_json_plotly(history.keep(job, "now")))


def test_a_note_goes_with_the_files_of_its_run(app: Dash, found: Services) -> None:
    job = done(found, sort(found.store))
    (found.settings.jobs / job.id / "log.txt").write_text("")
    files = io.BytesIO()
    downloads.write_zip(job, found.store, found.settings.jobs, files)
    assert f"{job.id}/note.json" not in zipfile.ZipFile(files).namelist()
    run_notes.write(job.id, "The one in the paper.")
    downloads.write_zip(job, found.store, found.settings.jobs, files)
    kept = json.loads(zipfile.ZipFile(files).read(f"{job.id}/note.json"))
    assert kept["text"] == "The one in the paper."
