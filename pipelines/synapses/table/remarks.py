"""How checks say what they found about rows of a draft."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pandas as pd

from pipelines.synapses.table.findings import Finding, Outcome, finding
from pipelines.synapses.table.parsing import Draft

Remarks = Iterator[Finding]


def remark(draft: Draft, rows: list[int], name: str, text: str) -> Remarks:
    """Rows that are accepted, with a remark on a column of the schema."""
    return (at(draft, row, name, Outcome.ACCEPTED, text) for row in rows)


def at(draft: Draft, row: int, name: str, outcome: Outcome, text: str, *repairs: str) -> Finding:
    """What was found in a column of the schema, as the sheet calls it."""
    return finding(draft.sheet, row, draft.sources[name].column, outcome, text, *repairs)


def condition_on(condition: npt.NDArray[np.bool_], rows: pd.DataFrame) -> "pd.Series[bool]":
    """A condition (n,), indexed by the numbers of n rows."""
    return pd.Series(condition, index=rows.index)


def rows_where(condition: "pd.Series[bool]") -> list[int]:
    """The row numbers for which a condition (n,), indexed by row number, holds."""
    return row_numbers(condition.index[condition.to_numpy(dtype=bool)])


def row_numbers(rows: pd.Index) -> list[int]:
    """Row numbers as plain numbers."""
    numbers: list[int] = rows.to_numpy(dtype=int).tolist()
    return numbers
