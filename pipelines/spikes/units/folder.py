"""The folder of a sorting, or of curated units: the only reader and writer of its files.

    units.csv        a row per unit: `UNITS_TYPES`, metrics, labels
    spikes.npz       `SPIKES_ARRAYS`: every spike of every unit, in order of time
    waveforms.npz    `WAVEFORMS_ARRAYS`: mean waveforms, names and places of the channels
    snippets.npz     `SNIPPETS_ARRAYS`: single waveforms, to be drawn
    clouds.npz       spikes in feature space, by group; see `clouds`
    groups.csv       a row per group of channels: what became of it
    sort_file.csv    decisions that replay the sorting
    bad_samples.csv  stretches of the recording that are no signal
    recorded.json    where the channels are in the recording as it lies on disk
    source.json      of curated units: recording and parameters of their sorting
    located.json     where the recording lies now, when a person said so
    analyzer.zarr    for SpikeInterface
    run.json         what was done with which input and parameters, and the folder's version

Nobody else knows these names or what the files hold. Names are text and numbers of units whole, as
declared here, never as they look. `run.json` says the folder's `VERSION`; what an earlier version
wrote is brought to today's form when it is read. Needs no heavy library: the web process opens
sortings, and opens of them only the files that are asked for.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.core.csv import write_csv, write_rows
from pipelines.core.errors import InputError, NeuroboardError
from pipelines.core.outputs import RECORD, atomic_file
from pipelines.core.provenance import beside
from pipelines.core.result_files import opened_arrays, read_object, read_object_if_sound
from pipelines.files.reading import Kind, reading
from pipelines.spikes.parameters import SpikesParameters
from pipelines.spikes.recording.identity import Identity, read_identity
from pipelines.spikes.recording.recorded import Recorded
from pipelines.spikes.recording.timeline import Timeline
from pipelines.spikes.sorting.decisions import Decision
from pipelines.spikes.sorting.sort_file import read_sort_file, write_sort_file
from pipelines.spikes.units import metrics
from pipelines.spikes.units.clock import Clock
from pipelines.spikes.units.clouds import Cloud, read_clouds, write_clouds
from pipelines.spikes.units.files import (
    BAD_SAMPLES,
    CLOUDS,
    GROUPS,
    LOCATED,
    RECORDED,
    SNIPPETS,
    SORT_FILE,
    SOURCE,
    SPIKES,
    UNITS,
    WAVEFORMS,
)
from pipelines.spikes.units.sorting import (
    NO_RECORDING,
    FinishedSorting,
    RunRecord,
    SingleWaveforms,
    SortingSource,
    Spikes,
    Waveforms,
)
from pipelines.spikes.units.unit_tables import Row, read_cells, read_table, read_units, write_table

NEEDED = (UNITS, SPIKES, WAVEFORMS, RECORD)
"""Without these it is no sorting."""
ADVICE = "give the folder that `spikes sort` made, or copy it again"

VERSION = 2
"""Of the folders that are written now. Those of version 1 say none; `_MIGRATIONS` has what
changed."""


@dataclass(frozen=True)
class Array:
    """What one array of a file holds.

    Attributes:
        dtype: that it is read as; "str" for text.
        axes: what it counts along each axis; axes of one name in one file are equally long.
        optional: whether folders of earlier versions lack it.
    """

    dtype: str
    axes: tuple[str, ...]
    optional: bool = False

    def fits(self, values: NDArray[Any]) -> bool:
        """Whether an array of any shape, as it was read, has this type and these axes."""
        kinds = {"i": "iu", "f": "f", "s": "U"}[self.dtype[0]]
        return values.dtype.kind in kinds and values.ndim == len(self.axes)

    def cast(self, values: NDArray[Any]) -> NDArray[Any]:
        """An array of any shape that fits, in the type that it is read as.

        It is no copy if it has that type already.
        """
        return values if self.dtype == "str" else values.astype(self.dtype, copy=False)


Schema = Mapping[str, Array]

SPIKES_ARRAYS: Schema = {
    "sample_index": Array("int64", ("spike",)),
    "unit_id": Array("int32", ("spike",)),
    "amplitude_uv": Array("float32", ("spike",), optional=True),
}
WAVEFORMS_ARRAYS: Schema = {
    "mean": Array("float32", ("unit", "sample", "channel")),
    "sd": Array("float32", ("unit", "sample", "channel")),
    "unit_id": Array("int32", ("unit",)),
    "ms": Array("float64", ("sample",)),
    "channel_id": Array("str", ("channel",)),
    "channel_location_um": Array("float64", ("channel", "dimension")),
}
SNIPPETS_ARRAYS: Schema = {
    "values": Array("float16", ("unit", "waveform", "sample", "column")),
    "channel": Array("int32", ("unit", "column")),
}
UNITS_TYPES: Mapping[str, str] = {
    "unit_id": "whole",
    "channel": "text",
    "group": "whole",
    "cluster": "number",
    "came_from": "text",
}
"""Of the columns that a sorting cannot be without the meaning of; `cluster` is empty for units
that were merged or split. Those of metrics are in their rows; labels and reasons are text, see
`unit_tables`."""


class SortingFolder:
    """The folder of a sorting.

    Making one opens nothing. Each part is read from its file when it is first asked for and kept
    then; whatever is wrong with it is one sentence that names the file.

    Attributes:
        path: where it lies.

    Raises:
        NeuroboardError: of the kind that was given, in each of its parts: a file is not there,
            or is damaged.
    """

    def __init__(self, path: Path, kind: Kind = InputError, advice: str = ADVICE) -> None:
        """A folder to read from or write into.

        Args:
            path: of the folder.
            kind: of the error that is raised if a file is not there or damaged.
            advice: what a person can do then.
        """
        self.path = path
        self._kind = kind
        self._advice = advice

    # -- what is there

    def has(self, name: str) -> bool:
        """Whether there is a file, such as `CLOUDS`: curated units and old sortings lack some."""
        return (self.path / name).is_file()

    def file(self, name: str) -> Path:
        """Where a file of it lies, for those who hand it on as it is."""
        return self.path / name

    def require(self, *names: str) -> None:
        """Refuse a folder that lacks one of the files.

        Raises:
            NeuroboardError: with the name of the first that is missing.
        """
        missing = [name for name in names or NEEDED if not self.has(name)]
        if missing:
            raise self._kind(
                f"{self.path} has no {missing[0]}: give the folder that `spikes sort` made."
            )

    # -- tables

    @cached_property
    def units(self) -> pd.DataFrame:
        """A row per unit: `unit_id`, `channel`, metrics and labels; see `UNITS_TYPES`."""
        file = self.file(UNITS)
        with reading(file, self._kind, self._advice, "table of units"):
            table = read_units(file)
            _require_types(table, {**UNITS_TYPES, **metrics.types()})
            return table

    @cached_property
    def groups(self) -> pd.DataFrame:
        """A row per group: `group, channels, sorter, state, n_spikes, n_units, reason`."""
        return self._table(GROUPS)

    @cached_property
    def bad_samples(self) -> pd.DataFrame | None:
        """Stretches without signal: `channel, start_s, stop_s, kind`; none in old folders."""
        return self._table(BAD_SAMPLES) if self.has(BAD_SAMPLES) else None

    @cached_property
    def decisions(self) -> list[Decision] | None:
        """What replays the sorting; none for curated units."""
        return read_sort_file(self.file(SORT_FILE)) if self.has(SORT_FILE) else None

    def _table(self, name: str) -> pd.DataFrame:
        file = self.file(name)
        with reading(file, self._kind, self._advice, "table of a sorting"):
            return read_table(file)

    # -- arrays

    @cached_property
    def spikes(self) -> Spikes:
        """Every spike of every unit."""
        return Spikes(**self._arrays(SPIKES, SPIKES_ARRAYS))

    @cached_property
    def waveforms(self) -> Waveforms:
        """The units' mean waveforms."""
        found = self._arrays(WAVEFORMS, WAVEFORMS_ARRAYS)
        return Waveforms(locations_um=found.pop("channel_location_um"), **found)

    @cached_property
    def snippets(self) -> SingleWaveforms | None:
        """Single waveforms; none in folders of before they were kept."""
        if not self.has(SNIPPETS):
            return None
        return SingleWaveforms(**self._arrays(SNIPPETS, SNIPPETS_ARRAYS))

    @cached_property
    def clouds(self) -> Mapping[int, Cloud]:
        """Spikes in feature space, by group; empty where none were kept."""
        return read_clouds(self.file(CLOUDS)) if self.has(CLOUDS) else {}

    def _arrays(self, name: str, schema: Schema) -> dict[str, Any]:
        """The arrays of a file, each as its schema says."""
        file = self.file(name)
        with opened_arrays(file, self._kind, self._advice) as stored:
            found = {
                key: stored[key] for key in schema if key in stored or not schema[key].optional
            }
            sizes: dict[str, int] = {}
            for key, values in found.items():
                about = schema[key]
                fits = about.fits(values) and all(
                    sizes.setdefault(axis, size) == size
                    for axis, size in zip(about.axes, values.shape, strict=True)
                )
                if not fits:
                    raise self._kind(
                        f"{file} is damaged: {key} is not {about.dtype} of shape "
                        f"({', '.join(about.axes)}); {self._advice}."
                    )
        return {key: schema[key].cast(values) for key, values in found.items()}

    # -- where it came from

    @cached_property
    def record(self) -> RunRecord:
        """What `run.json` says, in today's form."""
        file = self.file(RECORD)
        values = read_object(file, self._kind, self._advice)
        with reading(file, self._kind, self._advice, "record of a sorting"):
            return _record_of(values, self.path, self._kind)

    @property
    def results(self) -> Mapping[str, Any]:
        """The headline figures."""
        return self.record.results

    @cached_property
    def timeline(self) -> Timeline:
        """The segments of the recording."""
        with self._said():
            return Timeline.from_results(self.results, int(self.results["n_samples"]))

    @cached_property
    def source(self) -> SortingSource:
        """The recording, by what it is recognised, and the parameters."""
        with self._said():
            return self._source()

    @property
    def clock(self) -> Clock:
        """Sampling frequency, length, and times within which two spikes are too near."""
        known, values, timeline = self.source.identity, self.source.parameters, self.timeline
        refractory_s, dead_s = values.refractory_ms / 1000, values.dead_time_ms / 1000
        return Clock(known.sampling_frequency, known.n_samples, refractory_s, dead_s, timeline)

    @cached_property
    def recorded(self) -> Recorded | None:
        """Where the channels are in the recording; none in folders of an earlier version."""
        if not self.has(RECORDED):
            return None
        file = self.file(RECORDED)
        advice = "copy the folder again, or sort the recording again"
        with reading(file, self._kind, advice, "description of a recording"):
            return Recorded.from_json(read_object(file, self._kind, advice))

    def recording_name(self) -> str:
        """What the recording of curated units is called: its own name below its parent's."""
        recording = read_object_if_sound(self.file(SOURCE)).get("recording")
        if not isinstance(recording, str):
            return self.path.name
        return "/".join(Path(recording).parts[-2:])

    def located_mark(self) -> str:
        """Changes when a person says where the recording lies now; empty before."""
        file = self.file(LOCATED)
        return hashlib.sha256(file.read_bytes()).hexdigest()[:12] if file.is_file() else ""

    def _said(self) -> Any:
        return reading(self.path, self._kind, self._advice, "folder of a sorting")

    def _source(self) -> SortingSource:
        record = self.record
        kept = self._object(SOURCE) or _kept_by(record)
        located = self._object(LOCATED)
        parameters, unknown = SpikesParameters.parse_stored(kept["parameters"])
        rate = float(record.results["sampling_frequency"])
        duration_s = float(record.results["duration_s"])
        channels = tuple(map(str, self.waveforms.channel_id))
        identity = read_identity(rate, {**kept, **located}, duration_s, channels)
        recording = _where(self.path, located, kept)
        return SortingSource(recording, identity, parameters, _notes(self.path, unknown))

    def _object(self, name: str) -> dict[str, Any]:
        return read_object(self.file(name), self._kind) if self.file(name).exists() else {}

    # -- as a whole

    def whole(self) -> FinishedSorting:
        """Everything but single waveforms and clouds, of which all parts agree.

        Raises:
            NeuroboardError: it is no such folder, or damaged.
        """
        with self._said():
            try:
                found = self._whole()
            except NeuroboardError as error:
                named = str(self.path) in str(error)
                raise self._kind(str(error) if named else f"{self.path}: {error}") from error
            self._require_agreement(found)
            return found

    def _whole(self) -> FinishedSorting:
        record, spikes, waves = self.record, self.spikes, self.waveforms
        return FinishedSorting(
            folder=self.path,
            units=self.units,
            sample_index=spikes.sample_index,
            unit_id=spikes.unit_id,
            mean=waves.mean,
            sd=waves.sd,
            ms=waves.ms,
            channel_id=waves.channel_id,
            locations_um=waves.locations_um,
            clock=self.clock,
            timeline=self.timeline,
            source=self.source,
            results=record.results,
        )

    def _require_agreement(self, found: FinishedSorting) -> None:
        """Refuse files that are whole but not of one sorting, as after an interrupted copy."""
        units = found.units
        agreeing = {
            SPIKES: bool(np.isin(found.unit_id, units["unit_id"]).all()),
            WAVEFORMS: len(found.mean) == len(units),
            UNITS: units["unit_id"].is_unique
            and bool(np.isfinite(units["n_spikes"].to_numpy(float)).all())
            # Of a sorting made elsewhere the noise may not be known, and the SNR then is empty.
            and not np.isinf(units["snr"].to_numpy(float)).any()
            and set(units["channel"]) <= set(found.channel_id.tolist()),
        }
        wrong = [name for name, agrees in agreeing.items() if not agrees]
        if wrong:
            raise self._kind(
                f"{self.path}: {wrong[0]} does not agree with the other files of the sorting, is "
                f"damaged or cut short: {self._advice}."
            )

    # -- writing

    def write_units(self, table: pd.DataFrame) -> None:
        """Write the table that `units` reads, a row per unit."""
        write_table(table, self.file(UNITS))

    def units_as_written(self) -> tuple[list[str], list[Row]]:
        """The columns of the table of units, and its rows with every cell to the letter."""
        return read_cells(self.file(UNITS), self._advice)

    def replace_units(self, names: Sequence[str], rows: Sequence[Row]) -> None:
        """Write the table of units anew, at once or not at all.

        Args:
            names: columns.
            rows: cells by column; a column that a row lacks stays empty.
        """
        with atomic_file(self.file(UNITS), overwrite=True) as file:
            write_rows(names, ([row.get(name, "") for name in names] for row in rows), file)

    def write_groups(self, table: pd.DataFrame) -> None:
        """Write the table that `groups` reads, a row per group."""
        write_table(table, self.file(GROUPS))

    def write_bad_samples(self, table: pd.DataFrame) -> None:
        """Write the table that `bad_samples` reads, a row per stretch."""
        write_csv(table, self.file(BAD_SAMPLES))

    def write_decisions(self, decisions: Sequence[Decision]) -> None:
        """Write what replays the sorting."""
        write_sort_file(decisions, self.file(SORT_FILE))

    def write_spikes(self, spikes: Spikes) -> None:
        """Write all spikes."""
        arrays = {name: getattr(spikes, name) for name in SPIKES_ARRAYS}
        np.savez(self.file(SPIKES), **{k: v for k, v in arrays.items() if v is not None})

    def write_waveforms(self, waves: Waveforms) -> None:
        """Write the mean waveforms."""
        np.savez_compressed(
            self.file(WAVEFORMS),
            mean=waves.mean,
            sd=waves.sd,
            unit_id=waves.unit_id,
            ms=waves.ms,
            channel_id=waves.channel_id,
            channel_location_um=waves.locations_um,
        )

    def write_snippets(self, snippets: SingleWaveforms) -> None:
        """Write single waveforms."""
        np.savez_compressed(self.file(SNIPPETS), values=snippets.values, channel=snippets.channel)

    def write_clouds(self, clouds: Mapping[int, Cloud]) -> None:
        """Write the clouds of all groups that have one, by number of the group."""
        write_clouds(clouds, self.file(CLOUDS))

    def write_recorded(self, recorded: Recorded) -> None:
        """Keep where the channels are in the recording."""
        text = json.dumps(recorded.to_json(), indent=2)
        self.file(RECORDED).write_text(text + "\n", encoding="utf-8")

    def write_source(self, source: SortingSource) -> None:
        """Keep in a folder of curated units what their sorting was made from."""
        values = source.parameters.model_dump(mode="json")
        place = _place(source.recording, self.path)
        _write_json({**place, "parameters": values, **source.identity.to_json()}, self.file(SOURCE))

    def write_located(self, recording: Path, identity: Identity) -> None:
        """Keep where the recording lies now, beside what the folder said before."""
        with atomic_file(self.file(LOCATED), overwrite=True) as file:
            _write_json({**_place(recording, self.path), **identity.to_json()}, file)

    def write_results(self, results: Mapping[str, Any]) -> None:
        """Write a record of headline figures alone, for a folder that is there for a while."""
        record = {"results": dict(results), "inputs": [], "parameters": {}}
        text = json.dumps({**record, "folder_version": VERSION})
        self.file(RECORD).write_text(text, encoding="utf-8")

    def take_over(self, other: "SortingFolder", *names: str) -> None:
        """Copy files as they are from another folder, as far as that has them."""
        for name in names:
            if other.has(name):
                shutil.copyfile(other.file(name), self.file(name))


