"""A table, read and checked: what can be used and what became of every row."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from pipelines.core.csv import write_csv
from pipelines.core.errors import TableError
from pipelines.synapses.formats.reading import read_sheet
from pipelines.synapses.formats.sheets import Sheet
from pipelines.synapses.table import checks, soma_checks
from pipelines.synapses.table.checks import neurons_in_other_units
from pipelines.synapses.table.columns import KEY, OTHER_TYPE, SYNAPSES, Schema
from pipelines.synapses.table.findings import SEVERITY, Finding, Outcome, finding, rows_with
from pipelines.synapses.table.names import each
from pipelines.synapses.table.parsing import Draft, parse
from pipelines.synapses.table.repairs import repair
from pipelines.synapses.table.sources import ColumnSource
from pipelines.synapses.table.totals import check_totals

REPORT_COLUMNS = ("row", "column", "value", "outcome", "message")


@dataclass(frozen=True)
class RepairOffer:
    """What a repair would put right.

    Attributes:
        n_rows: how many rejected rows.
        message: what is wrong, for the first of them.
    """

    n_rows: int
    message: str


@dataclass(frozen=True)
class CheckedTable:
    """A table after all checks.

    Attributes:
        sheet: the cells as they were given.
        schema: which columns say what.
        rows: the accepted and repaired rows in the order of the sheet, indexed by row
            number: names as text, measures as numbers (um, um2), then all other columns.
        findings: one remark a problem.
        repeats: for each dropped row the equal row that was kept.
        notes: sentences on the table as a whole.
        wrong: what is wrong with most rows at once.
        sources: where the columns of the schema come from.
        draft: all rows, before any was left out.
    """

    sheet: Sheet
    rows: pd.DataFrame
    findings: tuple[Finding, ...]
    repeats: Mapping[int, int]
    notes: tuple[str, ...]
    schema: Schema = SYNAPSES
    wrong: tuple[checks.WholeTable, ...] = ()
    sources: Mapping[str, ColumnSource] = field(default_factory=dict)
    draft: Draft | None = None

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
        rejected = rows_with(self.findings, Outcome.REJECTED)
        repaired = rows_with(self.findings, Outcome.REPAIRED) - rejected
        n_rows = len(self.sheet.cells)
        return {
            "n_rows": n_rows,
            "n_accepted": n_rows - len(repaired) - len(rejected),
            "n_repaired": len(repaired),
            "n_rejected": len(rejected),
        }

    @property
    def report(self) -> pd.DataFrame:
        """One line for every row of the sheet: `row, column, value, outcome, message`.

        Several remarks on one row are joined.
        """
        rows = self.sheet.cells.index
        columns = {name: np.full(len(rows), "", dtype=object) for name in REPORT_COLUMNS[1:]}
        columns["outcome"][:] = Outcome.ACCEPTED.value
        by_row = remarks_by_row(self.findings)
        places = rows.get_indexer(pd.Index(list(by_row), dtype=int))
        lines = [_report_line(items) for items in by_row.values()]
        for name, said in zip(columns, zip(*lines, strict=True), strict=False):
            columns[name][places] = said
        return pd.DataFrame({REPORT_COLUMNS[0]: rows.to_numpy(dtype=int), **columns})

    @property
    def offers(self) -> dict[str, "RepairOffer"]:
        """What can be repaired, by its name, with how many rows that is and why."""
        n_rejected = len(rows_with(self.findings, Outcome.REJECTED))
        found = {item.repair: RepairOffer(n_rejected, item.message) for item in self.wrong}
        rows: dict[str, set[int]] = {}
        for item in self.findings:
            for name in item.repairs:
                rows.setdefault(name, set()).add(item.row)
                found.setdefault(name, RepairOffer(0, item.message))
        return found | {
            name: replace(found[name], n_rows=len(affected)) for name, affected in rows.items()
        }

    @property
    def every_row(self) -> pd.DataFrame:
        """All rows of the sheet, one line each as in `rows`, also those that were rejected."""
        return self.rows if self.draft is None else _accepted(self.draft, self.draft.names.index)

    @property
    def repaired(self) -> pd.DataFrame:
        """The usable rows, one line each, their names and numbers as they were read and repaired.

        All columns of the sheet are there; those that were computed from others come last.
        """
        table = self.sheet.cells.loc[self.rows.index].copy()
        inner = {self.schema.group: KEY[0], self.schema.id: KEY[2]}
        for name, source in self.sources.items():
            is_own = source.divisor == 1.0 and not source.given
            column = source.column if is_own else name
            table[column] = self.rows[inner.get(name, name)]
        return table

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

    def refuse_wrong(self) -> None:
        """Refuse a table that is wrong as a whole.

        Raises:
            TableError: most rows are in another unit.
        """
        if self.wrong:
            raise TableError(self.wrong[0].message)

    def write_report(self, file: Path) -> None:
        """Write `report.csv`."""
        write_csv(self.report, file)

    def write_repaired(self, file: Path) -> None:
        """Write the usable rows as they were read and repaired."""
        write_csv(self.repaired, file)


def read_table(
    path: Path,
    sheet: str = "",
    somas: soma_checks.Somas | None = None,
    *,
    schema: Schema = SYNAPSES,
    repairs: Collection[str] = (),
    groups: Collection[str] = (),
    header_row: int = 0,
    columns: Mapping[str, str] | None = None,
) -> CheckedTable:
    """Read and check a table, to be used.

    Args:
        path: a file of one of `formats.FORMATS`.
        sheet: name of the worksheet; may be empty if only one has content.
        somas: the neurons that a model knows. Their rows are held against the known soma
            one by one, so that a row means the same alone and among others.
        schema: which columns say what.
        repairs: keys of `repairs.REPAIRS` that may be applied.
        groups: other groups that a model knows, in their spelling.
        header_row: number of the row with the names of the columns; 0 to find it.
        columns: for names of the schema, the columns of the sheet that a person gave them.

    Raises:
        TableError: no row can be judged: the file, its columns or its units are wrong.
    """
    cells = read_sheet(path, sheet, names=looked_for(schema, columns), header_row=header_row)
    checked = check_sheet(
        cells, somas, schema=schema, repairs=repairs, groups=groups, columns=columns
    )
    checked.refuse_wrong()
    return checked


def looked_for(schema: Schema, columns: Mapping[str, str] | None = None) -> list[str]:
    """The names by which the header of a table is found."""
    given = {name.casefold(): header for name, header in (columns or {}).items()}
    needed = (*schema.key_columns, *schema.measures)
    return [given.get(name.casefold(), name) for name in needed]


def check_sheet(
    sheet: Sheet,
    somas: soma_checks.Somas | None = None,
    *,
    schema: Schema = SYNAPSES,
    repairs: Collection[str] = (),
    groups: Collection[str] = (),
    columns: Mapping[str, str] | None = None,
) -> CheckedTable:
    """Check the cells of a sheet, also of one whose units are wrong; see `read_table`."""
    somas = somas or {}
    draft = parse(sheet, schema, [*somas, *groups], repairs, columns)
    draft = repair(draft, repairs, somas)
    if schema == SYNAPSES:
        return _check_synapses(draft, somas)
    found = [*draft.findings, *check_totals(draft)]
    for check in checks.OTHER_SINGLE_ROW:
        found += check(draft)
    repeated, repeats = checks.check_duplicates(draft, _remaining(draft, found))
    found += repeated
    return _checked(draft, found, repeats, ())


def _check_synapses(draft: Draft, somas: soma_checks.Somas) -> CheckedTable:
    wrong = tuple(checks.check_units(draft))
    found = [*draft.findings, *check_totals(draft)]
    for check in checks.SINGLE_ROW:
        found += check(draft)
    if not wrong:
        found += soma_checks.check_known_somas(draft, somas)
    repeated, repeats = checks.check_duplicates(draft, _remaining(draft, found))
    found += repeated
    found += soma_checks.check_constant_somas(draft, _remaining(draft, found), somas)
    rows = _remaining(draft, found)
    for look in checks.TOGETHER:
        found += look(draft, rows)
    notes = () if wrong else neurons_in_other_units(draft, rows)
    return _checked(draft, found, repeats, wrong, notes)


def _checked(
    draft: Draft,
    found: list[Finding],
    repeats: Mapping[int, int],
    wrong: tuple[checks.WholeTable, ...],
    notes: Sequence[str] = (),
) -> CheckedTable:
    rows = _accepted(draft, _remaining(draft, found))
    return CheckedTable(
        draft.sheet,
        rows,
        tuple(found),
        repeats,
        (*notes, *draft.notes),
        draft.schema,
        wrong,
        draft.sources,
        draft,
    )


def _remaining(draft: Draft, found: Iterable[Finding]) -> pd.Index:
    rejected = rows_with(found, Outcome.REJECTED)
    index = draft.names.index
    return index[~index.isin(list(rejected))] if rejected else index


def _accepted(draft: Draft, rows: pd.Index) -> pd.DataFrame:
    """Rows with their names and numbers, then all other columns of the sheet."""
    used = {source.column for name, source in draft.sources.items() if name in draft.numbers}
    if draft.schema == SYNAPSES:
        used |= set(draft.columns(KEY))
    others = [name for name in draft.sheet.cells.columns if name not in used and name not in KEY]
    parts = [draft.names, draft.numbers, draft.sheet.cells[others]]
    if len(rows) < len(draft.names):
        parts = [part.loc[rows] for part in parts]
    return pd.concat(parts, axis=1)


def remarks_by_row(findings: Iterable[Finding]) -> dict[int, list[Finding]]:
    """The remarks of each row that has any, in order."""
    by_row: dict[int, list[Finding]] = {}
    for item in findings:
        by_row.setdefault(item.row, []).append(item)
    return by_row


def _report_line(items: list[Finding]) -> tuple[str, ...]:
    """Column, value, outcome and message of one row."""
    worst = max((item.outcome for item in items), key=SEVERITY.__getitem__)
    return (
        _joined("; ", (item.column for item in items)),
        _joined("; ", (item.value for item in items)),
        worst.value,
        _joined(" ", (item.message for item in items)),
    )


def _joined(separator: str, texts: Iterable[Any]) -> str:
    """The different texts in their order."""
    return separator.join(dict.fromkeys(str(text) for text in texts if text))


def members(rows: pd.DataFrame, group: str) -> "np.ndarray[tuple[int], np.dtype[np.bool_]]":
    """Which rows of a checked table belong to a group.

    Args:
        rows: `CheckedTable.rows`, n of them.
        group: all; as or ss (SynType); cb, cr or pv (NeuronId starts so); COLUMN=VALUE.

    Returns:
        (n,), in the order of the rows.

    Raises:
        TableError: there is no such column, or a group of synapses is asked of another table.
    """
    column, equals, value = group.partition("=")
    if group == "all":
        return np.ones(len(rows), dtype=bool)
    if not equals and rows["SynType"].eq(OTHER_TYPE).any():
        raise TableError(
            f"{group} is a group of synapses: of another table take all or COLUMN=VALUE."
        )
    if not equals and group in ("as", "ss"):
        return rows["SynType"].eq(group).to_numpy(dtype=bool)
    if not equals:
        of_type = each(rows["NeuronId"], lambda name: name.casefold().startswith(group))
        return np.array(of_type, dtype=bool)
    wanted = _folded(value)
    found = each(rows[_column(rows, column)], lambda cell: _folded(cell) == wanted)
    return np.array(found, dtype=bool)


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
    """Row numbers (n,) sorted by key, so that the order of a file decides nothing."""
    return rows.sort_values(list(KEY), kind="stable").index
