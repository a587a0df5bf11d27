"""Damage to texts: numbers and words in headers, JSON values, XML, cells of tables."""

import json
import re
from random import Random
from typing import Any

NUMBERS = ("0", "-1", "1", "2147483648", "4294967295", "9223372036854775808", "1" + "0" * 400,
           "1e400", "-1e400", "1e308", "NaN", "nan", "inf", "-Infinity", "0.0", "1e-320", "0x10",
           "1.5", "١٢", "1,5", "1 000", "")  # fmt: skip
WORDS = ("", " ", "a" * 5000, "\0", "é\u202e☃", "../../etc/passwd", "/", "-", "=1+1", "null",
         "None", "true", "{}", "[]", "\ud7ff", "%s%n", "\x1b[31m")  # fmt: skip
NUMBER = re.compile(rb"-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")
WORD = re.compile(rb"[A-Za-z_]{3,}")
TAG = re.compile(rb"<[^<>]*>")
ENCODINGS = ("utf-16", "utf-8-sig", "latin-1", "utf-32", "cp1252")
SHOWN = 50_000
"""Bytes of a file in which numbers and words are looked for."""


def is_text(content: bytes) -> bool:
    """Whether bytes are a text, or begin with one, as many headers do."""
    start = content[:200]
    return bool(start) and sum(byte < 9 or byte > 126 for byte in start) <= len(start) // 20


def _replace(random: Random, content: bytes, pattern: re.Pattern[bytes], by: str) -> bytes:
    found = list(pattern.finditer(content[:SHOWN]))
    if not found:
        return content
    match = random.choice(found)
    return content[: match.start()] + by.encode("utf-8", "replace") + content[match.end() :]


def replace_number(random: Random, content: bytes) -> bytes:
    return _replace(random, content, NUMBER, random.choice(NUMBERS))


def replace_word(random: Random, content: bytes) -> bytes:
    return _replace(random, content, WORD, random.choice(WORDS))


def change_lines(random: Random, content: bytes) -> bytes:
    lines = content.split(b"\n")
    at = random.randrange(len(lines))
    kind = random.randrange(6)
    if kind == 0:
        del lines[at]
    elif kind == 1:
        lines.insert(at, lines[random.randrange(len(lines))])
    elif kind == 2:
        lines[at : at + 1] = [lines[at]] * random.choice((2, 50))
    elif kind == 3:
        random.shuffle(lines)
    elif kind == 4:
        lines[at] = lines[at][: random.randrange(len(lines[at]) + 1)]
    else:
        lines[at] = lines[at] * random.choice((3, 100))
    return random.choice((b"\n", b"\n", b"\r", b"\r\n")).join(lines)


def recode(random: Random, content: bytes) -> bytes:
    text = content.decode("utf-8", "replace")
    if random.random() < 0.4:
        at = random.randrange(len(text) + 1)
        text = text[:at] + random.choice(("é", "\0", "\x1a", "µ", "\u2028", "𝟛")) + text[at:]
    return text.encode(random.choice(ENCODINGS), "replace")


def insert_bytes(random: Random, content: bytes) -> bytes:
    at = random.randrange(len(content) + 1)
    piece = random.choice(
        (b"\0", b"\xff\xfe", b"\xc3", b'"', b"'", b",", b";", b"\t", b"\r", b"\\")
    )
    return content[:at] + piece * random.choice((1, 1, 3, 500)) + content[at:]


# -- JSON


def is_json(content: bytes) -> bool:
    """Whether bytes are a JSON object or list."""
    if content.lstrip()[:1] not in (b"{", b"["):
        return False
    try:
        json.loads(content)
    except (ValueError, RecursionError):
        return False
    return True


def _values(random: Random) -> Any:
    nested: Any = 0
    for _ in range(random.choice((2, 30))):
        nested = [nested] if random.random() < 0.5 else {"a": nested}
    return random.choice((
        None, True, False, 0, -1, 1, 2**31, 2**63, 2**64, 10**30, 1.5, -0.0, 1e300, float("inf"),
        float("nan"), "", "a", "a" * 3000, "é☃", "../..", "/dev/zero", [], {}, [[]], [None],
        [0] * 50, {"": 0}, {"class": "os.system"}, "1", "nan", nested,
    ))  # fmt: skip


def _places(value: Any, found: list[tuple[Any, Any]]) -> list[tuple[Any, Any]]:
    """Every container of a JSON value with each of its keys."""
    keys = (
        value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    )
    for key in keys:
        found.append((value, key))
        _places(value[key], found)
    return found


