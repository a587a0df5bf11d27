"""The cells of one sheet, and what was found around them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from pipelines.synapses.formats.header import Head, is_empty, said_above

COMMENT_SHARE = 0.5
"""With as many rows that begin with #, that is part of their names."""
MOST_SPANS = 5
ERROR = re.compile(r"#(?:N/A|NV|[^\s!?]+[!?])", re.IGNORECASE)
"""What spreadsheet programs show where a formula failed, such as #DIV/0!"""


@dataclass(frozen=True)
class Sheet:
    """The cells of one sheet.

    Attributes:
        file: name of the file.
        name: name of the worksheet; empty for a text table.
        cells: one column a header, indexed by row number; blank cells are missing.
        formulas: (row, column) of formulas that were saved without their value.
        overlong: rows of a text table with more cells than the header.
        units: what a row below the names says of the units, by column.
        hidden: rows that are hidden in the workbook.
        merged: (first row, last row, column) of cells that were merged to one.
        notes: sentences on how the file was read, without its name.
    """

    file: str
    name: str
    cells: pd.DataFrame
    formulas: frozenset[tuple[int, str]] = field(default_factory=frozenset)
    overlong: tuple[int, ...] = ()
    units: Mapping[str, str] = field(default_factory=dict)
    hidden: tuple[int, ...] = ()
    merged: tuple[tuple[int, int, str], ...] = ()
    notes: tuple[str, ...] = ()

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


def with_head(sheet: Sheet, head: Head) -> Sheet:
    """The same with what was found around the row of the names."""
    names = [str(column) for column in sheet.cells.columns]
    texts = ["" if is_empty(cell) else str(cell).strip() for cell in head.units]
    units = {name: text for name, text in zip(names, texts, strict=False) if text}
    notes = [said_above(head)] if head.above else []
    if head.units_row:
        told = ", ".join(f"{name} {text}" for name, text in units.items())
        notes.append(f"row {head.units_row} was taken for the units: {told}.")
    return replace(sheet, units=units, notes=(*sheet.notes, *notes))


def without_comments(sheet: Sheet) -> Sheet:
    """Rows that begin with # left out, unless that is how rows are named here."""
    first = sheet.cells.iloc[:, 0]
    if pd.api.types.is_numeric_dtype(first.dtype):
        return sheet
    said = np.array([_is_comment(cell) for cell in first.tolist()], dtype=bool)
    if not said.any() or said.mean() >= COMMENT_SHARE:
        return sheet
    lines = sheet.cells.index[said].to_numpy(dtype=int).tolist()
    text = f"{_counted(len(lines), 'row')} that begin{'s' if len(lines) == 1 else ''} with # "
    text += f"({_ranges(lines)}) {'was' if len(lines) == 1 else 'were'} left out as comments."
    return replace(
        sheet,
        cells=sheet.cells[~said],
        overlong=tuple(row for row in sheet.overlong if row not in set(lines)),
        notes=(*sheet.notes, text),
    )


def _is_comment(cell: Any) -> bool:
    text = str(cell).strip()
    return text.startswith("#") and not ERROR.fullmatch(text)


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _ranges(rows: Sequence[int]) -> str:
    """Row numbers in words, such as rows 2 to 31 and 40."""
    spans: list[list[int]] = []
    for row in sorted(rows):
        if spans and row == spans[-1][1] + 1:
            spans[-1][1] = row
        else:
            spans.append([row, row])
    shown = [f"{a}" if a == b else f"{a} to {b}" for a, b in spans[:MOST_SPANS]]
    more = ", ..." if len(spans) > MOST_SPANS else ""
    return f"row{'' if len(rows) == 1 else 's'} {', '.join(shown)}{more}"


def with_marks(sheet: Sheet, about: Mapping[str, Any]) -> Sheet:
    """The same with what a workbook says beside its cells."""
    names = [str(column) for column in sheet.cells.columns]
    rows = set(sheet.row_numbers)
    formulas = {
        (row, names[column])
        for row, column in about.get("formulas", ())
        if column < len(names) and row in rows and sheet.cell(row, names[column]) is None
    }
    hidden = tuple(row for row in about.get("hidden", ()) if row in rows)
    merged = tuple(
        (first, last, names[column])
        for first, last, column in about.get("merged", ())
        if column < len(names) and first in rows and last > first
    )
    notes = list(sheet.notes)
    if hidden:
        notes.append(
            f"{_counted(len(hidden), 'row')} that {'is' if len(hidden) == 1 else 'are'} hidden in "
            f"the workbook ({_ranges(hidden)}) {'was' if len(hidden) == 1 else 'were'} read like "
            "all others, as its own formulas count them; the repair without-hidden leaves them out."
        )
    return replace(
        sheet, formulas=frozenset(formulas), hidden=hidden, merged=merged, notes=tuple(notes)
    )
