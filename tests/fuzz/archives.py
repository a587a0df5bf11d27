"""Damage within a zip archive (npz, xlsx, ods, skops): members changed, lost, doubled, cut."""

import io
import struct
import zipfile
from collections.abc import Callable
from random import Random

from tests.fuzz import raw_bytes

Members = list[tuple[zipfile.ZipInfo, bytes]]


def change_archive(
    random: Random, content: bytes, damaged: Callable[[Random, bytes], bytes]
) -> bytes:
    """An archive that is whole, with one of its members damaged, lost, doubled or renamed.

    Args:
        random: what chooses.
        content: of the archive.
        damaged: damages the content of a member.
    """
    try:
        members = _members(content)
    except (zipfile.BadZipFile, OSError, ValueError, KeyError):  # damaged before
        return raw_bytes.flip_bits(random, content)
    if not members:
        return raw_bytes.append(random, content)
    at = random.randrange(len(members))
    info, inside = members[at]
    kind = random.randrange(12)
    if kind < 7:
        members[at] = (info, damaged(random, inside))
    elif kind == 7:
        del members[at]
    elif kind == 8:
        members.append((info, damaged(random, inside)))
    elif kind == 9:
        info.filename = random.choice(("../out", "/abs", "a" * 300, members[0][0].filename, "x\0y"))
    elif kind == 10:
        members[at] = (info, random.choice((b"", inside * 2, b"\0" * 5_000_000)))
    else:
        return _wrong_record(random, content)
    return _archive(members)


def _members(content: bytes) -> Members:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return [(info, archive.read(info)) for info in archive.infolist()]


def _archive(members: Members) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for info, inside in members:
            kept = zipfile.ZipInfo(info.filename, (1980, 1, 1, 0, 0, 0))
            kept.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(kept, inside)
    return stream.getvalue()


def _wrong_record(random: Random, content: bytes) -> bytes:
    """A size, place, method or checksum in the list of members that is wrong."""
    at = content.rfind(b"PK\x01\x02")
    field, size = random.choice(((10, 2), (8, 2), (16, 4), (20, 4), (24, 4), (28, 2), (42, 4)))
    value = random.choice(raw_bytes.INTEGERS) % 256**size
    packed = struct.pack("<H" if size == 2 else "<I", value)
    return content[: at + field] + packed + content[at + field + size :]
