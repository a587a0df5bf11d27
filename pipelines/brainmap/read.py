"""Image series from TIFFs, arrays in files of many kinds, or folders of them."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from pipelines import reading as boundary
from pipelines.brainmap import channels, kinds
from pipelines.brainmap.arrays import open_npy, open_npz
from pipelines.brainmap.asking import field
from pipelines.brainmap.axes import in_words
from pipelines.brainmap.changed import is_changed, open_changed
from pipelines.brainmap.containers import is_zarr, open_hdf5, open_zarr
from pipelines.brainmap.filled import filled
from pipelines.brainmap.folder import open_folder
from pipelines.brainmap.images import ImageSeries, Volume
from pipelines.brainmap.info import AS_FOUND, Reading
from pipelines.brainmap.matlab_images import open_mat
from pipelines.brainmap.raw_numbers import is_suite2p, open_bin, open_mmap, open_suite2p
from pipelines.brainmap.thunder import is_thunder, open_thunder
from pipelines.brainmap.tiff import require_content
from pipelines.brainmap.tiff_series import open_stack
from pipelines.errors import ImageError

ADVICE, WHAT = "copy it again, or save it again", "image series"
READABLE = (
    "a folder of TIFFs, a TIFF stack, .npy, .npz, .h5, .nwb, .mat, .mmap, .zarr or suite2p's "
    "data.bin"
)


def open_images(path: Path, reading: Reading = AS_FOUND) -> ImageSeries:
    """Open an image series without reading its volumes.

    Args:
        path: a folder of TIFFs, which `folder.open_folder` takes apart; a multi-page TIFF or
            OME-TIFF; an array in `.npy`, `.npz`, HDF5, NWB, zarr or `.mat`; suite2p's `data.bin`
            or its folder; a memory map of CaImAn; a folder of Thunder's binary series or images,
            or of the result of an operation on series.
        reading: what a person says about it.

    Raises:
        ImageError: the file or folder is of another kind, damaged or incomplete.
    """
    with boundary.reading(path, ImageError, ADVICE, WHAT):
        images = _open(path, reading)
    images = replace(images, info=images.info.with_stated(reading.sizes))
    return filled(_within_the_boundary(images), reading.fill_frames)


def _within_the_boundary(images: ImageSeries) -> ImageSeries:
    """The same images, of which whatever is read later on becomes a sentence too if damaged."""
    path, read_series = images.path, images.read_series

    def read(start: int, stop: int) -> Iterator[Volume]:
        return boundary.each_read(images.read(start, stop), path, ImageError, ADVICE, WHAT)

    def some_series(start: int, stop: int) -> NDArray[Any]:
        with boundary.reading_on(path, ImageError, ADVICE, WHAT):
            return read_series(start, stop)  # type: ignore[misc]

    return replace(images, read=read, read_series=read_series and some_series)


def _open(path: Path, reading: Reading) -> ImageSeries:
    if path.is_dir():
        return _open_directory(path, reading)
    return _open_file(path, reading)


def _open_directory(path: Path, reading: Reading) -> ImageSeries:
    if is_zarr(path):
        return open_zarr(path, reading)
    if is_changed(path):
        return _as_it_says(open_changed(path), reading)
    if is_thunder(path):
        return _as_it_says(open_thunder(path), reading)
    return open_suite2p(path, reading) if is_suite2p(path) else open_folder(path, reading)


def _as_it_says(images: ImageSeries, reading: Reading) -> ImageSeries:
    """Images whose own record says what their axes are.

    Raises:
        ImageError: the person says otherwise.
    """
    said = "TZYX" if images.read_series is None else "ZYXT"
    if reading.axes not in ("", said):
        raise ImageError(
            f"{images.path} says by its own record that its axes are {in_words(said)}: leave "
            f"{field('axes')} empty."
        )
    channels.require_only(images.path, "", reading.channel)
    return replace(images, info=replace(images.info, axes=said))


def _open_file(path: Path, reading: Reading) -> ImageSeries:
    require_content(path)
    suffix = path.suffix.lower()
    for suffixes, opener in OPENERS:
        if suffix in suffixes:
            return opener(path, reading)
    raise ImageError(f"{path} is of a kind that is not read here: give {READABLE}.")


OPENERS: Sequence[tuple[frozenset[str], Callable[[Path, Reading], ImageSeries]]] = (
    (kinds.TIFF, open_stack),
    (kinds.NPY, open_npy),
    (kinds.NPZ, open_npz),
    (kinds.HDF5, open_hdf5),
    (kinds.MATLAB, open_mat),
    (kinds.MEMORY_MAP, open_mmap),
    (kinds.BINARY, open_bin),
)
"""What opens each kind of file."""
