"""What engines with workers on other machines have in common."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

from pipelines.brainmap.engines.code import BlockTask, of_blocks
from pipelines.brainmap.engines.engine import STANDARD, Beside, Cut
from pipelines.brainmap.voxels.stored import AnySeries, StoredSeries

T = TypeVar("T")


class OnWorkers(ABC):
    """Workers that read their blocks from a drive which all of them see."""

    def __init__(self, cut: Cut = STANDARD) -> None:
        self.cut = cut

    def take(self, file: Path) -> AnySeries:
        """The series (voxel, time) as they are in the file, from which the workers read blocks."""
        return StoredSeries.open(file)

    def each(
        self, function: Callable[..., T], series: AnySeries, *shared: Any, beside: Beside = None
    ) -> Iterator[tuple[slice, T]]:
        """As `Engine.each`; a worker reads its blocks (voxel, time), and only answers come back."""
        tasks = BlockTask.all(self.cut, series.shape, beside)
        found = self.tasks(of_blocks, tasks, function, series, shared)
        for task, results in zip(tasks, found, strict=True):
            yield from zip(task.blocks, results, strict=True)

    @abstractmethod
    def tasks(self, function: Callable[..., T], pieces: Sequence[Any], *shared: Any) -> Iterator[T]:
        """As `Engine.tasks`."""
