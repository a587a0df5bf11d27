"""Tables of unit metrics, under the names that SpikeInterface uses today. Needs no heavy library.

Older releases and other programs call some metrics differently; `read` renames them, turning
the sign where the definition turned, so that rules and classifiers see one vocabulary.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.errors import TableError
from pipelines.spikes.unit_tables import read_table, typed

RENAMED: Mapping[str, tuple[str, float]] = {
    "peak_to_valley": ("peak_to_trough_duration", 1.0),
    "half_width": ("trough_half_width", 1.0),
    "peak_trough_ratio": ("peak_after_to_trough_ratio", -1.0),
    "n_spikes": ("num_spikes", 1.0),
    "firing_rate_hz": ("firing_rate", 1.0),
    "amplitude_uv": ("amplitude_median", 1.0),
}
"""Other names of metrics, and the factor that leads to the metric of today."""
ID_COLUMNS = ("unit_id", "cluster_id", "id", "Unnamed: 0", "")
LABEL_COLUMNS = (
    "label_thresholds",
    "label_bombcell",
    "label_unitrefine",
    "probability_unitrefine",
    "reason",
)
STEP_COLUMNS = ("probability_neural", "probability_single")
WRITTEN = (*STEP_COLUMNS, *LABEL_COLUMNS)
"""What labelling adds to a table, and replaces when it is there already."""
NO_METRICS = frozenset(
    (
        *(*ID_COLUMNS, *WRITTEN, "channel", "channel_index", "group"),
        *("is_noise", "majority_vote", "recording"),
        *("label_curated", "reason_curated", "came_from"),
    )
)
"""Columns that say which unit it is or what it is called, also where they hold numbers."""
Column = NDArray[np.float64]


@dataclass(frozen=True)
class MetricTable:
    """The metrics of some units.

    Attributes:
        rows: the table as it was given, `unit_id` first, earlier labels removed.
        metrics: a column of shape (unit,) for each metric that has a value, by today's name.
        renamed: today's name of each metric that is called differently in `rows`.
    """

    rows: pd.DataFrame
    metrics: Mapping[str, Column]
    renamed: Mapping[str, str]

    def __len__(self) -> int:
        return len(self.rows)

    def column(self, metric: str) -> Column:
        """A metric of all units; nan throughout when the table lacks it."""
        found = self.metrics.get(metric)
        return np.full(len(self), np.nan) if found is None else found

    def has(self, metric: str) -> bool:
        """Whether at least one unit has this metric."""
        return metric in self.metrics


def read(source: Path) -> MetricTable:
    """Read metrics from a CSV, TSV, XLSX or Parquet file, or from `units.csv` of a sorting.

    Raises:
        TableError: it is no table, has no units or no metrics, or holds text for a number.
    """
    file = source / "units.csv" if source.is_dir() else source
    return of_rows(read_rows(file), str(file))


def of_rows(rows: pd.DataFrame, name: str) -> MetricTable:
    """The metrics in a table that is read already.

    Args:
        rows: one row per unit.
        name: what errors call it.

    Raises:
        TableError: it has no units or no metrics, or holds text for a number.
    """
    if rows.empty:
        raise TableError(f"{name} has no units: give a table with one row per unit.")
    metrics: dict[str, Column] = {}
    renamed: dict[str, str] = {}
    for given in rows.columns:
        if str(given) in NO_METRICS:
            continue
        metric, factor = RENAMED.get(str(given), (str(given), 1.0))
        # A table that has both names is believed in its newer one.
        if metric != given and metric in rows.columns:
            continue
        values = _numbers(rows[given], name, expected=str(given) in RENAMED)
        if values is not None and np.isfinite(values).any():
            metrics[metric] = factor * values
            if metric != given:
                renamed[str(given)] = metric
    if not metrics:
        raise TableError(
            f"{name} has no column of numbers: give a table of metrics, such as snr, firing_rate "
            "and rp_contamination, one row per unit."
        )
    return MetricTable(_identified(rows), metrics, renamed)


def read_rows(file: Path) -> pd.DataFrame:
    """The rows of a CSV, TSV, XLSX or Parquet file, as they are.

    Raises:
        TableError: it cannot be read.
    """
    if not file.is_file():
        raise TableError(f"{file} does not exist: give a table of metrics or a sorting's folder.")
    suffix = file.suffix.lower()
    try:
        if suffix == ".xlsx":
            return typed(pd.read_excel(file))
        if suffix == ".parquet":
            return typed(pd.read_parquet(file))
        return read_table(file, "\t" if suffix in (".tsv", ".tab") else ",")
    # A damaged or binary file can fail in any way, and none of it is a bug of ours.
    except Exception as error:
        raise TableError(
            f"{file} cannot be read as a table ({error}): save the metrics as CSV."
        ) from None


def _numbers(column: pd.Series, name: str, *, expected: bool) -> Column | None:
    """A column as numbers; none if it is text, an error if it is nearly all numbers."""
    if isinstance(column, pd.DataFrame):
        raise TableError(f"{name} has more than one column of the same name: rename one.")
    values = pd.to_numeric(column, errors="coerce")
    wrong = values.isna() & column.notna()
    if not wrong.any():
        found = values.to_numpy(dtype=np.float64, na_value=np.nan)
        return np.where(np.isfinite(found), found, np.nan)
    if expected or values.notna().sum() > wrong.sum():
        row = int(np.flatnonzero(wrong)[0])
        raise TableError(
            f"{name}, row {row + 2}, column {column.name}: {column.iloc[row]!r} is not a number; "
            "correct it or leave the cell empty."
        )
    return None


def _identified(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows with `unit_id` first and without labels of an earlier run."""
    kept = rows.drop(columns=[name for name in WRITTEN if name in rows.columns])
    source = next((name for name in ID_COLUMNS if name in kept.columns), None)
    numbers = np.arange(len(kept)) if source is None else kept[source].to_numpy()
    spare = [name for name in ("unit_id", "Unnamed: 0", "") if name in kept.columns]
    kept = kept.drop(columns=spare)
    kept.insert(0, "unit_id", numbers)
    return kept
