"""CSV files that a spreadsheet program opens without running anything.

A text cell that starts with one of `= + - @`, a tab or a carriage return may be run
as a formula; a leading apostrophe makes it text (OWASP, "CSV injection").
"""

import re
from pathlib import Path
from typing import Any

import pandas as pd

STARTS = ("=", "+", "-", "@", "\t", "\r")
NUMBER = re.compile(r"[+-]?(\d[\d.,]*|[.,]\d+)([eE][+-]?\d+)?")


def defuse(frame: pd.DataFrame) -> pd.DataFrame:
    """A copy whose text cells and column names cannot act as formulas; numbers stay."""
    columns = [_defuse_column(frame.iloc[:, i]) for i in range(frame.shape[1])]
    safe = pd.concat(columns, axis=1) if columns else frame.copy()
    return safe.set_axis([_defuse_cell(name) for name in frame.columns], axis=1)


def write_csv(frame: pd.DataFrame, file: Path) -> None:
    """Write a table as UTF-8 CSV, defused, without its index."""
    defuse(frame).to_csv(file, index=False, encoding="utf-8", lineterminator="\n")


def _defuse_column(column: "pd.Series[Any]") -> "pd.Series[Any]":
    if pd.api.types.is_numeric_dtype(column.dtype):
        return column
    return pd.Series([_defuse_cell(cell) for cell in column], index=column.index, dtype=object)


def _defuse_cell(cell: Any) -> Any:
    if isinstance(cell, str) and cell.startswith(STARTS) and not NUMBER.fullmatch(cell):
        return f"'{cell}"
    return cell
