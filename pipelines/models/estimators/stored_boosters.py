"""Fitted boosters of XGBoost as `.ubj` files: the one place that writes and reads them.

XGBoost follows the indices in a file without looking at them, and a file that is damaged in one
place ends the process while it is loaded. Therefore a file is decoded here and looked through, and
XGBoost gets what was looked at, encoded anew, and nothing else.
"""

import math
import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import xgboost

from pipelines.core.errors import BundleError
from pipelines.models.estimators import ubjson

LEAF, NO_PARENT = -1, 2**31 - 1
DELETED = 2**31 - 1
"""What a node that was pruned away says for its feature."""
OBJECTIVES = ("multi:softprob", "multi:softmax", "binary:logistic")
MOST_CLASSES = 10_000
NUMBER = re.compile(r"-?\d{1,10}(\.\d{1,20})?([eE][+-]?\d{1,3})?")
TREE: Mapping[str, str] = {
    "base_weights": "f4", "default_left": "u1", "left_children": "i4", "loss_changes": "f4",
    "parents": "i4", "right_children": "i4", "split_conditions": "f4", "split_indices": "i4",
    "split_type": "u1", "sum_hessian": "f4",
}  # fmt: skip
"""Arrays of a tree, one number for each node."""
CATEGORIES = ("categories", "categories_nodes", "categories_segments", "categories_sizes")
Tree = Mapping[str, Any]


class UnsoundBoosterError(ValueError):
    """What is wrong with a booster, in a few words."""


def dump(booster: xgboost.Booster) -> bytes:
    """A booster as a `.ubj` file."""
    return bytes(booster.save_raw("ubj"))


def load(content: bytes, name: str = "The classifier") -> xgboost.Booster:
    """Read a `.ubj` file if it is sound; the booster answers on one thread.

    Args:
        content: of the file.
        name: what errors call it.

    Raises:
        BundleError: it is damaged, or its trees lead out of themselves.
    """
    try:
        model = ubjson.decode(content)
        _require_sound(model)
        booster = xgboost.Booster({"nthread": 1})
        booster.load_model(bytearray(ubjson.encode(model)))
    except ValueError as error:
        # XGBoostError is one too, and its text is of many lines.
        reason = str(error).splitlines()[0][:100] if str(error) else type(error).__name__
        raise BundleError(f"{name} is no sound model of XGBoost ({reason}): not used.") from None
    except (KeyError, TypeError, AttributeError, OverflowError, MemoryError) as error:
        raise BundleError(
            f"{name} is no sound model of XGBoost ({type(error).__name__}): not used."
        ) from None
    return booster


def _require(holds: Any, otherwise: str) -> None:
    if not holds:
        raise UnsoundBoosterError(otherwise)


def _require_keys(found: Any, known: set[str], what: str, optional: tuple[str, ...] = ()) -> None:
    _require(isinstance(found, dict), f"{what} is missing")
    _require(known <= {*found} <= known.union(optional), f"{what} says too little or too much")


def _whole(text: Any, least: int, most: int, what: str) -> int:
    """A number that is written as text."""
    _require(isinstance(text, str) and re.fullmatch(r"\d{1,9}", text), f"{what} is no number")
    _require(least <= int(text) <= most, f"{what} is out of range")
    return int(text)


def _require_sound(model: Any) -> None:
    _require_keys(model, {"learner", "version"}, "the file")
    version = model["version"]
    _require(isinstance(version, list) and len(version) == 3, "its version is missing")
    _require(all(type(one) is int and 0 <= one < 1000 for one in version), "its version is none")
    learner = model["learner"]
    parts = ("attributes", "feature_names", "feature_types", "gradient_booster",
             "learner_model_param", "objective")  # fmt: skip
    _require_keys(learner, {*parts}, "the booster")
    n_features, n_classes = _sizes(learner["learner_model_param"])
    _require_texts(learner, n_features)
    _require_objective(learner["objective"], n_classes)
    booster = learner["gradient_booster"]
    _require_keys(booster, {"model", "name"}, "the booster")
    _require(booster["name"] == "gbtree", "it is no booster of trees")
    _require_trees(booster["model"], n_features, max(n_classes, 1))


def _sizes(said: Any) -> tuple[int, int]:
    """Numbers of features and of classes, 0 where one probability tells two classes."""
    keys = {"base_score", "boost_from_average", "num_class", "num_feature", "num_target"}
    _require_keys(said, keys, "the booster's size")
    n_features = _whole(said["num_feature"], 1, 10**6, "num_feature")
    n_classes = _whole(said["num_class"], 0, MOST_CLASSES, "num_class")
    _whole(said["num_target"], 1, 1, "num_target")
    _whole(said["boost_from_average"], 0, 1, "boost_from_average")
    score = said["base_score"]
    _require(isinstance(score, str), "base_score is no number")
    scores = score.removeprefix("[").removesuffix("]").split(",")
    _require(len(scores) in (1, max(n_classes, 1)), "base_score is of other classes")
    _require(all(map(NUMBER.fullmatch, scores)), "base_score is no number")
    _require(all(math.isfinite(float(one)) for one in scores), "base_score is not finite")
    return n_features, n_classes


def _require_texts(learner: Mapping[str, Any], n_features: int) -> None:
    said = learner["attributes"]
    _require(isinstance(said, dict), "its attributes are missing")
    _require(all(isinstance(one, str) for one in said.values()), "its attributes are no text")
    for key in ("feature_names", "feature_types"):
        names = learner[key]
        _require(isinstance(names, list) and len(names) in (0, n_features), f"{key} are too many")
        _require(all(isinstance(one, str) for one in names), f"{key} are no text")
    _require("c" not in learner["feature_types"], "it has categories")


