"""Clusters that were made elsewhere, read from a table.

The publication's own result can be given as it is: there every synapse stands twice, once
for the group of its synapse type and once for that of its neuron type, and the column
`clusterid` names the group. Of such a table the rows of the group that is clustered count.
"""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from pipelines.core.errors import TableError
from pipelines.synapses.clusters.cluster import NOISE, Clusters
from pipelines.synapses.formats.cells import MISSING, number
from pipelines.synapses.formats.reading import read_sheet
from pipelines.synapses.formats.sheets import Sheet
from pipelines.synapses.table.arrays import Booleans, Texts
from pipelines.synapses.table.columns import KEY, SYNAPSES, Schema
from pipelines.synapses.table.names import LOST, lost_digits, matched, read_names
from pipelines.synapses.table.units import plain

COLUMN = "cluster"
GROUP_COLUMN = "clusterid"
MOST_NAMED = 5


@dataclass(frozen=True)
class Given:
    """Clusters of n synapses that were read from a table.

    Attributes:
        clusters: of each synapse; noise where `named` says that the table does not have it.
        named: (n,) which synapses the table has.
        notes: sentences on what did not match.
    """

    clusters: Clusters
    named: Booleans
    notes: tuple[str, ...]


def read_labels(path: Path, key: Texts, group: str, schema: Schema = SYNAPSES) -> Given:
    """Read the clusters of synapses from a table with NeuronId, SynType, SynId and cluster.

    Names are matched as a person would match them, see `names.matched`.

    Args:
        path: a file of one of `formats.FORMATS`; -1 or an empty cluster is noise.
        key: (n, 3) of the synapses.
        group: which rows count, where the file has a column clusterid.
        schema: of another table, its columns of group and id stand for the three names.

    Raises:
        TableError: columns are missing, a cluster is no whole number, a synapse is named
            twice with different clusters, or none of the synapses is named.
    """
    keys = key_columns(schema)
    sheet = _of_group(read_sheet(path, names=(*keys.values(), COLUMN)), group)
    columns = {plain(str(name)): str(name) for name in sheet.cells.columns}
    missing = [name for name in (*keys.values(), COLUMN) if plain(name) not in columns]
    if missing:
        raise TableError(f"{sheet.place()} lacks the column {', '.join(missing)}: add or rename.")
    names = read_names(sheet, {name: columns[plain(given)] for name, given in keys.items()})
    _refuse_lost(sheet, [columns[plain(given)] for given in keys.values()])
    column = columns[plain(COLUMN)]
    cells = [sheet.cell(row, column) for row in names.index]
    values = [
        _label(sheet.place(row, column), cell) for row, cell in zip(names.index, cells, strict=True)
    ]
    wanted = pd.DataFrame(key, columns=list(KEY))
    given = same_keys(names, wanted).assign(cluster=values).drop_duplicates()
    twice = given.index[given.duplicated(list(KEY))]
    if len(twice):
        place = sheet.place(int(twice[0]), column)
        raise TableError(f"{place}: this synapse has another cluster above; keep one.")
    found = wanted.merge(given, on=list(KEY), how="left")[COLUMN]
    if found.isna().all():
        raise TableError(
            f"{sheet.place()}: none of its synapses is in the table that is clustered; "
            f"{', '.join(keys.values())} must be the same in both."
        )
    labels = found.fillna(NOISE).to_numpy(np.int64)
    clusters = Clusters(labels, np.where(labels == NOISE, 0.0, 1.0))
    empty = sum(_is_empty(cell) for cell in cells)
    notes = (
        *_lacking(sheet, wanted.loc[found.isna(), list(keys)], len(wanted)),
        *_foreign(sheet, given, wanted, list(keys)),
        *_empty(sheet, empty),
    )
    return Given(clusters, found.notna().to_numpy(), notes)


def _refuse_lost(sheet: Sheet, columns: list[str]) -> None:
    for column in columns:
        rows = sheet.cells.index[lost_digits(sheet, column)]
        if len(rows):
            raise TableError(f"{sheet.place(int(rows[0]), column)}: {LOST}")


