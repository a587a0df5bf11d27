"""All readers by name, and their damaged files by number."""

from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from random import Random

from tests.fuzz.files import Files, read_files
from tests.fuzz.mutating import mutated
from tests.fuzz.reader import Absent, Reader, Sample

GROUPS = ("images", "recordings", "sortings", "tables", "models")
"""Modules, each with its `READERS`; a worker imports those that it needs."""
TARGET = ".target"
"""The file beside a sample's folder that says what of it is read."""


@dataclass(frozen=True)
class Input:
    """One damaged file, which the same numbers give again.

    Attributes:
        group: the module of its reader.
        reader: name.
        sample: name.
        run: what the numbers belong to: "fuzz", "test" or any other word.
        number: of the input.
    """

    group: str
    reader: str
    sample: str
    run: str
    number: int


def readers(group: str) -> dict[str, Reader]:
    """The readers of a group by name."""
    found: tuple[Reader, ...] = import_module(f"tests.fuzz.{group}").READERS
    return {reader.name: reader for reader in found}


def shares(count: int, group: str = "", reader: str = "") -> dict[tuple[str, str], int]:
    """How many of `count` inputs each reader of all, or of some, gets."""
    chosen = {
        (one, name): found.share
        for one in ([group] if group else GROUPS)
        for name, found in readers(one).items()
        if reader.casefold() in name.casefold()
    }
    whole = sum(chosen.values()) or 1.0
    return {key: round(count * share / whole) for key, share in chosen.items()}


def inputs(group: str, reader: str, count: int, run: str) -> Iterator[Input]:
    """So many inputs of a reader, shared out among its samples."""
    samples = readers(group)[reader].samples
    for number in range(count):
        yield Input(group, reader, samples[number % len(samples)].name, run, number)


@dataclass(frozen=True)
class Whole:
    """A sample as files: what is read of them is `target`."""

    files: Files
    target: str


def load_sample(folder: Path, reader: Reader, name: str) -> Whole | None:
    """A sample, made when it is first asked for; none if its data are not here."""
    place = folder / f"{reader.name}-{name}".replace("/", "-").replace(" ", "_")
    mark = place / TARGET
    if not mark.exists():
        _make(place, next(one for one in reader.samples if one.name == name))
    target = mark.read_text(encoding="utf-8")
    return Whole(read_files(place / "files"), target) if target else None


def _make(place: Path, sample: Sample) -> None:
    inside = place / "files"
    inside.mkdir(parents=True, exist_ok=True)
    try:
        target = sample.make(inside)
    except Absent:
        target = ""
    (place / TARGET).write_text(target, encoding="utf-8")


def damaged_files(whole: Whole, reader: Reader, given: Input) -> Files:
    """The files of an input; of the run "whole" those of the sample."""
    if given.run == "whole":
        return whole.files
    random = Random(f"{given.run}/{given.reader}/{given.sample}/{given.number}")
    files = mutated(whole.files, random)
    return reader.seal(files) if random.random() < 0.9 else files
