"""Paths below the configured data roots: found, offered and checked.

No `..`, no absolute path, no link that leads out of a root.
"""

import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from pipelines.brainmap import kinds
from pipelines.errors import InputError
from pipelines.synapses.kinds import TABLES

DEPTH = 5
MOST_SECONDS = 0.5
"""A lab's server holds more folders than a page may wait for; what is not offered is typed."""
MOST_OFFERED = 300
RECORDING_MARKS = ("binary.json", "si_folder.json", "structure.oebin", "info.rhd", ".zattrs")
FOLDER_SUFFIXES = frozenset({".meta", ".ncs"})
"""SpikeGLX and Neuralynx: the folder with such files is the recording."""

RECORDING_SUFFIXES = frozenset(
    {".nwb", ".dat", ".bin", ".raw", ".rhd", ".rhs", ".h5", ".hdf5", ".ns5", ".ns6"}
)
TABLE_FILES = frozenset(TABLES) - {".txt"}
"""What is no table more often than one is typed."""
SIGNAL_FILES = frozenset({".npy", ".csv", ".mat"})


@dataclass(frozen=True)
class Listing:
    """The names in one folder, as the finders look at them."""

    files: tuple[str, ...]

    def with_suffix(self, suffixes: frozenset[str]) -> list[str]:
        """Files that end in one of these, but for the hidden `._name` that macOS leaves."""
        shown = (name for name in self.files if not name.startswith("."))
        return [name for name in shown if Path(name).suffix.lower() in suffixes]


Finder = Callable[[Listing], tuple[bool, Sequence[str]]]
"""Says of a listing whether the folder itself is an input, and which of its files are."""


def image_inputs(listing: Listing) -> tuple[bool, Sequence[str]]:
    """Folders of TIFFs, zarr and Thunder's folders, and array files."""
    marked = any(name in kinds.MARKS for name in listing.files)
    many = len(listing.with_suffix(kinds.TIFF)) > 1
    return marked or many, listing.with_suffix(kinds.SINGLE_FILES) + _lonely(listing)


def _lonely(listing: Listing) -> list[str]:
    images = listing.with_suffix(kinds.TIFF)
    return images if len(images) == 1 else []


def recording_inputs(listing: Listing) -> tuple[bool, Sequence[str]]:
    """Folders that hold a recording's files, and recordings in one file."""
    marked = any(name in RECORDING_MARKS for name in listing.files)
    files = [] if marked else listing.with_suffix(RECORDING_SUFFIXES)
    return marked or bool(listing.with_suffix(FOLDER_SUFFIXES)), files


def table_inputs(listing: Listing) -> tuple[bool, Sequence[str]]:
    """Tables."""
    return False, listing.with_suffix(TABLE_FILES)


def signal_inputs(listing: Listing) -> tuple[bool, Sequence[str]]:
    """Files with values over time."""
    return False, listing.with_suffix(SIGNAL_FILES)


FINDERS: dict[str, Finder] = {
    "images": image_inputs,
    "recording": recording_inputs,
    "table": table_inputs,
    "signal": signal_inputs,
}


def offers(roots: Sequence[Path], kind: str) -> list[str]:
    """What below the roots looks like an input of that kind, as `root/relative/path`."""
    finder = FINDERS[kind]
    found: list[str] = []
    for root in roots:
        for folder, listing in _walk(root):
            itself, files = finder(listing)
            place = PurePosixPath(root.name, *folder.relative_to(root).parts)
            found += [str(place)] if itself else []
            found += [str(place / name) for name in files]
            if len(found) >= MOST_OFFERED:
                return found[:MOST_OFFERED]
    return found


def _walk(root: Path) -> Iterator[tuple[Path, Listing]]:
    end = time.monotonic() + MOST_SECONDS
    for folder, folders, files in os.walk(root, followlinks=False):
        depth = len(Path(folder).relative_to(root).parts)
        hidden = [name for name in folders if name.startswith(".")]
        folders[:] = [] if depth >= DEPTH else sorted(set(folders) - set(hidden))
        yield Path(folder), Listing(tuple(sorted(files)))
        if time.monotonic() > end:
            return


def locate(roots: Sequence[Path], text: str) -> Path:
    """The path that `root/relative/path` names.

    Raises:
        InputError: it does not start with a root's name, does not exist or leads out.
    """
    parts = PurePosixPath(text.strip().replace("\\", "/")).parts
    root = next((root for root in roots if parts and root.name == parts[0]), None)
    if root is None:
        names = ", ".join(root.name for root in roots) or "none is configured"
        raise InputError(f"{text!r} must begin with the name of a data root ({names}).")
    if ".." in parts:
        raise InputError(f"{text!r} must not contain '..': give the path below the data root.")
    path = root.joinpath(*parts[1:])
    if not _exists(path):
        raise InputError(f"{text!r} does not exist below the data root {root.name}.")
    _refuse_links_out(path, root)
    return path


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # a name that no file can have: too long, or with a NUL
        return False


def _refuse_links_out(path: Path, root: Path) -> None:
    inside = root.resolve()
    for item in [path, *(path.rglob("*") if path.is_dir() else ())]:
        if not item.resolve().is_relative_to(inside):
            name = item.relative_to(root)
            raise InputError(f"{name} is a link that leads out of the data root {root.name}.")
