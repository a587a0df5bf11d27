"""Watches over a process that reads files from elsewhere, and says in words how it ended.

A file can break the library that reads it: end the process, take all memory, or never come to an
end. The process notes what it does on a board (`doing`); whoever started it looks at it from
outside, which works on every system, ends it where it must, and names the file.
"""

import json
import os
import signal
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipelines.processes import usage
from pipelines.processes.guard import BOARD_HEAD as HEAD

MB = 10**6
GB = 10**9
SHARE = 0.8
"""Of the machine's memory, which leaves some to the system and to other programs."""
SETTING = "NEUROBOARD_MEMORY_GB"
LOOK_SECONDS = 0.1
PAUSED_SECONDS = 10.0
"""A watch that did not look for so long was stopped itself."""
AGAIN = "it is damaged or was made to do so; copy it again from where it was recorded."
OUT_OF_MEMORY = (
    "Most often this means that the machine ran out of memory: close other programs, or choose a "
    "smaller part of the data."
)
CRASHES = {
    "SIGSEGV": "it reached for memory that is not its own",
    "SIGBUS": "it reached beyond the end of a file or of memory",
    "SIGILL": "it came to an instruction that the processor does not know",
    "SIGFPE": "it divided by zero",
    "SIGABRT": "a library found its own state broken",
}
WINDOWS = {
    0xC0000005: "SIGSEGV",
    0xC0000006: "SIGBUS",
    0xC000001D: "SIGILL",
    0xC0000094: "SIGFPE",
    0xC00000FD: "SIGSEGV",  # the stack overflowed
    0xC0000374: "SIGABRT",  # the heap is damaged
    0xC0000409: "SIGABRT",  # abort()
}
"""Exit codes of Windows that mean what signals mean elsewhere (NTSTATUS, [MS-ERREF] 2.3.1)."""


@dataclass(frozen=True)
class ProcessLimits:
    """What a process may use.

    Attributes:
        memory: bytes, of it and of those that it starts.
        reading: bytes that one file may take while it is read, whatever its size.
        times: bytes beyond that, for each byte of the file.
        processor_seconds: that reading may take without a sign of life; as many must pass.
        seconds: by the clock.
        seconds_per_mb: more of both for each MB of the file.
    """

    memory: int
    reading: int = 3 * GB
    times: int = 20
    processor_seconds: float = 120
    seconds: float = 600
    seconds_per_mb: float = 5


def of_this_machine(gigabytes: float = 0) -> ProcessLimits:
    """The limits of work on this machine.

    Args:
        gigabytes: of memory; 0 for what `NEUROBOARD_MEMORY_GB` says, or else a share of the
            machine's.
    """
    given = gigabytes or _number(os.environ.get(SETTING, ""))
    return ProcessLimits(int(given * GB) or int(SHARE * usage.machine_memory()) or 2**62)


def _number(text: str) -> float:
    return float(text) if text.replace(".", "", 1).isdecimal() else 0.0


@dataclass(frozen=True)
class Notes:
    """What a process has noted."""

    steps: int = 0
    is_reading: bool = False
    values: dict[str, Any] = field(default_factory=dict)

    @property
    def file(self) -> str:
        """Which is being read; empty if none is."""
        return str(self.values.get("reading", "")) if self.is_reading else ""

    @property
    def inputs(self) -> str:
        """What is worked on; empty if that is not known."""
        return ", ".join(self.values.get("inputs", ()))

    @property
    def stage(self) -> str:
        """What was said last."""
        return str(self.values.get("stage", ""))


@dataclass(frozen=True)
class Ending:
    """How a process ended: a sentence, and the exit code of a command that ends so."""

    sentence: str
    exit_code: int


