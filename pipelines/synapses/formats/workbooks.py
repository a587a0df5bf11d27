"""Workbooks and Parquet files, read in a process of their own under limits.

What decompresses or parses XML runs here and nowhere else: a file that takes more memory or
time than a table needs ends this process, not the one that asked. It imports little, so
that it starts quickly. It answers in lines of JSON: {"sheet"}, then [row number, cells] a row,
then what is said beside the cells; or {"error"}. A Parquet table is answered as an Arrow stream.
"""

import errno
import json
import os
import sys
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from pipelines.core.errors import NeuroboardError, TableError
from pipelines.synapses.formats import calamine_book, openpyxl_book
from pipelines.synapses.formats.archives import kind_of, readable
from pipelines.synapses.formats.header import LOOKED_AT, best_named, is_empty
from pipelines.synapses.formats.limits import MEMORY_EXIT, Limits

NumberedRows = Iterable[tuple[int, Sequence[Any]]]
PLAIN = (str, int, float, bool, type(None))


class Book(Protocol):
    """What is asked of a workbook, of whatever kind."""

    def sheets(self) -> list[tuple[str, bool]]:
        """The worksheets in their order, and whether each can be seen."""

    def rows(self, sheet: str) -> NumberedRows:
        """All rows of a worksheet with their numbers, cells as they are."""

    def marks(self, sheet: str, *, holes: bool) -> dict[str, Any]:
        """What is said beside the cells: see `answer`."""

    def notes(self) -> list[str]:
        """Sentences on what cannot be seen in this kind of workbook."""


@contextmanager
def opened(path: Path, limits: Limits) -> Iterator[Book]:
    """A workbook, by its content.

    Raises:
        TableError: it cannot be read.
    """
    kind = kind_of(path, limits)
    with readable(path.name):
        if kind == ".xlsx":
            with openpyxl_book.open_book(path) as book:
                yield book
        else:
            with calamine_book.open_book(path) as other:
                yield other


def answer(path: Path, sheet: str, names: list[str], limits: Limits, out: BinaryIO) -> None:
    """Write the rows of one sheet as lines, then what is said beside them.

    These are `formulas` ([row, column] of those that may lack a value), `hidden` (rows) and
    `merged` ([first row, last row, column] of cells that are one); columns count from 0.
    """
    with opened(path, limits) as book:
        name, note = _choose(path.name, book, sheet, names, limits)
        _line(out, {"sheet": name, "notes": [*note, *book.notes()]})
        holes, width = False, 0
        for number, cells in _rows(book, name, limits):
            holes = holes or None in cells or (width > 0 and len(cells) != width)
            width = len(cells)
            _line(out, [number, cells])
        _line(out, book.marks(name, holes=holes))


def answer_names(path: Path, limits: Limits, out: BinaryIO) -> None:
    """Write the first filled rows of every sheet that has any, those that can be seen first."""
    with opened(path, limits) as book:
        for name, _ in sorted(book.sheets(), key=lambda sheet: not sheet[1]):
            first = list(islice(_rows(book, name, limits), LOOKED_AT))
            if first:
                _line(out, {"sheet": name, "rows": first})


def answer_parquet(path: Path, limits: Limits, out: BinaryIO) -> None:
    """Write a Parquet table as an Arrow stream, after a line that says so.

    Raises:
        TableError: the file is damaged, beyond the limits, or holds lists or records.
        MemoryError: reading it takes more than it may.
    """
    import pyarrow
    from pyarrow.parquet import ParquetFile

    try:
        stored = ParquetFile(path)
        _refuse_large_parquet(path.name, stored.metadata, limits)
        _refuse_nested(path.name, stored.schema_arrow)
        table = stored.read()
        # A dictionary may stand for far more than it holds: it is written out here, under limits.
        plain = pyarrow.schema(
            [
                field.with_type(field.type.value_type)
                if pyarrow.types.is_dictionary(field.type)
                else field
                for field in table.schema
            ]
        )
        table = table.cast(plain)
    except (NeuroboardError, MemoryError):  # Arrow's is one of its exceptions too
        raise
    except Exception as error:  # whatever is raised on damaged bytes
        raise TableError(
            f"{path.name} is a damaged Parquet file ({type(error).__name__}): write it anew."
        ) from error
    _line(out, {"sheet": ""})
    with pyarrow.ipc.new_stream(out, table.schema) as stream:
        stream.write_table(table)


def _refuse_nested(file: str, schema: Any) -> None:
    import pyarrow

    nested = [field.name for field in schema if pyarrow.types.is_nested(field.type)]
    if nested:
        raise TableError(f"{file}, column {nested[0]} holds lists or records: take plain columns.")


