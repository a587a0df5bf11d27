"""What the home folder holds, deleting, moving and migrating it."""

import json
import os
import shutil
import sqlite3
import time
from dataclasses import replace
from pathlib import Path

import pytest

from dashboard import create_app
from dashboard.home import space as page
from dashboard.home import usage
from dashboard.jobs.migrations import STEPS
from dashboard.jobs.store import JobInput, JobState, Store
from dashboard.server.services import Services
from dashboard.server.settings import Settings
from pipelines.core.errors import InputError, OutputError

FIRST_RELEASE = """
CREATE TABLE job (
    id TEXT PRIMARY KEY, task TEXT NOT NULL, parameters TEXT NOT NULL, inputs TEXT NOT NULL,
    quick INTEGER NOT NULL, state TEXT NOT NULL, fraction REAL NOT NULL DEFAULT 0,
    message TEXT NOT NULL DEFAULT '', error TEXT NOT NULL DEFAULT '',
    traceback TEXT NOT NULL DEFAULT '', cancel INTEGER NOT NULL DEFAULT 0,
    created REAL NOT NULL, started REAL, finished REAL);
CREATE TABLE worker (id INTEGER PRIMARY KEY CHECK (id = 1), state TEXT NOT NULL,
    beat REAL NOT NULL);
"""


def finished(store: Store, settings: Settings, k: int, *inputs: JobInput, bytes_: int = 10) -> str:
    job_id = store.submit("brainmap fit", {"k": k}, inputs, version="1")
    store.claim(quick_only=False)
    store.finish(job_id, JobState.DONE)
    (settings.jobs / job_id / "result").mkdir(parents=True)
    (settings.jobs / job_id / "result" / "data.bin").write_bytes(b"x" * bytes_)
    return job_id


def result_of(job_id: str) -> JobInput:
    return JobInput("map", f"job:{job_id}", "a map", "unused", f"job:{job_id}")


def test_jobs_are_listed_by_what_they_take(found: Services) -> None:
    small = finished(found.store, found.settings, 1, bytes_=10)
    large = finished(found.store, found.settings, 2, bytes_=5000)
    listed = usage.stored_jobs(found.store, found.settings)
    assert [(one.job.id, one.bytes) for one in listed] == [(large, 5000), (small, 10)]


def test_a_job_that_another_was_made_from_is_not_deleted(found: Services) -> None:
    first = finished(found.store, found.settings, 1)
    second = finished(found.store, found.settings, 2, result_of(first))
    with pytest.raises(InputError, match=second):
        usage.delete_jobs({first}, found.store, found.settings)
    assert usage.delete_jobs({first, second}, found.store, found.settings) == 20
    assert found.store.latest() == []
    assert list(found.settings.jobs.iterdir()) == []


def test_only_old_uploads_that_no_job_reads_are_deleted(found: Services) -> None:
    for name in ("used", "unused", "fresh"):
        (found.settings.uploads / name).mkdir()
        (found.settings.uploads / name / "a.csv").write_bytes(b"12345")
    found.store.submit(
        "synapses fit", {}, [JobInput("table", "upload:used", "a.csv", "x", "k")], version="1"
    )
    long_ago = time.time() - 3 * usage.DAY_SECONDS
    for name in ("used", "unused"):
        os.utime(found.settings.uploads / name, (long_ago, long_ago))
    unused = usage.unused_uploads(found.store, found.settings)
    assert [folder.name for folder in unused] == ["unused"]
    assert usage.delete_uploads(unused) == 5
    assert sorted(folder.name for folder in found.settings.uploads.iterdir()) == ["fresh", "used"]


def test_a_full_home_folder_takes_no_job_and_says_so(settings: Settings) -> None:
    full = replace(settings, quota_gb=1)
    server = create_app(full).server
    with (settings.uploads / "large.bin").open("wb") as file:
        file.truncate(2 * usage.GB)
    with server.test_request_context("/"):
        server.preprocess_request()
        with pytest.raises(OutputError, match=r"2\.0 of 1 GB"):
            server.extensions["neuroboard"].store.submit("brainmap fit", {}, [], version="1")
    answer = server.test_client().put(f"/uploads/table/{'0' * 32}/a.csv", data=b"a\n1\n")
    assert "full" in answer.get_json()["error"]


