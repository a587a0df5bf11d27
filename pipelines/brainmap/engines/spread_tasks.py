"""What the workers of a cluster do with images: lay them down as series, normalise, filter.

Each piece of work writes a file of its own, which gets its name when it is whole. So a piece that
is done twice, because a worker died or was only thought dead, leaves the same bytes.
"""

import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import reduce
from operator import add
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from pipelines.brainmap.engines.code import shared_drive
from pipelines.brainmap.formats.read import open_images
from pipelines.brainmap.images.images import ImageSeries, Volume
from pipelines.brainmap.images.info import ImageReading
from pipelines.brainmap.images.undefined import Tally
from pipelines.brainmap.voxels.series import Series, measured
from pipelines.brainmap.voxels.store import SeriesStore

BLOCKS = 4
"""Of series, which one task normalises."""

COPIED_BYTES = 16 << 20


@dataclass(frozen=True)
class SharedImages:
    """Images as `read.open_images` takes them, by a path that all workers see."""

    path: Path
    reading: ImageReading

    def open(self) -> ImageSeries:
        """Open the images (time, plane, y, x) on a worker.

        Raises:
            EngineError: the worker does not see them.
            ImageError: they are damaged.
        """
        with shared_drive():
            self.path.stat()
        return open_images(self.path, self.reading)


@dataclass(frozen=True)
class How:
    """How series are normalised and filtered: `series.Normalizing` and the least deviation."""

    normalize: str
    percentile: float
    offset: float
    threshold: float


@dataclass(frozen=True)
class WorkPlan:
    """How the images are cut into pieces of work.

    Attributes:
        source: the images.
        folder: where the pieces are written, on the drive that all workers see.
        shape: (voxel, time).
        dtype: of the images.
        times: in a batch of volumes, or None if the images are stored as series.
        voxels: in a block of series.
    """

    source: SharedImages
    folder: Path
    shape: tuple[int, int]
    dtype: np.dtype[Any]
    times: int | None
    voxels: int

    def batches(self) -> list[slice]:
        """The time points of each batch, none if the images are stored as series."""
        return list(_cut(self.shape[1], self.times)) if self.times else []

    def tasks(self) -> list[slice]:
        """The voxels of each task, which are some blocks."""
        return list(_cut(self.shape[0], BLOCKS * self.voxels))

    def batch_file(self, times: slice) -> Path:
        """The file of a batch: (voxel, time) of these time points."""
        return self.folder / f"times-{times.start}"

    def kept_file(self, rows: slice) -> Path:
        """The file of the normalised series of those of these voxels that are kept."""
        return self.folder / f"kept-{rows.start}"

    def read(self, rows: slice) -> NDArray[Any]:
        """The series (voxel, time) of some voxels in the type of the images."""
        if self.times is None:
            images = self.source.open()
            return SeriesStore(images, None, self.voxels, self.shape[1]).read(rows)
        series = np.empty((rows.stop - rows.start, self.shape[1]), self.dtype)
        for times in self.batches():
            series[:, times] = self._read_batch(rows, times)
        return series

    def _read_batch(self, rows: slice, times: slice) -> NDArray[Any]:
        width = times.stop - times.start
        skip = rows.start * width * self.dtype.itemsize
        count = (rows.stop - rows.start) * width
        values = np.fromfile(self.batch_file(times), self.dtype, count, offset=skip)
        return values.reshape(-1, width)


@dataclass(frozen=True)
class KnownVoxels:
    """What is known of some voxels.

    Attributes:
        deviation: standard deviation of the normalised series (voxel,).
        mean: mean intensity over time (voxel,).
        kept: whether its series was written (voxel,).
        tally: how many cannot be used, and why.
    """

    deviation: NDArray[np.float32]
    mean: NDArray[np.float32]
    kept: NDArray[np.bool_]
    tally: Tally


@dataclass(frozen=True)
class SeriesFile:
    """A file of series, and where its bytes begin in the file of all series."""

    file: Path
    start: int


def lay_down(times: slice, plan: WorkPlan) -> None:
    """Read a batch of volumes and write it as series.

    Raises:
        EngineError: the worker does not see the images, or cannot write.
        ImageError: a volume is damaged.
    """
    write_batch(times, plan, plan.source.open().frames(times.start, times.stop))


def write_batch(times: slice, plan: WorkPlan, volumes: Iterable[Volume]) -> None:
    """Write a batch of volumes as series (voxel, time).

    Args:
        times: which time points they are.
        plan: where they go.
        volumes: (plane, y, x), one for each time point.

    Raises:
        EngineError: the worker cannot write.
    """
    batch = np.empty((times.stop - times.start, plan.shape[0]), plan.dtype)
    for place, volume in zip(range(len(batch)), volumes, strict=False):
        batch[place] = volume.reshape(-1)
    with _whole_file(plan.batch_file(times)) as stream:
        for rows in _cut(plan.shape[0], plan.voxels):
            stream.write(np.ascontiguousarray(batch[:, rows].T).data)


def keep(rows: slice, plan: WorkPlan, how: How) -> KnownVoxels:
    """Normalise and measure some voxels, and write the series of those that vary.

    Raises:
        EngineError: the worker does not see the images or what was laid down, or cannot write.
    """
    deviation, mean, kept, tallies = [], [], [], []
    with shared_drive():
        stored = plan.read(rows)
    with _whole_file(plan.kept_file(rows)) as stream:
        for part in _cut(len(stored), plan.voxels):
            here = slice(rows.start + part.start, rows.start + part.stop)
            block = measured(stored[part], here, how)
            chosen = block.deviation > how.threshold
            _write(stream, block.series[chosen])
            deviation.append(block.deviation.astype(np.float32))
            mean.append(block.mean.astype(np.float32))
            kept.append(chosen)
            tallies.append(block.tally)
    return KnownVoxels(
        np.concatenate(deviation), np.concatenate(mean), np.concatenate(kept), reduce(add, tallies)
    )


def put_in_place(part: SeriesFile, file: Path) -> None:
    """Copy a part to its place among all series.

    Raises:
        EngineError: the worker cannot write.
    """
    # Only for writing: a network drive would otherwise write whole pages of the memory back, with
    # old bytes of a neighbouring part that another machine is writing.
    with (
        shared_drive(),
        part.file.open("rb") as source,
        os.fdopen(os.open(file, os.O_WRONLY), "wb") as stream,
    ):
        stream.seek(part.start)
        shutil.copyfileobj(source, stream, COPIED_BYTES)


@contextmanager
def _whole_file(file: Path) -> Iterator[IO[bytes]]:
    """Give a file that gets its name when all is written."""
    with shared_drive():
        with tempfile.NamedTemporaryFile(dir=file.parent, delete=False) as stream:
            yield stream
        Path(stream.name).replace(file)


def _write(stream: IO[bytes], series: Series) -> None:
    stream.write(np.ascontiguousarray(series).data)


def _cut(count: int, size: int) -> Iterator[slice]:
    for start in range(0, count, size):
        yield slice(start, min(start + size, count))
