"""Run one job in this process and say on standard output how it goes.

Started on a machine of a cluster, which reads the job from standard input and must not open the
store: SQLite is not made for a network drive. Each line of the output is a JSON object.
"""

import json
import os
import sys
import threading
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

from dashboard.jobs.child import run_job
from dashboard.jobs.store import Job, JobInput, JobState
from dashboard.server.settings import Settings
from pipelines.core.compiled import keep_compiled
from pipelines.processes import guard


class Speaker:
    """Stands in for the store: passes on what is reported."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream

    def report(self, _job_id: str, fraction: float, message: str) -> None:
        """How far the job is."""
        self._say(fraction=fraction, message=message)

    def finish(self, _job_id: str, state: JobState, error: str = "", traceback: str = "") -> None:
        """How the job ended."""
        self._say(state=state.value, error=error, traceback=traceback)

    def _say(self, **what: Any) -> None:
        print(json.dumps(what), file=self._stream, flush=True)


def to_text(job: Job) -> str:
    """A job as one line."""
    return json.dumps(asdict(job))


def from_text(text: str) -> Job:
    """The job of that line."""
    values = json.loads(text)
    inputs = tuple(JobInput(**item) for item in values["inputs"])
    return Job(**{**values, "inputs": inputs, "state": JobState(values["state"])})


def main() -> int:
    """Run the job that stands on standard input."""
    guard.be_watched()
    settings = Settings.from_environment()
    job = from_text(sys.stdin.readline())
    threading.Thread(target=_end_with_input, daemon=True).start()
    os.environ.setdefault("NUMBA_CACHE_DIR", str(Path(settings.home) / "cache" / "numba"))
    keep_compiled()
    run_job(job, settings, Speaker(_own_output()))
    return 0


def _own_output() -> IO[str]:
    """Standard output for us alone: what a library prints there goes to standard error."""
    stream = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return stream


def _end_with_input() -> None:
    """The worker that started this process died: nobody waits for the result."""
    while os.read(0, 1):  # not of `sys.stdin`, whose lock it would hold when Python ends
        pass
    os._exit(1)


if __name__ == "__main__":
    sys.exit(main())
