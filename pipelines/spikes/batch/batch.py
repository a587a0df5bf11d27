"""Many recordings, one after the other: a table of states, and a way to go on where it stopped."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pipelines import tasks
from pipelines.core.csv import fused, write_rows
from pipelines.core.errors import Cancelled, InputError, NeuroboardError, OutputError
from pipelines.core.outputs import atomic_file
from pipelines.core.progress import Report, part
from pipelines.core.provenance import digest
from pipelines.files.reading import reading
from pipelines.spikes.batch.folders import ResultPlace, Way, places
from pipelines.spikes.parameters import SpikesParameters
from pipelines.spikes.units.folder import SortingFolder

TABLE = "batch.csv"
COLUMNS = ("recording", "folder", "state", "n_units", "reason")
State = Literal["waiting", "running", "done", "failed"]


@dataclass(frozen=True)
class BatchEntry:
    """One recording of a batch.

    Attributes:
        recording: as given.
        folder: of its result, below the batch's folder.
        state: where it is.
        n_units: that were found, none before.
        reason: why it failed, or that it was done before.
    """

    recording: Path
    folder: Path
    state: State
    n_units: int | None = None
    reason: str = ""


def sort_many(
    recordings: Sequence[Path],
    parameters: SpikesParameters,
    out: Path,
    report: Report,
    files: Mapping[str, Path] | None = None,
    *,
    overwrite: bool = False,
) -> list[BatchEntry]:
    """Sort recordings, each into a folder of its own below `out`.

    `batch.csv` there says what became of each, and is written anew after every one; rows of
    other recordings stay. A recording that fails does not stop the others. Called again, those
    that are done with the same parameters and files are left as they are, so a batch that was
    broken off goes on where it was. A finished sorting is never replaced by another one: what is
    sorted in another way, or is another recording of the same name, gets a folder of its own.

    Args:
        recordings: files or folders.
        parameters: of all of them.
        out: may exist.
        report: told what happens.
        files: further inputs of all of them: `probe`, `sort_file`.
        overwrite: whether what was sorted before is sorted again and replaced; a sorting with a
            curation is kept beside the new one.

    Returns:
        What became of each.

    Raises:
        ParameterError: a recording is given twice.
        InputError: one of the files is not there.
        OutputError: there is a `batch.csv` that is something else.
        Cancelled: `report` said so; what is done stays.
    """
    way = Way(parameters, dict(files or {}), _digests(files or {}))
    out.mkdir(parents=True, exist_ok=True)
    report(0.0, "Looking for what was sorted before")
    found = places(recordings, way, out, overwrite=overwrite)
    entries = [_entry(path, place) for path, place in zip(recordings, found, strict=True)]
    _sort_waiting(entries, Table.beside(entries, out), way, report, overwrite)
    return entries


def _sort_waiting(
    entries: list[BatchEntry], table: "Table", way: Way, report: Report, overwrite: bool
) -> None:
    """Sort what is not done, in place, and write the table before and after each."""
    for number, entry in enumerate(entries):
        if entry.state == "done":
            continue
        entries[number] = _changed(entry, "running")
        table.write(entries)
        share = part(report, number / len(entries), (number + 1) / len(entries))
        entries[number] = _sorted(entry, way, share, overwrite)
        table.write(entries)
    table.write(entries)


def _entry(recording: Path, place: ResultPlace) -> BatchEntry:
    if place.done:
        return BatchEntry(recording, place.folder, "done", _units(place.folder), place.done)
    return BatchEntry(recording, place.folder, "waiting")


def _digests(files: Mapping[str, Path]) -> dict[str, str]:
    missing = [path for path in files.values() if not path.is_file()]
    if missing:
        raise InputError(f"There is no file {missing[0]}: check the path.")
    return {name: digest(path) for name, path in files.items()}


def _sorted(entry: BatchEntry, way: Way, report: Report, overwrite: bool) -> BatchEntry:
    try:
        done = tasks.run(
            "spikes sort", {"recording": entry.recording, **way.files}, way.parameters,
            entry.folder, overwrite=overwrite, report=report,
        )  # fmt: skip
    except Cancelled:
        raise
    except NeuroboardError as error:
        return _changed(entry, "failed", None, error.sentence)
    failed = done.results["groups_failed"]
    groups = "1 group" if failed == 1 else f"{failed} groups"
    words = [f"{groups} of channels failed; see groups.csv."] if failed else []
    reason = " ".join([*done.results.get("notes", ()), *words])
    return _changed(entry, "done", int(done.results["n_units"]), reason)


def _changed(
    entry: BatchEntry, state: State, n_units: int | None = None, reason: str = ""
) -> BatchEntry:
    return BatchEntry(entry.recording, entry.folder, state, n_units, reason)


def _units(folder: Path) -> int:
    with reading(folder, InputError, "sort the recording again", "folder of a sorting"):
        return int(SortingFolder(folder).results["n_units"])


@dataclass(frozen=True)
class Table:
    """`batch.csv`: `recording, folder, state, n_units, reason`.

    Attributes:
        file: where it lies.
        others: rows of recordings that were sorted in earlier calls only.
    """

    file: Path
    others: tuple[Mapping[str, str], ...]

    @classmethod
    def beside(cls, entries: Sequence[BatchEntry], out: Path) -> "Table":
        """The table of a folder, with the rows that are not about these entries.

        Raises:
            OutputError: there is another file of that name.
        """
        file = out / TABLE
        recordings = {str(entry.recording) for entry in entries}
        folders = {entry.folder.name for entry in entries}
        others = [
            row
            for row in _rows(file)
            if row["folder"] not in folders
            and (
                (out / row["folder"]).is_dir()
                if row["state"] == "done"
                else row["recording"] not in recordings
            )
        ]
        # Nobody works on these any more: their call was broken off.
        return cls(file, tuple({**row, "state": _over(row["state"])} for row in others))

    def write(self, entries: Sequence[BatchEntry]) -> None:
        """Write the table anew with these rows last."""
        with atomic_file(self.file, overwrite=True) as file:
            rows = [*self.others, *map(_row, entries)]
            write_rows(list(COLUMNS), ([row[name] for name in COLUMNS] for row in rows), file)


def _row(entry: BatchEntry) -> Mapping[str, str]:
    return {
        "recording": str(entry.recording),
        "folder": entry.folder.name,
        "state": entry.state,
        "n_units": "" if entry.n_units is None else str(entry.n_units),
        "reason": entry.reason,
    }


def _rows(file: Path) -> list[dict[str, str]]:
    """The rows of an earlier call."""
    if not file.exists():
        return []
    try:
        with reading(file, InputError), file.open(encoding="utf-8", newline="") as stream:
            rows = list(csv.DictReader(stream, strict=True))
            return [{name: fused(row[name]) for name in COLUMNS} for row in rows]
    except InputError as error:
        raise OutputError(
            f"{file} is no table of a batch and is not replaced: move it, or choose another folder."
        ) from error


def _over(state: str) -> str:
    return "waiting" if state == "running" else state
