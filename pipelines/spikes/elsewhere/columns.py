"""Metrics and labels of other programs, as `units.csv` calls them."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from pipelines.spikes.labels.columns import CURATED, TRUSTED, WRITTEN
from pipelines.spikes.labels.words import GOOD, LABELS, plain
from pipelines.spikes.units import metrics
from pipelines.spikes.units.unit_tables import is_text

OF_OURS = frozenset(
    {
        *("unit_id", "cluster_id", "id", "cluster", "channel", "ch", "group", "came_from", "name"),
        *("n_spikes", "num_spikes", "other", "reason"),
    }
)
"""What a sorting's table says by itself, under whatever name it comes."""
LABELLED_BY: Mapping[str, str] = {
    "group": CURATED,
    "quality": CURATED,
    "curated_label": CURATED,
    "KSLabel": "label_kilosort",
    "bombcell_label": "label_bombcell",
    "unitrefine_label": "label_unitrefine",
    "threshold_label": "label_thresholds",
}
"""In which column labels of another program stand here."""
MOST_COLUMNS = 200
MOST_LETTERS = 60


def label_column(name: str, values: list[Any]) -> tuple[str, list[str]] | None:
    """The column of labels here, and its words; none if they are no labels.

    Args:
        name: of the column as another program has it.
        values: one for each unit.
    """
    column = LABELLED_BY.get(name) or (name if name in (*TRUSTED, *WRITTEN) else "")
    if not column and "label" in name.lower() and name.isidentifier():
        column = name if is_text(name) else f"label_{name}"
    words = [_word(one) for one in values]
    if not column or any(_is_number(word) for word in words):
        return None
    if column == CURATED:
        said = [plain(word) for word in words]
        words = [word if word in LABELS else "" for word in said]
    return (column, words) if any(words) else None


def metric_column(name: str, values: Any) -> tuple[str, "pd.Series[Any]"] | None:
    """The column of a metric here, and its numbers; none if they are none.

    Args:
        name: of the column as another program has it.
        values: one for each unit.
    """
    today, factor = metrics.today(str(name))
    if len(today) > MOST_LETTERS or is_text(today) or today in OF_OURS:
        return None
    numbers = pd.to_numeric(pd.Series(values), errors="coerce").astype("float64")
    found = numbers.where(np.isfinite(numbers))
    if not found.notna().any():
        return None
    known = metrics.find(today)
    column = known.stored_as if known else today
    # A height has no sign here; SpikeInterface gives troughs one.
    return column, abs(found) if column == "amplitude_uv" else found * factor


def _word(value: Any) -> str:
    """A label as it is called here; UnitRefine calls a good unit single-unit activity."""
    word = "" if value is None or value != value else str(value)[:MOST_LETTERS]
    return GOOD if word.lower() == "sua" else word


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True