class Watch:
    """Looks at one process.

    Attributes:
        memory: bytes that it held when it was last looked at.
    """

    def __init__(self, pid: int, board: Path, limits: ProcessLimits) -> None:
        self.memory = 0
        self._pid, self._board, self._limits = pid, board, limits
        self._notes = Notes()
        self._next = 0.0
        self._looked = time.monotonic()
        self._why: Ending | None = None
        self._begin()

    def _begin(self) -> None:
        """A step begins: what is used from here on is used by it."""
        self._at = time.monotonic()
        self._processor = usage.processor_seconds(self._pid)
        self._before = usage.memory(self._pid)

    def look(self) -> bool:
        """Whether the process must be ended; looks at most ten times a second."""
        now = time.monotonic()
        if self._why is None and now >= self._next:
            self._forgive_pause(now)
            self._next = now + LOOK_SECONDS
            notes = self.notes()
            if notes.steps != self._notes.steps:
                self._begin()
            self._notes = notes
            self.memory = usage.memory(self._pid)
            self._why = self._too_much() or self._too_long()
        return self._why is not None

    def _forgive_pause(self, now: float) -> None:
        """Count no time in which nobody looked: the whole command was stopped, as by Ctrl+Z."""
        away = now - self._looked
        self._looked = now
        if away > PAUSED_SECONDS:
            self._at += away

    def end_for(self, all_together: int) -> None:
        """Let this process be ended, as it takes the most of several that take too much."""
        limit = self._limits.memory
        self._why = too_large(self.notes(), all_together, limit, " with the other jobs")

    def notes(self) -> Notes:
        """What stands on the board now."""
        try:
            raw = self._board.read_bytes()
            values = json.loads(raw[HEAD:].partition(b"\n")[0] or b"{}")
        except (OSError, ValueError):  # while it is being written
            return self._notes
        return Notes(int.from_bytes(raw[:8], "little"), bool(raw[8:9] > b"\0"), values)

    def _too_much(self) -> Ending | None:
        limits, notes = self._limits, self._notes
        taken = self.memory - self._before
        if self.memory > limits.memory:
            return too_large(notes, self.memory, limits.memory)
        if not notes.file or taken <= limits.reading:
            return None
        size = size_of(Path(notes.file))
        if taken <= limits.reading + limits.times * size:
            return None
        return Ending(
            f"{notes.file} broke the program that reads it ({_bytes(taken)} of memory for "
            f"{_bytes(size)} of data): {AGAIN}",
            2,
        )

    def _too_long(self) -> Ending | None:
        limits, file = self._limits, self._notes.file
        took = time.monotonic() - self._at
        if not file or took <= limits.processor_seconds:
            return None
        used = usage.processor_seconds(self._pid) - self._processor
        more = limits.seconds_per_mb * size_of(Path(file)) / MB
        if took <= limits.seconds + more and used <= limits.processor_seconds + more:
            return None
        return Ending(
            f"{file} broke the program that reads it (no end after {took:.0f} seconds): {AGAIN}",
            2,
        )

    def ending(self, exit_code: int | None) -> Ending | None:
        """How the process ended, if it did not do so by itself.

        Args:
            exit_code: as `subprocess` has it: negative for a signal.
        """
        return self._why or of_signal(signal_name(exit_code), self.notes())

    def tidy(self) -> None:
        """Remove what the process left half-written; a result that was there comes back."""
        scratch = self.notes().values.get("scratch", ())
        if not scratch:
            return
        import shutil

        from pipelines.core import outputs

        for work, target in scratch:
            shutil.rmtree(work, ignore_errors=True)
            outputs.put_back(Path(target))


def signal_name(exit_code: int | None) -> str:
    """The signal that ended a process, on Windows what stands for it; empty if none did."""
    if exit_code is None:
        return ""
    if (exit_code & 0xFFFFFFFF) in WINDOWS:
        return WINDOWS[exit_code & 0xFFFFFFFF]
    try:
        return signal.Signals(-exit_code).name if exit_code < 0 else ""
    except ValueError:
        return f"signal {-exit_code}"


def of_signal(name: str, notes: Notes) -> Ending | None:
    """Say who broke what."""
    if name == "SIGKILL":
        return killed(notes)
    if name not in CRASHES:
        return None
    why = f"{name}: {CRASHES[name]}"
    if notes.file:
        return Ending(f"{notes.file} broke the program that reads it ({why}): {AGAIN}", 2)
    if notes.inputs:
        return Ending(
            f"The program broke{_when(notes)} ({why}), while working on {notes.inputs}: if that is "
            "damaged or was made to do so, copy it again from where it was recorded; if it is not, "
            "please report this.",
            1,
        )
    return Ending(f"The program broke{_when(notes)} ({why}): please report this.", 1)


def killed(notes: Notes) -> Ending:
    """The sentence on a process that something else ended at once."""
    on = notes.file or notes.inputs
    return Ending(
        f"The program was killed (signal 9, SIGKILL){_when(notes)}"
        f"{f', while working on {on}' if on else ''}. {OUT_OF_MEMORY}",
        1,
    )


def too_large(notes: Notes, memory: int, limit: int, together: str = "") -> Ending:
    """The sentence on a process that took more memory than it may."""
    on = notes.file or notes.inputs
    return Ending(
        f"The program was ended{_when(notes)}{f', while working on {on}' if on else ''}, as it "
        f"took {_bytes(memory)} of memory{together} and may take {_bytes(limit)}: choose a smaller "
        f"part of the data, a larger machine, or a higher limit ({SETTING}).",
        2,
    )


def _when(notes: Notes) -> str:
    return f' at the stage "{notes.stage}"' if notes.stage else " before it read anything"


def _bytes(number: float) -> str:
    for unit, size in (("GB", GB), ("MB", MB), ("kB", 1000)):
        if number >= size:
            return f"{number / size:.1f} {unit}"
    return f"{number:.0f} bytes"


def size_of(path: Path, most: int = 20_000) -> int:
    """Bytes of a file, or of the files of a folder: as many of them as can be looked at."""
    try:
        if not path.is_dir():
            return path.stat().st_size
        total = 0
        for number, part in enumerate(path.rglob("*")):
            if number > most:
                return 2**62  # a whole archive: no bomb
            total += part.stat().st_size
    except OSError:
        return 0
    return total
