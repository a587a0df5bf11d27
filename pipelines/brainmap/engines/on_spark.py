"""Blocks of series on a Spark cluster that is already there, or on Spark on this machine."""

import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from pyspark import SparkConf, SparkContext

from pipelines.brainmap.engines.code import BlockTask, done, sum_of_blocks, write_archive
from pipelines.brainmap.engines.engine import STANDARD, Beside, Cut, Sums, added
from pipelines.brainmap.engines.workers import OnWorkers
from pipelines.brainmap.voxels.stored import AnySeries
from pipelines.core.errors import EngineError, ImageError, NeuroboardError

T = TypeVar("T")

AT_ONCE = 64
"""Tasks whose results per voxel are on their way to this machine; more if that is less than two
for each core of the workers."""

SETTINGS = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.python.worker.reuse": "true",
    # What a worker that died had to send is made again after 3 s instead of 15 s.
    "spark.shuffle.io.retryWait": "1s",
    # Several results of k x T for each task may come back at once.
    "spark.driver.maxResultSize": "0",
    # A task is lost only if so many workers died at it.
    "spark.task.maxFailures": "5",
}


class Spark(OnWorkers):
    """Tasks of a Spark context; those of a worker that dies are done by another."""

    def __init__(self, context: SparkContext, cut: Cut = STANDARD) -> None:
        super().__init__(cut)
        self.context = context

    def total(
        self, function: Callable[..., Sums], series: AnySeries, *shared: Any, beside: Beside = None
    ) -> Sums:
        """As `Engine.total`, of blocks (voxel, time); only sums of many tasks come back.

        Raises:
            EngineError: a worker cannot use a file or lacks a package.
        """
        tasks, size = BlockTask.all(self.cut, series.shape, beside), self.cut.tasks
        given = self.context.broadcast((function, series, shared))
        parts = self._spread(tasks).map(
            lambda task: (task[0] // size, (task[0], done(task[1], sum_of_blocks, given.value)))
        )
        groups = -(-len(tasks) // size)
        found = self._collected(parts.groupByKey(groups).mapValues(_added_in_order))
        given.destroy()
        return added(sums for _, sums in sorted(found, key=lambda group: group[0]))

    def tasks(self, function: Callable[..., T], pieces: Sequence[Any], *shared: Any) -> Iterator[T]:
        """As `Engine.tasks`.

        Raises:
            EngineError: a worker cannot use a file or lacks a package.
            ImageError: what was read on a worker is no sound image series.
        """
        at_once = max(AT_ONCE, 2 * self.context.defaultParallelism)
        given = self.context.broadcast(shared)
        try:
            for at in range(0, len(pieces), at_once):
                some = self._spread(pieces[at : at + at_once])
                yield from self._collected(
                    some.map(lambda task: done(task[1], function, given.value))
                )
        finally:
            given.destroy()

    def _spread(self, pieces: Sequence[Any]) -> Any:
        return self.context.parallelize(list(enumerate(pieces)), len(pieces))

    def _collected(self, found: Any) -> list[Any]:
        """Results in the order of the tasks.

        Raises:
            EngineError: a worker cannot use a file or lacks a package.
            ImageError: what was read on a worker is no sound image series.
        """
        from py4j.protocol import Py4JJavaError

        try:
            return list(found.collect())
        except Py4JJavaError as error:
            raise _raised(str(error.java_exception)) from error


def _added_in_order(parts: Any) -> Sums:
    return added(sums for _, sums in sorted(parts, key=lambda part: part[0]))


def _raised(said: str) -> NeuroboardError:
    """What was raised on a worker, from the text that Spark makes of it."""
    for line in said.splitlines():
        for mark, kind in (("ImageError: ", ImageError), ("EngineError: ", EngineError)):
            if mark in line:
                return kind(line.partition(mark)[2].strip())
        if "ModuleNotFoundError: " in line:
            words = line.partition("ModuleNotFoundError: ")[2].strip()
            return EngineError(f"A Spark worker says: {words}; install it for all workers.")
    return EngineError("Spark could not finish the work: look into the logs of its workers.")


@contextmanager
def opened(address: str) -> Iterator[Spark]:
    """Connect to `spark://host:port`, or start Spark here for `spark-local`.

    Raises:
        EngineError: there is no Java, or another version of Spark at the address.
    """
    # Workers take the first `python3` they find otherwise, which may lack NumPy.
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    master = "local[*]" if address == "spark-local" else address
    conf = SparkConf().setMaster(master).setAppName("Neuroboard").setAll(list(SETTINGS.items()))
    try:
        context = SparkContext(conf=conf)
    # PySpark raises its own and py4j's errors here, for Java and for the master alike.
    except Exception as error:
        raise EngineError(
            f"Spark did not start for {address}: install Java 17 or 21 on this machine, and see "
            "that the master runs the same version of Spark."
        ) from error
    try:
        with tempfile.TemporaryDirectory() as folder:
            context.addPyFile(str(write_archive(Path(folder))))
            context.setLogLevel("ERROR")
            yield Spark(context)
    finally:
        context.stop()
