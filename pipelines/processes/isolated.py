"""Asks a process of its own to read a file, where a damaged one may crash the library that does.

The process has limits of memory and time, and answers with one JSON object: nothing that could
run. What is too large for that it writes into a folder that it is given. A module that answers
calls `serve` with its function when it is run.
"""

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.processes.bounds import attended, lowered

MB = 10**6
WAITING = 3
"""The clock may run so many times longer than the processor, on a busy machine."""


@dataclass(frozen=True)
class Bounds:
    """What a process may use.

    Attributes:
        memory_bytes: of addresses, with the libraries that it loads.
        seconds: of processor time; the clock may run three times longer on a busy machine.
    """

    memory_bytes: int
    seconds: int

    @classmethod
    def for_file(cls, size: int) -> "Bounds":
        """Enough for a file of that size that is not packed to deceive."""
        return cls(3000 * MB + 20 * size, 60 + 5 * (size // MB))

    def apply(self) -> None:
        """Hold this process to them, where the system can; `ask` watches from outside too."""
        lowered("RLIMIT_AS", self.memory_bytes)
        lowered("RLIMIT_CPU", self.seconds)


class Failed(Exception):  # noqa: N818  what happened in the other process
    """The process ended without an answer, or found that the file cannot be read."""


def ask(module: str, request: Mapping[str, Any], bounds: Bounds) -> dict[str, Any]:
    """Let a process answer a request.

    Args:
        module: which is run, such as "pipelines.files.matlab_child".
        request: anything that JSON can hold.
        bounds: what the process may use.

    Raises:
        Failed: it crashed, used more than it may, or raised an error.
    """
    asked = json.dumps({**request, "memory": bounds.memory_bytes, "seconds": bounds.seconds})
    try:
        with (
            subprocess.Popen(
                [sys.executable, "-m", module],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
                cwd=Path(__file__).parents[2],
            ) as process,
            attended(process, bounds.memory_bytes, WAITING * bounds.seconds),
        ):
            said, _ = process.communicate(asked)
        answer = json.loads(said.splitlines()[-1]) if process.returncode == 0 else None
    except (OSError, ValueError, IndexError) as error:
        raise Failed("no answer") from error
    if not isinstance(answer, dict) or "error" in answer:
        raise Failed(answer["error"] if isinstance(answer, dict) else "crashed")
    return answer


def serve(function: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """Answer the one request that stands on standard input, within its bounds."""
    request = json.load(sys.stdin)
    Bounds(request["memory"], request["seconds"]).apply()
    try:
        answer = function(request)
    except Exception as error:  # whatever a damaged file makes a library raise
        answer = {"error": f"{type(error).__name__}: {error}"[:500]}
    print(json.dumps(answer))
