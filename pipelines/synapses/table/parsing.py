"""From cells to names and numbers, and what had to be repaired on the way."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from pipelines.synapses.formats.cells import MISSING, ReadNumbers, read_numbers, text_of
from pipelines.synapses.formats.separators import DECIMAL_COMMA, THOUSANDS
from pipelines.synapses.formats.sheets import Sheet
from pipelines.synapses.table.columns import KEY, SYNAPSES, Schema
from pipelines.synapses.table.findings import Finding, Outcome, finding
from pipelines.synapses.table.names import each, read_names
from pipelines.synapses.table.sources import ColumnSource, converted, find_sources, source_notes

MOST_BLANK = 0.5
"""With as many blanks, a name was written once for the rows below it."""
FILL_DOWN, WITHOUT_HIDDEN = "fill-down", "without-hidden"


@dataclass(frozen=True)
class Draft:
    """A table whose cells have been read but not yet judged.

    Attributes:
        sheet: the cells.
        schema: which columns say what.
        sources: for each column of the schema that is there, where it comes from.
        names: `KEY` as text, "" where blank.
        numbers: the numeric columns of the schema; nan where there is no number.
        findings: repairs, and cells that cannot be read.
        notes: sentences on the table as a whole.
        blanks: for blank cells (row, column) the row whose value is meant, where that shows.
    """

    sheet: Sheet
    schema: Schema
    sources: Mapping[str, ColumnSource]
    names: pd.DataFrame
    numbers: pd.DataFrame
    findings: tuple[Finding, ...]
    notes: tuple[str, ...]
    blanks: Mapping[tuple[int, str], int] = field(default_factory=dict)

    def with_numbers(self, numbers: pd.DataFrame, found: Iterable[Finding]) -> "Draft":
        """The same with repaired numbers, one line a row as before, and what was repaired."""
        return replace(self, numbers=numbers, findings=(*self.findings, *found))

    def columns(self, names: Iterable[str]) -> list[str]:
        """What columns of the schema are called in the sheet."""
        return [self.sources[name].column for name in names]


def parse(
    sheet: Sheet,
    schema: Schema = SYNAPSES,
    known_names: Iterable[str] = (),
    repairs: Collection[str] = (),
    columns: Mapping[str, str] | None = None,
) -> Draft:
    """Read the columns of the schema.

    Args:
        sheet: the cells.
        schema: which columns say what.
        known_names: spellings of neurons or groups that take precedence.
        repairs: what may be repaired.
        columns: for names of the schema, the columns of the sheet that a person gave them.

    Raises:
        TableError: columns are missing.
    """
    sources = find_sources(sheet, schema, columns)
    blanks = blanks_to_fill(sheet, sources, schema)
    filled = _filled(sheet, blanks) if FILL_DOWN in repairs else sheet
    measured = {name: source for name, source in sources.items() if name not in _keys(schema)}
    read = read_numbers({name: filled.cells[source.column] for name, source in measured.items()})
    read = read.with_repairs(repairs)
    values = {name: read.values[name] / source.divisor for name, source in measured.items()}
    numbers = pd.DataFrame(values, index=sheet.cells.index, dtype=float)
    names, renamed = _names(filled, schema, sources, known_names)
    if schema != SYNAPSES and not schema.id:
        names["SynId"] = _ranks(names, numbers)
    findings = [
        *_overlong(sheet),
        *_hidden(sheet, repairs),
        *(_filled_cells(sheet, blanks) if filled is not sheet else ()),
        *renamed,
        *_repaired(filled, measured, read),
        *_unreadable(filled, schema, measured, read, {} if filled is not sheet else blanks),
        *converted(sheet, sources),
    ]
    done = WITHOUT_HIDDEN if WITHOUT_HIDDEN in repairs else None  # its note says how to ask for it
    notes = [f"{sheet.place()}: {note}" for note in sheet.notes if not done or done not in note]
    notes += source_notes(sheet, sources)
    if filled is not sheet:
        blanks = {}
    return Draft(sheet, schema, sources, names, numbers, tuple(findings), tuple(notes), blanks)


def _keys(schema: Schema) -> tuple[str, ...]:
    return KEY if schema == SYNAPSES else tuple({schema.group, schema.id} - set(schema.measures))


def _overlong(sheet: Sheet) -> list[Finding]:
    text = "the row has more cells than the header; look for a delimiter inside a value."
    if len(sheet.overlong) == len(sheet.cells):
        text = f"{text[:-1]}, or for names of rows (as R writes them) that have no header: add one."
    return [finding(sheet, row, "", Outcome.REJECTED, text) for row in sheet.overlong]


def _hidden(sheet: Sheet, repairs: Collection[str]) -> list[Finding]:
    if WITHOUT_HIDDEN in repairs:
        text = "hidden in the workbook, and left out as asked for."
        return [finding(sheet, row, "", Outcome.REJECTED, text) for row in sheet.hidden]
    text = f"hidden in the workbook and read all the same; {WITHOUT_HIDDEN} leaves it out."
    return [finding(sheet, row, "", Outcome.ACCEPTED, text, WITHOUT_HIDDEN) for row in sheet.hidden]


# -- cells that stand for others


def blanks_to_fill(
    sheet: Sheet, sources: Mapping[str, ColumnSource], schema: Schema
) -> dict[tuple[int, str], int]:
    """For blank cells (row, column) the row above whose value is meant.

    Its cell is merged with theirs, or a name is written once for the rows below it.
    """
    found: dict[tuple[int, str], int] = {}
    wanted = {source.column for source in sources.values()}
    for first, last, column in sheet.merged:
        if column in wanted:
            rows = sheet.cells.loc[first + 1 : last, column]
            found |= {(int(row), column): first for row in rows.index[rows.isna()]}
    named = ("NeuronId", "SynType") if schema == SYNAPSES else (schema.group,)
    for column in (sources[name].column for name in named if name in sources):
        blank = sheet.cells[column].isna().to_numpy()
        if blank[0] or blank.mean() < MOST_BLANK or any(c == column for _, c in found):
            continue
        numbers = sheet.cells.index.to_numpy(dtype=int)
        above = numbers[np.maximum.accumulate(np.where(blank, 0, np.arange(len(numbers))))]
        pairs = zip(numbers[blank].tolist(), above[blank].tolist(), strict=True)
        found |= {(row, column): up for row, up in pairs}
    return found


def _filled(sheet: Sheet, blanks: Mapping[tuple[int, str], int]) -> Sheet:
    cells = sheet.cells.copy()
    for column in {column for _, column in blanks}:
        values = cells[column].astype(object)
        above = {row: up for (row, of), up in blanks.items() if of == column}
        values.loc[list(above)] = [sheet.cell(up, column) for up in above.values()]
        cells[column] = values
    return replace(sheet, cells=cells) if blanks else sheet


def _filled_cells(sheet: Sheet, blanks: Mapping[tuple[int, str], int]) -> list[Finding]:
    return [
        finding(sheet, row, column, Outcome.REPAIRED, f"filled with the cell of row {above}.")
        for (row, column), above in blanks.items()
    ]


def why_blank(draft_blanks: Mapping[tuple[int, str], int], row: int, column: str) -> str:
    """What a blank cell stands for, where that is known; or empty."""
    above = draft_blanks.get((row, column))
    if above is None:
        return ""
    return (
        f"blank, and row {above} above seems to hold for it (a merged cell, or a value that is "
        f"written once); fill it in, or repair it with {FILL_DOWN}."
    )


# -- names


def _names(
    sheet: Sheet, schema: Schema, sources: Mapping[str, ColumnSource], known: Iterable[str]
) -> tuple[pd.DataFrame, list[Finding]]:
    """The key of each row, and what was written otherwise."""
    if schema == SYNAPSES:
        columns = {name: sources[name].column for name in KEY}
    else:
        columns = {
            name: sources[column].column
            for name, column in (("NeuronId", schema.group), ("SynId", schema.id))
            if column
        }
    names = read_names(sheet, columns, known)
    findings: list[Finding] = []
    for name in (name for name in ("NeuronId", "SynType") if name in columns):
        before = each(sheet.cells[columns[name]], text_of)
        changed = (before != names[name].to_numpy()) & (names[name].to_numpy() != "")
        for row, after in names.loc[changed, name].items():
            text = f"read as {after}."
            findings.append(finding(sheet, int(row), columns[name], Outcome.REPAIRED, text))
    return names, findings


def _ranks(names: pd.DataFrame, numbers: pd.DataFrame) -> "npt.NDArray[np.object_]":
    """Ids of rows without any: their place when sorted by group and values.

    So the order of a file decides nothing, as with ids.
    """
    columns = [*(numbers[name] for name in reversed(numbers.columns)), names["NeuronId"]]
    keys = [pd.factorize(column, sort=True)[0] for column in columns]
    ranks = np.empty(len(names), dtype=np.int64)
    ranks[np.lexsort(keys)] = np.arange(1, len(names) + 1)
    return ranks.astype(str).astype(object)


# -- numbers


def _repaired(
    sheet: Sheet, columns: Mapping[str, ColumnSource], read: ReadNumbers
) -> list[Finding]:
    """Numbers that were written with separators, or as text in a workbook."""
    findings = []
    # One column of the sheet may feed two of the schema (nm alone); it is reported once.
    names = {source.column: name for name, source in columns.items()}
    index = sheet.cells.index
    for repair, text in REREAD.items():
        places = {
            column: read.repaired[name] & np.isfinite(read.offers[repair][name])
            for column, name in names.items()
            if repair in read.offers
        }
        if not places:
            continue
        for place in np.flatnonzero(np.any(list(places.values()), axis=0)).tolist():
            where = ", ".join(column for column, reread in places.items() if reread[place])
            row = int(index[place])
            findings.append(finding(sheet, row, "", Outcome.REPAIRED, f"{text} in {where}."))
    if sheet.is_workbook:
        for column, name in names.items():
            as_text = read.text[name] & ~np.isnan(read.values[name]) & ~read.repaired[name]
            for row in index[as_text]:
                text = "text read as a number."
                findings.append(finding(sheet, int(row), column, Outcome.REPAIRED, text))
    return findings


REREAD = {
    DECIMAL_COMMA: "decimal comma read as a point",
    THOUSANDS: "separators of thousands left out",
}


def _unreadable(
    sheet: Sheet,
    schema: Schema,
    columns: Mapping[str, ColumnSource],
    read: ReadNumbers,
    blanks: Mapping[tuple[int, str], int],
) -> list[Finding]:
    findings = []
    for name in (name for name in columns if name in schema.measures):
        column = columns[name].column
        for place in np.flatnonzero(~np.isfinite(read.values[name])).tolist():
            row = int(sheet.cells.index[place])
            text, repairs = _why_unreadable(sheet, row, column, blanks)
            if read.doubtful[name][place]:
                text, repairs = _why_doubtful(read, name, place)
            if np.isinf(read.values[name][place]):
                text, repairs = INFINITE, ()
            findings.append(finding(sheet, row, column, Outcome.REJECTED, text, *repairs))
    return findings


INFINITE = "the number is not finite or far too large; fill in the measured number."
FORMULA = "a formula without stored value; open and save the file in a spreadsheet program."


def _why_unreadable(
    sheet: Sheet, row: int, column: str, blanks: Mapping[tuple[int, str], int]
) -> tuple[str, tuple[str, ...]]:
    """What is wrong with a cell, and what would repair it."""
    cell = sheet.cell(row, column)
    if (row, column) in sheet.formulas:
        return FORMULA, ()
    if cell is None or str(cell).strip().casefold() in MISSING:
        meant = why_blank(blanks, row, column)
        return meant or "the cell is empty; fill in the measured number.", (FILL_DOWN,) * bool(
            meant
        )
    return "not a number; fill in the measured number.", ()


def _why_doubtful(read: ReadNumbers, name: str, place: int) -> tuple[str, tuple[str, ...]]:
    """What a number with separators can be, and the repair that says so."""
    offered = {
        repair: value
        for repair, columns in read.offers.items()
        if np.isfinite(value := columns[name][place])
    }
    told = [f"{value:.10g} with the repair {repair}" for repair, value in offered.items()]
    if len(told) > 1:
        return f"it can be {' or '.join(told)}, and nothing here tells which: choose.", (*offered,)
    if DECIMAL_COMMA in offered:
        return f"a decimal comma, as in this table's numbers: {told[0]}.", (*offered,)
    if offered:
        return f"thousands are separated: {told[0]}.", (*offered,)
    return "not a number for certain, where others have points; write it without separators.", ()
