"""How an array is cut into volumes, whatever the order of its axes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.brainmap.images import channels
from pipelines.brainmap.images.axes import GUESSES, resolve
from pipelines.brainmap.images.images import ImageSeries, Volume, checked_dtype, checked_shape
from pipelines.brainmap.images.info import ImageInfo, ImageReading

SLAB_BYTES = 64 << 20
"""Most that is read at once, in whole volumes; at least one volume."""


@dataclass(frozen=True)
class Layout:
    """Where the volumes lie in an array.

    Attributes:
        axes: a letter for each axis.
        stored: the shape of the array.
        shape: (time, plane, y, x).
        channel: which one is read, if there is such an axis.
    """

    axes: str
    stored: tuple[int, ...]
    shape: tuple[int, int, int, int]
    channel: int

    @property
    def time_first(self) -> bool:
        """Whether volumes lie one after the other."""
        return self.axes.startswith("T")

    @property
    def is_plain(self) -> bool:
        """Whether the array is (time, plane, y, x) as it is, with one channel at most."""
        return self.axes in ("TYX", "TZYX") or (
            self.axes in ("TCZYX", "TZCYX", "TCYX") and self.stored[self.axes.index("C")] == 1
        )

    def where(self, start: int, stop: int) -> tuple[Any, ...]:
        """The index of the array that takes the volumes of some time points."""
        taken = {"T": slice(start, stop), "C": self.channel}
        return tuple(taken.get(axis, slice(None)) for axis in self.axes)

    def volumes(self, block: NDArray[Any]) -> NDArray[Any]:
        """What `where` took, as (time, plane, y, x)."""
        left = self.axes.replace("C", "")
        ordered = block.transpose([left.index(axis) for axis in "TZYX" if axis in left])
        return ordered.reshape(-1, *self.shape[1:])

    def at_once(self, itemsize: int, chunk: int = 1) -> int:
        """Time points that are read together: where they are stored together, as many as fit."""
        fit = SLAB_BYTES // max(1, itemsize * int(np.prod(self.shape[1:])))
        return max(1, min(chunk, fit) if self.time_first else fit)


def laid_out(
    path: Path,
    shape: Sequence[int],
    said: ImageInfo,
    reading: ImageReading,
    *,
    names: Sequence[str] = (),
    guesses: Any = GUESSES,
) -> tuple[Layout, ImageInfo]:
    """How an array is cut into volumes, and what is known of it.

    Args:
        path: for the sentences.
        shape: as it is stored.
        said: by the file; its axes may be empty.
        reading: what the person says.
        names: of the channels, if the file has some.
        guesses: see `axes.resolve`.

    Raises:
        ImageError: see `axes.resolve` and `channels.chosen`; no time, or no voxels.
    """
    axes = resolve(path, shape, said.axes, reading.axes, guesses)
    of = dict(zip(axes.letters, shape, strict=True))
    full = checked_shape(path, tuple(of.get(axis, 1) for axis in "TZYX"))
    channel, name = 0, said.channel
    if "C" in of:
        held = names if len(names) == of["C"] else channels.numbered(of["C"])
        channel = channels.chosen(path, held, reading.channel)
        name = held[channel] if of["C"] > 1 or names else name
    else:
        channels.require_only(path, name, reading.channel)
    layout = Layout(axes.letters, tuple(shape), full, channel)
    notes = (*said.notes, *axes.notes)
    info = replace(said, axes=axes.letters, axes_from=axes.known, channel=name, notes=notes)
    return layout, info


def mapped_series(path: Path, array: Any, layout: Layout, info: ImageInfo) -> ImageSeries:
    """Images in an array in any order of axes, of which only what is asked for is read.

    Args:
        path: for the sentences.
        array: a mapped file, or any array that takes NumPy's indices, with the axes that
            `layout` names.
        layout: of the array.
        info: what is known of it.

    Returns:
        Images (time, plane, y, x) in the unit of the array.

    Raises:
        ImageError: the values are no real numbers.
    """
    dtype, n_times = checked_dtype(path, array.dtype), layout.shape[0]
    step = layout.at_once(dtype.itemsize)

    def read(start: int, stop: int) -> Iterator[Volume]:
        for first in range(start, stop, step):
            last = min(first + step, stop)
            yield from layout.volumes(np.array(array[layout.where(first, last)]))

    def read_series(start: int, stop: int) -> NDArray[Any]:
        voxels = np.unravel_index(np.arange(start, stop), layout.shape[1:])
        taken = {**dict(zip("ZYX", voxels, strict=True)), "C": layout.channel}
        index = tuple(taken[axis] for axis in layout.axes[:-1])
        return np.asarray(array[index]).reshape(stop - start, n_times)

    lies_as_series = layout.axes.endswith("T") and array.flags.c_contiguous
    return ImageSeries(
        path, layout.shape, dtype, read, read_series if lies_as_series else None, info=info
    )
