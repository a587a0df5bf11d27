"""A command that is broken by the file that it reads; run by the tests of the guard.

As `python -m pipelines` it starts itself once more under watch. How it breaks, and whether while
the file is read or later, stands in its arguments.
"""

import os
import signal
import sys
import time
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
sys.path.insert(0, str(REPOSITORY))

from pipelines.processes.guard import run_watched  # noqa: E402
from pipelines.processes.watching import ProcessLimits  # noqa: E402

LIMITS = ProcessLimits(memory=250 * 10**6, reading=40 * 10**6, processor_seconds=0.3, seconds=0.6)
if __name__ == "__main__":
    run_watched(sys.argv[1:], LIMITS)

from pipelines.core.errors import ImageError  # noqa: E402
from pipelines.core.outputs import atomic_folder  # noqa: E402
from pipelines.files import reading  # noqa: E402
from pipelines.processes import doing  # noqa: E402


def break_by(how: str) -> None:
    if how.startswith("SIG"):
        os.kill(os.getpid(), getattr(signal, how))
    eaten = []
    while how == "memory":
        eaten.append(b"x" * 1_000_000)
        time.sleep(0.002)
    while how == "loop":
        pass
    if how == "sleep":
        time.sleep(60)
    if how.isdigit():
        sys.exit(int(how))


def main() -> None:
    how, when, file, out = sys.argv[1:]
    report = doing.noting(lambda *_: None)
    doing.works_on([Path(file)])
    with atomic_folder(Path(out), overwrite=True) as work:
        (work / "half").write_text("half", encoding="utf-8")
        report(0.5, "Looking at it")
        print("begun", flush=True)
        if when == "reading":
            with reading.reading(Path(file), ImageError):
                break_by(how)
        break_by(how)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
