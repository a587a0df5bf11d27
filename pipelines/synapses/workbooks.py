"""Workbooks and Parquet files, read in a process of their own under limits.

What decompresses or parses XML runs here and nowhere else: a file that takes more memory or
time than a table needs ends this process, not the one that asked. It imports little, so
that it starts quickly. It answers in lines of JSON: {"sheet"}, then [row number, cells] a row,
then {"formulas"} as the end; or {"error"}. A Parquet table is answered as an Arrow stream.
"""

import errno
import json
import os
import sys
import threading
import warnings
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from pipelines.errors import NeuroboardError, TableError
from pipelines.synapses.limits import Limits

BLOCK = 1 << 20
NumberedRows = Iterable[tuple[int, Sequence[Any]]]
PLAIN = (str, int, float, bool, type(None))


def answer(path: Path, sheet: str, limits: Limits, out: BinaryIO) -> None:
    """Write the rows of one sheet as lines."""
    with _workbook(path, values=True) as book:
        name = _choose(path.name, book, sheet)
        _line(out, {"sheet": name})
        holes, width = False, 0
        for number, cells in _rows(book[name], limits):
            width = width or len(cells)
            holes = holes or None in cells or len(cells) < width
            _line(out, [number, cells])
    _line(out, {"formulas": _formulas(path, name) if holes else []})


def answer_names(path: Path, limits: Limits, out: BinaryIO) -> None:
    """Write the first filled row of every sheet that has one."""
    with _workbook(path, values=True) as book:
        for worksheet in book.worksheets:
            first = next(_rows(worksheet, limits), None)
            if first is not None:
                _line(out, {"sheet": str(worksheet.title), "header": first[1]})
    _line(out, {"formulas": []})


def answer_parquet(path: Path, limits: Limits, out: BinaryIO) -> None:
    """Write a Parquet table as an Arrow stream, after a line that says so."""
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
    except MemoryError:  # Arrow's is one of its exceptions too
        raise
    except (pyarrow.ArrowException, OSError, ValueError, OverflowError) as error:
        raise TableError(
            f"{path.name} is a damaged Parquet file ({type(error).__name__}): write it anew."
        ) from None
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


# -- archives


def check_archive(path: Path, limits: Limits) -> None:
    """Refuse harmful archives before parsing. zipfile never reads past a declared size.

    Raises:
        TableError: it is no workbook, is damaged, inflates too far or has active content.
    """
    file = path.name
    with _readable(file), zipfile.ZipFile(path) as archive:
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
    except (NeuroboardError, MemoryError):
        raise
    except OSError as error:
        if error.errno == errno.EFBIG:  # the answer grew beyond its limit
            raise MemoryError from None
        raise TableError(f"{file} cannot be read: {error.strerror or error}.") from None
    # The parsers under openpyxl raise KeyError, ValueError, zlib.error, ParseError and more.
    except Exception as error:
        raise TableError(
            f"{file} is damaged or no Excel workbook ({type(error).__name__}): "
            "open it in a spreadsheet program and save it as .xlsx."
        ) from None


# -- sheets


@contextmanager
def _workbook(path: Path, *, values: bool) -> Iterator[Any]:
    import openpyxl

    # An open file, for openpyxl would judge a path by its name.
    with _readable(path.name), path.open("rb") as content:
        book = openpyxl.load_workbook(content, read_only=True, data_only=values, keep_links=False)
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
    return any(not is_blank(cell) for _, cells in _numbered(worksheet) for cell in cells)


def _numbered(worksheet: Any) -> NumberedRows:
    # A declared size may be wrong or huge; the rows themselves are counted.
    worksheet.reset_dimensions()
    return enumerate(worksheet.iter_rows(values_only=True), start=1)


def _rows(worksheet: Any, limits: Limits) -> Iterator[tuple[int, list[Any]]]:
    """Rows with content, of plain cells; a row that is too long is cut just beyond the limit."""
    for number, cells in _numbered(worksheet):
        kept = trimmed(cells)[: limits.columns + 1]
        if kept:
            yield number, [cell if isinstance(cell, PLAIN) else str(cell) for cell in kept]


def trimmed(cells: Sequence[Any]) -> list[Any]:
    """Blank cells as None, and none at the end."""
    end = len(cells)
    while end and is_blank(cells[end - 1]):
        end -= 1
    return [None if is_blank(cell) else cell for cell in cells[:end]]


def is_blank(cell: Any) -> bool:
    """Whether a cell holds nothing that can be seen."""
    return cell is None or (isinstance(cell, str) and not cell.strip())


def _formulas(path: Path, sheet: str) -> list[tuple[int, int]]:
    """Row numbers and columns (from 0) of all formulas, in a second look at the file."""
    with _workbook(path, values=False) as book:
        return [
            (number, column)
            for number, cells in _numbered(book[sheet])
            for column, cell in enumerate(cells)
            if str(getattr(cell, "text", cell) or "").startswith("=")
        ]


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
    limits = Limits(**request["limits"])
    with Path(request["out"]).open("wb") as out:
        try:
            limits.apply(request["size"])
            _answer(request, limits, out)
        except NeuroboardError as error:
            _line(out, {"error": error.sentence})
        except MemoryError:
            _line(out, {"error": "memory"})


def _answer(request: dict[str, Any], limits: Limits, out: BinaryIO) -> None:
    path = Path(request["path"])
    if request["what"] == "parquet":
        answer_parquet(path, limits, out)
        return
    check_archive(path, limits)
    if request["what"] == "names":
        answer_names(path, limits, out)
    else:
        answer(path, request["sheet"], limits, out)


def _end_with_parent() -> None:
    """Standard input closes when the process that asked is gone; there is no use in going on."""
    sys.stdin.read()
    os._exit(1)


if __name__ == "__main__":
    main()
