"""Tables of unit metrics, under the names that SpikeInterface uses today.

Older releases and other programs call some metrics differently; `read` renames them, turning
the sign where the definition turned, so that rules and classifiers see one vocabulary.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from pipelines.core.errors import TableError
from pipelines.files.reading import reading
from pipelines.spikes.labels import metric_cells
from pipelines.spikes.labels.columns import CURATED, CURATED_REASON, WRITTEN
from pipelines.spikes.labels.metric_values import Column, MetricTable
from pipelines.spikes.labels.written_numbers import Style, style_of
from pipelines.spikes.units.files import UNITS
from pipelines.spikes.units.formats import TEXT, table_format
from pipelines.spikes.units.metrics import known_names, today
from pipelines.spikes.units.unit_tables import is_text, read_texts, typed

ID_COLUMNS = ("unit_id", "cluster_id", "id", "Unnamed: 0", "")
NO_METRICS = frozenset(
    (
        *(*ID_COLUMNS, *WRITTEN, "channel", "channel_index", "group"),
        *("is_noise", "majority_vote", "recording"),
        *(CURATED, CURATED_REASON, "came_from"),
    )
)
"""Columns that say which unit it is or what it is called, also where they hold numbers."""


def read(source: Path) -> MetricTable:
    """Read metrics from a CSV, TSV, XLSX or Parquet file, or from `units.csv` of a sorting.

    Raises:
        TableError: it is no table, has no units or no metrics, or holds text for a number.
    """
    file = source / UNITS if source.is_dir() else source
    rows = read_rows(file)
    with reading(file, TableError, "save the metrics as CSV", "table of metrics"):
        written = read_texts(file) if table_format(file) is TEXT else None
        return of_rows(rows, str(file), written)


def of_rows(rows: pd.DataFrame, name: str, written: pd.DataFrame | None = None) -> MetricTable:
    """The metrics in a table that is read already.

    Args:
        rows: one row per unit.
        name: what errors call it.
        written: the same rows and columns with every cell as it is written, where that is known.

    Raises:
        TableError: it has no units or no metrics, or holds text for a number.
    """
    if rows.empty:
        raise TableError(f"{name} has no units: give a table with one row per unit.")
    if len(set(rows.columns)) < len(rows.columns):
        raise TableError(f"{name} has more than one column of the same name: rename one.")
    cells = rows if written is None else written
    style = _style(cells, name)
    metrics: dict[str, Column] = {}
    renamed: dict[str, str] = {}
    notes = ["Its decimals are written with commas."] if style == "comma" else []
    known = known_names()
    headings = {str(given): metric_cells.heading(str(given), known) for given in rows.columns}
    for given, (plain, unit) in headings.items():
        if given in NO_METRICS:
            continue
        metric, factor = today(plain)
        # A table that has both names is believed in its newer one.
        if metric != given and metric in rows.columns:
            continue
        where = metric_cells.ColumnPlace(name, given)
        found = metric_cells.numbers(cells[given].tolist(), metric, unit, style, where)
        if found is not None and np.isfinite(found.values).any():
            metrics[metric] = factor * found.values
            notes += found.notes
            if metric != given:
                renamed[given] = metric
    if not metrics:
        raise TableError(
            f"{name} has no column of numbers: give a table of metrics, such as snr, firing_rate "
            "and rp_contamination, one row per unit."
        )
    return MetricTable(_identified(rows), metrics, renamed, tuple(notes))


def _style(cells: pd.DataFrame, name: str) -> Style | None:
    """How decimals are written in the cells that are text, without names and words."""
    columns = [one for one in cells if str(one) not in NO_METRICS and not is_text(str(one))]
    texts = [cell for one in columns for cell in cells[one].tolist() if isinstance(cell, str)]
    try:
        return style_of(texts)
    except ValueError as error:
        raise TableError(f"{name}: {error}; write all of them in one way.") from None


def read_rows(file: Path) -> pd.DataFrame:
    """The rows of a CSV, TSV, XLSX or Parquet file, names as text and numbers as numbers.

    Raises:
        TableError: it cannot be read.
    """
    if not file.is_file():
        raise TableError(f"{file} does not exist: give a table of metrics or a sorting's folder.")
    with reading(file, TableError, "save the metrics as CSV", "table"):
        rows: pd.DataFrame = table_format(file).reader(file)
        return rows


def read_xlsx(file: Path) -> pd.DataFrame:
    """The first sheet of a workbook, typed as `unit_tables.typed` does."""
    return typed(pd.read_excel(file, engine="openpyxl"))


def read_parquet(file: Path) -> pd.DataFrame:
    """The rows of a Parquet file, typed as `unit_tables.typed` does."""
    return typed(pd.read_parquet(file))


def _identified(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows with `unit_id` first and without labels of an earlier run."""
    kept = rows.drop(columns=[name for name in WRITTEN if name in rows.columns])
    source = next((name for name in ID_COLUMNS if name in kept.columns), None)
    numbers = np.arange(len(kept)) if source is None else kept[source].to_numpy()
    spare = [name for name in ("unit_id", "Unnamed: 0", "") if name in kept.columns]
    kept = kept.drop(columns=spare)
    kept.insert(0, "unit_id", numbers)
    return kept
