"""What this process is doing, noted where the process that watches over it can read it.

A process that a damaged file crashes says nothing any more. So it keeps a small board, a file
that is mapped into memory and outlives it: which file is being read, how far the work is, what it
reads from and which half-written results would be left behind. Without a board nothing is noted.
"""

import json
import mmap
import os
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pipelines.core.progress import Report
from pipelines.files import reading
from pipelines.processes.guard import BOARD_BYTES as SIZE
from pipelines.processes.guard import BOARD_HEAD as HEAD
from pipelines.processes.parentage import end_at_once_with_creator, wait_and_end_with

MOST_NAMED = 20

_boards: list["Board"] = []


class Board:
    """The notes of this process."""

    def __init__(self, file: Path) -> None:
        """Take a file of `SIZE` bytes, written out: in a sparse one a full disk ends a process."""
        with file.open("r+b") as stream:
            self._bytes = mmap.mmap(stream.fileno(), SIZE)
        self._lock = threading.Lock()
        self._values: dict[str, Any] = {}
        self._steps = 0

    def note(self, **values: Any) -> None:
        """Add to what is noted, or change it."""
        with self._lock:
            self._values |= values
            self._write()

    def forget(self) -> None:
        """Begin anew."""
        with self._lock:
            self._values = {}
            self._bytes[8] = False
            self._write()

    def read(self, path: Path | None) -> None:
        """Note that a file is being read, or that none is any more."""
        with self._lock:
            if path is not None and self._values.get("reading") != str(path):
                self._values["reading"] = str(path)
                self._write()
            self._bytes[8] = path is not None
            self._step()

    def add(self, name: str, item: Any) -> None:
        """Add to a list that is noted."""
        self.note(**{name: [*self._values.get(name, []), item]})

    def remove(self, name: str, item: Any) -> None:
        """Take out of it again."""
        self.note(**{name: [one for one in self._values.get(name, []) if one != item]})

    def _write(self) -> None:
        text = json.dumps(self._values).encode()
        if len(text) >= SIZE - HEAD:  # of very long paths what is read now matters most
            text = json.dumps({**self._values, "inputs": []}).encode()
        if len(text) < SIZE - HEAD:
            self._bytes[HEAD : HEAD + len(text) + 1] = text + b"\n"
        self._step()

    def _step(self) -> None:
        self._steps += 1
        self._bytes[:8] = self._steps.to_bytes(8, "little")


def keep(board: Path) -> None:
    """Note from now on, on that board, also what is being read."""
    _boards[:] = [Board(board)]
    reading.listen(_boards[0].read)


def begin() -> None:
    """Something new begins, or what was done is over: what was noted is of no interest any more."""
    for board in _boards:
        board.forget()


def works_on(inputs: Iterable[Path]) -> None:
    """Note what is read from, now and later."""
    for board in _boards:
        board.note(inputs=[str(path) for path in inputs][:MOST_NAMED])


def noting(report: Report) -> Report:
    """A report that is noted too."""
    if not _boards:
        return report

    def inner(fraction: float, sentence: str) -> None:
        for board in _boards:
            board.note(stage=sentence)
        report(fraction, sentence)

    return inner


@contextmanager
def half_written(work: Path, target: Path) -> Iterator[None]:
    """Note a folder that is to be removed if this process does not come to it itself."""
    for board in _boards:
        board.add("scratch", [str(work.absolute()), str(target.absolute())])
    try:
        yield
    finally:
        for board in _boards:
            board.remove("scratch", [str(work.absolute()), str(target.absolute())])


def end_with(parent: int) -> None:
    """End this process when the one that started it is gone, however that ended."""
    if sys.platform == "linux":
        end_at_once_with_creator()
        if os.getppid() != parent:  # gone before it was asked for
            os._exit(1)
    else:
        threading.Thread(target=wait_and_end_with, args=(parent,), daemon=True).start()
