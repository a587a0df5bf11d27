"""What was noticed about single rows of a table."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pipelines.synapses.formats.sheets import Sheet


class Outcome(StrEnum):
    """What became of a row; an accepted row may still carry a remark."""

    ACCEPTED = "accepted"
    REPAIRED = "repaired"
    REJECTED = "rejected"


SEVERITY = {Outcome.ACCEPTED: 0, Outcome.REPAIRED: 1, Outcome.REJECTED: 2}
LONGEST_VALUE = 60


@dataclass(frozen=True)
class Finding:
    """One remark on one row.

    Attributes:
        row: its number.
        column: as the sheet calls it; empty for the row as a whole.
        value: what the cell holds.
        outcome: what it means for the row.
        message: a sentence with the place in it.
        repairs: what would repair it, if anything would; of several one has to be chosen.
        reason: the sentence without its place, to count how often it was said.
    """

    row: int
    column: str
    value: str
    outcome: Outcome
    message: str
    repairs: tuple[str, ...] = ()
    reason: str = ""


def finding(
    sheet: Sheet, row: int, column: str, outcome: Outcome, text: str, *repairs: str
) -> Finding:
    """A remark whose value is looked up in the sheet.

    Args:
        sheet: the table.
        row: row number.
        column: name of a column of the sheet, or empty for the row as a whole.
        outcome: what it means for the row.
        text: what is wrong and what to do, to follow place and value.
        repairs: keys of `repairs.REPAIRS`.
    """
    value = show(sheet.cell(row, column)) if column in sheet.cells.columns else ""
    shown = f' ("{value}")' if value else ""
    message = f"{sheet.place(row, column)}{shown}: {text}"
    where = f"column {column}: " if column else ""
    return Finding(row, column, value, outcome, message, repairs, f"{where}{text}")


def show(cell: Any) -> str:
    """A cell as text, whole numbers without a point, cut when very long."""
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    text = " ".join(str(cell).split())
    return text if len(text) <= LONGEST_VALUE else f"{text[: LONGEST_VALUE - 1]}…"


def rows_with(findings: Iterable[Finding], outcome: Outcome) -> set[int]:
    """The rows that have at least one remark with this outcome."""
    return {item.row for item in findings if item.outcome is outcome}