def read_finished(path: Path) -> FinishedSorting:
    """Read what sorting, or curating, wrote.

    Raises:
        InputError: it is no such folder, or damaged.
    """
    return SortingFolder(path).whole()


def _require_types(table: pd.DataFrame, types: Mapping[str, str]) -> None:
    """Refuse a table with text where numbers belong.

    Raises:
        ValueError: with the name of the column.
    """
    numeric, whole = pd.api.types.is_numeric_dtype, pd.api.types.is_integer_dtype
    for name, kind in types.items():
        if name not in table or table.empty or kind == "text":
            continue
        if not (whole if kind == "whole" else numeric)(table[name]):
            raise ValueError(f"{name} holds something else than {kind} numbers")


# -- records of any version


def _record_of(values: Mapping[str, Any], folder: Path, kind: Kind) -> RunRecord:
    """A record in today's form."""
    version = values.get("folder_version", 1)
    if type(version) is not int or version < 1:
        raise ValueError(f"folder_version is {version!r}")
    if version > VERSION:
        raise kind(
            f"{folder} was written by a later version of Neuroboard (its folder has version "
            f"{version}, this one reads up to {VERSION}): install that version."
        )
    values = dict(values)
    for number in range(version, VERSION):
        values = _MIGRATIONS[number](values)
    return RunRecord(
        pipeline=str(values.get("pipeline", "")),
        parameters=dict(values.get("parameters", {})),
        inputs={str(item["name"]): dict(item) for item in values.get("inputs", ())},
        results=dict(values["results"]),
        started=str(values.get("started", "")),
        version=version,
    )


