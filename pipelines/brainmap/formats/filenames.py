"""What the names of a folder's images count: time points, planes, channels, or sessions."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

NUMBER = re.compile(r"([0-9]+)")
WORD = re.compile(r"([a-zA-Z]+)[ _.=-]*$")

Role = Literal["time", "plane", "channel", "piece", "session", ""]
"""What a number in a name counts; empty if the word before it does not say."""

ROLES: Mapping[str, Role] = {
    **dict.fromkeys(("t", "tm", "tp", "time", "timepoint", "frame", "fr", "at"), "time"),
    **dict.fromkeys(("vol", "volume"), "time"),
    **dict.fromkeys(("z", "plane", "slice", "sl", "section", "depth", "layer"), "plane"),
    **dict.fromkeys(("c", "ch", "chan", "channel", "w", "wavelength"), "channel"),
    **dict.fromkeys(("rec", "recording", "file", "part", "piece", "chunk", "block"), "piece"),
    **dict.fromkeys(("sess", "session", "trial", "run", "mouse", "animal", "day"), "session"),
}  # fmt: skip

CHANNEL_WORDS = frozenset(
    {"green", "red", "blue", "yellow", "cyan", "farred", "gcamp", "gfp", "egfp", "yfp", "cfp"}
    | {"rfp", "mcherry", "tdtomato", "jrgeco", "rcamp", "dapi", "cha", "chb", "chc", "chd"}
    | {"chana", "chanb", "chanc", "chand"}
)
"""Words that tell channels apart in names: colours, and proteins that glow in them."""


@dataclass(frozen=True)
class Column:
    """One number in names that are otherwise alike.

    Attributes:
        role: what it counts.
        word: that stands before it, as in the names.
        values: of each file.
    """

    role: Role
    word: str
    values: tuple[int, ...]

    @property
    def varies(self) -> bool:
        """Whether it differs between files."""
        return len(set(self.values)) > 1


def pattern(file: Path) -> str:
    """A name with its numbers taken out."""
    return NUMBER.sub("#", file.name.lower())


def columns(files: Sequence[Path]) -> list[Column]:
    """The numbers in the names of files that have one pattern."""
    pieces = NUMBER.split(files[0].name)
    values = zip(*(map(int, NUMBER.findall(file.name)) for file in files), strict=True)
    found = []
    for text, column in zip(pieces[::2], values, strict=False):
        word = _word(text)
        found.append(Column(ROLES.get(word.lower(), ""), word, tuple(column)))
    return found


def _word(text: str) -> str:
    """The last word before a number: "z" in "mouse_z", and in "camelZ" as well."""
    found = WORD.search(text)
    if found is None:
        return ""
    parts = re.findall(r"[A-Z]?[a-z]+|[A-Z]+", found[1])
    return parts[-1] if parts[-1].lower() in ROLES else found[1]


def channel_words(patterns: Sequence[str]) -> list[str]:
    """The word of a channel in each pattern, if the patterns differ in nothing else; else none."""
    words = []
    for text in patterns:
        held = [word for word in re.findall(r"[a-z]+", text) if word in CHANNEL_WORDS]
        words.append(held[0] if len(held) == 1 else "")
    if not all(words) or len(set(words)) != len(patterns):
        return []
    rests = {
        re.sub(rf"(?<![a-z]){word}(?![a-z])", "@", text)
        for word, text in zip(words, patterns, strict=True)
    }
    return words if len(rests) == 1 else []


def differing(patterns: Sequence[str]) -> list[str]:
    """The part of each pattern that sets it apart, such as "runa" and "runb"."""
    start = _shared([list(text) for text in patterns])
    end = _shared([list(text[start:])[::-1] for text in patterns])
    found = []
    for text in patterns:
        middle = text[start : len(text) - end]
        before = re.search(r"[a-z]*$", text[:start])
        after = re.match(r"[a-z]*", text[len(text) - end :])
        found.append((before[0] if before else "") + middle + (after[0] if after else ""))
    return [text.strip("_-. #") or "?" for text in found]


def _shared(texts: Sequence[Sequence[str]]) -> int:
    count = 0
    for letters in zip(*texts, strict=False):
        if len(set(letters)) > 1:
            break
        count += 1
    return count
