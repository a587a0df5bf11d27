"""Label units by limits on their metrics, fast enough for a page that relabels while one types.

A unit is `good` when every rule holds and `noise` otherwise, as SpikeInterface's
`threshold_metrics_label_units` calls them. Limits are inclusive. A unit without a value
for a metric fails the metric's rule: what was not measured cannot vouch for a unit.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.core.errors import ParameterError
from pipelines.core.result_files import read_object
from pipelines.spikes.labels import metric_cells
from pipelines.spikes.labels.metric_cells import LARGEST_SHARE
from pipelines.spikes.labels.metric_values import MetricTable
from pipelines.spikes.labels.words import GOOD, NOISE
from pipelines.spikes.units import metrics

Flags = NDArray[np.bool_]
Labels = NDArray[np.str_]
EXAMPLE = 'write it as {"snr": {"min": 5}}'
LARGEST = 10**300
"""Whole number that is still a limit; JSON has larger ones than a float can be."""
LEAST, MOST = ("min", "greater"), ("max", "less")
KEYS = (*LEAST, *MOST, "abs")


@dataclass(frozen=True)
class Rule:
    """The range that a metric must lie in.

    Attributes:
        metric: its name.
        least: smallest value that passes, or none.
        most: largest value that passes, or none.
        absolute: whether the sign is ignored.
    """

    metric: str
    least: float | None = None
    most: float | None = None
    absolute: bool = False

    def below(self, values: NDArray[np.float64]) -> Flags:
        """Which values, shape (unit,), are too small."""
        compared = np.abs(values) if self.absolute else values
        return np.zeros(len(values), bool) if self.least is None else compared < self.least

    def above(self, values: NDArray[np.float64]) -> Flags:
        """Which values, shape (unit,), are too large."""
        compared = np.abs(values) if self.absolute else values
        return np.zeros(len(values), bool) if self.most is None else compared > self.most

    def broken(self, values: NDArray[np.float64]) -> Flags:
        """Which values, shape (unit,), lie outside; nan does not."""
        return self.below(values) | self.above(values)

    @property
    def active(self) -> bool:
        """Whether there is a limit at all."""
        return self.least is not None or self.most is not None

    def complaint(self, value: float) -> str:
        """Why a value fails, such as `snr 3.2 < 5`."""
        shown = abs(value) if self.absolute else value
        if self.least is not None and shown < self.least:
            return f"{self.metric} {shown:.3g} < {self.least:g}"
        return f"{self.metric} {shown:.3g} > {self.most:g}"

    def to_json(self) -> dict[str, Any]:
        """The rule in SpikeInterface's words."""
        found: dict[str, Any] = {"greater": self.least, "less": self.most}
        return {**found, "abs": True} if self.absolute else found


Rules = tuple[Rule, ...]
DEFAULT_RULES: Rules = (
    Rule("snr", least=5),
    Rule("firing_rate", least=0.1, most=200),
    Rule("rp_contamination", most=0.5),
)
"""Limits of SpikeInterface's guide to labelling units."""


@dataclass(frozen=True)
class Verdict:
    """What a labeller says.

    Attributes:
        labels: shape (unit,).
        reasons: why each unit is not good, or empty; same length.
        used: metrics that were compared.
        missing: metrics of rules that could not be applied, as the table lacks them.
        columns: what else is written of each unit, by the column's name; same length.
    """

    labels: Labels
    reasons: tuple[str, ...]
    used: tuple[str, ...]
    missing: tuple[str, ...]
    columns: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)

    def counts(self) -> dict[str, int]:
        """How many units have each label."""
        names, numbers = np.unique(self.labels, return_counts=True)
        return {str(name): int(number) for name, number in zip(names, numbers, strict=True)}


def label(table: MetricTable, rules: Sequence[Rule]) -> Verdict:
    """Label every unit by the rules.

    Raises:
        ParameterError: the table has none of the rules' metrics.
    """
    applied = [rule for rule in rules if rule.active and table.has(rule.metric)]
    missing = tuple(rule.metric for rule in rules if rule.active and rule not in applied)
    if not applied and missing:
        raise ParameterError(_none_left(missing, table))
    columns = [table.column(rule.metric) for rule in applied]
    failed = np.zeros(len(table), bool)
    for rule, values in zip(applied, columns, strict=True):
        failed |= rule.broken(values) | np.isnan(values)
    reasons = [""] * len(table)
    for row in np.flatnonzero(failed):
        reasons[row] = "; ".join(_complaints(applied, columns, int(row)))
    labels = np.where(failed, NOISE, GOOD)
    return Verdict(labels, tuple(reasons), tuple(rule.metric for rule in applied), missing)


