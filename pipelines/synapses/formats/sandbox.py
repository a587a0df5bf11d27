"""Asks a process of its own to unpack a file, and reads its answer.

The process (`workbooks`) has limits of memory and time. Its answer is JSON or an Arrow
stream: nothing that could run. One that waits ready can be kept, so that a server answers
without starting Python anew.
"""

import json
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO

from pipelines.core.errors import TableError
from pipelines.processes.bounds import attended
from pipelines.synapses.formats.limits import MEMORY_EXIT, Limits

WAITING = 3
"""The clock may run so many times longer than the processor, on a busy machine."""
MODULE = "pipelines.synapses.formats.workbooks"


@contextmanager
def unpacked(
    path: Path, what: str, sheet: str, limits: Limits, names: Sequence[str] = ()
) -> Iterator[BinaryIO]:
    """What the process answers, as a stream.

    Args:
        path: the file.
        what: "sheet" (rows of a worksheet), "names" (of all worksheets) or "parquet".
        sheet: name of the worksheet; may be empty.
        limits: how large a table may be, and what the process may use.
        names: of columns that are looked for, to choose among worksheets.

    Raises:
        TableError: the process used more than it may.
    """
    with tempfile.TemporaryDirectory(prefix="neuroboard-table-") as folder:
        out = Path(folder) / "answer"
        size = path.stat().st_size
        request = {
            "path": str(path.resolve()),
            "what": what,
            "sheet": sheet,
            "names": list(names),
            "limits": asdict(limits),
            "size": size,
            "out": str(out),
        }
        _ask(request, path.name, limits.processor_seconds(size) * WAITING)
        with out.open("rb") as stream:
            yield stream


def rows(stream: BinaryIO) -> Iterator[Any]:
    """The lines of an answer.

    Raises:
        TableError: the process found that the file cannot be read.
    """
    for line in stream:
        value = json.loads(line)
        if isinstance(value, dict) and "error" in value:
            raise TableError(value["error"])
        yield value


def _ask(request: dict[str, Any], file: str, seconds: int) -> None:
    """Let a process answer; whatever ends it, it is gone afterwards."""
    kind = "parquet" if request["what"] == "parquet" else "workbook"
    process = _spares().take(kind)
    try:
        with attended(process, request["limits"]["memory_bytes"], seconds):
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(json.dumps(request) + "\n")
            process.stdin.flush()
            # Input stays open meanwhile: when it closes, the process ends itself.
            process.stdout.read()
            code = process.wait()
    except BrokenPipeError:  # it ended before it was asked anything
        code = process.wait()
    finally:
        process.kill()
        process.communicate()
        _spares().refill(kind)
    if code:
        raise TableError(_too_much(file) if code == MEMORY_EXIT or code < 0 else _ended(file))


def _too_much(file: str) -> str:
    return (
        f"{file} takes more memory or time to open than a table needs: save the table alone in a "
        "new file, or as .csv."
    )


def _ended(file: str) -> str:
    return (
        f"{file} could not be opened, for the process that reads it ended by itself: save the "
        "table as .csv, and report this with the file."
    )


class Spares:
    """Processes that wait for a request; by default there are none."""

    def __init__(self) -> None:
        self._kept: dict[str, subprocess.Popen[str] | None] = {}
        self._lock = threading.Lock()

    def keep(self, kind: str) -> None:
        """From now on keep one process of this kind waiting."""
        with self._lock:
            self._kept.setdefault(kind, None)
        self.refill(kind)

    def take(self, kind: str) -> "subprocess.Popen[str]":
        """A process for one request: the one that waits, or a new one."""
        with self._lock:
            ready = self._kept.get(kind)
            if kind in self._kept:
                self._kept[kind] = None
        return ready if ready is not None and ready.poll() is None else _start(kind)

    def refill(self, kind: str) -> None:
        """Start another, where one is to be kept and none waits."""
        with self._lock:
            if kind in self._kept and self._kept[kind] is None:
                self._kept[kind] = _start(kind)


def keep_ready() -> None:
    """Keep a process waiting for the next workbook and one for the next Parquet file."""
    for kind in ("workbook", "parquet"):
        _spares().keep(kind)


@cache
def _spares() -> Spares:
    return Spares()


def _start(kind: str) -> "subprocess.Popen[str]":
    root = Path(__file__).parents[3]
    arguments = ["--parquet"] if kind == "parquet" else []
    return subprocess.Popen(
        [sys.executable, "-m", MODULE, *arguments],
        cwd=root,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
