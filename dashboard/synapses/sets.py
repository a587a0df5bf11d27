"""Named sets of synapses that a person chose, kept with the job."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from filelock import FileLock

from dashboard.kit import results
from dashboard.server import people
from dashboard.server.people import Role
from pipelines.core.errors import InputError
from pipelines.core.outputs import atomic_file

FILE = "sets.json"
LOCK_SECONDS = 10
LONGEST_NAME = 60
MOST_SETS = 100

Sets = Mapping[str, list[int]]
"""Row numbers of `clusters.csv`, from 0, by name."""


def load(job_id: str) -> Sets:
    """The sets of a job, in the order in which they were made."""
    file = _file(job_id)
    if not file.exists():
        return {}
    sets: dict[str, list[int]] = json.loads(file.read_text(encoding="utf-8"))
    return sets


def save(job_id: str, name: str, rows: Sequence[int]) -> Sets:
    """Keep a set; one of the same name is replaced.

    Raises:
        InputError: there is no name, nothing is chosen, or there are too many sets.
    """
    name = " ".join(name.split())
    if not name or len(name) > LONGEST_NAME:
        raise InputError(f"Give the set a name of at most {LONGEST_NAME} characters.")
    if not rows:
        raise InputError("Choose synapses first: with the lasso, or in the histogram.")
    with _locked(job_id):
        sets = {**load(job_id), name: sorted(int(row) for row in rows)}
        if len(sets) > MOST_SETS:
            raise InputError(f"There are {MOST_SETS} sets already: remove one first.")
        _write(job_id, sets)
    return sets


def remove(job_id: str, name: str) -> Sets:
    """Forget a set."""
    with _locked(job_id):
        sets = {other: rows for other, rows in load(job_id).items() if other != name}
        _write(job_id, sets)
    return sets


def _file(job_id: str) -> Path:
    return results.folder(job_id).parent / FILE


def _locked(job_id: str) -> FileLock:
    """Hold others, such as a second tab, off while the sets are changed."""
    people.require(Role.WORK)
    return FileLock(_file(job_id).with_suffix(".lock"), timeout=LOCK_SECONDS)


def _write(job_id: str, sets: Sets) -> None:
    """Whole or not at all: a reader never sees half a file."""
    with atomic_file(_file(job_id), overwrite=True) as file:
        file.write_text(json.dumps(sets), encoding="utf-8")
