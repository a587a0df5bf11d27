"""Keeps the supervisor process alive as long as the web process lives."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import IO

from dashboard.jobs.patience import TROUBLE
from dashboard.jobs.store import Store
from dashboard.server.settings import Settings

PROJECT = Path(__file__).resolve().parents[2]
FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS = 0.5, 30.0
HEALTHY_SECONDS = 60.0
FRESH_SECONDS = 5.0
"""A worker that said so recently that it is ready is that of another web process, and works."""
PATIENCE_SECONDS = 1.0
MANY_FAILURES = 3
"""In a row, after which pages say that the worker does not start."""


class Launcher:
    """Starts the supervisor, starts it again when it dies, and ends it."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._stopping = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._keep, daemon=True)

    @property
    def pid(self) -> int | None:
        """The supervisor's process id while it runs."""
        return self._process.pid if self._process else None

    def start(self) -> None:
        """Start in the background and return at once."""
        self._say_starting()
        self._thread.start()

    def stop(self) -> None:
        """End the supervisor and its children."""
        self._stopping.set()
        process = self._process
        if process is not None and process.stdin is not None:
            process.stdin.close()
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()

    def _say_starting(self) -> None:
        """Until the supervisor says something itself, what an earlier one said does not hold."""
        with contextlib.suppress(*TROUBLE):
            store = Store(self.settings.home / "jobs.sqlite", PATIENCE_SECONDS)
            beat = store.worker()
            if beat is None or beat.state != "ready" or beat.age > FRESH_SECONDS:
                store.beat("starting")

    def _keep(self) -> None:
        failures = 0
        while not self._stopping.is_set():
            began = time.monotonic()
            self._run_once()
            failures = 1 if time.monotonic() - began > HEALTHY_SECONDS else failures + 1
            if failures >= MANY_FAILURES and not self._stopping.is_set():
                self._tell()
            self._stopping.wait(pause(failures))

    def _run_once(self) -> None:
        """Start the supervisor and wait for its end, however that comes."""
        try:
            with self._log() as log:
                self._process = self._launch(log)
        except OSError as error:  # no memory or no processes are left just now
            print(f"The worker cannot be started: {error}", file=sys.stderr)
            return
        self._process.wait()
        end_group(self._process.pid)

    def _tell(self) -> None:
        """Have the pages say that the worker does not start."""
        with contextlib.suppress(*TROUBLE):
            Store(self.settings.home / "jobs.sqlite").beat("failing")

    def _log(self) -> IO[bytes]:
        """The worker's log, or nothing where none can be written: that is no reason to stop."""
        try:
            return (self.settings.home / "worker.log").open("ab")
        except OSError:
            return Path(os.devnull).open("ab")

    def _launch(self, log: IO[bytes]) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            [sys.executable, "-m", "dashboard.jobs.worker"],
            cwd=PROJECT,
            env={**os.environ, **self.settings.environment()},
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            start_new_session=True,  # a group, so that no child of it can be left behind
        )


def pause(failures: int) -> float:
    """Seconds until the supervisor is started again: longer for each failure in a row."""
    return min(FIRST_WAIT_SECONDS * 2.0 ** min(failures - 1, 10), LONGEST_WAIT_SECONDS)


def end_group(leader: int) -> None:
    """End what a supervisor that was killed left running, and what that had started."""
    if sys.platform != "win32":
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(leader, signal.SIGKILL)
