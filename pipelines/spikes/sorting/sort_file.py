"""The sort file as labs write it, read and written.

`Chan` is the channel group (its number in `groups.csv`; for single wires the wire), `Solution` a
number of mixture components (empty: the automatic clusters), `Cluster` one or several numbers,
which are merged, `Split` a number of parts or a mark for two, `single_unit` a mark, `Type` r or f,
`Comments` free text. A mark is x, y, yes, true or 1; empty, 0, no and false are none, and numbers
may be written as fractions, such as 3.0. Cells are divided by commas, semicolons or tabs.
"""

import csv
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from pipelines.core.csv import fused, write_rows
from pipelines.core.errors import TableError
from pipelines.files.reading import reading
from pipelines.spikes.sorting.decisions import TYPES, Decision

COLUMNS = ("Unit", "Chan", "Solution", "Cluster", "Split", "single_unit", "Type", "Comments")
NEEDED = ("Chan", "Cluster")
MOST_PARTS = 20
MOST_BYTES = 10_000_000
NO = frozenset(
    (
        *("", "-", "no", "n", "false", "f", "none", "nan", "na", "n/a", "null", "<na>"),
        *("nein", "falsch", "non", "faux", "falso"),
    )
)
YES = frozenset(
    (
        *("x", "+", "*", "v", "\u2713", "\u2714", "y", "yes", "true", "t", "ok"),
        *("j", "ja", "wahr", "oui", "vrai", "si", "s\u00ed", "verdadero"),
    )
)
"""Marks, and what Excel writes for true and false in the languages of many labs."""
NUMBER = re.compile(r"(\d{1,6})(?:[.,]0*)?")
FRACTION = re.compile(r"\d+,\d+")
SEPARATORS = ",;\t"


def read_sort_file(file: Path) -> list[Decision]:
    """Read a sort file.

    Raises:
        TableError: it is no such table, or a cell cannot be used; the row is named.
    """
    rows = _rows(file)
    head = next((n for n, row in enumerate(rows) if any(cell.strip() for cell in row)), 0)
    names = [_column(name) for name in rows[head]] if rows else []
    missing = [name for name in NEEDED if name not in names]
    if missing:
        raise TableError(
            f"{file} has no column {missing[0]}: a sort file has {', '.join(COLUMNS)}."
        )
    filled = {
        n: _cells_of(file, n, names, [cell.strip() for cell in row])
        for n, row in enumerate(rows[head + 1 :], head + 2)
        if any(cell.strip() for cell in row)
    }
    if not filled:
        raise TableError(f"{file} has no rows: write one for each unit.")
    comma = _has_decimal_commas(filled.values())
    found = [_decision(SortFileRow(file, n, cells, comma)) for n, cells in filled.items()]
    _refuse_twice(file, found)
    return found


def _rows(file: Path) -> list[list[str]]:
    with reading(file, TableError, "save it as CSV", "table of decisions"):
        if file.stat().st_size > MOST_BYTES:
            raise TableError(f"{file} is larger than {MOST_BYTES // 10**6} MB: it is no sort file.")
        content = file.read_bytes()
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError:  # as Excel saves CSV on Windows
            text = content.decode("cp1252")
        return rows_of(text)


def _cells_of(file: Path, number: int, names: Sequence[str], row: list[str]) -> dict[str, str]:
    """A row's cells by column; a number with an unquoted decimal comma would shift them."""
    if any(row[len(names) :]):
        raise TableError(
            f"{file}, row {number} has {len(row)} cells under {len(names)} columns: put texts and "
            "numbers that hold a comma into quotation marks."
        )
    return dict(zip(names, map(fused, row), strict=False))


def _column(name: str) -> str:
    """A column's name as it is written here, however a lab writes it."""
    plain = re.sub(r"[\s_]+", "_", name.strip()).lower()
    return next((known for known in COLUMNS if known.lower() == plain), name.strip())


def _has_decimal_commas(rows: Iterable[Mapping[str, str]]) -> bool:
    """Whether numbers are written with decimal commas, by the columns that hold one each."""
    return any(
        FRACTION.fullmatch(row.get(name, ""))
        for row in rows
        for name in ("Chan", "Solution", "Split", "single_unit")
    )


@dataclass(frozen=True)
class SortFileRow:
    """A row of a sort file.

    Attributes:
        file: that it stands in.
        number: its line.
        cells: by column.
        decimal_comma: whether the file writes fractions with a comma.
    """

    file: Path
    number: int
    cells: Mapping[str, str]
    decimal_comma: bool

    def cell(self, name: str) -> str:
        """What a column says, empty where it says nothing."""
        text = self.cells.get(name, "")
        return "" if is_empty(text) else text

    def wrong(self, name: str, must: str) -> NoReturn:
        """Refuse a cell."""
        raise TableError(
            f"{self.file}, row {self.number}, {name}: {self.cells.get(name, '')!r} must be {must}."
        )


