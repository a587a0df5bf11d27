"""A sorting that another program made becomes a sorting's folder like any other."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from spikeinterface.core import BaseRecording
from threadpoolctl import threadpool_limits

from pipelines.core.errors import InputError, NeuroboardError
from pipelines.core.progress import Report
from pipelines.files.reading import reading
from pipelines.spikes.elsewhere.analyzer_copy import write_analyzer
from pipelines.spikes.elsewhere.found import (
    HEIGHTS,
    SHAPES,
    Floats,
    ForeignTrains,
    Found,
    Shapes,
    inside,
)
from pipelines.spikes.elsewhere.measured import Measured, measure
from pipelines.spikes.formats.segments import time_notes, timeline_of
from pipelines.spikes.measure.report import write_report
from pipelines.spikes.parameters import ImportParameters, SpikesParameters
from pipelines.spikes.reading.channels import apart, as_list, prepared
from pipelines.spikes.reading.read import raw_files, read_recording
from pipelines.spikes.recording.identity import Identity, digest_of_samples
from pipelines.spikes.recording.recorded import of_recording
from pipelines.spikes.recording.timeline import Timeline
from pipelines.spikes.signal.preprocess import BandPass, band_pass
from pipelines.spikes.sorting.features import Window
from pipelines.spikes.sorting.repeats import dead_samples
from pipelines.spikes.units import metrics
from pipelines.spikes.units.clock import Clock
from pipelines.spikes.units.elsewhere import ELSEWHERE, PHY, kind_of
from pipelines.spikes.units.files import ANALYZER, UNITS
from pipelines.spikes.units.folder import VERSION, SortingFolder
from pipelines.spikes.units.metrics import Observed
from pipelines.spikes.units.sorting import (
    NO_RECORDING,
    SingleWaveforms,
    SortingSource,
    Spikes,
    Waveforms,
    largest_channel,
)

MOST_HZ = 1e7
UNKNOWN = ("unknown",)
"""The channel of units of which nothing says where they were recorded."""
LEAST_MS, MOST_MS = 0.2, 10.0
"""Between which a waveform reaches before and after its peak, as `SpikesParameters` has it."""


@dataclass(frozen=True)
class Signal:
    """The recording of a sorting made elsewhere.

    Attributes:
        path: where it lies.
        whole: as it was read.
        filtered: with the sorted channels only, in the order of the recording.
        order: of the sorting's channels, so that they stand as in the recording, shape (channel,).
    """

    path: Path
    whole: BaseRecording
    filtered: BandPass
    order: NDArray[np.intp]


def import_sorting(
    inputs: Mapping[str, Path], parameters: ImportParameters, folder: Path, report: Report
) -> dict[str, Any]:
    """Take over a sorting, and measure what it lacks if there is its recording.

    Args:
        inputs: `foreign_sorting`, as `units.elsewhere` knows them; perhaps `recording`.
        parameters: how the recording is read and filtered.
        folder: an existing, empty folder; gets what `units.folder` lists, as far as it can be had.
        report: told what happens.

    Returns:
        What sorting returns, with `source_kind` and `taken_over`, the names of what was taken over.

    Raises:
        InputError: it is no sorting, or damaged, or of another recording.
        RecordingError: the recording cannot be read.
    """
    path = inputs["foreign_sorting"]
    found = _read(path, parameters)
    report(0.05, f"Read {len(found.trains.units)} units")
    used, notes = _with_reading(found, inputs.get("recording"), parameters)
    signal, more = _signal(found, inputs.get("recording"), used, path)
    notes += more
    if signal is not None and found.kind == PHY.title:  # Kilosort's templates are no microvolts
        found = found.without_shapes()
    found = _fitted(found, signal, path)
    timeline = _timeline(found, signal)
    found = _with(found, inside(found.trains, timeline.n_samples, path))
    with threadpool_limits(1):
        whole, said = _completed(found, signal, used, report)
    report(0.9, "Writing units and waveforms")
    kept = _write(whole, found, signal, used, timeline, folder)
    notes = [*found.trains.notes, *found.about_shapes, *found.notes, *notes, *said, *kept]
    results = _results(found, signal, timeline, folder, [*notes, *_too_near(found, used, timeline)])
    write_report(folder, path.name, _in_words(results), timeline)
    return results


def _read(path: Path, parameters: ImportParameters) -> Found:
    with reading(path, InputError, "copy the whole folder again", "sorting"):
        kind = kind_of(path)
        if kind is None:
            if SortingFolder(path).has(UNITS):
                raise InputError(f"{path} was made here: label, review or export it as it is.")
            raise InputError(
                f"{path} is no sorting that is known. Known: "
                f"{', '.join(one.title for one in ELSEWHERE)}."
            )
        found: Found = kind.reader(path, parameters)
    if not 0 < found.rate_hz < MOST_HZ:
        raise InputError(
            f"{path} says {found.rate_hz:g} samples per second, which no recording has: save it "
            "again."
        )
    return found


# -- the recording


def _with_reading(
    found: Found, given: Path | None, parameters: ImportParameters
) -> tuple[SpikesParameters, list[str]]:
    """The parameters that the sorting's folder keeps: how its recording is read again."""
    values = parameters.model_dump()
    said = dict(found.reading)
    where = given or found.recording
    if where is not None and said and _is_raw(where, parameters.session):
        unset = ImportParameters().model_dump()
        values |= {name: one for name, one in said.items() if values[name] == unset[name]}
    return _parsed(values), []


