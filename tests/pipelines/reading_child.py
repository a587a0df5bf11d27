"""A process that does what it is asked to, so that others can be seen to survive it."""

import os
import signal
import time

from pipelines.core.errors import RecordingError
from pipelines.processes.closed import Answered
from pipelines.processes.kept_reader import serve


def answer(asked: Answered) -> Answered:
    match asked.said["do"]:
        case "crash":
            os.kill(os.getpid(), signal.SIGSEGV)
        case "hang":
            time.sleep(600)
        case "eat":
            print(len(bytearray(b"x") * 500_000_000))
            time.sleep(600)
        case "refuse":
            raise RecordingError("a.dat is another recording.")
        case "fail":
            raise KeyError("channel")
    print("what a library prints")
    return Answered({"pid": os.getpid()}, {"echo": asked.parts.get("echo", b"")})


if __name__ == "__main__":
    serve(answer)
