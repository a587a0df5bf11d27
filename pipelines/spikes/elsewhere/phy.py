"""Folders of phy and Kilosort 2 to 4 (https://phy.readthedocs.io/en/latest/sorting_user_guide/).

`params.py` is a program: it is parsed and only the plain values that it assigns are taken. The
units are those of `spike_clusters.npy`, so merges and splits that were made in phy count.
"""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.core.errors import InputError
from pipelines.files.links import refuse_links_out
from pipelines.files.reading import reading
from pipelines.spikes.elsewhere.arrays import read_array, read_if_there
from pipelines.spikes.elsewhere.columns import MOST_COLUMNS, label_column, metric_column
from pipelines.spikes.elsewhere.found import (
    HEIGHTS,
    SHAPES,
    Floats,
    ForeignTrains,
    Found,
    Shapes,
    before_the_start,
    few,
    one_axis,
    refuse_too_large,
    trains_of,
    whole_numbers,
)
from pipelines.spikes.recording.parameters import RecordingParameters
from pipelines.spikes.units.unit_tables import read_table

PARAMS = "params.py"
MOST_LETTERS = 100_000
READ_AS = {
    "sample_rate": "sampling_frequency",
    "n_channels_dat": "num_channels",
    "dtype": "dtype",
    "offset": "file_offset",
}
"""What `params.py` says of a raw recording, and the parameter that it is here."""
LIKE_A_HEIGHT = (0.5, 2.0)
"""Times the peak of the mean waveform: amplitudes in between are heights, others are factors."""


@dataclass(frozen=True)
class Templates:
    """`templates.npy` over all channels.

    Attributes:
        values: without whitening, shape (template, sample, channel).
        are_means: they are mean waveforms, and amplitudes are no factors of them.
    """

    values: Floats
    are_means: bool


def read_phy(folder: Path, given: RecordingParameters) -> Found:
    """Read a folder of phy or Kilosort.

    Args:
        folder: with `spike_times.npy`.
        given: `sampling_frequency` where `params.py` lacks it; `gain_uv`, by which waveforms
            become microvolts.

    Raises:
        InputError: it is none, or damaged.
    """
    refuse_links_out(folder)
    settings = settings_of(folder / PARAMS)
    rate = _rate(settings, given, folder)
    samples = whole_numbers(read_array(folder / "spike_times.npy"), str(folder / "spike_times.npy"))
    templates_of = _spike_templates(folder, len(samples))
    trains = before_the_start(trains_of(samples, _clusters(folder, templates_of), folder), folder)
    places, names, notes = _channels(folder, settings)
    locations = _locations(folder, len(names))
    templates = _templates(folder, len(names))
    amplitudes = _amplitudes(folder, len(samples))
    if templates_of is not None:
        templates_of = templates_of[trains.order]
    if amplitudes is not None:
        amplitudes = amplitudes[trains.order]
    shapes, heights, more = _measured(templates, templates_of, amplitudes, trains, given, folder)
    columns, taken, said = _tables(folder, trains)
    has = {SHAPES: shapes, HEIGHTS: heights, "places": locations}
    return Found(
        kind="phy or Kilosort folder",
        made_by="kilosort" if templates and not templates.are_means else "phy",
        rate_hz=rate,
        trains=trains,
        lengths=None,
        channel_names=names,
        locations_um=locations,
        channel_index=places,
        shapes=shapes,
        heights=heights,
        snippets=None,
        noise_uv=None,
        columns=columns,
        taken=("spikes", *(name for name, one in has.items() if one is not None), *taken),
        notes=(*notes, *said, *_not_read(folder)),
        about_shapes=tuple(more),
        recording=_recording(folder, settings),
        reading=_reading(settings),
    )


# -- params.py


def settings_of(file: Path) -> dict[str, Any]:
    """The plain values that `params.py` assigns, by name; empty if there is no such file.

    Nothing of it is run: a value that is not written out is left aside.

    Raises:
        InputError: it is no Python.
    """
    if not file.is_file():
        return {}
    with reading(file, InputError, "export from phy again", "params.py of phy"):
        text = file.read_bytes()[: MOST_LETTERS + 1].decode("utf-8-sig")
        if len(text) > MOST_LETTERS:
            raise InputError(f"{file} is too long to be phy's params.py: export from phy again.")
        return dict(_assigned(ast.parse(text)))


