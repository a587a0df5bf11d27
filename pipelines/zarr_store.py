"""Zarr folders from elsewhere, looked through before they are opened.

A zarr folder names the codecs that unpack it, and some can run code (numcodecs' "pickle"); its
files can be links to any other file. Only codecs that turn bytes into numbers or text pass, and
links that stay within the folder.
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pipelines.errors import InputError

MARKS = (".zarray", ".zgroup", "zarr.json")
DESCRIPTIONS = frozenset({".zarray", ".zmetadata", "zarr.json"})
_COMPRESSORS = ("blosc", "zstd", "lz4", "zlib", "gzip", "bz2", "lzma", "wavpack", "flac")
_FILTERS = ("delta", "shuffle", "astype", "fixedscaleoffset", "vlen-utf8", "json2")
_FORMAT_3 = ("bytes", "transpose", "crc32c", "sharding_indexed")
CODECS = frozenset((*_COMPRESSORS, *_FILTERS, *_FORMAT_3))
"""Codecs that only turn bytes into numbers or text. Others, such as pickle, can run code."""


def require_safe(folder: Path, kind: type[InputError]) -> None:
    """Check that nothing in a zarr folder can run code or leads out of it.

    Args:
        folder: an array or a group.
        kind: of the error that is raised.

    Raises:
        InputError: of that kind: a codec is unknown, a link leads elsewhere, or a description is
            damaged.
    """
    root = folder.resolve()
    for place, folders, files in os.walk(folder):
        for name in (*folders, *files):
            path = Path(place) / name
            if path.is_symlink() and not path.resolve().is_relative_to(root):
                raise kind(f"{path} points out of the folder: copy the files themselves into it.")
        for name in sorted(DESCRIPTIONS & set(files)):
            _require_known_codecs(Path(place) / name, kind)


def _require_known_codecs(file: Path, kind: type[InputError]) -> None:
    try:
        described = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise kind(f"{file} cannot be read as JSON: copy the folder again ({error}).") from None
    for codec in _codecs(described):
        if codec not in CODECS:
            raise kind(
                f"{file} uses the codec {codec!r}, which is not opened because it may run code: "
                "save the data with a standard compressor."
            )


def _codecs(values: Any) -> Iterator[str]:
    """The codecs that array descriptions name, at any depth."""
    if isinstance(values, dict):
        for name in ("compressor", "filters", "codecs"):
            yield from _codec_names(values.get(name))
        for value in values.values():
            yield from _codecs(value)
    elif isinstance(values, list):
        for value in values:
            yield from _codecs(value)


def _codec_names(value: Any) -> Iterator[str]:
    for one in value if isinstance(value, list) else [value]:
        if one is not None:
            yield str(one.get("id", one.get("name"))) if isinstance(one, dict) else str(one)
