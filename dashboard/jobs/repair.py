"""A damaged list of jobs: put aside, and made anew from what can be read and from the folders."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

from dashboard.jobs import migrations, record
from dashboard.jobs.database import DamagedError, Database
from dashboard.jobs.membership import workspace_id
from dashboard.jobs.store import UNWRITTEN, Job, JobState, Store, job_of
from dashboard.workspaces import run_notes
from dashboard.workspaces.store import Workspaces
from dashboard.workspaces.workspace import Workspace, workspace_of
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
    known, pairs = ([], []) if lost else (list(_workspaces(file)), list(_members(file)))
    notes = [] if lost else list(_notes(file))
    aside = None if lost else _put_aside(file)
    store, workspaces = Store(file), Workspaces(file)
    workspaces.restore(known)
    store.add(sorted(read, key=lambda job: job.created))
    workspaces.join(pairs)
    ids = {job.id for job in read}
    found = [job for job in record.find(jobs, file.parent) if job.id not in ids]
    store.add(found)
    run_notes.RunNotes(file).restore([*notes, *run_notes.kept(jobs)])
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
        if not {name for name, since in migrations.TABLES.items() if version >= since} <= tables:
            return True
        for row in database.rows("SELECT * FROM job") if "job" in tables else ():
            job_of(dict(row), file.parent)
        for row in database.rows("SELECT * FROM workspace") if "workspace" in tables else ():
            workspace_of(dict(row), file.parent)
        for row in database.rows("SELECT * FROM run_note") if "run_note" in tables else ():
            run_notes.note_of(dict(row))
    except (DamagedError, sqlite3.DatabaseError, *UNWRITTEN):
        return True
    return False


def _readable(file: Path) -> Iterator[Job]:
    """The jobs of a damaged list, as far as they can be read."""
    for row in _rows(file, "job"):
        with suppress(*UNWRITTEN):
            job = job_of(dict(row), file.parent)
            if isinstance(job.id, str) and job.task in STEPS:
                yield job


def _workspaces(file: Path) -> Iterator[Workspace]:
    """Its workspaces."""
    for row in _rows(file, "workspace"):
        with suppress(*UNWRITTEN):
            one = workspace_of(dict(row), file.parent)
            if one.id == workspace_id(one.subject, one.root.key):
                yield one


def _members(file: Path) -> Iterator[tuple[str, str]]:
    """Which jobs belong to which of them."""
    for row in _rows(file, "workspace_job"):
        with suppress(*UNWRITTEN, IndexError):
            yield str(row["workspace"]), str(row["job"])


def _notes(file: Path) -> Iterator[run_notes.RunNote]:
    """What people wrote on runs."""
    for row in _rows(file, "run_note"):
        with suppress(*UNWRITTEN, IndexError):
            yield run_notes.note_of(dict(row))


def _rows(file: Path, table: str) -> Iterator[sqlite3.Row]:
    unreadable = (sqlite3.Error, UnicodeDecodeError)  # SQLite quotes damaged bytes in what it says
    with suppress(*unreadable), closing(sqlite3.connect(file, timeout=3)) as database:
        database.row_factory = sqlite3.Row
        yield from database.execute(f"SELECT * FROM {table}")


def _put_aside(file: Path) -> Path:
    aside = free_name(file, "damaged", file=True)
    for end in COMPANIONS:
        with suppress(FileNotFoundError):
            Path(f"{file}{end}").replace(f"{aside}{end}")
    return aside


def _in_words(file: Path, aside: Path | None, read: int, found: list[Job]) -> str:
    done = sum(job.state is JobState.DONE for job in found)
    what = f"was damaged and lies now in {aside}" if aside else "was not there"
    return (
        f"The list of jobs ({file}) {what}. {read} jobs could be read from it, and {len(found)} "
        f"were found by their folders, {done} of them with a result. What is lost are jobs that "
        "had not begun, and what was said of jobs that failed; no result was touched."
    )