def _assigned(tree: ast.Module) -> Iterator[tuple[str, Any]]:
    for line in tree.body:
        if not isinstance(line, ast.Assign):
            continue
        try:
            value = ast.literal_eval(line.value)
        except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
            continue
        for target in line.targets:
            if isinstance(target, ast.Name):
                yield target.id, value


def _rate(settings: Mapping[str, Any], given: RecordingParameters, folder: Path) -> float:
    said = settings.get("sample_rate")
    known = isinstance(said, int | float) and not isinstance(said, bool) and 0 < said < 1e7
    if known and said is not None:
        return float(said)
    if given.sampling_frequency is None:
        raise InputError(
            f"{folder / PARAMS} says no sample_rate: give it with --set sampling_frequency=HZ, "
            "such as 30000."
        )
    return float(given.sampling_frequency)


def _reading(settings: Mapping[str, Any]) -> dict[str, Any]:
    """How the raw recording is read."""
    return {name: settings[key] for key, name in READ_AS.items() if key in settings}


def _recording(folder: Path, settings: Mapping[str, Any]) -> Path | None:
    """The recording that `params.py` names, if it lies in the folder; nothing else is followed."""
    said = settings.get("dat_path")
    names = said if isinstance(said, list | tuple) else [said]
    if len(names) != 1 or not isinstance(names[0], str) or not names[0].strip():
        return None
    last = names[0].replace("\\", "/").rstrip("/").rpartition("/")[2]
    file = folder / last
    return file if last not in ("", ".", "..") and file.is_file() else None


# -- spikes


def _spike_templates(folder: Path, n_spikes: int) -> NDArray[np.int64] | None:
    file = folder / "spike_templates.npy"
    found = read_if_there(file)
    if found is None:
        return None
    return _as_many(whole_numbers(found, str(file)), n_spikes, file)


def _clusters(folder: Path, templates_of: NDArray[np.int64] | None) -> NDArray[Any]:
    """Whose each spike is: as phy left it, else as it was sorted."""
    file = folder / "spike_clusters.npy"
    found = read_if_there(file)
    if found is not None:
        if found.dtype.kind in "US":
            return one_axis(found, str(file))
        return whole_numbers(found, str(file))
    if templates_of is None:
        raise InputError(
            f"{folder} has neither spike_clusters.npy nor spike_templates.npy, so nothing says "
            "whose the spikes are: copy the whole folder."
        )
    return templates_of


def _amplitudes(folder: Path, n_spikes: int) -> NDArray[np.float64] | None:
    file = folder / "amplitudes.npy"
    found = read_if_there(file)
    if found is None:
        return None
    flat = one_axis(found, str(file))
    if flat.dtype.kind not in "iuf":
        raise InputError(f"{file} holds {flat.dtype} where numbers belong: copy it again.")
    return _as_many(np.abs(flat.astype(np.float64)), n_spikes, file)


def _as_many(values: NDArray[Any], n_spikes: int, file: Path) -> NDArray[Any]:
    if len(values) != n_spikes:
        raise InputError(
            f"{file} has {len(values):,} values, but spike_times.npy {n_spikes:,}: the files are "
            "not of one sorting; copy the whole folder again."
        )
    return values


# -- channels


def _channels(
    folder: Path, settings: Mapping[str, Any]
) -> tuple[NDArray[np.int64], tuple[str, ...], list[str]]:
    """Places of the channels in the recording, and what they are called: by these places."""
    file = folder / "channel_map.npy"
    found = read_if_there(file)
    if found is None:
        templates = read_if_there(folder / "templates.npy")
        alone = templates is not None and templates.ndim == 3 and not _indices(folder).is_file()
        count = templates.shape[2] if alone and templates is not None else None
        n_dat = settings.get("n_channels_dat")
        n_channels = count or (n_dat if isinstance(n_dat, int) and 0 < n_dat < 1 << 16 else 1)
        places = np.arange(n_channels)
        note = f"{file.name} is missing: its channels are taken as the first {n_channels}."
        return places, tuple(map(str, places)), [note]
    places = whole_numbers(found, str(file))
    if not len(places) or len(places) > 1 << 16:
        raise InputError(f"{file} names {len(places):,} channels: copy it again.")
    if int(places.min()) < 0 or len(np.unique(places)) < len(places):
        raise InputError(f"{file} names a channel twice, or one below 0: export it again.")
    return places, tuple(map(str, places.tolist())), []


