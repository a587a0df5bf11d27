"""Limits of processes that read what is not trusted, on Linux, macOS and Windows.

Linux holds a process to the addresses it may use. macOS refuses such a limit and Windows has none:
there, and everywhere besides, whoever asked looks at the memory that the process holds.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from pipelines.processes import usage

LOOK_SECONDS = 0.05


class Process(Protocol):
    """What is needed of `subprocess.Popen`."""

    pid: int

    def kill(self) -> None:
        """End it at once."""


def lowered(name: str, most: int) -> bool:
    """Lower one limit of this process, such as "RLIMIT_AS"; whether the system did so."""
    try:
        import resource
    except ImportError:  # Windows
        return False
    try:
        kind: int = getattr(resource, name)
        _, hard = resource.getrlimit(kind)
        resource.setrlimit(kind, (most if hard < 0 else min(most, hard), hard))
    except (AttributeError, ValueError, OSError):
        return False
    return True


@contextmanager
def attended(process: Process, memory: int, seconds: float) -> Iterator[None]:
    """Kill a process that holds more memory, or runs longer by the clock, than it may."""
    over = threading.Event()

    def look() -> None:
        waited = 0.0
        while not over.wait(LOOK_SECONDS):
            waited += LOOK_SECONDS
            if waited > seconds or usage.memory(process.pid) > memory:
                process.kill()
                return

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
