"""The boundary around whatever reads a file that a person gave.

Libraries that read files raise whatever a damaged one makes them run into: no list of exceptions
is whole. So every reader is entered through `reading`, which makes one sentence of all of it, and
keeps what was raised as the cause of the error, for the log. It stands as close to the reader as
it can, since a mistake of our own within it would look like a damaged file.

Named pipes, devices and sockets are refused before anything opens them: they may never end.
"""

import errno
import os
import stat
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from pipelines.core.errors import NeuroboardError, NoRoomError

Kind = type[NeuroboardError]
Listener = Callable[[Path | None], None]
T = TypeVar("T")

NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
"""Numbers of the errors of a disk, or of a person's share of it, that is full."""
OF_THE_SYSTEM = frozenset(
    {
        *(errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG, errno.ELOOP),
        *(errno.EACCES, errno.EPERM, errno.EBUSY, errno.ETXTBSY),
        *(errno.EIO, errno.ENXIO, errno.ENODEV, errno.ESTALE, errno.ETIMEDOUT),
        *(errno.EMFILE, errno.ENFILE),
    }
)
"""Numbers of errors that are not the fault of what stands in a file."""
LONGEST = 160
"""Characters that are shown of what a library said."""
LOOKED_AT = 200_000
"""Parts of a folder that are looked at, so that a whole archive costs seconds and no more."""

_listeners: list[Listener] = []
_being_read: list[Path] = []


def listen(listener: Listener | None) -> None:
    """Call a function with each path when its reading begins, and when that of any ends.

    Args:
        listener: it is given the path that is being read (of nested ones the innermost), or None
            when none is; None in its place ends the listening.
    """
    _listeners[:] = [] if listener is None else [listener]


@contextmanager
def reading(
    path: Path, kind: Kind, advice: str = "copy it again", what: str = "file of its kind"
) -> Iterator[None]:
    """Read a file, or a folder, with a library that may raise anything.

    Args:
        path: of it.
        kind: of the error that is raised.
        advice: what a person can do if it is damaged.
        what: it ought to be.

    Raises:
        NeuroboardError: of that kind: the path is, or holds, a pipe, device or socket; it is
            damaged; the system cannot read it. Errors with a sentence of their own pass, and so
            does a want of memory that says nothing of what was wanted.
        NoRoomError: there is no room for what is unpacked on the way.
    """
    with _told(path):
        refuse_special(path, kind)
        with in_words(path, kind, advice, what):
            yield


@contextmanager
def reading_on(
    path: Path, kind: Kind, advice: str = "copy it again", what: str = "file of its kind"
) -> Iterator[None]:
    """Read more of what was opened within `reading`, without a look at what it is."""
    with _told(path), in_words(path, kind, advice, what):
        yield


def each_read(
    items: Iterable[T],
    path: Path,
    kind: Kind,
    advice: str = "copy it again",
    what: str = "file of its kind",
) -> Iterator[T]:
    """Give the items of a reader one by one, each taken within the boundary; see `reading`.

    What is done with an item lies outside of it.
    """
    iterator, end = iter(items), object()
    while True:
        with reading_on(path, kind, advice, what):
            item = next(iterator, end)
        if item is end:
            return
        yield item  # type: ignore[misc]


def refuse_special(path: Path, kind: Kind) -> None:
    """Refuse what is neither a file nor a folder of files, also where a link leads to it.

    What is not there, or cannot be looked at, is left to whoever opens it.

    Raises:
        NeuroboardError: of the given kind.
    """
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):
        return
    if stat.S_ISDIR(mode):
        for number, part in enumerate(_parts(path)):
            if _is_special(part):
                raise kind(f"{Path(part.path)} is {_NO_FILE}")
            if number > LOOKED_AT:
                return
    elif not stat.S_ISREG(mode):
        raise kind(f"{path} is {_NO_FILE}")


_NO_FILE = "a named pipe, a device or a socket, which is not read: give a file of its own."


def _parts(folder: Path) -> Iterator[os.DirEntry[str]]:
    """All that lies in a folder, level by level; links to folders are not gone into."""
    folders = [str(folder)]
    for one in folders:
        try:
            found = list(os.scandir(one))
        except OSError:
            continue
        yield from found
        folders += [part.path for part in found if part.is_dir(follow_symlinks=False)]


def _is_special(part: os.DirEntry[str]) -> bool:
    """Without asking the system once more where it is an ordinary file or folder."""
    if part.is_file(follow_symlinks=False) or part.is_dir(follow_symlinks=False):
        return False
    try:
        mode = part.stat().st_mode
    except OSError:  # a link that leads nowhere
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


@contextmanager
def _told(path: Path) -> Iterator[None]:
    _being_read.append(path)
    _tell()
    try:
        yield
    finally:
        # Iterators end in any order, so the last of this name and not the last of all.
        del _being_read[len(_being_read) - 1 - _being_read[::-1].index(path)]
        _tell()


def _tell() -> None:
    for listener in _listeners:
        listener(_being_read[-1] if _being_read else None)


@contextmanager
def in_words(path: Path, kind: Kind, advice: str, what: str) -> Iterator[None]:
    """Make a sentence of what is raised, as `reading` does, without saying that a file is read.

    For what a file is open for, which may be long work on what was read of it.
    """
    try:
        yield
    except NeuroboardError:
        raise
    except MemoryError as error:
        if not str(error):
            raise
        raise kind(
            f"{path} asks for more memory than there is ({short(error)}): it is damaged, or too "
            f"large for this machine; if damaged, {advice}."
        ) from error
    except Exception as error:
        if isinstance(error, OSError) and error.errno in NO_ROOM:
            raise NoRoomError(
                f"{path} cannot be unpacked: {os.strerror(errno.ENOSPC)}. Make room where "
                "temporary files go."
            ) from error
        raise kind(_sentence(path, error, advice, what)) from error


def _sentence(path: Path, error: Exception, advice: str, what: str) -> str:
    if isinstance(error, OSError) and error.errno in OF_THE_SYSTEM:
        named = Path(error.filename) if isinstance(error.filename, str) else path
        return f"{named} cannot be read: {os.strerror(error.errno or 0)}."
    why = f"it is damaged or cut short, or is no {what} ({short(error)})"
    return f"{path} cannot be read: {why}; {advice}."


def short(error: BaseException) -> str:
    """The kind of an error and how its text begins."""
    text = " ".join(str(error).split())
    shown = text if len(text) <= LONGEST else f"{text[:LONGEST]}..."
    name = type(error).__name__
    return f"{name}: {shown.rstrip('.')}" if shown else name
