"""Where the units of a folder came from: the recording, how it is known, and the parameters."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.errors import InputError
from pipelines.outputs import atomic_file
from pipelines.provenance import beside
from pipelines.result_files import read_object
from pipelines.spikes.identity import Identity, read_identity
from pipelines.spikes.parameters import SpikesParameters

SOURCE = "source.json"
"""In a folder of curated units: recording and parameters of the sorting that they came from."""
LOCATED = "located.json"
"""Where the recording lies now, when a person said so."""


@dataclass(frozen=True)
class Source:
    """What a sorting was made from.

    Attributes:
        recording: where it lies.
        identity: by what it is recognised.
        parameters: that it was sorted with.
        notes: what a person has to know, such as parameters of another version.
    """

    recording: Path
    identity: Identity
    parameters: SpikesParameters
    notes: tuple[str, ...] = ()

    def write(self, folder: Path) -> None:
        """Keep it in a folder of curated units."""
        values = self.parameters.model_dump(mode="json")
        kept = {**_place(self.recording, folder), "parameters": values, **self.identity.to_json()}
        _write(kept, folder / SOURCE)


def read_source(folder: Path, record: Mapping[str, Any], channels: tuple[str, ...]) -> Source:
    """Read what a folder says of its source.

    Args:
        folder: of a sorting, or of curated units.
        record: its `run.json`.
        channels: names of the channels that were sorted.
    """
    kept = _read(folder / SOURCE) or _of_the_run(record)
    located = _read(folder / LOCATED)
    parameters, unknown = SpikesParameters.parse_stored(kept["parameters"])
    results = record["results"]
    rate, duration_s = float(results["sampling_frequency"]), float(results["duration_s"])
    identity = read_identity(rate, {**kept, **located}, duration_s, channels)
    return Source(_where(folder, located, kept), identity, parameters, _notes(folder, unknown))


def write_located(folder: Path, recording: Path, identity: Identity) -> None:
    """Keep where the recording lies now, beside what the folder said before."""
    kept = {**_place(recording, folder), **identity.to_json()}
    with atomic_file(folder / LOCATED, overwrite=True) as file:
        _write(kept, file)


def _of_the_run(record: Mapping[str, Any]) -> dict[str, Any]:
    given = next(item for item in record["inputs"] if item["name"] == "recording")
    results = record["results"]
    kept = {name: results[name] for name in ("n_samples", "samples_sha256") if name in results}
    return {
        "recording": given["path"],
        "beside": given.get("beside", ""),
        "parameters": record["parameters"],
        "file_sha256": given["sha256"],
        "size": given["size"],
        **kept,
    }


def _where(folder: Path, located: Mapping[str, Any], kept: Mapping[str, Any]) -> Path:
    """The place that a person gave, else the recorded one, else the same way from the folder.

    Folder and recording may have been moved together, and a relative path may be read from another
    folder than it was given in. Whether it is the recording is decided when it is opened.
    """
    given = [Path(one["recording"]) for one in (located, kept) if one.get("recording")]
    ways = [folder.resolve() / one["beside"] for one in (located, kept) if one.get("beside")]
    moved = [Path(os.path.normpath(way)) for way in ways]
    return next((path for path in (*given, *moved) if path.exists()), given[0])


def _place(recording: Path, folder: Path) -> dict[str, str]:
    return {"recording": str(recording), "beside": beside(recording, folder)}


def _notes(folder: Path, unknown: list[str]) -> tuple[str, ...]:
    if not unknown:
        return ()
    return (
        f"{folder} was sorted by another version with {', '.join(unknown)}, which this version "
        "does not know: left aside.",
    )


def _read(file: Path) -> dict[str, Any]:
    return read_object(file, InputError) if file.exists() else {}


def _write(values: Mapping[str, Any], file: Path) -> None:
    text = json.dumps(values, indent=2, ensure_ascii=False)
    file.write_text(text + "\n", encoding="utf-8", errors="backslashreplace")
