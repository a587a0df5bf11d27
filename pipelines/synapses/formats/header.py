"""Where the names of the columns stand: not every table begins in its first row.

Nothing heavy is imported here: the process that unpacks workbooks uses it too.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from pipelines.core.errors import TableError
from pipelines.synapses.table.units import plain, split_unit, unit_of

LOOKED_AT = 60
"""Rows with content among which the names are looked for."""
BODY = 20
"""Rows that tell how wide a table is."""
LONGEST_TITLE = 60
NO_UNIT = frozenset(
    {"", "-", "–", "none", "n/a", "id", "name", "text", "string", "unitless", "dimensionless", "1"}
)
Row = tuple[int, Sequence[Any]]


@dataclass(frozen=True)
class Head:
    """Where a table begins.

    Attributes:
        row: number of the row with the names.
        names: the cells of that row, up to the last with content.
        width: how many cells there are with those.
        above: the rows with content above it.
        units_row: number of the row below or above it that holds units; 0 if there is none.
        units: its cells.
    """

    row: int
    names: list[Any]
    width: int = 0
    above: tuple[Row, ...] = ()
    units_row: int = 0
    units: tuple[Any, ...] = ()

    @property
    def last_row(self) -> int:
        """The last row before the body."""
        return max(self.units_row, self.row)


def find_head(
    rows: Sequence[Row], names: Iterable[str] = (), header_row: int = 0, place: str = ""
) -> Head:
    """Find the row with the names of the columns.

    Args:
        rows: the first rows with content, numbered.
        names: of columns that are looked for.
        header_row: the number of the row, where the person said it; 0 to find it.
        place: what to call the table.

    Raises:
        TableError: no row can be told from the others; asks for `header_row`.
    """
    if header_row:
        at = next((at for at, (number, _) in enumerate(rows) if number == header_row), None)
        if at is None:
            raise TableError(
                f"{place}: header_row is {header_row}, but that row has no cells or is none of the "
                f"first {LOOKED_AT}: say which row holds the names of the columns."
            )
        return _head(rows, at)
    at, found = best_named(rows, names)
    wanted = len(set(names))
    if found and found >= min(wanted, max(2, wanted / 2)):
        return _head(rows, at)
    return _head(rows, _by_shape(rows, place))


def best_named(rows: Sequence[Row], names: Iterable[str]) -> tuple[int, int]:
    """The place of the first row with most of some names, and how many they are."""
    wanted = {plain(name) for name in names}
    counts = [len(wanted & _plain_names(cells)) for _, cells in rows]
    most = max(counts, default=0)
    return (counts.index(most), most) if most else (0, 0)


def _plain_names(cells: Sequence[Any]) -> set[str]:
    texts = [cell.lstrip("# ") for cell in cells if isinstance(cell, str)]
    return {plain(text) for text in texts} | {plain(split_unit(text)[0]) for text in texts}


def _head(rows: Sequence[Row], at: int) -> Head:
    row, names, width = rows[at][0], list(rows[at][1]), len(rows[at][1])
    while names and is_empty(names[-1]):
        names.pop()
    if names and isinstance(names[0], str):
        names[0] = names[0].lstrip("# ")
    above = tuple(rows[:at])
    below = rows[at + 1 : at + 2]
    if below and is_units(below[0][1]):
        return Head(row, names, width, above, below[0][0], tuple(below[0][1]))
    if above and is_units(above[-1][1]):
        return Head(row, names, width, above[:-1], above[-1][0], tuple(above[-1][1]))
    return Head(row, names, width, above)


def is_units(cells: Sequence[Any]) -> bool:
    """Whether a row holds units: at least one, nothing but units, and no number."""
    texts = [str(cell).strip() for cell in cells if not is_empty(cell)]
    if any(is_number(text) and text not in NO_UNIT for text in texts):
        return False
    units = [unit_of(text) is not None for text in texts]
    return any(units) and all(
        unit or text.casefold() in NO_UNIT for unit, text in zip(units, texts, strict=True)
    )


# -- by its shape


def _by_shape(rows: Sequence[Row], place: str) -> int:
    """The place of the names when none is known: as wide as the body, and without numbers."""
    first = next((at for at, (_, cells) in enumerate(rows) if not is_comment(cells)), len(rows))
    if first == len(rows):
        return 0
    width = _width([cells for _, cells in rows[first + 1 : first + 1 + BODY]])
    if first and _filled(rows[first - 1][1]) == width and _has_number(rows[first][1]):
        return first - 1  # the names stand in the last comment, as numpy writes them
    if not width or _filled(rows[first][1]) >= width / 2:
        return first
    for at in range(first + 1, len(rows) - 1):
        cells = rows[at][1]
        is_wide = _filled(cells) >= 0.8 * width
        if is_wide and not _has_number(cells):
            if _has_number(rows[at + 1][1]) or is_units(rows[at + 1][1]):
                return at
            break
    number, cells = rows[first]
    raise TableError(
        f'{place}, row {number} ("{shortened(cells)}") does not look like the names of the '
        "columns, and no row below it does for certain: say which row holds them with header_row, "
        "such as --set header_row=3."
    )


def _width(body: Sequence[Sequence[Any]]) -> int:
    counts = Counter(_filled(cells) for cells in body)
    return max(counts, key=lambda width: (counts[width], width)) if counts else 0


def _filled(cells: Sequence[Any]) -> int:
    return sum(not is_empty(cell) for cell in cells)


def _has_number(cells: Sequence[Any]) -> bool:
    return any(is_number(cell) for cell in cells)


def is_empty(cell: Any) -> bool:
    """Whether a cell holds nothing that can be seen."""
    return cell is None or (isinstance(cell, str) and not cell.strip())


def is_comment(cells: Sequence[Any]) -> bool:
    """Whether a row begins with #."""
    return bool(cells) and isinstance(cells[0], str) and cells[0].lstrip().startswith("#")


def is_number(cell: Any) -> bool:
    """Whether a cell is a number, in whatever way it is written."""
    if isinstance(cell, str):
        try:
            float(cell.replace(",", ".", 1).replace(",", "").replace("'", ""))
        except ValueError:
            return False
        return True
    return isinstance(cell, int | float) and not isinstance(cell, bool)


def shortened(cells: Sequence[Any]) -> str:
    """The cells of a row as a text that is not too long."""
    text = " ".join(" ".join(str(cell).split()) for cell in cells if not is_empty(cell))
    return text if len(text) <= LONGEST_TITLE else f"{text[: LONGEST_TITLE - 1]}…"


def said_above(head: Head) -> str:
    """A sentence on the rows above the names, or empty."""
    if not head.above:
        return ""
    first, last = head.above[0][0], head.above[-1][0]
    rows = f"row {first}" if first == last else f"rows {first} to {last}"
    verb = "was" if first == last else "were"
    text = shortened(head.above[0][1])
    return f'{rows} ("{text}") above the names of the columns {verb} left out.'
