"""A running app: web server and worker as real processes, as a person starts them."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from dashboard.jobs.store import Job, JobState, Store

REPOSITORY = Path(__file__).resolve().parent.parent
PATIENCE_SECONDS = 300


class LiveApp:
    """`python app.py` with a home and a data root of its own.

    Args:
        home: its folder.
        data: its data roots.
        code: where `app.py` lies; another checkout for an earlier version.
    """

    def __init__(self, home: Path, data: list[Path], code: Path = REPOSITORY) -> None:
        self.home = home
        self.data = data
        self.code = code
        self.port = _free_port()
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def store(self) -> Store:
        return Store(self.home / "jobs.sqlite")

    def start(self, environment: Mapping[str, str] = os.environ) -> None:
        roots = [part for root in self.data for part in ("--data", str(root))]
        command = [sys.executable, "app.py", "--no-browser", "--port", str(self.port)]
        self.process = subprocess.Popen(
            [*command, "--home", str(self.home), *roots],
            cwd=self.code,
            env=dict(environment),
            stdout=subprocess.DEVNULL,
        )
        wait_for(lambda: self.get("/health") is not None, "the app to answer")

    def stop(self) -> None:
        """End the web process as a terminal does; the worker follows by itself."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait(timeout=30)

    def get(self, path: str) -> Any:
        """JSON of an address, or nothing while the app is not there."""
        try:
            with urllib.request.urlopen(self.url + path, timeout=10) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            return json.load(error)
        except OSError:
            return None

    def wait_until_ready(self) -> None:
        wait_for(lambda: self.get("/health").get("worker") == "ready", "the worker")

    def wait_for_state(self, job_id: str, *states: JobState) -> Job:
        wait_for(lambda: self._state(job_id) in states, f"{states} of job {job_id}")
        job = self.store.get(job_id)
        assert job is not None
        return job

    def _state(self, job_id: str) -> JobState | None:
        job = self.store.get(job_id)
        return job.state if job else None


def wait_for(condition: Callable[[], bool], what: str) -> float:
    """Wait until something is so, and say how many seconds that took."""
    start = time.monotonic()
    while not condition():
        assert time.monotonic() - start < PATIENCE_SECONDS, f"waited in vain for {what}"
        time.sleep(0.02)
    return time.monotonic() - start


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
