"""Tables as they are: cells, and the row numbers a spreadsheet program shows.

The kind of file is told by its content, not by its name. What has to be unpacked is read by
a process of its own (`sandbox`), which refuses everything that could be harmful.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow
import pyarrow.compute as pc

from pipelines.errors import TableError
from pipelines.synapses import text_tables
from pipelines.synapses.limits import MB, Limits
from pipelines.synapses.sandbox import rows as answered
from pipelines.synapses.sandbox import unpacked
from pipelines.synapses.workbooks import trimmed

ZIP, OLE, PARQUET = b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"PAR1"
NumberedRows = Iterable[tuple[int, Sequence[Any]]]


@dataclass(frozen=True)
class Sheet:
    """The cells of one sheet.

    Attributes:
        file: name of the file.
        name: name of the worksheet; empty for a text table.
        cells: one column a header, indexed by row number; blank cells are missing.
        formulas: (row, column) of formulas that were saved without their value.
        overlong: rows of a text table with more cells than the header.
    """

    file: str
    name: str
    cells: pd.DataFrame
    formulas: frozenset[tuple[int, str]] = field(default_factory=frozenset)
    overlong: tuple[int, ...] = ()

    @property
    def is_workbook(self) -> bool:
        """Whether the cells have types, as in a workbook."""
        return bool(self.name)

    @property
    def row_numbers(self) -> list[int]:
        """As a spreadsheet program shows them."""
        numbers: list[int] = self.cells.index.to_numpy(dtype=int).tolist()
        return numbers

    def cell(self, row: int, column: str) -> Any:
        """One cell as a plain value; None where it is blank."""
        array = self._arrays[column]
        value = array[self.cells.index.get_loc(row)]
        if isinstance(value, np.generic):
            value = value.item()
        missing = value is None or value is pd.NA or value is pd.NaT
        is_text = isinstance(array.dtype, pd.StringDtype)
        return None if missing or (is_text and value != value) else value

    @cached_property
    def _arrays(self) -> dict[str, Any]:
        return {str(name): self.cells[name].array for name in self.cells.columns}

    def place(self, row: int | None = None, column: str = "") -> str:
        """Where something is, as a person would look it up."""
        sheet = f'sheet "{self.name}"' if self.name else ""
        line = f"row {row}" if row is not None else ""
        parts = (self.file, sheet, line, f"column {column}" if column else "")
        return ", ".join(part for part in parts if part)


def read_sheet(path: Path, sheet: str = "", limits: Limits | None = None) -> Sheet:
    """Read one sheet of an `.xlsx` workbook, a Parquet file or a text with separators.

    Args:
        path: the file.
        sheet: name of the worksheet; may be empty if only one has content.
        limits: how large the table may be.

    Raises:
        TableError: no table can be read; says why and what to do.
    """
    limits = limits or Limits()
    start = _start_of(path, limits)
    if start.startswith(ZIP):
        return _read_workbook(path, sheet, limits)
    if sheet:
        raise TableError(f"{path.name} is a table without sheets: leave the sheet empty.")
    if start.startswith(PARQUET):
        return _read_parquet(path, limits)
    return _read_text(path, limits)


@dataclass(frozen=True)
class Outline:
    """What a file has to choose from.

    Attributes:
        sheets: the names of the columns of each worksheet with content, by its name; of a file
            without worksheets, by the empty name.
    """

    sheets: dict[str, list[str]]


def read_outline(path: Path, limits: Limits | None = None) -> Outline:
    """What sheets and columns there are to choose from.

    Raises:
        TableError: no table can be read.
    """
    limits = limits or Limits()
    start = _start_of(path, limits)
    if start.startswith(PARQUET):
        return Outline({"": [str(name) for name in _read_parquet(path, limits).cells.columns]})
    if not start.startswith(ZIP):
        return Outline({"": _named(text_tables.header_of(path))})
    with unpacked(path, "names", "", limits) as stream:
        found = [line for line in answered(stream, path.name) if "sheet" in line]
    return Outline({line["sheet"]: _named(line["header"]) for line in found})


def _start_of(path: Path, limits: Limits) -> bytes:
    """The first bytes of a file that may be read."""
    name = path.name
    try:
        if path.is_dir():
            raise TableError(f"{name} is a folder: choose an .xlsx, .csv, .tsv or .parquet file.")
        with path.open("rb") as stream:
            start = stream.read(8)
        unpacks = start.startswith((ZIP, PARQUET))
        most = limits.file_bytes if unpacks else limits.text_bytes
        if path.stat().st_size > most:
            raise TableError(f"{name} is larger than {most / MB:g} MB: split the table.")
    except OSError as error:
        raise TableError(f"{name} cannot be read: {error.strerror or error}.") from None
    if not start:
        raise TableError(f"{name} is empty: choose a file with a table.")
    if start.startswith(OLE):
        raise TableError(
            f"{name} is an old or password-protected Excel file: save it as .xlsx without password."
        )
    return start


def _read_text(path: Path, limits: Limits) -> Sheet:
    text = text_tables.Text.read(path.name, path.read_bytes())
    plain = text.columns(limits)
    if plain is None:
        return _assemble(path.name, "", text.rows(), limits)
    place = Sheet(path.name, "", pd.DataFrame()).place()
    names = _names(place, list(plain.column_names), len(plain.column_names))
    numbers = np.arange(text.first_row, text.first_row + plain.num_rows)
    return _long_sheet(path.name, dict(zip(names, plain.columns, strict=True)), numbers, limits)


# -- what was unpacked


def _read_workbook(path: Path, sheet: str, limits: Limits) -> Sheet:
    with unpacked(path, "sheet", sheet, limits) as stream:
        lines = answered(stream, path.name)
        name = next(lines)["sheet"]
        formulas: list[tuple[int, int]] = []
        table = _assemble(path.name, name, _numbered(lines, formulas), limits)
    places = [(row, column) for row, column in formulas if column < table.cells.shape[1]]
    names = [str(column) for column in table.cells.columns]
    found = {
        (row, names[column])
        for row, column in places
        if row in table.cells.index and table.cell(row, names[column]) is None
    }
    return Sheet(table.file, table.name, table.cells, frozenset(found))


def _numbered(lines: Iterator[Any], formulas: list[tuple[int, int]]) -> NumberedRows:
    for line in lines:
        if isinstance(line, dict):
            formulas += [(row, column) for row, column in line["formulas"]]
        else:
            yield line[0], line[1]


def _read_parquet(path: Path, limits: Limits) -> Sheet:
    with unpacked(path, "parquet", "", limits) as stream:
        next(answered(stream, path.name))  # the Arrow stream follows the first line
        with pyarrow.ipc.open_stream(stream) as reader:
            table = reader.read_all()
    table.validate(full=True)
    place = Sheet(path.name, "", pd.DataFrame()).place()
    names = _names(place, list(table.column_names), table.num_columns)
    # Row 1 is the header, as it would be in a spreadsheet.
    numbers = np.arange(2, 2 + table.num_rows)
    return _long_sheet(path.name, dict(zip(names, table.columns, strict=True)), numbers, limits)


# -- columns at once


def _long_sheet(
    file: str, columns: dict[str, pyarrow.ChunkedArray], numbers: Any, limits: Limits
) -> Sheet:
    """A sheet from Arrow columns; rows without content are left out."""
    place = Sheet(file, "", pd.DataFrame()).place()
    if len(columns) > limits.columns:
        raise TableError(
            f"{place}, row {numbers[0] - 1 if len(numbers) else 1} has {len(columns)} columns; "
            f"at most {limits.columns} can be read: remove the others."
        )
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


def _assemble(file: str, name: str, rows: NumberedRows, limits: Limits) -> Sheet:
    """The first row with content is the header; rows without content are left out."""
    place = Sheet(file, name, pd.DataFrame()).place()
    filled = _filled(rows, place, limits)
    _, header = next(filled, (0, []))
    if not header:
        raise TableError(f"{place} has no rows: fill in the table.")
    numbers: list[int] = []
    body: list[list[Any]] = []
    for number, cells in filled:
        if len(body) == limits.rows:
            raise TableError(f"{place} has more than {limits.rows:,} rows: split the table.")
        numbers.append(number)
        body.append(cells)
    if not body:
        raise TableError(f"{place} has a header but no rows below it: fill in the table.")
    return _frame(file, name, header, numbers, body)


def _filled(rows: NumberedRows, place: str, limits: Limits) -> Iterator[tuple[int, list[Any]]]:
    for number, cells in rows:
        kept = trimmed(cells)
        if len(kept) > limits.columns:
            raise TableError(
                f"{place}, row {number} has {len(kept)} columns; at most {limits.columns} "
                "can be read: remove the others."
            )
        if kept:
            yield number, kept


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
