"""Where the work on blocks of voxels is done: here, or on a cluster that the user hands over.

Science is written as functions of one block, `function(block, *shared)`. An engine applies them
to all blocks and gives the results in the order of the voxels, or their sum. Blocks and the order
of adding depend on the shape of the series alone, so every engine gives the same bits. Values
that are known of each voxel may stand `beside` the series: `function(block, values, *shared)`.
"""

import os
import socket
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol, TypeVar

from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from pipelines.brainmap.voxels.stored import AnySeries, StoredSeries, at_hand
from pipelines.core.errors import EngineError

T = TypeVar("T")
Sums = list[NDArray[Any]]
"""Arrays that are added to those of other blocks."""

Beside = NDArray[Any] | None
"""What is known of each voxel (voxel,), if anything."""

REQUIREMENTS = {"dask": "requirements-dask.txt", "spark": "requirements-spark.txt"}

CONNECT_SECONDS = 10

MOST_THREADS = 4
"""More threads only wait for memory."""


@dataclass(frozen=True)
class Cut:
    """How series are cut; the same cut gives the same bits.

    Attributes:
        values: in a block; 8 MB in single precision.
        blocks: whose sums are added up first, and on a cluster by one worker.
        tasks: so many of which are added up before the rest, on a cluster by one worker.
    """

    values: int = 1 << 21
    blocks: int = 8
    tasks: int = 32

    def slices(self, shape: tuple[int, ...]) -> list[slice]:
        """The voxels of each block of series of that shape (voxel, time)."""
        voxels, times = shape
        size = max(1, self.values // times)
        return [slice(at, min(at + size, voxels)) for at in range(0, voxels, size)]

    def task_slices(self, shape: tuple[int, ...]) -> list[list[slice]]:
        """The blocks that are added up first."""
        slices = self.slices(shape)
        return [slices[at : at + self.blocks] for at in range(0, len(slices), self.blocks)]


STANDARD = Cut()


class Engine(Protocol):
    """Applies functions to all blocks of series."""

    def take(self, file: Path) -> AnySeries:
        """The series (voxel, time) in a file as this engine wants to have them."""
        ...

    def each(
        self, function: Callable[..., T], series: AnySeries, *shared: Any, beside: Beside = None
    ) -> Iterator[tuple[slice, T]]:
        """Give the voxels of each block and `function(block, *shared)`, in their order.

        Args:
            function: gets a block (voxel, time), then its part of `beside` if there is any.
            series: (voxel, time).
            shared: further arguments, the same for all blocks.
            beside: what is known of each voxel (voxel,).

        Raises:
            EngineError: a cluster cannot do it.
        """
        ...

    def total(
        self, function: Callable[..., Sums], series: AnySeries, *shared: Any, beside: Beside = None
    ) -> Sums:
        """Add up `function(block, *shared)` of all blocks (voxel, time), at least one.

        The arguments are those of `each`; the order of the sum is that of the blocks. The sums
        have the shapes that `function` gives, the same for every block.

        Raises:
            EngineError: a cluster cannot do it.
        """
        ...

    def tasks(self, function: Callable[..., T], pieces: Sequence[Any], *shared: Any) -> Iterator[T]:
        """Give `function(piece, *shared)` for each piece of work, in their order.

        What dies on the way is done again, so a piece done twice must be as good as done once.

        Raises:
            EngineError: a cluster cannot do it.
        """
        ...


class Local:
    """Threads on this machine, each with a block at a time."""

    def __init__(self, cut: Cut = STANDARD, threads: int | None = None) -> None:
        self.cut = cut
        self.threads = threads or min(MOST_THREADS, os.cpu_count() or 1)

    def take(self, file: Path) -> AnySeries:
        """The series (voxel, time) of a file, in memory if they are not too large."""
        return at_hand(StoredSeries.open(file))

    def each(
        self, function: Callable[..., T], series: AnySeries, *shared: Any, beside: Beside = None
    ) -> Iterator[tuple[slice, T]]:
        """As `Engine.each`; few blocks (voxel, time) are held at once."""

        def apply(rows: slice) -> T:
            known = () if beside is None else (beside[rows],)
            return function(series[rows], *known, *shared)

        slices = self.cut.slices(series.shape)
        yield from zip(slices, self.tasks(apply, slices), strict=True)

    def total(
        self, function: Callable[..., Sums], series: AnySeries, *shared: Any, beside: Beside = None
    ) -> Sums:
        """As `Engine.total`, of blocks (voxel, time)."""
        blocks = (found for _, found in self.each(function, series, *shared, beside=beside))
        return added(by(by(blocks, self.cut.blocks), self.cut.tasks))

    def tasks(self, function: Callable[..., T], pieces: Sequence[Any], *shared: Any) -> Iterator[T]:
        """As `Engine.tasks`; few results are held at once."""
        # The order in which several threads of a product add up would change the last digits.
        with threadpool_limits(limits=1), ThreadPoolExecutor(self.threads) as pool:
            waiting: deque[Future[T]] = deque()
            for piece in pieces:
                waiting.append(pool.submit(function, piece, *shared))
                if len(waiting) > self.threads:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()


def added(parts: Iterable[Sums]) -> Sums:
    """The sum of at least one part, from the first to the last.

    Args:
        parts: each as many arrays, of any shape that is the same in all parts.
    """
    iterator = iter(parts)
    total = [array.copy() for array in next(iterator)]
    for part in iterator:
        for array, more in zip(total, part, strict=True):
            array += more
    return total


def by(parts: Iterable[Sums], count: int) -> Iterator[Sums]:
    """The sums of each `count` parts that follow each other; the last may be of fewer.

    Args:
        parts: as `added` takes them, arrays of any shape.
        count: how many parts are added to one.
    """
    group: list[Sums] = []
    for part in parts:
        group.append(part)
        if len(group) == count:
            yield added(group)
            group = []
    if group:
        yield added(group)


@contextmanager
def engine_at(address: str) -> Iterator[Engine]:
    """Give the engine of that name, such as `local` or `dask://host:port`, and let go of it.

    Raises:
        EngineError: the cluster does not answer, or its software is not installed here.
    """
    if address == "local":
        yield Local()
        return
    kind = "dask" if address.startswith("dask") else "spark"
    try:
        module = import_module(f"pipelines.brainmap.engines.on_{kind}")
    except ModuleNotFoundError as error:
        raise EngineError(
            f"The engine {address} needs the package {error.name}, which is not installed: run "
            f"pip install -r {REQUIREMENTS[kind]}."
        ) from None
    _require_answer(address)
    with module.opened(address) as engine:
        yield engine


def _require_answer(address: str) -> None:
    """Clusters' own clients would try for long."""
    _, slashes, place = address.partition("://")
    if not slashes:
        return
    host, _, port = place.rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), CONNECT_SECONDS).close()
    except (OSError, OverflowError) as error:
        raise EngineError(
            f"Nobody answers at {address}: start the scheduler or master, or correct the address."
        ) from error
