"""Numbers in cells: whole columns at once where they are plain, cell by cell where not."""

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pyarrow
import pyarrow.compute as pc

from pipelines.synapses.formats.separators import DECIMAL_COMMA, THOUSANDS, readings, styles
from pipelines.synapses.table.arrays import Booleans, Floats

MISSING = frozenset({"", "-", "na", "n/a", "nan", "null", "none", "#n/a"})
LARGEST = 1e30
"""Numbers beyond are no measures, in whatever unit."""
PLAIN = r"^-?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?$"


@dataclass(frozen=True)
class ReadNumbers:
    """Columns that were read as numbers, each of n cells, in the unit they are written in.

    Attributes:
        values: by column (n,); nan where there is no number, or none that is certain.
        text: by column (n,), which cells are text.
        offers: by repair and column (n,), what a cell would be with that repair; nan where it
            would not change.
        doubtful: by column (n,), cells that a separator keeps from being read.
        repaired: by column (n,), cells that were read with a repair.
    """

    values: Mapping[str, Floats]
    text: Mapping[str, Booleans]
    offers: Mapping[str, Mapping[str, Floats]]
    doubtful: Mapping[str, Booleans]
    repaired: Mapping[str, Booleans]

    def with_repairs(self, repairs: Collection[str]) -> "ReadNumbers":
        """The same with what was asked for; a cell that two of these read differently stays."""
        values, repaired = dict(self.values), dict(self.repaired)
        wanted = [name for name in self.offers if name in repairs]
        for column in values if wanted else ():
            read = np.array([self.offers[name][column] for name in wanted])
            least, most = _least_and_most(read)
            agreed = np.isfinite(least) & (least == most)
            values[column] = np.where(agreed, least, values[column])
            repaired[column] = agreed
        return replace(self, values=values, repaired=repaired)


def _least_and_most(values: Floats) -> tuple[Floats, Floats]:
    """Of values (r, n) the least and the most (n,) of those that are there."""
    lacking = np.isnan(values)
    least = np.where(lacking, np.inf, values).min(axis=0)
    return least, np.where(lacking, -np.inf, values).max(axis=0)


@dataclass(frozen=True)
class _Column:
    values: Floats
    text: Booleans


def read_numbers(columns: Mapping[str, "pd.Series[Any]"]) -> ReadNumbers:
    """Read columns of cells as numbers.

    Args:
        columns: by name, each of n cells (n,) of any kind.

    Returns:
        As many numbers (n,) by the same names, in the unit that the cells are written in.
    """
    read = {name: _read(column) for name, column in columns.items()}
    values = {name: column.values for name, column in read.items()}
    text = {name: column.text for name, column in read.items()}
    nowhere = {name: np.zeros(len(column), dtype=bool) for name, column in values.items()}
    plain = ReadNumbers(values, text, {}, nowhere, nowhere)
    cells = {name: _unread(columns[name], column) for name, column in read.items()}
    if not any(np.isfinite(readings(one)).any() for odd in cells.values() for one in odd):
        return plain
    return _separated(plain, columns)


def _unread(cells: "pd.Series[Any]", column: _Column) -> list[str]:
    """The different texts of cells that are no plain number."""
    odd = column.text & np.isnan(column.values)
    return list({with_hyphen(str(cell)) for cell in cells[odd].tolist()}) if odd.any() else []


def _separated(plain: ReadNumbers, columns: Mapping[str, "pd.Series[Any]"]) -> ReadNumbers:
    """The same where some cells have separators, which mean what the column tells."""
    names = list(columns)
    both = {name: _both_readings(columns[name], plain.text[name]) for name in names}
    found = styles({name: pair[plain.text[name]] for name, pair in both.items()}, plain.values)
    values, doubtful = dict(plain.values), dict(plain.doubtful)
    offers: dict[str, dict[str, Floats]] = {DECIMAL_COMMA: {}, THOUSANDS: {}}
    for name in names:
        doubt, as_comma, as_point = found[name].doubts(both[name], plain.values[name])
        doubtful[name] = doubt
        values[name] = np.where(doubt, np.nan, values[name])
        offers[DECIMAL_COMMA][name], offers[THOUSANDS][name] = as_comma, as_point
    return replace(plain, values=values, doubtful=doubtful, offers=offers)


def _both_readings(cells: "pd.Series[Any]", text: Booleans) -> Floats:
    """What each cell is with a decimal comma, and what with a decimal point (n, 2)."""
    both = np.full((len(cells), 2), np.nan)
    if text.any():
        codes, different = pd.factorize(cells[text].astype(str))
        both[text] = np.array([readings(with_hyphen(str(one))) for one in different])[codes]
    return both


def _read(cells: "pd.Series[Any]") -> _Column:
    if pd.api.types.is_bool_dtype(cells.dtype):
        return _column_of(cells.tolist())
    if pd.api.types.is_numeric_dtype(cells.dtype):
        values = cells.to_numpy(float)
        return _Column(_all_bounded(values), np.zeros(len(values), dtype=bool))
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
    places = np.flatnonzero(odd & text)
    if len(places):
        values[places] = _column_of(texts.take(pyarrow.array(places)).to_pylist()).values
    return _Column(values, text)


def _cast(texts: Any) -> Floats:
    values = pc.cast(texts, pyarrow.float64()).to_numpy(zero_copy_only=False)
    return _all_bounded(np.array(values, dtype=float))


def _column_of(cells: list[Any]) -> _Column:
    """Any cells, one by one."""
    text = np.array([isinstance(cell, str) for cell in cells], dtype=bool)
    return _Column(np.array([number(cell) for cell in cells], dtype=float), text)


def number(cell: Any) -> float:
    """The number in a cell; nan if there is none. A date or truth value is no number."""
    if isinstance(cell, bool):
        return math.nan
    if not isinstance(cell, int | float | Decimal | str) or (isinstance(cell, str) and "_" in cell):
        return math.nan
    try:
        return _bounded(float(with_hyphen(cell) if isinstance(cell, str) else cell))
    except (ValueError, OverflowError):  # such as a whole number of 400 digits
        return math.nan


def with_hyphen(text: str) -> str:
    """A number with the typographic minus sign (U+2212) as programs read it."""
    return text.strip().replace("\u2212", "-")


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