def _locations(folder: Path, n_channels: int) -> NDArray[np.float64] | None:
    file = folder / "channel_positions.npy"
    found = read_if_there(file)
    if found is None:
        return None
    if found.ndim != 2 or found.shape[0] != n_channels or found.shape[1] not in (2, 3):
        raise InputError(
            f"{file} has the shape {found.shape}, but there are {n_channels} channels: copy the "
            "whole folder again."
        )
    if found.dtype.kind not in "iuf" or not np.isfinite(found).all():
        raise InputError(f"{file} holds places that are not numbers: export it again.")
    return np.asarray(found, dtype=np.float64)


# -- templates


def _indices(folder: Path) -> Path:
    """On which channels a template is given: Kilosort's name, else SpikeInterface's."""
    names = (folder / "templates_ind.npy", folder / "template_ind.npy")
    return next((file for file in names if file.is_file()), names[0])


def _templates(folder: Path, n_channels: int) -> Templates | None:
    file = folder / "templates.npy"
    found = read_if_there(file)
    if found is None:
        return None
    if found.ndim != 3 or found.dtype.kind not in "iuf" or not found.size:
        raise InputError(f"{file} has the shape {found.shape}, not (template, sample, channel).")
    refuse_too_large(found.shape[0], found.shape[1], n_channels, folder)
    values = _over_all(np.asarray(found, np.float32), folder, n_channels)
    inverse = read_if_there(folder / "whitening_mat_inv.npy")
    if inverse is None:  # Kilosort always writes one
        return Templates(values, are_means=True)
    if inverse.shape != (n_channels, n_channels) or inverse.dtype.kind not in "iuf":
        return Templates(values, are_means=False)
    inverse = np.asarray(inverse, np.float32)
    if np.array_equal(inverse, np.eye(n_channels)):
        return Templates(values, are_means=True)
    return Templates(np.asarray(values @ inverse, np.float32), are_means=False)


def _over_all(values: Floats, folder: Path, n_channels: int) -> Floats:
    """Templates over all channels, of which each may be given on its own ones only."""
    indices = read_if_there(_indices(folder))
    if indices is None:
        if values.shape[2] != n_channels:
            raise InputError(
                f"{folder / 'templates.npy'} has {values.shape[2]} channels, but "
                f"channel_map.npy {n_channels}: the files are not of one sorting."
            )
        return values
    if indices.shape != (values.shape[0], values.shape[2]):
        raise InputError(f"{_indices(folder)} does not fit templates.npy: copy the folder again.")
    places = np.asarray(indices, dtype=np.float64)
    whole = np.zeros((*values.shape[:2], n_channels), np.float32)
    for number, own in enumerate(places):
        there = np.isfinite(own) & (own >= 0) & (own < n_channels)
        whole[number][:, own[there].astype(np.intp)] = values[number][:, there]
    return whole


def _measured(
    templates: Templates | None,
    templates_of: NDArray[np.int64] | None,
    amplitudes: NDArray[np.float64] | None,
    trains: ForeignTrains,
    given: RecordingParameters,
    folder: Path,
) -> tuple[Shapes | None, Floats | None, list[str]]:
    """Mean waveforms of the units, heights of the spikes, and what is to be said of both."""
    if templates is None:
        return None, None, []
    values = templates.values
    own = trains.unit_id.astype(np.int64) if templates_of is None else templates_of
    if int(own.min()) < 0 or int(own.max()) >= len(values):
        if templates_of is None:
            return None, None, ["Nothing says which template a spike has: they are left out."]
        raise InputError(
            f"{folder / 'spike_templates.npy'} names template {int(own.max())}, but templates.npy "
            f"has {len(values)}: the files are not of one sorting."
        )
    factors = np.ones(len(own)) if amplitudes is None or templates.are_means else amplitudes
    scale = given.gain_uv if given.gain_uv and not templates.are_means else 1.0
    peaks = np.nan_to_num(np.abs(values)).max(axis=(1, 2)) * scale
    refuse_too_large(len(trains.units), values.shape[1], values.shape[2], folder)
    mean = np.stack([_mean(values, own[at], factors[at]) for at in _of_units(trains)]).astype(
        np.float32
    )
    rows = np.nan_to_num(np.abs(mean)).max(axis=2).argmax(axis=1)
    shapes = Shapes(int(np.median(rows)), mean * np.float32(scale), np.full_like(mean, np.nan))
    heights = _heights(amplitudes, peaks[own], are_means=templates.are_means)
    return shapes, heights, [_unit_of(templates, given)]


