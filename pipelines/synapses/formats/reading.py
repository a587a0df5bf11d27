"""Tables as they are: cells, and the row numbers a spreadsheet program shows.

The kind of file is told by its content, not by its name. What has to be unpacked is read by
a process of its own (`sandbox`), which refuses everything that could be harmful.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import pandas as pd
import pyarrow
import pyarrow.compute as pc

from pipelines.core.errors import TableError
from pipelines.files.reading import reading
from pipelines.synapses.formats import text_tables
from pipelines.synapses.formats.header import LOOKED_AT, Head, find_head
from pipelines.synapses.formats.limits import MB, Limits
from pipelines.synapses.formats.rows import PACKED, TEXT, is_workbook, named_kinds, row_of
from pipelines.synapses.formats.sandbox import rows as answered
from pipelines.synapses.formats.sandbox import unpacked
from pipelines.synapses.formats.sheets import Sheet, with_head, with_marks, without_comments
from pipelines.synapses.formats.workbooks import trimmed

ADVICE = "save it again as .csv or .xlsx"
NumberedRows = Iterable[tuple[int, Sequence[Any]]]


@dataclass(frozen=True)
class Wanted:
    """What is read of a file.

    Attributes:
        sheet: name of the worksheet; empty if only one has what is looked for.
        limits: how large the table may be.
        names: of columns that are looked for.
        header_row: number of the row that names the columns; 0 to find it.
    """

    sheet: str
    limits: Limits
    names: tuple[str, ...] = ()
    header_row: int = 0


def read_sheet(
    path: Path,
    sheet: str = "",
    limits: Limits | None = None,
    *,
    names: Iterable[str] = (),
    header_row: int = 0,
) -> Sheet:
    """Read one sheet of a workbook, a Parquet file or a text with separators.

    Args:
        path: the file.
        sheet: name of the worksheet; may be empty if only one has what is looked for.
        limits: how large the table may be.
        names: of columns that are looked for, to find the row that names them.
        header_row: number of that row, where a person said it; 0 to find it.

    Raises:
        TableError: no table can be read; says why and what to do.
    """
    with reading(path, TableError, ADVICE, "table"):
        return _read(path, Wanted(sheet, limits or Limits(), tuple(names), header_row))


def _read(path: Path, wanted: Wanted) -> Sheet:
    _require_sensible(path, wanted.limits)
    row = row_of(path)
    if wanted.sheet and not is_workbook(row):
        raise TableError(f"{path.name} is a table without sheets: leave the sheet empty.")
    found: Sheet = row.reader(path, wanted)
    return found


@dataclass(frozen=True)
class Outline:
    """What a file has to choose from.

    Attributes:
        sheets: the names of the columns of each worksheet with content, by its name; of a file
            without worksheets, by the empty name.
    """

    sheets: dict[str, list[str]]


def read_outline(
    path: Path, limits: Limits | None = None, *, names: Iterable[str] = (), header_row: int = 0
) -> Outline:
    """What sheets and columns there are to choose from; see `read_sheet`.

    Raises:
        TableError: no table can be read.
    """
    with reading(path, TableError, ADVICE, "table"):
        return _outline(path, Wanted("", limits or Limits(), tuple(names), header_row))


def _outline(path: Path, wanted: Wanted) -> Outline:
    _require_sensible(path, wanted.limits)
    row = row_of(path)
    if is_workbook(row):
        return _outline_of_workbook(path, wanted)
    if row is TEXT:  # of which the first part is enough
        head = text_tables.start_of(path, wanted.names, wanted.header_row).head
        return Outline({"": _named(head.names + [None] * (head.width - len(head.names)))})
    return Outline({"": [str(name) for name in row.reader(path, wanted).cells.columns]})


def _outline_of_workbook(path: Path, wanted: Wanted) -> Outline:
    with unpacked(path, "names", "", wanted.limits) as stream:
        found = [line for line in answered(stream) if "sheet" in line]
    heads = {
        line["sheet"]: find_head(line["rows"], wanted.names, wanted.header_row, path.name)
        for line in found
    }
    return Outline({sheet: _named(head.names) for sheet, head in heads.items()})


def _require_sensible(path: Path, limits: Limits) -> None:
    """Refuse a folder, and a file that is empty or too large."""
    name = path.name
    if path.is_dir():
        raise TableError(f"{name} is a folder: choose {named_kinds()}.")
    with path.open("rb") as stream:
        start = stream.read(8)
    unpacks = start.startswith(PACKED)
    most = limits.file_bytes if unpacks else limits.text_bytes
    if path.stat().st_size > most:
        raise TableError(f"{name} is larger than {most / MB:g} MB: split the table.")
    if not start:
        raise TableError(f"{name} is empty: choose a file with a table.")


# -- what the rows of `formats.FORMATS` read


def read_text(path: Path, wanted: Wanted) -> Sheet:
    """Read a text with separators.

    Raises:
        TableError: as `read_sheet`.
    """
    limits = wanted.limits
    text = text_tables.Text.read(path.name, path.read_bytes(), wanted.names, wanted.header_row)
    plain = text.columns(limits)
    if plain is None:
        sheet = _assemble(path.name, "", text.rows(), text.head, limits)
    else:
        place = Sheet(path.name, "", pd.DataFrame()).place()
        columns = _names(place, list(plain.column_names), len(plain.column_names))
        numbers = np.arange(text.first_row, text.first_row + plain.num_rows)
        found = dict(zip(columns, plain.columns, strict=True))
        sheet = with_head(_long_sheet(path.name, found, numbers, limits), text.head)
    return without_comments(sheet)


def read_workbook(path: Path, wanted: Wanted) -> Sheet:
    """Read a sheet of a workbook.

    Raises:
        TableError: as `read_sheet`.
    """
    about: dict[str, Any] = {}
    limits = wanted.limits
    with unpacked(path, "sheet", wanted.sheet, limits, wanted.names) as stream:
        lines = answered(stream)
        opened = next(lines)
        place = Sheet(path.name, opened["sheet"], pd.DataFrame()).place()
        rows = _numbered(lines, about)
        first = list(islice(rows, LOOKED_AT))
        if not first:
            raise TableError(f"{place} has no rows: fill in the table.")
        head = find_head(first, wanted.names, wanted.header_row, place)
        found = _assemble(path.name, opened["sheet"], chain(first, rows), head, limits)
    found = replace(found, notes=(*opened.get("notes", ()), *found.notes))
    return without_comments(with_marks(found, about))


def _numbered(lines: Iterator[Any], about: dict[str, Any]) -> Iterator[tuple[int, Sequence[Any]]]:
    for line in lines:
        if isinstance(line, dict):
            about.update(line)
        else:
            yield line[0], line[1]


def read_parquet(path: Path, wanted: Wanted) -> Sheet:
    """Read a Parquet file.

    Raises:
        TableError: as `read_sheet`.
    """
    with unpacked(path, "parquet", "", wanted.limits) as stream:
        next(answered(stream))  # the Arrow stream follows the first line
        with pyarrow.ipc.open_stream(stream) as reader:
            table = reader.read_all()
    table.validate(full=True)
    place = Sheet(path.name, "", pd.DataFrame()).place()
    names = _names(place, list(table.column_names), table.num_columns)
    # Row 1 is the header, as it would be in a spreadsheet.
    numbers = np.arange(2, 2 + table.num_rows)
    found = dict(zip(names, table.columns, strict=True))
    return _long_sheet(path.name, found, numbers, wanted.limits)


# -- columns at once


def _long_sheet(
    file: str, columns: dict[str, pyarrow.ChunkedArray], numbers: Any, limits: Limits
) -> Sheet:
    """A sheet from Arrow columns; rows without content are left out."""
    place = Sheet(file, "", pd.DataFrame()).place()
    if len(columns) > limits.columns:
        _refuse_wide(place, numbers[0] - 1 if len(numbers) else 1, len(columns), limits)
    cleaned = {name: _without_blanks(column) for name, column in columns.items()}
    filled = np.zeros(len(numbers), dtype=bool)
    for column in cleaned.values():
        filled |= column.is_valid().to_numpy(zero_copy_only=False)
    if not filled.any():
        raise TableError(f"{place} has a header but no rows below it: fill in the table.")
    if filled.sum() > limits.rows:
        raise TableError(f"{place} has more than {limits.rows:,} rows: split the table.")
    frame = pd.DataFrame({name: _as_series(column) for name, column in cleaned.items()})
    frame.index = pd.Index(numbers, name="row")
    return Sheet(file, "", frame if filled.all() else frame[filled])


def _without_blanks(column: pyarrow.ChunkedArray) -> pyarrow.ChunkedArray:
    """Text cells of white space alone as missing."""
    if not _is_text(column.type):
        return column
    blank = pc.equal(pc.utf8_trim_whitespace(column), "")
    if not pc.any(blank).as_py():
        return column
    return pc.if_else(blank, pyarrow.scalar(None, column.type), column)


def _is_text(kind: pyarrow.DataType) -> bool:
    return bool(pyarrow.types.is_string(kind) or pyarrow.types.is_large_string(kind))


def _as_series(column: pyarrow.ChunkedArray) -> "pd.Series[Any]":
    """Text as pandas' strings, numbers without holes as numbers, all else as plain objects."""
    kind = column.type
    number = pyarrow.types.is_floating(kind) or pyarrow.types.is_integer(kind)
    if _is_text(kind) or (number and column.null_count == 0):
        series: pd.Series[Any] = column.to_pandas()
        return series
    return pd.Series(column.to_pylist(), dtype=object)


