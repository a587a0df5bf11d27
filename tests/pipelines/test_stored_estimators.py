"""Stored estimators predict as before, and what would lead out of its arrays is not asked."""

import copy
import io
import json
from collections.abc import Callable
from typing import Any
from zipfile import ZipFile

import numpy as np
import pytest
import skops.io
from sklearn.ensemble import (
    ExtraTreesClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import FunctionTransformer, LabelEncoder, RobustScaler, StandardScaler
from sklearn.svm import SVC, OneClassSVM

from pipelines.core.errors import BundleError
from pipelines.models.estimators.stored_estimators import PLAIN, TRUSTED, dump, load

RANDOM = np.random.default_rng(0)
ROWS = RANDOM.normal(size=(90, 4))
CLASSES = (ROWS[:, 0] > 0).astype(int) + (ROWS[:, 1] > 0.5)
NEW = RANDOM.normal(size=(300, 4))
MODELS: dict[str, tuple[str, Callable[[], Any]]] = {
    "random-forest": ("random-forest", lambda: RandomForestClassifier(5, random_state=0)),
    "extra-trees": ("extra-trees", lambda: ExtraTreesClassifier(5, random_state=0)),
    "knn": ("knn", lambda: KNeighborsClassifier(5, weights="distance", algorithm="kd_tree")),
    "city-block": ("published", lambda: KNeighborsClassifier(3, metric="manhattan")),
    "svc": ("svc", lambda: SVC(C=10.0)),
    "logistic": ("unit-labels", lambda: LogisticRegression()),
    "one-class": ("published", lambda: OneClassSVM(gamma=0.5)),
    "robust": ("published", lambda: RobustScaler()),
    "standard": ("published", lambda: StandardScaler()),
    "boosting": (
        "unit-labels",
        lambda: HistGradientBoostingClassifier(max_iter=5, max_features=0.5, random_state=0),
    ),
}
ASKED = ("predict_proba", "decision_function", "transform")


def fitted(name: str) -> Any:
    answers = CLASSES > 0 if name == "boosting" else CLASSES
    return MODELS[name][1]().fit(ROWS, answers)


def stored(name: str, value: Any) -> Any:
    return load(dump(value), TRUSTED[MODELS[name][0]])


@pytest.mark.parametrize("name", MODELS)
def test_an_estimator_answers_the_same_to_the_last_bit(name: str) -> None:
    before, after = fitted(name), stored(name, fitted(name))
    [ask] = [one for one in ASKED if hasattr(before, one)][:1]
    assert getattr(before, ask)(NEW).tobytes() == getattr(after, ask)(NEW).tobytes()
    assert type(after) is type(before)


@pytest.mark.parametrize("name", MODELS)
def test_the_same_fit_is_the_same_file(name: str) -> None:
    assert dump(fitted(name)) == dump(fitted(name))


def test_gaps_go_where_they_went() -> None:
    gappy = np.where(RANDOM.random(ROWS.shape) < 0.3, np.nan, ROWS)
    for name in ("boosting", "random-forest"):
        model = MODELS[name][1]().fit(gappy, CLASSES > 0)
        again = stored(name, model)
        asked = np.where(RANDOM.random(NEW.shape) < 0.3, np.nan, NEW)
        assert model.predict_proba(asked).tobytes() == again.predict_proba(asked).tobytes()


def test_several_are_stored_together() -> None:
    parts = {"model": fitted("random-forest"), "scaler": fitted("robust"), "ocsvm": None,
             "label_encoder": LabelEncoder().fit(CLASSES)}  # fmt: skip
    again = load(dump(parts), TRUSTED["published"])
    assert list(again) == list(parts)
    assert again["label_encoder"].classes_.tolist() == [0, 1, 2]


def nodes_of(tree: Any) -> np.ndarray:
    nodes: np.ndarray = tree.nodes
    return nodes


def branch_out(model: Any) -> None:
    model.estimators_[1].tree_.children_left[0] = 2**40


def branch_back(model: Any) -> None:
    model.estimators_[1].tree_.children_right[0] = 0


def branch_of_a_leaf(model: Any) -> None:
    tree = model.estimators_[0].tree_
    tree.children_right[np.flatnonzero(tree.children_left == -1)[0]] = 1


def no_feature(model: Any) -> None:
    model.estimators_[0].tree_.feature[0] = 4


def no_threshold(model: Any) -> None:
    model.estimators_[0].tree_.threshold[0] = np.nan


def no_share(model: Any) -> None:
    model.estimators_[0].tree_.value[-1] = np.inf


def fewer_features(model: Any) -> None:
    model.n_features_in_ = 3


def fewer_classes(model: Any) -> None:
    model.classes_ = model.classes_[:-1]


def other_method(model: Any) -> None:
    model.predict_proba = "no method"


def no_trees(model: Any) -> None:
    model.estimators_ = []


def too_many_neighbors(model: Any) -> None:
    model.n_neighbors = 10**6


def point_of_no_class(model: Any) -> None:
    model._y = model._y + 1


def point_nowhere(model: Any) -> None:
    model._fit_X = np.where(model._fit_X > 1, np.nan, model._fit_X)


def fewer_points(model: Any) -> None:
    model._fit_X = model._fit_X[:-1]


def fewer_vectors(model: Any) -> None:
    model.support_vectors_ = model.support_vectors_[:-1]


def fewer_coefficients(model: Any) -> None:
    model._dual_coef_ = model._dual_coef_[:1]


def more_vectors_of_a_class(model: Any) -> None:
    model._n_support = model._n_support + np.int32(1000)


def other_machine(model: Any) -> None:
    model._impl = "nu_svr"


def other_kernel(model: Any) -> None:
    model.kernel = "precomputed"


def no_coefficient(model: Any) -> None:
    model.coef_[0] = np.nan


def boosting_branch_out(model: Any) -> None:
    nodes_of(model._predictors[2][0])["left"][0] = 2**31


def boosting_branch_back(model: Any) -> None:
    nodes_of(model._predictors[2][0])["right"][1] = 0


def boosting_no_feature(model: Any) -> None:
    nodes_of(model._predictors[0][0])["feature_idx"][0] = -7


def boosting_category(model: Any) -> None:
    nodes = nodes_of(model._predictors[0][0])
    nodes["is_categorical"][0], nodes["bitset_idx"][0] = 1, 10**6


def boosting_no_value(model: Any) -> None:
    nodes_of(model._predictors[0][0])["value"][-1] = np.nan


def boosting_more_trees(model: Any) -> None:
    model._predictors[0] *= 2


def boosting_bins_of_fewer(model: Any) -> None:
    model._bin_mapper.is_categorical_ = model._bin_mapper.is_categorical_[:1]


DAMAGES = {
    "random-forest": (branch_out, branch_back, branch_of_a_leaf, no_feature, no_threshold,
                      no_share, fewer_features, fewer_classes, other_method, no_trees),
    "extra-trees": (branch_out, no_feature),
    "knn": (too_many_neighbors, point_of_no_class, point_nowhere, fewer_points, fewer_features),
    "svc": (fewer_vectors, fewer_coefficients, more_vectors_of_a_class, other_machine,
            other_kernel, fewer_features),
    "one-class": (fewer_vectors, fewer_features),
    "logistic": (no_coefficient, fewer_features),
    "boosting": (boosting_branch_out, boosting_branch_back, boosting_no_feature,
                 boosting_category, boosting_no_value, boosting_more_trees,
                 boosting_bins_of_fewer, fewer_features),
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "damage"), [(name, change) for name in DAMAGES for change in DAMAGES[name]]
)
def test_an_unsound_estimator_is_not_asked(name: str, damage: Callable[[Any], None]) -> None:
    model = copy.deepcopy(fitted(name))
    damage(model)
    with pytest.raises(BundleError, match=r"The classifier is not sound \(.*\): it is not used"):
        stored(name, model)


