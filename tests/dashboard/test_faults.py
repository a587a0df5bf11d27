"""Nothing falls over: full disks, a locked or damaged list of jobs, clocks that are set."""

import io
import json
import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dashboard import create_app, pages
from dashboard.home import usage
from dashboard.jobs import launcher, patience
from dashboard.jobs.child import run_job
from dashboard.jobs.database import Database, StoreError
from dashboard.jobs.store import Job, JobInput, JobState, Store
from dashboard.jobs.worker import Supervisor
from dashboard.kit import shell
from dashboard.server import security, uploads
from dashboard.server.settings import Settings
from pipelines.__main__ import main
from pipelines.core.errors import NeuroboardError, NoRoomError
from pipelines.models import registry
from pipelines.spikes.curation.log import Log
from pipelines.spikes.curation.steps import CurationStep
from tests.full_disk import FullAfter, fill, left_over, small_disk

UPLOAD = f"/uploads/table/{'0' * 32}"
EVERY = 1 if os.environ.get("NEUROBOARD_FAULTS") else 7
"""`make faults` has the disk full at each write of a job, the usual tests at every seventh."""
MODEL = Path(__file__).parents[2] / "models" / "unit-labels"


class Told:
    """Stands in for the store: keeps how a job ended."""

    def __init__(self) -> None:
        self.ends: list[tuple[JobState, str, str]] = []

    def report(self, job_id: str, fraction: float, message: str) -> None:
        """Nobody asks."""

    def finish(self, job_id: str, state: JobState, error: str = "", traceback: str = "") -> None:
        """Keep it."""
        self.ends.append((state, error, traceback))


@pytest.fixture
def film(tmp_path: Path) -> Path:
    file = tmp_path / "film.npy"
    np.save(file, np.random.default_rng(0).integers(0, 200, (12, 2, 16, 18)).astype(np.uint16))
    return file


def submitted(store: Store, film: Path, task: str = "brainmap look", **parameters: int) -> str:
    item = JobInput("images", "data:lab/film.npy", "film.npy", str(film), "key")
    return store.submit(task, parameters, [item], version="1")


def claimed(store: Store) -> Job:
    job = store.claim(quick_only=False)
    assert job is not None
    return job


# A full disk.


def upload(home: Path) -> None:
    folder = home / "uploads" / ".incoming-x"
    settings = Settings(home=home)
    uploads.save(io.BytesIO(b"a,b\n" * 9), "a.csv", folder, uploads.KINDS["table"], settings, 36)
    uploads.keep(folder, settings)


def curate(home: Path) -> None:
    log = Log(home / "curation" / "a" / "curation.jsonl", "digest")
    with log.locked():
        log.append(CurationStep(action="label", author="anna", units=(1,), label="good"))


def keep_model(home: Path) -> None:
    registry.add(MODEL, home / "models", "mine")


def make_tokens(home: Path) -> None:
    security.access_tokens(Settings(home=home, host="0.0.0.0"))


def prepare(home: Path) -> None:
    Settings(home=home).prepare()


def sentence(do: Callable[[Path], None], home: Path) -> str:
    """What is said; nothing if all went well."""
    try:
        do(home)
    except NeuroboardError as error:
        return error.sentence
    return ""


def submit_many(store: Store, film: Path) -> None:
    """Until the file of the store has to grow."""
    for seed in range(50):
        submitted(store, film, "brainmap fit", seed=seed)


