"""Results appear whole or not at all, and nothing that is there is lost on the way."""

import errno
import json
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from pipelines.core.errors import NeuroboardError, NoRoomError, OutputError
from pipelines.files.reading import NO_ROOM
from pipelines.processes import doing

RECORD = "run.json"
ASIDE = ".replaced"
HALF = ".half"
FULL = (*NO_ROOM, errno.EFBIG)
"""Of a disk, or of what one file may hold."""
CUT = re.compile(r"\d+ requested and \d+ written")
"""What numpy says when a disk is full."""
BY_HAND = ("curation.jsonl",)
"""Files that hold a person's work: a folder with one of them is moved aside, never deleted."""


@contextmanager
def atomic_folder(target: Path, *, overwrite: bool = False) -> Iterator[Path]:
    """Give an empty folder beside `target` that becomes `target` when all went well.

    A folder that is replaced is deleted, unless it holds a person's work: then it is kept under
    the name that `kept_as` gives.

    Raises:
        NoRoomError: the disk is full.
        OutputError: `target` exists (and `overwrite` is false), comes to be meanwhile, or cannot
            be written.
    """
    put_back(target)
    _refuse_existing(target, overwrite)
    if target.is_file():
        raise OutputError(f"{target} is a file and is not replaced by a folder: give another name.")
    with _scratch_beside(target) as work:
        # As deep as `target`, so that relative paths in it stay right when it is moved there.
        yield work
        work.chmod(0o755)
        _put_in_place(work, target, overwrite)


@contextmanager
def atomic_file(target: Path, *, overwrite: bool = False) -> Iterator[Path]:
    """Give a path beside `target` that becomes `target` when all went well.

    Raises:
        OutputError: as `atomic_folder`, or `target` is a folder.
    """
    _refuse_existing(target, overwrite)
    if target.is_dir():
        raise OutputError(f"{target} is a folder and is not replaced by a file: give its name too.")
    with _scratch_beside(target) as work:
        yield work / target.name
        _put_in_place(work / target.name, target, overwrite)


def kept_as(target: Path) -> Path | None:
    """Where a folder with a person's work is kept when it is replaced; none if it has no such."""
    if not any((target / name).is_file() for name in BY_HAND):
        return None
    return free_name(target, "before")


def free_name(target: Path, word: str = "", *, file: bool = False) -> Path:
    """A name beside `target` that nothing has: `NAME-2` and so on, or `NAME-WORD-1` and so on.

    That of a file keeps its ending.
    """
    end = target.suffix if file else ""
    stem = "-".join(part for part in (target.name.removesuffix(end), word) if part)
    names = (target.with_name(f"{stem}-{number}{end}") for number in count(1 if word else 2))
    return next(name for name in names if not _is_there(name))


def put_back(target: Path) -> None:
    """Put an old result back that a program was about to replace when it was ended."""
    aside = _aside(target)
    if aside.exists() and not _is_there(target):
        aside.replace(target)


def put_all_back(folder: Path) -> None:
    """Do so for all results in a folder."""
    for aside in folder.glob(f".*{ASIDE}"):
        put_back(folder / aside.name.removeprefix(".").removesuffix(ASIDE))


def refuse_foreign(target: Path) -> None:
    """Refuse to replace a folder of something else than a result.

    Raises:
        OutputError: it holds files and no `run.json` of Neuroboard.
    """
    if not target.is_dir() or not any(target.iterdir()):
        return
    try:
        known = "pipeline" in json.loads((target / RECORD).read_text(encoding="utf-8"))
    except Exception:  # whatever it holds, it is no record
        known = False
    if not known:
        raise OutputError(
            f"{target} is no result of Neuroboard and is not replaced: choose another name."
        )


def refuse_other_names(target: Path, new: Path) -> None:
    """Refuse to replace a folder that holds anything that the new one does not.

    Raises:
        OutputError: with the first of these names.
    """
    if not target.is_dir():
        return
    others = {path.name for path in target.iterdir()} - {path.name for path in new.iterdir()}
    if others:
        raise OutputError(
            f"{target} holds {min(others)}, so it is not replaced: choose another name."
        )


def refuse_inputs(target: Path, inputs: Iterable[Path]) -> None:
    """Refuse to write where an input lies.

    Raises:
        OutputError: `target` is one of the inputs, or a folder that holds one.
    """
    place = target.resolve()
    for path in inputs:
        if path.resolve().is_relative_to(place):
            raise OutputError(
                f"{target} is not replaced, for {path} is what this reads: choose another name."
            )


