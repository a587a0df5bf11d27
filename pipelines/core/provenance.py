"""What a run was made from: inputs with their sha256, versions, seed, times."""

import hashlib
import json
import os
import platform
import threading
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from pipelines import __version__

PACKAGES = (
    "numpy",
    "scipy",
    "scikit-learn",
    "pandas",
    "umap-learn",
    "hdbscan",
    "xgboost-cpu",
    "spikeinterface",
    "tifffile",
)
BLOCK = 1 << 20


@dataclass(frozen=True)
class InputRecord:
    """One input of a run; of a folder, the digest covers names and contents of all its files.

    `beside` is the way from the result's folder to an input whose path is a relative one;
    `blocks_sha256` is what `fingerprint` found before the run.
    """

    name: str
    path: str
    sha256: str
    size: int
    beside: str = ""
    blocks_sha256: str = ""


@dataclass(frozen=True)
class Run:
    """The content of `run.json`.

    `folder_version` counts the changes of what the pipeline's folder holds, and how; the module
    that reads the folder brings earlier ones to today's form. Folders of 1 may not say it.
    """

    pipeline: str
    parameters: dict[str, Any]
    inputs: list[InputRecord]
    seed: int | None
    started: str
    seconds: float
    results: dict[str, Any]
    versions: dict[str, str] = field(default_factory=dict)
    machine: str = ""
    folder_version: int = 1

    def write(self, folder: Path) -> None:
        """Write `run.json` into a result folder."""
        text = json.dumps(asdict(self), indent=2, ensure_ascii=False)
        # A name from a system of another alphabet is no UTF-8: escaped, JSON gives it back whole.
        (folder / "run.json").write_text(text + "\n", encoding="utf-8", errors="backslashreplace")


def versions() -> dict[str, str]:
    """Versions of Python, Neuroboard and the packages that decide the numbers."""
    found = {"python": platform.python_version(), "neuroboard": __version__}
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def machine() -> str:
    """The kind of machine, without its name."""
    return f"{platform.system()} {platform.release()} {platform.machine()}"


def now() -> str:
    """The time in UTC, as ISO 8601 to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def beside(path: Path, folder: Path) -> str:
    """The way from a folder to a path that was given relative to where a person was.

    Empty for an absolute path, which says where it is, and if there is no way, as between drives.
    """
    if path.is_absolute():
        return ""
    try:
        return Path(os.path.relpath(path.resolve(), folder.resolve())).as_posix()
    except ValueError:
        return ""


def digest(path: Path) -> str:
    """The sha256 of a file, or of a folder's sorted relative names and file digests."""
    return digest_of(path, list(files_below(path)), threading.Event())


def digest_of(path: Path, files: Sequence[Path], stop: threading.Event) -> str:
    """The digest of a file or folder from the given files of it.

    Args:
        path: the file or folder.
        files: as `files_below` finds them.
        stop: set to end early; what is returned then is of no use.
    """
    if path.is_file():
        return _file_digest(path, stop)
    total = hashlib.sha256()
    for file in files:
        total.update(f"{file.relative_to(path).as_posix()}\0{_file_digest(file, stop)}\n".encode())
    return total.hexdigest()


def size(path: Path) -> int:
    """Bytes of a file, or of all files in a folder."""
    return sum(file.stat().st_size for file in files_below(path))


def files_below(path: Path) -> Iterator[Path]:
    """The files of a folder in a fixed order, or the file itself."""
    if path.is_file():
        yield path
    else:
        yield from sorted(file for file in path.rglob("*") if file.is_file())


def _file_digest(file: Path, stop: threading.Event) -> str:
    total = hashlib.sha256()
    with file.open("rb") as stream:
        while not stop.is_set() and (block := stream.read(BLOCK)):
            total.update(block)
    return total.hexdigest()
