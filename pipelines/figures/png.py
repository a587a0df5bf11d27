"""A PNG file from an array, with nothing but the standard library."""

import struct
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

SIGNATURE = b"\x89PNG\r\n\x1a\n"
EIGHT_BITS, RGB, INDEXED = 8, 2, 3
SMALLEST, FASTEST = 9, 1
"""Levels of zlib: for files that are kept, and for pictures that a person waits for."""


def write_png(rgb: NDArray[np.uint8], file: Path) -> None:
    """Write an image (y, x, 3) as PNG."""
    file.write_bytes(encode_png(rgb))


def encode_png(rgb: NDArray[np.uint8], level: int = SMALLEST) -> bytes:
    """An image (y, x, 3) as the content of a PNG file (ISO/IEC 15948)."""
    height, width, _ = rgb.shape
    packed = pack_rows(rgb.reshape(height, -1), level)
    return _file(_header(width, height, RGB), (b"IDAT", packed))


def encode_indexed(
    packed: bytes, shape: tuple[int, int], colors: NDArray[np.uint8], opaque_from: int = 0
) -> bytes:
    """An image of up to 256 colours as the content of a PNG file; other colours cost nothing.

    Args:
        packed: what `pack_rows` made of the numbers (y, x) of the colours.
        shape: (y, x).
        colors: (colour, 3).
        opaque_from: the colours before that one are not seen.
    """
    height, width = shape
    seen = np.where(np.arange(len(colors)) < opaque_from, 0, 255).astype(np.uint8)
    chunks = (b"PLTE", colors.tobytes()), (b"tRNS", seen.tobytes()), (b"IDAT", packed)
    return _file(_header(width, height, INDEXED), *chunks)


def pack_rows(rows: NDArray[np.uint8], level: int = SMALLEST) -> bytes:
    """An image as PNG files have it, compressed.

    Args:
        rows: the bytes of its rows (y, n).
        level: of zlib.
    """
    unfiltered = np.zeros((len(rows), 1), np.uint8)
    return zlib.compress(np.concatenate([unfiltered, rows], axis=1).tobytes(), level)


def _header(width: int, height: int, kind: int) -> tuple[bytes, bytes]:
    return b"IHDR", struct.pack(">IIBBBBB", width, height, EIGHT_BITS, kind, 0, 0, 0)


def _file(*chunks: tuple[bytes, bytes]) -> bytes:
    ended = (*chunks, (b"IEND", b""))
    return SIGNATURE + b"".join(_chunk(name, data) for name, data in ended)


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
