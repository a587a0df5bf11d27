"""SpikeInterface's analyzer as a sorting made elsewhere."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.core.errors import InputError
from pipelines.files.reading import reading
from pipelines.spikes.elsewhere import analyzer_files
from pipelines.spikes.elsewhere.analyzer_files import StoredAnalyzer
from pipelines.spikes.elsewhere.columns import label_column, metric_column
from pipelines.spikes.elsewhere.found import (
    HEIGHTS,
    SHAPES,
    Floats,
    ForeignTrains,
    Found,
    Shapes,
    few,
    refuse_too_large,
    trains_of,
    whole_numbers,
)
from pipelines.spikes.reading.probes import read_probes
from pipelines.spikes.recording.parameters import RecordingParameters
from pipelines.spikes.units.sorting import SingleWaveforms
from pipelines.spikes.units.unit import N_SNIPPET_CHANNELS, N_SNIPPETS

METRICS = ("quality_metrics", "template_metrics", "spiketrain_metrics")
WHAT = "analyzer of SpikeInterface"


def read_analyzer(folder: Path, _: RecordingParameters | None = None) -> Found:
    """Read an analyzer, in zarr or in a folder of files.

    Raises:
        InputError: it is none, or damaged.
    """
    in_zarr = (folder / ".zgroup").is_file()
    with reading(folder, InputError, analyzer_files.ADVICE, WHAT):
        stored = analyzer_files.read_zarr(folder) if in_zarr else analyzer_files.read_folder(folder)
        return _found(stored, folder, "zarr" if in_zarr else "folder")


def _found(stored: StoredAnalyzer, folder: Path, form: str) -> Found:
    recorded = stored.recorded
    lengths = tuple(int(one) for one in recorded["num_samples"])
    names = tuple(map(str, recorded["channel_ids"]))
    trains = _trains(stored, lengths, folder)
    rows = _rows(stored, trains)
    shapes = _shapes(stored, rows, len(names), folder)
    heights = _heights(stored, trains)
    snippets = _snippets(stored, rows, shapes)
    noise = stored.data("noise_levels", "noise_levels")
    columns = _columns(stored, trains, rows)
    locations = _locations(stored, len(names))
    has = {
        SHAPES: shapes, "single waveforms": snippets, HEIGHTS: heights,
        "noise": noise, "places": locations,
    }  # fmt: skip
    there = [name for name, one in has.items() if one is not None]
    return Found(
        kind=f"SortingAnalyzer ({form})",
        made_by="spikeinterface",
        rate_hz=float(recorded["sampling_frequency"]),
        trains=trains,
        lengths=lengths,
        channel_names=names,
        locations_um=locations,
        channel_index=None,
        shapes=shapes,
        heights=heights,
        snippets=snippets,
        noise_uv=None if noise is None else np.asarray(noise, dtype=np.float64),
        columns=columns,
        taken=("spikes", *there, *map(str, columns.columns), *stored.extensions),
        notes=_notes(stored),
        analyzer=stored,
    )


def _trains(stored: StoredAnalyzer, lengths: tuple[int, ...], folder: Path) -> ForeignTrains:
    within = whole_numbers(stored.sample_index, f"{folder}: sample_index")
    units = whole_numbers(stored.unit_index, f"{folder}: unit_index")
    segments = whole_numbers(stored.segment_index, f"{folder}: segment_index")
    if len(units) and (units.min() < 0 or units.max() >= len(stored.unit_ids)):
        raise InputError(f"{folder} has spikes of units that it does not have: save it again.")
    if len(segments) and (segments.min() < 0 or segments.max() >= len(lengths)):
        raise InputError(f"{folder} has spikes in segments that it does not have: save it again.")
    firsts = np.cumsum([0, *lengths])[:-1]
    outside = (within < 0) | (within >= np.array(lengths)[segments])
    samples = within + firsts[segments]
    # One that is beyond the end of its segment must not become one of the next.
    samples[outside & (within >= 0)] += sum(lengths)
    return trains_of(samples, stored.unit_ids[units], folder, stored.unit_ids)


def _rows(stored: StoredAnalyzer, trains: ForeignTrains) -> NDArray[np.int64]:
    """The place in the analyzer of every unit that has spikes, shape (unit,)."""
    units = np.asarray(stored.unit_index, dtype=np.int64)[trains.order]
    _, first = np.unique(trains.unit_id, return_index=True)
    return units[first]


def _shapes(
    stored: StoredAnalyzer, rows: NDArray[np.int64], n_channels: int, folder: Path
) -> Shapes | None:
    templates = stored.extensions.get("templates")
    mean = stored.data("templates", "average")
    if mean is None:
        mean = stored.data("templates", "median")
    if mean is None or templates is None:
        return None
    if mean.ndim != 3 or len(mean) != len(stored.unit_ids) or mean.shape[2] != n_channels:
        raise InputError(f"{folder}: templates have the shape {mean.shape}; compute them again.")
    refuse_too_large(len(rows), mean.shape[1], n_channels, folder)
    gains = _gains(stored, n_channels)
    sd = stored.data("templates", "std")
    per_ms = float(stored.recorded["sampling_frequency"]) / 1000
    before = int(float(templates.params["ms_before"]) * per_ms)
    values = np.asarray(mean, np.float32)[rows] * gains
    spread = np.full_like(values, np.nan)
    if sd is not None and sd.shape == mean.shape:
        spread = np.asarray(sd, np.float32)[rows] * gains
    if stored.sparsity is not None:
        unseen = ~stored.sparsity[rows]
        values[np.broadcast_to(unseen[:, None], values.shape)] = np.nan
        spread[np.broadcast_to(unseen[:, None], values.shape)] = np.nan
    return Shapes(min(max(before, 0), values.shape[1] - 1), values, spread)


def _gains(stored: StoredAnalyzer, n_channels: int) -> Floats:
    """What turns values of the extensions into microvolts, shape (channel,)."""
    settings = stored.settings
    if settings.get("return_in_uV", settings.get("return_scaled", True)):
        return np.ones(n_channels, np.float32)
    properties = stored.recorded.get("properties") or {}
    gains = np.asarray(properties.get("gain_to_uV", []), dtype=np.float32)
    return gains if gains.shape == (n_channels,) else np.ones(n_channels, np.float32)


def _heights(stored: StoredAnalyzer, trains: ForeignTrains) -> Floats | None:
    found = stored.data("spike_amplitudes", "amplitudes")
    n_spikes = len(stored.sample_index)
    if found is None or found.shape != (n_spikes,) or not np.isfinite(found).all():
        return None
    return np.abs(np.asarray(found, np.float32))[trains.order]


def _snippets(
    stored: StoredAnalyzer, rows: NDArray[np.int64], shapes: Shapes | None
) -> SingleWaveforms | None:
    """Some single waveforms of each unit on its largest channels."""
    waves = stored.data("waveforms", "waveforms")
    chosen = stored.data("random_spikes", "random_spikes_indices")
    if shapes is None or waves is None or chosen is None or len(waves) != len(chosen):
        return None
    if waves.ndim != 3 or waves.shape[1] != shapes.mean.shape[1]:
        return None
    owner = np.asarray(stored.unit_index)[np.asarray(chosen, np.int64)]
    n_channels = shapes.mean.shape[2]
    gains = _gains(stored, n_channels)
    size = (len(rows), N_SNIPPETS, waves.shape[1], N_SNIPPET_CHANNELS)
    values = np.full(size, np.nan, np.float16)
    channel = np.full((len(rows), N_SNIPPET_CHANNELS), -1, np.int32)
    for number, row in enumerate(rows.tolist()):
        seen = np.arange(n_channels)
        if stored.sparsity is not None:
            seen = np.flatnonzero(stored.sparsity[row])
        peaks = np.nan_to_num(np.abs(shapes.mean[number]).max(axis=0))[seen]
        largest = np.sort(np.argsort(-peaks, kind="stable")[:N_SNIPPET_CHANNELS])
        own = np.flatnonzero(owner == row)[:: max(1, (owner == row).sum() // N_SNIPPETS)]
        own = own[:N_SNIPPETS]
        cut = np.asarray(waves[own], np.float32)[:, :, largest] * gains[seen[largest]]
        values[number, : len(own), :, : len(largest)] = cut
        channel[number, : len(largest)] = seen[largest]
    return SingleWaveforms(values, channel)


def _locations(stored: StoredAnalyzer, n_channels: int) -> NDArray[np.float64] | None:
    if stored.probes is None:
        return None
    probes = read_probes(dict(stored.probes))
    table = probes.to_numpy(complete=True)
    table = table[np.argsort(table["device_channel_indices"], kind="stable")]
    places = np.stack([table[axis] for axis in ("x", "y")], axis=1).astype(np.float64)
    if places.shape[0] != n_channels or not np.isfinite(places).all():
        return None
    return places


def _columns(
    stored: StoredAnalyzer, trains: ForeignTrains, rows: NDArray[np.int64]
) -> pd.DataFrame:
    """Metrics and labels, a row per unit with spikes."""
    found: dict[str, Any] = {}
    for name, values in _metrics(stored):
        taken = metric_column(name, values)
        if taken is not None:
            found[taken[0]] = taken[1].to_numpy()[rows]
    places = stored.data("unit_locations", "unit_locations")
    if places is not None and places.ndim == 2 and len(places) == len(stored.unit_ids):
        for column, axis in zip(np.asarray(places).T, "xyz", strict=False):
            found[f"location_{axis}_um"] = column[rows]
    for name, values in stored.properties.items():
        if values.shape == (len(stored.unit_ids),):
            label = label_column(name, values[rows].tolist())
            if label is not None:
                found[label[0]] = label[1]
    return pd.DataFrame(found, index=pd.Index(trains.units.astype(np.int64), name="unit_id"))


def _metrics(stored: StoredAnalyzer) -> Iterator[tuple[str, Any]]:
    ids = [str(one) for one in stored.unit_ids.tolist()]
    for extension in METRICS:
        table = stored.data(extension, "metrics")
        if not isinstance(table, pd.DataFrame):
            continue
        table.index = pd.Index([str(one) for one in table.index.tolist()])
        if not table.index.is_unique:
            continue
        table = table.reindex(ids)
        for name in table.columns:
            yield str(name), table[name].to_numpy()


def _notes(stored: StoredAnalyzer) -> tuple[str, ...]:
    if not stored.left_out:
        return ()
    n = len(stored.left_out)
    return (
        f"Left out, for it is pickled and unpickling may run code: {few(stored.left_out, 3)}."
        if n <= 3
        else f"Left out, for they are pickled and unpickling may run code: {n} parts, such as "
        f"{few(stored.left_out, 2)}.",
    )


def rec_attributes(stored: StoredAnalyzer) -> dict[str, Any]:
    """The attributes of the recording in the form that SpikeInterface's analyzer keeps them."""
    found: Mapping[str, Any] = stored.recorded
    probes = None if stored.probes is None else read_probes(dict(stored.probes))
    return {**found, "probegroup": probes}
