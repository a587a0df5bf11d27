"""Damage to bytes of any meaning: flips, cuts, blocks, and large integers at aligned places."""

import struct
from collections.abc import Callable, Sequence
from random import Random

INTEGERS = (0, 1, -1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 2**31 - 1, 2**31, 2**32 - 1, 2**40,
            2**62, 2**63 - 1, 2**63, 2**64 - 1)  # fmt: skip
"""Where types end, and sizes that no file has."""
HEADER = 512
"""Bytes at a file's beginning that are hit more often, for they say what the rest is."""


def _place(random: Random, content: bytes) -> int:
    """Where to hit; half of all times in the header."""
    end = min(len(content), HEADER) if random.random() < 0.5 else len(content)
    return random.randrange(max(1, end))


def flip_bits(random: Random, content: bytes) -> bytes:
    changed = bytearray(content)
    for _ in range(random.choice((1, 1, 1, 2, 8, 40))):
        if changed:
            changed[_place(random, content)] ^= 1 << random.randrange(8)
    return bytes(changed)


def set_bytes(random: Random, content: bytes) -> bytes:
    at, length = _place(random, content), random.choice((1, 1, 2, 4, 8, 64))
    value = random.choice((b"\0", b"\xff", b"\x7f", random.randbytes(1)))
    return content[:at] + value * length + content[at + length :]


def truncate(random: Random, content: bytes) -> bytes:
    if random.random() < 0.3:
        return content[: -random.choice((1, 2, 4, 7, 8, 16))]
    return content[: random.randrange(len(content) + 1)]


def empty(_: Random, __: bytes) -> bytes:
    return b""


def _block(random: Random, content: bytes) -> tuple[int, int]:
    start = _place(random, content)
    return start, start + random.choice((1, 4, 16, 64, 512, 4096))


def duplicate_block(random: Random, content: bytes) -> bytes:
    start, stop = _block(random, content)
    return content[:stop] + content[start:stop] * random.choice((1, 1, 3, 20)) + content[stop:]


def remove_block(random: Random, content: bytes) -> bytes:
    start, stop = _block(random, content)
    return content[:start] + content[stop:]


def swap_blocks(random: Random, content: bytes) -> bytes:
    (start, stop), (other, end) = sorted((_block(random, content), _block(random, content)))
    if stop > other:
        return flip_bits(random, content)
    parts = (content[:start], content[other:end], content[stop:other], content[start:stop])
    return b"".join((*parts, content[end:]))


def zero_block(random: Random, content: bytes) -> bytes:
    start, stop = _block(random, content)
    return content[:start] + b"\0" * (min(stop, len(content)) - start) + content[stop:]


def set_integer(random: Random, content: bytes) -> bytes:
    """Write an integer that no type or file holds at a place where integers stand."""
    size = random.choice((2, 4, 4, 8))
    at = _place(random, content) // size * size
    order = random.choice(("<", "<", ">"))
    value = random.choice(INTEGERS) % 256**size
    packed = struct.pack(f"{order}{ {2: 'H', 4: 'I', 8: 'Q'}[size] }", value)
    return content[:at] + packed + content[at + size :]


def set_float(random: Random, content: bytes) -> bytes:
    value = random.choice((float("nan"), float("inf"), -1.0, 0.0, 1e300, 1e-300))
    kind = random.choice(("<f", "<d"))
    packed = struct.pack(kind, value if kind == "<d" else max(min(value, 1e38), -1e38))
    at = _place(random, content) // len(packed) * len(packed)
    return content[:at] + packed + content[at + len(packed) :]


def append(random: Random, content: bytes) -> bytes:
    return content + random.choice((b"\0", b"\n", random.randbytes(64), content[:100]))


def noise(random: Random, content: bytes) -> bytes:
    return random.randbytes(min(len(content), 2000))


ANY: Sequence[Callable[[Random, bytes], bytes]] = (
    flip_bits, flip_bits, flip_bits, set_bytes, truncate, truncate, duplicate_block, remove_block,
    swap_blocks, zero_block, set_integer, set_integer, set_integer, set_float, append,
)  # fmt: skip
RARE: Sequence[Callable[[Random, bytes], bytes]] = (empty, noise)