def same_keys(names: pd.DataFrame, wanted: pd.DataFrame) -> pd.DataFrame:
    """The keys of one table in the spelling of another, where a person takes them for the same.

    Args:
        names: NeuronId, SynType, SynId as text, and any further columns.
        wanted: the same three columns of the other table.

    Returns:
        `names` with its rows in their order and number.
    """
    same = matched(names["NeuronId"].unique(), wanted["NeuronId"].unique())
    found = names.assign(NeuronId=names["NeuronId"].map(lambda name: same.get(name, name)))
    ids = wanted.groupby(["NeuronId", "SynType"])["SynId"].agg(list).to_dict()
    for place, rows in found.groupby(["NeuronId", "SynType"]).groups.items():
        of_both = matched(found.loc[rows, "SynId"].unique(), ids.get(place, ()))
        found.loc[rows, "SynId"] = [of_both.get(one, one) for one in found.loc[rows, "SynId"]]
    return found


def _lacking(sheet: Sheet, lacking: pd.DataFrame, n_rows: int) -> list[str]:
    """A sentence on synapses that the table of clusters does not have."""
    if lacking.empty:
        return []
    verb = "is" if len(lacking) == 1 else "are"
    return [
        f"{len(lacking):,} of {n_rows:,} rows {verb} not in {sheet.file} and {verb} left out of "
        f"the clusters: {_listed(lacking)}."
    ]


def _foreign(
    sheet: Sheet, given: pd.DataFrame, wanted: pd.DataFrame, named: list[str]
) -> list[str]:
    """A sentence on synapses that the table of clusters alone has."""
    both = given[list(KEY)].merge(wanted, on=list(KEY), how="left", indicator=True)
    foreign = given[(both["_merge"] == "left_only").to_numpy()]
    if foreign.empty:
        return []
    rows = "1 row" if len(foreign) == 1 else f"{len(foreign):,} rows"
    verb = "names" if len(foreign) == 1 else "name"
    return [
        f"{rows} of {sheet.file} {verb} nothing that is clustered here: {_listed(foreign[named])}."
    ]


def _listed(keys: pd.DataFrame) -> str:
    rows = keys.head(MOST_NAMED).to_numpy()
    more = f" and {len(keys) - MOST_NAMED:,} more" if len(keys) > MOST_NAMED else ""
    return ", ".join(" ".join(part for part in row if part) for row in rows) + more


def _empty(sheet: Sheet, count: int) -> list[str]:
    if not count:
        return []
    rows = "1 row has" if count == 1 else f"{count:,} rows have"
    return [f"{rows} an empty cluster in {sheet.file}, which was taken for noise."]


def key_columns(schema: Schema) -> dict[str, str]:
    """For each name of the key that a table has, its column.

    Raises:
        TableError: another table without ids; nothing says which row is which.
    """
    if schema == SYNAPSES:
        return {name: name for name in KEY}
    if not schema.id:
        raise TableError("Clusters can be taken over only with an id: choose id_column too.")
    named = {"NeuronId": schema.group, "SynId": schema.id}
    return {name: column for name, column in named.items() if column}


def _of_group(sheet: Sheet, group: str) -> Sheet:
    """The rows for a group, where the sheet tells groups apart."""
    named = [name for name in sheet.cells.columns if str(name).casefold() == GROUP_COLUMN]
    if not named:
        return sheet
    groups = sheet.cells[named[0]].astype(str).str.strip().str.casefold()
    if not (groups == group).any():
        known = ", ".join(sorted(groups.unique())[:10])
        raise TableError(
            f"{sheet.place()} has clusters of the groups {known}, and none of {group}: choose one "
            f"of these groups, or remove the column {named[0]}."
        )
    return replace(sheet, cells=sheet.cells[groups == group])


def _is_empty(cell: object) -> bool:
    return cell is None or str(cell).strip().casefold() in MISSING


def _label(place: str, cell: object) -> int:
    if _is_empty(cell):
        return NOISE
    value = number(cell)
    if not float(value).is_integer() or value < NOISE:
        raise TableError(f'{place} ("{cell}"): a cluster must be a whole number from -1.')
    return int(value)