def _from_1(values: dict[str, Any]) -> dict[str, Any]:
    """Early folders give the length in seconds only, rounded to the millisecond."""
    results = dict(values["results"])
    if "n_samples" not in results and {"duration_s", "sampling_frequency"} <= set(results):
        rate, duration_s = float(results["sampling_frequency"]), float(results["duration_s"])
        results["n_samples"] = round(duration_s * rate)
    return {**values, "results": results}


_MIGRATIONS: Mapping[int, Callable[[dict[str, Any]], dict[str, Any]]] = {1: _from_1}
"""What makes of a record of that version one of the next."""


def _kept_by(record: RunRecord) -> dict[str, Any]:
    """What the record of a sorting says of its recording, as `source.json` does of others."""
    given, results = record.inputs["recording"], record.results
    kept = {name: results[name] for name in ("n_samples", "samples_sha256") if name in results}
    return {
        "recording": given["path"],
        "beside": given.get("beside", ""),
        "parameters": record.parameters,
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
    if not given:
        return NO_RECORDING
    ways = [folder.resolve() / one["beside"] for one in (located, kept) if one.get("beside")]
    moved = [Path(os.path.normpath(way)) for way in ways]
    return next((path for path in (*given, *moved) if path.exists()), given[0])


def _place(recording: Path, folder: Path) -> dict[str, str]:
    if recording == NO_RECORDING:
        return {}
    return {"recording": str(recording), "beside": beside(recording, folder)}


def _notes(folder: Path, unknown: Sequence[str]) -> tuple[str, ...]:
    if not unknown:
        return ()
    return (
        f"{folder} was sorted by another version with {', '.join(unknown)}, which this version "
        "does not know: left aside.",
    )


def _write_json(values: Mapping[str, Any], file: Path) -> None:
    text = json.dumps(values, indent=2, ensure_ascii=False)
    file.write_text(text + "\n", encoding="utf-8", errors="backslashreplace")
