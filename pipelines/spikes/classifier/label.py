"""Label units by the labellers, side by side."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from pipelines.core.errors import InputError, NeuroboardError, ParameterError
from pipelines.core.progress import Report
from pipelines.files.reading import reading
from pipelines.spikes.labels import labelling, metric_table
from pipelines.spikes.labels.columns import REASON, WRITTEN
from pipelines.spikes.labels.labeller import Asked, Labeller
from pipelines.spikes.labels.labelling import Labelling
from pipelines.spikes.labels.metric_values import MetricTable
from pipelines.spikes.labels.parameters import LabelParameters, chosen_labellers
from pipelines.spikes.labels.reasons import joined
from pipelines.spikes.labels.rules import RuleSet, read_rules
from pipelines.spikes.labels.thresholds import Verdict
from pipelines.spikes.measure.metrics import complete
from pipelines.spikes.units.folder import SortingFolder

ENOUGH_S = 120.0
EFFECT_OF_LENGTH = {120: 0.95, 60: 0.883, 30: 0.733}
"""Share of right labels by seconds; 60 simulated units on 32 channels, without PCA metrics."""


def label(
    inputs: Mapping[str, Path], parameters: LabelParameters, folder: Path, report: Report
) -> dict[str, Any]:
    """Label the units of a table of metrics or of a sorting.

    Args:
        inputs: `units`, a table of metrics or the folder of a sorting; optionally `thresholds`,
            a JSON file of rules, and `bundle`, a classifier made by train-labels.
        parameters: which labellers.
        folder: gets `labels.csv` (the table with the labels), `metrics.csv` (all metrics by
            today's name), `thresholds.json` and `labels.json` (counts, and the metrics used and
            missing, by labeller).
        report: progress.

    Raises:
        TableError: the table cannot be read, or the classifier lacks too many metrics.
        ParameterError: the thresholds cannot be used.
        BundleError: the classifier cannot be used.
    """
    table = read_units(inputs["units"])
    rules = read_rules(inputs.get("thresholds"))
    rows = table.rows.copy()
    summary: dict[str, Any] = {}
    reasons: dict[str, tuple[str, ...]] = {}
    chosen = chosen_labellers(parameters.method)
    for number, labeller in enumerate(chosen):
        report(number / len(chosen), f"Labelling {len(table):,} units: {labeller.name}")
        try:
            verdict = labeller.run(_asked(labeller, table, rules, parameters, inputs))
        except NeuroboardError as error:
            if len(chosen) == 1:
                raise
            rows[labeller.column] = ""
            summary[labeller.name] = {"not_labelled": error.sentence}
            continue
        _add_columns(rows, labeller, verdict)
        reasons[labeller.name] = verdict.reasons
        summary[labeller.name] = _summary(verdict)
    _refuse_nothing(summary)
    rows[REASON] = [
        joined({name: texts[row] for name, texts in reasons.items()}) for row in range(len(table))
    ]
    labelling.write(Labelling(_ordered(rows), table, rules, summary), folder)
    return {
        "n_units": len(table),
        **{name: _in_a_line(values) for name, values in summary.items()},
        "note": length_note(inputs["units"]),
        "notes": list(table.notes),
    }


def _add_columns(rows: pd.DataFrame, labeller: Labeller, verdict: Verdict) -> None:
    rows[labeller.column] = verdict.labels.astype(object)
    for column, values in verdict.columns.items():
        rows[column] = values


def _asked(
    labeller: Labeller,
    table: MetricTable,
    rules: RuleSet,
    parameters: LabelParameters,
    inputs: Mapping[str, Path],
) -> Asked:
    return Asked(
        table,
        rules.of(labeller),
        labeller.name in rules.written,
        parameters.split_non_somatic,
        parameters.min_metrics,
        inputs.get("bundle"),
    )


def length_note(source: Path) -> str:
    """What a short recording does to labels, or nothing when it is long or its length unknown."""
    try:
        with reading(source, InputError):
            seconds = float(SortingFolder(source).results["duration_s"])
    except InputError:
        return ""
    if seconds >= ENOUGH_S:
        return ""
    effect = ", ".join(f"{share:.0%} at {length} s" for length, share in EFFECT_OF_LENGTH.items())
    return (
        f"The recording is {seconds:.0f} s long: with few spikes contamination cannot be ruled "
        "out, and clean units are called mua. On a simulation Bombcell's labels were right for "
        f"{effect}."
    )


def read_units(source: Path) -> MetricTable:
    """Metrics of a table, or of a sorting with those that its waveforms and trains give.

    Raises:
        TableError: the table cannot be read.
    """
    table = metric_table.read(source)
    return complete(table, source) if source.is_dir() else table


def _summary(verdict: Verdict) -> dict[str, Any]:
    return {
        "counts": verdict.counts(),
        "used": list(verdict.used),
        "missing": list(verdict.missing),
    }


def _refuse_nothing(summary: Mapping[str, Mapping[str, Any]]) -> None:
    if all("not_labelled" in values for values in summary.values()):
        raise ParameterError(str(next(iter(summary.values()))["not_labelled"]))


def _ordered(rows: pd.DataFrame) -> pd.DataFrame:
    """What labellers write last, in one order."""
    tail = [name for name in WRITTEN if name in rows.columns]
    return rows[[name for name in rows.columns if name not in tail] + tail]


def _in_a_line(values: Mapping[str, Any]) -> str:
    """A labeller's outcome in a line."""
    if "not_labelled" in values:
        return str(values["not_labelled"])
    counts = ", ".join(f"{number} {name}" for name, number in values["counts"].items())
    missing = f"; not in the table: {', '.join(values['missing'])}" if values["missing"] else ""
    return f"{counts}{missing}"
