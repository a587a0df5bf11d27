"""Zarr folders from elsewhere, looked through before they are opened.

A zarr folder names the codecs that unpack it, and some can run code (numcodecs' "pickle"); its
files can be links to any other file. Only codecs that turn bytes into numbers or text pass, and
links that stay within the folder.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import zarr

from pipelines.core.errors import InputError
from pipelines.core.result_files import read_object
from pipelines.files.chunks import SENSIBLE_BYTES, refuse_bomb
from pipelines.files.links import refuse_links_out
from pipelines.files.reading import reading_on

DESCRIPTIONS = frozenset({".zarray", ".zmetadata", "zarr.json"})
_COMPRESSORS = ("blosc", "zstd", "lz4", "zlib", "gzip", "bz2", "lzma", "wavpack", "flac")
_FILTERS = ("delta", "shuffle", "astype", "fixedscaleoffset", "vlen-utf8", "json2")
_FORMAT_3 = ("bytes", "transpose", "crc32c", "sharding_indexed")
CODECS = frozenset((*_COMPRESSORS, *_FILTERS, *_FORMAT_3))
"""Codecs that only turn bytes into numbers or text. Others, such as pickle, can run code."""


OTHER_STORES = (".n5", ".zip")
"""Names by which zarr takes a folder for something else, with descriptions of its own."""


@contextmanager
def opened(folder: Path, kind: type[InputError]) -> Iterator[Any]:
    """Give the array or group of a zarr folder that was looked through.

    Args:
        folder: an array or a group.
        kind: of the error that is raised.

    Raises:
        InputError: of that kind: as `require_safe`, or damaged. Whatever the library raises on
            damaged files, also while the folder is used, becomes one sentence.
    """
    require_safe(folder, kind)
    with reading_on(folder, kind, "copy it again, or save it again", "zarr folder"):
        # A store of our own choice: from a name alone, zarr may take a folder for N5 or an address.
        yield zarr.open(zarr.DirectoryStore(str(folder)), mode="r")


@contextmanager
def opened_partly(folder: Path, kind: type[InputError]) -> Iterator[tuple[Any, frozenset[str]]]:
    """Give a zarr folder of which some arrays may need codecs that can run code.

    Args:
        folder: a group.
        kind: of the error that is raised.

    Returns:
        The group, and the names of the arrays within it that must not be read, such as
        `extensions/pca/model`.

    Raises:
        InputError: of that kind: as `opened`, but for codecs.
    """
    _require_plain(folder, kind)
    unsafe = set[str]()
    for file in _descriptions(folder):
        if file.name.lower() == ".zmetadata":  # it repeats the others, and is not asked
            continue
        try:
            _require_known_codecs(file, kind)
        except kind:
            unsafe.add(file.parent.relative_to(folder).as_posix())
    with reading_on(folder, kind, "copy it again, or save it again", "zarr folder"):
        yield zarr.open(zarr.DirectoryStore(str(folder)), mode="r"), frozenset(unsafe)


def require_safe(folder: Path, kind: type[InputError]) -> None:
    """Check that nothing in a zarr folder can run code or leads out of it.

    Args:
        folder: an array or a group.
        kind: of the error that is raised.

    Raises:
        InputError: of that kind: a codec is unknown, a link leads elsewhere, or a description is
            damaged; its name would be taken for another store.
    """
    _require_plain(folder, kind)
    for file in _descriptions(folder):
        _require_known_codecs(file, kind)


def _require_plain(folder: Path, kind: type[InputError]) -> None:
    if folder.suffix.lower() in OTHER_STORES or "::" in str(folder):
        raise kind(f"{folder} is not opened as zarr because of its name: call it NAME.zarr.")
    refuse_links_out(folder, kind)


def _descriptions(folder: Path) -> Iterator[Path]:
    for place, _, files in os.walk(folder):
        for name in sorted(files):
            if name.lower() in DESCRIPTIONS:  # some drives do not tell .ZARRAY from .zarray
                yield Path(place) / name


def _require_known_codecs(file: Path, kind: type[InputError]) -> None:
    described = read_object(file, kind, "copy the folder again")
    for codec in _codecs(described):
        if codec not in CODECS:
            raise kind(
                f"{file} uses the codec {codec!r}, which is not opened because it may run code: "
                "save the data with a standard compressor."
            )
    if file.name.lower() == ".zarray":
        _refuse_large_chunks(file, described, kind)


def _refuse_large_chunks(file: Path, described: dict[str, Any], kind: type[InputError]) -> None:
    try:
        chunk = [int(length) for length in described["chunks"]]
        itemsize = np.dtype(described["dtype"]).itemsize
    except (KeyError, TypeError, ValueError, OverflowError):  # zarr says what is wrong with it
        return
    if prod(chunk) * itemsize > SENSIBLE_BYTES:
        stored = sum(part.stat().st_size for part in file.parent.rglob("*") if part.is_file())
        refuse_bomb(file.parent, chunk, itemsize, stored, kind)


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