# -- row by row


def _assemble(file: str, name: str, rows: NumberedRows, head: Head, limits: Limits) -> Sheet:
    """The rows below the names of the columns; rows without content are left out."""
    place = Sheet(file, name, pd.DataFrame()).place()
    if len(head.names) > limits.columns:
        _refuse_wide(place, head.row, len(head.names), limits)
    numbers: list[int] = []
    body: list[list[Any]] = []
    below = ((number, cells) for number, cells in rows if number > head.last_row)
    for number, cells in _filled(below, place, limits):
        if len(body) == limits.rows:
            raise TableError(f"{place} has more than {limits.rows:,} rows: split the table.")
        numbers.append(number)
        body.append(cells)
    if not body:
        raise TableError(f"{place} has a header but no rows below it: fill in the table.")
    return with_head(_frame(file, name, head.names, numbers, body), head)


def _filled(rows: NumberedRows, place: str, limits: Limits) -> Iterator[tuple[int, list[Any]]]:
    for number, cells in rows:
        kept = trimmed(cells)
        if len(kept) > limits.columns:
            _refuse_wide(place, number, len(kept), limits)
        if kept:
            yield number, kept


def _refuse_wide(place: str, row: int, width: int, limits: Limits) -> NoReturn:
    raise TableError(
        f"{place}, row {row} has {width} columns; at most {limits.columns} can be read: remove the "
        "others."
    )


