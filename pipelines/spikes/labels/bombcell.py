"""Bombcell's rules on a table of metrics, with the rule that decided about each unit.

The rules and their order are those of Bombcell (Fabre et al. 2023,
doi:10.5281/zenodo.8172821) as SpikeInterface's `bombcell_label_units` applies them, and the
labels are the same. They are stated here anew because that function says neither which rule
decided nor which units a rule could not be applied to, and because it takes seconds to import,
while the page relabels while one types.

`l_ratio` is off by default. Cut at 0.3 it alone rejects three of four units that curators
call good in Neuropixels recordings, as it counts the spikes of many distant units.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from pipelines.core.errors import ParameterError
from pipelines.spikes.labels.metric_values import MetricTable
from pipelines.spikes.labels.thresholds import Flags, Rule, Rules, Verdict
from pipelines.spikes.labels.words import GOOD, MUA, NOISE

SECTIONS = ("noise", "mua", "non-somatic")
NAN_FAILS = "sliding_rp_violation"
"""nan means that no contamination could be excluded with confidence: a result, and a bad one."""
WIDTHS = ("peak_before_width", "trough_width")
RATIOS = ("peak_before_to_trough_ratio", "peak_before_to_peak_after_ratio")
MAIN_PEAK = "main_peak_to_trough_ratio"


@dataclass(frozen=True)
class BombcellRules:
    """Bombcell's rules.

    Attributes:
        noise: a unit that breaks one of them, or lacks a value for one, is noise.
        mua: a unit that is not noise and breaks one of them is mua.
        non_somatic: shapes of the waveform that tell an axon from a soma.
    """

    noise: Rules = (
        Rule("num_positive_peaks", most=2),
        Rule("num_negative_peaks", most=1),
        Rule("peak_to_trough_duration", least=0.0001, most=0.00115),
        Rule("waveform_baseline_flatness", most=0.5),
        Rule("peak_after_to_trough_ratio", most=0.8),
        Rule("exp_decay", least=0.01, most=0.1),
    )
    mua: Rules = (
        Rule("amplitude_median", least=30, absolute=True),
        Rule("snr", least=5),
        Rule("amplitude_cutoff", most=0.2),
        Rule("num_spikes", least=300),
        Rule("sliding_rp_violation", most=0.1),
        Rule("presence_ratio", least=0.7),
        Rule("drift_ptp", most=100),
        Rule("isolation_distance", least=20),
        Rule("l_ratio"),
    )
    non_somatic: Rules = (
        Rule("peak_before_to_trough_ratio", most=3),
        Rule("peak_before_width", least=0.00015),
        Rule("trough_width", least=0.0002),
        Rule("peak_before_to_peak_after_ratio", most=3),
        Rule("main_peak_to_trough_ratio", most=0.8),
    )

    @classmethod
    def of(cls, sections: Mapping[str, Rules]) -> "BombcellRules":
        """The rules from those of each of `SECTIONS`."""
        return cls(*(sections[name] for name in SECTIONS))

    def without_non_somatic(self) -> "BombcellRules":
        """The same rules, without looking for axons."""
        return replace(self, non_somatic=())

    def to_json(self) -> dict[str, dict[str, Any]]:
        """The rules as a file of thresholds holds them."""
        groups = zip(SECTIONS, (self.noise, self.mua, self.non_somatic), strict=True)
        return {name: {rule.metric: rule.to_json() for rule in rules} for name, rules in groups}


def label(table: MetricTable, rules: BombcellRules, *, split_non_somatic: bool = False) -> Verdict:
    """Label every unit as noise, mua or good; with the option as non_soma_good or non_soma_mua.

    A metric that the table lacks takes no part and is listed in `missing`; the reason of a
    unit says which of its own values were missing. Nothing passes in silence.

    Raises:
        ParameterError: the table has none of the metrics.
    """
    if not split_non_somatic:
        rules = rules.without_non_somatic()
    every = (*rules.noise, *rules.mua, *rules.non_somatic)
    used = tuple(rule.metric for rule in every if rule.active and table.has(rule.metric))
    missing = tuple(rule.metric for rule in every if rule.active and not table.has(rule.metric))
    if not used and missing:
        raise ParameterError(
            f"The table has none of the metrics of Bombcell's rules ({', '.join(missing)})."
        )
    noise, mua = _applied(rules.noise, table), _applied(rules.mua, table)
    is_noise = _any([_fails(rule, table, nan_fails=True) for rule in noise], len(table))
    is_mua = _any(
        [_fails(rule, table, nan_fails=rule.metric == NAN_FAILS) for rule in mua], len(table)
    )
    labels = np.where(is_noise, NOISE, np.where(is_mua, MUA, GOOD)).astype("<U13")
    if split_non_somatic:
        axon = non_somatic(table, _applied(rules.non_somatic, table)) & ~is_noise
        labels[axon] = np.char.add("non_soma_", labels[axon])
    reasons = _reasons(table, noise, mua, is_noise)
    return Verdict(labels, reasons, used, missing)


def non_somatic(table: MetricTable, rules: Sequence[Rule]) -> Flags:
    """Which units look like axons: narrow with a large first peak, or a large main peak.

    Metrics outside Bombcell's own groups count each on its own. Shape (unit,).
    """
    by_name = {rule.metric: rule for rule in rules}
    n = len(table)
    widths = [by_name[name] for name in WIDTHS if name in by_name]
    ratios = [by_name[name] for name in RATIOS if name in by_name]
    # Narrow: no width passes, and widths without a value do not pass.
    narrow = ~_any([~_fails(rule, table, nan_fails=True) for rule in widths], n)
    large = _any([_fails(rule, table, nan_fails=False) for rule in ratios], n)
    found = large & narrow & bool(widths)
    if MAIN_PEAK in by_name:
        found |= _fails(by_name[MAIN_PEAK], table, nan_fails=False)
    others = [rule for name, rule in by_name.items() if name not in (*WIDTHS, *RATIOS, MAIN_PEAK)]
    if others:
        found |= ~_any([~_fails(rule, table, nan_fails=True) for rule in others], n)
    return found


def _applied(rules: Sequence[Rule], table: MetricTable) -> list[Rule]:
    return [rule for rule in rules if rule.active and table.has(rule.metric)]


def _fails(rule: Rule, table: MetricTable, *, nan_fails: bool) -> Flags:
    values = table.column(rule.metric)
    broken = rule.broken(values)
    return broken | np.isnan(values) if nan_fails else broken


def _any(flags: Sequence[Flags], n: int) -> Flags:
    return np.any(flags, axis=0) if flags else np.zeros(n, bool)


def _reasons(
    table: MetricTable, noise: Sequence[Rule], mua: Sequence[Rule], is_noise: Flags
) -> tuple[str, ...]:
    """What each unit fails, and after it which of its values were missing without harm."""
    failed: list[list[str]] = [[] for _ in range(len(table))]
    unchecked: list[list[str]] = [[] for _ in range(len(table))]
    for rule in (*noise, *mua):
        concerned = is_noise if rule in noise else ~is_noise
        values = table.column(rule.metric)
        unknown = np.isnan(values)
        for row in np.flatnonzero(rule.broken(values) & concerned):
            failed[row].append(rule.complaint(float(values[row])))
        nan_fails = rule in noise or rule.metric == NAN_FAILS
        for row in np.flatnonzero(unknown & concerned):
            if nan_fails:
                failed[row].append(f"{rule.metric} was not measured")
            else:
                unchecked[row].append(rule.metric)
    tails = ([f"not checked: {', '.join(names)}"] if names else [] for names in unchecked)
    return tuple("; ".join([*parts, *tail]) for parts, tail in zip(failed, tails, strict=True))
