"""A sample, damaged by chance: the same damage for the same number."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

from tests.fuzz import archives, formats, raw_bytes, texts
from tests.fuzz.files import Content, Files, Link, Pipe

Damage = Callable[[Random, bytes], bytes]


@dataclass(frozen=True)
class Kind:
    """Damage that suits some contents.

    Attributes:
        suits: whether it does.
        damages: as likely as they stand here.
    """

    suits: Callable[[bytes], bool]
    damages: Sequence[Damage]


def _inside_archive(random: Random, content: bytes) -> bytes:
    return archives.change_archive(random, content, damaged)


KINDS = (
    Kind(lambda content: content[:4] == b"PK\3\4", (_inside_archive,)),
    Kind(lambda content: content[:6] == b"\x93NUMPY", (formats.change_npy,)),
    Kind(lambda content: content[:4] in (b"II*\0", b"MM\0*"), (formats.change_tiff,)),
    Kind(lambda content: b"\x89HDF\r\n\x1a\n" in content[:1024], (formats.change_hdf5,)),
    Kind(lambda content: content[:4] == b"PAR1", (formats.change_parquet,)),
    Kind(lambda content: content[:6] == b"MATLAB", (formats.change_mat,)),
    Kind(lambda content: content[:1] == b"\x80" and content[-1:] == b".", (formats.change_pickle,)),
    Kind(texts.is_json, (*(texts.change_json,) * 4, texts.break_json)),
    Kind(texts.is_xml, (texts.change_xml, texts.replace_number)),
    Kind(texts.is_table, (*(texts.change_cells,) * 2, texts.recode, texts.insert_bytes)),
    Kind(texts.is_text, (texts.replace_number, texts.replace_number, texts.replace_word,
                         texts.change_lines, texts.recode, texts.insert_bytes)),
)  # fmt: skip
OF_ITS_KIND = 0.6
"""Share of damages that know what they damage."""
OF_FOLDER = 0.15
AGAIN = 0.2
"""Of those that are damaged once, the share that is damaged once more."""
RARELY = 0.04
"""Share of damages that leave nothing of a file."""


def damaged(random: Random, content: bytes) -> bytes:
    """The content with one damage, half of them of its own kind."""
    suiting = [kind for kind in KINDS if kind.suits(content)]
    if not suiting or random.random() >= OF_ITS_KIND:
        return hit(random, content)
    damage = random.choice(random.choice(suiting[:2]).damages)
    try:
        return damage(random, content)
    except Exception:  # what was damaged before has no header left to change
        return hit(random, content)


def hit(random: Random, content: bytes) -> bytes:
    """The content with some of its bytes damaged, whatever they mean."""
    rare = random.random() < RARELY
    return random.choice(raw_bytes.RARE if rare else raw_bytes.ANY)(random, content)


def mutated(files: Files, random: Random) -> Files:
    """The files with one damage, sometimes more, in one of them or in what is there."""
    damage = damaged
    while True:
        if len(files) > 1 and random.random() < OF_FOLDER:
            files = change_folder(random, files)
        else:
            files = _with_one_damaged(random, files, damage)
        if random.random() >= AGAIN:
            return files
        damage = hit  # a library that changes a damaged file could crash here


def _with_one_damaged(random: Random, files: Files, damage: Damage) -> Files:
    names = [name for name, content in files.items() if isinstance(content, bytes) and content]
    if not names:
        return files
    name = random.choice(names)
    content = files[name]
    assert isinstance(content, bytes)
    return {**files, name: damage(random, content)}


def change_folder(random: Random, files: Files) -> Files:
    """Files that are missing, renamed, emptied, exchanged, links, pipes or folders."""
    changed: dict[str, Content] = dict(files)
    names = list(files)
    name, other = random.choice(names), random.choice(names)
    kind = random.randrange(11)
    if kind < 3:
        del changed[name]
    elif kind == 3:
        changed[f"{name}~"] = changed.pop(name)
    elif kind == 4:
        changed[name] = b""
    elif kind == 5:
        changed[name] = files[other]
    elif kind == 6:
        targets = (
            "/etc/passwd",
            "nowhere",
            name.rpartition("/")[2],
            "..",
            "/dev/null",
            "/dev/zero",
        )
        changed[name] = Link(random.choice(targets))
    elif kind == 7:
        changed[name] = Pipe()
    elif kind == 8:
        changed.pop(name)
        changed[f"{name.rstrip('/')}/"] = b""
    elif kind == 9:
        changed[f"{name.rstrip('/')}.copy"] = files[name]
    else:
        begin = name.partition("/")[0]
        for one in [one for one in names if one.partition("/")[0] == begin]:
            changed.pop(one, None)
    return changed
