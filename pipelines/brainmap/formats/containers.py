"""Image series in HDF5, NWB and zarr, of which only a few volumes are read at a time."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pipelines.brainmap.formats.container_metadata import is_nwb, labelled_axes, ngff_info, nwb_info
from pipelines.brainmap.formats.rows import ZARR_FORMAT_3
from pipelines.brainmap.images.asking import field, listed
from pipelines.brainmap.images.axes import GUESSES
from pipelines.brainmap.images.images import ImageSeries, Volume, checked_dtype
from pipelines.brainmap.images.info import ImageInfo, ImageReading
from pipelines.brainmap.images.layout import Layout, laid_out
from pipelines.core.errors import ImageError
from pipelines.files import hdf5, zarr_store

Opened = Callable[[Path], AbstractContextManager[Any]]


@dataclass(frozen=True)
class ArrayPlace:
    """An array in a file, and what is said of it.

    Attributes:
        name: its path in the file.
        said: the axes are empty if nothing says them.
        channels: their names, if the file has some.
    """

    name: str
    said: ImageInfo
    channels: tuple[str, ...] = ()


def open_hdf5(path: Path, reading: ImageReading) -> ImageSeries:
    """Open an array of an HDF5 or NWB file.

    `reading.dataset` is the path of the array, or of NWB's series that holds it; it may be empty
    if only one array can be images.

    Raises:
        ImageError: damaged, no or several suitable arrays, or an unsuitable shape or type; it
            names another file.
    """
    return open_array(path, reading, _hdf5, _hdf5_place, GUESSES)


def open_zarr(path: Path, reading: ImageReading) -> ImageSeries:
    """Open an array of a zarr folder; of an OME-Zarr image, the one of full resolution.

    Raises:
        ImageError: as `open_hdf5`, or zarr's format 3.
    """
    if (path / ZARR_FORMAT_3).exists():
        raise ImageError(
            f"{path} is in zarr's format 3, which is not read here: save it with zarr_format=2, "
            'such as zarr.save_array("new.zarr", zarr.open(old)[:], zarr_format=2) in Python.'
        )
    return open_array(path, reading, _zarr, _plain_place, GUESSES)


def open_array(
    path: Path,
    reading: ImageReading,
    opened: Opened,
    place_of: Callable[[Any, str], ArrayPlace | None],
    guesses: Mapping[int, str],
) -> ImageSeries:
    """Open one of the arrays of a file.

    Args:
        path: the file or folder.
        reading: what a person says about it.
        opened: gives its root.
        place_of: says of an array and its path whether it can be images.
        guesses: see `axes.resolve`.

    Raises:
        ImageError: as `open_hdf5`.
    """
    with opened(path) as root:
        place = _placed(path, root, reading.dataset, place_of)
        array = _array(root, place.name)
        dtype = checked_dtype(path, array.dtype)
        layout, info = laid_out(
            path, array.shape, place.said, reading, names=place.channels, guesses=guesses
        )
        chunk = array.chunks[layout.axes.index("T")] if array.chunks else 1
        step = layout.at_once(dtype.itemsize, chunk)

    def read(start: int, stop: int) -> Iterator[Volume]:
        with opened(path) as root:
            array = _array(root, place.name)
            for first in range(start, stop, step):
                yield from _slab(array, layout, first, min(first + step, stop))

    return ImageSeries(path, layout.shape, dtype, read, info=info)


def _slab(array: Any, layout: Layout, start: int, stop: int) -> Any:
    """Volumes of some time points, as (time, plane, y, x)."""
    return layout.volumes(np.asarray(array[layout.where(start, stop)]))


def _array(root: Any, name: str) -> Any:
    return root[name] if name else root


def _placed(
    path: Path, root: Any, dataset: str, place_of: Callable[[Any, str], ArrayPlace | None]
) -> ArrayPlace:
    found = {place.name: place for place in _candidates(root, place_of)}
    names = listed(list(found)) or "none"
    if dataset:
        name = dataset.strip("/")
        place = found.get(name) or found.get(f"{name}/data") or _by_end(found, name)
        if place is None:
            raise ImageError(f"{path} has no images at {dataset}: choose from {names}.")
        return place
    if len(found) == 1:
        return next(iter(found.values()))
    if not found:
        raise ImageError(f"{path} holds no array (time, plane, y, x) or (time, y, x) of numbers.")
    raise ImageError(
        f"{path} holds several arrays: set dataset to one of {names} ({field('dataset')})."
    )


def _by_end(found: Mapping[str, ArrayPlace], name: str) -> ArrayPlace | None:
    """The only array whose path ends so, such as the name of one of NWB's series."""
    ends = (f"/{name}", f"/{name}/data")
    places = [place for path, place in found.items() if path.endswith(ends)]
    return places[0] if len(places) == 1 else None


def _candidates(
    root: Any, place_of: Callable[[Any, str], ArrayPlace | None]
) -> Iterator[ArrayPlace]:
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


def _full_resolution(group: Any) -> Iterator[ArrayPlace]:
    """The first dataset of an OME-Zarr image (https://ngff.openmicroscopy.org/0.4/)."""
    scales = group.attrs["multiscales"][0]
    array = group[scales["datasets"][0]["path"]]
    names: tuple[str, ...] = ()
    with suppress(KeyError, TypeError, AttributeError):
        names = tuple(str(one["label"]) for one in group.attrs["omero"]["channels"])
    said = ngff_info(scales, names)
    if not said.axes and not scales.get("axes"):
        said = ImageInfo(GUESSES.get(array.ndim, ""), pixel_um=said.pixel_um)
    if len(said.axes) == array.ndim and "T" in said.axes:
        yield ArrayPlace(array.name.strip("/"), said, names)


def _plain_place(array: Any, name: str) -> ArrayPlace | None:
    suits = len(array.shape) in GUESSES and array.dtype.kind in "buif"
    return ArrayPlace(name, ImageInfo(labelled_axes(array))) if suits else None


def _hdf5_place(array: Any, name: str) -> ArrayPlace | None:
    place = _plain_place(array, name)
    return ArrayPlace(name, nwb_info(array)) if place and is_nwb(array) else place


def _hdf5(path: Path) -> AbstractContextManager[Any]:
    return hdf5.opened(path, ImageError)


def _zarr(path: Path) -> AbstractContextManager[Any]:
    return zarr_store.opened(path, ImageError)
