"""Which reading of a raw binary file makes sense: its sample type, byte order and channels.

Bytes that are read as the wrong numbers show it: values jump between the ends of the type's range,
the byte that should change fastest changes least, floating point numbers have every magnitude, or
each sample resembles the next one of another channel more than that of its own. What right
recordings can look like too (white noise, few levels, saturation, channels without signal) is no
reason for doubt. Needs numpy only.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

N_BLOCKS, BLOCK_BYTES = 6, 1 << 17
"""Of the file, spread evenly."""

MOST_CHANNELS = 1_024
"""That another number of channels is looked for among."""

HALF_RANGE = 1 << 15
MANY_JUMPS = 0.005
"""Share of steps by more than half the range from which on they are no accident."""

SANE = (1e-15, 1e12)
"""Sizes of floating point numbers that somebody stored, in volts or in steps."""

MOST_OCTAVES = 6.0
"""Middle half of the sizes of floating point numbers: a signal has 2, random bytes have 60."""

TIMES_SMOOTHER = 1.6
"""So many times smaller must the steps of another number of channels be."""

MOST_TRIED = 4
LEAST_STEPS = 100
"""Of a channel, to be judged by."""

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
class Reading:
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


def raw_doubt(file: Path, reading: Reading) -> str:
    """A sentence if another reading of the file makes clearly more sense, otherwise nothing.

    Args:
        file: that holds nothing but samples, after the offset.
        reading: how it is going to be read.
    """
    return (
        _header_doubt(file, reading) or _type_doubt(file, reading) or _channels_doubt(file, reading)
    )


def _blocks(file: Path, reading: Reading) -> list[bytes]:
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


def _header_doubt(file: Path, reading: Reading) -> str:
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
    if readable and len(text) >= 16 and len(set(text)) >= 8:
        some = " ".join(text.split())[:30]
        return (
            f"{file} begins with text ({some!r}), so it has a header: give the bytes of it as "
            "file_offset."
        )
    return ""


# -- the type of a sample


def _type_doubt(file: Path, reading: Reading) -> str:
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
    values = _viewed(blocks, given)
    size, n_known = _sizes(values)
    if n_known and (not len(size) or _are_sane(size)):
        return None
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


def _is_signal(values: Values) -> bool:
    """Whether floating point numbers look like a signal: of both signs, and of like size."""
    size, n_known = _sizes(values)
    if n_known < 0.5 * len(values) or len(size) < 0.05 * len(values):
        return False
    positive = float((values > 0).sum()) / len(size)
    return _are_sane(size) and 0.02 < positive < 0.98


def octaves(size: Values) -> float:
    """The middle half of sizes, as powers of two."""
    low, high = np.quantile(np.log2(size), (0.25, 0.75))
    return float(high - low)


def _of_integers(blocks: Sequence[bytes], given: np.dtype[Any], n_channels: int) -> Wrong | None:
    if given.itemsize == 2:
        for dtype in ("int32", ">i4"):
            if _is_sign_extended(_viewed(blocks, dtype)):
                return "are the halves of int32 numbers", dtype
    elif _is_pairs(_viewed(blocks, given)):
        order = ">" if given.byteorder == ">" else "<"
        half = np.dtype(f"{order}i2")
        better = _of_integers(blocks, half, n_channels)
        return "are two samples each", better[1] if better else _name(half)
    if _is_swapped(blocks, given):
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


def _is_pairs(values: Values) -> bool:
    """Whether numbers of 32 bits are two of 16 that are distributed alike."""
    low, high = _halves(values)
    if _is_sign_extended(values) or not _is_dense(values):
        return False
    below, above = float(low.std()), float(high.std())
    alike = min(below, above) > 0 and max(below, above) < 4 * min(below, above)
    return alike and _entropy((low >> 8) & 0xFF) < 6.5


def _is_swapped(blocks: Sequence[bytes], given: np.dtype[Any]) -> bool:
    """Whether the highest byte holds more than the lowest, as after reading the wrong way round.

    Numbers that are all multiples of another, such as those of a 12-bit amplifier in 16 bits, have
    an empty lowest byte by themselves.
    """
    values = _viewed(blocks, given).astype(np.int64)
    if not _is_dense(values):
        return False
    low, high = values & 0xFF, (values >> 8 * (given.itemsize - 1)) & 0xFF
    return _entropy(high) > _entropy(low) + 1


def _is_dense(values: Values) -> bool:
    """Whether numbers are not all multiples of another."""
    return bool(np.gcd.reduce(np.diff(values.astype(np.int64))) == 1)


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


def _channels_doubt(file: Path, reading: Reading) -> str:
    blocks = _blocks(file, reading)
    values = _viewed(blocks, reading.dtype).astype(np.float64)
    if not np.isfinite(values).all():
        return ""
    number = better_channels(values, reading.num_channels)
    if number is None:
        return ""
    return (
        f"Read as {reading.num_channels} channels, each sample of {file} resembles the one "
        f"{number} after it more than the next one of its own channel: as {number} channels it "
        f"makes sense: --num-channels {number}."
    )


def better_channels(values: Values, n_channels: int) -> int | None:
    """Another number of channels, if with it every channel is clearly smoother in time.

    In a right reading that cannot be: of the distances below twice the number of channels, each
    leads for some channels to a later sample of another one, which does not resemble more than
    the next one of their own. Greater distances can come from a tone in the signal; so the
    channels must also differ more from each other when they are told apart that way.

    Args:
        values: samples as they stand in the file.
        n_channels: that were said.
    """
    for signal in (values - np.median(values), spikes_only(values, n_channels)):
        for number in _smoothest(signal, n_channels):
            near = number < 2 * n_channels
            if _times_smoother(signal, n_channels, number) > TIMES_SMOOTHER and (
                near or _unevenness(signal, number) > 2 * _unevenness(signal, n_channels) + 0.1
            ):
                return number
    return None


def spikes_only(values: Values, n_channels: int) -> Values:
    """Samples far from the middle of what seems their channel; the rest, mostly noise, is 0."""
    table = values[: len(values) // n_channels * n_channels].reshape(-1, n_channels)
    centred = table - np.median(table, axis=0)
    noise = 1.4826 * np.median(np.abs(centred), axis=0)
    far = (np.abs(centred) > 5 * noise) & (noise > 0)
    return np.where(far, centred, 0.0).ravel()


def _smoothest(signal: Values, n_channels: int) -> list[int]:
    """Distances at which samples resemble each other most, better than at the given one."""
    n = len(signal)
    power = np.abs(np.fft.rfft(signal - signal.mean(), 1 << (2 * n).bit_length())) ** 2
    alike = np.fft.irfft(power)[: min(MOST_CHANNELS, n // 4) + 1] / np.arange(
        n, n - min(MOST_CHANNELS, n // 4) - 1, -1
    )
    own = alike[min(n_channels, len(alike) - 1)]
    order = [int(lag) for lag in np.argsort(-alike[1:]) + 1]
    return [lag for lag in order[:MOST_TRIED] if lag != n_channels and alike[lag] > own]


def _times_smoother(signal: Values, n_channels: int, number: int) -> float:
    """How much smaller squared steps are at another distance, of the channel that gains least."""
    rows = (len(signal) - max(n_channels, number)) // n_channels
    here = signal[: rows * n_channels].reshape(rows, n_channels)
    own = signal[n_channels:][: rows * n_channels].reshape(rows, n_channels) - here
    other = signal[number:][: rows * n_channels].reshape(rows, n_channels) - here
    there = here != 0
    counts = there.sum(axis=0)
    own_size, other_size = (np.square(one * there).sum(axis=0) for one in (own, other))
    known = (counts >= LEAST_STEPS) & (own_size > 0)
    later = np.arange(n_channels) >= n_channels - number
    if number > n_channels:
        later = np.arange(n_channels) < 2 * n_channels - number
    if number < 2 * n_channels and not known[later].any():
        return 0.0
    if not known.any():
        return 0.0
    with np.errstate(divide="ignore"):
        return float((own_size[known] / other_size[known]).min())


def _unevenness(signal: Values, n_channels: int) -> float:
    """How much the power of channels differs, as a share of the mean."""
    table = signal[: len(signal) // n_channels * n_channels].reshape(-1, n_channels)
    power = table.var(axis=0)
    return float(power.std() / power.mean()) if power.mean() > 0 else 0.0
