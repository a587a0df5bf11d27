"""The folder of an operation on images or series: what was made, beside what it was made of.

    result.npy     laid out as the record says, see `Layout`
    preview.npy    the images as they were, thinned, see `preview`
    run.json       what was done

It can be looked at, and opened as images again that can be mapped.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from pipelines.brainmap.images.images import ImageSeries, Volume, checked_dtype, checked_shape
from pipelines.brainmap.images.info import ImageInfo
from pipelines.brainmap.map import preview
from pipelines.core.errors import ImageError
from pipelines.core.outputs import RECORD
from pipelines.core.result_files import read_object
from pipelines.core.result_schema import ArrayFile, damage_sentence

FILE = ArrayFile("result.npy", "biuf")
ADVICE = "run the operation again"

Layout = Literal["series", "volumes", "image", "values", "sample"]
"""What the axes of a result are.

    series    (plane, y, x, time): series of every voxel
    volumes   (time, plane, y, x): images over time
    image     (plane, y, x): one number for every voxel
    values    (plane, y, x, value): several numbers for every voxel that are no series
    sample    (voxel, time): series of some voxels
"""

AXES: Mapping[Layout, int] = {"series": 4, "volumes": 4, "image": 3, "values": 4, "sample": 2}
SAMPLED_FRAMES = 20
"""Frames by which the voxel that varies most is found."""


@dataclass(frozen=True)
class FinishedOperation:
    """Images before and after an operation; both are mapped, not read.

    Attributes:
        before: (time, plane, y, x), thinned.
        after: as `layout` says.
        layout: see `Layout`.
        results: what the task said of them.
    """

    before: NDArray[Any]
    after: NDArray[Any]
    layout: Layout
    results: Mapping[str, Any]

    @property
    def images_shape(self) -> tuple[int, ...]:
        """Of the images as they were (time, plane, y, x)."""
        return tuple(self.results["images_shape"])

    @property
    def pixels(self) -> int:
        """Every how many pixels of the images are previewed."""
        return int(self.results["thinned"]["pixels"])

    @property
    def times(self) -> int:
        """Every how many time points of the images are previewed."""
        return int(self.results["thinned"]["times"])

    @property
    def planes(self) -> int:
        """Planes of the result."""
        return int(self.after.shape[1 if self.layout == "volumes" else 0])

    @property
    def steps(self) -> int:
        """How many pictures there are of a plane of the result."""
        if self.layout == "image":
            return 1
        return int(self.after.shape[0 if self.layout == "volumes" else -1])

    def picture(self, plane: int, at: int) -> NDArray[Any]:
        """A plane (y, x) of the result at one of its time points or values."""
        if self.layout == "image":
            return np.asarray(self.after[plane])
        if self.layout == "volumes":
            return np.asarray(self.after[at, plane])
        return np.asarray(self.after[plane, :, :, at])

    def series(self, voxel: tuple[int, int, int]) -> NDArray[Any]:
        """The result at a voxel of the images (plane, y, x)."""
        plane, y, x = self.place(voxel)
        if self.layout == "volumes":
            return np.asarray(self.after[:, plane, y, x])
        return np.atleast_1d(np.asarray(self.after[plane, y, x]))

    def place(self, voxel: tuple[int, int, int]) -> tuple[int, int, int]:
        """Where a voxel of the images is in the result, which may have fewer voxels."""
        sizes = self.after.shape[1:] if self.layout == "volumes" else self.after.shape[:3]
        pairs = zip(self.images_shape[1:], sizes, strict=True)
        every = [-(-whole // size) for whole, size in pairs]
        plane, y, x = (at // step for at, step in zip(voxel, every, strict=True))
        return plane, y, x

    def recorded(self, voxel: tuple[int, int, int]) -> NDArray[Any]:
        """The series (time,) as it was recorded, as far as it is previewed.

        Args:
            voxel: plane, y, x in the images; the previewed pixel that stands for it is taken.
        """
        plane, y, x = voxel
        return np.asarray(self.before[:, plane, y // self.pixels, x // self.pixels])

    def mean(self, plane: int) -> NDArray[np.float32]:
        """Mean over time of a plane (y, x) of the preview."""
        return np.asarray(self.before[:, plane].mean(axis=0, dtype=np.float64), np.float32)

    def liveliest(self) -> tuple[int, int, int]:
        """The voxel (plane, y, x) of the preview that varies most."""
        every = -(-len(self.before) // SAMPLED_FRAMES)
        spread = np.nan_to_num(np.asarray(self.before[::every], np.float32).std(axis=0), nan=-1)
        plane, y, x = np.unravel_index(int(spread.argmax()), spread.shape)
        return int(plane), int(y) * self.pixels, int(x) * self.pixels


def open_operation(folder: Path) -> FinishedOperation:
    """Open the folder that `brainmap series` made, to look at it.

    Raises:
        ImageError: it lacks a file, or one is damaged.
    """
    layout = layout_of(folder)
    before = preview.FILE.mapped(folder, ImageError, ADVICE)
    return FinishedOperation(before, _array(folder, layout), layout, _results(folder))


def is_changed(folder: Path) -> bool:
    """Whether a folder holds the result of an operation."""
    return (folder / FILE.name).exists() and (folder / RECORD).exists()


def open_changed(folder: Path) -> ImageSeries:
    """Open the result of an operation as an image series (time, plane, y, x).

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
    array = _array(folder, layout)
    checked_dtype(folder / FILE.name, array.dtype)
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
    if not isinstance(layout, str) or layout not in AXES:
        raise ImageError(
            damage_sentence(folder / RECORD, f"names no known layout ({layout})", ADVICE)
        )
    return layout


def _array(folder: Path, layout: Layout) -> NDArray[Any]:
    array = FILE.mapped(folder, ImageError, ADVICE)
    if array.ndim != AXES[layout]:
        raise ImageError(
            damage_sentence(folder / FILE.name, f"is not laid out as {layout}", ADVICE)
        )
    return array


def _results(folder: Path) -> Mapping[str, Any]:
    results = read_object(folder / RECORD, ImageError, ADVICE).get("results")
    if not isinstance(results, dict) or "layout" not in results:
        raise ImageError(f"{folder / RECORD} does not say how {FILE.name} is laid out: {ADVICE}.")
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
