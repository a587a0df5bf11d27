"""Labels that a person gave to units, in a table of this or another program."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from pipelines.core.errors import TableError
from pipelines.spikes.labels.columns import BY_HAND
from pipelines.spikes.labels.metric_table import read_rows
from pipelines.spikes.labels.words import GOOD, MUA, NOISE

WORDS: Mapping[str, str] = {
    "good": GOOD,
    "sua": GOOD,
    "single": GOOD,
    "mua": MUA,
    "multi": MUA,
    "noise": NOISE,
}
"""How programs call the three labels."""
NONE = frozenset({"", "nan", "none", "unsorted", "unlabelled"})
UNIT_COLUMNS = ("unit_id", "cluster_id")


@dataclass(frozen=True)
class Labels:
    """What one curator said.

    Attributes:
        name: of the curator.
        labels: good, mua or noise by unit; units without a label are absent.
    """

    name: str
    labels: Mapping[int, str]


def read_labels(file: Path, column: str = "") -> Labels:
    """Read the labels in a table; phy's `cluster_group.tsv` is one.

    Args:
        file: CSV, TSV, XLSX or Parquet.
        column: of the labels; empty to take the usual ones.

    Raises:
        TableError: it has no units or labels, or a word that is none.
    """
    rows = read_rows(file)
    if not rows.columns.is_unique:
        raise TableError(f"{file} has more than one column of the same name: rename one.")
    unit_column = next((name for name in UNIT_COLUMNS if name in rows), None)
    label_column = column or next((name for name in BY_HAND if name in rows), "")
    if unit_column is None or label_column not in rows:
        raise TableError(f"{file} needs a column unit_id and one of labels ({', '.join(BY_HAND)}).")
    found = {
        _unit(unit, file, row): label
        for row, (unit, word) in enumerate(zip(rows[unit_column], rows[label_column], strict=True))
        if (label := label_of(word, f"{file}, row {row + 2}, column {label_column}"))
    }
    return Labels(file.stem, found)


def label_of(word: object, where: str) -> str:
    """good, mua, noise, or empty for a unit that nobody labelled.

    Raises:
        TableError: it is another word.
    """
    text = "" if pd.isna(word) else str(word).strip().lower()  # type: ignore[call-overload]
    if text in NONE:
        return ""
    if text not in WORDS:
        raise TableError(f"{where}: {word!r} is no label; use good, mua or noise.")
    return WORDS[text]


def _unit(value: object, file: Path, row: int) -> int:
    try:
        return int(str(value))
    except ValueError:
        raise TableError(f"{file}, row {row + 2}: {value!r} is no number of a unit.") from None
