"""Blocks of series on a Spark cluster that is already there, or on Spark on this machine."""

import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from pyspark import SparkConf, SparkContext

from pipelines.brainmap.engine import STANDARD, Cut, Sums, added
from pipelines.brainmap.engine_code import of_blocks, sum_of_blocks, write_archive
from pipelines.brainmap.stored import AnySeries, StoredSeries
from pipelines.errors import EngineError

T = TypeVar("T")

AT_ONCE = 64
"""Tasks whose results per voxel are on their way to this machine."""

SETTINGS = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.python.worker.reuse": "true",
    # Several results of k x T for each task may come back at once.
    "spark.driver.maxResultSize": "0",
    # A task is lost only if so many workers died at it.
    "spark.task.maxFailures": "5",
}


class Spark:
    """Tasks of a Spark context; those of a worker that dies are done by another."""

    def __init__(self, context: SparkContext, cut: Cut = STANDARD) -> None:
        self.context = context
        self.cut = cut

    def take(self, file: Path) -> AnySeries:
        """The series as they are in the file, from which the workers read their blocks."""
        return StoredSeries.open(file)

    def each(
        self, function: Callable[..., T], series: AnySeries, *shared: Any
    ) -> Iterator[tuple[slice, T]]:
        """As `Engine.each`."""
        tasks = self.cut.task_slices(series.shape)
        given = self.context.broadcast(shared)
        for at in range(0, len(tasks), AT_ONCE):
            some = tasks[at : at + AT_ONCE]
            found = self._tasks(some).map(
                lambda task: of_blocks(function, series, task[1], given.value)
            )
            for task, results in zip(some, self._collected(found), strict=True):
                yield from zip(task, results, strict=True)
        given.destroy()

    def total(self, function: Callable[..., Sums], series: AnySeries, *shared: Any) -> Sums:
        """As `Engine.total`; only sums of many tasks come back."""
        tasks, size = self.cut.task_slices(series.shape), self.cut.tasks
        given = self.context.broadcast(shared)
        parts = self._tasks(tasks).map(
            lambda task: (
                task[0] // size,
                (task[0], sum_of_blocks(function, series, task[1], given.value)),
            )
        )
        groups = -(-len(tasks) // size)
        found = self._collected(parts.groupByKey(groups).mapValues(_added_in_order))
        given.destroy()
        return added(sums for _, sums in sorted(found, key=lambda group: group[0]))

    def _tasks(self, tasks: list[list[slice]]) -> Any:
        return self.context.parallelize(list(enumerate(tasks)), len(tasks))

    def _collected(self, found: Any) -> list[Any]:
        """Results in the order of the tasks.

        Raises:
            EngineError: a worker cannot read the file or lacks a package.
        """
        from py4j.protocol import Py4JJavaError

        try:
            return list(found.collect())
        except Py4JJavaError as error:
            raise EngineError(_sentence(str(error.java_exception))) from error


def _added_in_order(parts: Any) -> Sums:
    return added(sums for _, sums in sorted(parts, key=lambda part: part[0]))


def _sentence(said: str) -> str:
    """The sentence of what was raised on a worker."""
    for line in said.splitlines():
        for mark in ("EngineError: ", "ModuleNotFoundError: "):
            if mark in line:
                words = line.partition(mark)[2].strip()
                return words if "worker" in words else f"A Spark worker says: {words}."
    return "Spark could not finish the work: look into the logs of its workers."


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
