"""An image series: volumes in the order of time, read one after the other."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.brainmap.images.info import NOTHING_SAID, ImageInfo
from pipelines.core.errors import ImageError

Volume = NDArray[Any]
"""One time point: intensities as (plane, y, x)."""

LEAST_TIMES = 2

LARGEST = 1e15
"""Largest magnitude of a value: squares of larger ones overflow in single precision."""


@dataclass(frozen=True)
class ImageSeries:
    """Volumes over time, of which only those in use are held in memory.

    Attributes:
        path: the file or folder that was given.
        shape: (time, plane, y, x).
        dtype: of the intensities as they are stored.
        read: `read(start, stop)` gives the volumes of those time points.
        read_series: `read_series(start, stop)` gives the series (voxel, time) of those voxels,
            where they are stored as series; otherwise None.
        whole: whether a time point can only be reached through all before it, so that reading
            cannot be shared among several.
        info: what the file and the person say about the images.
    """

    path: Path
    shape: tuple[int, int, int, int]
    dtype: np.dtype[Any]
    read: Callable[[int, int], Iterator[Volume]]
    read_series: Callable[[int, int], NDArray[Any]] | None = None
    whole: bool = False
    info: ImageInfo = NOTHING_SAID

    @property
    def n_times(self) -> int:
        """Number of time points."""
        return self.shape[0]

    @property
    def n_voxels(self) -> int:
        """Number of voxels in a volume."""
        return int(np.prod(self.shape[1:]))

    def described(self, notes: Sequence[str] = ()) -> dict[str, Any]:
        """How the images were read: `axes`, `axes_from`, `channel` if it has a name, `notes`.

        Where they are known, `pixel_um` (y, x), `plane_um` and `frame_s` too.

        Args:
            notes: what else a person has to know before reading a result.
        """
        info = self.info
        channel = {"channel": info.channel} if info.channel else {}
        return {
            "axes": info.axes,
            "axes_from": info.axes_from,
            **channel,
            **info.sizes,
            "notes": [*info.notes, *notes],
        }

    def frames(self, start: int = 0, stop: int | None = None) -> Iterator[Volume]:
        """Give the volumes (plane, y, x) of the time points from `start` up to `stop`.

        Infinity and values beyond 1e15 are given as NaN.

        Raises:
            ImageError: a volume cannot be read.
        """
        last = self.n_times if stop is None else stop
        for volume in self.read(start, last):
            yield numbers_only(volume)


def checked_shape(path: Path, shape: tuple[int, ...]) -> tuple[int, int, int, int]:
    """Give (time, plane, y, x) for an array of four dimensions, or of three with one plane.

    Raises:
        ImageError: another number of dimensions, an empty one, or a single time point.
    """
    if len(shape) == 3:
        shape = (shape[0], 1, *shape[1:])
    if len(shape) != 4:
        raise ImageError(
            f"{path} has {len(shape)} dimensions {shape}: "
            "it must be (time, plane, y, x) or (time, y, x)."
        )
    times, planes, height, width = shape
    if 0 in shape:
        raise ImageError(f"{path} has the shape {shape} and so no voxels: export the images again.")
    if times < LEAST_TIMES:
        raise ImageError(
            f"{path} holds only one time point: voxels are compared by their series, "
            f"so give at least {LEAST_TIMES}."
        )
    return times, planes, height, width


def checked_dtype(path: Path, dtype: np.dtype[Any]) -> np.dtype[Any]:
    """Give a type of real numbers back.

    Raises:
        ImageError: complex numbers, texts, records or Python objects.
    """
    if dtype.kind not in "buif":
        raise ImageError(
            f"{path} holds {dtype.name} values: save the intensities as whole or real numbers."
        )
    return dtype


def is_sound(values: NDArray[Any]) -> NDArray[np.bool_]:
    """Which values are numbers that can be reckoned with: not NaN, infinite or beyond 1e15.

    Args:
        values: of any shape, which the answer has too.
    """
    if values.dtype == np.float16:  # too small a type for the limit, which would be infinite
        return np.asarray(np.isfinite(values))
    return np.asarray(np.abs(values) <= LARGEST)


def numbers_only(values: NDArray[Any]) -> NDArray[Any]:
    """The values, with NaN for all that cannot be reckoned with, see `is_sound`.

    Args:
        values: of any shape; whole numbers come back as they are. Shape and type stay.
    """
    if values.dtype.kind != "f":
        return values
    sound = is_sound(values)
    return values if sound.all() else np.where(sound, values, values.dtype.type(np.nan))
