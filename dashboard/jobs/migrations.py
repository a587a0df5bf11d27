"""The tables of the store of jobs, and how an older file becomes a newer one.

A file carries the number of the last step that it went through (SQLite's `user_version`); a
step that was released is never changed again, a change is a new step at the end.
"""

import json
import sqlite3
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

from pipelines.core.errors import OutputError

FIRST = (
    """
    CREATE TABLE IF NOT EXISTS job (
        id TEXT PRIMARY KEY,
        task TEXT NOT NULL,
        parameters TEXT NOT NULL,
        inputs TEXT NOT NULL,
        quick INTEGER NOT NULL,
        state TEXT NOT NULL,
        fraction REAL NOT NULL DEFAULT 0,
        message TEXT NOT NULL DEFAULT '',
        error TEXT NOT NULL DEFAULT '',
        traceback TEXT NOT NULL DEFAULT '',
        cancel INTEGER NOT NULL DEFAULT 0,
        created REAL NOT NULL,
        started REAL,
        finished REAL
    )
    """,
    """
    CREATE TABLE IF NOT EXISTS worker (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        state TEXT NOT NULL,
        beat REAL NOT NULL
    )
    """,
)


@dataclass(frozen=True)
class Migration:
    """One change of the file, in words and in code."""

    what: str
    apply: Callable[[sqlite3.Connection, Path], None]


def _make_tables(database: sqlite3.Connection, _home: Path) -> None:
    for statement in FIRST:
        database.execute(statement)


def _add_author(database: sqlite3.Connection, _home: Path) -> None:
    database.execute("ALTER TABLE job ADD COLUMN author TEXT NOT NULL DEFAULT ''")


def _shorten_paths(database: sqlite3.Connection, home: Path) -> None:
    for row in database.execute("SELECT id, inputs FROM job").fetchall():
        inputs = json.loads(row["inputs"])
        for item in inputs:
            item["path"] = inside(home, item["path"])
        database.execute("UPDATE job SET inputs=? WHERE id=?", (json.dumps(inputs), row["id"]))


def _number(database: sqlite3.Connection, _home: Path) -> None:
    for column in ("place INTEGER NOT NULL DEFAULT 0", "clock REAL", "seconds REAL"):
        database.execute(f"ALTER TABLE job ADD COLUMN {column}")
    database.execute(
        "UPDATE job SET place = ordered.number FROM (SELECT id, row_number() OVER "
        "(ORDER BY created, id) AS number FROM job) AS ordered WHERE job.id = ordered.id"
    )


def _add_workspaces(database: sqlite3.Connection, _home: Path) -> None:
    """The tables alone: jobs that belong to none are taken in whenever the list is opened."""
    database.execute(
        "CREATE TABLE workspace (id TEXT PRIMARY KEY, subject TEXT NOT NULL, name TEXT NOT NULL, "
        "notes TEXT NOT NULL DEFAULT '', tags TEXT NOT NULL DEFAULT '[]', "
        "owner TEXT NOT NULL DEFAULT '', inputs TEXT NOT NULL, "
        "hidden INTEGER NOT NULL DEFAULT 0, created REAL NOT NULL, changed REAL NOT NULL, "
        "place INTEGER NOT NULL DEFAULT 0)"
    )
    database.execute(
        "CREATE TABLE workspace_job (workspace TEXT NOT NULL, job TEXT NOT NULL, "
        "PRIMARY KEY (workspace, job)) WITHOUT ROWID"
    )
    database.execute("CREATE INDEX workspace_of_job ON workspace_job (job)")


def _add_notes_of_runs(database: sqlite3.Connection, _home: Path) -> None:
    database.execute(
        "CREATE TABLE run_note (job TEXT PRIMARY KEY, text TEXT NOT NULL, "
        "author TEXT NOT NULL DEFAULT '', written REAL NOT NULL)"
    )


STEPS: Sequence[Migration] = (
    Migration("the tables of the first release", _make_tables),
    Migration("jobs know who started them", _add_author),
    Migration(
        "paths in the home folder are relative to it, so that it can be moved", _shorten_paths
    ),
    Migration("jobs have a number and a duration that no clock changes", _number),
    Migration("jobs belong to workspaces", _add_workspaces),
    Migration("people write notes on runs", _add_notes_of_runs),
)
TABLES: Mapping[str, int] = {
    "job": 1,
    "worker": 1,
    "workspace": 5,
    "workspace_job": 5,
    "run_note": 6,
}
"""The version from which on each table is there."""


ADDED: Mapping[str, int] = {"author": 2, "place": 4, "clock": 4, "seconds": 4}
"""Columns of jobs that a step added: the version from which on they are there."""


def has_its_columns(columns: Container[str], version: int) -> bool:
    """Whether a file has the columns of jobs that its version has, and none of a later one."""
    return all((name in columns) == (version >= since) for name, since in ADDED.items())


def migrate(database: sqlite3.Connection, file: Path) -> None:
    """Bring a file up to date; each step is done whole or not at all.

    Raises:
        OutputError: the file comes from a newer Neuroboard.
    """
    version = _version(database)
    if version > len(STEPS):
        raise OutputError(
            f"{file} was written by a newer Neuroboard (format {version}, this one knows "
            f"{len(STEPS)}): update Neuroboard, or choose another home folder with --home DIR."
        )
    while (version := _version(database)) < len(STEPS):
        _do_next(database, file, version)


def inside(home: Path, path: str) -> str:
    """A path relative to the home folder when it lies in it; `home / path` undoes it."""
    if PurePath(path).is_relative_to(home):
        return PurePath(path).relative_to(home).as_posix()
    return path


def _version(database: sqlite3.Connection) -> int:
    version: int = database.execute("PRAGMA user_version").fetchone()[0]
    return version


def _do_next(database: sqlite3.Connection, file: Path, version: int) -> None:
    """Do one step, unless another process was faster."""
    database.execute("BEGIN IMMEDIATE")
    try:
        if _version(database) == version:
            STEPS[version].apply(database, file.parent)
            database.execute(f"PRAGMA user_version={version + 1}")
        database.execute("COMMIT")
    except BaseException:
        database.execute("ROLLBACK")
        raise
