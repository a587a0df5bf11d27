"""What labelling writes, read again, and what its labellers say when limits change."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from pipelines.core.errors import InputError
from pipelines.core.result_files import read_object
from pipelines.files.reading import reading
from pipelines.spikes.labels import metric_table
from pipelines.spikes.labels.disagreement import ran
from pipelines.spikes.labels.labeller import Asked
from pipelines.spikes.labels.labellers import LABELLERS
from pipelines.spikes.labels.metric_values import MetricTable
from pipelines.spikes.labels.reasons import reason_of
from pipelines.spikes.labels.rules import FILE as RULES
from pipelines.spikes.labels.rules import RuleSet, read_rules
from pipelines.spikes.labels.thresholds import Verdict
from pipelines.spikes.units.unit_tables import read_table, write_table

LABELS, METRICS, SUMMARY = "labels.csv", "metrics.csv", "labels.json"
ADVICE = "label again"


@dataclass(frozen=True)
class Labelling:
    """A finished labelling.

    Attributes:
        labels: the table that was labelled, a row per unit, with the labellers' columns.
        table: the metrics that they looked at.
        rules: the limits that they went by.
        summary: by labeller, `counts` of its labels and the metrics `used` and `missing`, or why
            it is `not_labelled`.
    """

    labels: pd.DataFrame
    table: MetricTable
    rules: RuleSet
    summary: Mapping[str, Mapping[str, Any]]


def table_of(given: Path, advice: str = ADVICE) -> pd.DataFrame:
    """The table of labels that a person gave: a file, or what labelling left in a folder.

    Args:
        given: the file or folder.
        advice: what a person can do if it cannot be read.

    Returns:
        A row per unit, with the columns that it has, typed as `read_table` does.

    Raises:
        InputError: it cannot be read.
    """
    file = file_of(given)
    with reading(file, InputError, advice, "table of labels"):
        return read_table(file)


def file_of(given: Path) -> Path:
    """The table of labels that a file or folder stands for."""
    return given / LABELS if given.is_dir() else given


def read(folder: Path) -> Labelling:
    """Read what labelling wrote.

    Raises:
        NeuroboardError, OSError, ValueError: a file is missing or damaged.
    """
    return Labelling(
        read_table(folder / LABELS),
        metric_table.of_rows(read_table(folder / METRICS), METRICS),
        read_rules(folder / RULES),
        read_object(folder / SUMMARY, InputError, ADVICE),
    )


def write(found: Labelling, folder: Path) -> None:
    """Write `labels.csv`, `metrics.csv`, `thresholds.json` and `labels.json`."""
    write_table(found.labels, folder / LABELS)
    for name, content in ((RULES, found.rules.to_json()), (SUMMARY, found.summary)):
        text = json.dumps(content, indent=2, ensure_ascii=False)
        (folder / name).write_text(text + "\n", encoding="utf-8")
    units = {"unit_id": found.table.rows["unit_id"].to_numpy()}
    write_table(pd.DataFrame({**units, **found.table.metrics}), folder / METRICS)


def relabel(found: Labelling, rules: RuleSet, *, split_non_somatic: bool) -> dict[str, Verdict]:
    """What each labeller that ran says under other rules; one without limits keeps its word.

    Args:
        found: the labelling.
        rules: as they are now.
        split_non_somatic: whether axons are told from somas.
    """
    verdicts = {}
    for name in ran(found.labels):
        labeller = LABELLERS[name]
        if labeller.relabel is None:
            verdicts[name] = _kept(found.labels, name)
            continue
        own = rules.of(labeller)
        asked = Asked(found.table, own, split_non_somatic=split_non_somatic)
        verdicts[name] = labeller.relabel(asked)
    return verdicts


def _kept(labels: pd.DataFrame, name: str) -> Verdict:
    said = labels[LABELLERS[name].column].to_numpy(dtype=str)
    reasons = tuple(reason_of(str(text), name) for text in labels["reason"])
    return Verdict(np.asarray(said), reasons, (), ())


def side_by_side(verdicts: Mapping[str, Verdict]) -> pd.DataFrame:
    """The labels of each labeller as columns, a row per unit."""
    return pd.DataFrame(
        {LABELLERS[name].column: verdict.labels for name, verdict in verdicts.items()}
    )
