"""Label units by thresholds, by Bombcell's rules and by a classifier, side by side."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from pipelines.errors import InputError, NeuroboardError, ParameterError
from pipelines.progress import Report
from pipelines.reading import reading
from pipelines.result_files import read_object
from pipelines.spikes import bombcell, metric_table, thresholds, unit_classifier
from pipelines.spikes.bombcell import BombcellRules, parse_bombcell
from pipelines.spikes.label_parameters import METHODS, LabelParameters
from pipelines.spikes.metric_table import MetricTable
from pipelines.spikes.shape_metrics import complete
from pipelines.spikes.thresholds import DEFAULT_RULES, Rules, Verdict, parse_rules
from pipelines.spikes.unit_tables import write_table

ONE_FILE = "labels.csv"
DEFAULT_BOMBCELL = BombcellRules()
ENOUGH_S = 120.0
EFFECT_OF_LENGTH = {120: 0.95, 60: 0.883, 30: 0.733}
"""Share of right labels by seconds; 60 simulated units on 32 channels, without PCA metrics."""


@dataclass(frozen=True)
class RuleSet:
    """The rules of the two labellers that have some.

    Attributes:
        simple: limits on metrics.
        bombcell: Bombcell's rules.
        written: whether a person wrote the simple ones, so that none may be left out.
    """

    simple: Rules = DEFAULT_RULES
    bombcell: BombcellRules = DEFAULT_BOMBCELL
    written: bool = False


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
    chosen = METHODS if parameters.method == "all" else (parameters.method,)
    for number, method in enumerate(chosen):
        report(number / len(chosen), f"Labelling {len(table):,} units: {method}")
        try:
            verdict = _LABELLERS[method](table, rules, inputs, parameters, rows)
        except NeuroboardError as error:
            if len(chosen) == 1:
                raise
            rows[f"label_{method}"] = ""
            summary[method] = {"not_labelled": error.sentence}
            continue
        rows[f"label_{method}"] = verdict.labels.astype(object)
        reasons[method] = verdict.reasons
        summary[method] = _summary(verdict)
    _refuse_nothing(summary)
    rows["reason"] = _joined(reasons, len(table))
    _write(_ordered(rows), summary, rules, folder)
    write_table(_metrics(table), folder / "metrics.csv")
    return {
        "n_units": len(table),
        **{name: _in_a_line(values) for name, values in summary.items()},
        "note": length_note(inputs["units"]),
        "notes": list(table.notes),
    }


def length_note(source: Path) -> str:
    """What a short recording does to labels, or nothing when it is long or its length unknown."""
    record = source / "run.json"
    try:
        with reading(record, InputError):
            seconds = float(read_object(record, InputError)["results"]["duration_s"])
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


def read_rules(file: Path | None) -> RuleSet:
    """The rules in a file of thresholds, or the defaults.

    The file holds metrics with their limits, or Bombcell's sections (`noise`, `mua`,
    `non-somatic`), or both under `thresholds` and `bombcell`.

    Raises:
        ParameterError: it is no such file.
    """
    if file is None:
        return RuleSet()
    values = thresholds.read_json(file)
    where = file.name
    if values and set(values) <= {"thresholds", "bombcell"}:
        return RuleSet(
            parse_rules(values["thresholds"], where) if "thresholds" in values else DEFAULT_RULES,
            _bombcell(values["bombcell"], where) if "bombcell" in values else DEFAULT_BOMBCELL,
            "thresholds" in values,
        )
    if set(values) & set(bombcell.SECTIONS):
        return RuleSet(bombcell=parse_bombcell(values, where))
    return RuleSet(parse_rules(values, where), written=True)


def _bombcell(values: Any, where: str) -> BombcellRules:
    if not isinstance(values, Mapping):
        sections = ", ".join(bombcell.SECTIONS)
        raise ParameterError(f"{where}, bombcell: give the sections {sections}.")
    return parse_bombcell(values, where)


def _by_thresholds(table: MetricTable, rules: RuleSet, *_: Any) -> Verdict:
    if rules.written:
        thresholds.require(table, rules.simple)
    return thresholds.label(table, rules.simple)


def _by_bombcell(
    table: MetricTable,
    rules: RuleSet,
    _inputs: Mapping[str, Path],
    parameters: LabelParameters,
    _rows: pd.DataFrame,
) -> Verdict:
    return bombcell.label(table, rules.bombcell, split_non_somatic=parameters.split_non_somatic)


def _by_classifier(
    table: MetricTable,
    _rules: RuleSet,
    inputs: Mapping[str, Path],
    parameters: LabelParameters,
    rows: pd.DataFrame,
) -> Verdict:
    classifier, _ = unit_classifier.load(inputs.get("bundle", unit_classifier.SHIPPED))
    verdict, found = unit_classifier.label(table, classifier, min_metrics=parameters.min_metrics)
    rows["probability_unitrefine"] = np.round(found.of_label, 4)
    rows["probability_neural"] = np.round(found.neural, 4)
    rows["probability_single"] = np.round(found.single, 4)
    return verdict


_LABELLERS: Mapping[str, Callable[..., Verdict]] = {
    "thresholds": _by_thresholds,
    "bombcell": _by_bombcell,
    "unitrefine": _by_classifier,
}


def _metrics(table: MetricTable) -> pd.DataFrame:
    return pd.DataFrame({"unit_id": table.rows["unit_id"].to_numpy(), **table.metrics})


def _summary(verdict: Verdict) -> dict[str, Any]:
    return {
        "counts": verdict.counts(),
        "used": list(verdict.used),
        "missing": list(verdict.missing),
    }


def _refuse_nothing(summary: Mapping[str, Mapping[str, Any]]) -> None:
    if all("not_labelled" in values for values in summary.values()):
        raise ParameterError(str(next(iter(summary.values()))["not_labelled"]))


def _joined(reasons: Mapping[str, tuple[str, ...]], n: int) -> list[str]:
    return [
        " | ".join(f"{method}: {texts[row]}" for method, texts in reasons.items() if texts[row])
        for row in range(n)
    ]


def _ordered(rows: pd.DataFrame) -> pd.DataFrame:
    """The label columns last, in the order of the contract."""
    tail = [name for name in metric_table.LABEL_COLUMNS if name in rows.columns]
    return rows[[name for name in rows.columns if name not in tail] + tail]


def _write(rows: pd.DataFrame, summary: Mapping[str, Any], rules: RuleSet, folder: Path) -> None:
    write_table(rows, folder / ONE_FILE)
    used = {
        "thresholds": {rule.metric: rule.to_json() for rule in rules.simple},
        "bombcell": rules.bombcell.to_json(),
    }
    for name, content in (("thresholds.json", used), ("labels.json", summary)):
        text = json.dumps(content, indent=2, ensure_ascii=False)
        (folder / name).write_text(text + "\n", encoding="utf-8")


def _in_a_line(values: Mapping[str, Any]) -> str:
    """A labeller's outcome in a line."""
    if "not_labelled" in values:
        return str(values["not_labelled"])
    counts = ", ".join(f"{number} {name}" for name, number in values["counts"].items())
    missing = f"; not in the table: {', '.join(values['missing'])}" if values["missing"] else ""
    return f"{counts}{missing}"
