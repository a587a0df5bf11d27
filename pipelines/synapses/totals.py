"""Rows at the end of a table that are no measurement: the means or sums of those above."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from pipelines.synapses.arrays import Floats
from pipelines.synapses.findings import Outcome, finding
from pipelines.synapses.parsing import Draft
from pipelines.synapses.remarks import Remarks

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
}


def check_totals(draft: Draft) -> Remarks:
    """Rows at the end that are one statistic of all rows above in every measured column."""
    values = draft.numbers[list(draft.schema.measures)].to_numpy(float)
    for row, name in zip(draft.numbers.index[::-1], statistics_at_end(values), strict=False):
        text = f"it is the {name} of the rows above in every column, no measurement; left out."
        yield finding(draft.sheet, int(row), "", Outcome.REJECTED, text)


def statistics_at_end(values: Floats) -> list[str]:
    """Of the last rows of values (n, d), from the last upwards, which statistic each is."""
    most = min(MOST_ROWS, len(values) - FEWEST_ABOVE)
    for count in range(most, 0, -1):
        above, tail = values[:-count], values[-count:]
        if not np.isfinite(tail).all() or not np.isfinite(above).any(axis=0).all():
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