def _is_raw(path: Path, session: str) -> bool:
    try:
        return bool(raw_files(path, session))
    except NeuroboardError:
        return False


def _parsed(values: Mapping[str, Any]) -> SpikesParameters:
    fields = SpikesParameters.model_fields
    return SpikesParameters.parse({name: one for name, one in values.items() if name in fields})


def _signal(
    found: Found, given: Path | None, parameters: SpikesParameters, path: Path
) -> tuple[Signal | None, list[str]]:
    """The recording that was given, or the one in the sorting's own folder."""
    own = given is None
    where = given or found.recording
    if where is None:
        return None, [_without("")]
    try:
        whole = read_recording(where, parameters)
        signal = _of_channels(found, whole, where, parameters, path)
        return signal, [] if not own else [f"Its recording is {where.name} in the same folder."]
    except NeuroboardError as error:
        if not own:
            raise
        return None, [_without(f" {where.name} in its folder cannot be used: {error.sentence}")]


def _without(why: str) -> str:
    return (
        "It was imported without its recording: what it lacks was not measured, and there are no "
        f"traces.{why} Import it again with its recording (--recording) for these."
    )


def _of_channels(
    found: Found, whole: BaseRecording, where: Path, parameters: SpikesParameters, path: Path
) -> Signal:
    rate = float(whole.get_sampling_frequency())
    if abs(rate - found.rate_hz) > 1e-4 * found.rate_hz:
        raise InputError(
            f"{where} has {rate:g} samples per second, but {path} {found.rate_hz:g}: it is "
            "another recording."
        )
    names = [str(one) for one in whole.channel_ids]
    places = _places(found, names, where, path)
    others = [name for place, name in enumerate(names) if place not in set(places.tolist())]
    chosen = parameters.model_copy(update={"exclude_channels": as_list(others)})
    part = prepared(whole, chosen, None)
    filtered = band_pass(part, parameters.freq_min, parameters.freq_max)
    lengths = tuple(one.n_samples for one in filtered.timeline.segments)
    if found.lengths is not None and found.lengths != lengths:
        raise InputError(
            f"{where} has {_lengths(lengths)} samples, but {path} is the sorting of "
            f"{_lengths(found.lengths)}: it is another recording."
        )
    return Signal(where, whole, filtered, np.argsort(places))


def _lengths(lengths: tuple[int, ...]) -> str:
    shown = " + ".join(f"{one:,}" for one in lengths[:4])
    return shown + (" + ..." if len(lengths) > 4 else "")


