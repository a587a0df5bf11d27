"""Numbers in cells: whole columns at once where they are plain, cell by cell where not."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import pyarrow
import pyarrow.compute as pc

from pipelines.synapses.arrays import Booleans, Floats

DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+([eE][+-]?\d+)?")
WHOLE = re.compile(r"[+-]?\d+")
MISSING = frozenset({"", "-", "na", "n/a", "nan", "null", "none", "#n/a"})
LARGEST = 1e30
"""Numbers beyond are no measures, in whatever unit."""
COMMA_SHARE = 0.95
"""Share of the text cells that must look like decimal commas before any is converted."""
PLAIN = r"^-?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?$"


@dataclass(frozen=True)
class Read:
    """Columns that were read as numbers, each of n cells.

    Attributes:
        values: by column; nan where there is no number.
        text: by column, which cells are text.
        commas: by column, which cells are numbers with a decimal comma.
        comma_values: by column, what those would be.
        offers_commas: whether nearly all text cells that could tell have a decimal comma.
        commas_read: whether they were taken.
    """

    values: Mapping[str, Floats]
    text: Mapping[str, Booleans]
    commas: Mapping[str, Booleans]
    comma_values: Mapping[str, Floats]
    offers_commas: bool
    commas_read: bool = False

    def with_commas(self) -> "Read":
        """The same with decimal commas read, where they are what nearly all cells have."""
        if not self.offers_commas:
            return self
        values = {
            name: np.where(self.commas[name], self.comma_values[name], column)
            for name, column in self.values.items()
        }
        return replace(self, values=values, commas_read=True)


@dataclass(frozen=True)
class _Column:
    values: Floats
    text: Booleans
    commas: Booleans
    comma_values: Floats


def read_numbers(columns: Mapping[str, "pd.Series[Any]"]) -> Read:
    """Read columns of cells as numbers."""
    read = {name: _read(column) for name, column in columns.items()}
    matching = sum(int(column.commas.sum()) for column in read.values())
    telling = sum(_telling(column) for column in columns.values()) if matching else 0
    return Read(
        values={name: column.values for name, column in read.items()},
        text={name: column.text for name, column in read.items()},
        commas={name: column.commas for name, column in read.items()},
        comma_values={name: column.comma_values for name, column in read.items()},
        offers_commas=matching > 0 and matching >= COMMA_SHARE * telling,
    )


def _read(cells: "pd.Series[Any]") -> _Column:
    if pd.api.types.is_bool_dtype(cells.dtype):
        return _column_of(cells.tolist())
    if pd.api.types.is_numeric_dtype(cells.dtype):
        values = cells.to_numpy(float)
        nowhere = np.zeros(len(values), dtype=bool)
        return _Column(_all_bounded(values), nowhere, nowhere, values)
    if isinstance(cells.dtype, pd.StringDtype):
        return _read_texts(pyarrow.chunked_array(pyarrow.array(cells.array, from_pandas=True)))
    return _column_of(cells.tolist())


def _read_texts(texts: Any) -> _Column:
    """Text cells: at once when all are plain numbers, else the odd ones one by one."""
    try:
        values = _cast(texts)
        odd = np.zeros(len(values), dtype=bool)
    except pyarrow.ArrowInvalid:
        plain = pc.fill_null(pc.match_substring_regex(texts, PLAIN), False)
        values = _cast(pc.if_else(plain, texts, pyarrow.scalar(None, texts.type)))
        odd = ~plain.to_numpy(zero_copy_only=False)
    text = texts.is_valid().to_numpy(zero_copy_only=False)
    column = _Column(values, text, np.zeros(len(values), bool), np.full(len(values), np.nan))
    return _with_odd(column, texts, odd & text) if (odd & text).any() else column


def _cast(texts: Any) -> Floats:
    values = pc.cast(texts, pyarrow.float64()).to_numpy(zero_copy_only=False)
    return _all_bounded(np.array(values, dtype=float))


def _with_odd(column: _Column, texts: Any, odd: Booleans) -> _Column:
    places = np.flatnonzero(odd)
    found = _column_of(texts.take(pyarrow.array(places)).to_pylist())
    values, commas, comma_values = column.values, column.commas.copy(), column.comma_values.copy()
    values[places], commas[places] = found.values, found.commas
    comma_values[places] = found.comma_values
    return _Column(values, column.text, commas, comma_values)


def _column_of(cells: list[Any]) -> _Column:
    """Any cells, one by one."""
    text = np.array([isinstance(cell, str) for cell in cells], dtype=bool)
    stripped = [cell.strip() if isinstance(cell, str) else "" for cell in cells]
    commas = np.array([DECIMAL_COMMA.fullmatch(one) is not None for one in stripped], dtype=bool)
    values = np.array([number(cell) for cell in cells], dtype=float)
    comma_values = np.full(len(cells), np.nan)
    for place in np.flatnonzero(commas):
        comma_values[place] = number(stripped[place], decimal_comma=True)
    return _Column(values, text, commas, comma_values)


def _telling(cells: "pd.Series[Any]") -> int:
    """Number of text cells that show how decimals are written."""
    if pd.api.types.is_numeric_dtype(cells.dtype):
        return 0
    stripped = (cell.strip() for cell in cells.tolist() if isinstance(cell, str))
    return sum(one.casefold() not in MISSING and not WHOLE.fullmatch(one) for one in stripped)


def number(cell: Any, decimal_comma: bool = False) -> float:
    """The number in a cell; nan if there is none. A date or truth value is no number."""
    if isinstance(cell, bool):
        return math.nan
    if isinstance(cell, int | float):
        return _bounded(cell)
    if not isinstance(cell, str) or "_" in cell:
        return math.nan
    text = cell.strip()
    if decimal_comma and DECIMAL_COMMA.fullmatch(text):
        text = text.replace(",", ".")
    try:
        return _bounded(float(text))
    except ValueError:
        return math.nan


def _bounded(value: float) -> float:
    """The value, or infinity where its square could not be computed with."""
    return float(value) if not abs(value) > LARGEST else math.inf


def _all_bounded(values: Floats) -> Floats:
    bounded: Floats = np.where(np.abs(values) > LARGEST, np.inf, values)
    return bounded


def text_of(cell: Any) -> str:
    """A cell as text, whole numbers without a point."""
    if cell is None or cell is pd.NA or (isinstance(cell, float) and math.isnan(cell)):
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)
