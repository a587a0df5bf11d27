"""Series in a `.npy` file, of which only what is asked for is read.

The file is read and not mapped: mapped pages count as memory of the process until the system
takes them back, and a film of many gigabytes would look as if it were held whole.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from pipelines.brainmap.voxels.series import Series
from pipelines.core.result_files import begin_array

IN_MEMORY_BYTES = 256 << 20
"""Series up to this size are held in memory, larger ones stay in their file."""

VALUES_AT_ONCE = 1 << 20
"""Of which only some time points are kept."""


@dataclass(frozen=True)
class StoredSeries:
    """Series (voxel, time) in a file; indexing with slices or ascending rows reads them.

    Attributes:
        path: a `.npy` file in C order.
        shape: (voxel, time).
        dtype: float32 or float64.
        offset: where the values begin, in bytes.
    """

    path: Path
    shape: tuple[int, int]
    dtype: np.dtype[Any]
    offset: int

    @classmethod
    def open(cls, path: Path) -> Self:
        """Read the header of a file that `Writer` wrote."""
        array = np.load(path, mmap_mode="r", allow_pickle=False)
        voxels, times = array.shape
        return cls(path, (voxels, times), array.dtype, array.offset)

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: slice | NDArray[np.intp] | tuple[slice, slice]) -> Series:
        if isinstance(rows, tuple):
            return self._columns(*rows)
        if isinstance(rows, slice):
            start, stop, _ = rows.indices(len(self))
            return self._read([(start, max(start, stop))])
        return self._read(_runs(rows))

    def _columns(self, rows: slice, times: slice) -> Series:
        """Some time points, read a few voxels at a time."""
        start, stop, _ = rows.indices(len(self))
        step = max(1, VALUES_AT_ONCE // self.shape[1])
        starts = range(start, stop, step)
        return np.concatenate([self[at : min(at + step, stop)][:, times] for at in starts])

    def _read(self, runs: Iterable[tuple[int, int]]) -> Series:
        runs = list(runs)
        times, found = self.shape[1], 0
        series = np.empty((sum(stop - start for start, stop in runs), times), self.dtype)
        with self.path.open("rb", buffering=0) as stream:
            for start, stop in runs:
                stream.seek(self.offset + start * times * self.dtype.itemsize)
                _fill(stream, series[found : found + stop - start])
                found += stop - start
        return series


AnySeries = Series | StoredSeries
"""(voxel, time), in memory or in a file."""


def at_hand(stored: StoredSeries) -> AnySeries:
    """The series (voxel, time) in memory if no larger than `IN_MEMORY_BYTES`, else as they are."""
    size = len(stored) * stored.shape[1] * stored.dtype.itemsize
    return stored[:] if size <= IN_MEMORY_BYTES else stored


class Writer:
    """Writes a `.npy` file of series (voxel, time) whose number is known only at the end."""

    def __init__(self, file: Path, times: int) -> None:
        self._stream = file.open("wb")
        self._times, self._count = times, 0
        self._dtype: np.dtype[Any] = np.dtype(np.float32)
        self._write_header()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # NumPy leaves room in the header for the first number to grow.
        self._stream.seek(0)
        self._write_header()
        self._stream.close()

    def write(self, series: Series) -> None:
        """Append series (voxel, time), all of the same type and length."""
        self._dtype = series.dtype
        self._stream.write(np.ascontiguousarray(series).data)
        self._count += len(series)

    def _write_header(self) -> None:
        begin_array(self._stream, (self._count, self._times), self._dtype)


def make_room(file: Path, shape: tuple[int, int], dtype: np.dtype[Any]) -> int:
    """Write a `.npy` file of empty series (voxel, time); gives where they begin, in bytes."""
    with file.open("wb") as stream:
        begin_array(stream, shape, dtype)
        start = stream.tell()
        stream.truncate(start + int(np.prod(shape)) * dtype.itemsize)
    return start


def _runs(rows: NDArray[np.intp]) -> Iterable[tuple[int, int]]:
    """Stretches (start, stop) of neighbouring rows."""
    if not len(rows):
        return []
    cuts = np.flatnonzero(np.diff(rows) != 1) + 1
    starts, stops = np.r_[0, cuts], np.r_[cuts, len(rows)] - 1
    return zip(rows[starts].tolist(), (rows[stops] + 1).tolist(), strict=True)


def _fill(stream: Any, series: Series) -> None:
    view = memoryview(series.data).cast("B") if series.size else memoryview(b"")
    while len(view):
        read = stream.readinto(view)
        if not read:
            raise EOFError("the file of series is cut short")
        view = view[read:]
