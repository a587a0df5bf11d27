"""What runs on the workers of a cluster, and how it gets there.

The workers need Python with NumPy, SciPy, threadpoolctl and the readers of images; Neuroboard's
own code is sent to them. They read images and blocks of series themselves, so files must have the
same path for them.
"""

import socket
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, TypeVar

from threadpoolctl import threadpool_limits

import pipelines
from pipelines.brainmap.engines.engine import Beside, Cut, Sums, added
from pipelines.brainmap.voxels.series import Series
from pipelines.brainmap.voxels.stored import AnySeries
from pipelines.core.errors import EngineError

T = TypeVar("T")

ARCHIVE = "neuroboard_pipelines.zip"


def write_archive(folder: Path) -> Path:
    """Pack the pipelines' code for workers that do not have it."""
    root, file = Path(pipelines.__file__).parent, folder / ARCHIVE
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for source in sorted(root.rglob("*.py")):
            archive.write(source, Path("pipelines") / source.relative_to(root))
    return file


@dataclass(frozen=True)
class BlockTask:
    """Neighbouring blocks that one worker takes together.

    Attributes:
        blocks: the voxels of each.
        beside: what is known of all their voxels (voxel,), if anything.
    """

    blocks: Sequence[slice]
    beside: Beside

    @classmethod
    def all(cls, cut: Cut, shape: tuple[int, ...], beside: Beside) -> list[Self]:
        """The tasks of series of that shape (voxel, time), in the order of their voxels."""
        return [
            cls(blocks, None if beside is None else beside[blocks[0].start : blocks[-1].stop])
            for blocks in cut.task_slices(shape)
        ]

    def known(self, rows: slice) -> tuple[Any, ...]:
        """What a function is given of a block beside its series."""
        first = self.blocks[0].start
        return () if self.beside is None else (self.beside[rows.start - first : rows.stop - first],)


def done(piece: Any, function: Callable[..., T], shared: Sequence[Any]) -> T:
    """Do one piece of work with one thread."""
    with threadpool_limits(limits=1):
        return function(piece, *shared)


def sum_of_blocks(
    task: BlockTask, function: Callable[..., Sums], series: AnySeries, shared: Any
) -> Sums:
    """Add up what a function says of some blocks (voxel, time) of `series`.

    Raises:
        EngineError: the file of the series is not there.
    """
    return added(of_each(task, function, series, shared))


def of_blocks(
    task: BlockTask, function: Callable[..., T], series: AnySeries, shared: Any
) -> list[T]:
    """What a function says of each of some blocks (voxel, time) of `series`.

    Raises:
        EngineError: the file of the series is not there.
    """
    return list(of_each(task, function, series, shared))


def of_each(
    task: BlockTask, function: Callable[..., T], series: AnySeries, shared: Any
) -> Iterator[T]:
    """What a function says of some blocks, one after the other.

    Args:
        task: which blocks, and what is known of their voxels.
        function: called as `function(block, *known, *shared)` with a block (voxel, time).
        series: (voxel, time).
        shared: further arguments, the same for all blocks.

    Raises:
        EngineError: the file of the series is not there.
    """
    for rows in task.blocks:
        yield function(read(series, rows), *task.known(rows), *shared)


def read(series: AnySeries, rows: slice) -> Series:
    """Read a block (voxel, time): those rows of series (voxel, time).

    Raises:
        EngineError: the file is not there.
    """
    with shared_drive():
        return series[rows]


@contextmanager
def shared_drive() -> Iterator[None]:
    """Say what a worker lacks that cannot read or write a file.

    Raises:
        EngineError: instead of any error of the file system.
    """
    try:
        yield
    except OSError as error:
        raise EngineError(
            f"The machine {socket.gethostname()} cannot use {error.filename or 'a file'} "
            f"({error.strerror or error}): images and output folder must lie on a drive that all "
            "workers see under the same path and may write to, with room for both."
        ) from error
