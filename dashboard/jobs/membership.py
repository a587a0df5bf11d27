"""Which workspaces a job belongs to: decided here, when it is submitted or found again.

A workspace is one recording, film or table with all jobs made of it. A job belongs to the
workspaces of the jobs that it builds on; one that builds on none belongs to that of its file, which
is made for the first. Whoever asks for a job from a workspace has it there too.

A workspace's id is a digest of its subject and of what its file is known by: two processes that
make the same make one, and after a lost list the same addresses lead to it again.
"""

import hashlib
import json
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import PurePath, PurePosixPath

from pipelines.core.errors import InputError
from pipelines.steps import STEPS

Item = Mapping[str, str]
"""An input of a job as it is stored: name, reference, label, path and key."""
NEXT_PLACE = "(SELECT coalesce(max(place), 0) + 1 FROM workspace)"
"""Workspaces are in the order in which something last happened to them, by no clock."""
_HAS_JOB = "id IN (SELECT workspace FROM workspace_job WHERE job=?)"
GONE = "That workspace is not here any more: go back to Home."


@dataclass(frozen=True)
class Newcomer:
    """A job that is about to belong somewhere.

    Attributes:
        job: its id.
        task: its step.
        inputs: as they are stored.
        author: who asked for it.
        created: when.
    """

    job: str
    task: str
    inputs: Sequence[Item]
    author: str
    created: float


def workspace_id(subject: str, key: str) -> str:
    """What a workspace is called in addresses.

    Args:
        subject: spikes, brainmap or synapses.
        key: what its recording, film or table is known by.
    """
    return hashlib.sha256(json.dumps([subject, key]).encode()).hexdigest()[:12]


def named_after(label: str) -> str:
    """A workspace's first name: that of its file, without the folders above it."""
    whole = label.partition(" (job ")[0]
    return PurePosixPath(whole).name or whole or "Untitled"


def join(database: sqlite3.Connection, new: Newcomer, asked_from: str = "") -> None:
    """Let a job belong to its workspaces, within the transaction of whoever asks.

    Args:
        database: of the list of jobs.
        new: the job.
        asked_from: a workspace in which it was asked for.

    Raises:
        InputError: there is no such workspace of this subject.
    """
    subject = new.task.split()[0]
    if asked_from and not _is_there(database, asked_from, subject):
        raise InputError(GONE)
    found = _built_on(database, new)
    if not found and (root := roots(new.task, new.inputs)):
        own = workspace_id(subject, root[0]["key"])
        if not asked_from:
            _make(database, own, subject, root, new)
        found = {own} if _is_there(database, own, subject) else set()
    for workspace in found | ({asked_from} if asked_from else set()):
        database.execute("INSERT OR IGNORE INTO workspace_job VALUES (?, ?)", (workspace, new.job))


def touch(database: sqlite3.Connection, job: str, now: float) -> None:
    """Something happened to a job: its workspaces come first, also those that were put away."""
    database.execute(
        f"UPDATE workspace SET changed=?, hidden=0, place={NEXT_PLACE} WHERE {_HAS_JOB}", (now, job)
    )


def adopt(database: sqlite3.Connection) -> None:
    """Let all jobs that belong nowhere belong somewhere: of older versions, or found again.

    The oldest come first, so that what they made can take in what was built on it.
    """
    database.execute("BEGIN IMMEDIATE")
    for row in orphans(database):
        with suppress(ValueError, TypeError, KeyError, AttributeError):  # a damaged row
            inputs = json.loads(row["inputs"])
            new = Newcomer(row["id"], row["task"], inputs, row["author"], row["created"])
            join(database, new)
            database.execute(
                f"UPDATE workspace SET changed=max(changed, ?), place={NEXT_PLACE} "
                f"WHERE {_HAS_JOB}",
                (new.created, new.job),
            )
    database.execute("COMMIT")


def orphans(database: sqlite3.Connection) -> list[sqlite3.Row]:
    """The rows of jobs that belong to no workspace and could, the oldest first."""
    rows = database.execute(
        "SELECT id, task, inputs, author, created FROM job "
        "WHERE id NOT IN (SELECT job FROM workspace_job) ORDER BY place, id"
    ).fetchall()
    return [row for row in rows if row["task"] in STEPS and row["inputs"] != "[]"]


def roots(task: str, inputs: Sequence[Item]) -> list[Item]:
    """The recording, film or tables that a job is about, the one first that names its workspace."""
    step = STEPS.get(task)
    main = [one for one in inputs if step and one["name"].partition(" ")[0] == step.main]
    return main or list(inputs[:1])


def _built_on(database: sqlite3.Connection, new: Newcomer) -> set[str]:
    """The workspaces of the jobs whose results are inputs that this one needs.

    What may be left out, such as a classifier of units, is a tool and not what a job is about.
    """
    step = STEPS.get(new.task)
    jobs = [
        _job_of(one)
        for one in new.inputs
        if step is None or one["name"].partition(" ")[0] in step.needed
    ]
    marks = ",".join("?" * len(jobs))
    rows = database.execute(f"SELECT workspace FROM workspace_job WHERE job IN ({marks})", jobs)
    return {row["workspace"] for row in rows}


def _job_of(item: Item) -> str:
    """The job whose result an input is, or nothing.

    Of a job that was found by what its result says, only the path tells.
    """
    kind, _, rest = item["reference"].partition(":")
    if kind == "job":
        return rest
    parts = PurePath(item["path"]).parts
    is_result = not item["reference"] and parts[-1:] == ("result",) and parts[-3:-2] == ("jobs",)
    return parts[-2] if is_result else ""


def _is_there(database: sqlite3.Connection, workspace: str, subject: str) -> bool:
    query = "SELECT 1 FROM workspace WHERE id=? AND subject=?"
    return database.execute(query, (workspace, subject)).fetchone() is not None


def _make(
    database: sqlite3.Connection, own: str, subject: str, root: Sequence[Item], new: Newcomer
) -> None:
    """Make a job's workspace, unless it is there."""
    database.execute(
        "INSERT OR IGNORE INTO workspace "
        "(id, subject, name, owner, inputs, created, changed, place) "
        f"VALUES (?, ?, ?, ?, ?, ?, ?, {NEXT_PLACE})",
        (
            own,
            subject,
            named_after(root[0]["label"]),
            new.author,
            json.dumps([dict(one) for one in root]),
            new.created,
            new.created,
        ),
    )
