"""Keeps the supervisor process alive as long as the web process lives."""

import os
import subprocess
import sys
import threading
from pathlib import Path

from dashboard.settings import PREFIX, Settings

PROJECT = Path(__file__).resolve().parents[2]
LONGEST_WAIT_SECONDS = 30.0


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

    def _keep(self) -> None:
        wait = 0.5
        while not self._stopping.is_set():
            with (self.settings.home / "worker.log").open("ab") as log:
                self._process = self._launch(log.fileno())
            self._process.wait()
            self._stopping.wait(wait)
            wait = min(2 * wait, LONGEST_WAIT_SECONDS)

    def _launch(self, log: int) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            [sys.executable, "-m", "dashboard.jobs.worker"],
            cwd=PROJECT,
            env={**os.environ, **environment(self.settings)},
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
        )


def environment(settings: Settings) -> dict[str, str]:
    """The settings as environment variables, for a process that reads them again."""
    return {
        PREFIX + "HOME": str(settings.home),
        PREFIX + "DATA": os.pathsep.join(str(root) for root in settings.data),
        PREFIX + "SCHEDULER": settings.scheduler,
        PREFIX + "WORKERS": str(settings.workers),
        PREFIX + "TABLE_LIMIT_MB": str(settings.table_limit_mb),
        PREFIX + "UPLOAD_LIMIT_MB": str(settings.upload_limit_mb),
    }