def _refuse_large_parquet(file: str, about: Any, limits: Limits) -> None:
    """Nothing is unpacked before its declared size is known."""
    groups = [about.row_group(i) for i in range(about.num_row_groups)]
    inflated = sum(group.total_byte_size for group in groups)
    if inflated > limits.inflated_bytes or about.num_rows > limits.rows:
        raise TableError(f"{file} inflates to far more than a table needs: split the table.")
    if about.num_columns > limits.columns:
        raise TableError(f"{file} has more than {limits.columns} columns: remove the others.")


def _line(out: BinaryIO, value: Any) -> None:
    out.write(json.dumps(value).encode() + b"\n")


# -- sheets


def _choose(
    file: str, book: Book, sheet: str, names: list[str], limits: Limits
) -> tuple[str, list[str]]:
    """The sheet that is read, and a sentence on the others where one has to know of them."""
    titles = [title for title, _ in book.sheets()]
    if sheet:
        wanted = sheet.strip().casefold()
        for title in sorted(titles, key=lambda title: title != sheet):
            if title.strip().casefold() == wanted:
                return title, []
        raise TableError(f'{file} has no sheet "{sheet}": it has {_quoted(titles)}.')
    first = {title: list(islice(_rows(book, title, limits), LOOKED_AT)) for title in titles}
    filled = [title for title in titles if first[title]]
    if not filled:
        raise TableError(f"{file} has no rows in any sheet: fill in the table.")
    visible = {title for title, is_visible in book.sheets() if is_visible}
    seen = [title for title in filled if title in visible] or filled
    hidden = [title for title in filled if title not in seen]
    notes = [_not_read(hidden, "hidden in the workbook")] if hidden else []
    if len(seen) == 1:
        if seen[0] not in visible:
            notes = [f'the sheet "{seen[0]}" is hidden in the workbook; it alone has rows.']
        return seen[0], notes
    complete = [title for title in seen if _has_all(first[title], names)]
    if len(complete) != 1:
        raise TableError(f"{file} has several sheets, {_quoted(seen)}: choose one by its name.")
    others = [title for title in seen if title != complete[0]]
    return complete[0], [*notes, _not_read(others, "without the columns that are needed")]


def _not_read(titles: list[str], why: str) -> str:
    many = len(titles) > 1
    verbs = ("are", "were") if many else ("is", "was")
    return f"the sheet{'s' * many} {_quoted(titles)} {verbs[0]} {why} and {verbs[1]} not read."


def _has_all(rows: list[tuple[int, list[Any]]], names: list[str]) -> bool:
    """Whether the first rows of a sheet name all columns that are looked for."""
    return bool(names) and best_named(rows, names)[1] == len(set(names))


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def _rows(book: Book, sheet: str, limits: Limits) -> Iterator[tuple[int, list[Any]]]:
    """Rows with content, of plain cells; a row that is too long is cut just beyond the limit."""
    for number, cells in book.rows(sheet):
        kept = trimmed(cells)[: limits.columns + 1]
        if kept:
            yield number, [cell if isinstance(cell, PLAIN) else str(cell) for cell in kept]


def trimmed(cells: Sequence[Any]) -> list[Any]:
    """Blank cells as None, and none at the end."""
    end = len(cells)
    while end and is_empty(cells[end - 1]):
        end -= 1
    return [None if is_empty(cell) else cell for cell in cells[:end]]


# -- the process


def main() -> None:
    """Answer the one request on standard input, into the file that it names."""
    if "--parquet" in sys.argv:
        import pyarrow.parquet  # noqa: F401  to be ready
    else:
        # openpyxl works without numpy and starts in half the time.
        sys.modules["numpy"] = None  # type: ignore[assignment]
        import openpyxl  # noqa: F401  to be ready
    request = json.loads(sys.stdin.readline() or "null")
    if request is None:
        return
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        _answer_into(request)
    except MemoryError:
        os._exit(MEMORY_EXIT)
    except OSError as error:
        # The answer grew beyond its limit, perhaps only when the rest of it was written.
        os._exit(MEMORY_EXIT if error.errno == errno.EFBIG else 1)


def _answer_into(request: dict[str, Any]) -> None:
    limits = Limits(**request["limits"])
    with Path(request["out"]).open("wb") as out:
        limits.apply(request["size"])
        try:
            _answer(request, limits, out)
        except NeuroboardError as error:
            _line(out, {"error": error.sentence})


def _answer(request: dict[str, Any], limits: Limits, out: BinaryIO) -> None:
    path = Path(request["path"])
    if request["what"] == "parquet":
        answer_parquet(path, limits, out)
        return
    if request["what"] == "names":
        answer_names(path, limits, out)
    else:
        answer(path, request["sheet"], request["names"], limits, out)


def _end_with_parent() -> None:
    """Standard input closes when the process that asked is gone; there is no use in going on."""
    sys.stdin.read()
    os._exit(1)


if __name__ == "__main__":
    main()
