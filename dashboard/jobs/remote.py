"""What a Dask worker does with one job: run it in a process of its own, and pass on its words.

This module is sent to the workers as it stands, so it imports nothing of the project; the
process that it starts has the project, from the folder that all machines share.
"""

import json
import os
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

STOP_POLL_SECONDS = 0.2


@dataclass(frozen=True)
class RemoteJob:
    """How to run one job.

    Attributes:
        job: its id.
        command: the program with its arguments.
        folder: where it is started.
        environment: what it finds in its environment beside what the worker has.
        text: the job as JSON, for its standard input.
        stop_file: the job is stopped when this appears.
    """

    job: str
    command: Sequence[str]
    folder: str
    environment: Mapping[str, str]
    text: str
    stop_file: str


def run(order: RemoteJob, topic: str) -> dict[str, Any]:
    """Run a job to its end; what it said last, and its exit code.

    Its standard input stays open: when this worker dies, the process notices and ends too.
    """
    from distributed import get_worker

    worker = get_worker()
    process = subprocess.Popen(
        list(order.command),
        cwd=order.folder,
        env={**os.environ, **order.environment},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(order.text + "\n")
    process.stdin.flush()
    threading.Thread(target=_kill_on_request, args=(process, order.stop_file), daemon=True).start()
    said: dict[str, Any] = {}
    for line in process.stdout:
        said = json.loads(line)
        worker.log_event(topic, {"job": order.job, **said})
    return {**said, "exit_code": process.wait()}


def _kill_on_request(process: "subprocess.Popen[str]", stop_file: str) -> None:
    while process.poll() is None:
        if Path(stop_file).exists():
            process.kill()
        time.sleep(STOP_POLL_SECONDS)
