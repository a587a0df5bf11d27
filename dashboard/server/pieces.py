"""A large file that arrives in pieces, and goes on where it broke off.

A browser sends `PUT /uploads/KIND/SET/NAME?offset=BYTES&total=BYTES` for each piece, in order, and
asks with GET how much is there. What has arrived of a file lies beside the whole ones under a name
that no file can have, until nothing is missing.
"""

import contextlib
import hashlib
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from dashboard.server.settings import Settings
from pipelines.core.errors import InputError

BLOCK = 1 << 20
HALF = ".half-"
EXPIRES_SECONDS = 86400.0
"""After the last piece; until then an upload can go on."""


@dataclass(frozen=True)
class Piece:
    """Which part of a file comes.

    Attributes:
        offset: its first byte.
        total: bytes of the whole file.
    """

    offset: int
    total: int


class OutOfStepError(InputError):
    """A piece that does not begin where what is there ends."""

    def __init__(self, there: int) -> None:
        super().__init__(f"{there:,} bytes of this file are here: go on from there.")
        self.there = there


def asked(words: Mapping[str, str]) -> Piece | None:
    """The piece that an address names; none if a whole file comes at once.

    Raises:
        InputError: its numbers are none.
    """
    if not {"offset", "total"} & set(words):
        return None
    offset, total = words.get("offset", ""), words.get("total", "")
    if not all(one.isascii() and one.isdigit() and len(one) < 16 for one in (offset, total)):
        raise InputError("This piece of a file does not say where it belongs: reload the page.")
    piece = Piece(int(offset), int(total))
    if piece.offset > piece.total:
        raise InputError("This piece lies behind the end of its file: reload the page.")
    return piece


def there(target: Path) -> int:
    """How many bytes of a file have arrived, whole or not."""
    for file in (half_of(target), target):
        with contextlib.suppress(FileNotFoundError):
            return file.stat().st_size
    return 0


def half_of(target: Path) -> Path:
    """Where what has arrived of a file lies."""
    return target.with_name(HALF + hashlib.sha256(target.name.encode()).hexdigest()[:32])


def add(stream: IO[bytes], target: Path, piece: Piece) -> Path | None:
    """Write a piece behind what is there; the file that is whole then, still without its name.

    A connection may break within a piece: what of it arrived is kept. The same piece may come
    twice at once, from a connection that is given up and from the next one: both write the same.

    Raises:
        OutOfStepError: it does not begin where what is there ends.
    """
    half = half_of(target)
    half.touch()
    if piece.offset != half.stat().st_size:
        raise OutOfStepError(half.stat().st_size)
    with half.open("r+b") as out:
        out.seek(piece.offset)
        room = piece.total - piece.offset
        while room and (block := stream.read(min(BLOCK, room))):
            out.write(block)
            room -= len(block)
    return half if half.stat().st_size == piece.total else None


def require_whole(folder: Path) -> None:
    """Check that nothing is missing of any file of a set.

    Raises:
        InputError: something is.
    """
    if any(folder.glob(HALF + "*")):
        raise InputError("A file did not arrive whole: choose it again, and its upload goes on.")


def tidy(settings: Settings) -> None:
    """Remove what broken-off uploads left; one that may still go on is younger."""
    before = time.time() - EXPIRES_SECONDS
    for folder in settings.uploads.glob(".incoming-*"):
        with contextlib.suppress(OSError):
            files = (folder, *folder.iterdir())
            if all(file.stat().st_mtime < before for file in files):
                shutil.rmtree(folder, ignore_errors=True)
