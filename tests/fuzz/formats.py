"""Damage that a format's own header can hold: npy, TIFF, HDF5, Parquet, MATLAB, pickles."""

import io
import struct
import warnings
from random import Random
from typing import Any

import h5py
import numpy as np

from tests.fuzz import raw_bytes, texts

TIFF_TAGS = (256, 257, 258, 259, 262, 270, 273, 277, 278, 279, 282, 284, 322, 324, 325, 339, 50838)
"""Width, height, bits, compression, ..., offsets and sizes of strips, sizes of tiles, ImageJ's."""
COUNTS = (0, 1, 2, 3, 7, 255, 65535, 2**31 - 1, 2**31, 2**32 - 1)


# -- npy


def change_npy(random: Random, content: bytes) -> bytes:
    """Another header, well formed or not, before the same numbers."""
    length = int.from_bytes(content[8:10], "little")
    header, rest = content[10 : 10 + length], content[10 + length :]
    kind = random.randrange(6)
    if kind == 0:
        header = texts.replace_number(random, header)
    elif kind == 1:
        shape = random.choice(("()", "(0,)", "(-1,)", "(2,)", "(2**40,)", f"({2**62}, 4)",
                               "(3, 0)", f"({2**63},)", "(1, 1, 1, 1, 1, 1)", "[4]", "None",
                               "('a',)"))  # fmt: skip
        header = header[: header.find(b"(")] + shape.encode() + header[header.rfind(b")") + 1 :]
    elif kind == 2:
        dtype = random.choice(("|O", "<c16", "<U5", "|S0", "|V8", "<M8[ns]", "<f2", ">i4", "|b1",
                               "<f16", "|i1", "[('a', '<f4')]", "zzz",
                               "<U99999999", "<f8"))  # fmt: skip
        named = dtype if dtype.startswith("[") else f"'{dtype}'"
        start, stop = header.find(b"'descr':") + 9, header.find(b", 'fort")
        header = header[:start] + named.encode() + header[stop:]
    elif kind == 3:
        header = header.replace(b"False", random.choice((b"True", b"None", b"0", b"xx")), 1)
    elif kind == 4:
        header = random.choice((b"{}", b"(" * 3000, b"{'descr': '<f8'}", header.strip()[:-1],
                                b"{'a': " * 99, b"__import__('os')", header * 2))  # fmt: skip
    else:
        return content[:6] + bytes([random.choice((0, 2, 3, 9)), random.randrange(3)]) + content[8:]
    size = len(header) if random.random() < 0.9 else random.choice((0, 9, 65535))
    return content[:8] + struct.pack("<H", min(size, 65535)) + header + rest


# -- TIFF


def change_tiff(random: Random, content: bytes) -> bytes:
    """Another value, count, type or number of a tag; or directories in a circle."""
    order = "<" if content[:2] == b"II" else ">"
    changed = bytearray(content)
    places = list(_directories(content, order))
    if not places:
        return raw_bytes.flip_bits(random, content)
    start, count = random.choice(places)
    at = start + 2 + 12 * random.randrange(max(1, count))
    kind = random.randrange(8)
    if kind < 3:
        struct.pack_into(order + "I", changed, at + 8, random.choice(COUNTS))
    elif kind == 3:
        struct.pack_into(order + "I", changed, at + 4, random.choice(COUNTS))
    elif kind == 4:
        struct.pack_into(order + "H", changed, at + 2, random.randrange(20))
    elif kind == 5:
        struct.pack_into(order + "H", changed, at, random.choice(TIFF_TAGS))
    elif kind == 6:
        struct.pack_into(order + "I", changed, start + 2 + 12 * count, random.choice(
            (8, start, places[0][0], 2**32 - 1, len(content), 4)))  # fmt: skip
    else:
        struct.pack_into(order + "H", changed, start, random.choice((0, 1, 5, 65535)))
    return bytes(changed)


def _directories(content: bytes, order: str) -> Any:
    """Where each directory of a classic TIFF begins, and how many tags it has."""
    at = struct.unpack_from(order + "I", content, 4)[0]
    for _ in range(50):
        if not 8 <= at < len(content) - 6:
            return
        count = struct.unpack_from(order + "H", content, at)[0]
        if at + 6 + 12 * count > len(content):
            return
        yield at, count
        at = struct.unpack_from(order + "I", content, at + 2 + 12 * count)[0]


# -- HDF5


def change_hdf5(random: Random, content: bytes) -> bytes:
    """Remove, replace or rename an array, a group or an attribute; the file stays well formed."""
    stream = io.BytesIO(content)
    try:
        with warnings.catch_warnings(), h5py.File(stream, "r+") as root:
            warnings.simplefilter("ignore")
            names: list[str] = []
            root.visit(names.append)
            if names:
                _change_object(random, root, random.choice(names))
    except (OSError, ValueError, TypeError, KeyError, RuntimeError):  # such as a name that is taken
        return raw_bytes.set_integer(random, content)
    return stream.getvalue()


