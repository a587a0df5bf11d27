"""Workspaces in the list of jobs, and what people wrote on them a second time beside it.

A lost list finds a workspace again by the jobs in it. What no job tells, its name, notes and tags,
and a workspace without a job, stand also in `workspaces/ID.json` of the home folder.
"""

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from dashboard.jobs.database import PATIENCE_SECONDS, Database
from dashboard.jobs.membership import GONE, NEXT_PLACE, named_after, workspace_id
from dashboard.jobs.store import UNWRITTEN, JobInput
from dashboard.workspaces.workspace import Workspace, row_of, workspace_of
from pipelines.core.errors import InputError
from pipelines.core.outputs import atomic_file
from pipelines.core.result_files import read_object_if_sound

FOLDER = "workspaces"


class Workspaces:
    """Reads and writes workspaces. Safe to use from several processes and threads.

    Every method raises a `StoreError` when the list of jobs is locked, damaged or cannot be
    reached, and a `NoRoomError` when the disk is full; nothing has changed then.
    """

    def __init__(self, file: Path, patience: float = PATIENCE_SECONDS) -> None:
        self.home = file.parent
        self._database = Database(file, patience)

    def get(self, workspace: str) -> Workspace | None:
        """The workspace of that id, if there is one."""
        found = self._read("WHERE id=?", (workspace,))
        return found[0] if found else None

    def of(self, job: str) -> list[Workspace]:
        """The workspaces that a job belongs to, the oldest first."""
        chosen = (
            "WHERE id IN (SELECT workspace FROM workspace_job WHERE job=?) ORDER BY created, id"
        )
        return self._read(chosen, (job,))

    def all(self) -> list[Workspace]:
        """All workspaces, also hidden ones; first that to which something happened last."""
        return self._read("ORDER BY place DESC, id")

    def stamp(self) -> str:
        """What tells one look at all workspaces and their jobs from another, for little."""
        (kept,) = self._database.rows("SELECT max(place), count(*), sum(hidden) FROM workspace")
        (jobs,) = self._database.rows("SELECT max(place), count(*), sum(finished) FROM job")
        active = self._database.rows(
            "SELECT id, state, fraction FROM job WHERE state IN ('running', 'queued') ORDER BY id"
        )
        return json.dumps([tuple(row) for row in (kept, jobs, *active)])

    def create(self, subject: str, name: str, inputs: Sequence[JobInput], owner: str) -> Workspace:
        """Make the workspace of a file, or find it; one that was hidden is shown again.

        Args:
            subject: spikes, brainmap or synapses.
            name: as people shall call it; empty for that of its file. One that is there keeps its.
            inputs: what it is about, the recording, film or table first.
            owner: who makes it.
        """
        now, own = time.time(), workspace_id(subject, inputs[0].key)
        called = name or named_after(inputs[0].label)
        self._add([Workspace(own, subject, called, "", (), owner, now, now, tuple(inputs))])
        found = self.get(own)
        if found is None:  # deleted in this very moment
            raise InputError(GONE)
        chosen = {one.name: one for one in (*found.inputs, *inputs)}
        if not found.hidden and found.inputs == tuple(chosen.values()):
            return found
        return self.change(own, hidden=False, inputs=tuple(chosen.values()))

    def change(self, workspace: str, **values: Any) -> Workspace:
        """Change attributes of a workspace, and return it as it is then.

        Args:
            workspace: its id.
            values: clean texts, tags, inputs, or whether it is hidden.

        Raises:
            InputError: it is not here any more.
        """
        with self._database.writing(by_hand=True) as database:
            database.execute("BEGIN IMMEDIATE")  # what stands there is read, changed and written
            row = database.execute("SELECT * FROM workspace WHERE id=?", (workspace,)).fetchone()
            if row is None:
                raise InputError(GONE)
            new = replace(self._workspace(dict(row)), changed=time.time(), **values)
            written = row_of(new, self.home)
            sets = ", ".join(f"{name}=:{name}" for name in written)
            database.execute(
                f"UPDATE workspace SET {sets}, place={NEXT_PLACE} WHERE id=:id", written
            )
            self._keep(new)
        return new

    def delete(self, workspace: str) -> None:
        """Forget a workspace; jobs that belong to no other are for the caller to delete first."""
        with self._database.writing() as database:
            database.execute("DELETE FROM workspace_job WHERE workspace=?", (workspace,))
            if database.execute("DELETE FROM workspace WHERE id=?", (workspace,)).rowcount:
                self._file(workspace).unlink(missing_ok=True)

    def restore(self, known: Sequence[Workspace]) -> None:
        """Fill a new list with what could be read of a damaged one, and what stands beside it."""
        found = {one.id: one for one in (*self._kept(), *known)}
        self._add(sorted(found.values(), key=lambda one: (one.changed, one.id)))

    def join(self, pairs: Sequence[tuple[str, str]]) -> None:
        """Add jobs to workspaces where both are there, such as those of a damaged list."""
        with self._database.writing() as database:
            database.executemany(
                "INSERT OR IGNORE INTO workspace_job SELECT workspace.id, job.id FROM workspace, "
                "job WHERE workspace.id=? AND job.id=?",
                pairs,
            )

    def _read(self, chosen: str, values: tuple[object, ...] = ()) -> list[Workspace]:
        rows = self._database.rows(f"SELECT * FROM workspace {chosen}", values)
        return [self._workspace(dict(row)) for row in rows]

    def _workspace(self, row: Mapping[str, Any]) -> Workspace:
        try:
            return workspace_of(row, self.home)
        except UNWRITTEN as error:
            raise self._database.damaged() from error

    def _add(self, several: Sequence[Workspace]) -> None:
        """Add workspaces as they are; known ones stay."""
        with self._database.writing() as database:
            for one in several:
                row = row_of(one, self.home)
                names, marks = ", ".join(row), ", ".join(f":{name}" for name in row)
                added = database.execute(
                    f"INSERT OR IGNORE INTO workspace ({names}, place) "
                    f"VALUES ({marks}, {NEXT_PLACE})",
                    row,
                )
                if added.rowcount:
                    self._keep(one)

    def _keep(self, workspace: Workspace) -> None:
        """Write it beside the list, before the change of the list is final.

        Raises:
            OutputError: it cannot be written.
        """
        text = json.dumps(row_of(workspace, self.home), indent=2) + "\n"
        with atomic_file(self._file(workspace.id), overwrite=True) as file:
            file.write_text(text, encoding="utf-8")

    def _kept(self) -> Iterator[Workspace]:
        """What stands beside the list; damaged files are passed over."""
        for file in (self.home / FOLDER).glob("*.json"):
            with suppress(*UNWRITTEN):
                one = workspace_of(read_object_if_sound(file), self.home)
                if one.id == file.stem == workspace_id(one.subject, one.root.key):
                    yield one

    def _file(self, workspace: str) -> Path:
        return self.home / FOLDER / f"{workspace}.json"