def _require_objective(said: Any, n_classes: int) -> None:
    _require(isinstance(said, dict) and said.get("name") in OBJECTIVES, "it tells no classes")
    if said["name"] == "binary:logistic":
        _require_keys(said, {"name", "reg_loss_param"}, "its aim")
        _require_keys(said["reg_loss_param"], {"scale_pos_weight"}, "its aim")
        weight = said["reg_loss_param"]["scale_pos_weight"]
        _require(isinstance(weight, str) and NUMBER.fullmatch(weight), "its aim is no number")
        _require(n_classes == 0, "its classes differ")
    else:
        _require_keys(said, {"name", "softmax_multiclass_param"}, "its aim")
        _require(
            said["softmax_multiclass_param"] == {"num_class": str(n_classes)} and n_classes >= 2,
            "its classes differ",
        )


# -- trees


def _require_trees(model: Any, n_features: int, n_groups: int) -> None:
    keys = {"gbtree_model_param", "iteration_indptr", "tree_info", "trees"}
    _require_keys(model, keys, "the booster's trees", optional=("cats",))
    no_categories: Mapping[str, Any] = {"enc": [], "feature_segments": [], "sorted_idx": []}
    for key, value in model.get("cats", no_categories).items():
        _require(key in no_categories and len(value) == 0, "it has categories")
    trees, group = model["trees"], _integers(model["tree_info"])
    _require(isinstance(trees, list) and trees, "it has no trees")
    said = model["gbtree_model_param"]
    _require_keys(said, {"num_parallel_tree", "num_trees"}, "the booster's trees")
    _whole(said["num_trees"], len(trees), len(trees), "num_trees")
    _whole(said["num_parallel_tree"], 1, len(trees), "num_parallel_tree")
    _require(len(group) == len(trees), "tree_info is of other trees")
    _require(((group >= 0) & (group < n_groups)).all(), "a tree is of no class")
    rounds = _integers(model["iteration_indptr"])
    _require(len(rounds) > 1 and rounds[0] == 0 and rounds[-1] == len(trees), "its rounds differ")
    _require((np.diff(rounds) > 0).all(), "its rounds differ")
    for number, tree in enumerate(trees):
        _require_tree(tree, number, n_features)


def _integers(values: Any) -> np.ndarray:
    """A list or an array of whole numbers."""
    kinds = (list, np.ndarray)
    _require(isinstance(values, kinds), "a list is missing")
    _require(all(isinstance(one, int | np.integer) for one in values), "a list is of no numbers")
    return np.array(values, dtype=np.int64)


def _require_tree(tree: Any, number: int, n_features: int) -> None:
    _require_keys(tree, {*TREE, *CATEGORIES, "id", "tree_param"}, "a tree")
    said = tree["tree_param"]
    keys = {"num_deleted", "num_feature", "num_nodes", "size_leaf_vector"}
    _require_keys(said, keys, "a tree")
    n_nodes = _whole(said["num_nodes"], 1, 10**8, "num_nodes")
    _whole(said["num_feature"], n_features, n_features, "num_feature of a tree")
    _whole(said["size_leaf_vector"], 0, 1, "size_leaf_vector")
    _require(type(tree["id"]) is int and tree["id"] == number, "a tree is out of order")
    for name, kind in TREE.items():
        values = tree[name]
        _require(isinstance(values, np.ndarray), f"{name} is no array")
        _require(values.dtype == kind and len(values) == n_nodes, f"{name} is of another size")
    _require(all(len(tree[name]) == 0 for name in CATEGORIES), "it has categories")
    _require(
        not tree["split_type"].any() and (tree["default_left"] <= 1).all(), "it has categories"
    )
    deleted = tree["split_indices"] == DELETED
    _whole(said["num_deleted"], int(deleted.sum()), int(deleted.sum()), "num_deleted")
    _require_branches(tree, deleted)
    _require_splits(tree, n_features, deleted)


def _require_branches(tree: Tree, deleted: np.ndarray) -> None:
    """Every node is reached from one node or from none, and the first from none.

    Then no way from the first node comes back: all nodes of a circle are reached from within it.
    """
    left, right, parents = tree["left_children"], tree["right_children"], tree["parents"]
    inner = left != LEAF
    _require((right[~inner] == LEAF).all(), "a leaf of a tree has a branch")
    branches = np.concatenate([left[inner], right[inner]]).astype(np.int64)
    inside = (branches > 0) & (branches < len(left))
    _require(inside.all() and not deleted[0], "a tree has branches that lead out of it")
    _require(len(np.unique(branches)) == len(branches), "a tree has branches that meet")
    _require(not deleted[branches].any(), "a branch of a tree was pruned away")
    nodes = np.flatnonzero(inner)
    _require((parents[branches] == np.concatenate([nodes, nodes])).all(), "a tree has other roots")
    _require(parents[0] in (NO_PARENT, LEAF), "a tree has other roots")


def _require_splits(tree: Tree, n_features: int, deleted: np.ndarray) -> None:
    inner, feature = tree["left_children"] != LEAF, tree["split_indices"]
    used = ~deleted
    inside = (feature[used] >= 0) & (feature[used] < n_features)
    _require(inside.all(), "a tree looks at no feature")
    values = tree["split_conditions"]
    _require(not np.isnan(values[used & inner]).any(), "a threshold is no number")
    _require(np.isfinite(values[used & ~inner]).all(), "a leaf has no finite value")
