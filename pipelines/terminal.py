"""What is said to people at a terminal, and plain lines for logs."""

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from pipelines.progress import Report, silent

WIDTH = 30
CLOSED = (errno.EPIPE, errno.EINVAL) if sys.platform == "win32" else (errno.EPIPE,)
"""How systems call a stream that nobody reads any more."""


def say(text: str, stream: TextIO | None = None) -> None:
    """Print a line, on standard output unless another stream is given.

    When nobody reads it any more, as after `| head`, this and all that follows is dropped: what
    a command does is done to its end.
    """
    _write(f"{text}\n", stream or sys.stdout)


@contextmanager
def until_nobody_reads() -> Iterator[None]:
    """At the end drop what nobody reads, so that the interpreter does not complain of it."""
    try:
        yield
    finally:
        for stream in (sys.stdout, sys.stderr):
            _write("", stream)


def _write(text: str, stream: TextIO | None) -> None:
    if stream is None:  # a program without a console
        return
    try:
        stream.write(text)
        stream.flush()
    except OSError as error:
        if error.errno not in CLOSED:
            raise
        _drop(stream)


def _drop(stream: TextIO) -> None:
    """Let a stream lead nowhere, with what is still in its buffer."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


@contextmanager
def progress_on_terminal(quiet: bool) -> Iterator[Report]:
    """A report that draws a bar on a terminal and writes a line per sentence elsewhere."""
    if quiet:
        yield silent
    elif sys.stderr.isatty():
        yield _bar
        say("", sys.stderr)
    else:
        yield _Lines()


def _bar(fraction: float, sentence: str) -> None:
    done = round(WIDTH * min(max(fraction, 0.0), 1.0))
    bar = "#" * done + "-" * (WIDTH - done)
    _write(f"\r\x1b[2K[{bar}] {fraction:4.0%} {sentence}", sys.stderr)


class _Lines:
    """Writes a sentence once, however often it is reported."""

    def __init__(self) -> None:
        self._last = ""

    def __call__(self, fraction: float, sentence: str) -> None:
        if sentence != self._last:
            self._last = sentence
            say(f"{fraction:4.0%} {sentence}", sys.stderr)
