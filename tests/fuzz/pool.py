"""Worker processes under watch: what ends one, or keeps it too long, is known by its file."""

import json
import select
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

from tests.fuzz.outcomes import REPOSITORY, Found, Outcome

SECONDS = 20.0
"""Of processor time for one file."""
WAITS = 120.0
"""Seconds of the clock, which a busy machine may take for it."""
BLOCKED, MOVES = 20.0, 0.2
"""Seconds of the clock in which a reader that is not blocked uses so many of the processor."""
RESIDENT_BYTES = 2 * 10**9
LEAKED_BYTES = 10**9
"""At which a worker between two files is replaced: not one of its files took that."""
OFTEN = 50
"""After so many files that is looked at."""
GLANCE = 0.05
Asked = dict[str, Any]


class Watched:
    """One worker process at a time, started anew when a file ended it."""

    def __init__(self, samples: Path | None = None) -> None:
        self._own = tempfile.TemporaryDirectory(prefix="neuroboard-samples-")
        self._samples = samples or Path(self._own.name)
        self._process: subprocess.Popen[str] | None = None
        self._read = 0

    def __enter__(self) -> "Watched":
        return self

    def __exit__(self, *_: object) -> None:
        self._end()
        self._own.cleanup()

    def found(self, asked: Asked) -> Found | None:
        """What becomes of an input; none if the data that it is made of are not here."""
        process = self._running()
        assert process.stdin is not None
        with suppress(BrokenPipeError):
            process.stdin.write(json.dumps(asked) + "\n")
            process.stdin.flush()
        return self._awaited(process)

    def _running(self) -> "subprocess.Popen[str]":
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.fuzz.worker", str(self._samples)],
                cwd=REPOSITORY,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            self._about = psutil.Process(self._process.pid)
            assert self._process.stdout is not None
            self._process.stdout.readline()  # once it has begun, only files take its time
        return self._process

    def _awaited(self, process: "subprocess.Popen[str]") -> Found | None:
        assert process.stdout is not None
        began, cpu = time.monotonic(), None
        moved, last = began, 0.0
        while not select.select([process.stdout], [], [], GLANCE)[0]:
            used, resident = self._used()
            cpu = used if cpu is None else cpu
            if resident > RESIDENT_BYTES:
                return self._ended(Outcome.MEMORY, f"{resident / 1e9:.1f} GB")
            now = time.monotonic()
            if used > last + MOVES:
                moved, last = now, used
            waited = now - began
            if used - cpu > SECONDS or waited > WAITS or now - moved > BLOCKED:
                words = f"{used - cpu:.0f} s of processor time in {waited:.0f} s"
                return self._ended(Outcome.HANG, words)
        line = process.stdout.readline()
        if not line:
            code = process.wait()
            return self._ended(
                Outcome.DEATH, signal.Signals(-code).name if code < 0 else f"exit {code}"
            )
        self._replace_one_that_leaks()
        said = json.loads(line)
        return Found(Outcome(said[0]), *said[1:]) if said else None

    def _replace_one_that_leaks(self) -> None:
        self._read += 1
        if self._read % OFTEN == 0 and self._used()[1] > LEAKED_BYTES:
            self._end()

    def _used(self) -> tuple[float, int]:
        try:
            times, memory = self._about.cpu_times(), self._about.memory_info()
        except psutil.Error:
            return 0.0, 0
        return times.user + times.system, memory.rss

    def _ended(self, outcome: Outcome, detail: str) -> Found:
        self._end()
        return Found(outcome, detail)

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.communicate()
