"""Figures of disagreement and of failing rules, and sliders that set limits."""

import numpy as np
import pandas as pd

from dashboard.spikes.labels import agreement_figures as figures
from dashboard.spikes.labels import drag
from dashboard.spikes.labels.label_figures import histogram
from pipelines.spikes.labels import bombcell
from pipelines.spikes.labels.bombcell import BombcellRules
from pipelines.spikes.labels.metric_table import of_rows
from pipelines.spikes.labels.thresholds import Rule, broken_rules

ONE = np.array(["good", "good", "noise", "noise"])
TWO = np.array(["good", "mua", "mua", "noise"])


def test_every_unit_flows_from_each_labeller_to_the_next() -> None:
    (sankey,) = figures.flow({"A": ONE, "B": TWO, "C": TWO}).data
    names = list(sankey.node.label)
    streams = {
        (names[a], names[b]): count
        for a, b, count in zip(
            sankey.link.source, sankey.link.target, sankey.link.value, strict=True
        )
    }
    assert streams[("A: good", "B: mua")] == streams[("A: noise", "B: mua")] == 1
    assert streams[("B: mua", "C: mua")] == 2
    assert sum(streams.values()) == 8


def test_combinations_of_failing_rules_are_counted() -> None:
    broken = [("snr", "drift_ptp"), ("drift_ptp", "snr"), ("snr",), ()]
    bars, _, dots = figures.upset(broken).data
    assert list(bars.y) == [2, 1]
    assert list(bars.customdata) == ["drift_ptp, snr", "snr"]
    assert set(zip(dots.x, dots.y, strict=True)) == {(0, "drift_ptp"), (0, "snr"), (1, "snr")}


def test_failing_rules_are_read_from_bombcell_s_reasons() -> None:
    table = of_rows(pd.DataFrame({"snr": [3.0, 9.0], "drift_ptp": [200.0, np.nan]}), "t")
    verdict = bombcell.label(table, BombcellRules())
    assert [broken_rules(reason) for reason in verdict.reasons] == [("snr", "drift_ptp"), ()]


def test_limits_stand_in_the_histogram_and_on_sliders() -> None:
    values = np.array([1.0, 5.0, 9.0])
    rules = [("thresholds", Rule("snr", least=4.0)), ("mua", Rule("snr", least=5.0, most=8.0))]
    shapes = histogram("snr", values, np.array(["good"] * 3), rules).layout.shapes
    assert [(shape.name, shape.x0) for shape in shapes] == [
        ("thresholds|least", 4.0),
        ("mua|least", 5.0),
        ("mua|most", 8.0),
    ]
    assert all(shape.editable for shape in shapes)
    shown = drag.sliders("snr", of_rows(pd.DataFrame({"snr": values}), "t"), rules)
    sliders = [box.children[1] for box in shown.children]
    assert [(slider.min, slider.max, slider.value) for slider in sliders] == [
        (1.0, 9.0, 4.0),
        (1.0, 9.0, 5.0),
        (1.0, 9.0, 8.0),
    ]
