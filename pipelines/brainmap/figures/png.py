"""A PNG file from an array, with nothing but the standard library."""

import struct
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

SIGNATURE = b"\x89PNG\r\n\x1a\n"
EIGHT_BITS, RGB = 8, 2


def write_png(rgb: NDArray[np.uint8], file: Path) -> None:
    """Write an image (y, x, 3) as PNG."""
    file.write_bytes(encode_png(rgb))


def encode_png(rgb: NDArray[np.uint8]) -> bytes:
    """An image (y, x, 3) as the content of a PNG file (ISO/IEC 15948)."""
    height, width, _ = rgb.shape
    header = struct.pack(">IIBBBBB", width, height, EIGHT_BITS, RGB, 0, 0, 0)
    unfiltered = np.zeros((height, 1), np.uint8)
    rows = np.concatenate([unfiltered, rgb.reshape(height, -1)], axis=1)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows.tobytes(), 9)), (b"IEND", b""))
    return SIGNATURE + b"".join(_chunk(name, data) for name, data in chunks)


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
