"""A sample as its files by name, in memory: what mutators change and a worker writes down."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Link:
    """A symbolic link to that place."""

    target: str


@dataclass(frozen=True)
class Pipe:
    """A named pipe, into which nobody ever writes."""


Content = bytes | Link | Pipe
Files = Mapping[str, Content]
"""Content by name, with / between folders; a name that ends with / is an empty folder."""


def read_files(folder: Path) -> dict[str, Content]:
    """All files of a folder."""
    found: dict[str, Content] = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_file():
            found[name] = path.read_bytes()
        elif not any(path.iterdir()):
            found[f"{name}/"] = b""
    return found


def write_files(files: Files, folder: Path) -> None:
    """Write them; a name that another one takes for a folder is left out."""
    for name, content in files.items():
        path = folder / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            _write(path, content, is_folder=name.endswith("/"))
        except (FileExistsError, NotADirectoryError, IsADirectoryError):
            continue


def _write(path: Path, content: Content, *, is_folder: bool) -> None:
    if is_folder:
        path.mkdir()
    elif isinstance(content, Link):
        path.symlink_to(content.target)
    elif isinstance(content, Pipe):
        os.mkfifo(path)
    else:
        path.write_bytes(content)