def _places(found: Found, names: list[str], where: Path, path: Path) -> NDArray[np.int64]:
    """The place in the recording of every sorted channel, shape (channel,)."""
    n_channels = len(found.channel_names)
    if not n_channels:
        return np.arange(len(names))
    if found.channel_index is not None:
        if int(found.channel_index.max()) >= len(names):
            raise InputError(
                f"{path} sorted channel {int(found.channel_index.max())}, but {where} has "
                f"{len(names)} channels, counted from 0: it is another recording."
            )
        return found.channel_index
    if set(found.channel_names) <= set(names):
        return np.array([names.index(name) for name in found.channel_names])
    if n_channels == len(names):
        return np.arange(n_channels)
    raise InputError(
        f"{where} has {len(names)} channels ({', '.join(names[:3])} ...), but {path} sorted "
        f"{n_channels} ({', '.join(found.channel_names[:3])} ...): it is another recording."
    )


def _fitted(found: Found, signal: Signal | None, path: Path) -> Found:
    """The sorting with its channels in the order and under the names of the recording."""
    if signal is None:
        return found if found.channel_names else replace(found, channel_names=UNKNOWN)
    order = signal.order
    back = np.argsort(order)
    names = tuple(str(one) for one in signal.filtered.recording.channel_ids)
    shapes, snippets = found.shapes, found.snippets
    if shapes is not None:
        shapes = Shapes(shapes.before, shapes.mean[:, :, order], shapes.sd[:, :, order])
    if snippets is not None:
        channel = np.where(snippets.channel >= 0, back[snippets.channel], -1).astype(np.int32)
        snippets = SingleWaveforms(snippets.values, channel)
    places = found.locations_um
    if places is None:
        places = np.asarray(signal.filtered.recording.get_channel_locations(), np.float64)
    else:
        places = places[order]
    noise = None if found.noise_uv is None else found.noise_uv[order]
    return replace(
        found, channel_names=names, locations_um=places, shapes=shapes, snippets=snippets,
        noise_uv=noise,
    )  # fmt: skip


def _timeline(found: Found, signal: Signal | None) -> Timeline:
    if signal is not None:
        return timeline_of(signal.filtered.recording)
    lengths = found.lengths or (int(found.trains.sample_index.max()) + 1,)
    starts = np.cumsum([0, *lengths])[:-1] / found.rate_hz
    return Timeline.of(lengths, starts.tolist(), found.rate_hz)


def _with(found: Found, trains: ForeignTrains) -> Found:
    """The sorting with some of its spikes, and of its units those that still have any."""
    if trains is found.trains:
        return found
    spikes = np.isin(found.trains.order, trains.order)
    rows = np.isin(found.trains.units, trains.units)
    shapes, snippets, heights = found.shapes, found.snippets, found.heights
    if shapes is not None:
        shapes = Shapes(shapes.before, shapes.mean[rows], shapes.sd[rows])
    if snippets is not None:
        snippets = SingleWaveforms(snippets.values[rows], snippets.channel[rows])
    if heights is not None:
        heights = heights[spikes]
    return replace(found, trains=trains, shapes=shapes, snippets=snippets, heights=heights)


# -- what is there, and what is measured


@dataclass(frozen=True)
class Whole:
    """A sorting with all that it has and that could be measured.

    Attributes:
        shapes: mean waveforms, nan where there are none.
        heights: of the spikes, if they are known.
        snippets: single waveforms, if there are some.
        noise_uv: of every channel, nan where it is not known, shape (channel,).
    """

    shapes: Shapes
    heights: Floats | None
    snippets: SingleWaveforms | None
    noise_uv: NDArray[np.float64]


def _completed(
    found: Found, signal: Signal | None, parameters: SpikesParameters, report: Report
) -> tuple[Whole, list[str]]:
    n_channels = len(found.channel_names)
    shapes = found.shapes
    lacking = [
        name
        for name, one in {
            SHAPES: shapes,
            HEIGHTS: found.heights,
            "single waveforms": found.snippets,
            "noise": found.noise_uv,
        }.items()
        if one is None
    ]
    measured: Measured | None = None
    if signal is not None and lacking:
        window = _window(shapes, parameters, found.rate_hz)
        told = "Measuring units in the recording"
        measured = measure(
            signal.filtered, found.trains, window, lambda done: report(0.1 + 0.8 * done, told)
        )
    window = _window(None, parameters, found.rate_hz)
    size = (len(found.trains.units), len(window.offsets), n_channels)
    nothing = np.full(size, np.nan, np.float32)
    if measured is None:
        noise = found.noise_uv if found.noise_uv is not None else np.full(n_channels, np.nan)
        whole = Whole(
            shapes or Shapes(window.before, nothing, nothing), found.heights, found.snippets, noise
        )
        said = [f"It has no {', no '.join(lacking)}."] if lacking else []
        return whole, said
    return Whole(
        shapes or measured.shapes,
        measured.heights if found.heights is None else found.heights,
        found.snippets or measured.snippets,
        measured.noise_uv if found.noise_uv is None else found.noise_uv,
    ), [f"Measured in the recording: {', '.join(lacking)}."]


