"""Progress for people at a terminal, and plain lines for logs."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from pipelines.progress import Report, silent

WIDTH = 30


@contextmanager
def progress_on_terminal(quiet: bool) -> Iterator[Report]:
    """A report that draws a bar on a terminal and writes a line per sentence elsewhere."""
    if quiet:
        yield silent
    elif sys.stderr.isatty():
        yield _bar
        sys.stderr.write("\n")
    else:
        yield _Lines()


def _bar(fraction: float, sentence: str) -> None:
    done = round(WIDTH * min(max(fraction, 0.0), 1.0))
    bar = "#" * done + "-" * (WIDTH - done)
    sys.stderr.write(f"\r\x1b[2K[{bar}] {fraction:4.0%} {sentence}")
    sys.stderr.flush()


class _Lines:
    """Writes a sentence once, however often it is reported."""

    def __init__(self) -> None:
        self._last = ""

    def __call__(self, fraction: float, sentence: str) -> None:
        if sentence != self._last:
            self._last = sentence
            print(f"{fraction:4.0%} {sentence}", file=sys.stderr, flush=True)
