"""Columns of metrics as people write them, with units in cells and headings.

What is recognised is turned into the unit that the metric has here, and said; what can be read in
two ways is asked for. Needs no heavy library.
"""

import re
from collections.abc import Container, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pipelines.core.errors import TableError
from pipelines.core.later import Later
from pipelines.spikes.labels.written_numbers import (
    THOUSANDS,
    UNITS,
    Style,
    number_in,
    parsed,
    style_of,
)
from pipelines.spikes.units import metrics
from pipelines.spikes.units.unit_tables import MISSING

if TYPE_CHECKING:
    import pandas as pd
else:
    pd = Later("pandas")

Column = NDArray[np.float64]

LARGEST_SHARE = 2.0
"""Estimates of a share may lie a little above 1; values beyond this are something else."""

HEADING = re.compile(r"(?P<name>.+?)\s*[\[(]\s*(?P<unit>[^\])]+?)\s*[\])]")


@dataclass(frozen=True)
class ColumnPlace:
    """Where a column stands: the table and its heading."""

    table: str
    column: str

    def row(self, number: int) -> str:
        """A cell of it; rows are counted as in a file, whose first line is the heading."""
        return f"{self.table}, row {number + 2}, column {self.column}"


@dataclass(frozen=True)
class ReadColumn:
    """A column of numbers in the unit that its metric has here.

    Attributes:
        values: nan where there is none, shape (unit,).
        notes: what was taken, in sentences.
    """

    values: Column
    notes: tuple[str, ...] = ()


def heading(text: str, known: Container[str]) -> tuple[str, str]:
    """The metric and the unit in a heading such as `Firing rate (Hz)`; the unit may be empty.

    Args:
        text: of the heading.
        known: names of metrics, so that `rate_hz` may be one and `firing_rate_ms` two words.
    """
    if text in known:
        return text, ""
    match = HEADING.fullmatch(text.strip())
    if match and match["unit"].lower() in UNITS:
        return _named(match["name"], known), match["unit"].lower()
    name, _, unit = text.strip().rpartition("_" if "_" in text else " ")
    if unit.lower() in UNITS and _named(name, known) in known:
        return _named(name, known), unit.lower()
    return _named(text, known), ""


def _named(text: str, known: Container[str]) -> str:
    """A name as it is known here, if only letters' size and spaces differ."""
    plain = re.sub(r"[\s-]+", "_", text.strip()).lower()
    return plain if plain in known else text


def numbers(
    cells: Sequence[object], metric: str, given_unit: str, style: Style | None, where: ColumnPlace
) -> ReadColumn | None:
    """Read a column.

    Args:
        cells: numbers or texts.
        metric: its name here.
        given_unit: of the heading, or empty.
        style: how the table writes decimals, if that is known.
        where: it stands, for messages.

    Returns:
        The numbers; none if the column holds something else.

    Raises:
        TableError: a metric that is known, or nearly all of a column, is numbers, and a cell is
            none, or can be read in two ways, or has a unit that the metric cannot have.
    """
    plain = None if style == "comma" else _plain(cells)
    units = {given_unit} if given_unit else set[str]()
    if plain is not None:
        factor = _factor(given_unit, metric, where) if given_unit else 1.0
        values, notes = plain * factor, [_of_units(metric, [given_unit])] if factor != 1 else []
    else:
        values, units, wrong = _cell_by_cell(cells, metric, given_unit, style)
        if wrong:
            if metrics.find(metric) is None and np.isfinite(values).sum() <= len(wrong):
                return None
            row, words = next(iter(wrong.items()))
            raise TableError(f"{where.row(row)}: {cells[row]!r} {words}.")
        notes = [_of_units(metric, sorted(units))] if units else []
        if style != "comma" and any(THOUSANDS.fullmatch(number_in(str(one))) for one in cells):
            notes.append(f"{metric} is written with commas between thousands: 1,234 is 1234.")
    if metrics.unit_of(metric) == "share":
        values, more = _as_shares(values, metric, units, where)
        notes += more
    elif metrics.unit_of(metric) == "ratio" and not units and (values > 1).mean() >= 0.5:
        notes.append(
            f"{metric} was taken as a ratio, which may exceed 1; if it is in per cent, "
            f"write its heading as {metric} (%)."
        )
    return ReadColumn(np.where(np.isfinite(values), values, np.nan), tuple(notes))


