"""What kinds of files are read and written: one row for each kind.

The rows stand in `spikes/recording/formats.py`, `spikes/units/formats.py`,
`brainmap/formats/rows.py` and `synapses/formats/rows.py`. Readers, the command line, what the app
offers of a data folder, what can be uploaded, forms, messages and docs are made from them: whoever
adds a row has added the format.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from fnmatch import fnmatch
from itertools import islice
from pathlib import Path
from typing import Any, Literal

from pipelines.core.location import imported

Stands = Literal["alone", "either", "together", "series", "folder"]
"""How files of a kind make an input.

    alone     each file is one
    either    each file is one; of a folder that holds several, a person says which
    together  each file is one, and several in a folder may belong together
    series    several in a folder are one; only a single file is one by itself
    folder    the folder that holds such files, never a file
"""


JOINED = ("together", "series")


def _nothing(_: Path) -> bool:
    return False


@dataclass(frozen=True)
class Format:
    """One kind of file or folder.

    Nothing heavy is imported for a row: what reads and writes is named, and imported when needed.

    Attributes:
        name: short and without blanks, as the command line has it.
        title: as lists and sentences call it.
        read: what opens it, as "module:function"; empty if it is only written.
        write: what writes it, likewise; empty if it is only read.
        suffixes: how its files end, in small letters.
        marks: names of files that tell of their folder that it is of this kind; with patterns and
            one folder in between at most, such as "plane[0-9]*/data.bin".
        stands: how files with these suffixes make an input.
        holds: whether a file with such a suffix is of this kind, where others have the suffix too.
        recognises: whether a path is of this kind, where marks and suffixes do not say it.
        rules_out: a look without a library whether a file, or a folder with a mark, cannot be read
            although it has the name: it is then not offered. What is damaged may pass.
        unoffered: suffixes of files that mostly are something else, which are read all the same.
        is_uploaded: whether it can be uploaded; a folder of folders cannot.
        beside: how files end that describe it, and are uploaded with it.
        ask: how a sentence asks for it: what to choose instead of what is not read.
        about: what is written, as the end of a sentence.
        then: what to do with what was written, in sentences.
        leaves: what each file that it writes holds, by its name.
    """

    name: str
    title: str
    read: str = ""
    write: str = ""
    suffixes: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()
    stands: Stands = "alone"
    holds: Callable[[Path], bool] | None = None
    recognises: Callable[[Path], bool] | None = None
    rules_out: Callable[[Path], bool] = _nothing
    unoffered: tuple[str, ...] = ()
    is_uploaded: bool = True
    beside: tuple[str, ...] = ()
    ask: str = ""
    about: str = ""
    then: str = ""
    leaves: Mapping[str, str] = field(default_factory=dict)

    @property
    def reader(self) -> Callable[..., Any]:
        """What opens it."""
        reader: Callable[..., Any] = imported(self.read)
        return reader

    @property
    def writer(self) -> Callable[..., Any]:
        """What writes it."""
        writer: Callable[..., Any] = imported(self.write)
        return writer

    def files(self, path: Path) -> list[Path]:
        """The file itself, or the visible files of a folder, that are of this kind."""
        found = files_with(path, self.suffixes)
        return found if self.holds is None else [file for file in found if self.holds(file)]

    def recognise(self, path: Path) -> bool:
        """Whether a path is of this kind, as far as that is seen without reading it."""
        if self.recognises is not None:
            return self.recognises(path)
        if path.is_file():
            return self.stands != "folder" and bool(self.files(path))
        marked = any(one.is_file() for mark in self.marks for one in path.glob(mark))
        return marked or (self.stands != "alone" and bool(self.files(path)))


def in_order(name: str) -> list[tuple[int, str]]:
    """A key that sorts names as people count: 2 before 10."""
    words = re.split(r"(\d+)", name)
    return [(int(word), "") if word.isdigit() else (-1, word.casefold()) for word in words]


def visible_files(folder: Path) -> list[Path]:
    """The files of a folder in the order of their names, but for hidden ones.

    macOS leaves `._name` beside every `name` that it copies, with the same suffix.
    """
    files = [file for file in folder.iterdir() if not file.name.startswith(".")]
    return sorted((file for file in files if file.is_file()), key=lambda file: in_order(file.name))


def files_with(path: Path, suffixes: Sequence[str]) -> list[Path]:
    """The file itself, or the visible files of a folder, that end in one of these."""
    files = [path] if path.is_file() else visible_files(path)
    return [file for file in files if file.suffix.lower() in suffixes]


# -- what lists and sentences say of rows


def of_name(rows: Iterable[Format], name: str) -> Format:
    """The row of that name.

    Raises:
        KeyError: there is none.
    """
    return {row.name: row for row in rows}[name]


def suffixes(rows: Iterable[Format]) -> tuple[str, ...]:
    """How files end that are read, each once."""
    return _once(one for row in rows if row.read for one in row.suffixes)


def uploaded(rows: Sequence[Format]) -> tuple[str, ...]:
    """How files may end that are uploaded: those that are read, then those that describe them."""
    there = [row for row in rows if row.is_uploaded]
    return _once([*suffixes(there), *(one for row in there for one in row.beside)])


def written(rows: Iterable[Format]) -> tuple[str, ...]:
    """The names of what can be written."""
    return tuple(row.name for row in rows if row.write)


def asked(rows: Iterable[Format]) -> str:
    """What can be given, as the end of a sentence: "a, b or c"."""
    return either(_once(row.ask for row in rows if row.read and row.ask))


def either(names: Sequence[str]) -> str:
    """Names as "a, b or c"."""
    return " or ".join([*filter(None, [", ".join(names[:-1])]), *names[-1:]])


def _once(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))


# -- what of a folder is an input


@dataclass(frozen=True)
class Listing:
    """A folder with the names of what is in it."""

    folder: Path
    files: tuple[str, ...]
    folders: tuple[str, ...] = ()

    def has(self, mark: str) -> bool:
        """Whether a file in it, or in a folder in it, has the name of a mark."""
        folder, slash, name = mark.rpartition("/")
        if not slash:
            return any(fnmatch(one, name) for one in self.files)
        places = (one for one in self.folders if fnmatch(one, folder))
        return any(_is_file(self.folder / one / name) for one in places)


@dataclass(frozen=True)
class Offer:
    """What of a folder is an input.

    Attributes:
        itself: whether the folder is one.
        files: names of those that are.
        is_whole: whether what lies in it and below belongs to it and is no input by itself.
    """

    itself: bool
    files: tuple[str, ...] = ()
    is_whole: bool = False


def offer(rows: Iterable[Format], listing: Listing, most: int | None = None) -> Offer:
    """What of a folder can be read.

    Args:
        rows: the kinds that are asked for.
        listing: of the folder.
        most: files of a kind that are enough.
    """
    there = [row for row in rows if row.read]
    marks = [mark for row in there for mark in _marks(row, listing)]
    if any("/" not in mark for mark in marks):
        return Offer(True, is_whole=True)
    itself, names = bool(marks), set[str]()
    for row in there:
        found = list(islice(_files(row, listing), most))
        several = len(found) > 1
        itself |= bool(found) if row.stands == "folder" else several and row.stands in JOINED
        if row.stands != "folder" and not (row.stands == "series" and several):
            names.update(found)
    return Offer(itself, tuple(name for name in listing.files if name in names))


def _is_file(path: Path) -> bool:
    with suppress(OSError):  # of a folder that may not be looked into
        return path.is_file()
    return False


def _marks(row: Format, listing: Listing) -> list[str]:
    """The marks of a row that a folder has, unless a look at it says otherwise."""
    found = [mark for mark in row.marks if listing.has(mark)]
    return found if found and _may_be(row, listing.folder) else []


def _files(row: Format, listing: Listing) -> Iterator[str]:
    """Names of files with a row's suffixes, but for hidden ones."""
    wanted = set(row.suffixes) - set(row.unoffered)
    for name in listing.files:
        fits = not name.startswith(".") and Path(name).suffix.lower() in wanted
        if fits and _may_be(row, listing.folder / name):
            yield name


def _may_be(row: Format, path: Path) -> bool:
    """Whether a path can be read for all that a look at it tells; a pipe is never looked into."""
    try:
        return (path.is_file() or path.is_dir()) and not row.rules_out(path)
    except OSError:  # it may not be looked at, which the reader says in a sentence
        return True
