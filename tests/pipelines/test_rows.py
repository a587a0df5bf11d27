"""A sorter, a clusterer or a classifier that is one more row is found wherever they are named."""

import subprocess
import sys

import pytest

from docs import steps
from pipelines.core.errors import ParameterError
from pipelines.core.location import imported
from pipelines.spikes.clusterers import CLUSTERERS
from pipelines.spikes.parameters import SpikesParameters
from pipelines.spikes.sorters import AUTO, SORTERS, Sorter, heeded
from pipelines.synapses.classify.rows import CLASSIFIERS, UBJSON, candidates
from pipelines.synapses.parameters import TrainParameters
from tests.conftest import REPOSITORY

ADDED = """
from dataclasses import replace
import numpy as np
from pipelines.spikes import clusterers, sorters
from pipelines.synapses.classify import rows as classifier_rows

group, bgmm = sorters.SORTERS["group"], clusterers.CLUSTERERS["bgmm"]
knn = classifier_rows.CLASSIFIERS["knn"]
sorters.SORTERS["brand-new"] = replace(group, name="brand-new", suits="", heeds=("seed",))
clusterers.CLUSTERERS["halves"] = replace(
    bgmm, name="halves", about="two halves", location="__main__:halves"
)
classifier_rows.CLASSIFIERS["kin"] = replace(knn, name="kin", turn=6)

def halves(points, parameters):
    return (np.arange(len(points)) >= len(points) // 2).astype(np.intp)

from dashboard.kit import forms
from dashboard.spikes.recordings import SORT
from docs import steps
from pipelines.__main__ import main
from pipelines.spikes.sorting.cluster import find_clusters
from pipelines.spikes.parameters import SpikesParameters
from pipelines.spikes.sorting.plan import planned
from pipelines.synapses.classify.classifiers import choose
from pipelines.synapses.parameters import TrainParameters
from plotly.io.json import to_json_plotly

form = to_json_plotly(forms.form(SpikesParameters, "spikes", {}))
assert '"brand-new"' in form and '"halves"' in form and "halves: two halves." in form
assert '"kin"' in to_json_plotly(forms.form(TrainParameters, "synapses-train", {}))
assert SORT.switch.used["brand-new"] == ("seed",)
assert "`brand-new`" in steps.text() and "`halves`" in steps.text() and "`kin`" in steps.text()

parameters = SpikesParameters.parse({"sorter": "brand-new", "clusterer": "halves"})
plan = planned(np.arange(4.0)[:, None], parameters)
assert [share.sorter for share in plan.shares] == ["brand-new"]
points = np.random.default_rng(0).normal(size=(100, 2))
assert find_clusters(points, parameters).tolist() == [0] * 50 + [1] * 50

labels = (points[:, 0] > 0).astype(np.int64)
chosen = choose(points, labels, TrainParameters.parse({"classifier": "kin", "n_trees": 10}))
assert chosen.classifier.name == "kin"
assert (chosen.classifier.probabilities(points).argmax(axis=1) == labels).all()
everyone = choose(points, labels, TrainParameters(n_trees=10))
assert list(everyone.macro_f1)[-1] == "kin"
main(["spikes", "sort", "nothing-here", "--sorter", "brandnew", "--out", "nowhere"])
"""


def test_one_row_is_found_by_form_help_docs_plan_and_training() -> None:
    """In a process of its own, for the form's choices are made when the rows are read."""
    done = subprocess.run(
        [sys.executable, "-c", ADDED], cwd=REPOSITORY, capture_output=True, text=True
    )
    said = done.stderr
    assert done.returncode == 0, said
    assert "'brand-new'" in said  # what is offered instead of the wrong word


def test_what_rows_name_is_there() -> None:
    for sorter in SORTERS.values():
        assert callable(sorter.run)
        assert set(sorter.heeds) <= set(SpikesParameters.model_fields)
        if sorter.settings:
            found, settings = sorter.choice(SpikesParameters())
            assert set(settings) <= set(found.default_params())
    for clusterer in CLUSTERERS.values():
        assert callable(imported(clusterer.location))
        assert set(clusterer.heeds) <= set(SpikesParameters.model_fields)
    for one in CLASSIFIERS.values():
        assert bool(one.estimator) == (one.stored != UBJSON)
        assert one.kind.__name__ if one.estimator else True
        assert set(one.heeds) <= set(TrainParameters.model_fields)


def test_rows_keep_the_order_in_which_auto_tried_classifiers() -> None:
    assert candidates() == ("knn", "svc", "extra-trees", "random-forest", "xgboost")


def test_auto_heeds_what_the_sorters_heed_that_it_may_take() -> None:
    assert set(heeded()[AUTO]) == {*SORTERS["group"].heeds, *SORTERS["tridesclous2"].heeds}
    assert set(heeded()) == {AUTO, *SORTERS}


def test_a_sorter_whose_package_is_missing_says_so() -> None:
    row = Sorter("far", "sorts", "no_such_package:run", (), packages=("no_such_package", "numpy"))
    assert row.missing == ["no_such_package"]
    with pytest.raises(ParameterError, match="The sorter far needs no_such_package: install it"):
        _ = row.run


def test_the_tables_in_the_docs_are_those_of_the_rows() -> None:
    written = steps.FILE.read_text(encoding="utf-8")
    for name in (*SORTERS, *CLUSTERERS, *CLASSIFIERS):
        assert f"| `{name}` |" in written
