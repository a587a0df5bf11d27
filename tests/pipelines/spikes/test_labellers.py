"""Every labeller does what its row says; a unit has one label; labellers differ by one rule."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.spikes.classifier.label import read_units
from pipelines.spikes.labels import columns
from pipelines.spikes.labels.disagreement import disagreement
from pipelines.spikes.labels.labeller import Asked, Labeller
from pipelines.spikes.labels.labellers import LABELLERS
from pipelines.spikes.labels.labelling import read as read_labelling
from pipelines.spikes.labels.labelling import relabel
from pipelines.spikes.labels.one_label import one_label
from pipelines.spikes.labels.reasons import joined, parted
from pipelines.spikes.labels.rules import RuleSet
from pipelines.spikes.labels.words import LABELS, plain
from pipelines.spikes.parameters import SpikesParameters, least_good_snr
from pipelines.spikes.sorting.result import _as_decisions
from pipelines.tasks import run


@pytest.mark.parametrize("labeller", LABELLERS.values(), ids=list(LABELLERS))
def test_a_labeller_writes_what_its_row_says(labeller: Labeller, sorting: Path) -> None:
    table = read_units(sorting)
    verdict = labeller.run(Asked(table, RuleSet().of(labeller)))
    assert {*verdict.columns, labeller.column} == set(labeller.columns)
    assert all(len(values) == len(table) for values in verdict.columns.values())
    assert len(verdict.labels) == len(verdict.reasons) == len(table)
    assert {plain(label) for label in verdict.labels} <= set(LABELS)


def test_no_two_labellers_share_a_column_or_a_section() -> None:
    every = [column for labeller in LABELLERS.values() for column in labeller.columns]
    assert sorted(columns.WRITTEN) == sorted([*every, "reason"])
    assert len(set(every)) == len(every)
    sections = [one.name for labeller in LABELLERS.values() for one in labeller.sections]
    assert len(set(sections)) == len(sections) == len(RuleSet().sections)


def test_a_finished_labelling_says_the_same_again(sorting: Path, tmp_path: Path) -> None:
    run("spikes label", {"units": sorting}, {"split_non_somatic": True}, tmp_path / "out")
    found = read_labelling(tmp_path / "out")
    assert found.rules == RuleSet(written=frozenset(LABELLERS) - {"unitrefine"})
    again = relabel(found, found.rules, split_non_somatic=True)
    for name, verdict in again.items():
        assert verdict.labels.tolist() == found.labels[f"label_{name}"].tolist()
    cells = [
        joined({name: verdict.reasons[row] for name, verdict in again.items()})
        for row in range(len(found.labels))
    ]
    assert cells == found.labels["reason"].tolist()


@given(st.dictionaries(st.sampled_from(list(LABELLERS)), st.sampled_from(["snr 3 < 5", "a | b"])))
def test_reasons_come_apart_as_they_were_joined(reasons: dict[str, str]) -> None:
    assert parted(joined(reasons)) == reasons


def test_an_axon_that_is_called_good_is_called_good() -> None:
    words = {
        "label_thresholds": ["good", "good", "noise", "noise"],
        "label_bombcell": ["non_soma_good", "non_soma_mua", "non_soma_good", "non_soma_mua"],
        "label_unitrefine": ["good", "mua", "good", "mua"],
    }
    assert disagreement(pd.DataFrame(words)).tolist() == [0, 1, 1, 0]


def test_labellers_that_did_not_label_have_no_say() -> None:
    labels = pd.DataFrame({"label_thresholds": ["good", "noise"], "label_bombcell": ["", ""]})
    assert disagreement(labels).tolist() == [0, 0]
    assert disagreement(labels[:0]).tolist() == []
    labels["label_bombcell"] = ["mua", "noise"]
    assert disagreement(labels).tolist() == [1, 0]


@given(st.lists(st.floats(2.9, 7.1), min_size=1, max_size=20), st.sampled_from([2.5, 3.0, 5.0]))
def test_a_sort_file_and_an_export_call_the_same_units_single(
    snr: list[float], threshold: float
) -> None:
    parameters = SpikesParameters(detect_threshold=threshold)
    limit = least_good_snr(parameters)
    near = np.round([*snr, limit, limit - 0.0004, limit + 0.0004], 3)  # as units.csv has them
    units = pd.DataFrame({"snr": near, "group": 0, "cluster": np.arange(len(near))})
    single = {c for one in _as_decisions(units, parameters) if one.single for c in one.clusters}
    good = one_label(units, limit) == "good"
    assert single == set(units["cluster"][good])


def test_the_sort_file_of_an_export_is_that_of_the_sorting(sorting: Path, tmp_path: Path) -> None:
    run("spikes export", {"sorting": sorting}, {"format": "csv"}, tmp_path / "csv")
    exported = (tmp_path / "csv" / "sort_file.csv").read_bytes()
    assert exported == (sorting / "sort_file.csv").read_bytes()
