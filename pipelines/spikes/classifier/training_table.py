"""Curated recordings as one table that a classifier of units is trained on."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from pipelines.core.errors import TableError
from pipelines.core.progress import Report
from pipelines.spikes.classifier.label import read_units
from pipelines.spikes.curation.parameters import TrainingTableParameters
from pipelines.spikes.labels.columns import CURATED
from pipelines.spikes.labels.tables import label_of
from pipelines.spikes.units.folder import SortingFolder
from pipelines.spikes.units.unit_tables import write_table

VOTE, RECORDING = "majority_vote", "recording"
ONE_FILE = "training.csv"


def training_table(
    inputs: Mapping[str, Path], _parameters: TrainingTableParameters, folder: Path, report: Report
) -> dict[str, Any]:
    """Write the labelled units of several curated recordings with their metrics.

    Args:
        inputs: `curated`, `curated 2`, ...: folders of curated units.
        folder: gets `training.csv`: `recording, unit_id`, the metrics, `majority_vote`.
        report: progress.

    Raises:
        TableError: a folder has no labelled unit.
    """
    parts = []
    for number, source in enumerate(inputs.values()):
        report(number / len(inputs), f"Measuring {source.name}")
        parts.append(rows_of(source))
    whole = pd.concat(parts, ignore_index=True)
    write_table(whole, folder / ONE_FILE)
    counts = {str(name): int(n) for name, n in whole[VOTE].value_counts().items()}
    return {"n_units": len(whole), "n_recordings": whole[RECORDING].nunique(), "labels": counts}


def rows_of(folder: Path) -> pd.DataFrame:
    """The labelled units of one folder, a row each, with all metrics that its files give.

    Raises:
        TableError: it is no folder of curated units, or none is labelled.
    """
    table = read_units(folder)
    if CURATED not in table.rows:
        raise TableError(f"{folder} has no labels of a curator: give what `spikes curate` made.")
    votes = [
        label_of(word, f"{folder}, unit {unit}")
        for unit, word in zip(table.rows["unit_id"], table.rows[CURATED], strict=True)
    ]
    rows = pd.DataFrame(
        {
            RECORDING: SortingFolder(folder).recording_name(),
            "unit_id": table.rows["unit_id"].to_numpy(),
            **table.metrics,
            VOTE: votes,
        }
    )
    labelled = rows[rows[VOTE] != ""]
    if labelled.empty:
        raise TableError(f"No unit in {folder} has a curator's label: label some first.")
    return labelled
