"""The result of an operation on series as images again, so that it can be looked at and mapped."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from pipelines.brainmap.images import ImageSeries, Volume, checked_dtype, checked_shape
from pipelines.brainmap.info import ImageInfo
from pipelines.errors import ImageError
from pipelines.reading import reading
from pipelines.result_files import read_object

FILE = "result.npy"
RECORD = "run.json"
ADVICE = "run the operation again"
PIPELINE = "brainmap series"

Layout = Literal["series", "volumes", "image", "values", "sample"]
"""What the axes of a result are.

    series    (plane, y, x, time): series of every voxel
    volumes   (time, plane, y, x): images over time
    image     (plane, y, x): one number for every voxel
    values    (plane, y, x, value): several numbers for every voxel that are no series
    sample    (voxel, time): series of some voxels
"""


def is_changed(folder: Path) -> bool:
    """Whether a folder holds the result of an operation."""
    return (folder / FILE).exists() and (folder / RECORD).exists()


def open_changed(folder: Path) -> ImageSeries:
    """Open the result of an operation as an image series.

    Series that are undefined, such as the z-scores of a constant voxel, stay NaN: such voxels are
    filtered.

    Raises:
        ImageError: the result has no time any more, or is damaged.
    """
    layout = layout_of(folder)
    if layout not in ("series", "volumes"):
        raise ImageError(
            f"{folder} holds the result of an operation that leaves no series of every voxel "
            "(it cannot be mapped): choose the result of another operation."
        )
    with reading(folder / FILE, ImageError, ADVICE, "result of an operation"):
        array = np.load(folder / FILE, mmap_mode="r", allow_pickle=False)
    checked_dtype(folder / FILE, array.dtype)
    images = _series(folder, array) if layout == "series" else _volumes(folder, array)
    results = _results(folder)
    sizes = results.get("result_sizes", {})
    info = ImageInfo.of_results({**sizes, "axes": "TZYX", "channel": results.get("channel", "")})
    return replace(images, info=info)


def layout_of(folder: Path) -> Layout:
    """What the axes of a result are.

    Raises:
        ImageError: the record does not say so.
    """
    layout: Layout = _results(folder)["layout"]
    return layout


def _results(folder: Path) -> Mapping[str, Any]:
    results = read_object(folder / RECORD, ImageError, ADVICE).get("results")
    if not isinstance(results, dict) or "layout" not in results:
        raise ImageError(f"{folder / RECORD} does not say how {FILE} is laid out: {ADVICE}.")
    return results


def _series(folder: Path, array: Any) -> ImageSeries:
    shape = checked_shape(folder, (array.shape[-1], *array.shape[:-1]))
    count = int(np.prod(shape[1:]))

    def read_series(start: int, stop: int) -> NDArray[Any]:
        return np.array(array.reshape(count, shape[0])[start:stop])

    def read(start: int, stop: int) -> Iterator[Volume]:
        for time in range(start, stop):
            yield np.array(array[..., time])

    return ImageSeries(folder, shape, array.dtype, read, read_series)


def _volumes(folder: Path, array: Any) -> ImageSeries:
    shape = checked_shape(folder, array.shape)

    def read(start: int, stop: int) -> Iterator[Volume]:
        for time in range(start, stop):
            yield np.array(array[time])

    return ImageSeries(folder, shape, array.dtype, read)
