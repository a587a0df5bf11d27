"""Workbooks of the kinds .xls, .xlsb and .ods."""

import zipfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import iterparse

from pipelines.core.errors import TableError

TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
MOST_REPEATED = 1_000_000
UNSEEN = (
    "whether rows are hidden cannot be told of this kind of file, and all were read: if a filter "
    "is set, save it as .xlsx."
)


class CalamineBook:
    """An open workbook; see `workbooks.Book`."""

    def __init__(self, path: Path, book: Any) -> None:
        self._path, self._book = path, book
        self._is_ods = (
            zipfile.is_zipfile(path) and "content.xml" in zipfile.ZipFile(path).namelist()
        )

    def sheets(self) -> list[tuple[str, bool]]:
        """The worksheets in their order, and whether each can be seen."""
        from python_calamine import SheetTypeEnum, SheetVisibleEnum

        return [
            (about.name, about.visible == SheetVisibleEnum.Visible)
            for about in self._book.sheets_metadata
            if about.typ == SheetTypeEnum.WorkSheet
        ]

    def rows(self, sheet: str) -> Iterable[tuple[int, Sequence[Any]]]:
        """All rows of a worksheet with their numbers; whole numbers are whole."""
        found = self._book.get_sheet_by_name(sheet)
        start = found.start or (0, 0)
        for number, cells in enumerate(found.to_python(skip_empty_area=True), start=start[0] + 1):
            yield number, [None] * start[1] + [_plain(cell) for cell in cells]

    def marks(self, sheet: str, *, holes: bool) -> dict[str, Any]:
        """Merged cells, and hidden rows where they are told; values are stored with formulas."""
        if self._is_ods:
            return {"formulas": [], **_marks_of_ods(self._path, sheet)}
        ranges = self._book.get_sheet_by_name(sheet).merged_cell_ranges or ()
        merged = [
            (top + 1, bottom + 1, left) for (top, left), (bottom, _) in ranges if bottom > top
        ]
        return {"formulas": [], "hidden": [], "merged": merged}

    def notes(self) -> list[str]:
        """That hidden rows cannot be told, where that is so."""
        return [] if self._is_ods else [UNSEEN]


def _marks_of_ods(path: Path, sheet: str) -> dict[str, Any]:
    """Hidden rows and merged cells, which calamine does not tell of an .ods file."""
    hidden: list[int] = []
    merged: list[tuple[int, int, int]] = []
    with zipfile.ZipFile(path) as archive, archive.open("content.xml") as stream:
        name, number, column = "", 0, 0
        for event, element in iterparse(stream, events=("start", "end")):
            kind = element.tag.rpartition("}")[2]
            if event == "start":
                if kind == "table":
                    name, number = element.get(f"{TABLE}name", ""), 0
                column = 0 if kind == "table-row" else column
                continue
            if kind in ("table-cell", "covered-table-cell"):
                rows = int(element.get(f"{TABLE}number-rows-spanned", 1))
                if rows > 1 and name == sheet:
                    merged.append((number + 1, number + rows, column))
                column += int(element.get(f"{TABLE}number-columns-repeated", 1))
            elif kind == "table-row":
                count = int(element.get(f"{TABLE}number-rows-repeated", 1))
                is_hidden = element.get(f"{TABLE}visibility") in ("collapse", "filter")
                if is_hidden and name == sheet:
                    hidden += range(number + 1, number + 1 + min(count, MOST_REPEATED))
                number += count
                element.clear()
    return {"hidden": hidden, "merged": merged}


def _plain(cell: Any) -> Any:
    """Numbers are stored as decimals here."""
    return (
        int(cell) if isinstance(cell, float) and cell.is_integer() and abs(cell) < 2**53 else cell
    )


@contextmanager
def open_book(path: Path) -> Iterator[CalamineBook]:
    """Open a workbook.

    Raises:
        TableError: it needs a password.
        ValueError: its parser gave up on a damaged file.
    """
    from python_calamine import CalamineWorkbook, PasswordError

    try:
        with path.open("rb") as content:
            book = CalamineWorkbook.from_filelike(content)
    except PasswordError:
        raise TableError(f"{path.name} is protected by a password: save it without one.") from None
    except BaseException as error:
        # What its parser gives up with on a damaged file is no Exception to Python.
        if type(error).__name__ != "PanicException":
            raise
        raise ValueError(f"the parser gave up: {error}") from None
    yield CalamineBook(path, book)
