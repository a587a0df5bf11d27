"""Universal Binary JSON as XGBoost writes it, read and written with every length looked at.

XGBoost's own reader believes the lengths and types in a file, and a damaged one ends the process.
Lists of numbers of one type become arrays; everything else becomes what JSON makes of it.

Source: the format's specification, draft 12 (https://ubjson.org).
"""

import struct
from collections.abc import Mapping
from typing import Any

import numpy as np

DEEPEST = 20
"""Levels; a booster has seven."""
ARRAYS: Mapping[bytes, str] = {
    b"U": ">u1", b"i": ">i1", b"I": ">i2", b"l": ">i4", b"L": ">i8", b"d": ">f4", b"D": ">f8",
}  # fmt: skip
CONSTANTS: Mapping[bytes, bool | None] = {b"T": True, b"F": False, b"Z": None}
INTEGERS = (b"i", b"I", b"l", b"L")
"""From the smallest to the largest, as XGBoost chooses among them."""


def decode(content: bytes) -> Any:
    """The value that a file holds.

    Raises:
        ValueError: it is not of this format, or ends too early or too late.
    """
    try:
        reader = _Reader(content)
        value = reader.value(reader.take(1), 0)
    except (struct.error, UnicodeDecodeError, OverflowError, RecursionError):
        raise ValueError("it is damaged") from None
    if reader.at != len(content):
        raise ValueError("something follows its end")
    return value


def encode(value: Any) -> bytes:
    """The inverse of `decode`.

    Raises:
        TypeError: it holds something that the format does not know.
    """
    if isinstance(value, dict):
        pairs = (_sized(key.encode()) + encode(one) for key, one in value.items())
        return b"{" + b"".join(pairs) + b"}"
    if isinstance(value, list):
        return b"[#" + _long(len(value)) + b"".join(map(encode, value))
    if isinstance(value, np.ndarray):
        return _array(value)
    if isinstance(value, str):
        return b"S" + _sized(value.encode())
    return _scalar(value)


def _array(values: np.ndarray) -> bytes:
    for code, kind in ARRAYS.items():
        if values.dtype == np.dtype(kind).newbyteorder("=") and values.ndim == 1:
            return b"[$" + code + b"#" + _long(len(values)) + values.astype(kind).tobytes()
    raise TypeError(values.dtype)


def _scalar(value: Any) -> bytes:
    for code, constant in CONSTANTS.items():
        if value is constant:
            return code
    if isinstance(value, float):
        return b"d" + np.array(value, ARRAYS[b"d"]).tobytes()
    for code in INTEGERS:
        kind = np.iinfo(ARRAYS[code])
        if isinstance(value, int) and kind.min <= value <= kind.max:
            return code + np.array(value, ARRAYS[code]).tobytes()
    raise TypeError(type(value))


def _long(length: int) -> bytes:
    return b"L" + struct.pack(">q", length)


def _sized(text: bytes) -> bytes:
    return _long(len(text)) + text


class _Reader:
    """Reads values one after the other, and never past the end."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self.at = 0

    def take(self, size: int) -> bytes:
        if not 0 <= size <= len(self._content) - self.at:
            raise ValueError("it ends too early")
        self.at += size
        return self._content[self.at - size : self.at]

    def value(self, code: bytes, depth: int) -> Any:
        if depth > DEEPEST:
            raise ValueError("it is nested too deeply")
        if code == b"{":
            return self._object(depth + 1)
        if code == b"[":
            return self._list(depth + 1)
        if code == b"S":
            return self._text()
        if code in CONSTANTS:
            return CONSTANTS[code]
        return self._numbers(code, 1)[0].item()

    def _object(self, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while (code := self.take(1)) != b"}":
            self.at -= len(code)
            key = self._text()
            if key in found:
                raise ValueError(f"it says {key[:40]} twice")
            found[key] = self.value(self.take(1), depth)
        return found

    def _list(self, depth: int) -> Any:
        code = self.take(1)
        kind = b""
        if code == b"$":
            kind, code = self.take(1), self.take(1)
        if code != b"#":
            raise ValueError("a list has no length")
        length = self._length()
        if kind:
            return self._numbers(kind, length)
        if length > len(self._content):
            raise ValueError("it ends too early")
        return [self.value(self.take(1), depth) for _ in range(length)]

    def _numbers(self, code: bytes, length: int) -> np.ndarray:
        if code not in ARRAYS:
            raise ValueError("it holds something unknown")
        kind = np.dtype(ARRAYS[code])
        content = self.take(kind.itemsize * length)
        return np.frombuffer(content, kind).astype(kind.newbyteorder("="))

    def _length(self) -> int:
        if self.take(1) != b"L":
            raise ValueError("a length is none")
        length: int = struct.unpack(">q", self.take(8))[0]
        return length

    def _text(self) -> str:
        return self.take(self._length()).decode()
