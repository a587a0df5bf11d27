"""What a run was made from: inputs with their sha256, versions, seed, times."""

import hashlib
import json
import os
import platform
from collections.abc import Iterator, Mapping
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

    `beside` is the way from the result's folder to an input whose path is a relative one.
    """

    name: str
    path: str
    sha256: str
    size: int
    beside: str = ""


@dataclass(frozen=True)
class Run:
    """The content of `run.json`."""

    pipeline: str
    parameters: dict[str, Any]
    inputs: list[InputRecord]
    seed: int | None
    started: str
    seconds: float
    results: dict[str, Any]
    versions: dict[str, str] = field(default_factory=dict)
    machine: str = ""

    def write(self, folder: Path) -> None:
        """Write `run.json` into a result folder."""
        text = json.dumps(asdict(self), indent=2, ensure_ascii=False)
        (folder / "run.json").write_text(text + "\n", encoding="utf-8")


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


def describe_inputs(inputs: Mapping[str, Path], out: Path) -> list[InputRecord]:
    """Digest every input of a result that will lie in `out`."""
    return [
        InputRecord(name, str(path), digest(path), size(path), beside(path, out))
        for name, path in inputs.items()
    ]


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
    if path.is_file():
        return _file_digest(path)
    total = hashlib.sha256()
    for file in files_below(path):
        total.update(f"{file.relative_to(path).as_posix()}\0{_file_digest(file)}\n".encode())
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


def _file_digest(file: Path) -> str:
    total = hashlib.sha256()
    with file.open("rb") as stream:
        while block := stream.read(BLOCK):
            total.update(block)
    return total.hexdigest()
