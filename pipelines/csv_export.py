"""CSV files that a spreadsheet program opens without running anything.

A text cell that starts with one of `= + - @`, a tab or a carriage return may be run
as a formula; a leading apostrophe makes it text (OWASP, "CSV injection").
"""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow
import pyarrow.compute as pc
from numpy.typing import NDArray

LONG = 20_000
"""Rows from which on a table is written column by column."""
SLICE = 100_000
STARTS = ("=", "+", "-", "@", "\t", "\r")
NUMBER = re.compile(r"[+-]?(\d[\d.,]*|[.,]\d+)([eE][+-]?\d+)?")


def defuse(frame: pd.DataFrame) -> pd.DataFrame:
    """A copy whose text cells and column names cannot act as formulas; numbers stay."""
    columns = [_defuse_column(frame.iloc[:, i]) for i in range(frame.shape[1])]
    safe = pd.concat(columns, axis=1) if columns else frame.copy()
    return safe.set_axis([defused(name) for name in frame.columns], axis=1)


def write_csv(frame: pd.DataFrame, file: Path) -> None:
    """Write a table as UTF-8 CSV, defused, without its index."""
    safe = defuse(frame)
    if len(safe) < LONG or safe.shape[1] < 2:  # pandas quotes the empty cells of one column
        safe.to_csv(file, index=False, encoding="utf-8", lineterminator="\n")
    else:
        _write_long(safe, file)


def _write_long(frame: pd.DataFrame, file: Path) -> None:
    """Write what pandas would, several times as fast."""
    columns = [_cells(frame.iloc[:, i]) for i in range(frame.shape[1])]
    with file.open("w", encoding="utf-8", newline="") as out:
        out.write(frame.head(0).to_csv(index=False, lineterminator="\n"))
        comma = pyarrow.scalar(",", pyarrow.large_string())
        for start in range(0, len(frame), SLICE):
            parts = (column.slice(start, SLICE) for column in columns)
            lines = pc.binary_join_element_wise(*parts, comma)
            out.write("\n".join(lines.to_pylist()))
            out.write("\n")


def _cells(column: "pd.Series[Any]") -> pyarrow.ChunkedArray:
    """The cells of a column as pandas writes them, in quotation marks where they need them."""
    if isinstance(column.dtype, np.dtype) and column.dtype.kind in "iu":
        return _filled(pyarrow.array(column.to_numpy()).cast(pyarrow.string()))
    if isinstance(column.dtype, np.dtype) and column.dtype.kind == "f":
        return _filled(_float_texts(column.to_numpy()))
    return _quoted(_filled(_texts(column)))


def _filled(texts: Any) -> pyarrow.ChunkedArray:
    """Texts with empty ones where there is none."""
    return pc.fill_null(pyarrow.chunked_array(texts).cast(pyarrow.large_string()), "")


def _float_texts(values: NDArray[np.floating[Any]]) -> Any:
    """The shortest texts that are read as the same numbers, as Python writes them.

    Arrow's are the same but for whole numbers and for where an exponent begins.
    """
    texts = pyarrow.array(values, from_pandas=True).cast(pyarrow.string())
    size = np.abs(values)
    alike = (size > 1e-3) & (size < 1e6) & (values != np.round(values))
    others = ~alike & ~np.isnan(values)
    as_python = pyarrow.array(values[others].astype(str).tolist(), pyarrow.string())
    return pc.replace_with_mask(texts, others, as_python)


def _texts(column: "pd.Series[Any]") -> Any:
    if isinstance(column.dtype, pd.StringDtype):
        texts: Any = pyarrow.array(column.array, from_pandas=True)
    else:
        missing = column.isna().tolist()
        texts = pyarrow.array(
            [None if gap else str(c) for c, gap in zip(column.tolist(), missing, strict=True)],
            pyarrow.string(),
        )
    return texts


def _quoted(column: pyarrow.ChunkedArray) -> pyarrow.ChunkedArray:
    """Cells with separators in quotation marks."""
    needed = pc.match_substring_regex(column, '[",\r\n]')
    if not pc.any(needed).as_py():
        return column
    mark = pyarrow.scalar('"', pyarrow.large_string())
    doubled = pc.replace_substring(column, '"', '""')
    between = pyarrow.scalar("", pyarrow.large_string())
    return pc.if_else(needed, pc.binary_join_element_wise(mark, doubled, mark, between), column)


def fused(cell: str) -> str:
    """A text cell as it was before `defuse`."""
    return cell[1:] if cell.startswith("'") and defused(cell[1:]) == cell else cell


def _defuse_column(column: "pd.Series[Any]") -> "pd.Series[Any]":
    if pd.api.types.is_numeric_dtype(column.dtype):
        return column
    if isinstance(column.dtype, pd.StringDtype) and not column.str.startswith(STARTS).any():
        return column
    return pd.Series([defused(cell) for cell in column], index=column.index, dtype=object)


def defused(cell: Any) -> Any:
    """A cell that cannot act as a formula; numbers stay."""
    if isinstance(cell, str) and cell.startswith(STARTS) and not NUMBER.fullmatch(cell):
        return f"'{cell}"
    return cell
