"""What a workspace is, and what people may write on it."""

import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from dashboard.jobs import migrations
from dashboard.jobs.store import JobInput, references_of
from pipelines.core.errors import ParameterError

ROOTS: Mapping[str, str] = {"spikes": "recording", "brainmap": "images", "synapses": "table"}
"""The subjects, with what the steps of each call the file that a workspace is about."""
TITLES: Mapping[str, str] = {"spikes": "Spikes", "brainmap": "Brain map", "synapses": "Synapses"}
"""What pages call the subjects."""
ID = re.compile("[0-9a-f]{12}")
LONGEST_NAME = 120
LONGEST_TAG = 40
MOST_TAGS = 20
LONGEST_NOTES = 20_000
JOINERS = "\u200c\u200d"
"""Not shown, but Persian, Hindi and Emoji are spelt with them."""


def address(subject: str, workspace: str, **words: str) -> str:
    """The page of a workspace, at a tab, with a run and so on."""
    return f"/{subject}/{workspace}" + (f"?{urlencode(words)}" if words else "")


@dataclass(frozen=True)
class Workspace:
    """One recording, film or table with everything made of it.

    Attributes:
        id: in its address; it never changes and is made anew from the same file.
        subject: spikes, brainmap or synapses.
        name: as people call it; at first that of its file.
        notes: lines of text.
        tags: words to find it by.
        owner: who made it; empty where nobody signs in.
        created: when, in seconds since 1970.
        changed: when a job was last asked for in it, or something was written on it.
        inputs: what it is about, the recording, film or table first; others, such as a probe,
            were chosen with it.
        hidden: whether it was put away.
    """

    id: str
    subject: str
    name: str
    notes: str
    tags: tuple[str, ...]
    owner: str
    created: float
    changed: float
    inputs: tuple[JobInput, ...]
    hidden: bool = False

    @property
    def root(self) -> JobInput:
        """The recording, film or table."""
        return self.inputs[0]

    @property
    def references(self) -> dict[str, str]:
        """Its inputs as forms and `submit` take them."""
        return references_of(self.inputs)

    @property
    def address(self) -> str:
        """Its page."""
        return address(self.subject, self.id)

    def at(self, tab: str, **words: str) -> str:
        """Its page at one of its tabs, with a run or other words of the address."""
        return address(self.subject, self.id, tab=tab, **words)

    def says(self, search: str) -> bool:
        """Whether each word of a search stands in its name, notes, tags, owner or file."""
        text = " ".join([self.name, self.notes, *self.tags, self.owner, self.root.label])
        return all(word in _folded(text) for word in _folded(search).split())

    def has_tag(self, tag: str) -> bool:
        """Whether it has a tag, however that is capitalised."""
        return _folded(tag) in map(_folded, self.tags)


def workspace_of(row: Mapping[str, Any], home: Path) -> Workspace:
    """The workspace of a row; the home folder may have been moved since it was written.

    Raises:
        ValueError, TypeError, KeyError, AttributeError: it is not what was written.
    """
    items = json.loads(row["inputs"])
    inputs = tuple(JobInput(**{**item, "path": str(home / item["path"])}) for item in items)
    texts = {name: row[name] for name in ("id", "subject", "name", "notes", "owner")}
    tags = json.loads(row["tags"])
    if not inputs or texts["subject"] not in ROOTS or not ID.fullmatch(texts["id"]):
        raise ValueError("a workspace has an id, a subject and a file")
    if not all(isinstance(one, str) for one in (*texts.values(), *tags)):
        raise TypeError("a workspace's texts are texts")
    times = float(row["created"]), float(row["changed"])
    return Workspace(
        **texts,
        tags=tuple(tags),
        created=times[0],
        changed=times[1],
        inputs=inputs,
        hidden=bool(row["hidden"]),
    )


def row_of(workspace: Workspace, home: Path) -> dict[str, Any]:
    """A workspace as `workspace_of` reads it."""
    inputs = [
        {**asdict(one), "path": migrations.inside(home, one.path)} for one in workspace.inputs
    ]
    values = {**asdict(workspace), "tags": json.dumps(workspace.tags)}
    return {**values, "inputs": json.dumps(inputs), "hidden": int(workspace.hidden)}


def clean_name(text: str) -> str:
    """A name as it is kept: one line, without what cannot be seen.

    Raises:
        ParameterError: nothing is left, or it is too long.
    """
    name = _one_line(text)
    if not name:
        raise ParameterError("A workspace needs a name: write at least one letter or digit.")
    return _not_longer(name, LONGEST_NAME, "name")


def clean_tags(texts: Sequence[str]) -> tuple[str, ...]:
    """Tags as they are kept: each one line, none twice, in the order in which they were given.

    Raises:
        ParameterError: one is too long, or they are too many.
    """
    tags: dict[str, str] = {}
    for text in texts:
        if tag := _one_line(text):
            tags.setdefault(_folded(tag), _not_longer(tag, LONGEST_TAG, "tag"))
    if len(tags) > MOST_TAGS:
        raise ParameterError(f"{len(tags)} tags are too many: keep at most {MOST_TAGS}.")
    return tuple(tags.values())


def clean_notes(text: str) -> str:
    """Notes as they are kept: lines of text, without what cannot be seen.

    Raises:
        ParameterError: they are too long.
    """
    lines = "".join(one for one in text.replace("\t", " ") if one == "\n" or _is_seen(one))
    return _not_longer(lines.strip(), LONGEST_NOTES, "notes")


def _one_line(text: str) -> str:
    seen = "".join(one for one in " ".join(text.split()) if _is_seen(one))
    return "" if all(one in JOINERS + " " for one in seen) else " ".join(seen.split())


def _is_seen(character: str) -> bool:
    return character.isprintable() or character in JOINERS


def _not_longer(text: str, most: int, what: str) -> str:
    if len(text) > most:
        raise ParameterError(
            f"The {what} of {len(text):,} characters is too long: shorten it to {most:,}."
            if what != "notes"
            else f"Notes of {len(text):,} characters are too long: shorten them to {most:,}."
        )
    return text


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()
