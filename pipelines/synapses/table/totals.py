"""Rows at the end of a table that are no measurement: the means or sums of those above."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from pipelines.synapses.table.arrays import Floats
from pipelines.synapses.table.findings import Outcome, finding
from pipelines.synapses.table.parsing import Draft
from pipelines.synapses.table.remarks import Remarks

MOST_ROWS = 8
"""Rows at the end that are looked at."""
FEWEST_ABOVE = 3
SAME = 1e-3
"""Relative; such rows are often rounded."""
STATISTICS: Mapping[str, Callable[..., Any]] = {
    "mean": np.nanmean,
    "sum": np.nansum,
    "median": np.nanmedian,
    "standard deviation": lambda values, axis: np.nanstd(values, axis=axis, ddof=1),
    "standard error": lambda values, axis: (
        np.nanstd(values, axis=axis, ddof=1) / np.sqrt(_number(values, axis))
    ),
    "number": lambda values, axis: _number(values, axis),
    "minimum": np.nanmin,
    "maximum": np.nanmax,
}
AS_DATA = frozenset({"number", "minimum", "maximum"})
"""What a measurement may equal by chance: counts only beside another, or where a cell says it."""
NAMES = frozenset({"min", "minimum", "max", "maximum", "n", "count", "number"})


def check_totals(draft: Draft) -> Remarks:
    """Rows at the end that are one statistic of all rows above in every measured column."""
    values = draft.numbers[list(draft.schema.measures)].to_numpy(float)
    found = dict(zip(draft.numbers.index[::-1], statistics_at_end(values), strict=False))
    if AS_DATA.issuperset(found.values()) and not all(_is_named(draft, row) for row in found):
        return
    for row, name in found.items():
        text = f"it is the {name} of the rows above in every column, no measurement; left out."
        yield finding(draft.sheet, int(row), "", Outcome.REJECTED, text)


def statistics_at_end(values: Floats) -> list[str]:
    """Of the last rows of values (n, d), from the last upwards, which statistic each is.

    Returns:
        Keys of `STATISTICS`; none where the last rows are measurements.
    """
    values = np.where(np.isfinite(values), values, np.nan)
    most = min(MOST_ROWS, len(values) - FEWEST_ABOVE)
    for count in range(most, 0, -1):
        above, tail = values[:-count], values[-count:]
        if not np.isfinite(tail).all() or _number(above, 0).min() < 2:
            continue
        # A column without any spread would be its own mean.
        if tail.shape[1] < 2 or (np.nanmax(above, axis=0) == np.nanmin(above, axis=0)).all():
            continue
        found = [_statistic(above, row) for row in tail]
        if all(found):
            return found[::-1]
    return []


def _statistic(above: Floats, row: Floats) -> str:
    for name, statistic in STATISTICS.items():
        expected = statistic(above, axis=0)
        if np.allclose(row, expected, rtol=SAME, atol=0):
            return name
    return ""


def _number(values: Floats, axis: int) -> Any:
    return np.isfinite(values).sum(axis=axis)


def _is_named(draft: Draft, row: int) -> bool:
    """Whether a cell of a row says which statistic it is."""
    cells = (draft.sheet.cell(row, name) for name in draft.sheet.cells.columns)
    return any(str(cell).strip(" .:").casefold() in NAMES for cell in cells)
