"""The queue and history of jobs: one SQLite file in the home folder.

A job's id is a digest of what it computes from, so the same input and parameters
are the same job, and its stored result is there at once.
"""

import hashlib
import json
import sqlite3
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from pathlib import Path
from typing import Any

from dashboard.jobs import membership, migrations
from dashboard.jobs.database import PATIENCE_SECONDS, Database
from pipelines.core.errors import told


class JobState(StrEnum):
    """Where a job is in its life."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"

    @property
    def is_over(self) -> bool:
        """Whether nothing more will happen."""
        return self not in (JobState.QUEUED, JobState.RUNNING)


INTERRUPTED = (
    "The app or its worker was stopped while this job ran. "
    "Its input and parameters are kept: press Run again."
)


@dataclass(frozen=True)
class JobInput:
    """One input of a job.

    Attributes:
        name: what the task calls it.
        reference: where it comes from, such as `upload:...` or `data:...`.
        label: how a person calls it.
        path: where it lies; kept relative to the home folder for what lies in it.
        key: what its content is known by; part of the job's identity.
    """

    name: str
    reference: str
    label: str
    path: str
    key: str


def references_of(inputs: Sequence[JobInput]) -> dict[str, str]:
    """Inputs as forms and `submit` take them: of several (name, name 2...) all under one name."""
    found: dict[str, str] = {}
    for item in inputs:
        name = item.name.partition(" ")[0]
        found[name] = f"{found[name]} {item.reference}" if name in found else item.reference
    return found


@dataclass(frozen=True)
class Job:
    """One run of a pipeline."""

    id: str
    task: str
    parameters: dict[str, Any]
    inputs: tuple[JobInput, ...]
    quick: bool
    state: JobState
    fraction: float
    message: str
    error: str
    traceback: str
    cancel: bool
    created: float
    started: float | None
    finished: float | None
    author: str
    seconds: float | None = None
    """How long it ran, by a clock that nobody sets; none for jobs of older versions."""

    @property
    def took(self) -> float | None:
        """Seconds that it ran, if that is known."""
        if self.seconds is not None or self.finished is None or self.started is None:
            return self.seconds
        return max(0.0, self.finished - self.started)


COLUMNS = tuple(field.name for field in fields(Job))
UNWRITTEN = (ValueError, TypeError, KeyError, AttributeError)
"""What a row raises that was never written so."""
NEXT_PLACE = "(SELECT coalesce(max(place), 0) + 1 FROM job)"
"""Jobs are in order of a number: by their times they would not be once a clock is set back."""


@dataclass(frozen=True)
class WorkerBeat:
    """What the worker last said of itself."""

    state: str
    age: float


class Store:
    """Reads and writes jobs. Safe to use from several processes and threads.

    Every method raises a `StoreError` when the file is locked, damaged or cannot be reached, and
    a `NoRoomError` when the disk is full; nothing has changed then.
    """

    def __init__(self, file: Path, patience: float = PATIENCE_SECONDS) -> None:
        self.file = file
        self._database = Database(file, patience)
        with self._database.writing() as database:
            database.execute("PRAGMA journal_mode=WAL")
        with self._database.writing(by_hand=True) as database:
            migrations.migrate(database, file)
        self._adopt()
        self._database.hold()

    def submit(
        self,
        task: str,
        parameters: Mapping[str, Any],
        inputs: Sequence[JobInput],
        *,
        version: str,
        quick: bool = False,
        author: str = "",
        workspace: str = "",
    ) -> str:
        """Queue a job, or find the one that is the same, and return its id.

        A finished or waiting job is left alone; one that failed or was stopped starts anew.
        Its workspaces are what `membership` says.

        Args:
            task: name of the pipeline's task.
            parameters: checked, as JSON has them.
            inputs: what it reads.
            version: of the code that will run it.
            quick: whether it may pass waiting heavy jobs.
            author: who wants it; the first to ask stays its author.
            workspace: in which it is asked for, if in one.

        Raises:
            InputError: there is no such workspace.
        """
        job_id = _identity(task, parameters, inputs, version)
        items, now = [self._portable(item) for item in inputs], time.time()
        texts = json.dumps(dict(parameters)), json.dumps(items)
        with self._database.writing() as database:
            database.execute(
                "INSERT OR IGNORE INTO job "
                "(id, task, parameters, inputs, quick, state, created, author, place) "
                f"VALUES (?, ?, ?, ?, ?, 'queued', ?, ?, {NEXT_PLACE})",
                (job_id, task, *texts, quick, now, author),
            )
            new = membership.Newcomer(job_id, task, items, author, now)
            membership.join(database, new, workspace)
            membership.touch(database, job_id, now)
        self._queue_again(job_id)
        return job_id

    def restart(self, job_id: str) -> None:
        """Queue a job that failed, was cancelled or interrupted once more."""
        self._queue_again(job_id)
        with self._database.writing() as database:
            membership.touch(database, job_id, time.time())

    def _queue_again(self, job_id: str) -> None:
        with self._database.writing() as database:
            database.execute(
                "UPDATE job SET state='queued', fraction=0, message='', error='', traceback='', "
                "cancel=0, created=?, started=NULL, finished=NULL, seconds=NULL, "
                f"place={NEXT_PLACE} "
                "WHERE id=? AND state IN ('failed', 'cancelled', 'interrupted')",
                (time.time(), job_id),
            )

    def get(self, job_id: str) -> Job | None:
        """The job of that id, if there is one."""
        rows = self._database.rows("SELECT * FROM job WHERE id=?", (job_id,))
        return self._job(rows[0]) if rows else None

    def latest(self, tasks: Sequence[str] = (), *, limit: int = 200) -> list[Job]:
        """The newest jobs, of the given tasks or of all."""
        marks = ",".join("?" * len(tasks))
        where = f"WHERE task IN ({marks})" if tasks else ""
        query = f"SELECT * FROM job {where} ORDER BY place DESC, id LIMIT ?"
        rows = self._database.rows(query, (*tasks, limit))
        return [self._job(row) for row in rows]

    def of_workspace(self, workspace: str, *tasks: str, limit: int = -1) -> list[Job]:
        """The jobs of a workspace, of the given tasks or of all, the newest first."""
        marks = ",".join("?" * len(tasks))
        chosen = f"AND task IN ({marks})" if tasks else ""
        rows = self._database.rows(
            "SELECT job.* FROM job JOIN workspace_job ON workspace_job.job = job.id "
            f"WHERE workspace_job.workspace=? {chosen} ORDER BY place DESC, id LIMIT ?",
            (workspace, *tasks, limit),
        )
        return [self._job(row) for row in rows]

    def by_workspace(self, workspaces: Sequence[str]) -> dict[str, list[Job]]:
        """The jobs of several workspaces, by each, the newest first."""
        marks = ",".join("?" * len(workspaces))
        rows = self._database.rows(
            "SELECT job.*, workspace FROM job JOIN workspace_job ON workspace_job.job = job.id "
            f"WHERE workspace IN ({marks}) ORDER BY place DESC, id",
            tuple(workspaces),
        )
        found: dict[str, list[Job]] = {one: [] for one in workspaces}
        for row in rows:
            found[row["workspace"]].append(self._job(row))
        return found

    def active(self) -> list[Job]:
        """Jobs that run or wait, the running ones first."""
        rows = self._database.rows(
            "SELECT * FROM job WHERE state IN ('running', 'queued') "
            "ORDER BY state='queued', quick DESC, place"
        )
        return [self._job(row) for row in rows]

    def position(self, job_id: str) -> int:
        """How many jobs are before this one in the queue."""
        waiting = [job.id for job in self.active() if job.state is JobState.QUEUED]
        return waiting.index(job_id) if job_id in waiting else 0

    def claim(self, *, quick_only: bool) -> Job | None:
        """Take the next waiting job and mark it running."""
        where = "AND quick" if quick_only else ""
        with self._database.writing() as database:
            row = database.execute(
                "UPDATE job SET state='running', started=?, clock=? WHERE id = ("
                f"SELECT id FROM job WHERE state='queued' {where} "
                "ORDER BY quick DESC, place LIMIT 1) RETURNING *",
                (time.time(), time.monotonic()),
            ).fetchone()
        return self._job(row) if row else None

    def report(self, job_id: str, fraction: float, message: str) -> None:
        """Record how far a running job is."""
        with self._database.writing() as database:
            database.execute(
                "UPDATE job SET fraction=?, message=? WHERE id=? AND state='running'",
                (fraction, message, job_id),
            )

    def finish(self, job_id: str, state: JobState, error: str = "", traceback: str = "") -> None:
        """Record how a running job ended."""
        with self._database.writing() as database:
            database.execute(
                "UPDATE job SET state=?, error=?, traceback=?, finished=?, seconds=?-clock, "
                "fraction=CASE WHEN ?='done' THEN 1 ELSE fraction END "
                "WHERE id=? AND state='running'",
                (state, error, traceback, time.time(), time.monotonic(), state, job_id),
            )

    def hand_back(self, job_id: str) -> None:
        """Let a job that was claimed and that nobody began wait again, in its old place.

        If it was to be cancelled meanwhile, it is.
        """
        with self._database.writing() as database:
            database.execute(
                "UPDATE job SET state=CASE WHEN cancel THEN 'cancelled' ELSE 'queued' END, "
                "finished=CASE WHEN cancel THEN ? END, started=NULL, clock=NULL "
                "WHERE id=? AND state='running'",
                (time.time(), job_id),
            )

    def cancel(self, job_id: str) -> None:
        """Drop a waiting job at once; ask the worker to stop a running one."""
        with self._database.writing() as database:
            database.execute(
                "UPDATE job SET state='cancelled', finished=? WHERE id=? AND state='queued'",
                (time.time(), job_id),
            )
            database.execute(
                "UPDATE job SET cancel=1 WHERE id=? AND state='running'",
                (job_id,),
            )

    def delete(self, job_id: str) -> None:
        """Forget a job that is over."""
        with self._database.writing() as database:
            gone = database.execute(
                "DELETE FROM job WHERE id=? AND state NOT IN ('queued', 'running')",
                (job_id,),
            )
            if gone.rowcount:
                database.execute("DELETE FROM workspace_job WHERE job=?", (job_id,))
                database.execute("DELETE FROM run_note WHERE job=?", (job_id,))

    def running(self) -> list[str]:
        """Ids of jobs that somebody works on, or worked on when everything ended."""
        rows = self._database.rows("SELECT id FROM job WHERE state='running'")
        return [row["id"] for row in rows]

    def to_cancel(self) -> list[str]:
        """Ids of running jobs that somebody wants stopped."""
        rows = self._database.rows("SELECT id FROM job WHERE state='running' AND cancel")
        return [row["id"] for row in rows]

    def recover(self) -> list[str]:
        """Mark jobs that nobody works on any more as interrupted, and return their ids."""
        with self._database.writing() as database:
            rows = database.execute(
                "UPDATE job SET state='interrupted', error=?, finished=? "
                "WHERE state='running' RETURNING id",
                (INTERRUPTED, time.time()),
            ).fetchall()
        return [row["id"] for row in rows]

    def beat(self, state: str) -> None:
        """Record that the worker is alive."""
        with self._database.writing() as database:
            database.execute(
                "INSERT INTO worker (id, state, beat) VALUES (1, ?, ?) "
                "ON CONFLICT (id) DO UPDATE SET state=excluded.state, beat=excluded.beat",
                (state, time.monotonic()),
            )

    def worker(self) -> WorkerBeat | None:
        """What the worker last said, or nothing if it never spoke."""
        rows = self._database.rows("SELECT state, beat FROM worker")
        return WorkerBeat(rows[0]["state"], _age(rows[0]["beat"])) if rows else None

    def add(self, jobs: Sequence[Job]) -> None:
        """Add jobs as they are, such as those that were found again; known ones stay."""
        with self._database.writing() as database:
            for job in jobs:
                row = row_of(job, self.file.parent)
                names = ", ".join(row)
                database.execute(
                    f"INSERT OR IGNORE INTO job ({names}, place) "
                    f"VALUES ({', '.join(':' + name for name in row)}, {NEXT_PLACE})",
                    row,
                )
        self._adopt()

    def _adopt(self) -> None:
        """Let jobs that belong to no workspace, as those of older versions, belong to one."""
        with self._database.writing(by_hand=True) as database:
            if membership.orphans(database):
                membership.adopt(database)

    def _job(self, row: sqlite3.Row) -> Job:
        try:
            return job_of(dict(row), self.file.parent)
        except UNWRITTEN as error:
            raise self._database.damaged() from error

    def _portable(self, item: JobInput) -> dict[str, str]:
        return {**asdict(item), "path": migrations.inside(self.file.parent, item.path)}


def _identity(
    task: str, parameters: Mapping[str, Any], inputs: Sequence[JobInput], version: str
) -> str:
    """What a job is called: a digest of all that it computes from."""
    identity = [task, dict(parameters), [[item.name, item.key] for item in inputs], version]
    text = json.dumps(identity, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def is_of(job: Job, version: str) -> bool:
    """Whether a job is of that version of the code: its result would be the same again."""
    return _identity(job.task, job.parameters, job.inputs, version) == job.id


def job_of(row: Mapping[str, Any], home: Path) -> Job:
    """The job of a row; the home folder may have been moved since it was written.

    Raises:
        ValueError, TypeError, KeyError: it is not what was written.
    """
    values = {name: row[name] for name in COLUMNS if name in row}
    values["parameters"] = dict(json.loads(row["parameters"]))
    inputs = json.loads(row["inputs"])
    # An absolute path stays what it is.
    values["inputs"] = tuple(
        JobInput(**{**item, "path": str(home / item["path"])}) for item in inputs
    )
    values |= {name: told(row[name]) for name in ("message", "error") if row.get(name)}
    values["state"] = JobState(row["state"])
    values["quick"] = bool(row["quick"])
    values["cancel"] = bool(row["cancel"])
    return Job(**{"author": "", **values})


def row_of(job: Job, home: Path) -> dict[str, Any]:
    """A job as `job_of` reads it."""
    inputs = [{**asdict(one), "path": migrations.inside(home, one.path)} for one in job.inputs]
    values = {**asdict(job), "state": str(job.state)}
    return {**values, "parameters": json.dumps(job.parameters), "inputs": json.dumps(inputs)}


def _age(beat: float) -> float:
    """Seconds since a beat, by a clock that nobody sets; what lies before it began is long ago."""
    age = time.monotonic() - beat
    return age if age >= 0 else float("inf")