def _plain(cells: Sequence[object]) -> Column | None:
    """A column that holds numbers without anything else, nan where nothing is said."""
    column = pd.Series([None if _is_missing(cell) else cell for cell in cells], dtype=object)
    found = pd.to_numeric(column, errors="coerce")
    if (found.isna() & column.notna()).any():
        return None
    return np.asarray(found.to_numpy(dtype=np.float64, na_value=np.nan))


def _cell_by_cell(
    cells: Sequence[object], metric: str, given_unit: str, style: Style | None
) -> tuple[Column, set[str], dict[int, str]]:
    """Values, the units that they were written with, and by row what is wrong with a cell."""
    values, units, wrong = np.full(len(cells), np.nan), set[str](), dict[int, str]()
    for row, cell in enumerate(cells):
        if _is_missing(cell):
            continue
        try:
            values[row], unit = _value(cell, metric, given_unit, style)
            units |= {unit} if unit else set()
        except ValueError as error:
            wrong[row] = str(error)
    return values, units, wrong


def _factor(unit: str, metric: str, where: ColumnPlace) -> float:
    """What turns numbers in a heading's unit into the metric's."""
    measured, factor = UNITS[unit]
    expected = _expected(metric, measured)
    if expected != measured:
        raise TableError(
            f"{where.table}, column {where.column}: {metric} is {_kind(expected)}, not in {unit}."
        )
    return factor


def limit(text: str, metric: str) -> float:
    """A limit on a metric, such as `5 Hz` or `90 %`, in the unit that the metric has here.

    Raises:
        ValueError: it is no number, or can be read in two ways; says so.
    """
    return _value(text, metric, "", style_of([text]))[0]


def _is_missing(cell: object) -> bool:
    if cell is None or cell is pd.NA or cell != cell:
        return True
    return isinstance(cell, str) and cell.strip() in (*MISSING, "-", "--", "\u2013", "\u2014")


def _value(cell: object, metric: str, given: str, style: Style | None) -> tuple[float, str]:
    """A cell in the metric's unit, and the unit that it was written with."""
    if isinstance(cell, bool | np.bool_):
        return float(cell), ""
    if isinstance(cell, int | float | np.number):
        number, unit = float(cell), given
    else:
        number, own = parsed(str(cell), style, whole=metrics.unit_of(metric) == "count")
        if own and given and UNITS[own] != UNITS[given]:
            raise ValueError(f"has another unit than the heading, which says {given}")
        unit = own or given
    if not unit:
        return number, ""
    measured, factor = UNITS[unit]
    expected = _expected(metric, measured)
    if expected != measured:
        raise ValueError(f"is in {unit}, but {metric} is {_kind(expected)}")
    return number * factor, unit


def _expected(metric: str, otherwise: str) -> str:
    """The unit of a metric's values; another one if it is not known here."""
    known = metrics.find(metric)
    return known.measures if known else otherwise


def _kind(measured: str) -> str:
    return {"": "a plain number", "ratio": "a ratio"}.get(measured, f"in {measured}")


def _of_units(metric: str, units: Sequence[str]) -> str:
    measured = UNITS[units[0]][0]
    if measured == "ratio":
        return f"{metric} is written in per cent: 12 % was read as 0.12."
    if all(UNITS[unit] == (measured, 1.0) for unit in units):
        return f"{metric} is written with its unit, {', '.join(units)}."
    return f"{metric} is written in {', '.join(units)} and was turned into {measured}."


def _as_shares(
    values: Column, metric: str, units: set[str], where: ColumnPlace
) -> tuple[Column, list[str]]:
    """Shares between 0 and 1, of a column that may be in per cent without saying so.

    Raises:
        TableError: a value can be no share, in whatever unit.
    """
    beyond = np.flatnonzero((values > 1) | (values < 0))
    if not len(beyond):
        return values, []
    known = values[np.isfinite(values)]
    row, ask = int(beyond[0]), f"if it is in per cent, write its heading as {metric} (%)."
    if known.max() <= LARGEST_SHARE:
        words = f"{metric} has values outside of 0 to 1, such as {values[row]:g} in row {row + 2}"
        return values, [f"{words}; it was taken as written, as a ratio; {ask}"]
    if not units and known.min() >= 0 and known.max() <= 100 and (known > 1).mean() >= 0.5:
        words = f"{metric} goes up to {known.max():g}, so it was read as per cent: 50 as 0.5."
        return values / 100, [words]
    row = int(np.flatnonzero(values > LARGEST_SHARE)[0])
    raise TableError(f"{where.row(row)}: {values[row]:g} is no ratio from 0 to 1; {ask}")
