"""Tables of units, channels and groups as CSV, with a type for every column.

Names are text whatever they look like: a channel called `01`, `1e5` or `NA` is not the number 1,
100000 or none. Numbers of units are whole. Everything that is read from such a table by this
program, or written into a sorting's folder, goes through here.
"""

import csv
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.core.csv import fused, write_csv
from pipelines.core.errors import InputError
from pipelines.core.later import Later
from pipelines.files.reading import reading

if TYPE_CHECKING:
    import pandas as pd
else:
    pd = Later("pandas")

Row = dict[str, str]

UNIT_IDS = frozenset({"unit_id", "cluster_id", "id", "other"})
TEXTS = frozenset(
    (
        *("channel", "channels", "channel_id", "channel_name", "ch", "electrode"),
        *("electrode_group", "shank", "probe", "brain_area", "area", "region"),
        *("recording", "session", "name"),
        *("type", "comment", "comments", "came_from", "sorter", "state"),
    )
)
"""Columns that hold names or words, in any case of letters."""
PREFIXES = ("label", "reason")
MISSING = ("", "nan", "NaN", "NAN", "NA", "N/A", "n/a", "#N/A", "null", "NULL", "None", "<NA>")
"""How programs write that there is no number."""
WHOLE = re.compile(r"(-?(?:0|[1-9]\d*))(?:\.0+)?")


def read_units(file: Path) -> "pd.DataFrame":
    """Read the `units.csv` of a sorting, a row per unit.

    Raises:
        OSError: it cannot be read.
        ValueError: it is no table, or `unit_id` is missing or holds something else than whole
            numbers.
    """
    table = read_table(file)
    if "unit_id" not in table:
        raise ValueError(f"{file.name} has no column unit_id")
    if len(table) and not pd.api.types.is_integer_dtype(table["unit_id"]):
        raise ValueError(f"unit_id in {file.name} holds something else than whole numbers")
    return table.astype({"unit_id": "int64"})


def read_table(file: Path) -> "pd.DataFrame":
    """Read a table of units, channels or groups, divided by commas, semicolons or tabs.

    Names and words are text, empty where there is none; ids are whole numbers where all are, and
    text otherwise; of the other columns those of numbers are numbers, nan where there is none.

    Raises:
        OSError: it cannot be read.
        ValueError: it is no table.
    """
    names = list(_read(file, nrows=0).columns)
    text = [name for name in names if is_text(name) or name in UNIT_IDS]
    missing = {name: list(MISSING) for name in names if name not in text}
    table = _read(file, dtype=dict.fromkeys(text, str), na_values=missing)
    return typed(table)


def read_indexed(file: Path) -> "pd.DataFrame":
    """A table of SpikeInterface, whose first column names the rows; cells as pandas takes them.

    Raises:
        OSError: it cannot be read.
        ValueError: it is no table.
    """
    return pd.read_csv(file, index_col=0)


def read_texts(file: Path) -> "pd.DataFrame":
    """The same table with every cell as it is written.

    Raises:
        OSError: it cannot be read.
        ValueError: it is no table.
    """
    return _read(file, dtype=str)


def read_cells(file: Path, advice: str) -> tuple[list[str], list[Row]]:
    """The columns and rows of a table that this program wrote, no cell taken for a number.

    Raises:
        InputError: it cannot be read, or a row has not as many cells as there are columns.
    """
    with (
        reading(file, InputError, advice, "table of units"),
        file.open(encoding="utf-8-sig", newline="") as stream,
    ):
        reader = csv.DictReader(stream)
        names, rows = list(reader.fieldnames or ()), list(reader)
    for number, row in enumerate(rows, 2):
        if len(row) != len(names) or None in row.values():
            raise InputError(f"{file}, row {number} has not as many cells as there are columns.")
    fuse = [{fused(name): fused(cell) for name, cell in row.items()} for row in rows]
    return [fused(name) for name in names], fuse


def _read(file: Path, **more: Any) -> "pd.DataFrame":
    with file.open(encoding="utf-8-sig") as stream:
        first = stream.readline()
        told = re.fullmatch(r"sep=([,;\t])\s*", first)  # a line by which Excel is told
        heading = stream.readline() if told else first
    separator = told.group(1) if told else max(",;\t", key=heading.count)
    options = {"encoding": "utf-8-sig", "index_col": False, "keep_default_na": False, **more}
    table: pd.DataFrame = pd.read_csv(file, sep=separator, skiprows=1 if told else 0, **options)
    return table


def typed(table: "pd.DataFrame") -> "pd.DataFrame":
    """A table with names as text and ids as whole numbers, wherever it was read from.

    Rows and all other columns stay as they are; the answer is a copy.
    """
    found = table.copy()
    for name in found.columns:
        if is_text(str(name)):
            found[name] = [_word(cell) for cell in found[name]]
        elif str(name) in UNIT_IDS:
            found[name] = _ids(found[name])
    return found


def is_text(column: str) -> bool:
    """Whether a column holds names or words, by what it is called."""
    return column.lower() in TEXTS or column.startswith(PREFIXES)


def write_table(table: "pd.DataFrame", file: Path) -> None:
    """Write a table that `read_table` reads again; no cell of it acts as a formula."""
    write_csv(table, file)


def _word(cell: object) -> str:
    """A cell as text; a whole number from a spreadsheet is a name without a fraction."""
    if cell is None or cell != cell:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return fused(str(cell))


def _ids(column: "pd.Series") -> "pd.Series":
    """Ids as whole numbers, if all of them are written as such."""
    words = [_word(cell).strip() for cell in column]
    found = [WHOLE.fullmatch(word) for word in words]
    if all(found):
        values = [int(match.group(1)) for match in found if match]
        return pd.Series(values, index=column.index, dtype="int64")
    return pd.Series(words, index=column.index, dtype=object)