def _change_object(random: Random, root: Any, name: str) -> None:
    one = root[name]
    kind = random.randrange(10)
    if kind == 0:
        del root[name]
    elif kind == 1:
        root.move(name, f"{name}2")
    elif kind == 2 and len(root):
        del root[name]
        root[name] = h5py.SoftLink(random.choice(("/", f"/{name}", "/nowhere")))
    elif kind == 3:
        del root[name]
        root.create_group(name) if isinstance(one, h5py.Dataset) else root.create_dataset(
            name, data=3
        )
    elif kind < 7 and isinstance(one, h5py.Dataset):
        attributes = dict(one.attrs)
        _other_values(random, root, name, one)
        root[name].attrs.update(attributes)
    else:
        _change_attribute(random, one)


def _other_values(random: Random, root: Any, name: str, one: Any) -> None:
    values = one[()] if one.shape is not None else np.zeros(1)
    shape, dtype = one.shape or (), one.dtype
    del root[name]
    if random.random() < 0.3:  # far larger than the file, for nothing of it is stored
        large = tuple(random.choice((size, 2**20, 2**33)) for size in shape) or (2**40,)
        kind = dtype if dtype.kind in "biuf" else "f4"
        root.create_dataset(name, shape=large, dtype=kind, chunks=tuple(min(s, 64) for s in large))
        return
    number = isinstance(values, np.ndarray) and values.dtype.kind in "biuf"
    root.create_dataset(name, data=random.choice((
        0, -1, float("nan"), "text", np.zeros((0,)), np.zeros((3, 0)), np.zeros(2, "S4"), [1, 2],
        np.full(shape, np.nan), np.zeros((*shape, 2)), np.zeros(shape, "c8"),
        values[..., :1] if number and shape else 7, values.T if number else 0, h5py.Empty("f4"),
        np.zeros(2, [("a", "f4"), ("b", "S3")]), np.arange(5) * 10**15,
        values.astype("f2") if number else 1, np.full(shape, 1e308), np.zeros(shape, ">i4"),
    )))  # fmt: skip


def _change_attribute(random: Random, one: Any) -> None:
    if not len(one.attrs):
        return
    name = random.choice(sorted(one.attrs))
    if random.random() < 0.2:
        del one.attrs[name]
        return
    one.attrs[name] = random.choice((
        0, -1, 2**62, float("nan"), float("inf"), "", "text", [1, 2, 3], ["a", "b"], 1e300,
        np.zeros((2, 2)), h5py.Empty("S1"), np.bytes_(b"\xff\xfe"), True, 1e-300, h5py.Reference(),
    ))  # fmt: skip


# -- Parquet


def change_parquet(random: Random, content: bytes) -> bytes:
    """Damage in the footer, which says where everything is; or a footer of another length."""
    length = int.from_bytes(content[-8:-4], "little")
    start = max(4, len(content) - 8 - length)
    if random.random() < 0.15:
        wrong = random.choice((0, 1, length - 1, length + 1, len(content), 2**31, 2**32 - 1))
        return content[:-8] + struct.pack("<I", wrong) + b"PAR1"
    damage = random.choice((raw_bytes.flip_bits, raw_bytes.set_bytes, texts.replace_word))
    return content[:start] + damage(random, content[start:-8]) + content[-8:]


# -- MATLAB of version 5


def change_mat(random: Random, content: bytes) -> bytes:
    """Another type, size or flag of an element; they stand at multiples of eight bytes."""
    at = 128 + 8 * random.randrange(max(1, min(40, (len(content) - 128) // 8)))
    value = random.choice((*range(20), 255, 0xFFFF, 2**31 - 1, 2**31, 2**32 - 1, 2**32 - 8))
    at += 4 * random.randrange(2)
    return content[:at] + struct.pack("<I", value) + content[at + 4 :]


# -- pickles


def change_pickle(random: Random, content: bytes) -> bytes:
    """Exchange whole names and small numbers, so that a pickle still ends as one does."""
    if random.random() < 0.5:
        return (
            texts.replace_word(random, content)
            if random.random() < 0.3
            else _letter(random, content)
        )
    at = random.randrange(len(content))
    opcodes = b"KMJGNQRabcdehijlopqrstu}])(.\x85\x86\x87\x88\x89\x8c\x93\x94"
    return content[:at] + bytes([random.choice(opcodes)]) + content[at + 1 :]


def _letter(random: Random, content: bytes) -> bytes:
    at = random.randrange(len(content))
    return content[:at] + bytes([random.choice((0, 1, 2, 127, 128, 255))]) + content[at + 1 :]
