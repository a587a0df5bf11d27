import json
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.core.errors import NeuroboardError, ParameterError, TableError
from pipelines.spikes.labels import bombcell, metric_table, thresholds
from pipelines.spikes.labels.bombcell import BombcellRules
from pipelines.spikes.labels.metric_table import of_rows
from pipelines.spikes.labels.metric_values import MetricTable
from pipelines.spikes.labels.rules import read_rules
from pipelines.spikes.labels.thresholds import Rule, parse_rules
from pipelines.tasks import run

RULES = BombcellRules()
LIMITS = (*RULES.noise, *RULES.mua, *RULES.non_somatic)


def table_of(**columns: list[float]) -> MetricTable:
    return of_rows(pd.DataFrame(columns), "table")


def simulated(n: int, seed: int) -> pd.DataFrame:
    """Values on both sides of every limit of Bombcell, some missing."""
    random = np.random.default_rng(seed)
    columns = {}
    for rule in LIMITS:
        at = rule.least if rule.least is not None else rule.most
        inside = 1.3 if rule.most is None else 0.7
        values = (at or 1.0) * inside * random.lognormal(0, 0.2, n)
        if rule.least is not None and rule.most is not None:
            values = random.uniform(0.95 * rule.least, 1.05 * rule.most, n)
        columns[rule.metric] = np.where(random.random(n) < 0.03, np.nan, values)
    return pd.DataFrame(columns)


def test_limits_are_inclusive_and_a_missing_value_fails() -> None:
    table = table_of(snr=[4.99, 5.0, 7.0, np.nan])
    verdict = thresholds.label(table, parse_rules({"snr": {"min": 5, "max": 7}}, "rules"))
    assert verdict.labels.tolist() == ["noise", "good", "good", "noise"]
    assert verdict.reasons == ("snr 4.99 < 5", "", "", "snr was not measured")


def test_both_ways_of_writing_limits_mean_the_same() -> None:
    ours = parse_rules({"amplitude_median": {"min": 30, "max": 90, "abs": True}}, "rules")
    theirs = parse_rules({"amplitude_median": {"greater": 30, "less": 90, "abs": True}}, "rules")
    assert ours == theirs == (Rule("amplitude_median", 30, 90, absolute=True),)


def test_thresholds_label_as_spikeinterface_does() -> None:
    from spikeinterface.curation import threshold_metrics_label_units

    rows = simulated(400, 1)
    limits = {"snr": {"greater": 5}, "amplitude_median": {"greater": 30, "less": 40, "abs": True}}
    rows["amplitude_median"] *= np.where(np.arange(400) % 2, 1, -1)
    reference = threshold_metrics_label_units(rows, limits)["label"].to_list()
    verdict = thresholds.label(of_rows(rows, "rows"), parse_rules(limits, "rules"))
    assert verdict.labels.tolist() == reference


@pytest.mark.filterwarnings("ignore:The inplace keyword:DeprecationWarning")
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("split", [False, True])
def test_bombcell_labels_as_spikeinterface_does(seed: int, split: bool) -> None:
    from spikeinterface.curation import bombcell_label_units

    rows = simulated(300, seed)
    rules = RULES.to_json() if split else {**RULES.to_json(), "non-somatic": {}}
    labels = bombcell_label_units(external_metrics=rows, thresholds=rules, split_non_somatic=split)[
        "bombcell_label"
    ]
    verdict = bombcell.label(of_rows(rows, "rows"), RULES, split_non_somatic=split)
    assert verdict.labels.tolist() == labels.to_list()
    assert set(verdict.labels.tolist()) >= {"good", "mua", "noise"}


def test_bombcell_limits_are_those_of_spikeinterface_without_l_ratio() -> None:
    from spikeinterface.curation import bombcell_get_default_thresholds

    reference = bombcell_get_default_thresholds()
    reference["mua"]["l_ratio"] = {"greater": None, "less": None}
    assert RULES.to_json() == reference


def test_every_unit_that_is_not_good_has_a_reason() -> None:
    verdict = bombcell.label(of_rows(simulated(300, 5), "rows"), RULES)
    for label, reason in zip(verdict.labels, verdict.reasons, strict=True):
        failed = [part for part in reason.split("; ") if part and "not checked" not in part]
        assert bool(failed) == (label != "good")


