"""From cells to names and numbers, and what had to be repaired on the way."""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import numpy as np
import pandas as pd

from pipelines.errors import TableError
from pipelines.synapses.columns import KEY, NANOMETRES, OPTIONAL, REQUIRED, SYN_TYPES
from pipelines.synapses.findings import Finding, Outcome, finding
from pipelines.synapses.reading import Sheet

DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+([eE][+-]?\d+)?")
WHOLE = re.compile(r"[+-]?\d+")
MISSING = frozenset({"", "-", "na", "n/a", "nan", "null", "none", "#n/a"})
LARGEST = 1e30
"""Numbers beyond are no measures, in whatever unit."""
COMMA_SHARE = 0.95
"""Share of the text cells that must look like decimal commas before any is converted."""


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
        sources: for each column of the schema that is there, where it comes from.
        names: NeuronId, SynType and SynId as text, "" where blank.
        numbers: the numeric columns of the schema; nan where there is no number.
        findings: repairs, and cells that cannot be read.
        notes: sentences on the table as a whole.
    """

    sheet: Sheet
    sources: Mapping[str, Source]
    names: pd.DataFrame
    numbers: pd.DataFrame
    findings: tuple[Finding, ...]
    notes: tuple[str, ...]


def parse(sheet: Sheet, known_neurons: Iterable[str] = ()) -> Draft:
    """Read the columns of the schema.

    Args:
        sheet: the cells.
        known_neurons: spellings of NeuronId that take precedence.

    Raises:
        TableError: columns are missing.
    """
    sources = find_sources(sheet)
    names, renamed = _names(sheet, sources, known_neurons)
    numbers, comma, unreadable = _numbers(sheet, sources)
    findings = [*_overlong(sheet), *renamed, *comma, *unreadable, *_nanometres(sheet, sources)]
    return Draft(sheet, sources, names, numbers, tuple(findings), _notes(sheet, sources))


# -- columns


def find_sources(sheet: Sheet) -> dict[str, Source]:
    """Match the sheet's columns with the schema; case and outer blanks do not matter.

    Raises:
        TableError: needed columns are missing, with the nearest names that are there.
    """
    present = {str(name).casefold(): str(name) for name in reversed(list(sheet.cells.columns))}
    # An exact name wins over one that differs in case.
    present.update({name: name for name in map(str, sheet.cells.columns)})
    sources: dict[str, Source] = {}
    for name in (*REQUIRED, *OPTIONAL):
        found = present.get(name, present.get(name.casefold()))
        in_nm = present.get(NANOMETRES.get(name, "").casefold())
        if found is not None:
            sources[name] = Source(found)
        elif in_nm is not None:
            sources[name] = Source(in_nm, divisor=1000.0)
    missing = [name for name in REQUIRED if name not in sources]
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


def _notes(sheet: Sheet, sources: Mapping[str, Source]) -> tuple[str, ...]:
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
    return [finding(sheet, row, "", Outcome.REPAIRED, text) for row in sheet.cells.index]


def _overlong(sheet: Sheet) -> list[Finding]:
    text = "the row has more cells than the header; look for a delimiter inside a value."
    return [finding(sheet, row, "", Outcome.REJECTED, text) for row in sheet.overlong]


# -- names


def _names(
    sheet: Sheet, sources: Mapping[str, Source], known: Iterable[str]
) -> tuple[pd.DataFrame, list[Finding]]:
    written = {name: [_text(c) for c in sheet.cells[sources[name].column]] for name in KEY}
    spelling = _spellings((text.strip() for text in written["NeuronId"]), known)
    read = {
        "NeuronId": [spelling.get(text.strip().casefold(), "") for text in written["NeuronId"]],
        "SynType": [_syn_type(text) for text in written["SynType"]],
        "SynId": [_whole(text.strip()) for text in written["SynId"]],
    }
    names = pd.DataFrame(read, index=sheet.cells.index, dtype=object)
    findings: list[Finding] = []
    for name in ("NeuronId", "SynType"):
        for row, before, after in zip(names.index, written[name], names[name], strict=True):
            if before != after and after:
                text = f"read as {after}."
                findings.append(finding(sheet, row, sources[name].column, Outcome.REPAIRED, text))
    return names, findings


def read_names(sheet: Sheet, columns: Mapping[str, str]) -> pd.DataFrame:
    """NeuronId, SynType and SynId as text, each in one spelling.

    Args:
        sheet: the cells.
        columns: for each name of the key the column that holds it.
    """
    return _names(sheet, {name: Source(column) for name, column in columns.items()}, ())[0]


def _text(cell: Any) -> str:
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)


def _spellings(texts: Iterable[str], known: Iterable[str]) -> dict[str, str]:
    """One spelling per name: a known one, else the most frequent, else the one in lower case."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for text in texts:
        counts[text.casefold()][text] += 1
    chosen = {
        folded: min(found, key=lambda text: (-found[text], text != text.casefold(), text))
        for folded, found in counts.items()
    }
    return chosen | {name.casefold(): name for name in known}