def change_json(random: Random, content: bytes) -> bytes:
    """Replace, remove, rename, exchange or repeat a value."""
    values = json.loads(content)
    places = _places(values, [])
    if not places:
        return json.dumps(_values(random)).encode()
    for _ in range(random.choice((1, 1, 1, 3))):
        holder, key = random.choice(places)
        kind = random.randrange(10)
        if (isinstance(holder, dict) and key not in holder) or (
            isinstance(holder, list) and key >= len(holder)
        ):
            continue
        if kind < 6:
            holder[key] = _values(random)
        elif kind == 6:
            del holder[key]
        elif kind == 7 and isinstance(holder, dict):
            holder[random.choice(WORDS)] = holder.pop(key)
        elif kind == 8 and isinstance(holder, list):
            holder.extend([holder[key]] * random.choice((1, 100)))
        else:
            other, where = random.choice(places)
            if isinstance(other, dict) and where in other:
                holder[key] = json.loads(json.dumps(other[where]))
    return json.dumps(values).encode()


def break_json(random: Random, content: bytes) -> bytes:
    """JSON of another shape as a whole."""
    return random.choice((
        b"[" * 200_000, b'{"a":' * 100_000, b"null", b"[]", b"{}", b"0", b'""', content * 2,
        b"[" + content + b"]",
        content.replace(b":", b"", 1), content.replace(b'"', b"'"), b"\xef\xbb\xbf" + content,
        content.replace(b"{", b'{"a": 1, "a": 2, ', 1), b"1" * 10_000,
    ))  # fmt: skip


# -- XML


def is_xml(content: bytes) -> bool:
    """Whether bytes begin as XML does."""
    return content.lstrip()[:1] == b"<" and b">" in content


def change_xml(random: Random, content: bytes) -> bytes:
    """Remove, repeat, exchange or rename a tag, or its attribute's value."""
    tags = list(TAG.finditer(content[:SHOWN]))
    if not tags:
        return content
    one, other = random.choice(tags), random.choice(tags)
    kind = random.randrange(6)
    new = one.group()
    if kind == 0:
        new = b""
    elif kind == 1:
        new *= random.choice((2, 200))
    elif kind == 2:
        new = other.group()
    elif kind == 3:
        quoted = random.choice((*NUMBERS, *WORDS)).encode("utf-8", "replace")
        new = re.sub(rb'"[^"]*"', lambda _: b'"' + quoted + b'"', new, count=random.choice((1, 0)))
    elif kind == 4:
        new = re.sub(rb"\s[\w:]+=\"[^\"]*\"", b"", new, count=1)
    else:
        new = b'<!DOCTYPE a [<!ENTITY b "bbbb">]>' + new + b"&b;"
    return content[: one.start()] + new + content[one.end() :]


# -- tables


def is_table(content: bytes) -> bool:
    """Whether a text has columns."""
    head = content.split(b"\n", 1)[0]
    return is_text(content) and head.count(b",") + head.count(b";") + head.count(b"\t") > 0


def change_cells(random: Random, content: bytes) -> bytes:
    """Replace cells, remove, repeat or rename columns, make rows uneven, change separators."""
    separator = b"\t" if b"\t" in content.split(b"\n", 1)[0] else b","
    rows = [line.split(separator) for line in content.split(b"\n")]
    kind, column = random.randrange(9), random.randrange(len(rows[0]))
    row = random.choice(rows)
    if kind < 3:
        for _ in range(random.choice((1, 1, 5))):
            row = random.choice(rows)
            value = random.choice((*NUMBERS, *WORDS)).encode("utf-8", "replace")
            row[random.randrange(len(row))] = value
    elif kind == 3:
        value = random.choice((*NUMBERS, *WORDS)).encode("utf-8", "replace")
        rows = [[*one[:column], value, *one[column + 1 :]] if at else one
                for at, one in enumerate(rows)]  # fmt: skip
    elif kind == 4:
        rows = [one[:column] + one[column + 1 :] for one in rows]
    elif kind == 5:
        rows = [[*one, *one[column : column + 1]] for one in rows]
    elif kind == 6:
        row *= random.choice((2, 300))
    elif kind == 7:
        rows[0][column] = random.choice(WORDS).encode("utf-8", "replace")
    else:
        separator = random.choice((b";", b"|", b"\t", b" ", b",,", b'","'))
    return b"\n".join(separator.join(one) for one in rows)
