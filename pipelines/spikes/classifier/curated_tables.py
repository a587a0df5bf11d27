"""Tables and folders of curated units, read to train a classifier on them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.core.errors import ParameterError, TableError
from pipelines.core.formats import suffixes
from pipelines.spikes.classifier.training_table import RECORDING, VOTE, rows_of
from pipelines.spikes.classifier.unit_classifier import Flags, Values, design
from pipelines.spikes.labels import metric_table
from pipelines.spikes.labels.metric_values import MetricTable
from pipelines.spikes.labels.parameters import TrainLabelsParameters
from pipelines.spikes.labels.tables import WORDS
from pipelines.spikes.labels.words import GOOD, MUA, NOISE
from pipelines.spikes.units.files import UNITS
from pipelines.spikes.units.folder import SortingFolder
from pipelines.spikes.units.formats import TABLES

CLASSES = (NOISE, MUA, GOOD)
LEFT_OUT = frozenset(
    {
        "isolation_distance",
        "l_ratio",
        "d_prime",
        "silhouette",
        "nn_hit_rate",
        "nn_miss_rate",
        "nn_isolation",
        "nn_noise_overlap",
        "drift_ptp",
        "drift_std",
        "drift_mad",
    }
)
"""Principal components take three quarters of the time and improve nothing; drift is a property
of the recording, by which an animal is recognised rather than a unit judged."""
LEAST_UNITS = 20
"""Units that each label needs; with fewer a score says nothing."""
_ANIMAL = re.compile(r"(.*?\d+)[a-z]?(?:[_\-.].*)?$", re.IGNORECASE)


@dataclass(frozen=True)
class Curated:
    """Curated units.

    Attributes:
        metrics: names of the columns of `values`.
        values: shape (unit, metric), nan where missing.
        labels: shape (unit,), each one of `CLASSES`.
        groups: what is held out together, shape (unit,).
        notes: how the tables were read, where they can be read in more than one way.
    """

    metrics: tuple[str, ...]
    values: Values
    labels: NDArray[np.str_]
    groups: NDArray[np.str_]
    notes: tuple[str, ...] = ()

    def of(self, chosen: NDArray[Any]) -> "Curated":
        """Some of the units: places (m,), or whether each is one, shape (unit,)."""
        return replace(
            self,
            values=self.values[chosen],
            labels=self.labels[chosen],
            groups=self.groups[chosen],
        )

    def target(self, step: int) -> tuple[Flags, Flags]:
        """Of each unit, whether it takes part in a step, and its answer, both shape (unit,).

        Args:
            step: 0 asks whether it is neural, 1 of neural ones whether it is a single cell.
        """
        if step == 0:
            return np.ones(len(self.labels), bool), self.labels != NOISE
        return self.labels != NOISE, self.labels == GOOD


def read_curated(files: Sequence[Path], parameters: TrainLabelsParameters) -> Curated:
    """Read tables of curated units; only metrics that every table has are kept.

    Raises:
        TableError: a table has no labels, or no metric is common to all.
    """
    files = [file for given in files for file in _tables_in(given)]
    tables = [_table(file) for file in files]
    common = set.intersection(*(set(table.metrics) for table in tables))
    skipped = LEFT_OUT | {parameters.label_column, parameters.group_column}
    metrics = tuple(sorted(common - skipped))
    if not metrics:
        raise TableError("The tables have no metric in common: compute the same for all.")
    parts = [
        _curated(table, file, metrics, parameters)
        for table, file in zip(tables, files, strict=True)
    ]
    whole = Curated(
        metrics,
        np.concatenate([part.values for part in parts]),
        np.concatenate([part.labels for part in parts]),
        np.concatenate([part.groups for part in parts]),
        tuple(
            f"{file.name}: {note}"
            for table, file in zip(tables, files, strict=True)
            for note in table.notes
        ),
    )
    _refuse_few(whole)
    return whole


def _tables_in(given: Path) -> list[Path]:
    """A table or a folder of curated units itself; of a folder of tables, these."""
    if given.is_file() or SortingFolder(given).has(UNITS):
        return [given]
    return sorted(file for file in given.iterdir() if file.suffix.lower() in suffixes(TABLES))


def _table(file: Path) -> MetricTable:
    """A table of curated units, or the units of a folder that `spikes curate` made."""
    if file.is_dir():
        return metric_table.of_rows(rows_of(file), str(file))
    return metric_table.read(file)


def _curated(
    table: MetricTable, file: Path, metrics: tuple[str, ...], parameters: TrainLabelsParameters
) -> Curated:
    column = VOTE if file.is_dir() else parameters.label_column
    if column not in table.rows.columns:
        raise TableError(f"{file} has no column {column}: name the one with the labels.")
    given = table.rows[column]
    kept = np.array([not pd.isna(word) and str(word).strip() != "" for word in given], bool)
    places = np.flatnonzero(kept)
    labels = [_label(given.iloc[row], file, int(row) + 2, column) for row in places]
    groups = _groups(table, file, parameters.group_column)
    return Curated(metrics, design(table, metrics)[kept], np.array(labels, str), groups[kept])


def _label(value: Any, file: Path, row: int, column: str) -> str:
    found = WORDS.get(str(value).strip().lower())
    if found is None:
        raise TableError(
            f"{file}, row {row}, column {column}: {value!r} is no label; use good, mua or noise."
        )
    return found


def _groups(table: MetricTable, file: Path, column: str) -> NDArray[np.str_]:
    column = column or (RECORDING if file.is_dir() else "")
    if column:
        if column not in table.rows.columns:
            raise ParameterError(f"{file} has no column {column} to group by: name another.")
        return table.rows[column].astype(str).to_numpy(dtype=str)
    match = _ANIMAL.fullmatch(file.stem)
    return np.full(len(table), match.group(1) if match else file.stem)


def _refuse_few(curated: Curated) -> None:
    for name in CLASSES:
        found = int((curated.labels == name).sum())
        if found < LEAST_UNITS:
            raise TableError(
                f"There are {found} units labelled {name}, at least {LEAST_UNITS} are needed: "
                "add tables."
            )