def _decision(row: SortFileRow) -> Decision:
    chosen = clusters(row.cell("Cluster"), decimal_comma=row.decimal_comma)
    if not chosen:
        row.wrong("Cluster", "one or several cluster numbers, such as 3 or 1+4")
    group = whole(row.cell("Chan"))
    if group is None:
        row.wrong("Chan", "the number of a channel group")
    solution = 0 if yes(row.cell("Solution")) is False else whole(row.cell("Solution"))
    if solution is None:
        row.wrong("Solution", "a number of components, or empty")
    number = parts(row.cell("Split"))
    if number is None or number > MOST_PARTS:
        row.wrong("Split", f"empty or 0 for no, a mark, or 2 to {MOST_PARTS} parts")
    single = yes(row.cell("single_unit"))
    if single is None:
        row.wrong("single_unit", "yes or a mark, or empty, 0 or no")
    kind = row.cell("Type").lower()
    if kind not in TYPES:
        row.wrong("Type", "r, f or empty")
    comment = row.cells.get("Comments", "")
    return Decision(row.number, group, solution or None, chosen, number, single, kind, comment)


def _refuse_twice(file: Path, decisions: Sequence[Decision]) -> None:
    seen: dict[tuple[int, int | None, int], int] = {}
    for one in decisions:
        for cluster in one.clusters:
            key = (one.group, one.solution, cluster)
            if key in seen:
                raise TableError(
                    f"{file}, row {one.row}: cluster {cluster} of channel {one.group} is in row "
                    f"{seen[key]} already; to merge, write all its clusters in one cell."
                )
            seen[key] = one.row


def write_sort_file(decisions: Sequence[Decision], file: Path) -> None:
    """Write a sort file that `read_sort_file` reads again."""
    write_rows(COLUMNS, (_cells(number, one) for number, one in enumerate(decisions)), file)


def _cells(number: int, one: Decision) -> list[str]:
    return [
        str(number),
        str(one.group),
        "" if one.solution is None else str(one.solution),
        "+".join(map(str, one.clusters)),
        "" if one.parts == 1 else str(one.parts),
        "x" if one.single else "",
        one.kind,
        one.comment,
    ]


def is_empty(text: str) -> bool:
    """Whether a cell says nothing, as spreadsheets and pandas write that."""
    return text.lower() in ("", "none", "nan", "na", "n/a", "null", "<na>")


def whole(text: str) -> int | None:
    """A whole number, also one that a program wrote as a fraction, such as 3.0; else none."""
    match = NUMBER.fullmatch(text)
    return int(match.group(1)) if match else None


def yes(text: str) -> bool | None:
    """What a mark says; none if it can be understood neither as yes nor as no."""
    word, number = text.lower(), whole(text)
    if word in NO or number == 0:
        return False
    return True if word in YES or number == 1 else None


def parts(text: str) -> int | None:
    """Into how many parts: 1 for no, 2 for a plain mark, or the number; none if not understood."""
    number = whole(text)
    if number is not None and number > 1:
        return number
    said = yes(text)
    return None if said is None else 1 + said


def clusters(text: str, *, decimal_comma: bool) -> tuple[int, ...]:
    """One or several numbers of clusters, each once; empty if there is something else.

    Args:
        text: such as 3, 1+4 or 3.0.
        decimal_comma: whether 3,0 is the number 3 rather than the clusters 3 and 0.
    """
    between = r"[\s;+&/|]+" if decimal_comma else r"[\s,;+&/|]+"
    found = [whole(part) for part in re.split(between, text.strip()) if part]
    known = [one for one in found if one is not None]
    return tuple(dict.fromkeys(known)) if len(known) == len(found) else ()


def rows_of(text: str) -> list[list[str]]:
    """The cells of a table that is divided by commas, semicolons or tabs, as its first row says.

    Raises:
        csv.Error: quotation marks do not fit.
    """
    lines = text.splitlines()
    first = next((line for line in lines if line.strip()), "")
    if re.fullmatch(r"sep=[,;\t]\s*", first):  # a line by which Excel is told
        lines[lines.index(first)] = ""
        separator = first[4]
    else:
        separator = max(SEPARATORS, key=first.count)
    return list(csv.reader(lines, delimiter=separator, strict=True))
