"""Blocks of series on the workers of a Dask scheduler that is already there."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from distributed import Client

from pipelines.brainmap.engine import STANDARD, Cut, Sums, added
from pipelines.brainmap.engine_code import of_blocks, sum_of_blocks, write_archive
from pipelines.brainmap.stored import AnySeries, StoredSeries
from pipelines.errors import EngineError

T = TypeVar("T")
CONNECT_SECONDS = 10

AT_ONCE = 64
"""Tasks whose results per voxel are on their way to this machine."""

ATTEMPTS = 5
"""A task is lost only if so many workers died at it."""


class Dask:
    """Tasks on a scheduler's workers; those of a worker that dies are done by another."""

    def __init__(self, client: Client, cut: Cut = STANDARD) -> None:
        self.client = client
        self.cut = cut

    def take(self, file: Path) -> AnySeries:
        """The series as they are in the file, from which the workers read their blocks."""
        return StoredSeries.open(file)

    def each(
        self, function: Callable[..., T], series: AnySeries, *shared: Any
    ) -> Iterator[tuple[slice, T]]:
        """As `Engine.each`."""
        tasks = self.cut.task_slices(series.shape)
        given = self._given(shared)
        for at in range(0, len(tasks), AT_ONCE):
            some = tasks[at : at + AT_ONCE]
            futures = [self._submit(of_blocks, function, series, task, given) for task in some]
            for task, results in zip(some, self.client.gather(futures), strict=True):
                yield from zip(task, results, strict=True)

    def total(self, function: Callable[..., Sums], series: AnySeries, *shared: Any) -> Sums:
        """As `Engine.total`; only sums of many tasks come back."""
        given = self._given(shared)
        futures = [
            self._submit(sum_of_blocks, function, series, task, given)
            for task in self.cut.task_slices(series.shape)
        ]
        groups = [
            self._submit(added, futures[at : at + self.cut.tasks])
            for at in range(0, len(futures), self.cut.tasks)
        ]
        return added(self.client.gather(groups))

    def _given(self, shared: Any) -> Any:
        """What all tasks need, sent once to each worker and made again if all of them die."""
        return self._submit(_itself, shared)

    def _submit(self, function: Callable[..., Any], *given: Any) -> Any:
        return self.client.submit(function, *given, pure=False, retries=ATTEMPTS)


def _itself(value: T) -> T:
    return value


@contextmanager
def opened(address: str) -> Iterator[Dask]:
    """Connect to `dask://host:port` and send the code that the workers need.

    Raises:
        EngineError: something else answers there, or there is no worker.
    """
    tcp = "tcp://" + address.removeprefix("dask://")
    try:
        client = Client(tcp, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, TimeoutError) as error:
        raise EngineError(
            f"What answers at {tcp} is no Dask scheduler of this version: correct the address, or "
            "install the same version of Dask on both sides."
        ) from error
    with client, tempfile.TemporaryDirectory() as folder:
        if not client.scheduler_info(n_workers=-1)["workers"]:
            raise EngineError(
                f"The Dask scheduler at {tcp} has no workers: start some (dask worker {tcp})."
            )
        client.upload_file(str(write_archive(Path(folder))))
        yield Dask(client)