def refuse_parts(target: Path, inputs: Iterable[Path], own_names: Iterable[str]) -> None:
    """Refuse to replace a file of a folder that is read, such as the spikes of a sorting.

    Args:
        target: a file that is going to be written.
        inputs: files and folders that are read.
        own_names: of files that the same command writes, which may be written again.

    Raises:
        OutputError: `target` is there, in one of the folders.
    """
    if not target.is_file() or target.name in own_names:
        return
    folders = (path for path in inputs if path.is_dir())
    inside = [one for one in folders if target.resolve().is_relative_to(one.resolve())]
    if inside:
        raise OutputError(
            f"{target} is not replaced, for it is part of {inside[0]}, which this reads: choose "
            "another name."
        )


def _refuse_existing(target: Path, overwrite: bool) -> None:
    if _is_there(target) and not overwrite:
        raise OutputError(f"{target} exists already: choose another name or add --overwrite.")


def _is_there(path: Path) -> bool:
    return path.exists() or path.is_symlink()


@contextmanager
def _scratch_beside(target: Path) -> Iterator[Path]:
    """A folder beside `target` for what is being made; it is removed in any case."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _remove_stale(target)
        work, mark = _marked_folder(target)
    except OSError as error:
        raise not_written(target, error) from None
    try:
        with doing.half_written(work, target):
            yield work
    except Exception as error:
        if isinstance(error, NeuroboardError) or not is_full(error):
            raise
        raise no_room(target) from error
    finally:
        shutil.rmtree(work, ignore_errors=True)
        _unmark(mark)


def _marked_folder(target: Path) -> tuple[Path, int | None]:
    """A new folder beside `target`, marked as in use before it has the name of such folders."""
    new = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    mark = _mark(new)
    return new.rename(f"{new}{HALF}"), mark


def _remove_stale(target: Path) -> None:
    """Remove what programs that were killed while they made `target` left beside it."""
    beside = [entry.path for entry in os.scandir(target.parent) if entry.name.endswith(HALF)]
    for path in map(Path, beside):
        if path.name.startswith(f".{target.name}-") and (mark := _mark(path)) is not None:
            shutil.rmtree(path, ignore_errors=True)
            _unmark(mark)


def _mark(folder: Path) -> int | None:
    """Say that this process uses a folder; the system takes that back when the process ends.

    None where another one uses it, and where no drive or system can tell.
    """
    if sys.platform == "win32":
        return None
    import fcntl

    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        return None
    return handle


def _unmark(mark: int | None) -> None:
    if mark is not None:
        os.close(mark)


def is_full(error: BaseException | None) -> bool:
    """Whether an error, or what led to it, says that a disk is full."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        if isinstance(error, OSError) and (error.errno in FULL or CUT.search(str(error))):
            return True
        if "No space left on device" in str(error):  # of a library in C
            return True
        seen.add(id(error))
        error = error.__cause__ or error.__context__
    return False


def no_room(target: Path) -> NoRoomError:
    """The sentence on a disk that is full."""
    return NoRoomError(
        f"{target} cannot be written: {os.strerror(errno.ENOSPC)}. Nothing was changed; make room, "
        "or choose a place on another disk."
    )


def not_written(target: Path, error: OSError) -> OutputError:
    """The sentence on a place that cannot be written."""
    if is_full(error):
        return no_room(target)
    return OutputError(f"{target} cannot be written: {error.strerror or error}.")


def _aside(target: Path) -> Path:
    """Where an old result is for the moment in which the new one takes its place."""
    return target.with_name(f".{target.name}{ASIDE}")


def _put_in_place(work: Path, target: Path, overwrite: bool) -> None:
    """Make `work` what lies at `target`; what was made is kept whatever is in the way."""
    why = "came to be while this ran and is not replaced"
    if overwrite or not _is_there(target):
        try:
            _replace_folder(work, target) if target.is_dir() else work.replace(target)
            return
        except OSError as error:
            why = f"cannot be replaced ({error.strerror or error})"
    other = free_name(target, file=work.is_file())
    work.replace(other)
    raise OutputError(f"{target} {why}: the result is in {other}.")


def _replace_folder(work: Path, target: Path) -> None:
    """Two steps, for no system replaces a folder in one; `put_back` mends what ends between."""
    kept = kept_as(target)
    aside = kept or _aside(target)
    _remove(aside)
    target.replace(aside)
    try:
        work.replace(target)
    except OSError:
        aside.replace(target)
        raise
    if kept is None:
        _remove(aside)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
