"""A Dask scheduler or a Spark master on this machine, each with two workers."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.live import wait_for

Process = subprocess.Popen[str]


def start(*words: str) -> Process:
    """Start a program with a group of processes of its own, so that its children end with it."""
    # Workers do not find Neuroboard's code here: it must be sent to them.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    environment["SPARK_LOCAL_IP"] = "127.0.0.1"
    return subprocess.Popen(
        words,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd="/",
        env=environment,
        start_new_session=True,
    )


def end(process: Process) -> None:
    """Kill a program and its children; it may have ended."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(timeout=30)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


def dask_words(port: int, folder: Path) -> tuple[tuple[str, ...], tuple[str, ...]]:
    program = (sys.executable, "-m")
    scheduler = (*program, "distributed.cli.dask_scheduler", "--no-dashboard", "--host")
    worker = (*program, "distributed.cli.dask_worker", f"tcp://127.0.0.1:{port}", "--no-dashboard")
    return (
        (*scheduler, "127.0.0.1", "--port", str(port)),
        (*worker, "--no-nanny", "--nthreads", "1", "--local-directory", str(folder)),
    )


def spark_words(port: int, folder: Path) -> tuple[tuple[str, ...], tuple[str, ...]]:
    import pyspark

    program = str(Path(pyspark.__file__).parent / "bin" / "spark-class")
    place = ("--host", "127.0.0.1", "--webui-port", "0")
    master = (program, "org.apache.spark.deploy.master.Master", "--port", str(port), *place)
    worker = (program, "org.apache.spark.deploy.worker.Worker", f"spark://127.0.0.1:{port}")
    return master, (*worker, *place, "--cores", "1", "--memory", "1200m", "-d", str(folder))


@dataclass(frozen=True)
class Cluster:
    """A cluster that runs, and its workers, which may be killed."""

    address: str
    workers: list[Process]
    words: tuple[str, ...]

    def join(self) -> None:
        """Start one more worker."""
        self.workers.append(start(*self.words))


@contextmanager
def running(kind: str, folder: Path) -> Iterator[Cluster]:
    """Start a cluster with two workers."""
    port = free_port()
    head, worker = {"dask": dask_words, "spark": spark_words}[kind](port, folder)
    cluster = Cluster(f"{kind}://127.0.0.1:{port}", [], worker)
    scheduler = start(*head)
    try:
        wait_for(lambda: answers(port), f"the {kind} scheduler")
        cluster.join()
        cluster.join()
        yield cluster
    finally:
        for process in (scheduler, *cluster.workers):
            end(process)