def _complaints(
    rules: Sequence[Rule], columns: Sequence[NDArray[np.float64]], row: int
) -> list[str]:
    found = []
    for rule, values in zip(rules, columns, strict=True):
        if np.isnan(values[row]):
            found.append(f"{rule.metric} was not measured")
        elif rule.broken(values[row : row + 1])[0]:
            found.append(rule.complaint(float(values[row])))
    return found


def _none_left(missing: Sequence[str], table: MetricTable) -> str:
    return (
        f"The table has none of the metrics of the thresholds ({', '.join(missing)}): choose "
        f"among {', '.join(table.metrics)}."
    )


def broken_rules(reason: str) -> tuple[str, ...]:
    """The metrics of the rules that a unit fails, from the reason that a verdict gives."""
    parts = [part for part in reason.split("; ") if part and not part.startswith("not checked")]
    return tuple(part.partition(" ")[0] for part in parts)


def require(table: MetricTable, rules: Sequence[Rule]) -> None:
    """Check that the metrics of rules that a person wrote are there.

    Raises:
        ParameterError: it names the first that is not, and the nearest that is.
    """
    for rule in rules:
        if rule.active and not table.has(rule.metric):
            near = get_close_matches(rule.metric, table.metrics, n=1)
            hint = f" Did you mean {near[0]}?" if near else ""
            raise ParameterError(
                f"The table has no metric {rule.metric} for the thresholds.{hint} It has: "
                f"{', '.join(table.metrics)}."
            )


def read_json(file: Path) -> Mapping[str, Any]:
    """Read a file of thresholds.

    Raises:
        ParameterError: it is no JSON object.
    """
    return read_object(file, ParameterError, EXAMPLE)


def parse_rules(values: Any, where: str) -> Rules:
    """Rules from `{"snr": {"min": 5}}`; `greater`, `less` and `abs` are understood too.

    Args:
        values: metrics with their limits.
        where: what errors call it.

    Raises:
        ParameterError: a limit is unknown, no number, or the range is empty.
    """
    if not isinstance(values, Mapping):
        raise ParameterError(f"{where} must be a JSON object of metrics and their limits.")
    return tuple(_rule(str(metric), limits, where) for metric, limits in values.items())


def _rule(given: str, limits: Any, where: str) -> Rule:
    if not isinstance(limits, Mapping):
        raise ParameterError(f'{where}, {given}: write limits as {{"min": 5, "max": 10}}.')
    for key in limits:
        if key not in KEYS:
            raise ParameterError(f"{where}, {given}: {key!r} is not known; use {', '.join(KEYS)}.")
    absolute = limits.get("abs", False)
    if not isinstance(absolute, bool):
        raise ParameterError(f"{where}, {given}: abs must be true or false.")
    metric, factor = metrics.today(given)
    least = _limit(limits, LEAST, metric, f"{where}, {given}")
    most = _limit(limits, MOST, metric, f"{where}, {given}")
    if factor < 0:
        least, most = (None if most is None else -most), (None if least is None else -least)
    if least is not None and most is not None and least > most:
        raise ParameterError(f"{where}, {given}: no value is above {least:g} and below {most:g}.")
    return Rule(metric, least, most, absolute)


def _limit(limits: Mapping[str, Any], keys: Sequence[str], metric: str, where: str) -> float | None:
    """The one limit under either name; `null` is none."""
    given = [limits[key] for key in keys if limits.get(key) is not None]
    if not given:
        return None
    if len(given) > 1:
        raise ParameterError(f"{where}: {keys[0]} and {keys[1]} mean the same; give one of them.")
    found = _written(given[0], metric, where)
    if not np.isfinite(found):
        raise ParameterError(f"{where}: {found} is no limit; write a number, or null for none.")
    if metrics.unit_of(metric) == "share" and found > LARGEST_SHARE:
        raise ParameterError(
            f'{where}: {found:g} is no ratio from 0 to 1; per cent are written as "{found:g} %".'
        )
    return found


def _written(given: Any, metric: str, where: str) -> float:
    """A limit as a number, or as a text with a unit such as `5 Hz` or `90 %`."""
    if isinstance(given, str):
        try:
            return metric_cells.limit(given, metric)
        except ValueError as error:
            raise ParameterError(f"{where}: {given!r} {error}.") from None
    if isinstance(given, bool) or not isinstance(given, int | float):
        raise ParameterError(f"{where}: {given!r} is not a number.")
    return float(given) if isinstance(given, float) or abs(given) < LARGEST else np.inf
