"""A process that reads recordings for another one, kept as long as that lives.

A web server must not open files from elsewhere itself: a damaged one may crash the library that
reads it, or take all memory. Nor can it start a process for each look, as the libraries take
seconds to load. So one process is started when it is first needed, answers one request after the
other, and is replaced when a file broke it.

Each message is its length (8 bytes) and a `closed.Answered`: JSON and bytes, nothing that could
run.
A module that answers calls `serve` with its function when it is run.
"""

import io
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from pipelines.core.errors import InputError, NeuroboardError
from pipelines.files.reading import short
from pipelines.processes.bounds import attended
from pipelines.processes.closed import Answered
from pipelines.processes.parentage import wait_and_end_with

MEMORY_BYTES = 3 * 10**9
SECONDS = 90
"""by the clock, of which the first answer takes some to load the libraries."""
LARGEST_BYTES = 10**9
LENGTH_BYTES = 8
Arrays = Mapping[str, NDArray[Any]]


@dataclass
class KeptReader:
    """The process, seen from the one that asks.

    Attributes:
        module: which it runs, such as "pipelines.spikes.signal.signal_child".
        memory_bytes: that it may hold.
        seconds: by the clock that an answer may take.
    """

    module: str
    memory_bytes: int = MEMORY_BYTES
    seconds: float = SECONDS
    _process: "subprocess.Popen[bytes] | None" = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def ask(self, asked: Answered, file: Path) -> Answered:
        """Let it answer; one request at a time.

        Args:
            asked: anything.
            file: that it reads, for sentences.

        Raises:
            InputError: the file cannot be read, or broke the process.
        """
        with self._lock:
            process = self._running()
            try:
                with attended(process, self.memory_bytes, self.seconds):
                    answer = _exchange(process, asked)
            except (OSError, ValueError):
                self.end()
                raise InputError(
                    f"{file} broke the program that reads it: it is damaged, or too large for "
                    "what is asked. Copy it again from where it was made, or choose less of it."
                ) from None
        if "error" in answer.said:
            raise InputError(str(answer.said["error"]))
        return answer

    def start(self) -> None:
        """Start the process before it is asked, for its libraries take seconds to load."""
        if self._lock.acquire(blocking=False):  # else it is answering somebody
            try:
                self._running()
            finally:
                self._lock.release()

    def end(self) -> None:
        """End the process; the next request starts another."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def _running(self) -> "subprocess.Popen[bytes]":
        if self._process is not None and self._process.poll() is not None:
            self.end()
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, "-m", self.module],
                cwd=Path(__file__).parents[2],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
            )
        return self._process


def _exchange(process: "subprocess.Popen[bytes]", asked: Answered) -> Answered:
    assert process.stdin is not None
    assert process.stdout is not None
    _send(process.stdin, asked)
    content = _received(process.stdout)
    if content is None:
        raise ValueError("it ended")
    return Answered.unpacked(content)


def _send(stream: IO[bytes] | io.BufferedIOBase, message: Answered) -> None:
    content = message.packed()
    stream.write(len(content).to_bytes(LENGTH_BYTES, "little") + content)
    stream.flush()


def _received(stream: IO[bytes] | io.BufferedIOBase) -> bytes | None:
    """The next message; None at the end of the stream."""
    length = int.from_bytes(stream.read(LENGTH_BYTES), "little")
    if not 0 < length <= LARGEST_BYTES:
        return None
    content = stream.read(length)
    return content if len(content) == length else None


# -- the process that answers


def serve(function: Callable[[Answered], Answered]) -> None:
    """Answered what comes on standard input until it is closed."""
    threading.Thread(target=wait_and_end_with, args=(os.getppid(),), daemon=True).start()
    answers = sys.stdout.buffer
    sys.stdout = sys.stderr  # what a library prints is no answer
    while (content := _received(sys.stdin.buffer)) is not None:
        _send(answers, _answered(function, content))


def _answered(function: Callable[[Answered], Answered], content: bytes) -> Answered:
    try:
        return function(Answered.unpacked(content))
    except NeuroboardError as error:
        return Answered({"error": error.sentence}, {})
    except Exception as error:  # whatever a damaged file makes a library raise
        return Answered({"error": f"The recording cannot be read ({short(error)})."}, {})


# -- arrays in messages


def packed(arrays: Arrays) -> bytes:
    """Arrays of any shape, by name, as the content of an `.npz` file without pickles."""
    stream = io.BytesIO()
    np.savez(stream, allow_pickle=False, **arrays)
    return stream.getvalue()