def _window(shapes: Shapes | None, parameters: SpikesParameters, rate_hz: float) -> Window:
    if shapes is not None:
        return Window(shapes.before, shapes.mean.shape[1] - shapes.before - 1)
    per_ms = rate_hz / 1000
    return Window(round(parameters.ms_before * per_ms), round(parameters.ms_after * per_ms))


def _too_near(found: Found, parameters: SpikesParameters, timeline: Timeline) -> list[str]:
    """How many spikes come within the dead time of another one of their unit."""
    dead = dead_samples(parameters, found.rate_hz)
    trains, n_spikes, n_units = found.trains, 0, 0
    moved = timeline.apart(trains.sample_index)
    for unit in trains.units.tolist():
        again = int((np.diff(moved[trains.unit_id == unit]) <= dead).sum())
        n_spikes, n_units = n_spikes + again, n_units + bool(again)
    if not n_spikes:
        return []
    spikes = "1 spike comes" if n_spikes == 1 else f"{n_spikes:,} spikes come"
    units = "unit" if n_units == 1 else f"{n_units} units"
    whose = f"in {'one ' if n_units == 1 else ''}{units}"
    return [
        f"{spikes} within {parameters.dead_time_ms:g} ms of another one of the same unit, {whose}: "
        "all are kept."
    ]


# -- the folder


def _write(
    whole: Whole,
    found: Found,
    signal: Signal | None,
    parameters: SpikesParameters,
    timeline: Timeline,
    folder: Path,
) -> list[str]:
    """Write the files of a sorting; what is to be said about them."""
    out, trains, rate = SortingFolder(folder), found.trains, found.rate_hz
    shapes, n_channels = whole.shapes, len(found.channel_names)
    places = found.locations_um if found.locations_um is not None else apart(n_channels)
    clock = Clock(
        rate, timeline.n_samples, parameters.refractory_ms / 1000, parameters.dead_time_ms / 1000,
        timeline,
    )  # fmt: skip
    out.write_spikes(Spikes(trains.sample_index, trains.unit_id, whole.heights))
    ms = np.asarray((np.arange(shapes.mean.shape[1]) - shapes.before) * (1000.0 / rate), np.float64)
    out.write_waveforms(
        Waveforms(
            shapes.mean, shapes.sd, trains.units, ms,
            np.array(found.channel_names), places,
        )
    )  # fmt: skip
    if whole.snippets is not None:
        out.write_snippets(whole.snippets)
    table = _table(whole, found, clock)
    out.write_units(table)
    out.write_groups(_groups(found))
    parameters = _remembered(parameters, shapes, rate, signal)
    if signal is not None:
        out.write_recorded(of_recording(signal.whole, signal.filtered.recording))
    out.write_source(
        SortingSource(
            NO_RECORDING if signal is None else signal.path.absolute(),
            _identity(found, signal, timeline),
            parameters,
        )
    )
    if found.analyzer is None:
        return []
    recording = None if signal is None else signal.filtered
    return write_analyzer(found, recording, out.file(ANALYZER))


def _table(whole: Whole, found: Found, clock: Clock) -> pd.DataFrame:
    """A row per unit as `units.csv` has them: measured, and what was taken over instead."""
    trains, rows = found.trains, []
    order = np.argsort(trains.unit_id, kind="stable")
    edges = np.flatnonzero(np.diff(trains.unit_id[order])) + 1
    for number, own in enumerate(np.split(order, edges)):
        mean = whole.shapes.mean[number]
        column = largest_channel(mean)
        shape = mean[:, column]
        height = float(np.abs(shape).max())
        height = height if np.isfinite(height) else float("nan")
        noise = float(whole.noise_uv[column])
        snr = height / noise if noise > 0 else float("nan")
        seen = Observed(trains.sample_index[own], clock, shape, height, snr)
        rows.append(
            {
                "unit_id": int(trains.units[number]),
                "channel": found.channel_names[column],
                **metrics.measure(seen),
                "group": 0,
            }
        )
    return _taken_over(pd.DataFrame(rows), found)


