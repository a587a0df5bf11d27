"""Series of voxels, read block by block from images that do not fit into memory.

Images come volume by volume, series are needed voxel by voxel. So the volumes are read once and
laid down on disk in pieces, one for each block of voxels and batch of time points; the pieces of
a block lie one after the other, and reading a block is one stretch of a file. There are several
files, so that the disk space of what has been used can be given back on the way.
"""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from pipelines.brainmap.images.images import ImageSeries, numbers_only
from pipelines.core.errors import OutputError
from pipelines.core.progress import Report, silent

BLOCK_VALUES = 1 << 22
"""Values of a block of series: 32 MB in double precision."""

BATCH_BYTES = 128 << 20
"""Volumes that are laid down together; at least one."""

FILES = 32
"""Files that the blocks are spread over."""


@dataclass(frozen=True)
class SeriesStore:
    """Series (voxel, time) on disk; voxels in the order of plane, y, x.

    Attributes:
        images: where the series come from.
        folder: holds the pieces, unless the images are stored as series themselves.
        voxels: in a block.
        times: in a batch.
    """

    images: ImageSeries
    folder: Path | None
    voxels: int
    times: int

    def blocks(self) -> Iterator[slice]:
        """The voxels of each block."""
        for start in range(0, self.images.n_voxels, self.voxels):
            yield slice(start, min(start + self.voxels, self.images.n_voxels))

    def batches(self) -> Iterator[slice]:
        """The time points of each batch."""
        for start in range(0, self.images.n_times, self.times):
            yield slice(start, min(start + self.times, self.images.n_times))

    def read(self, rows: slice) -> NDArray[Any]:
        """The series (voxel, time) of a block in the type of the images.

        Infinity and values beyond 1e15 are given as NaN.

        Raises:
            ImageError: the series cannot be read.
        """
        if self.folder is not None:
            return self._put_together(self.folder, rows)
        if self.images.read_series is None:
            raise TypeError("images without a file must be stored as series")
        return numbers_only(self.images.read_series(rows.start, rows.stop))

    def forget(self, rows: slice) -> None:
        """Give disk space back: neither this block nor any before it is read again."""
        last = rows.stop % self._voxels_in_file == 0 or rows.stop == self.images.n_voxels
        if self.folder is not None and last:
            self._file(self.folder, rows).unlink()

    @property
    def files(self) -> Iterator[Path]:
        """The files of the pieces, in the order of the voxels."""
        for start in range(0, self.images.n_voxels, self._voxels_in_file):
            if self.folder is not None:
                yield self._file(self.folder, slice(start, start))

    @property
    def _voxels_in_file(self) -> int:
        blocks = -(-self.images.n_voxels // self.voxels)
        return self.voxels * -(-blocks // FILES)

    def _file(self, folder: Path, rows: slice) -> Path:
        return folder / f"pieces-{rows.start // self._voxels_in_file}"

    def _skip(self, rows: slice) -> int:
        """Where the pieces of a block begin in their file, in bytes."""
        before: int = rows.start % self._voxels_in_file
        return before * self.images.n_times * self.images.dtype.itemsize

    def _put_together(self, folder: Path, rows: slice) -> NDArray[Any]:
        count, n_times, dtype = rows.stop - rows.start, self.images.n_times, self.images.dtype
        file, skip = self._file(folder, rows), self._skip(rows)
        values = np.fromfile(file, dtype, count * n_times, offset=skip)
        series = np.empty((count, n_times), dtype)
        for times in self.batches():
            piece = values[count * times.start : count * times.stop]
            series[:, times] = piece.reshape(count, -1)
        return series

    def lay_down(self, files: Sequence[IO[bytes]], batch: NDArray[Any], first: int) -> None:
        """Write the volumes (time, voxel) of one batch, which begins at time `first`."""
        itemsize = self.images.dtype.itemsize
        for rows in self.blocks():
            file, count = files[rows.start // self._voxels_in_file], rows.stop - rows.start
            file.seek(self._skip(rows) + count * first * itemsize)
            file.write(np.ascontiguousarray(batch[:, rows].T).data)


@contextmanager
def series_store(
    images: ImageSeries, report: Report = silent, beside: Path | None = None
) -> Iterator[SeriesStore]:
    """Give the series of images; what is laid down for that is removed at the end.

    Args:
        images: of any size. Images that are stored as series are read where they lie.
        report: told how far reading is.
        beside: a folder on a disk with room for the images; the system's temporary one if None.

    Raises:
        ImageError: as `ImageSeries.frames`.
        OutputError: the disk is full.
    """
    voxels = max(1, BLOCK_VALUES // images.n_times)
    if images.read_series is not None:
        yield SeriesStore(images, None, voxels, images.n_times)
        return
    times = max(1, BATCH_BYTES // (images.n_voxels * images.dtype.itemsize))
    with tempfile.TemporaryDirectory(prefix=".series-", dir=beside) as folder:
        store = SeriesStore(images, Path(folder), voxels, times)
        _import(store, Path(folder), report)
        yield store


def _import(store: SeriesStore, folder: Path, report: Report) -> None:
    images, n_times = store.images, store.images.n_times
    frames = images.frames()
    batch = np.empty((min(store.times, n_times), images.n_voxels), images.dtype)
    with ExitStack() as stack:
        files = [stack.enter_context(path.open("wb")) for path in store.files]
        for times in store.batches():
            for row, time in enumerate(range(times.start, times.stop)):
                report(time / n_times, f"Reading time point {time + 1:,} of {n_times:,}")
                batch[row] = next(frames).reshape(-1)
            try:
                store.lay_down(files, batch[: times.stop - times.start], times.start)
            except OSError as error:
                size = images.n_voxels * n_times * images.dtype.itemsize / 1e9
                raise OutputError(
                    f"{images.path} needs {size:.1f} GB on disk as time series, and {folder} "
                    f"cannot take them ({error.strerror or error}): free some space."
                ) from error
