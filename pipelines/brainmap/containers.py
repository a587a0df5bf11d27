"""Image series in HDF5, NWB and zarr, of which only a few volumes are read at a time."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import zarr

from pipelines.brainmap.container_metadata import NWB_AXES, is_nwb, nwb_info
from pipelines.brainmap.images import ImageSeries, Volume, checked_dtype, checked_shape
from pipelines.brainmap.info import ImageInfo
from pipelines.errors import ImageError

HDF5_SUFFIXES = frozenset({".h5", ".hdf5", ".hdf", ".nwb"})
ZARR_MARKS = (".zarray", ".zgroup", "zarr.json")
PLAIN_AXES: Mapping[int, str] = {3: "TYX", 4: "TZYX", 5: "TCZYX"}
SLAB_BYTES = 64 << 20
"""Most that is read at once, in whole volumes; at least one volume."""


@dataclass(frozen=True)
class Place:
    """An array in a file and what its axes are."""

    name: str
    axes: str


def is_zarr(folder: Path) -> bool:
    """Whether a folder is a zarr array or group."""
    return folder.suffix.lower() == ".zarr" or any((folder / mark).exists() for mark in ZARR_MARKS)


def open_hdf5(path: Path, dataset: str) -> ImageSeries:
    """Open an array of an HDF5 or NWB file.

    Args:
        path: the file.
        dataset: the path of the array, or of NWB's series that holds it; may be empty if only
            one array can be images.

    Raises:
        ImageError: damaged, no or several suitable arrays, or an unsuitable shape or type.
    """
    return _open(path, dataset, _hdf5, _nwb_place)


def open_zarr(path: Path, dataset: str) -> ImageSeries:
    """Open an array of a zarr folder; of an OME-Zarr image, the one of full resolution.

    Raises:
        ImageError: as `open_hdf5`, or zarr's format 3.
    """
    if (path / "zarr.json").exists():
        raise ImageError(f"{path} is in zarr's format 3: save it with zarr_format=2.")
    return _open(path, dataset, _zarr, _plain_place)


def _open(
    path: Path,
    dataset: str,
    opened: Callable[[Path], Any],
    place_of: Callable[[Any, str], Place | None],
) -> ImageSeries:
    with opened(path) as root:
        place = _placed(path, root, dataset, place_of)
        array = _array(root, place.name)
        dtype = checked_dtype(path, array.dtype)
        sizes = dict(zip(place.axes, array.shape, strict=True))
        step = _volumes_at_once(array, place.axes)
        info = nwb_info(array) if path.suffix == ".nwb" and is_nwb(array) else ImageInfo(place.axes)
    if sizes.get("C", 1) != 1:
        raise ImageError(f"{path} holds {sizes['C']} channels: save the one to map on its own.")
    full = tuple(sizes[axis] for axis in "TZYX" if axis in sizes)
    shape = checked_shape(path, full)

    def read(start: int, stop: int) -> Iterator[Volume]:
        with opened(path) as root:
            array = _array(root, place.name)
            for first in range(start, stop, step):
                yield from _slab(array, place.axes, first, min(first + step, stop), shape)

    return ImageSeries(path, shape, dtype, read, info=info)


def _slab(array: Any, axes: str, start: int, stop: int, shape: tuple[int, ...]) -> Any:
    """Volumes of some time points, as (time, plane, y, x)."""
    where = tuple(slice(start, stop) if axis == "T" else slice(None) for axis in axes)
    wanted = [axes.index(axis) for axis in "TCZYX" if axis in axes]
    return np.asarray(array[where]).transpose(wanted).reshape(stop - start, *shape[1:])


def _volumes_at_once(array: Any, axes: str) -> int:
    """Volumes that are compressed together, as far as memory allows."""
    at = axes.index("T")
    bytes_per_volume = array.dtype.itemsize * np.prod(array.shape) / max(1, array.shape[at])
    chunk = array.chunks[at] if array.chunks else 1
    return int(max(1, min(chunk, SLAB_BYTES // max(1, bytes_per_volume))))


def _array(root: Any, name: str) -> Any:
    return root[name] if name else root


def _placed(
    path: Path, root: Any, dataset: str, place_of: Callable[[Any, str], Place | None]
) -> Place:
    found = {place.name: place for place in _candidates(root, place_of)}
    if dataset:
        name = dataset.strip("/")
        place = found.get(name) or found.get(f"{name}/data")
        if place is None:
            raise ImageError(f"{path} has no images at {dataset}: choose from {_listed(found)}.")
        return place
    if len(found) == 1:
        return next(iter(found.values()))
    if not found:
        raise ImageError(f"{path} holds no array (time, plane, y, x) or (time, y, x) of numbers.")
    raise ImageError(f"{path} holds several arrays: set dataset to one of {_listed(found)}.")


def _listed(names: Sequence[str] | Mapping[str, Any]) -> str:
    return ", ".join(list(names)[:8]) or "none"


def _candidates(root: Any, place_of: Callable[[Any, str], Place | None]) -> Iterator[Place]:
    """Arrays of three or more axes, in the order of their names."""
    if hasattr(root, "shape"):
        if place := place_of(root, ""):
            yield place
        return
    if "multiscales" in root.attrs:
        yield from _full_resolution(root)
        return
    for name in sorted(root):
        below = root.get(name)
        if below is None:
            continue
        if hasattr(below, "shape"):
            if place := place_of(below, below.name.strip("/")):
                yield place
        else:
            yield from _candidates(below, place_of)


def _full_resolution(group: Any) -> Iterator[Place]:
    """The first dataset of an OME-Zarr image (https://ngff.openmicroscopy.org/0.4/)."""
    scales = group.attrs["multiscales"][0]
    array = group[scales["datasets"][0]["path"]]
    named = [axis["name"] if isinstance(axis, Mapping) else axis for axis in scales.get("axes", ())]
    axes = "".join(named).upper() or PLAIN_AXES.get(array.ndim, "")
    if len(axes) == array.ndim and "T" in axes:
        yield Place(array.name.strip("/"), axes)


def _plain_place(array: Any, name: str) -> Place | None:
    suits = len(array.shape) in PLAIN_AXES and array.dtype.kind in "buif"
    return Place(name, PLAIN_AXES[len(array.shape)]) if suits else None


def _nwb_place(array: Any, name: str) -> Place | None:
    place = _plain_place(array, name)
    return Place(name, NWB_AXES[len(array.shape)]) if place and is_nwb(array) else place


@contextmanager
def _hdf5(path: Path) -> Iterator[Any]:
    """Give the root of a file; whatever the library raises on damaged bytes is one sentence."""
    try:
        with h5py.File(path, "r") as root:
            yield root
    except ImageError:
        raise
    except Exception as error:
        raise ImageError(_damaged(path, "an HDF5 file")) from error


@contextmanager
def _zarr(path: Path) -> Iterator[Any]:
    try:
        yield zarr.open(str(path), mode="r")
    except ImageError:
        raise
    except Exception as error:
        raise ImageError(_damaged(path, "a zarr folder")) from error


def _damaged(path: Path, kind: str) -> str:
    return f"{path} is not {kind}, is damaged or cut short: copy it again, or save it again."
