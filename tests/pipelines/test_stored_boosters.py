"""Stored boosters predict as before, and one whose trees lead out of themselves is not loaded."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import xgboost

from pipelines.core.errors import BundleError
from pipelines.models.estimators import ubjson
from pipelines.models.estimators.stored_boosters import dump, load

RANDOM = np.random.default_rng(0)
ROWS = RANDOM.normal(size=(200, 4))
CLASSES = RANDOM.integers(3, size=200)
GAPS = np.where(RANDOM.random((300, 4)) < 0.1, np.nan, RANDOM.normal(size=(300, 4)))
SEVERAL = {"objective": "multi:softprob", "num_class": 3}
FITS: dict[str, dict[str, Any]] = {
    "several": SEVERAL,
    "two": {"objective": "binary:logistic"},
    "pruned": {**SEVERAL, "tree_method": "exact", "gamma": 3.0},
    "parallel": {**SEVERAL, "num_parallel_tree": 3},
    "lossguide": {**SEVERAL, "max_leaves": 5, "grow_policy": "lossguide"},
}


def fitted(**settings: Any) -> xgboost.Booster:
    labels = CLASSES if "num_class" in settings else CLASSES > 0
    fixed = {"max_depth": 4, "nthread": 1, "seed": 0, "verbosity": 0}
    return xgboost.train({**fixed, **settings}, xgboost.DMatrix(ROWS, label=labels), 4)


@pytest.fixture(scope="module")
def content() -> bytes:
    return dump(fitted(**SEVERAL))


@pytest.mark.parametrize("name", FITS)
def test_a_booster_answers_the_same_to_the_last_bit(name: str) -> None:
    booster = fitted(**FITS[name])
    again = load(dump(booster))
    assert again.inplace_predict(GAPS).tobytes() == booster.inplace_predict(GAPS).tobytes()


@pytest.mark.parametrize("name", FITS)
def test_a_file_is_encoded_as_xgboost_encodes_it(name: str) -> None:
    content = dump(fitted(**FITS[name]))
    assert ubjson.encode(ubjson.decode(content)) == content


@pytest.mark.parametrize(
    "value",
    [0, 127, 128, -129, 40_000, 2**40, True, False, None, "", "näme", 0.5, [], {},
     [{"a": [1, "b"]}], {"": {"x": []}}],
)  # fmt: skip
def test_values_come_back(value: Any) -> None:
    assert ubjson.decode(ubjson.encode(value)) == value


@pytest.mark.parametrize("kind", ["u1", "i1", "i2", "i4", "i8", "f4", "f8"])
def test_arrays_come_back(kind: str) -> None:
    values = np.array([3, 0, 100], kind)
    again = ubjson.decode(ubjson.encode(values))
    assert again.dtype == values.dtype
    assert again.tolist() == values.tolist()


def the(name: str, place: int, value: float) -> Callable[[dict[str, Any]], None]:
    """Another number in an array of the second tree."""

    def change(learner: dict[str, Any]) -> None:
        learner["gradient_booster"]["model"]["trees"][1][name][place] = value

    return change


def shorter(name: str) -> Callable[[dict[str, Any]], None]:
    def change(learner: dict[str, Any]) -> None:
        tree = learner["gradient_booster"]["model"]["trees"][1]
        tree[name] = tree[name][:-1]

    return change


def says(part: str, key: str, value: Any) -> Callable[[dict[str, Any]], None]:
    def change(learner: dict[str, Any]) -> None:
        model = learner["gradient_booster"]["model"]
        found = {
            "size": learner["learner_model_param"],
            "booster": learner["gradient_booster"],
            "trees": model,
            "count": model["gbtree_model_param"],
            "tree": model["trees"][1],
            "nodes": model["trees"][1]["tree_param"],
            "aim": learner["objective"],
            "learner": learner,
        }
        found[part][key] = value

    return change


DAMAGES = {
    "a child far away": the("left_children", 0, 2**30),
    "a child behind": the("right_children", 2, 0),
    "a negative child": the("left_children", 0, -7),
    "children that meet": the("right_children", 0, 1),
    "a child of a leaf": the("right_children", -1, 1),
    "another parent": the("parents", 1, 3),
    "no root": the("parents", 0, 3),
    "no such feature": the("split_indices", 0, 4),
    "a negative feature": the("split_indices", 0, -1),
    "a node pruned away": the("split_indices", 0, 2**31 - 1),
    "a category": the("split_type", 0, 1),
    "no threshold": the("split_conditions", 0, np.nan),
    "no value": the("split_conditions", -1, np.inf),
    "fewer thresholds": shorter("split_conditions"),
    "fewer weights": shorter("base_weights"),
    "fewer directions": shorter("default_left"),
    "more nodes": says("nodes", "num_nodes", "1000000"),
    "fewer nodes": says("nodes", "num_nodes", "1"),
    "a leaf of several values": says("nodes", "size_leaf_vector", "3"),
    "a number that is none": says("nodes", "num_deleted", "x"),
    "another place": says("tree", "id", 0),
    "categories": says("tree", "categories", np.array([1], np.int32)),
    "more trees": says("count", "num_trees", "999"),
    "a tree of no class": says("trees", "tree_info", [0, 1, 7] * 4),
    "rounds beyond the trees": says("trees", "iteration_indptr", [0, 3, 6, 9, 900]),
    "more classes": says("size", "num_class", "4"),
    "fewer features": says("size", "num_feature", "3"),
    "features beyond number": says("size", "num_feature", "-5"),
    "no score": says("size", "base_score", "[NaN,0E0,0E0]"),
    "an infinite score": says("size", "base_score", "1E999"),
    "another booster": says("booster", "name", "dart"),
    "another aim": says("aim", "name", "rank:pairwise"),
    "one word too many": says("learner", "more", 1),
    "names of fewer features": says("learner", "feature_names", ["a"]),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_booster_is_not_loaded(content: bytes, damage: str) -> None:
    model = ubjson.decode(content)
    DAMAGES[damage](model["learner"])
    with pytest.raises(BundleError, match=r"is no sound model of XGBoost \(.*\): not used\."):
        load(ubjson.encode(model))


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"}", b"[", b"[$d#L" + b"\x7f" * 8, b"[#L" + b"\xff" * 8, b"S", b"{L" + b"\x7f" * 8,
     b"[#L" + bytes(7) + b"\x01" * 200, b"[$d#L\0\0\0\0\0\0\0\x01", b"TT", b"x", b'{"learner": {}}',
     ubjson.encode([]), ubjson.encode({}), ubjson.encode({"learner": {}, "version": [3, 2, 0]})],
)  # fmt: skip
def test_what_is_no_booster_is_refused(content: bytes) -> None:
    with pytest.raises(BundleError, match="is no sound model of XGBoost"):
        load(content)


def test_every_half_file_is_refused(content: bytes) -> None:
    for size in range(0, len(content), 997):
        with pytest.raises(BundleError, match="is no sound model of XGBoost"):
            load(content[:size])


def test_a_deeply_nested_file_is_refused() -> None:
    nested = b"[#L\0\0\0\0\0\0\0\x01" * 100_000 + b"T"
    with pytest.raises(BundleError, match="nested too deeply"):
        load(nested)
