"""Which reading of a raw binary file makes sense: its sample type, byte order and channels.

Bytes that are read as the wrong numbers show it: values jump between the ends of the type's range,
the byte that should change fastest changes least, floating point numbers have every magnitude, or
each sample resembles the next one of another channel more than that of its own. What right
recordings can look like too (white noise, few levels, saturation, channels without signal) is no
reason for doubt.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.spikes.recording.raw_channels import N_BLOCKS, better_channels, table_of

BLOCK_BYTES = 1 << 17
"""Of a file, at `N_BLOCKS` places spread evenly."""

HALF_RANGE = 1 << 15
MANY_JUMPS = 0.005
"""Share of steps by more than half the range from which on they are no accident."""

SANE = (1e-15, 1e12)
"""Sizes of floating point numbers that somebody stored, in volts or in steps."""

MOST_OCTAVES = 6.0
"""Middle half of the sizes of floating point numbers: a signal has 2, random bytes have 60."""

AS_GOOD_AS_0 = 1e-6
"""Of the largest floating point numbers: what a filter leaves of nothing, with every magnitude."""

GRID = 0.97
"""Share of a channel's samples on one of four steps, from which on it has fewer bits."""

MOST_LEVELS = 30_000
"""Different values among 100,000 samples of 16 bits, from which on they are random bytes."""

MAGIC = {
    b"\x93NUMPY": "a NumPy array (.npy)",
    b"\x89HDF": "an HDF5 file",
    b"PK\x03\x04": "a zip archive",
    b"\x1f\x8b": "a gzip archive",
    b"RIFF": "a RIFF or wave file",
}
Values = NDArray[Any]


@dataclass(frozen=True)
class RawReading:
    """How the bytes of a file are read.

    Attributes:
        dtype: of a sample, such as `int16` or `>i2`.
        num_channels: samples of one time point.
        file_offset: bytes before the first sample.
    """

    dtype: str
    num_channels: int
    file_offset: int = 0

    @property
    def width(self) -> int:
        """Bytes of one time point."""
        return self.num_channels * np.dtype(self.dtype).itemsize


def raw_doubt(file: Path, reading: RawReading) -> str:
    """A sentence if the reading of a file cannot be right, otherwise nothing.

    Args:
        file: that holds nothing but samples, after the offset.
        reading: how it is going to be read.
    """
    found = _header_doubt(file, reading) or _type_doubt(file, reading)
    return found or _channels_in_words(file, reading, sure=True)


def raw_note(file: Path, reading: RawReading) -> str:
    """A sentence if a right reading may look like that, but another one is likely.

    Args:
        file: that holds nothing but samples, after the offset.
        reading: how it is going to be read; there is no doubt of its type.
    """
    return _channels_in_words(file, reading, sure=False)