def test_bombcell_says_what_it_could_not_check() -> None:
    rows = pd.DataFrame({"snr": [9.0, 9.0], "num_spikes": [500.0, 900.0]})
    rows["drift_ptp"] = [np.nan, 10.0]
    verdict = bombcell.label(of_rows(rows, "rows"), RULES)
    assert verdict.reasons == ("not checked: drift_ptp", "")
    assert verdict.used == ("snr", "num_spikes", "drift_ptp")
    assert "exp_decay" in verdict.missing


def test_old_names_are_read_as_todays_with_their_sign() -> None:
    table = table_of(peak_trough_ratio=[-0.5], half_width=[0.0002], n_spikes=[9.0])
    assert table.column("peak_after_to_trough_ratio").tolist() == [0.5]
    assert table.column("trough_half_width").tolist() == [0.0002]
    assert table.column("num_spikes").tolist() == [9.0]


def test_a_limit_on_an_old_name_turns_with_the_sign() -> None:
    rules = parse_rules({"peak_trough_ratio": {"min": -0.8}}, "rules")
    assert rules == (Rule("peak_after_to_trough_ratio", None, 0.8),)


def test_a_thousand_units_are_relabelled_while_one_types() -> None:
    table = of_rows(simulated(1000, 2), "rows")
    bombcell.label(table, RULES)
    start = time.process_time()
    bombcell.label(table, RULES, split_non_somatic=True)
    thresholds.label(table, (Rule("snr", 5), Rule("num_spikes", 300)))
    assert time.process_time() - start < 0.05


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "cannot be read"),
        ("unit_id,snr\n", "no units"),
        ("unit_id,name\n1,a\n", "no column of numbers"),
        ("unit_id,snr\n1,5\n2,3\n3,high\n", "row 4, column snr: 'high' is not a number"),
    ],
)
def test_a_table_that_cannot_be_used_is_refused_in_a_sentence(
    tmp_path: Path, content: str, words: str
) -> None:
    file = tmp_path / "metrics.csv"
    file.write_text(content)
    with pytest.raises(TableError, match=words):
        metric_table.read(file)


@settings(max_examples=60, deadline=None)
@given(content=st.binary(max_size=300))
def test_any_file_gives_a_table_or_a_sentence(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    file = tmp_path_factory.mktemp("any") / "metrics.csv"
    file.write_bytes(content)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            found = len(metric_table.read(file))
        except NeuroboardError as error:
            found = len(error.sentence)
    assert found > 0


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[1]", "JSON object"),
        ("{", "cannot be read as JSON"),
        ('{"snr": 5}', "write limits as"),
        ('{"snr": {"least": 5}}', "'least' is not known"),
        ('{"snr": {"min": "five"}}', "not a number"),
        ('{"snr": {"min": 5, "greater": 4}}', "mean the same"),
        ('{"snr": {"min": 5, "max": 4}}', "no value is above 5 and below 4"),
        ('{"noise": {}, "rubbish": {}}', "no section"),
        ('{"snr": {"min": NaN}}', "snr: nan is no limit"),
        ('{"snr": {"max": Infinity}}', "snr: inf is no limit"),
        ('{"snr": {"min": -1e400}}', "snr: -inf is no limit"),
        ('{"snr": {"greater": 1' + 400 * "0" + "}}", "snr: inf is no limit"),
        ('{"snr": {"min": 1' + 5000 * "0" + "}}", "cannot be read as JSON"),
        ("[" * 200_000, "cannot be read as JSON"),
        ('{"bombcell": {"noise": {"snr": {"less": NaN}}}}', "noise, snr: nan is no limit"),
    ],
)
def test_wrong_thresholds_are_refused_in_a_sentence(tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "t.json"
    file.write_text(text)
    with pytest.raises(ParameterError, match=words):
        read_rules(file)


def test_a_file_may_hold_the_rules_of_both_labellers(tmp_path: Path) -> None:
    file = tmp_path / "t.json"
    values = {"thresholds": {"snr": {"min": 3}}, "bombcell": RULES.to_json()}
    file.write_text(json.dumps(values))
    rules = read_rules(file)
    assert rules.sections["thresholds"] == (Rule("snr", 3),)
    assert BombcellRules.of(rules.sections) == RULES


def test_thresholds_on_an_unknown_metric_name_the_nearest(tmp_path: Path) -> None:
    (tmp_path / "m.csv").write_text("unit_id,snr\n7,6\n8,2\n")
    (tmp_path / "t.json").write_text('{"snrr": {"min": 5}}')
    inputs = {"units": tmp_path / "m.csv", "thresholds": tmp_path / "t.json"}
    with pytest.raises(ParameterError, match="Did you mean snr"):
        run("spikes label", inputs, {"method": "thresholds"}, tmp_path / "out")
