"""CSV files that a spreadsheet program opens without running anything.

A text cell that starts with one of `= + - @`, also in their wide forms, a tab or a line's end may
be run as a formula; a leading apostrophe makes it text (OWASP, "CSV injection"). Every CSV and TSV
that this program writes is written here, and what it reads of them again is as it was: a text that
begins with apostrophes before such a sign gets one more. A program that is told another separator
than the file has may still find a formula within a cell; no mark at its start can prevent that.
"""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pipelines.core.later import Later

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow
    import pyarrow.compute as pc
else:
    pd = Later("pandas")
    pyarrow = Later("pyarrow")
    pc = Later("pyarrow.compute")

LONG = 20_000
"""Rows from which on a table is written column by column."""
SLICE = 100_000
SPECIAL = '[",\r\n]'
"""What a cell is put into quotation marks for."""
STARTS = "'* *[=+@＝＋－＠\t\r\n-]"
"""How a text begins that may be run, with the apostrophes that already keep it from that."""
PLAIN_NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?(e[+-]?\d+)?")
NUMBER = re.compile(r" *[+-]?((\d[\d.,]*|[.,]\d+)([eE][+-]?\d+)?|inf|nan) *", re.IGNORECASE)


def defuse(frame: "pd.DataFrame") -> "pd.DataFrame":
    """A copy whose text cells and column names cannot act as formulas; numbers stay."""
    columns = [_defuse_column(frame.iloc[:, i]) for i in range(frame.shape[1])]
    safe = pd.concat(columns, axis=1) if columns else frame.copy()
    return safe.set_axis([defused(name) for name in frame.columns], axis=1)


def write_csv(frame: "pd.DataFrame", file: Path, separator: str = ",") -> None:
    """Write a table as UTF-8 CSV, or with tabs as TSV, defused: a line a row, without its index."""
    safe = defuse(frame)
    # pandas quotes the empty cells of a single column, and leaves a carriage return unquoted
    is_long = len(safe) >= LONG or _has_return(safe)
    if not is_long or safe.shape[1] < 2 or separator != ",":
        options: dict[str, Any] = {"index": False, "encoding": "utf-8", "lineterminator": "\n"}
        safe.to_csv(file, sep=separator, **options)
    else:
        _write_long(safe, file)


def write_rows(names: Sequence[str], rows: Iterable[Sequence[str]], file: Path) -> None:
    """Write rows of texts as UTF-8 CSV, defused."""
    with file.open("w", encoding="utf-8", newline="") as stream:
        for row in (names, *rows):
            stream.write(_line([str(defused(cell)) for cell in row]))


def _line(cells: Sequence[str]) -> str:
    """A row; the csv module of Python leaves a carriage return unquoted."""
    if list(cells) == [""]:
        return '""\n'
    return ",".join(map(_in_marks, cells)) + "\n"


def _in_marks(cell: str) -> str:
    if not re.search(SPECIAL, cell):
        return cell
    doubled = cell.replace('"', '""')
    return f'"{doubled}"'


def _has_return(frame: "pd.DataFrame") -> bool:
    columns = [frame.iloc[:, place] for place in range(frame.shape[1])]
    return any("\r" in str(name) for name in frame.columns) or any(
        "\r" in cell
        for column in columns
        if not pd.api.types.is_numeric_dtype(column.dtype)
        for cell in column
        if isinstance(cell, str)
    )


def read_csv(file: Path, **options: Any) -> "pd.DataFrame":
    """Read a table that `write_csv` wrote: its texts are as they were before.

    Args:
        file: the table.
        options: those of `pandas.read_csv`.

    Raises:
        OSError, ValueError: it cannot be read, or is no table.
    """
    table: pd.DataFrame = pd.read_csv(file, encoding="utf-8", **options)
    return fuse(table)


def first_rows(file: Path, n: int) -> tuple[list[dict[str, str | float]], int]:
    """The first n rows of a table that `write_csv` wrote, to be looked at, and how many it has.

    A column is of numbers, to six digits, where each cell is written as one; 01 and an empty cell
    are text.
    """
    table = read_csv(file, dtype=str, keep_default_na=False)
    shown = table.head(n)
    columns: dict[str, list[str | float]] = {str(name): shown[name].tolist() for name in shown}
    for name, cells in columns.items():
        if all(PLAIN_NUMBER.fullmatch(str(cell)) for cell in cells):
            columns[name] = [float(f"{float(cell):.6g}") for cell in cells]
    rows = [dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)]
    return rows, len(table)


def fuse(table: "pd.DataFrame") -> "pd.DataFrame":
    """A table with the texts in its cells and its names as they were before `defuse`."""
    found = table.rename(columns={name: fused(str(name)) for name in table.columns})
    for place in range(found.shape[1]):
        column = found.iloc[:, place]
        if not pd.api.types.is_numeric_dtype(column.dtype) and _begins(column, "'"):
            texts = [fused(cell) if isinstance(cell, str) else cell for cell in column]
            found.isetitem(place, texts)
    return found


def _begins(column: "pd.Series[Any]", pattern: str) -> bool:
    """Whether any text of a column begins like that."""
    if isinstance(column.dtype, pd.StringDtype):
        return bool(column.str.match(pattern).any())
    return any(isinstance(cell, str) and re.match(pattern, cell) for cell in column)


def _write_long(frame: "pd.DataFrame", file: Path) -> None:
    """Write what pandas would, several times as fast."""
    columns = [_cells(frame.iloc[:, i]) for i in range(frame.shape[1])]
    with file.open("w", encoding="utf-8", newline="") as out:
        out.write(_line([str(name) for name in frame.columns]))
        comma = pyarrow.scalar(",", pyarrow.large_string())
        for start in range(0, len(frame), SLICE):
            parts = (column.slice(start, SLICE) for column in columns)
            lines = pc.binary_join_element_wise(*parts, comma)
            out.write("\n".join(lines.to_pylist()))
            out.write("\n")


def _cells(column: "pd.Series[Any]") -> "pyarrow.ChunkedArray":
    """The cells of a column as pandas writes them, in quotation marks where they need them."""
    if isinstance(column.dtype, np.dtype) and column.dtype.kind in "iu":
        return _filled(pyarrow.array(column.to_numpy()).cast(pyarrow.string()))
    if isinstance(column.dtype, np.dtype) and column.dtype.kind == "f":
        return _filled(_float_texts(column.to_numpy()))
    return _quoted(_filled(_texts(column)))


def _filled(texts: Any) -> "pyarrow.ChunkedArray":
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


def _quoted(column: "pyarrow.ChunkedArray") -> "pyarrow.ChunkedArray":
    """Cells with separators in quotation marks."""
    needed = pc.match_substring_regex(column, SPECIAL)
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
    if not _begins(column, STARTS):
        return column
    return pd.Series([defused(cell) for cell in column], index=column.index, dtype=object)


def defused(cell: Any) -> Any:
    """A cell that cannot act as a formula; numbers stay."""
    if isinstance(cell, str) and re.match(STARTS, cell) and not NUMBER.fullmatch(cell):
        return f"'{cell}"
    return cell