# -- files that are not as they are written here


def rewritten(content: bytes, change: Callable[[dict[str, Any]], None]) -> bytes:
    """A skops file with another description."""
    made = io.BytesIO()
    with ZipFile(io.BytesIO(content)) as given, ZipFile(made, "w") as archive:
        for name in given.namelist():
            if name != "schema.json":
                archive.writestr(name, given.read(name))
        schema = json.loads(given.read("schema.json"))
        change(schema)
        archive.writestr("schema.json", json.dumps(schema))
    return made.getvalue()


def test_what_skops_trusts_by_itself_is_not_trusted() -> None:
    content = dump([fitted("logistic"), FunctionTransformer(np.exp)])
    assert not skops.io.get_untrusted_types(data=content)
    with pytest.raises(BundleError, match=r"wants numpy\.exp, sklearn\..*FunctionTransformer"):
        load(content, TRUSTED["unit-labels"])


def test_each_kind_needs_its_own_types_and_no_other() -> None:
    for name, (kind, _) in MODELS.items():
        content = dump(fitted(name))
        used = {one for one in TRUSTED[kind] if one.rpartition(".")[2].encode() in content}
        for missing in used:
            with pytest.raises(BundleError, match="which is not trusted"):
                load(content, TRUSTED[kind] - {missing})


