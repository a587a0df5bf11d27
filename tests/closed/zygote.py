"""One process that has done its imports and forks for each question; each fork closes itself.

Where a closed process is started once for a file, a test starts hundreds. They come to the same
state in another way: forked after the imports, and closed by the same function.
"""

import os
import struct
import subprocess
import sys
from pathlib import Path

from pipelines.processes.closed import ONE_THREAD

LEAST_SECONDS = 2
"""of processor time for a fork: a file that would be read for ever is not waited for as long."""
HEAD = struct.Struct("=qq")


class Zygote:
    """Stands in for `closed.run`, for one module, `models.estimators.pickled_child`."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__],
            cwd=Path(__file__).parents[2],
            env={**os.environ, **ONE_THREAD},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )

    def run(self, module: str, asked: bytes) -> tuple[int, bytes]:
        """The exit code of a fork, and what it wrote."""
        assert module == "pipelines.models.estimators.pickled_child"
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(HEAD.pack(len(asked), 0) + asked)
        self._process.stdin.flush()
        size, code = HEAD.unpack(self._process.stdout.read(HEAD.size))
        return code, self._process.stdout.read(size)

    def stop(self) -> None:
        """End it."""
        self._process.communicate()


def _main() -> None:
    from pipelines.models.estimators import pickled_child
    from pipelines.processes import closed

    closed.SECONDS = LEAST_SECONDS
    pickled_child.rehearse()
    given, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    while head := given.read(HEAD.size):
        code, written = _forked(given.read(HEAD.unpack(head)[0]))
        answers.write(HEAD.pack(len(written), code) + written)
        answers.flush()


def _forked(asked: bytes) -> tuple[int, bytes]:
    from pipelines.models.estimators import pickled_child
    from pipelines.processes import closed

    to_child, from_child = os.pipe(), os.pipe()
    child = os.fork()
    if not child:
        os.dup2(to_child[0], 0)
        os.dup2(from_child[1], 1)
        closed.serve(pickled_child.answer)
    os.close(to_child[0])
    os.close(from_child[1])
    try:
        with os.fdopen(to_child[1], "wb") as pipe:
            pipe.write(asked)
    except BrokenPipeError:
        pass
    with os.fdopen(from_child[0], "rb") as pipe:
        written = pipe.read()
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status), written


if __name__ == "__main__":
    _main()
