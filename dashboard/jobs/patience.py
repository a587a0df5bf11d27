"""What works on while the list of jobs is locked or the disk is full, and notes it afterwards."""

import contextlib
import io
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from dashboard.jobs.database import StoreError
from dashboard.jobs.store import JobState, Store
from pipelines.core.errors import NoRoomError

T = TypeVar("T")
TROUBLE = (StoreError, NoRoomError)
PAUSE_SECONDS = 0.5


class Patient:
    """Notes how a job goes: progress if it can be, the end as soon as it can be."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def report(self, job_id: str, fraction: float, message: str) -> None:
        """Note how far a job is; the next report says more than one that cannot be noted."""
        with contextlib.suppress(*TROUBLE):
            self._store.report(job_id, fraction, message)

    def finish(self, job_id: str, state: JobState, error: str = "", traceback: str = "") -> None:
        """Note how a job ended, however long that takes: nobody else knows it."""
        until_done(lambda: self._store.finish(job_id, state, error, traceback))


def until_done(what: Callable[[], T]) -> T:
    """Do something with the store once that is possible."""
    while True:
        try:
            return what()
        except TROUBLE:
            time.sleep(PAUSE_SECONDS)


class Trouble:
    """Says on standard error what keeps a process from going on: once, not at every try."""

    def __init__(self) -> None:
        self._said = ""

    def survived(self, what: Callable[[], object]) -> bool:
        """Do something; whether the store let it."""
        try:
            what()
        except TROUBLE as error:
            self._say(error.sentence)
            time.sleep(PAUSE_SECONDS)
            return False
        self._said = ""
        return True

    def _say(self, sentence: str) -> None:
        if sentence != self._said:
            self._said = sentence
            with contextlib.suppress(OSError):
                print(sentence, file=sys.stderr, flush=True)


class CutLog(io.TextIOBase):
    """A log that is cut, and not a reason to fail, when the disk is full."""

    encoding = "utf-8"

    def __init__(self, file: Path) -> None:
        self._raw = file.open("wb", buffering=0)

    def writable(self) -> bool:
        """As every log is."""
        return True

    def write(self, text: str, /) -> int:
        """Write as much as there is room for."""
        with contextlib.suppress(OSError):
            self._raw.write(text.encode(errors="replace"))
        return len(text)

    def close(self) -> None:
        """End it."""
        with contextlib.suppress(OSError):
            self._raw.close()
        super().close()
