"""A table of synapses, read and checked: what can be used and what became of every row."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from pipelines.csv_export import write_csv
from pipelines.errors import TableError
from pipelines.synapses import checks
from pipelines.synapses.columns import KEY, OPTIONAL, REQUIRED
from pipelines.synapses.findings import SEVERITY, Finding, Outcome, finding, rows_with
from pipelines.synapses.parsing import Draft, parse
from pipelines.synapses.reading import Sheet, read_sheet

REPORT_COLUMNS = ("row", "column", "value", "outcome", "message")


@dataclass(frozen=True)
class CheckedTable:
    """A table after all checks.

    Attributes:
        sheet: the cells as they were given.
        rows: the accepted and repaired rows in the order of the sheet, indexed by row
            number: names as text, measures as numbers (um, um2), then all other columns.
        findings: one remark a problem.
        repeats: for each dropped row the equal row that was kept.
        notes: sentences on the table as a whole.
    """

    sheet: Sheet
    rows: pd.DataFrame
    findings: tuple[Finding, ...]
    repeats: Mapping[int, int]
    notes: tuple[str, ...]

    @property
    def outcomes(self) -> dict[int, Outcome]:
        """What became of each row, by row number."""
        worst = dict.fromkeys(self.sheet.row_numbers, Outcome.ACCEPTED)
        for item in self.findings:
            worst[item.row] = max(worst[item.row], item.outcome, key=SEVERITY.__getitem__)
        return worst

    @property
    def counts(self) -> dict[str, int]:
        """Numbers of rows: `n_rows`, `n_accepted`, `n_repaired`, `n_rejected`."""
        found = Counter(self.outcomes.values())
        return {"n_rows": found.total()} | {f"n_{name.value}": found[name] for name in Outcome}

    @property
    def report(self) -> pd.DataFrame:
        """One line for every row of the sheet: row, column, value, outcome, message.

        Several remarks on one row are joined.
        """
        by_row = remarks_by_row(self.findings)
        lines = [
            _report_line(row, outcome, by_row.get(row, []))
            for row, outcome in self.outcomes.items()
        ]
        return pd.DataFrame(lines, columns=pd.Index(REPORT_COLUMNS))

    @property
    def first_problem(self) -> str:
        """The message of the first rejected row, or empty."""
        rejected = [item for item in self.findings if item.outcome is Outcome.REJECTED]
        return min(rejected, key=lambda item: item.row).message if rejected else ""

    def reject(self, reasons: Mapping[int, str]) -> "CheckedTable":
        """The same table with more rows rejected, each for its reason."""
        more = [
            finding(self.sheet, row, "", Outcome.REJECTED, text) for row, text in reasons.items()
        ]
        rows = self.rows.drop(index=list(reasons))
        return replace(self, rows=rows, findings=(*self.findings, *more))

    def write_report(self, file: Path) -> None:
        """Write `report.csv`."""
        write_csv(self.report, file)


def read_table(path: Path, sheet: str = "", somas: checks.Somas | None = None) -> CheckedTable:
    """Read and check a table of synapses.

    Args:
        path: an `.xlsx`, `.csv` or `.tsv` file.
        sheet: name of the worksheet; may be empty if only one has content.
        somas: the neurons that a model knows. Their rows are held against the known soma
            one by one, so that a row means the same alone and among others.

    Raises:
        TableError: no row can be judged: the file, its columns or its units are wrong.
    """
    return check_sheet(read_sheet(path, sheet), somas)


def check_sheet(sheet: Sheet, somas: checks.Somas | None = None) -> CheckedTable:
    """Check the cells of a sheet; see `read_table`."""
    somas = somas or {}
    draft = parse(sheet, somas)
    checks.refuse_wrong_units(draft)
    found = list(draft.findings)
    for check in checks.SINGLE_ROW:
        found += check(draft)
    found += checks.check_known_somas(draft, somas)
    repeated, repeats = checks.check_duplicates(draft, _remaining(draft, found))
    found += repeated
    found += checks.check_constant_somas(draft, _remaining(draft, found), somas)
    rows = _remaining(draft, found)
    for look in checks.TOGETHER:
        found += look(draft, rows)
    return CheckedTable(sheet, _accepted(draft, rows), tuple(found), repeats, draft.notes)


def _remaining(draft: Draft, found: Iterable[Finding]) -> pd.Index:
    rejected = rows_with(found, Outcome.REJECTED)
    return draft.names.index[[row not in rejected for row in draft.names.index]]


def _accepted(draft: Draft, rows: pd.Index) -> pd.DataFrame:
    used = {draft.sources[name].column for name in (*REQUIRED, *OPTIONAL) if name in draft.sources}
    others = [name for name in draft.sheet.cells.columns if name not in used]
    return pd.concat(
        [draft.names.loc[rows], draft.numbers.loc[rows], draft.sheet.cells.loc[rows, others]],
        axis=1,
    )


def remarks_by_row(findings: Iterable[Finding]) -> dict[int, list[Finding]]:
    """The remarks of each row that has any, in order."""
    by_row: dict[int, list[Finding]] = {}
    for item in findings:
        by_row.setdefault(item.row, []).append(item)
    return by_row


def _report_line(row: int, outcome: Outcome, items: list[Finding]) -> tuple[Any, ...]:
    return (
        row,
        _joined("; ", (item.column for item in items)),
        _joined("; ", (item.value for item in items)),
        outcome.value,
        _joined(" ", (item.message for item in items)),
    )


def _joined(separator: str, texts: Iterable[Any]) -> str:
    """The different texts in their order."""
    return separator.join(dict.fromkeys(str(text) for text in texts if text))


def members(rows: pd.DataFrame, group: str) -> "np.ndarray[tuple[int], np.dtype[np.bool_]]":
    """Which rows of a checked table belong to a group.

    Args:
        rows: `CheckedTable.rows`.
        group: all; as or ss (SynType); cb, cr or pv (NeuronId starts so); COLUMN=VALUE.

    Raises:
        TableError: there is no such column.
    """
    column, equals, value = group.partition("=")
    if group == "all":
        return np.ones(len(rows), dtype=bool)
    if not equals and group in ("as", "ss"):
        return rows["SynType"].eq(group).to_numpy(dtype=bool)
    if not equals:
        return rows["NeuronId"].str.casefold().str.startswith(group).to_numpy(dtype=bool)
    return np.array([_folded(cell) == _folded(value) for cell in rows[_column(rows, column)]])


def _column(rows: pd.DataFrame, name: str) -> str:
    for column in rows.columns:
        if str(column).casefold() == name.casefold():
            return str(column)
    known = ", ".join(str(column) for column in rows.columns)
    raise TableError(f"There is no column {name} to choose a group by: the table has {known}.")


def _folded(cell: Any) -> str:
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return str(cell).strip().casefold()


def canonical_order(rows: pd.DataFrame) -> pd.Index:
    """Row numbers sorted by key, so that the order of a file decides nothing."""
    return rows.sort_values(list(KEY), kind="stable").index