def _blocks(file: Path, reading: RawReading) -> list[bytes]:
    """Some stretches of the file that begin with a time point."""
    n_points = (file.stat().st_size - reading.file_offset) // reading.width
    length = min(max(BLOCK_BYTES // reading.width, 1), n_points)
    found = []
    with file.open("rb") as stream:
        for start in np.unique(np.linspace(0, n_points - length, N_BLOCKS).astype(int)).tolist():
            start = start // 8 * 8  # so that wider types begin there too
            stream.seek(reading.file_offset + start * reading.width)
            found.append(stream.read(length * reading.width))
    return found


# -- what stands before the samples


def _header_doubt(file: Path, reading: RawReading) -> str:
    if reading.file_offset:
        return ""
    with file.open("rb") as stream:
        head = stream.read(64)
    for magic, name in MAGIC.items():
        if head.startswith(magic):
            return (
                f"{file} is {name}, not a file of samples only: write the samples alone, or give "
                "the bytes of its header as file_offset."
            )
    text = head.rstrip(b"\0").decode("ascii", errors="ignore")
    readable = head.isascii() and all(c.isprintable() or c in "\r\n\t" for c in text)
    letters = "".join(re.findall(r"[A-Za-z]{3,}", text))  # samples may be letters, but no words
    if readable and len(text) >= 16 and len(set(letters[::2])) > 2 and len(set(letters[1::2])) > 2:
        some = " ".join(text.split())[:30]
        return (
            f"{file} begins with text ({some!r}), so it has a header: give the bytes of it as "
            "file_offset."
        )
    return ""


# -- the type of a sample


def _type_doubt(file: Path, reading: RawReading) -> str:
    blocks, given = _blocks(file, reading), np.dtype(reading.dtype)
    if given.kind == "f":
        found = _of_floats(blocks, given, reading.num_channels)
    else:
        found = _floats_read_as_integers(blocks) or _of_integers(
            blocks, given, reading.num_channels
        )
    if found is None:
        return ""
    wrong, dtype = found
    right = "no other type makes sense of them either: check dtype, file_offset and the file."
    if dtype:
        right = f"as {dtype} they make sense: --dtype '{dtype}'."
    return f"Read as {_name(given)}, the samples of {file} {wrong}; {right}"


Wrong = tuple[str, str]
"""What is wrong with the type that was given, and the one that makes sense, if there is one."""


def _name(dtype: np.dtype[Any]) -> str:
    """As it is written as a parameter."""
    return dtype.str if dtype.byteorder == ">" else dtype.name


def _viewed(blocks: Sequence[bytes], dtype: str | np.dtype[Any]) -> Values:
    size = np.dtype(dtype).itemsize
    parts = [block[: len(block) // size * size] for block in blocks]
    return np.concatenate([np.frombuffer(part, dtype) for part in parts])


def _floats_read_as_integers(blocks: Sequence[bytes]) -> Wrong | None:
    dtype = _float_type(blocks)
    return (f"are the halves of {dtype} numbers", dtype) if dtype else None


def _float_type(blocks: Sequence[bytes]) -> str:
    """The floating point type that the bytes clearly are, if any."""
    types = ("float32", ">f4", "float64", ">f8")
    return next((dtype for dtype in types if _is_signal(_viewed(blocks, dtype))), "")


def _of_floats(blocks: Sequence[bytes], given: np.dtype[Any], n_channels: int) -> Wrong | None:
    columns = [_sizes(column) for column in table_of(_viewed(blocks, given), n_channels).T]
    sizes = [_that_count(size) for size, _ in columns if len(size)]
    if any(n_known for _, n_known in columns) and _are_mostly_sane(sizes):
        return None
    size = np.concatenate([*sizes, np.zeros(0)])
    wrong = f"are between {size.min():.0e} and {size.max():.0e}" if len(size) else "are no numbers"
    dtype = _float_type(blocks)
    if not dtype:
        better = _of_integers(blocks, np.dtype("int16"), n_channels)
        dtype = better[1] if better else "int16"
        if len(np.unique(_viewed(blocks, dtype)[:100_000])) > MOST_LEVELS:
            dtype = ""  # bytes of any value: neither of the types explains them
    return wrong, dtype


def _sizes(values: Values) -> tuple[Values, int]:
    """How large finite numbers are, without those that are 0, and how many are finite."""
    known = values[np.isfinite(values)].astype(np.float64)
    size = np.abs(known)
    return size[size > 0], len(known)


def _are_sane(size: Values) -> bool:
    return bool(
        ((size > SANE[0]) & (size < SANE[1])).mean() > 0.99 and octaves(size) < MOST_OCTAVES
    )


def _that_count(size: Values) -> Values:
    """Each size once, for a limit may be held for long, and none that is as good as 0."""
    return np.unique(size[size > AS_GOOD_AS_0 * np.quantile(size, 0.99)])


def _are_mostly_sane(sizes: Sequence[Values]) -> bool:
    """Whether most channels are sane: each by itself, for they may be of very different size."""
    return not sizes or bool(np.mean([_are_sane(size) for size in sizes]) > 0.5)


def _is_signal(values: Values) -> bool:
    """Whether floating point numbers look like a signal: of both signs, and of like size."""
    size, n_known = _sizes(values)
    if n_known < 0.5 * len(values) or len(size) < 0.05 * len(values):
        return False
    positive = float((values > 0).sum()) / len(size)
    return _are_sane(size) and 0.02 < positive < 0.98


def octaves(size: Values) -> float:
    """How wide the middle half of sizes (n,), all above 0, is in powers of two."""
    low, high = np.quantile(np.log2(size), (0.25, 0.75))
    return float(high - low)


def _of_integers(blocks: Sequence[bytes], given: np.dtype[Any], n_channels: int) -> Wrong | None:
    if given.itemsize == 2:
        for dtype in ("int32", ">i4"):
            if _is_sign_extended(_viewed(blocks, dtype)):
                return "are the halves of int32 numbers", dtype
    elif _is_pairs(_viewed(blocks, given), n_channels):
        order = ">" if given.byteorder == ">" else "<"
        half = np.dtype(f"{order}i2")
        better = _of_integers(blocks, half, n_channels)
        return "are two samples each", better[1] if better else _name(half)
    if _is_swapped(blocks, given, n_channels):
        other = given.newbyteorder("<" if given.byteorder == ">" else ">")
        signed = _other_sign(_viewed(blocks, other), n_channels)
        return "change least in the byte that should change most", signed or _name(other)
    sign = _other_sign(_viewed(blocks, given), n_channels)
    if sign:
        return "jump between the ends of its range", sign
    return None


def _halves(values: Values) -> tuple[Values, Values]:
    """The lower and the upper 16 bits of 32, both with a sign."""
    wide = values.astype(np.int64)
    low = (wide & 0xFFFF).astype(np.uint16).view(np.int16)
    return low, (wide >> 16).astype(np.int16)


def _is_sign_extended(values: Values) -> bool:
    """Whether numbers of 32 bits are so small that the upper half repeats the sign only."""
    low, high = _halves(values)
    negative = (low < 0).mean()
    return bool((high == -(low < 0).astype(np.int16)).mean() > 0.999 and 0.05 < negative < 0.95)


def _is_pairs(values: Values, n_channels: int) -> bool:
    """Whether numbers of 32 bits are two of 16 that are distributed alike."""
    low, high = _halves(values)
    if _is_sign_extended(values) or not _is_dense(values, n_channels):
        return False
    below, above = float(low.std()), float(high.std())
    alike = min(below, above) > 0 and max(below, above) < 4 * min(below, above)
    return alike and _entropy((low >> 8) & 0xFF) < 6.5


def _is_swapped(blocks: Sequence[bytes], given: np.dtype[Any], n_channels: int) -> bool:
    """Whether the highest byte holds more than the lowest, as after reading the wrong way round.

    Numbers that are all multiples of another, such as those of a 12-bit amplifier in 16 bits, have
    an empty lowest byte by themselves.
    """
    values = _viewed(blocks, given).astype(np.int64)
    if not _is_dense(values, n_channels):
        return False
    low, high = values & 0xFF, (values >> 8 * (given.itemsize - 1)) & 0xFF
    return _entropy(high) > _entropy(low) + 1


def _is_dense(values: Values, n_channels: int) -> bool:
    """Whether most channels use every step, not only every fourth as after 14 bits or fewer."""
    rest = table_of(values, n_channels) & 3
    share = np.max([(rest == one).mean(axis=0) for one in range(4)], axis=0)
    return bool((share < GRID).mean() > 0.5)


def _entropy(numbers: Values) -> float:
    """Of bytes, in bits."""
    counts = np.bincount(numbers.astype(np.int64).ravel(), minlength=256)
    share = counts[counts > 0] / counts.sum()
    return float(-(share * np.log2(share)).sum())


def _other_sign(values: Values, n_channels: int) -> str:
    """The type of the same size with or without a sign, if that takes away jumps."""
    dtype = values.dtype
    if dtype.itemsize != 2:
        return ""
    other = np.dtype(("u" if dtype.kind == "i" else "i") + "2").newbyteorder(dtype.byteorder)
    given, then = _jumps(values, n_channels), _jumps(values.view(other), n_channels)
    return _name(other) if given > MANY_JUMPS and then < given / 10 else ""


def _jumps(values: Values, n_channels: int) -> float:
    """The share of steps in time by more than half the range."""
    wide = values.astype(np.int64)
    return float((np.abs(wide[n_channels:] - wide[:-n_channels]) > HALF_RANGE).mean())


# -- the number of channels


def _channels_in_words(file: Path, reading: RawReading, *, sure: bool) -> str:
    values = _viewed(_blocks(file, reading), reading.dtype).astype(np.float64)
    found = better_channels(values, reading.num_channels) if np.isfinite(values).all() else None
    if found is None or found[1] != sure:
        return ""
    given, number = reading.num_channels, found[0]
    if sure:
        return (
            f"Read as {given} channels, each sample of {file} resembles the one {number} after it "
            f"more than the next one of its own channel: as {number} channels it makes sense: "
            f"--num-channels {number}."
        )
    return (
        f"{file.name} was read as {given} channels, but its samples look like those of {number}: "
        f"check it, and if so, say --num-channels {number}."
    )