def _taken_over(table: pd.DataFrame, found: Found) -> pd.DataFrame:
    theirs = found.columns.reindex(table["unit_id"])
    more = {}
    for name in theirs.columns:
        values = theirs[name].to_numpy()
        if name in table and pd.api.types.is_numeric_dtype(table[name]):
            values = np.where(pd.isna(values), table[name].to_numpy(), values).astype(float)
        more[str(name)] = values
    if found.trains.names:
        more["name"] = np.array([found.trains.names[unit] for unit in table["unit_id"].tolist()])
    return table.assign(**more)


def _groups(found: Found) -> pd.DataFrame:
    row = {
        "group": 0,
        "channels": " ".join(found.channel_names),
        "sorter": found.made_by,
        "state": "done",
        "n_spikes": len(found.trains.sample_index),
        "n_units": len(found.trains.units),
        "reason": "",
    }
    return pd.DataFrame([row])


def _remembered(
    parameters: SpikesParameters, shapes: Shapes, rate: float, signal: Signal | None
) -> SpikesParameters:
    """The parameters by which the recording is read, and its waveforms are cut out, again."""
    per_ms = rate / 1000
    after = shapes.mean.shape[1] - shapes.before - 1
    ms_before = min(max(shapes.before / per_ms, LEAST_MS), MOST_MS)
    ms_after = min(max(after / per_ms, LEAST_MS), MOST_MS)
    left_out = ""
    if signal is not None:
        kept = set(map(str, signal.filtered.recording.channel_ids))
        names = [str(one) for one in signal.whole.channel_ids]
        left_out = as_list([name for name in names if name not in kept])
    return parameters.model_copy(
        update={
            "ms_before": ms_before,
            "ms_after": ms_after,
            "feature_ms_before": min(parameters.feature_ms_before, ms_before),
            "feature_ms_after": min(parameters.feature_ms_after, ms_after),
            "exclude_channels": left_out,
        }
    )


def _identity(found: Found, signal: Signal | None, timeline: Timeline) -> Identity:
    digest = "" if signal is None else digest_of_samples(signal.whole)
    return Identity(found.rate_hz, timeline.n_samples, found.channel_names, digest)


# -- what is said


def _results(
    found: Found, signal: Signal | None, timeline: Timeline, folder: Path, notes: list[str]
) -> dict[str, Any]:
    times = [] if signal is None else time_notes(signal.filtered.recording)
    if signal is None and found.lengths is None:
        times = [
            f"Its length is not said: it is counted up to the last spike, {timeline.stop_s:.1f} s."
        ]
    return {
        "n_units": len(found.trains.units),
        "n_spikes": len(found.trains.sample_index),
        "groups_failed": 0,
        "source_kind": found.kind,
        "taken_over": list(found.taken),
        "duration_s": round(timeline.n_samples / found.rate_hz, 3),
        "n_samples": timeline.n_samples,
        "segments": timeline.as_results(),
        "n_channels": len(found.channel_names),
        "sampling_frequency": found.rate_hz,
        "sorters": {found.made_by: 1},
        "sorter_reason": f"Imported: {found.kind}.",
        **({} if signal is None else {"samples_sha256": digest_of_samples(signal.whole)}),
        "folder_version": VERSION,
        "notes": [*notes, *times],
    }


def _in_words(results: Mapping[str, Any]) -> list[str]:
    """What was done, for the report."""
    return [
        *results["notes"],
        f"{results['n_units']} units with {results['n_spikes']:,} spikes on "
        f"{results['n_channels']} channels in {results['duration_s']:.1f} s at "
        f"{results['sampling_frequency']:g} Hz.",
        f"{results['sorter_reason']} Taken over: {', '.join(results['taken_over'])}.",
    ]