def test_the_page_asks_before_it_deletes(found: Services) -> None:
    job_id = finished(found.store, found.settings, 1)
    what, question, shown = page.ask([1], {"type": "space-delete", "what": f"job:{job_id}"})
    assert question.startswith("Delete this job")
    assert shown
    assert found.store.get(job_id) is not None
    said, _ = page.delete(1, what)
    assert "free again" in said
    assert found.store.get(job_id) is None


def test_jobs_that_failed_are_deleted_together(found: Services) -> None:
    kept = finished(found.store, found.settings, 1)
    failed = found.store.submit("brainmap fit", {"k": 9}, [], version="1")
    found.store.claim(quick_only=False)
    found.store.finish(failed, JobState.FAILED, "why")
    page.delete(1, page.UNFINISHED)
    assert [job.id for job in found.store.latest()] == [kept]


def test_a_copied_home_folder_is_a_whole_backup(settings: Settings, tmp_path: Path) -> None:
    create_app(settings)
    store = Store(settings.home / "jobs.sqlite")
    upload = settings.uploads / "key" / "a.csv"
    upload.parent.mkdir()
    upload.write_text("a\n1\n", encoding="utf-8")
    outside = tmp_path / "data" / "b.csv"
    job_id = finished(
        store,
        settings,
        1,
        JobInput("table", "upload:key", "a.csv", str(upload), "k1"),
        JobInput("other", "data:b", "b.csv", str(outside), "k2"),
    )
    shutil.copytree(settings.home, tmp_path / "copy")
    shutil.rmtree(settings.home)
    create_app(replace(settings, home=tmp_path / "copy"))
    job = Store(tmp_path / "copy" / "jobs.sqlite").get(job_id)
    assert job is not None
    assert job.state is JobState.DONE
    assert Path(job.inputs[0].path).read_text(encoding="utf-8") == "a\n1\n"
    assert job.inputs[1].path == str(outside)
    assert (tmp_path / "copy" / "jobs" / job_id / "result" / "data.bin").exists()


def test_a_file_of_the_first_release_keeps_its_jobs(tmp_path: Path) -> None:
    file = tmp_path / "jobs.sqlite"
    path = f"{tmp_path}/uploads/a"
    inputs = json.dumps(
        [{"name": "n", "reference": "upload:a", "label": "l", "path": path, "key": "k"}]
    )
    with sqlite3.connect(file) as database:
        database.executescript(FIRST_RELEASE)
        database.execute(
            "INSERT INTO job (id, task, parameters, inputs, quick, state, created) "
            "VALUES ('abc', 'brainmap fit', '{}', ?, 0, 'done', 1.0)",
            (inputs,),
        )
    job = Store(file).get("abc")
    assert job is not None
    assert (job.state, job.author) == (JobState.DONE, "")
    assert job.inputs[0].path == path
    with sqlite3.connect(file) as database:
        assert database.execute("PRAGMA user_version").fetchone()[0] == len(STEPS)
        assert '"path": "uploads/a"' in database.execute("SELECT inputs FROM job").fetchone()[0]


def test_a_file_of_a_newer_release_is_refused_and_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "jobs.sqlite"
    with sqlite3.connect(file) as database:
        database.execute("PRAGMA user_version=99")
    with pytest.raises(OutputError, match="newer Neuroboard"):
        Store(file)
    with sqlite3.connect(file) as database:
        assert database.execute("PRAGMA user_version").fetchone()[0] == 99


def test_a_step_that_fails_leaves_the_file_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dashboard.jobs import migrations

    def broken(database: sqlite3.Connection, _home: Path) -> None:
        database.execute("ALTER TABLE job ADD COLUMN half_done TEXT")
        raise RuntimeError("power cut")

    file = tmp_path / "jobs.sqlite"
    Store(file)
    monkeypatch.setattr(
        migrations, "STEPS", [*migrations.STEPS, migrations.Migration("broken", broken)]
    )
    with pytest.raises(RuntimeError, match="power cut"):
        Store(file)
    monkeypatch.undo()
    with sqlite3.connect(file) as database:
        columns = [row[1] for row in database.execute("PRAGMA table_info(job)")]
    assert "half_done" not in columns
    assert Store(file).latest() == []