def _of_units(trains: ForeignTrains) -> Iterator[NDArray[np.intp]]:
    """The places of each unit's spikes."""
    order = np.argsort(trains.unit_id, kind="stable")
    edges = np.flatnonzero(np.diff(trains.unit_id[order])) + 1
    yield from np.split(order, edges)


def _mean(values: Floats, own: NDArray[np.int64], factors: NDArray[np.float64]) -> Floats:
    """The mean over a unit's spikes, each of which is its template times its amplitude."""
    numbers, place = np.unique(own, return_inverse=True)
    weights = np.bincount(place, np.nan_to_num(factors)) / len(own)
    return np.asarray(np.tensordot(weights.astype(np.float32), values[numbers], axes=1))


def _heights(
    amplitudes: NDArray[np.float64] | None, peaks: NDArray[np.floating], *, are_means: bool
) -> Floats | None:
    if amplitudes is None or not np.isfinite(amplitudes).all():
        return None
    middle = float(np.median(amplitudes / np.maximum(peaks, 1e-12)))
    if are_means and LIKE_A_HEIGHT[0] <= middle <= LIKE_A_HEIGHT[1]:
        return amplitudes.astype(np.float32)
    if are_means and np.ptp(amplitudes) == 0:  # one for all: they say nothing
        return None
    return np.asarray(amplitudes * peaks, np.float32)


def _unit_of(templates: Templates, given: RecordingParameters) -> str:
    if templates.are_means:
        return "Mean waveforms are those of templates.npy, which are not whitened."
    words = (
        "Mean waveforms are the templates of Kilosort times their spikes' amplitudes, as far as "
    )
    words += "whitening_mat_inv.npy undoes the whitening"
    if given.gain_uv:
        return f"{words}, times {given.gain_uv:g} uV per step."
    return (
        f"{words}, in steps of the recording and not in microvolts: give gain_uv, or the recording "
        "to measure them."
    )


# -- tables


def _tables(folder: Path, trains: ForeignTrains) -> tuple[pd.DataFrame, list[str], list[str]]:
    """Labels and metrics of `cluster_*.tsv`, a row per unit with spikes."""
    units = trains.units.astype(np.int64)
    columns: dict[str, pd.Series] = {}
    notes: list[str] = []
    found = [*folder.glob("cluster_*.tsv"), *folder.glob("cluster_*.csv")]
    # What phy sums up in cluster_info comes first, so that the single tables have the last word.
    for file in sorted(found, key=lambda one: (one.stem != "cluster_info", one.name)):
        try:
            table = _by_unit(file, units)
        except InputError as error:
            notes.append(f"{error.sentence} It is left out.")
            continue
        for name in list(table.columns)[:MOST_COLUMNS]:
            taken = _column(str(name), table[name])
            if taken is not None and len(columns) < MOST_COLUMNS:
                columns[str(taken.name)] = taken
    rows = pd.DataFrame(columns, index=pd.Index(units, name="unit_id"))
    return rows, [str(name) for name in rows.columns], notes


def _by_unit(file: Path, units: NDArray[np.int64]) -> pd.DataFrame:
    with reading(file, InputError, "save it in phy again", "table of phy"):
        table = read_table(file)
        key = next((name for name in ("cluster_id", "id") if name in table), None)
        if key is None or not pd.api.types.is_integer_dtype(table[key]):
            raise InputError(f"{file} has no column cluster_id of whole numbers.")
        last = table.drop_duplicates(key, keep="last").set_index(key)
        return last.reindex(units)


def _column(name: str, values: pd.Series) -> pd.Series | None:
    as_label = label_column(name, values.tolist())
    if as_label is not None:
        return pd.Series(as_label[1], values.index, name=as_label[0], dtype=object)
    as_metric = metric_column(name, values.to_numpy())
    if as_metric is None:
        return None
    return pd.Series(as_metric[1].to_numpy(), values.index, name=as_metric[0])


def _not_read(folder: Path) -> list[str]:
    names = [
        name
        for name in ("pc_features.npy", "template_features.npy", "similar_templates.npy")
        if (folder / name).is_file()
    ]
    if not names:
        return []
    return [f"Not taken over, since they are computed anew when they are needed: {few(names)}."]
