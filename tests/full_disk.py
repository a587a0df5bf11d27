"""Disks that are full: a real one of a megabyte, and one that is full from the nth write on."""

import errno
import io
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest


@contextmanager
def small_disk(folder: Path, kilobytes: int = 1024) -> Iterator[Path]:
    """A disk of that size; the test is skipped where none can be mounted."""
    folder.mkdir(exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", str(folder)]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("no disk can be mounted here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(folder: Path, leave: int = 0) -> None:
    """Write until a disk is full, then leave that many bytes."""
    file = folder / "fill"
    with suppress(OSError), file.open("ab", buffering=0) as stream:
        while True:
            stream.write(bytes(4096))
    if leave:
        os.truncate(file, max(0, file.stat().st_size - leave))


class FullAfter:
    """A disk below `folder` on which the first `allowed` writes, files and folders find room."""

    def __init__(self, patch: pytest.MonkeyPatch, folder: Path, allowed: int) -> None:
        self.count = 0
        self._allowed, self._folder = allowed, str(folder)
        open_, mkdir = io.open, os.mkdir

        def opening(
            file: Any, mode: str = "r", buffering: int = -1, *rest: Any, **more: Any
        ) -> Any:
            if not set(mode) & set("wax+") or not self._is_there(file):
                return open_(file, mode, buffering, *rest, **more)
            if not Path(file).exists():
                self.step()
            return _opened(self, file, mode, buffering, *rest, **more)

        def making(path: Any, *rest: Any, **more: Any) -> None:
            if self._is_there(path):
                self.step()
            mkdir(path, *rest, **more)

        patch.setattr(io, "open", opening)
        patch.setattr("builtins.open", opening)
        patch.setattr("_io.open", opening)
        patch.setattr(os, "mkdir", making)

    def _is_there(self, file: Any) -> bool:
        return isinstance(file, str | os.PathLike) and os.fspath(file).startswith(self._folder)

    def step(self) -> None:
        """One more thing that needs room."""
        self.count += 1
        if self.count > self._allowed:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


class _Raw(io.FileIO):
    disk: FullAfter

    def write(self, data: Any, /) -> int:
        self.disk.step()
        return super().write(data) or 0


def _opened(
    disk: FullAfter,
    file: Any,
    mode: str,
    buffering: int,
    encoding: str | None = None,
    errors: str | None = None,
    newline: str | None = None,
    closefd: bool = True,
    opener: Any = None,
) -> Any:
    raw = _Raw(file, mode.replace("b", "").replace("t", ""), closefd, opener)
    raw.disk = disk
    if buffering == 0:
        return raw
    whole = io.BufferedRandom(raw) if "+" in mode else io.BufferedWriter(raw)
    if "b" in mode:
        return whole
    return io.TextIOWrapper(whole, encoding or "utf-8", errors, newline)


def left_over(folder: Path) -> list[str]:
    """Hidden files and folders, as half-written results are."""
    return [str(path.relative_to(folder)) for path in folder.rglob(".*") if path.name != ".lock"]
