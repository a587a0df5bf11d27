"""Clusters that were made elsewhere, read from a table.

The publication's own result can be given as it is: there every synapse stands twice, once
for the group of its synapse type and once for that of its neuron type, and the column
`clusterid` names the group. Of such a table the rows of the group that is clustered count.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from pipelines.errors import TableError
from pipelines.synapses.arrays import Texts
from pipelines.synapses.cells import number
from pipelines.synapses.cluster import NOISE, Clusters
from pipelines.synapses.columns import KEY, SYNAPSES, Schema
from pipelines.synapses.parsing import read_names
from pipelines.synapses.reading import Sheet, read_sheet

COLUMN = "cluster"
GROUP_COLUMN = "clusterid"


def read_labels(path: Path, key: Texts, group: str, schema: Schema = SYNAPSES) -> Clusters:
    """Read the clusters of synapses from a table with NeuronId, SynType, SynId and cluster.

    Args:
        path: an `.xlsx`, `.csv` or `.tsv` file; -1 or an empty cluster is noise.
        key: (n, 3) of the synapses; those that the file does not name are noise.
        group: which rows count, where the file has a column clusterid.
        schema: of another table, its columns of group and id stand for the three names.

    Raises:
        TableError: columns are missing, a cluster is no whole number, a synapse is named
            twice with different clusters, or none of the synapses is named.
    """
    sheet = _of_group(read_sheet(path), group)
    columns = {str(name).casefold(): str(name) for name in sheet.cells.columns}
    keys = key_columns(schema)
    missing = [name for name in (*keys.values(), COLUMN) if name.casefold() not in columns]
    if missing:
        raise TableError(f"{sheet.place()} lacks the column {', '.join(missing)}: add or rename.")
    names = read_names(sheet, {name: columns[given.casefold()] for name, given in keys.items()})
    column = columns[COLUMN]
    values = [_label(sheet.place(row, column), sheet.cell(row, column)) for row in names.index]
    given = names.assign(cluster=values).drop_duplicates()
    twice = given.index[given.duplicated(list(KEY))]
    if len(twice):
        place = sheet.place(int(twice[0]), column)
        raise TableError(f"{place}: this synapse has another cluster above; keep one.")
    wanted = pd.DataFrame(key, columns=list(KEY))
    found = wanted.merge(given, on=list(KEY), how="left")[COLUMN]
    if found.isna().all():
        raise TableError(
            f"{sheet.place()}: none of its synapses is in the table that is clustered; "
            f"{', '.join(keys.values())} must be the same in both."
        )
    labels = found.fillna(NOISE).to_numpy(np.int64)
    return Clusters(labels, np.where(labels == NOISE, 0.0, 1.0))


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


def _label(place: str, cell: object) -> int:
    if cell is None:
        return NOISE
    value = number(cell)
    if not float(value).is_integer() or value < NOISE:
        raise TableError(f'{place} ("{cell}"): a cluster must be a whole number from -1.')
    return int(value)
