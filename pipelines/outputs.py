"""Results appear whole or not at all."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipelines.errors import OutputError


@contextmanager
def atomic_folder(target: Path, *, overwrite: bool = False) -> Iterator[Path]:
    """Give an empty folder beside `target` that becomes `target` when all went well.

    Raises:
        OutputError: `target` exists (and `overwrite` is false) or cannot be written.
    """
    _refuse_existing(target, overwrite)
    work = _scratch_beside(target)
    try:
        yield work
        _put_in_place(work, target)
    finally:
        shutil.rmtree(work, ignore_errors=True)


@contextmanager
def atomic_file(target: Path, *, overwrite: bool = False) -> Iterator[Path]:
    """Give a path beside `target` that becomes `target` when all went well.

    Raises:
        OutputError: as `atomic_folder`.
    """
    _refuse_existing(target, overwrite)
    work = _scratch_beside(target)
    try:
        yield work / target.name
        (work / target.name).replace(target)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _refuse_existing(target: Path, overwrite: bool) -> None:
    if target.exists() and not overwrite:
        raise OutputError(f"{target} exists already: choose another name or add --overwrite.")


def _scratch_beside(target: Path) -> Path:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        return Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    except OSError as error:
        raise OutputError(f"{target} cannot be written: {error.strerror or error}.") from None


def _put_in_place(work: Path, target: Path) -> None:
    work.chmod(0o755)
    if target.is_dir():
        old = _scratch_beside(target)
        target.replace(old / "old")
        work.replace(target)
        shutil.rmtree(old, ignore_errors=True)
    else:
        target.unlink(missing_ok=True)
        work.replace(target)
