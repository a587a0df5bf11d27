"""Symbolic links in folders from elsewhere: followed only within the folder."""

import os
from collections.abc import Iterator
from pathlib import Path

from pipelines.errors import InputError


def refuse_links_out(folder: Path, kind: type[InputError] = InputError) -> None:
    """Check that no link in a folder, at any depth, leads out of it; of a file there is nothing.

    Whoever made the folder would get whatever the account of this program can read. The folder
    itself may be a link, for the person named it.

    Raises:
        InputError: of the given kind: one does.
    """
    root = folder.resolve()
    for link in _links(folder):
        if not link.resolve().is_relative_to(root):
            raise kind(
                f"{link} is a link that points out of the folder {folder.name}, which is not "
                "followed: copy the files themselves into it (of DataLad: datalad unlock)."
            )


def _links(folder: Path) -> Iterator[Path]:
    for place, folders, files in os.walk(folder, followlinks=False):
        paths = (Path(place, name) for name in (*folders, *files))
        yield from (path for path in paths if path.is_symlink())
