"""SpikeInterface's analyzer as it lies on disk, in zarr or in a folder of files.

SpikeInterface unpickles what it finds there and builds the recording of any class that is named,
so that a folder from elsewhere could run anything. Here only JSON, tables and arrays of numbers
and text are read; the rest is named in `left_out`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.core.errors import InputError
from pipelines.core.result_files import read_object
from pipelines.files import zarr_store
from pipelines.files.links import refuse_links_out
from pipelines.files.reading import reading
from pipelines.spikes.elsewhere.arrays import read_array, read_if_there
from pipelines.spikes.recording.spikeinterface_private import WITHOUT_RESULTS
from pipelines.spikes.units.unit_tables import read_indexed

ADVICE = "save the analyzer again"
MOST_BYTES = 16 << 30


@dataclass(frozen=True)
class Extension:
    """What one of SpikeInterface's extensions holds.

    Attributes:
        params: that it was computed with.
        data: arrays, tables (`DataFrame`) and JSON by their names.
    """

    params: Mapping[str, Any]
    data: Mapping[str, Any]


@dataclass(frozen=True)
class StoredAnalyzer:
    """An analyzer that was read.

    Attributes:
        settings: `return_in_uV` and others.
        recorded: attributes of its recording: `channel_ids`, `num_samples`, `properties`...
        probes: its probes as probeinterface describes them; none if there are none.
        unit_ids: shape (unit,).
        sample_index: of every spike within its segment, shape (spike,).
        unit_index: place of its unit, shape (spike,).
        segment_index: of every spike, shape (spike,).
        properties: of units, each of shape (unit,) or more.
        sparsity: on which channels a unit is looked at, shape (unit, channel); none for all.
        extensions: by name.
        left_out: what could only have been read by unpickling.
    """

    settings: Mapping[str, Any]
    recorded: Mapping[str, Any]
    probes: Mapping[str, Any] | None
    unit_ids: NDArray[Any]
    sample_index: NDArray[Any]
    unit_index: NDArray[Any]
    segment_index: NDArray[Any]
    properties: Mapping[str, NDArray[Any]]
    sparsity: NDArray[np.bool_] | None
    extensions: Mapping[str, Extension]
    left_out: tuple[str, ...] = field(default=())

    def data(self, extension: str, name: str) -> Any:
        """What an extension holds under a name; none if it is not there."""
        found = self.extensions.get(extension)
        return None if found is None else found.data.get(name)


# -- zarr


def read_zarr(folder: Path) -> StoredAnalyzer:
    """Read an analyzer in zarr.

    Raises:
        InputError: it is none, or damaged.
    """
    with zarr_store.opened_partly(folder, InputError) as (root, unsafe):
        sorting, about = root["sorting"], root["recording_info"].attrs
        spikes = sorting["spikes"]
        slices = _all(spikes["segment_slices"], folder)
        samples = _all(spikes["sample_index"], folder)
        segments = np.zeros(len(samples), np.int64)
        for number, (start, stop) in enumerate(slices.tolist()):
            segments[start:stop] = number
        properties = dict(_values(sorting.get("properties"), unsafe, folder))
        mask = _all(root["sparsity_mask"], folder) if "sparsity_mask" in root else None
        found = root.get("extensions") or {}
        return StoredAnalyzer(
            settings=dict(root.attrs.get("settings") or {}),
            recorded=dict(about["recording_attributes"]),
            probes=about.get("probegroup"),
            unit_ids=_all(sorting["unit_ids"], folder),
            sample_index=samples,
            unit_index=_all(spikes["unit_index"], folder),
            segment_index=segments,
            properties=properties,
            sparsity=None if mask is None else mask.astype(bool),
            extensions={
                name: Extension(
                    dict(found[name].attrs.get("params") or {}),
                    dict(_values(found[name], unsafe, folder)),
                )
                for name in found
            },
            left_out=tuple(sorted(unsafe)),
        )


def _values(group: Any, unsafe: frozenset[str], folder: Path) -> Iterator[tuple[str, Any]]:
    """What a group holds, by name, but for what must not be read."""
    for name in group or ():
        one = group[name]
        if one.path in unsafe:
            continue
        if one.attrs.get("dataframe"):
            if not any(f"{one.path}/{column}" in unsafe for column in one):
                yield name, _frame(one, folder)
        elif hasattr(one, "shape"):
            found = _all(one, folder)
            single = one.attrs.get("dict") or one.attrs.get("object")
            yield name, found[0] if single and len(found) == 1 else found


def _frame(group: Any, folder: Path) -> pd.DataFrame:
    columns = {name: _all(group[name], folder) for name in group if name != "index"}
    return pd.DataFrame(columns, index=_all(group["index"], folder))


def _all(array: Any, folder: Path) -> NDArray[Any]:
    """All values of an array in zarr, of any shape."""
    if array.nbytes > MOST_BYTES:
        raise InputError(
            f"{folder}: {array.path} would take {array.nbytes / 2**30:.0f} GB of memory: it is "
            f"damaged, or too large; {ADVICE}."
        )
    return np.asarray(array[...])


# -- a folder of files


def read_folder(folder: Path) -> StoredAnalyzer:
    """Read an analyzer in a folder of files, which SpikeInterface calls `binary_folder`.

    Raises:
        InputError: it is none, or damaged.
    """
    refuse_links_out(folder)
    info = _json(folder / "sorting" / "numpysorting_info.json")
    spikes = read_array(folder / "sorting" / "spikes.npy")
    names = ("sample_index", "unit_index", "segment_index")
    if spikes.dtype.names is None or not set(names) <= set(spikes.dtype.names):
        raise InputError(f"{folder / 'sorting' / 'spikes.npy'} holds no spikes: {ADVICE}.")
    probes = folder / "recording_info" / "probegroup.json"
    mask = read_if_there(folder / "sparsity_mask.npy")
    left_out: list[str] = []
    return StoredAnalyzer(
        settings=_json(folder / "settings.json"),
        recorded=_json(folder / "recording_info" / "recording_attributes.json"),
        probes=_json(probes) if probes.is_file() else None,
        unit_ids=np.array(info.get("unit_ids", [])),
        sample_index=spikes["sample_index"],
        unit_index=spikes["unit_index"],
        segment_index=spikes["segment_index"],
        properties=_properties(folder, left_out),
        sparsity=None if mask is None else np.asarray(mask, dtype=bool),
        extensions={
            one.name: _extension(one, left_out)
            for one in sorted((folder / "extensions").glob("*"))
            if one.is_dir() and (one / "params.json").is_file()
        },
        left_out=tuple(left_out),
    )


def _json(file: Path) -> dict[str, Any]:
    return read_object(file, InputError, ADVICE)


def _properties(folder: Path, left_out: list[str]) -> dict[str, NDArray[Any]]:
    found = {}
    for file in sorted((folder / "sorting" / "properties").glob("*.npy")):
        values = _array(file, folder, left_out)
        if values is not None:
            found[file.stem] = values
    return found


def _extension(folder: Path, left_out: list[str]) -> Extension:
    data: dict[str, Any] = {}
    for file in sorted(folder.iterdir()):
        if file.stem in WITHOUT_RESULTS or file.name.startswith("._"):
            continue
        if file.suffix == ".json":
            data[file.stem] = _json(file)
        elif file.suffix == ".npy":
            values = _array(file, folder.parent.parent, left_out)
            if values is not None:
                data[file.stem] = values
        elif file.suffix == ".csv":
            with reading(file, InputError, ADVICE, "table of an analyzer"):
                data[file.stem] = read_indexed(file)
        elif file.suffix in (".pkl", ".pickle"):
            left_out.append(file.relative_to(folder.parent.parent).as_posix())
    return Extension(_json(folder / "params.json"), data)


def _array(file: Path, folder: Path, left_out: list[str]) -> NDArray[Any] | None:
    """An array of any shape; none, and named in `left_out`, if it holds pickled objects."""
    with reading(file, InputError, ADVICE, "NumPy array"), file.open("rb") as stream:
        version = np.lib.format.read_magic(stream)
        read = np.lib.format.read_array_header_1_0 if version == (1, 0) else None
        header = (read or np.lib.format.read_array_header_2_0)(stream)
    if header[2].hasobject:
        left_out.append(file.relative_to(folder).as_posix())
        return None
    return read_array(file)