def _syn_type(text: str) -> str:
    folded = text.strip().casefold()
    return folded if folded in SYN_TYPES else text


def _whole(text: str) -> str:
    """An id such as 7.0 or 007 as 7; anything else as it is."""
    plain = text.removesuffix(".0")
    return str(int(plain)) if plain.isascii() and plain.isdigit() else text


# -- numbers


def _numbers(
    sheet: Sheet, sources: Mapping[str, Source]
) -> tuple[pd.DataFrame, list[Finding], list[Finding]]:
    columns = {name: source for name, source in sources.items() if name not in KEY}
    cells = {name: sheet.cells[source.column].tolist() for name, source in columns.items()}
    comma = _uses_decimal_comma(cells.values())
    values = {
        name: np.array([number(cell, comma) for cell in column]) / columns[name].divisor
        for name, column in cells.items()
    }
    numbers = pd.DataFrame(values, index=sheet.cells.index, dtype=float)
    repaired = _repaired(sheet, columns, numbers)
    return numbers, repaired, _unreadable(sheet, columns, numbers)


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


def _uses_decimal_comma(columns: Iterable[list[Any]]) -> bool:
    """Whether nearly all text cells that could tell are numbers with a comma."""
    telling = [
        text
        for column in columns
        for text in (cell.strip() for cell in column if isinstance(cell, str))
        if text.casefold() not in MISSING and not WHOLE.fullmatch(text)
    ]
    matching = sum(DECIMAL_COMMA.fullmatch(text) is not None for text in telling)
    return matching > 0 and matching >= COMMA_SHARE * len(telling)


def _repaired(sheet: Sheet, columns: Mapping[str, Source], numbers: pd.DataFrame) -> list[Finding]:
    """Numbers that were written with a comma, or as text in a workbook."""
    findings = []
    # One column of the sheet may feed two of the schema (nm alone); it is reported once.
    for column, name in {source.column: name for name, source in columns.items()}.items():
        cells = sheet.cells[column].tolist()
        for row, cell, value in zip(numbers.index, cells, numbers[name], strict=True):
            if not isinstance(cell, str) or math.isnan(value):
                continue
            if "," in cell:
                text = "decimal comma read as a point."
            elif sheet.is_workbook:
                text = "text read as a number."
            else:
                continue
            findings.append(finding(sheet, row, column, Outcome.REPAIRED, text))
    return findings


def _unreadable(
    sheet: Sheet, columns: Mapping[str, Source], numbers: pd.DataFrame
) -> list[Finding]:
    findings = []
    for name in (name for name in columns if name in REQUIRED):
        column = columns[name].column
        values = numbers[name]
        for row in values.index[~np.isfinite(values)]:
            text = _why_unreadable(sheet, int(row), column)
            findings.append(finding(sheet, int(row), column, Outcome.REJECTED, text))
    return findings


def _why_unreadable(sheet: Sheet, row: int, column: str) -> str:
    cell = sheet.cells.at[row, column]
    if (row, column) in sheet.formulas:
        return "a formula without stored value; open and save the file in a spreadsheet program."
    if cell is None or str(cell).strip().casefold() in MISSING:
        return "the cell is empty; fill in the measured number."
    if math.isinf(number(cell)):
        return "the number is not finite or far too large; fill in the measured number."
    return "not a number; fill in the measured number."
