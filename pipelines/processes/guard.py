"""Runs the command line in a process of its own, and watches over it.

A damaged file may crash the library that reads it, eat all memory or never come to an end. So
what `python -m pipelines` starts first is a process that imports next to nothing: it starts the
same command once more, with the same streams, and stays until that has ended. It says in one
sentence what happened where the other no longer can, and removes what that left half-written.
"""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from pipelines.processes.watching import Ending, ProcessLimits, Watch

MARK = "NEUROBOARD_WATCHED"
"""Tells a process that it is watched: the board that it notes on, and who watches."""
BOARD = "board"
BOARD_BYTES = 16 * 1024
"""Of the file on which a watched process notes what it does."""
BOARD_HEAD = 9
"""Of them before the text: how many steps were noted, and whether a file is being read."""
LIGHT = (["models", "list"], ["models", "retire"], ["models", "restore"])
"""Commands that read nothing but what Neuroboard wrote itself."""
TEMPORARY = ("TMPDIR", "TEMP", "TMP")
TWICE_SECONDS = 1.0
"""Two interrupts within that time are one: a terminal sends it to both processes."""
PASSED_ON = ("SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2")
CANCELLED = 130
STARTS_SECONDS, LOOK_SECONDS = 0.3, 0.1
WINDOWS_CTRL_C, WINDOWS_CRASHES = 0xC000013A, 0xC0000000
"""From the second on exit codes of Windows say that a process was ended."""


def run_watched(arguments: Sequence[str], limits: "ProcessLimits | None" = None) -> None:
    """Leave this process with the exit code of a watched one that runs the same command.

    It returns in that watched process, and where nothing has to be watched.

    Args:
        arguments: of the command.
        limits: of what it may use; those of this machine unless given.
    """
    if be_watched() or not arguments or {"-h", "--help"} & {*arguments}:
        return
    folder = None if list(arguments[:2]) in LIGHT else new_folder()
    if folder is not None:
        _leave(_Guard(folder, limits, _say).run([sys.executable, *sys.orig_argv[1:]]))


def main() -> None:
    """Run a module under watch; where it is ended, say so as a job's process does.

    What it says is a line of JSON on standard output; see `dashboard.jobs.cluster_job`.
    """
    command = [sys.executable, "-m", *sys.argv[1:]]
    folder = new_folder()
    _leave(_Guard(folder, None, _say_as_job).run(command) if folder else subprocess.call(command))


def _leave(code: int) -> NoReturn:
    """End this process as the other ended."""
    if code < 0:
        signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    sys.exit(code)


def new_folder() -> Path | None:
    """A new folder for what is temporary, with a board in it; none where there is no room.

    `tempfile` would take a third of the time that watching costs.
    """
    places = [place for name in TEMPORARY if (place := os.environ.get(name))]
    folder = Path([*places, "/tmp"][0], f"nb-{os.getpid()}-{time.time_ns()}")
    try:
        folder.mkdir(0o700)
        (folder / BOARD).write_bytes(bytes(BOARD_BYTES))  # written out: see `doing`
    except OSError:
        remove(folder)
        return None
    return folder


def remove(folder: Path) -> None:
    """Remove it with all that is left in it, which mostly is the board alone."""
    try:
        (folder / BOARD).unlink()
        folder.rmdir()
    except OSError:
        import shutil

        shutil.rmtree(folder, ignore_errors=True)


def be_watched() -> bool:
    """Note what is done, if this process was started to be watched; whether it was."""
    mark = os.environ.pop(MARK, "")
    if not mark:
        return False
    from pipelines.processes import doing

    parent, _, board = mark.partition(":")
    doing.end_with(int(parent))
    doing.keep(Path(board))
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _Once())
    return True


class _Once:
    """Takes an interrupt, and its copy that comes at the same time for nothing."""

    def __init__(self) -> None:
        self._last = -TWICE_SECONDS

    def __call__(self, *_: Any) -> None:
        now = time.monotonic()
        if now - self._last >= TWICE_SECONDS:
            self._last = now
            raise KeyboardInterrupt


class _Guard:
    """The process that watches."""

    def __init__(
        self, folder: Path, limits: "ProcessLimits | None", say: Callable[[str], None]
    ) -> None:
        self._folder, self._limits, self._say = folder, limits, say
        self._interrupted = 0.0
        self._watch: Watch | None = None
        self._ended = threading.Event()

    def run(self, command: Sequence[str]) -> int:
        """Run the command to its end; its exit code, negative for a signal that it is to end by."""
        mark = f"{os.getpid()}:{self._folder / BOARD}"
        temporary = dict.fromkeys(TEMPORARY, str(self._folder))
        # Streams such as /dev/fd/63, which a shell opens for `<(...)`, are passed on too.
        self._process = subprocess.Popen(
            command, env={**os.environ, **temporary, MARK: mark}, close_fds=False
        )
        self._pass_signals_on()
        watching = threading.Thread(target=self._look, daemon=True)
        watching.start()
        try:
            code = self._process.wait()
            self._ended.set()
            watching.join()
            return code if 0 <= code < WINDOWS_CRASHES else self._after(code)
        finally:
            remove(self._folder)

    def _look(self) -> None:
        # What this imports is not needed before the other process reads anything.
        if self._ended.wait(STARTS_SECONDS):
            return
        watch = self._watching()
        while not self._ended.wait(LOOK_SECONDS):
            if watch.look():
                self._process.kill()
                return

    def _watching(self) -> "Watch":
        if self._watch is None:
            from pipelines.processes.watching import Watch, of_this_machine

            limits = self._limits or of_this_machine()
            self._watch = Watch(self._process.pid, self._folder / BOARD, limits)
        return self._watch

    def _pass_signals_on(self) -> None:
        names = [name for name in PASSED_ON if hasattr(signal, name)]
        for number in (getattr(signal, name) for name in names):
            if signal.getsignal(number) is signal.SIG_DFL:
                signal.signal(number, lambda number, _: self._process.send_signal(number))
        if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            signal.signal(signal.SIGINT, self._interrupt)

    def _interrupt(self, *_: Any) -> None:
        """Pass an interrupt on; a library in an endless loop does not hear it, so end at two."""
        now = time.monotonic()
        again = self._interrupted and now - self._interrupted > TWICE_SECONDS
        self._interrupted = self._interrupted or now
        if again:
            self._process.kill()
        elif sys.platform != "win32":  # there the console tells both
            self._process.send_signal(signal.SIGINT)

    def _after(self, code: int) -> int:
        """Do and say what the other process could not."""
        watch = self._watching()
        watch.tidy()
        if self._interrupted and code in (-signal.SIGINT, -9, WINDOWS_CTRL_C):
            self._say("Cancelled; nothing was written.")
            return CANCELLED
        ending: Ending | None = watch.ending(code)
        if ending is None:
            return code
        self._say(ending.sentence)
        return ending.exit_code


def _say(sentence: str) -> None:
    from pipelines.core.terminal import say

    if sys.stderr is not None and sys.stderr.isatty():
        say("", sys.stderr)  # after the progress bar
    say(sentence, sys.stderr)


def _say_as_job(sentence: str) -> None:
    import json

    print(json.dumps({"state": "failed", "error": sentence, "traceback": ""}), flush=True)


if __name__ == "__main__":
    main()
