"""Many recordings, one after the other: a table of states, and a way to go on where it stopped."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from pipelines import tasks
from pipelines.errors import Cancelled, InputError, NeuroboardError, ParameterError
from pipelines.outputs import atomic_file
from pipelines.progress import Report, part
from pipelines.provenance import digest
from pipelines.spikes.parameters import SpikesParameters

TABLE = "batch.csv"
State = Literal["waiting", "running", "done", "failed"]


@dataclass(frozen=True)
class Entry:
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
) -> list[Entry]:
    """Sort recordings, each into a folder of its own below `out`.

    `batch.csv` there says what became of each, and is written anew after every one. A recording
    that fails does not stop the others. Called again, those that are done with the same
    parameters and files are left as they are, so a batch that was broken off goes on where it was.

    Args:
        recordings: files or folders; no two may have the same name and parent's name.
        parameters: of all of them.
        out: may exist.
        report: told what happens.
        files: further inputs of all of them: `probe`, `sort_file`.

    Returns:
        What became of each.

    Raises:
        ParameterError: a recording is given twice.
        InputError: one of the files is not there.
        Cancelled: `report` said so; what is done stays.
    """
    entries = [
        Entry(path, out / name, "waiting")
        for path, name in zip(recordings, _names(recordings), strict=True)
    ]
    same = _Same(parameters, dict(files or {}), _digests(files or {}))
    out.mkdir(parents=True, exist_ok=True)
    for number, entry in enumerate(entries):
        if _is_done(entry, same):
            units = _results(entry.folder)["n_units"]
            entries[number] = _changed(entry, "done", units, "Done before.")
            continue
        entries[number] = _changed(entry, "running")
        write_table(entries, out)
        share = part(report, number / len(entries), (number + 1) / len(entries))
        entries[number] = _sorted(entry, same, share)
        write_table(entries, out)
    write_table(entries, out)
    return entries


@dataclass(frozen=True)
class _Same:
    """What all recordings of a batch are sorted with; files with their sha256 by name."""

    parameters: SpikesParameters
    files: Mapping[str, Path]
    digests: Mapping[str, str]


def _digests(files: Mapping[str, Path]) -> dict[str, str]:
    missing = [path for path in files.values() if not path.is_file()]
    if missing:
        raise InputError(f"There is no file {missing[0]}: check the path.")
    return {name: digest(path) for name, path in files.items()}


def _sorted(entry: Entry, same: _Same, report: Report) -> Entry:
    try:
        done = tasks.run(
            "spikes sort", {"recording": entry.recording, **same.files}, same.parameters,
            entry.folder, overwrite=True, report=report,
        )  # fmt: skip
    except Cancelled:
        raise
    except NeuroboardError as error:
        return _changed(entry, "failed", None, error.sentence)
    failed = done.results["groups_failed"]
    groups = "1 group" if failed == 1 else f"{failed} groups"
    words = f"{groups} of channels failed; see groups.csv." if failed else ""
    return _changed(entry, "done", int(done.results["n_units"]), words)


def _changed(entry: Entry, state: State, n_units: int | None = None, reason: str = "") -> Entry:
    return Entry(entry.recording, entry.folder, state, n_units, reason)


def _names(recordings: Sequence[Path]) -> list[str]:
    """Folder names of the results: the recording's, with its parent's where that is needed.

    Raises:
        ParameterError: two are still the same.
    """
    short = [path.resolve().name for path in recordings]
    long = [f"{path.resolve().parent.name}-{path.resolve().name}" for path in recordings]
    both = zip(short, long, strict=True)
    names = [one if short.count(one) == 1 else other for one, other in both]
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise ParameterError(
            f"{twice[0]} is given twice, or two recordings have that name: sort one of them alone."
        )
    return names


def _is_done(entry: Entry, same: _Same) -> bool:
    try:
        record = json.loads((entry.folder / "run.json").read_text(encoding="utf-8"))
        inputs = {item["name"]: item for item in record["inputs"]}
        recording = Path(inputs.pop("recording")["path"]).resolve()
        found = {name: item["sha256"] for name, item in inputs.items()}
    except (OSError, ValueError, KeyError, TypeError):
        return False
    return (
        record.get("parameters") == same.parameters.model_dump(mode="json")
        and recording == entry.recording.resolve()
        and found == same.digests
    )


def _results(folder: Path) -> Mapping[str, Any]:
    record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    results: Mapping[str, Any] = record["results"]
    return results


def write_table(entries: Sequence[Entry], out: Path) -> None:
    """Write `batch.csv`: `recording, folder, state, n_units, reason`."""
    rows = pd.DataFrame(
        {
            "recording": str(entry.recording),
            "folder": entry.folder.name,
            "state": entry.state,
            "n_units": "" if entry.n_units is None else entry.n_units,
            "reason": entry.reason,
        }
        for entry in entries
    )
    with atomic_file(out / TABLE, overwrite=True) as file:
        rows.to_csv(file, index=False)
