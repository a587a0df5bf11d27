"""Clusters that were made elsewhere, read from a table."""

from pathlib import Path

import numpy as np
import pandas as pd

from pipelines.errors import TableError
from pipelines.synapses.arrays import Texts
from pipelines.synapses.cluster import NOISE, Clusters
from pipelines.synapses.columns import KEY
from pipelines.synapses.parsing import number, read_names
from pipelines.synapses.reading import read_sheet

COLUMN = "cluster"


def read_labels(path: Path, key: Texts) -> Clusters:
    """Read the clusters of synapses from a table with NeuronId, SynType, SynId and cluster.

    Args:
        path: an `.xlsx`, `.csv` or `.tsv` file; -1 or an empty cluster is noise.
        key: (n, 3) of the synapses; those that the file does not name are noise.

    Raises:
        TableError: columns are missing, a cluster is no whole number, a synapse is named
            twice with different clusters, or none of the synapses is named.
    """
    sheet = read_sheet(path)
    columns = {str(name).casefold(): str(name) for name in sheet.cells.columns}
    missing = [name for name in (*KEY, COLUMN) if name.casefold() not in columns]
    if missing:
        raise TableError(f"{sheet.place()} lacks the column {', '.join(missing)}: add or rename.")
    names = read_names(sheet, {name: columns[name.casefold()] for name in KEY})
    column = columns[COLUMN]
    values = [_label(sheet.place(row, column), sheet.cells.at[row, column]) for row in names.index]
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
            "NeuronId, SynType and SynId must be the same in both."
        )
    labels = found.fillna(NOISE).to_numpy(np.int64)
    return Clusters(labels, np.where(labels == NOISE, 0.0, 1.0))


def _label(place: str, cell: object) -> int:
    if cell is None:
        return NOISE
    value = number(cell)
    if not float(value).is_integer() or value < NOISE:
        raise TableError(f'{place} ("{cell}"): a cluster must be a whole number from -1.')
    return int(value)