@pytest.mark.parametrize("loader", ["ListNode", "ObjectNode", "MethodNode", "PartialNode", "odd"])
def test_a_type_is_built_by_its_own_loader_only(loader: str) -> None:
    """A list of class ndarray would be an array of whatever lies in memory."""

    def change(schema: dict[str, Any]) -> None:
        schema["content"].append(
            {"__class__": "ndarray", "__module__": "numpy", "__loader__": loader, "content": []}
        )

    with pytest.raises(BundleError, match=r"wants numpy\.ndarray, which is not trusted"):
        load(rewritten(dump([None]), change), frozenset())


def test_an_object_that_stands_for_another_is_refused() -> None:
    def change(schema: dict[str, Any]) -> None:
        schema["__id__"] = 3

    with pytest.raises(BundleError, match="it shares objects"):
        load(rewritten(dump(fitted("logistic")), change), TRUSTED["unit-labels"])


def test_an_array_that_is_named_very_often_is_refused_before_it_is_read() -> None:
    def change(schema: dict[str, Any]) -> None:
        [array] = [one for one in schema["content"] if one["__loader__"] == "NdArrayNode"]
        schema["content"] = [array] * 2000

    content = rewritten(dump([np.zeros(100_000)]), change)
    with pytest.raises(BundleError, match=r"it unpacks to 1\.6 GB"):
        load(content, frozenset())


@pytest.mark.parametrize("content", [b"", b"text", b"\x80\x05K\x01.", b"PK\x05\x06" + bytes(18)])
def test_what_is_no_file_of_skops_is_refused(content: bytes) -> None:
    with pytest.raises(BundleError, match=r"cannot be read as a file of skops .*never opened"):
        load(content, TRUSTED["svc"])


def test_plain_values_are_all_that_is_always_trusted() -> None:
    names = frozenset().union(*PLAIN.values())
    assert {name for name in names if not name.startswith("numpy.")} == {
        "builtins.dict", "builtins.list", "builtins.str", "builtins.tuple",
    }  # fmt: skip


def tree_of(schema: dict[str, Any]) -> dict[str, Any]:
    """The first tree's description."""
    waiting: list[Any] = [schema]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict) and one.get("__loader__") == "TreeNode":
            return one
        waiting.extend(one.values() if isinstance(one, dict) else one if type(one) is list else [])
    raise AssertionError


def nodes_without_a_row(tree: dict[str, Any]) -> None:
    """An array without dimensions ends the process that builds a tree of it."""
    tree["content"]["content"]["nodes"]["file"] = "0-d.npy"


def several_outputs(tree: dict[str, Any]) -> None:
    tree["__reduce__"]["args"]["content"][2]["content"] = "1000000"


def more_nodes_than_there_are(tree: dict[str, Any]) -> None:
    tree["content"]["content"]["node_count"]["content"] = "1000000"


def values_for_nodes(tree: dict[str, Any]) -> None:
    found = tree["content"]["content"]
    found["nodes"] = found["values"]


@pytest.mark.parametrize(
    "change",
    [nodes_without_a_row, several_outputs, more_nodes_than_there_are, values_for_nodes],
)
def test_a_tree_that_would_break_while_it_is_built_is_not_built(
    change: Callable[[dict[str, Any]], None],
) -> None:
    made = io.BytesIO(rewritten(dump(fitted("extra-trees")), lambda one: change(tree_of(one))))
    with ZipFile(made, "a") as archive:
        stream = io.BytesIO()
        np.save(stream, np.array(3))
        archive.writestr("0-d.npy", stream.getvalue())
    with pytest.raises(BundleError, match=r"is not sound \(.*tree"):
        load(made.getvalue(), TRUSTED["extra-trees"])
