"""Workbooks of the kind .xlsx, with what is said of rows and cells beside their values."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import iterparse

BLOCK = 1 << 20
MARKS = (b"hidden=", b"mergeCell ")


class OpenpyxlBook:
    """An open workbook; see `workbooks.Book`."""

    def __init__(self, path: Path, book: Any) -> None:
        self._path, self._book = path, book

    def sheets(self) -> list[tuple[str, bool]]:
        """The worksheets in their order, and whether each can be seen."""
        return [(str(one.title), one.sheet_state == "visible") for one in self._book.worksheets]

    def rows(self, sheet: str) -> Iterable[tuple[int, Sequence[Any]]]:
        """All rows of a worksheet with their numbers."""
        return _numbered(self._book[sheet])

    def marks(self, sheet: str, *, holes: bool) -> dict[str, Any]:
        """Formulas (in a second look, where cells are blank), hidden rows, merged cells."""
        found: dict[str, Any] = {"formulas": _formulas(self._path, sheet) if holes else []}
        return found | _hidden_and_merged(self._book[sheet])

    def notes(self) -> list[str]:
        """Everything can be seen."""
        return []


@contextmanager
def open_book(path: Path) -> Iterator[OpenpyxlBook]:
    """Open a workbook for its values."""
    with _opened(path, values=True) as book:
        yield OpenpyxlBook(path, book)


@contextmanager
def _opened(path: Path, *, values: bool) -> Iterator[Any]:
    import openpyxl

    # An open file, for openpyxl would judge a path by its name.
    with path.open("rb") as content:
        book = openpyxl.load_workbook(content, read_only=True, data_only=values, keep_links=False)
        try:
            yield book
        finally:
            book.close()


def _numbered(worksheet: Any) -> Iterable[tuple[int, Sequence[Any]]]:
    # A declared size may be wrong or huge; the rows themselves are counted.
    worksheet.reset_dimensions()
    return enumerate(worksheet.iter_rows(values_only=True), start=1)


def _formulas(path: Path, sheet: str) -> list[tuple[int, int]]:
    """Row numbers and columns (from 0) of all formulas."""
    with _opened(path, values=False) as book:
        return [
            (number, column)
            for number, cells in _numbered(book[sheet])
            for column, cell in enumerate(cells)
            if str(getattr(cell, "text", cell) or "").startswith("=")
        ]


def _hidden_and_merged(worksheet: Any) -> dict[str, Any]:
    """Rows that are hidden, and ranges of rows that are one cell; openpyxl skips both."""
    from openpyxl.utils import range_boundaries

    hidden: list[int] = []
    merged: list[tuple[int, int, int]] = []
    with worksheet._get_source() as stream:
        if not _has_marks(stream):
            return {"hidden": [], "merged": []}
    with worksheet._get_source() as stream:
        number = 0
        for _, element in iterparse(stream, events=("end",)):
            kind = element.tag.rpartition("}")[2]
            if kind == "row":
                number = int(element.get("r", number + 1))
                hidden += [number] if element.get("hidden") in ("1", "true") else []
                element.clear()
            elif kind == "mergeCell":
                left, top, _, bottom = range_boundaries(element.get("ref", ""))
                merged += [(top, bottom, left - 1)] if bottom > top else []
    return {"hidden": hidden, "merged": merged}


def _has_marks(stream: Any) -> bool:
    tail = b""
    while block := stream.read(BLOCK):
        if any(mark in tail + block for mark in MARKS):
            return True
        tail = block[-16:]
    return False
