"""A damaged list of jobs: put aside, and made anew from what can be read and from the folders."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

from dashboard.jobs import migrations, record
from dashboard.jobs.database import DamagedError, Database
from dashboard.jobs.store import UNWRITTEN, Job, State, Store, job_of
from pipelines.core.outputs import free_name
from pipelines.steps import STEPS

COMPANIONS = ("", "-wal", "-shm")


def mend(file: Path, jobs: Path) -> str:
    """Put a damaged list of jobs aside and make a new one.

    Args:
        file: the list.
        jobs: the folder with a folder for each job.

    Returns:
        A sentence that says what was done; empty when there was nothing to do.

    Raises:
        OutputError: it cannot be read, moved or written.
    """
    lost = not file.exists() or file.stat().st_size == 0
    if not lost and not is_damaged(file):
        return ""
    read = [] if lost else list(_readable(file))
    aside = None if lost else _put_aside(file)
    store = Store(file)
    store.add(sorted(read, key=lambda job: job.created))
    known = {job.id for job in read}
    found = [job for job in record.find(jobs, file.parent) if job.id not in known]
    store.add(found)
    return _in_words(file, aside, len(read), found) if aside or found else ""


def is_damaged(file: Path) -> bool:
    """Whether SQLite says so, a table is not there, or what stands in them was never written.

    Raises:
        StoreError: it cannot be looked at just now.
    """
    database = Database(file)
    try:
        if database.rows("PRAGMA integrity_check(1)")[0][0] != "ok":
            return True
        version = database.rows("PRAGMA user_version")[0][0]
        tables = {row[0] for row in database.rows("SELECT name FROM sqlite_master")}
        columns = {row[1] for row in database.rows("PRAGMA table_info(job)")}
        if version > len(migrations.STEPS):  # of a newer Neuroboard, which migrations say
            return False
        if version < 0 or not migrations.has_its_columns(columns, version):
            return True
        if version > 0 and not {"job", "worker"} <= tables:
            return True
        for row in database.rows("SELECT * FROM job") if "job" in tables else ():
            job_of(dict(row), file.parent)
    except (DamagedError, sqlite3.DatabaseError, *UNWRITTEN):
        return True
    return False


def _readable(file: Path) -> Iterator[Job]:
    """The jobs of a damaged list, as far as they can be read."""
    unreadable = (sqlite3.Error, UnicodeDecodeError)  # SQLite quotes damaged bytes in what it says
    with suppress(*unreadable), closing(sqlite3.connect(file, timeout=3)) as database:
        database.row_factory = sqlite3.Row
        for row in database.execute("SELECT * FROM job"):
            with suppress(*UNWRITTEN):
                job = job_of(dict(row), file.parent)
                if isinstance(job.id, str) and job.task in STEPS:
                    yield job


def _put_aside(file: Path) -> Path:
    aside = free_name(file, "damaged", file=True)
    for end in COMPANIONS:
        with suppress(FileNotFoundError):
            Path(f"{file}{end}").replace(f"{aside}{end}")
    return aside


def _in_words(file: Path, aside: Path | None, read: int, found: list[Job]) -> str:
    done = sum(job.state is State.DONE for job in found)
    what = f"was damaged and lies now in {aside}" if aside else "was not there"
    return (
        f"The list of jobs ({file}) {what}. {read} jobs could be read from it, and {len(found)} "
        f"were found by their folders, {done} of them with a result. What is lost are jobs that "
        "had not begun, and what was said of jobs that failed; no result was touched."
    )
