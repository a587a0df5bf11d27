"""Image series from TIFFs, arrays in files of many kinds, or folders of them."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from pipelines.brainmap.formats.folder import open_folder
from pipelines.brainmap.formats.rows import FORMATS, TIFF
from pipelines.brainmap.formats.thunder import open_thunder
from pipelines.brainmap.formats.tiff import require_content
from pipelines.brainmap.formats.tiff_series import open_stack
from pipelines.brainmap.images import channels
from pipelines.brainmap.images.asking import field
from pipelines.brainmap.images.axes import in_words
from pipelines.brainmap.images.filled import filled
from pipelines.brainmap.images.images import ImageSeries, Volume
from pipelines.brainmap.images.info import AS_FOUND, ImageReading
from pipelines.brainmap.operations.operation_result import open_changed
from pipelines.core.errors import ImageError
from pipelines.core.formats import Format, asked
from pipelines.files import reading as boundary

ADVICE, WHAT = "copy it again, or save it again", "image series"


def open_images(path: Path, reading: ImageReading = AS_FOUND) -> ImageSeries:
    """Open an image series without reading its volumes.

    Args:
        path: a folder of TIFFs, which `folder.open_folder` takes apart; a multi-page TIFF or
            OME-TIFF; an array in `.npy`, `.npz`, HDF5, NWB, zarr or `.mat`; suite2p's `data.bin`
            or its folder; a memory map of CaImAn; a folder of Thunder's binary series or images,
            or of the result of an operation on series.
        reading: what a person says about it.

    Returns:
        Images (time, plane, y, x) in the unit that is stored, whatever the order of axes in the
        file.

    Raises:
        ImageError: the file or folder is of another kind, damaged or incomplete.
        ParameterError: frames to fill in that the images do not have.
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


def _open(path: Path, reading: ImageReading) -> ImageSeries:
    if path.is_file():
        require_content(path)
    images: ImageSeries = _row_of(path).reader(path, reading)
    return images


def _row_of(path: Path) -> Format:
    found = [row for row in FORMATS if row.read and row.recognise(path)]
    if found:
        return min(found, key=lambda row: not row.marks)
    if path.is_dir():
        return TIFF  # whose reader says what is missing in a folder
    raise ImageError(f"{path} is of a kind that is not read here: give {asked(FORMATS)}.")


def open_tiffs(path: Path, reading: ImageReading) -> ImageSeries:
    """Open a TIFF, or a folder of TIFFs.

    Raises:
        ImageError: as `open_stack` and `open_folder`.
    """
    return open_folder(path, reading) if path.is_dir() else open_stack(path, reading)


def open_result(path: Path, reading: ImageReading) -> ImageSeries:
    """Open the result of an operation on series.

    Raises:
        ImageError: as `open_changed`, or the person says other axes.
    """
    return _as_it_says(open_changed(path), reading)


def open_binary_series(path: Path, reading: ImageReading) -> ImageSeries:
    """Open a folder of Thunder's binary files.

    Raises:
        ImageError: as `open_thunder`, or the person says other axes.
    """
    return _as_it_says(open_thunder(path), reading)


def _as_it_says(images: ImageSeries, reading: ImageReading) -> ImageSeries:
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
