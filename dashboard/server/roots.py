"""Paths below the configured data roots: found, offered and checked.

No `..`, no absolute path, no link that leads out of a root, and nothing in the home folder of a
Neuroboard that lies below one: there are the tokens.
"""

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

from pipelines.brainmap.formats.rows import FORMATS as IMAGES
from pipelines.brainmap.formats.rows import SIGNALS
from pipelines.core.errors import InputError
from pipelines.core.formats import Format, Listing, Offer, offer
from pipelines.spikes.recording.formats import FORMATS as RECORDINGS
from pipelines.spikes.units.elsewhere import ELSEWHERE
from pipelines.synapses.formats.rows import FORMATS as TABLES

DEPTH = 5
MOST_SECONDS = 0.5
"""A lab's server holds more folders than a page may wait for; what is not offered is typed."""
MOST_OFFERED = 300
HOME_MARK = "jobs.sqlite"
"""A folder with this file is the home folder of a Neuroboard."""
KINDS: Mapping[str, Sequence[Format]] = {
    "images": IMAGES,
    "recording": RECORDINGS,
    "sorting": ELSEWHERE,
    "recording or sorting": (*ELSEWHERE, *RECORDINGS),
    "table": TABLES,
    "signal": SIGNALS,
}
"""What forms ask for."""


def offers(roots: Sequence[Path], kind: str) -> list[str]:
    """What below the roots looks like an input of that kind, as `root/relative/path`."""
    found: list[str] = []
    for root in roots:
        for folder, offered in _walk(root, KINDS[kind]):
            place = PurePosixPath(root.name, *folder.relative_to(root).parts)
            found += [str(place)] if offered.itself else []
            found += [str(place / name) for name in offered.files]
            if len(found) >= MOST_OFFERED:
                return found[:MOST_OFFERED]
    return found


def _walk(root: Path, rows: Sequence[Format]) -> Iterator[tuple[Path, Offer]]:
    """The folders below a root, but for those that belong to an input, with what they offer."""
    end = time.monotonic() + MOST_SECONDS
    for place, folders, files in os.walk(root, followlinks=False):
        folder = Path(place)
        depth = len(folder.relative_to(root).parts)
        if HOME_MARK in files:
            folders.clear()
            continue
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        offered = offer(rows, Listing(folder, tuple(sorted(files)), tuple(folders)), MOST_OFFERED)
        yield folder, offered
        if time.monotonic() > end:
            return
        if depth >= DEPTH or offered.is_whole:
            folders.clear()


def locate(roots: Sequence[Path], text: str) -> Path:
    """The path that `root/relative/path` names.

    Raises:
        InputError: it does not start with a root's name, does not exist, leads out or into the home
            folder of a Neuroboard.
    """
    root, path = beneath(roots, text)
    _refuse_links_out(path, root)
    return path


def folder(roots: Sequence[Path], text: str) -> tuple[Path, Path]:
    """The root and the folder that `root/relative/path` names, to look into it.

    What is in it is not looked through for links, which `locate` does once something is chosen.

    Raises:
        InputError: as of `locate`, or it is no folder.
    """
    root, path = beneath(roots, text)
    if not path.resolve().is_relative_to(root.resolve()):
        raise InputError(f"{text!r} is a link that leads out of the data root {root.name}.")
    if not path.is_dir():
        raise InputError(f"{text!r} is no folder: choose the folder that holds it.")
    return root, path


def beneath(roots: Sequence[Path], text: str) -> tuple[Path, Path]:
    """The root and the path that `root/relative/path` names, not yet looked through for links.

    Raises:
        InputError: as of `locate`.
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
    _refuse_home(path, root)
    return root, path


def named(roots: Sequence[Path], text: str) -> str:
    """A path as somebody pastes it, as `root/relative/path`; what lies below no root as it is.

    Programs that show files copy a whole path, in quotes or as an address of a file.
    """
    pasted = unquote(text.strip().removeprefix("file://")) if "file://" in text else text.strip()
    pasted = pasted.strip("\"'")
    for root in roots:
        for whole in (root, root.resolve()):
            with suppress(ValueError):
                return str(PurePosixPath(root.name, *Path(pasted).relative_to(whole).parts))
    return pasted


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


def _refuse_home(path: Path, root: Path) -> None:
    inside, place = root.resolve(), path.resolve()
    for folder in (place, *place.parents):
        if folder.is_relative_to(inside) and (folder / HOME_MARK).is_file():
            raise InputError(
                f"{path.relative_to(root)} lies in the home folder of a Neuroboard: choose "
                "what was made there as a result, or upload the file."
            )
