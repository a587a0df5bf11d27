"""Symbolic links in folders from elsewhere: followed only within the folder."""

import os
from collections.abc import Iterator
from pathlib import Path

from pipelines.core.errors import InputError

LOCK_OF_EMACS = ".#"
"""A link to nowhere beside a file that somebody edits."""


def refuse_links_out(folder: Path, kind: type[InputError] = InputError) -> None:
    """Check that no link in a folder, at any depth, leads out of it or nowhere.

    Whoever made the folder would get whatever the account of this program can read. The folder
    itself may be a link, for the person named it. What a link should have led to would be missed in
    silence: in zarr, a chunk that is not there is zeros.

    Raises:
        InputError: of the given kind: one does.
    """
    for link in _links(folder):
        _refuse(link, folder, kind)


def refuse_link_out(file: Path, kind: type[InputError] = InputError) -> None:
    """Check a file that is read because it lies beside the one that was named; it need not exist.

    Raises:
        InputError: of the given kind: it is a link that leads out of its folder or nowhere.
    """
    if file.is_symlink():
        _refuse(file, file.parent, kind)


def _refuse(link: Path, folder: Path, kind: type[InputError]) -> None:
    # A link to itself leads nowhere: of Python, `resolve` alone refuses it with an error.
    if not Path(os.path.realpath(link)).is_relative_to(folder.resolve()):
        raise kind(
            f"{link} is a link that points out of the folder {folder.name}, which is not "
            "followed: copy the files themselves into it (of DataLad: datalad unlock)."
        )
    if not link.exists() and not link.name.startswith(LOCK_OF_EMACS):
        raise kind(f"{link} is a link that leads nowhere: copy the file itself to its place.")


def _links(folder: Path) -> Iterator[Path]:
    for place, folders, files in os.walk(folder, followlinks=False):
        paths = (Path(place, name) for name in (*folders, *files))
        yield from (path for path in paths if path.is_symlink())
