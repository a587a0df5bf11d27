"""Notes that people write on runs: in the list of jobs, and a second time in the run's folder.

Who may work may write; a note has one author, who wrote it last.
"""

import json
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from dashboard.jobs.database import Database
from dashboard.jobs.store import UNWRITTEN
from dashboard.server import people
from dashboard.server.people import Role
from dashboard.server.services import services
from dashboard.workspaces.workspace import clean_notes
from pipelines.core.errors import InputError, ParameterError
from pipelines.core.outputs import atomic_file
from pipelines.core.result_files import read_object_if_sound

LONGEST = 4_000
FILE = "note.json"
GONE = "That run is not here any more: its note was not kept."


@dataclass(frozen=True)
class RunNote:
    """What was written on a run.

    Attributes:
        job: the run.
        text: lines of text.
        author: who wrote it last; empty where nobody signs in.
        written: when, in seconds since 1970.
    """

    job: str
    text: str
    author: str
    written: float


def of(jobs: Sequence[str]) -> dict[str, RunNote]:
    """The notes of runs, by the run; those without one are left out."""
    return RunNotes(services().store.file).of(jobs)


def write(job: str, text: str) -> RunNote | None:
    """Write a note, or take it away with an empty one.

    Raises:
        InputError: the run is not here any more.
        NotAllowedError: the person may only look.
        ParameterError: it is too long.
    """
    person = people.require(Role.WORK)
    clean = clean_notes(text)
    if len(clean) > LONGEST:
        raise ParameterError(
            f"A note of {len(clean):,} characters is too long: shorten it to {LONGEST:,}."
        )
    found = services()
    note = RunNote(job, clean, person.name, time.time())
    RunNotes(found.store.file).write(note, found.settings.jobs)
    return note if clean else None


class RunNotes:
    """Reads and writes notes. Errors as of `Workspaces`."""

    def __init__(self, file: Path) -> None:
        self._database = Database(file)

    def of(self, jobs: Sequence[str]) -> dict[str, RunNote]:
        """The notes of runs, by the run."""
        marks = ",".join("?" * len(jobs))
        rows = self._database.rows(f"SELECT * FROM run_note WHERE job IN ({marks})", tuple(jobs))
        return {row["job"]: RunNote(**dict(row)) for row in rows}

    def write(self, note: RunNote, jobs: Path) -> None:
        """Keep a note in the list and in the folder of its run; none of an empty text.

        Raises:
            InputError: there is no such run.
        """
        with self._database.writing(by_hand=True) as database:
            database.execute("BEGIN IMMEDIATE")
            if database.execute("SELECT 1 FROM job WHERE id=?", (note.job,)).fetchone() is None:
                raise InputError(GONE)
            database.execute("DELETE FROM run_note WHERE job=?", (note.job,))
            if note.text:
                database.execute(INSERT, asdict(note))
            _keep(note, jobs / note.job)

    def restore(self, notes: Iterable[RunNote]) -> None:
        """Fill a new list with notes whose runs are there; those that it has stay."""
        with self._database.writing() as database:
            for note in notes:
                database.execute(
                    "INSERT OR IGNORE INTO run_note SELECT :job, :text, :author, :written "
                    "FROM job WHERE id=:job",
                    asdict(note),
                )


INSERT = "INSERT INTO run_note VALUES (:job, :text, :author, :written)"


def kept(jobs: Path) -> Iterator[RunNote]:
    """The notes in the folders of runs; damaged files are passed over."""
    for file in jobs.glob(f"*/{FILE}"):
        with suppress(*UNWRITTEN):
            if (note := note_of(read_object_if_sound(file))).job == file.parent.name:
                yield note


def note_of(row: dict[str, object]) -> RunNote:
    """The note of a row.

    Raises:
        ValueError, TypeError, KeyError: it is not what was written.
    """
    texts = {name: row[name] for name in ("job", "text", "author")}
    if not all(isinstance(one, str) for one in texts.values()):
        raise TypeError("a note's texts are texts")
    return RunNote(
        str(texts["job"]),
        clean_notes(str(texts["text"]))[:LONGEST],
        str(texts["author"]),
        float(str(row["written"])),
    )


def _keep(note: RunNote, folder: Path) -> None:
    """Write it beside the result, before the change of the list is final."""
    file = folder / FILE
    if not note.text:
        file.unlink(missing_ok=True)
    elif folder.is_dir():  # of a run that never began there is none
        with atomic_file(file, overwrite=True) as new:
            new.write_text(json.dumps(asdict(note), indent=2) + "\n", encoding="utf-8")
