"""Inputs that once failed, kept as small files and read again by every `make test`.

A kept input is what differs from its sample: for each file its new bytes, between so many that are
as in the sample at its beginning and end. One whose difference is large is kept by its numbers.
"""

import base64
import json
import re
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tests.fuzz.catalog import Input, Whole, damaged_files, readers
from tests.fuzz.files import Content, Files, Link, Pipe

FOLDER = Path(__file__).parent / "corpus"
LARGEST = 4000
"""Bytes of a kept file; a larger difference is made again from its numbers."""
OF_ONE_FAULT = 3
"""Inputs that are kept of one fault."""


@dataclass(frozen=True)
class Kept:
    """An input that once failed.

    Attributes:
        group: module of its reader.
        reader: name.
        sample: name.
        failed: how.
        run: with `number` what made it.
        number: see `run`.
        changes: by name of a file, None where it is gone; absent if the numbers make it again.
    """

    group: str
    reader: str
    sample: str
    failed: str
    run: str
    number: int
    changes: Mapping[str, Any] | None = None

    @classmethod
    def read(cls, file: Path) -> "Kept":
        return cls(**json.loads(file.read_text(encoding="utf-8")))

    def files(self, whole: Whole) -> Files:
        """The damaged files."""
        if self.changes is None:
            given = Input(self.group, self.reader, self.sample, self.run, self.number)
            return damaged_files(whole, readers(self.group)[self.reader], given)
        files = dict(whole.files)
        for name, change in self.changes.items():
            if change is None:
                files.pop(name, None)
            else:
                files[name] = _content(change, whole.files.get(name, b""))
        return files


def all_kept() -> list[Path]:
    """Every kept input."""
    return sorted(FOLDER.rglob("*.json"))


def keep(given: Input, whole: Whole, failed: str) -> Path | None:
    """Keep an input that failed, unless enough of its fault are kept; returns the file."""
    reader = readers(given.group)[given.reader]
    files = damaged_files(whole, reader, given)
    kept = Kept(**asdict(given), failed=failed[:200], changes=_changes(whole.files, files))
    text = json.dumps(asdict(kept), indent=1)
    if len(text) > LARGEST:
        text = json.dumps(asdict(kept) | {"changes": None}, indent=1)
    fault = _slug(
        failed.partition(": ")[0] + " " + failed.split(": ")[1] if ": " in failed else failed
    )
    folder = FOLDER / _slug(given.reader)
    folder.mkdir(parents=True, exist_ok=True)
    if len(list(folder.glob(f"{fault}-*.json"))) >= OF_ONE_FAULT:
        return None
    file = folder / f"{fault}-{_slug(given.sample)}-{given.number}.json"
    file.write_text(text + "\n", encoding="utf-8")
    return file


def _slug(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9.]+", "-", re.sub(r":\d+", "", text)).strip("-").lower()[:60]


# -- what differs


def _changes(before: Files, after: Files) -> dict[str, Any]:
    changed = {name: None for name in before if name not in after}
    return changed | {
        name: _change(before.get(name, b""), content)
        for name, content in after.items()
        if name not in before or content != before[name]
    }


def _change(before: Content, after: Content) -> Any:
    if isinstance(after, Link):
        return {"link": after.target}
    if isinstance(after, Pipe):
        return {"pipe": True}
    old = before if isinstance(before, bytes) else b""
    start = _same(old, after)
    end = _same(old[start:][::-1], after[start:][::-1])
    new = after[start : len(after) - end]
    return {"start": start, "end": end, "new": base64.b64encode(zlib.compress(new, 9)).decode()}


def _same(one: bytes, other: bytes) -> int:
    """How many bytes are the same at the beginning of both."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if one[:middle] == other[:middle] else (low, middle - 1)
    return low


def _content(change: Mapping[str, Any], before: Content) -> Content:
    if "link" in change:
        return Link(change["link"])
    if "pipe" in change:
        return Pipe()
    old = before if isinstance(before, bytes) else b""
    new = zlib.decompress(base64.b64decode(change["new"]))
    return (
        old[: change["start"]] + new + (old[len(old) - change["end"] :] if change["end"] else b"")
    )
