"""Spreadsheet files as they are: cells, and the row numbers a spreadsheet program shows.

The kind of file is told by its content, not by its name. Everything that could be
harmful (macros, archives that inflate without end, declared entities) is refused before
anything is parsed.
"""

import csv
import io
import re
import warnings
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pyarrow
from openpyxl.utils import get_column_letter
from pyarrow.parquet import ParquetFile

from pipelines.errors import NeuroboardError, TableError
from pipelines.synapses.columns import REQUIRED

ZIP, OLE, PARQUET = b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"PAR1"
DELIMITERS = (";", ",", "\t")
BLOCK = 1 << 20
CONTROL = re.compile(r"[\x01-\x08\x0e-\x1f]")
CONTROL_SHARE = 0.01
"""A stray control character may get into a cell; more of them mean a binary file."""
NumberedRows = Iterable[tuple[int, Sequence[Any]]]


@dataclass(frozen=True)
class Limits:
    """How large a table may be. Ordinary workbooks inflate 5 to 12 times."""

    file_bytes: int = 50 * 10**6
    rows: int = 10**6
    columns: int = 200
    inflated_bytes: int = 200 * 10**6
    inflation: int = 100
    members: int = 2000


@dataclass(frozen=True)
class Sheet:
    """The cells of one sheet.

    Attributes:
        file: name of the file.
        name: name of the worksheet; empty for a text table.
        cells: one column a header, indexed by row number; blank cells are None.
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
    content = _content(path, limits)
    if content.startswith(ZIP):
        return _read_workbook(path.name, content, sheet, limits)
    if sheet:
        raise TableError(f"{path.name} is a table without sheets: leave the sheet empty.")
    if content.startswith(PARQUET):
        return _assemble(path.name, "", _parquet_rows(path.name, content, limits), limits)
    return _assemble(path.name, "", _text_rows(path.name, content), limits)


def _content(path: Path, limits: Limits) -> bytes:
    name = path.name
    try:
        if path.is_dir():
            raise TableError(f"{name} is a folder: choose an .xlsx, .csv, .tsv or .parquet file.")
        if path.stat().st_size > limits.file_bytes:
            most = limits.file_bytes // 10**6
            raise TableError(f"{name} is larger than {most} MB: split the table.")
        content = path.read_bytes()
    except OSError as error:
        raise TableError(f"{name} cannot be read: {error.strerror or error}.") from None
    if not content.strip():
        raise TableError(f"{name} is empty: choose a file with a table.")
    if content.startswith(OLE):
        raise TableError(
            f"{name} is an old or password-protected Excel file: save it as .xlsx without password."
        )
    return content


# -- text tables


def _text_rows(file: str, content: bytes) -> NumberedRows:
    text = _decode(content)
    if text.lstrip().startswith("<"):
        raise TableError(f"{file} is a web page or XML, not a table: save it as .xlsx or .csv.")
    if not text.strip():
        raise TableError(f"{file} is empty: choose a file with a table.")
    if "\0" in text or len(CONTROL.findall(text)) > CONTROL_SHARE * len(text):
        raise TableError(f"{file} is not a table: choose an .xlsx, .csv, .tsv or .parquet file.")
    return _parse_text(file, text, _delimiter(text))


def _decode(content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", errors="replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def _delimiter(text: str) -> str:
    """The delimiter under which the header shows most known columns, or most cells."""
    header = next(line for line in text.splitlines() if line.strip())
    known = {name.casefold() for name in REQUIRED}

    def score(delimiter: str) -> tuple[int, int]:
        names = [cell.strip().strip('"').casefold() for cell in header.split(delimiter)]
        return len(known.intersection(names)), len(names)

    return max(DELIMITERS, key=score)


def _parse_text(file: str, text: str, delimiter: str) -> NumberedRows:
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        yield from enumerate(lines, start=1)
    except csv.Error as error:
        raise TableError(
            f"{file} cannot be read as a table near line {lines.line_num} ({error}): "
            "look for a quotation mark that is not closed."
        ) from None


# -- Parquet


def _parquet_rows(file: str, content: bytes, limits: Limits) -> NumberedRows:
    """Header and rows; nothing is unpacked before its declared size is known."""
    try:
        stored = ParquetFile(pyarrow.BufferReader(content))
        about = stored.metadata
        groups = [about.row_group(i) for i in range(about.num_row_groups)]
        inflated = sum(group.total_byte_size for group in groups)
        if inflated > limits.inflated_bytes or about.num_rows > limits.rows:
            raise TableError(f"{file} inflates to far more than a table needs: split the table.")
        if about.num_columns > limits.columns:
            raise TableError(f"{file} has more than {limits.columns} columns: remove the others.")
        table = stored.read()
        columns = [column.to_pylist() for column in table.columns]
    except (pyarrow.ArrowException, OSError, ValueError, OverflowError) as error:
        raise TableError(
            f"{file} is a damaged Parquet file ({type(error).__name__}): write it anew."
        ) from None
    return enumerate(chain([table.column_names], zip(*columns, strict=True)), start=1)


# -- workbooks


def _read_workbook(file: str, content: bytes, sheet: str, limits: Limits) -> Sheet:
    _check_archive(file, content, limits)
    with _workbook(file, content, values=True) as book:
        name = _choose(file, book, sheet)
        table = _assemble(file, name, _worksheet_rows(book[name]), limits)
    return _with_formulas(table, content)


def _check_archive(file: str, content: bytes, limits: Limits) -> None:
    """Refuse harmful archives before parsing. zipfile never reads past a declared size."""
    with _readable(file), zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = archive.infolist()
        names = [member.filename for member in members]
        if "[Content_Types].xml" not in names or "xl/workbook.xml" not in names:
            raise TableError(f"{file} is an archive but no workbook: choose an .xlsx file.")
        if len(members) > limits.members or _inflates(members, limits):
            raise TableError(f"{file} inflates to far more than a table needs: save it anew.")
        _refuse_active(file, archive, names)
        for member in members:
            _refuse_entities(file, archive, member)


def _inflates(members: list[zipfile.ZipInfo], limits: Limits) -> bool:
    if sum(member.file_size for member in members) > limits.inflated_bytes:
        return True
    return any(
        member.file_size > BLOCK and member.file_size > limits.inflation * member.compress_size
        for member in members
    )


def _refuse_active(file: str, archive: zipfile.ZipFile, names: list[str]) -> None:
    kinds = archive.read("[Content_Types].xml")
    if b"macroEnabled" in kinds or any(name.endswith("vbaProject.bin") for name in names):
        raise TableError(f"{file} contains macros: save it as .xlsx, which has none.")
    if any(name.startswith("xl/externalLinks/") for name in names):
        raise TableError(f"{file} links to other workbooks: paste values only into a new one.")


def _refuse_entities(file: str, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> None:
    """Read a whole member: finds damage (checksum) and XML that declares its own entities."""
    tail = b""
    with archive.open(member) as stream:
        while block := stream.read(BLOCK):
            if b"<!DOCTYPE" in tail + block or b"<!ENTITY" in tail + block:
                raise TableError(f"{file} declares XML entities, which no workbook needs.")
            tail = block[-16:]


@contextmanager
def _readable(file: str) -> Iterator[None]:
    """Whatever goes wrong inside a damaged workbook is one mistake: it cannot be read."""
    try:
        with warnings.catch_warnings():
            # openpyxl warns of styles and extensions that it leaves out; values are complete.
            warnings.simplefilter("ignore")
            yield
    except NeuroboardError:
        raise
    # The parsers under openpyxl raise KeyError, ValueError, zlib.error, ParseError and more.
    except Exception as error:
        raise TableError(
            f"{file} is damaged or no Excel workbook ({type(error).__name__}): "
            "open it in a spreadsheet program and save it as .xlsx."
        ) from None


@contextmanager
def _workbook(file: str, content: bytes, *, values: bool) -> Iterator[Any]:
    with _readable(file):
        book = openpyxl.load_workbook(
            io.BytesIO(content), read_only=True, data_only=values, keep_links=False
        )
        try:
            yield book
        finally:
            book.close()


def _choose(file: str, book: Any, sheet: str) -> str:
    names = [str(worksheet.title) for worksheet in book.worksheets]
    if sheet:
        wanted = sheet.strip().casefold()
        for name in sorted(names, key=lambda name: name != sheet):
            if name.strip().casefold() == wanted:
                return name
        raise TableError(f'{file} has no sheet "{sheet}": it has {_quoted(names)}.')
    filled = [str(worksheet.title) for worksheet in book.worksheets if _has_content(worksheet)]
    if not filled:
        raise TableError(f"{file} has no rows in any sheet: fill in the table.")
    if len(filled) > 1:
        raise TableError(f"{file} has several sheets, {_quoted(filled)}: choose one by its name.")
    return filled[0]


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def _has_content(worksheet: Any) -> bool:
    return any(not _is_blank(cell) for _, cells in _worksheet_rows(worksheet) for cell in cells)


def _worksheet_rows(worksheet: Any) -> NumberedRows:
    # A declared size may be wrong or huge; the rows themselves are counted.
    worksheet.reset_dimensions()
    return enumerate(worksheet.iter_rows(values_only=True), start=1)


def _with_formulas(table: Sheet, content: bytes) -> Sheet:
    """Find cells without a value that hold a formula, in a second look at the file."""
    if not table.cells.isna().to_numpy().any():
        return table
    with _workbook(table.file, content, values=False) as book:
        written = _assemble(table.file, table.name, _worksheet_rows(book[table.name]), Limits())
    common = table.cells.index.intersection(written.cells.index)
    missing = table.cells.loc[common].isna()
    found = {
        (int(row), str(name))
        for name in table.cells.columns.intersection(written.cells.columns)
        for row in common[missing[name]]
        if str(written.cells.at[row, name] or "").startswith("=")
    }
    return Sheet(table.file, table.name, table.cells, frozenset(found))


# -- both


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
        trimmed = _trim(cells)
        if len(trimmed) > limits.columns:
            raise TableError(
                f"{place}, row {number} has {len(trimmed)} columns; at most {limits.columns} "
                "can be read: remove the others."
            )
        if trimmed:
            yield number, trimmed


def _trim(cells: Sequence[Any]) -> list[Any]:
    """Blank cells as None, and none at the end."""
    end = len(cells)
    while end and _is_blank(cells[end - 1]):
        end -= 1
    return [None if _is_blank(cell) else cell for cell in cells[:end]]


def _is_blank(cell: Any) -> bool:
    return cell is None or (isinstance(cell, str) and not cell.strip())


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
    cells = header + [None] * (width - len(header))
    names = [
        f"column {get_column_letter(i)}" if cell is None else str(cell).strip()
        for i, cell in enumerate(cells, start=1)
    ]
    for i, name in enumerate(names):
        if name in names[:i]:
            raise TableError(f"{place} has two columns {name}: rename or remove one of them.")
    return names
