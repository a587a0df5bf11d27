"""The file of a curation: a log of steps that is only ever added to.

A step is on the disk before it is shown: when a process dies, at most the step in flight is
missing.
"""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from threading import Lock
from typing import Any, BinaryIO

import numpy as np
from filelock import FileLock, Timeout
from numpy.typing import NDArray

from pipelines.core.errors import InputError, OutputError, ParameterError
from pipelines.files.reading import reading
from pipelines.spikes.curation.steps import (
    ACTIONS,
    CurationState,
    CurationStep,
    Replay,
    changed,
    sorted_state,
)
from pipelines.spikes.labels.words import LABELS
from pipelines.spikes.units.folder import SortingFolder

LOG_FILE = "curation.jsonl"
FORMAT = "neuroboard curation"
VERSION = 1
LOCK_SECONDS = 10
LONGEST_TEXT = 500
"""Characters of a reason or an author's name."""


@dataclass(frozen=True)
class Log:
    """The file that holds a curator's steps, one JSON object a line after a heading.

    Attributes:
        file: it need not exist yet.
        sorting: digest of the sorting that is curated, from `sorting_digest`.
    """

    file: Path
    sorting: str

    def read(self) -> list[CurationStep]:
        """All steps; a last line that was not written to its end is left out.

        Raises:
            InputError: it is no log of this sorting, or damaged before its end.
        """
        return self.steps_in(self.content())

    def content(self) -> bytes:
        """The lines that were written to their end, each with its line break; none without a file.

        Raises:
            InputError: the file cannot be read.
        """
        if not self.file.exists():
            return b""
        with reading(self.file, InputError, "restore it from a backup", "log of a curation"):
            return _whole_lines(self.file)

    def steps_in(self, content: bytes) -> list[CurationStep]:
        """The steps of what `content` gave.

        Raises:
            InputError: it is no log of this sorting, or damaged.
        """
        heading, _, lines = content.partition(b"\n")
        if content and _heading(heading, self.file).get("sorting") != self.sorting:
            raise InputError(
                f"{self.file} was made for another sorting: its spikes are not those that are "
                "curated here."
            )
        return _steps(lines, self.file)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold others, such as a second tab, off while a step is added.

        Raises:
            OutputError: the folder cannot be written, or somebody holds the lock for long.
        """
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            with FileLock(self.file.with_suffix(".lock"), timeout=LOCK_SECONDS):
                yield
        except Timeout:
            raise OutputError(f"{self.file} is busy: try again in a moment.") from None
        except OSError as error:
            raise OutputError(
                f"The step could not be saved to {self.file} ({error.strerror or error}); what "
                "was saved before is safe."
            ) from None

    def append(self, step: CurationStep) -> None:
        """Add a step; when this returns it is on the disk. To be called while `locked`."""
        new = not self.file.exists() or not self._end_mended()
        heading = {"format": FORMAT, "version": VERSION, "sorting": self.sorting}
        text = (json.dumps(heading) + "\n" if new else "") + step.to_json() + "\n"
        with self.file.open("ab") as stream:
            stream.write(text.encode())
            stream.flush()
            os.fsync(stream.fileno())
        if new:
            _sync_folder(self.file.parent)

    def _end_mended(self) -> int:
        """Cut off a line that was not written to its end; return the size that is left.

        A last line that is whole but for its line break, as editors leave it, gets one.
        """
        with self.file.open("r+b") as stream:
            if (end := stream.seek(0, os.SEEK_END)) and _ends_with_a_line_break(stream, end):
                return end
            stream.seek(0)
            content = stream.read()
            size = content.rfind(b"\n") + 1
            if _is_whole(content[size:]):
                stream.write(b"\n")
                return len(content) + 1
            stream.truncate(size)
        return size


def read_log(file: Path) -> list[CurationStep]:
    """The steps of a log of any sorting.

    Raises:
        InputError: it is no log, or damaged before its end.
    """
    with reading(file, InputError, f"choose a {LOG_FILE}", "log of a curation"):
        content = _whole_lines(file)
    if not content:
        raise InputError(f"{file} is empty: choose a {LOG_FILE}.")
    heading, _, lines = content.partition(b"\n")
    _heading(heading, file)
    return _steps(lines, file)


def _whole_lines(file: Path) -> bytes:
    content = file.read_bytes()
    size = content.rfind(b"\n") + 1
    return content + b"\n" if _is_whole(content[size:]) else content[:size]


def _ends_with_a_line_break(stream: BinaryIO, end: int) -> bool:
    stream.seek(end - 1)
    return stream.read(1) == b"\n"


def _is_whole(line: bytes) -> bool:
    """Whether a line without a line break was written to its end: a cut object is no JSON."""
    try:
        return isinstance(json.loads(line), dict)
    except Exception:  # json raises more than one kind
        return False


def _heading(line: bytes, file: Path) -> Mapping[str, Any]:
    try:
        heading: Mapping[str, Any] = json.loads(line)
        known = heading["format"] == FORMAT and heading["version"] == VERSION
    except Exception:  # whatever stands there
        known = False
    if not known:
        raise InputError(f"{file} is no log of a curation: choose a {LOG_FILE}.")
    return heading


def _steps(content: bytes, file: Path, first: int = 2) -> list[CurationStep]:
    """The steps of some lines, each with its line break, the first of which has this number."""
    lines = content.split(b"\n")[:-1]
    return [_parsed(line, number, file) for number, line in enumerate(lines, first)]


class Curation:
    """A log and the units after its steps, as they are at each call.

    Others may write the log too, so it is read each time. If it was only added to, what was added
    is replayed; if it was shortened or replaced, it is replayed from the beginning.
    """

    def __init__(self, log: Log, start: CurationState) -> None:
        """Follow a log.

        Args:
            log: where the steps are kept.
            start: the units as sorted.
        """
        self.log = log
        self._replay = Replay(start)
        self._content = b""
        self._steps: list[CurationStep] = []
        self._lock = Lock()

    def state(self) -> CurationState:
        """The units after all steps.

        Raises:
            InputError: the log cannot be used.
        """
        with self._lock:
            return self._replay.after(self._read())

    def _read(self) -> list[CurationStep]:
        content, known = self.log.content(), self._content
        if known and content.startswith(known):
            added = _steps(content[len(known) :], self.log.file, len(self._steps) + 2)
            self._steps = [*self._steps, *added]
        else:
            self._steps = self.log.steps_in(content)
            self._replay = Replay(self._replay.start)
        self._content = content
        return self._steps

    def take(self, step: CurationStep) -> CurationState:
        """Add a step and return the units after it.

        Args:
            step: without `made`, which is filled in.

        Raises:
            ParameterError: the step cannot be done; nothing was logged.
            InputError: the log cannot be used.
            OutputError: the log cannot be written.
        """
        _check(step)
        with self.log.locked():
            state = self.state()
            if step.action == "undo" and not state.done:
                raise ParameterError("There is nothing to undo.")
            if step.action == "redo" and not state.undone:
                raise ParameterError("There is nothing to redo.")
            step = replace(step, made=_numbers(step, state.next_unit))
            if step.action not in ("undo", "redo"):
                changed(state, step)
            self.log.append(step)
            return self.state()


def curate(log: Log, start: CurationState, step: CurationStep) -> CurationState:
    """Add a step to a log, as `Curation.take`, and return the units after it."""
    return Curation(log, start).take(step)


def _numbers(step: CurationStep, first: int) -> tuple[int, ...]:
    counts = {"merge": 1, "split": len(step.spikes) + 1}
    return tuple(range(first, first + counts.get(step.action, 0)))


def _check(step: CurationStep) -> None:
    if not step.author.strip():
        raise ParameterError("Say who curates: fill in the curator's name.")
    if max(len(step.author), len(step.reason)) > LONGEST_TEXT:
        raise ParameterError(f"A name or reason has at most {LONGEST_TEXT} characters.")
    if step.action == "label" and step.label not in ("", *LABELS):
        raise ParameterError(f"{step.label!r} is no label; use {', '.join(LABELS)}.")


def _parsed(line: bytes, number: int, file: Path) -> CurationStep:
    try:
        values: dict[str, Any] = json.loads(line)
        step = CurationStep(
            action=values["action"],
            author=str(values["author"]),
            units=_ints(values.get("units", ())),
            label=str(values.get("label", "")),
            spikes=tuple(map(_ints, values.get("spikes", ()))),
            made=_ints(values.get("made", ())),
            reason=str(values.get("reason", "")),
            time=str(values["time"]),
        )
        _check(step)
        expected = _numbers(step, 0)
        if step.action not in ACTIONS or len(step.made) != len(expected):
            raise ValueError
    except Exception as error:  # whatever stands there
        raise InputError(
            f"{file}, line {number} is no step of a curation: restore the file from a backup, or "
            "cut it off before that line."
        ) from error
    return step


def _ints(values: Any) -> tuple[int, ...]:
    found = tuple(values)
    if not all(isinstance(value, int) and 0 <= value < 2**31 for value in found):
        raise ValueError
    return found


def _sync_folder(folder: Path) -> None:
    """Make a new file's name survive a loss of power, where the system can."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:  # Windows opens no folders
        return
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sorting_digest(sample_index: NDArray[np.int64], unit_id: NDArray[np.int32]) -> str:
    """What a sorting is known by: the same spikes in the same units.

    Args:
        sample_index: of all spikes, shape (spike,).
        unit_id: of the same, shape (spike,).
    """
    total = sha256(np.ascontiguousarray(sample_index, dtype="<i8").tobytes())
    total.update(np.ascontiguousarray(unit_id, dtype="<i4").tobytes())
    return total.hexdigest()


def read_start(folder: Path) -> tuple[CurationState, str]:
    """The units of a sorting's folder before any step, and the sorting's digest.

    Raises:
        InputError: it holds no sorting.
    """
    spikes = SortingFolder(folder).spikes
    return sorted_state(spikes.unit_id), sorting_digest(spikes.sample_index, spikes.unit_id)