@pytest.mark.parametrize("do", [upload, curate, keep_model, make_tokens, prepare])
def test_wherever_the_disk_becomes_full_it_is_a_sentence_and_nothing_is_cut(
    do: Callable[[Path], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for allowed in range(200):
        home = tmp_path / f"home-{allowed}"
        (home / "uploads").mkdir(parents=True)
        with monkeypatch.context() as patched:
            FullAfter(patched, home, allowed)
            said = sentence(do, home)
        if not said:
            break
        assert "No space left" in said or "full" in said, allowed
        assert left_over(home) == [], allowed
        do(home)  # when there is room again
    assert allowed >= 2


def test_a_job_meets_a_full_disk_at_every_write(
    tmp_path: Path, film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(home=tmp_path / "home")
    settings.prepare()
    store = Store(settings.home / "jobs.sqlite")
    submitted(store, film, "brainmap series")
    job = claimed(store)
    for allowed in [*range(4), *range(4, 500, EVERY)]:
        told = Told()
        with monkeypatch.context() as patched:
            FullAfter(patched, settings.home, allowed)
            run_job(job, settings, told)
        ((state, error, traceback),) = told.ends
        if state is JobState.DONE:
            break
        assert "No space left on device" in error, allowed
        assert traceback == ""
        assert left_over(settings.jobs) == [], allowed
        assert not (settings.jobs / job.id / "result").exists(), allowed
    assert allowed > 5
    assert (settings.jobs / job.id / "result" / "run.json").is_file()


def test_a_command_meets_a_full_disk_at_every_write(
    tmp_path: Path,
    film: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    words = ["brainmap", "series", str(film), "std", "--out", str(out / "std.npy"), "--quiet"]
    for allowed in range(500):
        with monkeypatch.context() as patched:
            FullAfter(patched, out, allowed)
            code = main(words)
        said = capsys.readouterr().err
        if code == 0:
            break
        assert code == 2, said
        assert said.count("\n") == 1, said
        assert "No space left on device" in said, said
        assert list(out.iterdir()) == [], allowed
    assert allowed > 2
    assert np.load(out / "std.npy").shape


@pytest.fixture
def full_home(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path / "home") as home:
        yield home


def test_on_a_full_disk_pages_open_and_nothing_is_lost(full_home: Path, film: Path) -> None:
    app = create_app(Settings(home=full_home, data=(film.parent,)))
    store = Store(full_home / "jobs.sqlite")
    kept = submitted(store, film)
    fill(full_home)
    answer = app.server.test_client().put(f"{UPLOAD}/a.csv", data=b"a,b\n" * 9)
    assert answer.status_code == 507
    assert "disk is full" in answer.get_json()["error"]
    assert list((full_home / "uploads").iterdir()) == []
    with app.server.app_context():
        assert shell.describe_activity(None) == "1 waiting"
        for page in pages.ALL:
            assert "Not just now" not in str(page.layout())
        with pytest.raises(NoRoomError, match="is full: nothing was changed"):
            submit_many(store, film)
    told = Told()
    job = store.get(kept)
    assert job is not None
    run_job(job, Settings(home=full_home), told)
    ((state, error, _),) = told.ends
    assert state is JobState.FAILED
    assert "No space left on device" in error
    assert left_over(full_home) == []
    (full_home / "fill").unlink()
    with closing(sqlite3.connect(full_home / "jobs.sqlite")) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    claimed(store)


def test_room_is_made_on_a_full_disk_by_deleting_jobs(full_home: Path, film: Path) -> None:
    settings = Settings(home=full_home)
    settings.prepare()
    store = Store(full_home / "jobs.sqlite")
    job_id = submitted(store, film)
    claimed(store)
    store.finish(job_id, JobState.DONE)
    (settings.jobs / job_id).mkdir()
    (settings.jobs / job_id / "data.bin").write_bytes(bytes(100_000))
    fill(full_home)
    with pytest.raises(NoRoomError):
        submit_many(store, film)
    assert usage.delete_jobs([job_id], store, settings) == 100_000
    assert store.get(job_id) is None


def test_a_list_of_jobs_is_read_where_sqlite_can_make_no_files(full_home: Path, film: Path) -> None:
    store = Store(full_home / "jobs.sqlite")
    kept = submitted(store, film)
    del store
    fill(full_home)
    assert not (full_home / "jobs.sqlite-wal").exists()
    rows = Database(full_home / "jobs.sqlite").rows("SELECT id FROM job")
    assert [row["id"] for row in rows] == [kept]


def test_files_that_libraries_write_are_no_fault_either(tmp_path: Path, film: Path) -> None:
    with small_disk(tmp_path / "small", 64) as disk:
        settings = Settings(home=disk)
        settings.prepare()
        for leave in range(0, 40_000, 8_192):
            fill(disk, leave)
            told = Told()
            store = Store(tmp_path / f"{leave}.sqlite")
            submitted(store, film, "brainmap correlate" if leave > 20_000 else "brainmap look")
            run_job(claimed(store), settings, told)
            ((state, error, traceback),) = told.ends
            assert (state, traceback) == (JobState.FAILED, ""), error
            assert left_over(disk) == []


# A list of jobs that is locked.


@pytest.fixture
def locked(settings: Settings, film: Path) -> Iterator[tuple[Store, sqlite3.Connection, str]]:
    settings.prepare()
    store = Store(settings.home / "jobs.sqlite", patience=0.05)
    job_id = submitted(store, film)
    with closing(sqlite3.connect(store.file)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield store, other, job_id


Locked = tuple[Store, sqlite3.Connection, str]


def test_a_locked_list_is_read_and_what_would_change_it_is_a_sentence(
    locked: Locked, film: Path
) -> None:
    store, other, job_id = locked
    assert [job.id for job in store.active()] == [job_id]
    with pytest.raises(StoreError, match="locked: nothing was changed"):
        submitted(store, film, seed=1)
    other.rollback()
    submitted(store, film, seed=1)


def test_the_supervisor_lives_while_the_list_is_locked_and_notes_ends_afterwards(
    locked: Locked, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, other, _ = locked
    other.rollback()
    job = claimed(store)
    other.execute("BEGIN IMMEDIATE")
    monkeypatch.setattr(patience, "PAUSE_SECONDS", 0.01)
    supervisor, trouble = Supervisor(settings, store), patience.Trouble()
    supervisor._ended[job.id] = JobState.FAILED, "It died."
    assert not trouble.survived(supervisor._note_ends)
    assert not trouble.survived(supervisor._recover)
    other.rollback()
    assert trouble.survived(supervisor._note_ends)
    ended = store.get(job.id)
    assert ended is not None
    assert (ended.state, ended.error) == (JobState.FAILED, "It died.")


def test_a_job_that_ends_while_the_list_is_locked_is_noted_afterwards(
    locked: Locked, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, other, _ = locked
    other.rollback()
    job = claimed(store)
    other.execute("BEGIN IMMEDIATE")
    monkeypatch.setattr(patience.time, "sleep", lambda _: other.rollback())
    ledger = patience.Patient(store)
    ledger.report(job.id, 0.5, "Half way")
    ledger.finish(job.id, JobState.DONE)
    ended = store.get(job.id)
    assert ended is not None
    assert (ended.state, ended.message) == (JobState.DONE, "")


@pytest.mark.parametrize(("error", "status"), [(StoreError, 503), (NoRoomError, 507)])
def test_trouble_of_the_server_is_a_sentence_and_no_fault(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, error: type[Exception], status: int
) -> None:
    app = create_app(settings)

    def fails(*_: object) -> None:
        raise error("Something is in the way.")

    monkeypatch.setattr(Store, "get", fails)
    monkeypatch.setattr(Store, "worker", fails)
    monkeypatch.setattr(Store, "active", fails)
    monkeypatch.setattr(Store, "latest", fails)
    client = app.server.test_client()
    for path in ("/health", "/jobs/abc/everything.zip"):
        answer = client.get(path)
        assert (answer.status_code, answer.text) == (status, "Something is in the way.")
        assert answer.headers["Retry-After"]
    with app.server.app_context():
        assert shell.describe_activity(None) == "The list of jobs cannot be read"


# A list of jobs that is damaged.


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def no_database(file: Path) -> None:
    file.write_bytes(b"not a database, but long enough to be one" * 200)


def half_zeros(file: Path) -> None:
    whole = file.read_bytes()
    file.write_bytes(whole[:4096] + bytes(len(whole) - 4096))


def removed(file: Path) -> None:
    file.unlink()


def emptied(file: Path) -> None:
    file.write_bytes(b"")


@pytest.mark.parametrize("damage", [cut, no_database, half_zeros, removed, emptied])
def test_a_damaged_list_is_put_aside_and_made_anew_from_the_folders(
    settings: Settings,
    film: Path,
    damage: Callable[[Path], None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    settings.prepare()
    store = Store(settings.home / "jobs.sqlite")
    ids = [submitted(store, film, k=k) for k in (2, 3)]
    for job_id in ids:
        claimed(store)
        folder = settings.jobs / job_id / "result"
        folder.mkdir(parents=True)
        run = {"pipeline": "brainmap fit", "parameters": {"k": 9}, "inputs": [], "seconds": 4.5}
        run["started"] = "2026-01-02T03:04:05+00:00"
        (folder / "run.json").write_text(json.dumps(run), encoding="utf-8")
        store.finish(job_id, JobState.DONE)
    file = store.file
    del store
    before = file.read_bytes()
    damage(file)
    damaged = file.read_bytes() if file.exists() else b""
    app = create_app(settings)
    assert {job.id for job in Store(file).latest()} == set(ids)
    assert all(job.state is JobState.DONE for job in Store(file).latest())
    said = capsys.readouterr().err
    assert "no result was touched" in said
    aside = settings.home / "jobs-damaged-1.sqlite"
    assert (aside.read_bytes() if damaged else b"") == damaged != before
    assert (str(aside) in said) is bool(damaged)
    with app.server.app_context():
        assert "no result was touched" in str(pages.jobs.layout())
    create_app(settings)  # it is whole now
    assert capsys.readouterr().err == ""


def test_a_job_that_is_found_again_is_the_same_job(settings: Settings, film: Path) -> None:
    settings.prepare()
    store = Store(settings.home / "jobs.sqlite")
    submitted(store, film)
    run_job(claimed(store), settings, store)
    (before,) = store.latest()
    assert before.state is JobState.DONE
    del store
    no_database(settings.home / "jobs.sqlite")
    create_app(settings)
    (after,) = Store(settings.home / "jobs.sqlite").latest()
    times = {"finished": before.finished, "seconds": before.seconds, "message": before.message}
    assert replace(after, **times) == before


# Clocks.


def test_a_clock_that_is_set_back_changes_neither_order_nor_durations(
    tmp_path: Path, film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(tmp_path / "jobs.sqlite")
    ids = [submitted(store, film, k=2)]
    year_ago = time.time() - 365 * 86400
    store.beat("ready")
    running = claimed(store)
    monkeypatch.setattr("dashboard.jobs.store.time.time", lambda: year_ago)
    ids += [submitted(store, film, k=k) for k in (3, 4)]
    store.finish(running.id, JobState.DONE)
    assert [job.id for job in store.latest()] == ids[::-1]
    assert [claimed(store).id, claimed(store).id] == ids[1:]
    done, beat = store.get(running.id), store.worker()
    assert done is not None
    assert done.took is not None
    assert 0 <= done.took < 60
    assert beat is not None
    assert 0 <= beat.age < 60


def test_a_sign_of_life_from_before_the_machine_started_is_none(tmp_path: Path) -> None:
    store = Store(tmp_path / "jobs.sqlite")
    with closing(sqlite3.connect(store.file)) as database, database:
        database.execute("INSERT INTO worker VALUES (1, 'ready', ?)", (time.time(),))
    beat = store.worker()
    assert beat is not None
    assert beat.age == float("inf")


# The supervisor.


def test_the_supervisor_is_started_again_later_and_later_and_at_once_after_a_healthy_time(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.prepare()
    lived = iter([0, 1, 0, 2, 61, 0])
    clock, waits, kept = [0.0], [], launcher.Launcher(settings)

    def run_once() -> None:
        clock[0] += next(lived, -1)
        if len(waits) == 5:
            kept._stopping.set()

    monkeypatch.setattr(launcher.time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(kept, "_run_once", run_once)
    monkeypatch.setattr(kept._stopping, "wait", waits.append)
    told: list[str] = []
    monkeypatch.setattr(kept, "_tell", lambda: told.append(str(len(waits))))
    kept._keep()
    assert waits == [0.5, 1.0, 2.0, 4.0, 0.5, 1.0]
    assert told == ["2", "3"]
    assert launcher.pause(50) == launcher.LONGEST_WAIT_SECONDS


def test_pages_say_that_the_worker_does_not_start(settings: Settings) -> None:
    settings.prepare()
    kept = launcher.Launcher(settings)
    kept._tell()
    beat = Store(settings.home / "jobs.sqlite").worker()
    assert beat is not None
    assert beat.state == "failing"


@pytest.mark.parametrize(
    ("said", "told"),
    [("", "starting"), ("failing", "starting"), ("stopped", "starting"), ("ready", "ready")],
)
def test_from_the_first_moment_it_is_said_that_the_worker_starts(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, said: str, told: str
) -> None:
    client = create_app(settings).server.test_client()
    if said:  # by the worker of an earlier start, or by that of another web process
        Store(settings.home / "jobs.sqlite").beat(said)
    kept = launcher.Launcher(settings)
    monkeypatch.setattr(kept, "_run_once", lambda: kept._stopping.set())
    kept.start()
    answer = client.get("/health")
    assert (answer.status_code, answer.get_json()["worker"]) == (200, told)
    assert answer.get_json()["status"] == "ok"


def test_a_worker_that_was_ready_long_ago_is_starting(settings: Settings) -> None:
    settings.prepare()
    store = Store(settings.home / "jobs.sqlite")
    store.beat("ready")
    with closing(sqlite3.connect(store.file)) as database, database:
        database.execute("UPDATE worker SET beat = beat - 6")
    launcher.Launcher(settings)._say_starting()
    beat = store.worker()
    assert beat is not None
    assert beat.state == "starting"


def test_a_log_that_cannot_be_written_does_not_stop_the_worker(settings: Settings) -> None:
    settings.prepare()
    (settings.home / "worker.log").mkdir()
    with launcher.Launcher(settings)._log() as log:
        assert log.name == "/dev/null"