def _frame(
    file: str, name: str, header: list[Any], numbers: list[int], body: list[list[Any]]
) -> Sheet:
    known = len(header)
    longest = max(known, *(len(cells) for cells in body))
    width = longest if name else known
    overlong = (
        ()
        if name
        else tuple(n for n, cells in zip(numbers, body, strict=True) if len(cells) > known)
    )
    names = _names(Sheet(file, name, pd.DataFrame()).place(), header, width)
    square = [cells[:width] + [None] * (width - len(cells)) for cells in body]
    frame = pd.DataFrame(
        {names[i]: pd.Series([cells[i] for cells in square], dtype=object) for i in range(width)}
    )
    frame.index = pd.Index(numbers, name="row")
    return Sheet(file, name, frame, overlong=overlong)


def _names(place: str, header: list[Any], width: int) -> list[str]:
    names = _named(header + [None] * (width - len(header)))
    for i, name in enumerate(names):
        if name in names[:i]:
            raise TableError(f"{place} has two columns {name}: rename or remove one of them.")
    return names


def _named(header: Sequence[Any]) -> list[str]:
    """Names of columns; one without a name is called by its letter."""
    return [
        f"column {column_letter(i)}" if cell is None or not str(cell).strip() else str(cell).strip()
        for i, cell in enumerate(header)
    ]


def column_letter(index: int) -> str:
    """The letter of a column, counted from 0, as a spreadsheet program shows it."""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters
