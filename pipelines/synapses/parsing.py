"""From cells to names and numbers, and what had to be repaired on the way."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any

import numpy as np
import pandas as pd

from pipelines.errors import TableError
from pipelines.synapses.arrays import Booleans
from pipelines.synapses.cells import COMMA_SHARE, MISSING, Read, read_numbers, text_of
from pipelines.synapses.columns import (
    KEY,
    NANOMETRES,
    OPTIONAL,
    OTHER_TYPE,
    SYN_TYPES,
    SYNAPSES,
    Schema,
)
from pipelines.synapses.findings import Finding, Outcome, finding
from pipelines.synapses.reading import Sheet

DECIMAL_COMMA = "decimal-comma"


@dataclass(frozen=True)
class Source:
    """Where a column of the schema comes from: a column of the sheet, divided by `divisor`."""

    column: str
    divisor: float = 1.0


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
    """

    sheet: Sheet
    schema: Schema
    sources: Mapping[str, Source]
    names: pd.DataFrame
    numbers: pd.DataFrame
    findings: tuple[Finding, ...]
    notes: tuple[str, ...]

    def with_numbers(self, numbers: pd.DataFrame, found: Iterable[Finding]) -> "Draft":
        """The same with repaired numbers, and what was repaired."""
        return replace(self, numbers=numbers, findings=(*self.findings, *found))

    def columns(self, names: Iterable[str]) -> list[str]:
        """What columns of the schema are called in the sheet."""
        return [self.sources[name].column for name in names]


def parse(
    sheet: Sheet,
    schema: Schema = SYNAPSES,
    known_names: Iterable[str] = (),
    repairs: Collection[str] = (),
) -> Draft:
    """Read the columns of the schema.

    Args:
        sheet: the cells.
        schema: which columns say what.
        known_names: spellings of neurons or groups that take precedence.
        repairs: what may be repaired.

    Raises:
        TableError: columns are missing.
    """
    sources = find_sources(sheet, schema)
    columns = {name: source for name, source in sources.items() if name not in _keys(schema)}
    read = read_numbers({name: sheet.cells[source.column] for name, source in columns.items()})
    if DECIMAL_COMMA in repairs:
        read = read.with_commas()
    values = {name: read.values[name] / source.divisor for name, source in columns.items()}
    numbers = pd.DataFrame(values, index=sheet.cells.index, dtype=float)
    names, renamed = _names(sheet, schema, sources, known_names)
    if schema != SYNAPSES and not schema.id:
        names["SynId"] = _ranks(names, numbers)
    findings = [
        *_overlong(sheet),
        *renamed,
        *_repaired(sheet, columns, read),
        *_unreadable(sheet, schema, columns, read),
        *_nanometres(sheet, sources),
    ]
    notes = _notes(sheet, schema, sources)
    return Draft(sheet, schema, sources, names, numbers, tuple(findings), notes)


def _keys(schema: Schema) -> tuple[str, ...]:
    return KEY if schema == SYNAPSES else tuple({schema.group, schema.id} - set(schema.measures))


# -- columns


def find_sources(sheet: Sheet, schema: Schema = SYNAPSES) -> dict[str, Source]:
    """Match the sheet's columns with the schema; case and outer blanks do not matter.

    Raises:
        TableError: needed columns are missing, with the nearest names that are there.
    """
    present = {str(name).casefold(): str(name) for name in reversed(list(sheet.cells.columns))}
    # An exact name wins over one that differs in case.
    present.update({name: name for name in map(str, sheet.cells.columns)})
    is_synapses = schema == SYNAPSES
    required = (*schema.key_columns, *schema.measures)
    sources: dict[str, Source] = {}
    for name in (*required, *(OPTIONAL if is_synapses else ())):
        found = present.get(name, present.get(name.casefold()))
        in_nm = present.get(NANOMETRES.get(name, "").casefold()) if is_synapses else None
        if found is not None:
            sources[name] = Source(found)
        elif in_nm is not None:
            sources[name] = Source(in_nm, divisor=1000.0)
    missing = [name for name in required if name not in sources]
    if missing:
        raise TableError(_missing(sheet, missing))
    return sources


def _missing(sheet: Sheet, missing: list[str]) -> str:
    present = {str(name).casefold(): str(name) for name in sheet.cells.columns}
    described = []
    for name in missing:
        near = get_close_matches(name.casefold(), present, n=1)
        described.append(f"{name} (nearest: {present[near[0]]})" if near else name)
    word = "column" if len(missing) == 1 else "columns"
    return f"{sheet.place()} lacks the {word} {', '.join(described)}: add or rename."


def _notes(sheet: Sheet, schema: Schema, sources: Mapping[str, Source]) -> tuple[str, ...]:
    """Sentences on columns that were taken under another name or unit."""
    notes = [
        f"{sheet.place()}: {name} was computed from {source.column}, nm divided by 1000."
        for name, source in sources.items()
        if source.divisor != 1.0
    ]
    notes += [
        f"{sheet.place()}: column {source.column} was taken as {name}."
        for name, source in sources.items()
        if source.divisor == 1.0 and source.column != name
    ]
    return tuple(notes)


def _nanometres(sheet: Sheet, sources: Mapping[str, Source]) -> list[Finding]:
    converted = [source.column for source in sources.values() if source.divisor != 1.0]
    if not converted:
        return []
    text = f"{', '.join(converted)} in nm were divided by 1000, for there are no um columns."
    return [finding(sheet, row, "", Outcome.REPAIRED, text) for row in sheet.row_numbers]


def _overlong(sheet: Sheet) -> list[Finding]:
    text = "the row has more cells than the header; look for a delimiter inside a value."
    return [finding(sheet, row, "", Outcome.REJECTED, text) for row in sheet.overlong]


# -- names


def _names(
    sheet: Sheet, schema: Schema, sources: Mapping[str, Source], known: Iterable[str]
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


def read_names(sheet: Sheet, columns: Mapping[str, str], known: Iterable[str] = ()) -> pd.DataFrame:
    """NeuronId, SynType and SynId as text, each in one spelling.

    Args:
        sheet: the cells.
        columns: for each name of the key the column that holds it. Without a column all rows
            have the group "all", the type of other points, and no id.
        known: spellings of NeuronId that take precedence.
    """
    index = sheet.cells.index
    read: dict[str, Any] = {"NeuronId": "all", "SynType": OTHER_TYPE, "SynId": ""}
    if "NeuronId" in columns:
        read["NeuronId"] = _one_spelling(sheet.cells[columns["NeuronId"]], known)
    if "SynType" in columns:
        read["SynType"] = each(sheet.cells[columns["SynType"]], lambda c: _syn_type(text_of(c)))
    if "SynId" in columns:
        read["SynId"] = each(sheet.cells[columns["SynId"]], lambda c: _whole(text_of(c).strip()))
    return pd.DataFrame(read, index=index, dtype=object)


def each(cells: "pd.Series[Any]", function: Callable[[Any], Any]) -> Any:
    """A function of each cell (n,), asked once for each different one."""
    try:
        codes, different = pd.factorize(cells, use_na_sentinel=False)
    except TypeError:  # cells that cannot be compared, such as lists
        return np.array([function(cell) for cell in cells], dtype=object)
    # 1, 1.0 and True are equal, but not the same text.
    if cells.dtype == object and not all(isinstance(cell, str) for cell in different):
        return np.array([function(cell) for cell in cells], dtype=object)
    answers = np.empty(len(different), dtype=object)
    answers[:] = [function(cell) for cell in np.asarray(different, dtype=object).tolist()]
    return answers[codes]


def _one_spelling(cells: "pd.Series[Any]", known: Iterable[str]) -> Any:
    """One spelling per name: a known one, else the most frequent, else the one in lower case."""
    written = each(cells, lambda cell: text_of(cell).strip())
    codes, different = pd.factorize(written)
    counts: dict[str, Counter[str]] = {}
    for text, count in zip(different, np.bincount(codes, minlength=len(different)), strict=True):
        counts.setdefault(text.casefold(), Counter())[text] += int(count)
    chosen = {
        folded: min(found, key=lambda text: (-found[text], text != text.casefold(), text))
        for folded, found in counts.items()
    }
    chosen |= {name.casefold(): name for name in known}
    return np.array([chosen[text.casefold()] for text in different], dtype=object)[codes]


def _syn_type(text: str) -> str:
    folded = text.strip().casefold()
    return folded if folded in SYN_TYPES else text


def _whole(text: str) -> str:
    """An id such as 7.0 or 007 as 7; anything else as it is."""
    plain = text.removesuffix(".0")
    return plain.lstrip("0") or "0" if plain.isascii() and plain.isdigit() else text


def _ranks(names: pd.DataFrame, numbers: pd.DataFrame) -> Any:
    """Ids of rows without any: their place when sorted by group and values.

    So the order of a file decides nothing, as with ids.
    """
    columns = [*(numbers[name] for name in reversed(numbers.columns)), names["NeuronId"]]
    keys = [pd.factorize(column, sort=True)[0] for column in columns]
    ranks = np.empty(len(names), dtype=np.int64)
    ranks[np.lexsort(keys)] = np.arange(1, len(names) + 1)
    return ranks.astype(str).astype(object)


# -- numbers


def _repaired(sheet: Sheet, columns: Mapping[str, Source], read: Read) -> list[Finding]:
    """Numbers that were written with a comma, or as text in a workbook."""
    findings = []
    # One column of the sheet may feed two of the schema (nm alone); it is reported once.
    names = {source.column: name for name, source in columns.items()}
    index = sheet.cells.index
    if read.commas_read:
        places = {column: read.commas[name] for column, name in names.items()}
        for place in np.flatnonzero(np.any(list(places.values()), axis=0)).tolist():
            where = ", ".join(column for column, comma in places.items() if comma[place])
            text = f"decimal comma read as a point in {where}."
            findings.append(finding(sheet, int(index[place]), "", Outcome.REPAIRED, text))
    if sheet.is_workbook:
        for column, name in names.items():
            as_text = read.text[name] & ~np.isnan(read.values[name]) & ~read.commas[name]
            for row in index[as_text]:
                text = "text read as a number."
                findings.append(finding(sheet, int(row), column, Outcome.REPAIRED, text))
    return findings


def _unreadable(
    sheet: Sheet, schema: Schema, columns: Mapping[str, Source], read: Read
) -> list[Finding]:
    findings = []
    for name in (name for name in columns if name in schema.measures):
        column = columns[name].column
        for place in np.flatnonzero(~np.isfinite(read.values[name])).tolist():
            row = int(sheet.cells.index[place])
            comma = bool(read.commas[name][place])
            text, repair = _why_unreadable(sheet, row, column, comma, read.offers_commas)
            infinite = np.isinf(read.values[name][place])
            text = INFINITE if infinite else text
            findings.append(finding(sheet, row, column, Outcome.REJECTED, text, repair))
    return findings


INFINITE = "the number is not finite or far too large; fill in the measured number."


def _why_unreadable(
    sheet: Sheet, row: int, column: str, comma: bool, offered: bool
) -> tuple[str, str]:
    """What is wrong with a cell, and what would repair it."""
    cell = sheet.cell(row, column)
    if (row, column) in sheet.formulas:
        text = "a formula without stored value; open and save the file in a spreadsheet program."
        return text, ""
    if cell is None or str(cell).strip().casefold() in MISSING:
        return "the cell is empty; fill in the measured number.", ""
    if comma and offered:
        text = (
            f"a decimal comma, as in at least {COMMA_SHARE:.0%} of the numbers; "
            f"repair it with {DECIMAL_COMMA}, or write points."
        )
        return text, DECIMAL_COMMA
    return "not a number; fill in the measured number.", ""


def is_missing(names: "pd.Series[str]") -> Booleans:
    """Which names (n,) are not there."""
    missing: Booleans = each(names, lambda text: text.strip().casefold() in MISSING).astype(bool)
    return missing
