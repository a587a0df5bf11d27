"""Asks a process that can only compute: no files, no network, no programs, no other processes.

A pickle can name anything that Python could run, and a list of allowed names does not make the
numbers in it safe for the C code that gets them. Such a file is read by a process that does its
imports first, then closes itself (`seccomp`, limits of memory and time, an empty environment, no
descriptors but the two pipes), and only then gets the content. Whatever the content does there, it
can at most hand back wrong bytes, so that an answer is checked like any other file from elsewhere.

A module that answers calls `serve` with its function when it is run.
"""

import errno
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from pipelines.core.errors import NeuroboardError
from pipelines.processes import seccomp
from pipelines.processes.parentage import end_at_once_with_creator
from pipelines.processes.seccomp import Unenforceable

MEMORY = 4 * 10**9
"""bytes of addresses, of which the libraries take 0.6."""
SECONDS = 120
"""of processor time; the clock may run so many times longer, on a busy machine:"""
WAITING = 3
LARGEST_ANSWER = 10**9
LARGEST_HEAD = 10**7
"""bytes; a head is the JSON in front of what is asked and of what is answered."""
CANNOT_CLOSE, TOO_MUCH_MEMORY = 3, 4
"""Exit codes; others, and signals, mean that it crashed or used more time than it may."""
KEPT = ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH", "SYSTEMROOT")
"""Of the environment: what Python needs to start. Tokens and names stay behind."""
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OMP_THREAD_LIMIT", "OPENBLAS_NUM_THREADS"), "1")
"""A closed process cannot start threads, which are processes to the kernel."""


class Broke(Exception):  # noqa: N818  what happened in the other process
    """The process ended without an answer; its text says how, for a sentence."""


@dataclass(frozen=True)
class Answered:
    """What was asked or answered.

    Attributes:
        said: anything that JSON can hold.
        parts: contents of files, by name.
    """

    said: Mapping[str, Any]
    parts: Mapping[str, bytes]

    def packed(self) -> bytes:
        """As bytes: a line of JSON, then the parts one after the other."""
        sizes = {name: len(part) for name, part in self.parts.items()}
        head = json.dumps({"said": self.said, "parts": sizes})
        return b"".join([head.encode(), b"\n", *self.parts.values()])

    @classmethod
    def unpacked(cls, content: bytes) -> "Answered":
        """The same again, if that is what the bytes are.

        Raises:
            ValueError: they are not.
        """
        end = content.find(b"\n", 0, LARGEST_HEAD)
        try:
            head = json.loads(content[: max(end, 0)])
            said, sizes = dict(head["said"]), dict(head["parts"])
        except (ValueError, TypeError, KeyError, RecursionError):
            raise ValueError("no answer") from None
        whole = all(type(size) is int and size >= 0 for size in sizes.values())
        if not whole or sum(sizes.values()) != len(content) - end - 1:
            raise ValueError("an answer of another length")
        parts, start = {}, end + 1
        for name, size in sizes.items():
            parts[name] = content[start : start + size]
            start += size
        return cls(said, parts)


Function = Callable[[Answered], Answered]


# -- the process that asks


def ask(module: str, asked: Answered) -> Answered:
    """Let a closed process answer.

    Args:
        module: which is run, such as "pipelines.models.estimators.pickled_child".
        asked: all that it gets.

    Raises:
        Unenforceable: this system cannot close a process.
        Broke: it crashed, used more than it may, or answered nonsense.
    """
    if not seccomp.known():
        raise Unenforceable("not Linux on x86_64 or aarch64")
    code, content = run(module, asked.packed())
    if code == CANNOT_CLOSE:
        raise Unenforceable("the filter of system calls was refused")
    if code == TOO_MUCH_MEMORY:
        raise Broke(f"it took more than {MEMORY / 1e9:.0f} GB of memory")
    if code in (-signal.SIGKILL, -signal.SIGXCPU):
        raise Broke(f"it took more than {SECONDS} s")
    if code:
        raise Broke("it crashed")
    try:
        return Answered.unpacked(content)
    except ValueError:
        raise Broke("it gave no answer") from None


def run(module: str, asked: bytes) -> tuple[int, bytes]:
    """Start the process; its exit code, and what it wrote."""
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    process = subprocess.Popen(
        [sys.executable, "-m", module],
        cwd=Path(__file__).parents[2],
        env=kept | ONE_THREAD,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    clock = threading.Timer(SECONDS * WAITING, process.kill)
    giving = threading.Thread(target=_give, args=(process.stdin, asked))
    clock.start()
    giving.start()
    try:
        written = process.stdout.read(LARGEST_ANSWER)
        # Whoever still writes gets no reader any more, and ends by that.
        process.stdout.close()
        return process.wait(), written
    finally:
        clock.cancel()
        process.kill()
        giving.join()
        process.wait()


def _give(pipe: Any, content: bytes) -> None:
    with suppress(OSError), pipe:  # it may end before it has read everything
        pipe.write(content)


# -- the process that answers


def serve(function: Function) -> NoReturn:
    """Close this process and answer what stands on standard input.

    Everything that the function will need has to be imported before.
    """
    try:
        close()
        _still_open()
    except Unenforceable:
        os._exit(CANNOT_CLOSE)
    os._exit(_answer(function))


def close() -> None:
    """Give up everything but standard input, standard output and a share of memory and time.

    Raises:
        Unenforceable: this system cannot do that.
    """
    if not seccomp.known():
        raise Unenforceable("not Linux on x86_64 or aarch64")
    end_at_once_with_creator()
    os.environ.clear()
    _close_descriptors()
    _limit()
    seccomp.install()


def _close_descriptors() -> None:
    """Close all but 0 and 1."""
    try:
        opened = [int(path.name) for path in Path("/proc/self/fd").iterdir()]
    except OSError:
        raise Unenforceable("/proc cannot be read") from None
    sys.stderr = None
    for descriptor in opened:
        if descriptor > 1:
            with suppress(OSError):  # the one with which they were listed
                os.close(descriptor)


def _limit() -> None:
    import resource  # not on Windows

    for kind, most in (
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_CPU, SECONDS),
        (resource.RLIMIT_NOFILE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        _, hard = resource.getrlimit(kind)
        least = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (least, least))


def _still_open() -> None:
    """Try what must fail now: a system may take a filter and not heed it.

    Raises:
        Unenforceable: it did not fail.
    """
    for attempt in (lambda: os.open("/", os.O_RDONLY), socket.socket):
        try:
            attempt()
            refused = False
        except OSError as error:
            refused = error.errno == errno.EPERM
        if not refused:
            raise Unenforceable("the filter of system calls does nothing")


def _answer(function: Function) -> int:
    try:
        asked = Answered.unpacked(sys.stdin.buffer.read())
        answered = function(asked)
    except MemoryError:
        return TOO_MUCH_MEMORY
    except NeuroboardError as error:
        answered = Answered({"error": error.sentence}, {})
    # A damaged file can raise nearly anything, and none of it is a bug of ours.
    except Exception as error:
        answered = Answered({"raised": type(error).__name__}, {})
    sys.stdout.buffer.write(answered.packed())
    sys.stdout.buffer.flush()
    return 0
