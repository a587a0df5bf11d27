"""Which column of a sheet holds what is needed, under what name and in what unit."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import NoReturn

from pipelines.core.errors import TableError
from pipelines.synapses.formats.sheets import Sheet
from pipelines.synapses.parameters import OTHER_TABLE
from pipelines.synapses.table.columns import (
    NANOMETRES,
    OPTIONAL,
    POWERS,
    SYNAPSES,
    Schema,
)
from pipelines.synapses.table.findings import Finding, Outcome, finding
from pipelines.synapses.table.units import (
    PER_MICROMETRE,
    NamedUnit,
    plain,
    same_unit,
    split_unit,
    unit_of,
)

MICRON = "_micron"
MOST_NAMED = 12
MOST_LACKING = 6
"""A table that lacks more of the columns of synapses may be one of something else."""


@dataclass(frozen=True)
class ColumnSource:
    """Where a column of the schema comes from: a column of the sheet, divided by `divisor`.

    Attributes:
        column: as the sheet calls it.
        divisor: a number of the sheet divided by it has the unit that is needed.
        unit: the unit of the sheet, where it is not the one that is needed.
        given: whether the person said which column it is.
    """

    column: str
    divisor: float = 1.0
    unit: str = ""
    given: bool = False


def find_sources(
    sheet: Sheet, schema: Schema = SYNAPSES, columns: Mapping[str, str] | None = None
) -> dict[str, ColumnSource]:
    """Match the sheet's columns with the schema.

    Case, blanks and the way in which a unit is written do not matter; another unit is converted.

    Args:
        sheet: the cells.
        schema: which columns are needed.
        columns: for names of the schema, the columns of the sheet that a person gave them.

    Raises:
        TableError: needed columns are missing, with the nearest names that are there; or a column
            says two things.
    """
    optional = OPTIONAL if schema == SYNAPSES else ()
    required = (*schema.key_columns, *schema.measures)
    present = _Present(sheet)
    sources = _given(sheet, present, [*required, *optional], columns or {})
    for name in (*required, *optional):
        if name not in sources:
            found = present.named(name) or (present.in_unit(name) if schema == SYNAPSES else None)
            sources |= {name: found} if found else {}
    missing = [name for name in required if name not in sources]
    if missing:
        raise TableError(_missing(sheet, missing, schema))
    if schema == SYNAPSES:
        return {name: present.measured(name, source) for name, source in sources.items()}
    _refuse_other_units(sheet, schema, {n: present.unit(s.column) for n, s in sources.items()})
    return sources


def stated_units(
    sheet: Sheet, sources: Mapping[str, ColumnSource], schema: Schema
) -> tuple[str, ...]:
    """The units (m,) of the measures of another table, empty where the sheet does not say them."""
    present = _Present(sheet)
    found = [present.unit(sources[name].column) for name in schema.measures]
    return tuple(unit.name if unit else "" for unit in found) if any(found) else ()


def _refuse_other_units(
    sheet: Sheet, schema: Schema, units: Mapping[str, NamedUnit | None]
) -> None:
    """Refuse another table whose units are not those of the fit, or differ among coordinates.

    Raises:
        TableError: says which column it is.
    """
    before = dict(zip(schema.measures, map(unit_of, schema.stated_units), strict=False))
    for name, unit in units.items():
        known = before.get(name)
        if unit and known and not same_unit(unit, known):
            raise TableError(
                f"{sheet.place()}, column {name} is said to be in {unit.name}, and the table that "
                f"the model was made of was in {known.name}: convert it, or correct its unit."
            )
    told = [(name, unit) for name in schema.coordinates if (unit := units[name])]
    for name, unit in told[1:]:
        if not same_unit(unit, told[0][1]):
            raise TableError(
                f"{sheet.place()}: the coordinates {told[0][0]} and {name} are said to be in "
                f"{told[0][1].name} and {unit.name}: convert one, or correct its unit."
            )


def missing_columns(
    names: Iterable[str], schema: Schema = SYNAPSES, columns: Mapping[str, str] | None = None
) -> list[str]:
    """The needed columns that no name, or more than one of some names, stands for."""
    present = _Present(names)
    given = {_folded(name) for name in columns or {}}
    return [
        name
        for name in (*schema.key_columns, *schema.measures)
        if _folded(name) not in given and not present.stands_for(name, schema)
    ]


class _Present:
    """The columns of a sheet, by the ways in which they may be named."""

    def __init__(self, sheet: Sheet | Iterable[str]) -> None:
        self._place = sheet.place() if isinstance(sheet, Sheet) else ""
        self._units = sheet.units if isinstance(sheet, Sheet) else {}
        self.names = [str(n) for n in (sheet.cells.columns if isinstance(sheet, Sheet) else sheet)]

    def named(self, name: str) -> ColumnSource | None:
        """The column of a name; an exact name wins over one that differs in case or blanks."""
        if name in self.names:
            return ColumnSource(name)
        for alike in (_folded, plain):
            found = [column for column in self.names if alike(column) == alike(name)]
            if len(found) > 1:
                self._refuse_several(name, found)
            if found:
                return ColumnSource(found[0])
        return None

    def in_unit(self, name: str) -> ColumnSource | None:
        """A column of synapses that is called otherwise only for its unit."""
        power = POWERS.get(name)
        if power is None:
            return None
        bases = {plain(name), plain(name.removesuffix(MICRON))}
        found = [
            column
            for column in self.names
            if plain(split_unit(column)[0]) in bases
            and (unit := split_unit(column)[1]) is not None
            and unit.power in (power, 0)
        ]
        if len(found) > 1:
            self._refuse_several(name, found)
        if found:
            return ColumnSource(found[0])
        nm = NANOMETRES.get(name)
        return self.named(nm) if nm else None

    def stands_for(self, name: str, schema: Schema) -> bool:
        """Whether exactly one column is that of a name."""
        try:
            found = self.named(name) or (self.in_unit(name) if schema == SYNAPSES else None)
        except TableError:
            return False
        return found is not None

    def _refuse_several(self, name: str, found: list[str]) -> NoReturn:
        raise TableError(
            f"{self._place} has {name} as {' and as '.join(found)}: say which counts with "
            f"--column {name}=HEADER (on the page: Columns), or remove one."
        )

    def measured(self, name: str, source: ColumnSource) -> ColumnSource:
        """The same with the factor that its unit asks for."""
        if name not in POWERS:
            return self._in_nm(source) if name in NANOMETRES.values() else source
        unit = self.unit(source.column)
        is_nm = name in NANOMETRES and plain(source.column) == plain(NANOMETRES[name])
        if unit is None and is_nm and not source.given:
            unit = unit_of("nm")
        if unit is None:
            return source
        if unit.power != POWERS[name]:
            raise TableError(
                f"{self._place}, column {source.column}: {name} is needed in "
                f"{_unit_name(name)}, and this is said to be in {unit.name}: convert it, or remove "
                "the unit if it is wrong."
            )
        if unit.divisor != 1.0 and MICRON in plain(source.column):
            raise TableError(
                f"{self._place}, column {source.column} is said to be in micrometres and in "
                f"{unit.name}: correct its name or its unit."
            )
        written = unit.name if unit.divisor != 1.0 else ""
        return ColumnSource(source.column, unit.divisor, written, source.given)

    def _in_nm(self, source: ColumnSource) -> ColumnSource:
        """A column that is needed in nm."""
        unit = self.unit(source.column)
        if unit is None or unit.power != 1 or unit.name == "nm":
            return source
        return ColumnSource(
            source.column, unit.divisor / PER_MICROMETRE["nm"], unit.name, source.given
        )

    def unit(self, column: str) -> NamedUnit | None:
        """What the sheet says of the unit of a column, in its name or in a row below.

        Raises:
            TableError: it says two things.
        """
        in_name, below = split_unit(column)[1], unit_of(self._units.get(column, ""))
        if in_name and below and not same_unit(in_name, below):
            raise TableError(
                f"{self._place}, column {column} is said to be in {in_name.name} and, in the row "
                f"below, in {below.name}: correct one of them."
            )
        return in_name or below


def _folded(name: str) -> str:
    return name.strip().casefold()


def _unit_name(name: str) -> str:
    return {1: "um", 2: "um2", 3: "um3"}[POWERS[name]]


def _given(
    sheet: Sheet, present: _Present, known: Collection[str], columns: Mapping[str, str]
) -> dict[str, ColumnSource]:
    """The columns that a person named.

    Raises:
        TableError: there is no such name or no such column, or one was named twice.
    """
    names = {_folded(name): name for name in known}
    sources: dict[str, ColumnSource] = {}
    for name, header in columns.items():
        if _folded(name) not in names:
            raise TableError(
                f"--column {name}={header}: {name} is none of the columns that are needed, which "
                f"are {', '.join(known)}."
            )
        found = present.named(header)
        if found is None:
            raise TableError(
                f"{sheet.place()} has no column {header} to be taken as {name}: it has "
                f"{_listed(present.names)}."
            )
        taken = next((n for n, source in sources.items() if source.column == found.column), "")
        if taken:
            raise TableError(
                f"The column {found.column} was given for {taken} and for {name}: choose another."
            )
        sources[names[_folded(name)]] = ColumnSource(found.column, given=True)
    return sources


def _missing(sheet: Sheet, missing: list[str], schema: Schema) -> str:
    present = {plain(str(name)): str(name) for name in sheet.cells.columns}
    described = []
    for name in missing:
        near = get_close_matches(plain(name), present, n=1)
        described.append(f"{name} (nearest: {present[near[0]]})" if near else name)
    word = "column" if len(missing) == 1 else "columns"
    lacks = f"{sheet.place()} lacks the {word} {', '.join(described)}"
    assigned = f"say which they are with --column {missing[0]}=HEADER (on the page: Columns)"
    has = f"The table has {_listed([str(name) for name in sheet.cells.columns])}."
    if schema == SYNAPSES and len(missing) > MOST_LACKING:
        return (
            f"{lacks}: if a row is a synapse, add or rename, or {assigned}; of any other table "
            "choose columns with feature_columns, id_column and group_column (on the page: "
            f"{OTHER_TABLE}). {has}"
        )
    return f"{lacks}: add or rename, or {assigned}. {has}"


def _listed(names: list[str]) -> str:
    more = len(names) - MOST_NAMED
    shown = ", ".join(names[:MOST_NAMED])
    return f"{shown} and {more} more" if more > 0 else shown


# -- what is said of them


def source_notes(sheet: Sheet, sources: Mapping[str, ColumnSource]) -> list[str]:
    """Sentences on columns that were taken under another name or unit."""
    by_unit: dict[str, list[tuple[str, str]]] = {}
    for name, source in sources.items():
        if source.divisor != 1.0:
            by_unit.setdefault(_how(source), []).append((name, source.column))
    converted = [f"{sheet.place()}: {_computed(pairs)}, {how}." for how, pairs in by_unit.items()]
    renamed = [
        f"{sheet.place()}: column {source.column} was taken as {name}."
        for name, source in sources.items()
        if source.divisor == 1.0 and source.column != name
    ]
    return converted + renamed


def _computed(pairs: list[tuple[str, str]]) -> str:
    """Columns, and those that they were computed from, in their order."""
    names, columns = (", ".join(part) for part in zip(*pairs, strict=True))
    return f"{names} {'was' if len(pairs) == 1 else 'were'} computed from {columns}"


def _how(source: ColumnSource) -> str:
    divided = source.divisor > 1
    factor = source.divisor if divided else 1 / source.divisor
    written = f"{factor:,.10g}" if factor >= 10_000 else f"{factor:.10g}"
    return f"{source.unit} {'divided by' if divided else 'times'} {written}"


def converted(sheet: Sheet, sources: Mapping[str, ColumnSource]) -> list[Finding]:
    """A remark on every row of a sheet whose columns were in another unit."""
    by_unit: dict[str, list[str]] = {}
    for source in sources.values():
        if source.divisor != 1.0:
            by_unit.setdefault(_how(source), []).append(source.column)
    if not by_unit:
        return []
    text = "; ".join(f"{', '.join(columns)} in {how}" for how, columns in by_unit.items())
    return [finding(sheet, row, "", Outcome.REPAIRED, f"{text}.") for row in sheet.row_numbers]
