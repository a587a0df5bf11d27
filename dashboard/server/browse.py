"""The folders below the data roots, one at a time, with what of them a reader recognises."""

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from dashboard.server import roots
from pipelines.core.errors import InputError
from pipelines.core.formats import Listing, asked, either, in_order, offer

MOST_ENTRIES = 300
"""Of a folder that are listed; others are searched for."""
MOST_SECONDS = 0.3
"""For looking into the folders of a folder: what is not known by then is opened to be seen."""


@dataclass(frozen=True)
class FolderItem:
    """One file or folder of a folder.

    Attributes:
        name: of it.
        place: `root/relative/path`, as references to data have it.
        is_folder: whether it is a folder that can be opened.
        is_input: whether a reader recognises it.
        bytes: of a file; 0 of a folder.
        changed: in seconds since 1970.
    """

    name: str
    place: str
    is_folder: bool
    is_input: bool
    bytes: int = 0
    changed: float = 0.0


@dataclass(frozen=True)
class Folder:
    """What is in a folder.

    Attributes:
        place: of it; empty for the list of the roots.
        entries: folders first, each in the order in which people count.
        is_input: whether the folder itself is one.
        more: how many entries are not listed.
    """

    place: str
    entries: tuple[FolderItem, ...]
    is_input: bool = False
    more: int = 0


def look(data: Sequence[Path], place: str, kind: str) -> Folder:
    """What is in a folder below the roots.

    Args:
        data: the roots.
        place: `root/relative/path`; empty for the roots, or for what is in the only one.
        kind: a key of `roots.KINDS`: what is recognised.

    Raises:
        InputError: there is no such folder, or it leads out, or it is none to look into.
    """
    if not place and len(data) != 1:
        entries = tuple(FolderItem(root.name, root.name, True, False) for root in data)
        return Folder("", entries)
    place = place or data[0].name
    root, path = roots.folder(data, place)
    return _listed(root, path, str(PurePosixPath(place)), kind)


def _listed(root: Path, path: Path, place: str, kind: str) -> Folder:
    files, folders = _names(root, path)
    rows = roots.KINDS[kind]
    listing = Listing(path, (*files, *_hidden_marks(path, kind)), tuple(folders))
    found = offer(rows, listing)
    end = time.monotonic() + MOST_SECONDS
    entries = [_folder(root, path / name, place, kind, end) for name in folders[:MOST_ENTRIES]]
    inputs = {*found.files} if not found.is_whole else set()
    # What can be chosen first: a folder may hold thousands of others.
    ordered = sorted(files, key=lambda name: name not in inputs)
    room = MOST_ENTRIES - len(entries)
    entries += [_file(path / name, place, name in inputs) for name in ordered[:room]]
    return Folder(place, tuple(entries), found.itself, len(files) + len(folders) - len(entries))


def search(data: Sequence[Path], words: str, kind: str, most: int = 50) -> tuple[FolderItem, ...]:
    """What below the roots a reader recognises and whose place has all these words."""
    wanted = words.casefold().split()
    places = (
        place
        for place in roots.offers(data, kind)
        if all(word in place.casefold() for word in wanted)
    )
    found = []
    for place in places:
        with suppress(InputError):  # gone since it was listed
            found.append(_found(data, place))
        if len(found) == most:
            break
    return tuple(found)


def recognises(path: Path, kind: str) -> bool:
    """Whether a reader of that kind takes a path for one of its own."""
    with suppress(OSError):
        return any(row.read and row.recognise(path) for row in roots.KINDS[kind])
    return False


def asked_for(kind: str) -> str:
    """What can be chosen, as the end of a sentence."""
    rows = roots.KINDS[kind]
    titles = list(dict.fromkeys(row.title for row in rows if row.read))
    return asked(rows) or either(titles)


def _found(data: Sequence[Path], place: str) -> FolderItem:
    _, path = roots.beneath(data, place)
    size, changed = _measured(path)
    return FolderItem(place, place, False, True, size, changed)


def _names(root: Path, path: Path) -> tuple[list[str], list[str]]:
    """The names of files and of folders that may be seen, in the order in which people count."""
    files, folders = [], []
    for one in _scanned(path):
        if one.name.startswith(".") or not _stays(root, one):
            continue
        with suppress(OSError):
            if one.is_dir():
                folders += [] if (Path(one.path) / roots.HOME_MARK).is_file() else [one.name]
            elif one.is_file():
                files.append(one.name)
    return sorted(files, key=in_order), sorted(folders, key=in_order)


def _scanned(path: Path) -> Iterator[os.DirEntry[str]]:
    try:
        with os.scandir(path) as found:
            yield from found
    except OSError as error:
        said = error.strerror or error
        raise InputError(f"{path.name} cannot be looked into ({said}).") from None


def _stays(root: Path, one: os.DirEntry[str]) -> bool:
    """Whether an entry is no link that leads out of its root."""
    with suppress(OSError):
        return not one.is_symlink() or Path(one.path).resolve().is_relative_to(root.resolve())
    return False


def _folder(root: Path, path: Path, place: str, kind: str, end: float) -> FolderItem:
    """A folder, and whether it is an input itself, as long as there is time to look."""
    _, changed = _measured(path)
    inside = str(PurePosixPath(place) / path.name)
    if time.monotonic() > end:
        return FolderItem(path.name, inside, True, False, 0, changed)
    try:
        files, folders = _names(root, path)
    except InputError:
        return FolderItem(path.name, inside, False, False, 0, changed)
    listing = Listing(path, (*files, *_hidden_marks(path, kind)), tuple(folders))
    found = offer(roots.KINDS[kind], listing, 2)
    return FolderItem(path.name, inside, not found.is_whole, found.itself, 0, changed)


def _hidden_marks(path: Path, kind: str) -> list[str]:
    """Files that are not shown and tell what their folder is, such as those of zarr."""
    marks = {mark for row in roots.KINDS[kind] for mark in row.marks if mark.startswith(".")}
    return [mark for mark in sorted(marks) if (path / mark).is_file()]


def _file(path: Path, place: str, is_input: bool) -> FolderItem:
    size, changed = _measured(path)
    return FolderItem(
        path.name, str(PurePosixPath(place) / path.name), False, is_input, size, changed
    )


def _measured(path: Path) -> tuple[int, float]:
    with suppress(OSError):
        stat = path.stat()
        return (0 if path.is_dir() else stat.st_size), stat.st_mtime
    return 0, 0.0
