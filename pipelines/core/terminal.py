"""What is said to people at a terminal, and plain lines for logs.

What files, columns, channels and people are called is shown, never sent: a name may hold
characters that move the cursor, colour the screen, ring or turn the direction of writing.
"""

import errno
import logging
import os
import sys
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TextIO

from pipelines.core.errors import OutputError
from pipelines.core.progress import Report, silent

WIDTH = 30
CLOSED = (errno.EPIPE, errno.EINVAL) if sys.platform == "win32" else (errno.EPIPE,)
"""How systems call a stream that nobody reads any more."""


def say(text: str, stream: TextIO | None = None) -> None:
    """Print a line, on standard output unless another stream is given; controls are shown.

    When nobody reads it any more, as after `| head`, this and all that follows is dropped: what
    a command does is done to its end.
    """
    _write(f"{shown(text)}\n", stream or sys.stdout)


def shown(text: str) -> str:
    r"""A text with its control characters as words: an escape is shown as `\x1b`.

    Also marks that turn the direction of writing, separators of lines, and halves of characters,
    which no terminal takes. A tab and the end of a line stay: they are ours.
    """
    if text.isprintable():
        return text
    return "".join(map(_shown, text))


def _shown(character: str) -> str:
    kind = unicodedata.category(character)
    if character in "\t\n" or kind not in ("Cc", "Cf", "Cs", "Zl", "Zp"):
        return character
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")


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
    except UnicodeEncodeError:  # a console of another alphabet
        encoded = text.encode(stream.encoding or "ascii", "backslashreplace")
        _write(encoded.decode(stream.encoding or "ascii"), stream)
    except OSError as error:
        _drop(stream)
        if error.errno not in CLOSED:
            raise OutputError(f"What is printed cannot be written ({error.strerror}).") from None


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
        yield _unless_full(_bar)
        say("", sys.stderr)
    else:
        yield _unless_full(_Lines())


def _unless_full(report: Report) -> Report:
    """Progress that is dropped where it cannot be written: what is done is worth more."""

    def told(fraction: float, sentence: str) -> None:
        with suppress(OutputError):
            report(fraction, sentence)

    return told


class ShownFormatter(logging.Formatter):
    """Lines of a log with their control characters as words."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, and the lines of a traceback."""
        return shown(super().format(record))


def _bar(fraction: float, sentence: str) -> None:
    done = round(WIDTH * min(max(fraction, 0.0), 1.0))
    bar = "#" * done + "-" * (WIDTH - done)
    _write(f"\r\x1b[2K[{bar}] {fraction:4.0%} {shown(sentence)}", sys.stderr)


class _Lines:
    """Writes a sentence once, however often it is reported."""

    def __init__(self) -> None:
        self._last = ""

    def __call__(self, fraction: float, sentence: str) -> None:
        if sentence != self._last:
            self._last = sentence
            say(f"{fraction:4.0%} {sentence}", sys.stderr)
