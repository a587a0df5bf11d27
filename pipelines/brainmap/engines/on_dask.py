"""Blocks of series on the workers of a Dask scheduler that is already there."""

import tempfile
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from distributed import Client
from distributed.scheduler import KilledWorker

from pipelines.brainmap.engines.code import BlockTask, done, sum_of_blocks, write_archive
from pipelines.brainmap.engines.engine import STANDARD, Beside, Cut, Sums, added
from pipelines.brainmap.engines.workers import OnWorkers
from pipelines.brainmap.voxels.stored import AnySeries
from pipelines.core.errors import EngineError

T = TypeVar("T")
CONNECT_SECONDS = 10

AT_ONCE = 64
"""Tasks whose results per voxel are on their way to this machine; more if that is less than two
for each thread of the workers."""

ATTEMPTS = 5
"""A task is lost only if so many workers died at it."""


class Dask(OnWorkers):
    """Tasks on a scheduler's workers; those of a worker that dies are done by another."""

    def __init__(self, client: Client, cut: Cut = STANDARD) -> None:
        super().__init__(cut)
        self.client = client

    def total(
        self, function: Callable[..., Sums], series: AnySeries, *shared: Any, beside: Beside = None
    ) -> Sums:
        """As `Engine.total`, of blocks (voxel, time); only sums of many tasks come back.

        Raises:
            EngineError: workers died, lack a package, or cannot use a file.
        """
        given = self._given((function, series, shared))
        tasks = BlockTask.all(self.cut, series.shape, beside)
        futures = [self._submit(done, task, sum_of_blocks, given) for task in tasks]
        groups = [
            self._submit(added, futures[at : at + self.cut.tasks])
            for at in range(0, len(futures), self.cut.tasks)
        ]
        return added(_answer(future) for future in groups)

    def tasks(self, function: Callable[..., T], pieces: Sequence[Any], *shared: Any) -> Iterator[T]:
        """As `Engine.tasks`.

        Raises:
            EngineError: workers died, lack a package, or cannot use a file.
        """
        at_once = max(AT_ONCE, 2 * sum(self.client.nthreads().values()))
        given, waiting = self._given(shared), deque[Any]()
        for piece in pieces:
            waiting.append(self._submit(done, piece, function, given))
            if len(waiting) > at_once:
                yield _answer(waiting.popleft())
        while waiting:
            yield _answer(waiting.popleft())

    def _given(self, shared: Any) -> Any:
        """What all tasks need, sent once to each worker and made again if all of them die."""
        return self._submit(_itself, shared)

    def _submit(self, function: Callable[..., Any], *given: Any) -> Any:
        return self.client.submit(function, *given, pure=False, retries=ATTEMPTS)


def _itself(value: T) -> T:
    return value


def _answer(future: Any) -> Any:
    """The result of a task.

    Raises:
        EngineError: its workers died, or lack a package.
    """
    try:
        return future.result()
    except KilledWorker as error:
        raise EngineError(
            "Several Dask workers died at the same piece of work, most likely for want of memory: "
            "give them 2 GB each or more."
        ) from error
    except ModuleNotFoundError as error:
        raise EngineError(
            f"A Dask worker lacks the package {error.name}: install it for all workers."
        ) from error


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
