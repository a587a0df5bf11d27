"""Whether a fitted estimator may be asked: scikit-learn's compiled code believes its numbers.

A trusted type says nothing about its content. A tree whose child is node 2^40 reads memory that is
not its own, a support vector machine with too few coefficients likewise, and neither is looked at
by scikit-learn. Here every index, size and number that a prediction follows is looked at first.
"""

import copy
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import (
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.ensemble._hist_gradient_boosting.binning import _BinMapper
from sklearn.ensemble._hist_gradient_boosting.common import PREDICTOR_RECORD_DTYPE
from sklearn.ensemble._hist_gradient_boosting.predictor import TreePredictor
from sklearn.impute import KNNImputer, SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import LabelEncoder, MinMaxScaler, RobustScaler, StandardScaler
from sklearn.svm import SVC, OneClassSVM
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor, ExtraTreeClassifier
from sklearn.tree._tree import Tree

LEAF = -1
METRICS = ("euclidean", "manhattan")
KERNELS = ("linear", "poly", "rbf", "sigmoid")


class UnsoundError(ValueError):
    """What is wrong with an estimator, in a few words."""


def require_sound(value: Any) -> None:
    """Look through estimators, and lists and dictionaries of them.

    Raises:
        UnsoundError: an estimator would lead out of its arrays, or is of a type that is not known.
    """
    if type(value) in (list, tuple):
        for one in value:
            require_sound(one)
    elif type(value) is dict:
        for one in value.values():
            require_sound(one)
    elif type(value) in CHECKS:
        _refuse_shadows(value)
        CHECKS[type(value)](value)
    elif value is not None:
        raise UnsoundError(f"it holds {type(value).__name__}")


def rehearse(estimator: Any) -> None:
    """Ask a sound estimator once, so that what it lacks is found before it is needed.

    Raises:
        UnsoundError: its answer is none.
        Exception: of any kind, of a file in which something is missing or of another type.
    """
    if isinstance(estimator, LabelEncoder) or estimator is None:
        return
    if isinstance(estimator, HistGradientBoostingClassifier):
        # Its first tree lacks what all lack, and each of hundreds starts threads.
        estimator = copy.copy(estimator)
        estimator._predictors = estimator._predictors[:1]
    row = np.zeros((1, estimator.n_features_in_))
    if isinstance(estimator, SVC | OneClassSVM):
        answer = estimator.decision_function(row)
    elif hasattr(estimator, "predict_proba"):
        answer = estimator.predict_proba(row)
        _require(answer.shape == (1, len(estimator.classes_)), "its answer is of other classes")
    else:
        answer = estimator.transform(row)
    _require(np.isfinite(answer).all(), "its answer is no number")


def _require(holds: Any, otherwise: str) -> None:
    if not holds:
        raise UnsoundError(otherwise)


def _refuse_shadows(estimator: Any) -> None:
    """What a class defines, such as its methods, is not for a file to say."""
    shadows = [name for name in vars(estimator) if hasattr(type(estimator), name)]
    _require(not shadows, f"it redefines {', '.join(shadows)}")


def _array(value: Any, shape: tuple[int, ...], what: str, kinds: str = "f") -> None:
    """Require finite numbers of some kinds and a shape."""
    _require(
        type(value) is np.ndarray
        and value.dtype.kind in kinds
        and value.dtype.isnative
        and value.shape == shape
        and (value.dtype.kind not in "f" or np.isfinite(value).all()),
        f"{what} is no array of {' by '.join(map(str, shape))} finite numbers",
    )


def _whole(value: Any, what: str, least: int = 1, most: int = 10**9) -> int:
    _require(
        isinstance(value, int | np.integer) and not isinstance(value, bool) and value >= least,
        f"{what} is no number of at least {least}",
    )
    _require(value <= most, f"{what} is too large")
    return int(value)


def _number(value: Any, what: str) -> None:
    is_number = isinstance(value, int | float | np.number) and not isinstance(value, bool)
    _require(is_number and np.isfinite(float(value)), f"{what} is no finite number")


def _n_features(estimator: Any) -> int:
    return _whole(estimator.n_features_in_, "n_features_in_")


def _n_classes(estimator: Any, least: int = 1) -> int:
    """How many classes, which ascend."""
    classes = estimator.classes_
    _require(type(classes) is np.ndarray and classes.ndim == 1, "classes_ is no row of classes")
    words = classes.dtype.kind == "O" and all(type(one) is str for one in classes)
    _require(words or classes.dtype.kind in "biufU", "classes_ is no row of classes")
    _require(len(classes) >= least, f"it has fewer than {least} classes")
    _require((classes[1:] > classes[:-1]).all(), "its classes do not ascend")
    return len(classes)


# -- trees


def _tree(tree: Any, n_features: int, n_values: int, least: float = 0.0) -> None:
    """Every branch leads to a later node, every node looks at a feature that there is."""
    _require(type(tree) is Tree, "a tree is missing")
    sizes = (tree.n_features, tree.n_outputs, tree.max_n_classes)
    _require(sizes == (n_features, 1, n_values), "a tree is of another size than its forest")
    _require(0 < tree.node_count == tree.capacity, "a tree has another number of nodes than said")
    state = tree.__getstate__()
    nodes = state["nodes"]
    leaf = nodes["left_child"] == LEAF
    _require((nodes["right_child"][leaf] == LEAF).all(), "a leaf of a tree has a branch")
    _branches(nodes["left_child"], nodes["right_child"], ~leaf)
    _looks(nodes["feature"][~leaf], n_features)
    # Infinite where a split is between missing and known values.
    _require(not np.isnan(nodes["threshold"]).any(), "a threshold is no number")
    _require((nodes["missing_go_to_left"] <= 1).all(), "a tree does not say where gaps go")
    values = state["values"]
    _require(np.isfinite(values).all() and (values >= least).all(), "a leaf has no finite value")


def _branches(left: NDArray[Any], right: NDArray[Any], inner: NDArray[np.bool_]) -> None:
    number = np.arange(len(left))[inner]
    for branch in (left[inner].astype(np.int64), right[inner].astype(np.int64)):
        onward = (branch > number) & (branch < len(left))
        _require(onward.all(), "a tree has branches that lead out of it")


def _looks(feature: NDArray[Any], n_features: int) -> None:
    _require(((feature >= 0) & (feature < n_features)).all(), "a tree looks at no feature")


def _forest(forest: Any) -> None:
    n_features, n_classes = _n_features(forest), _n_classes(forest)
    _require(forest.n_outputs_ == 1 and forest.n_classes_ == n_classes, "its classes differ")
    trees = forest.estimators_
    _require(type(trees) is list and trees, "it has no trees")
    for tree in trees:
        _require(type(tree) in (DecisionTreeClassifier, ExtraTreeClassifier), "a tree is missing")
        _refuse_shadows(tree)
        _require(tree.n_features_in_ == n_features, "a tree is of another size than its forest")
        _require(tree.n_outputs_ == 1 and tree.n_classes_ == n_classes, "its classes differ")
        _tree(tree.tree_, n_features, n_classes)


def _gradient_boosting(model: Any) -> None:
    n_features, n_classes = _n_features(model), _n_classes(model, least=2)
    trees = model.estimators_
    width = 1 if n_classes == 2 else n_classes
    _require(
        type(trees) is np.ndarray and trees.ndim == 2 and trees.dtype == object and trees.size > 0,
        "it has no trees",
    )
    _require(trees.shape[1] == width == model.n_trees_per_iteration_, "its classes differ")
    _number(model.learning_rate, "learning_rate")
    for tree in trees.ravel():
        _require(type(tree) is DecisionTreeRegressor, "a tree is missing")
        _refuse_shadows(tree)
        _tree(tree.tree_, n_features, 1, least=-np.inf)
    first = model.init_
    if type(first) is DummyClassifier:
        _refuse_shadows(first)
        _array(first.class_prior_, (n_classes,), "class_prior_")
        _require(first.n_outputs_ == 1 and _n_classes(first) == n_classes, "its classes differ")
        _require(first.n_classes_ == n_classes, "its classes differ")
    else:
        _require(isinstance(first, str) and first == "zero", "its first guess is not known")


def _histogram_boosting(model: Any) -> None:
    """Of two classes and without categories, as `train-labels` makes them."""
    n_features = _n_features(model)
    _require(_n_classes(model) == 2 and model.n_trees_per_iteration_ == 1, "it has no two classes")
    categories = (model.is_categorical_, model._preprocessor, vars(model).get("_in_fit"))
    _require(categories == (None, None, None), "it has categories")
    _array(model._baseline_prediction, (1, 1), "_baseline_prediction")
    mapper = model._bin_mapper
    _require(type(mapper) is _BinMapper, "it has no bins")
    _refuse_shadows(mapper)
    _array(mapper.is_categorical_, (n_features,), "is_categorical_", "bu")
    _require(not mapper.is_categorical_.any(), "it has categories")
    _require(type(model._predictors) is list and model._predictors, "it has no trees")
    for trees in model._predictors:
        _require(type(trees) is list and len(trees) == 1, "it has more trees than classes")
        _predictor(trees[0], n_features)


def _predictor(tree: Any, n_features: int) -> None:
    _require(type(tree) is TreePredictor, "a tree is missing")
    _refuse_shadows(tree)
    nodes = tree.nodes
    _require(
        type(nodes) is np.ndarray
        and nodes.dtype == PREDICTOR_RECORD_DTYPE
        and nodes.ndim == 1
        and nodes.size > 0,
        "a tree has no nodes",
    )
    flags = [nodes[name] <= 1 for name in ("is_leaf", "missing_go_to_left")]
    _require(np.all(flags) and not nodes["is_categorical"].any(), "a tree has categories")
    inner = nodes["is_leaf"] == 0
    _branches(nodes["left"], nodes["right"], inner)
    _looks(nodes["feature_idx"][inner], n_features)
    # Infinite where a split is between missing and known values.
    _require(not np.isnan(nodes["num_threshold"]).any(), "a threshold is no number")
    _require(np.isfinite(nodes["value"]).all(), "a leaf has no finite value")
    for bits in (tree.binned_left_cat_bitsets, tree.raw_left_cat_bitsets):
        _array(bits, (0, 8), "the bits of categories", "u")


# -- neighbours, support vectors, linear


def _neighbors(model: Any) -> None:
    """Its tree is not stored but made of its points."""
    n_features, n_classes = _n_features(model), _n_classes(model)
    n_points = _whole(model.n_samples_fit_, "n_samples_fit_")
    _array(model._fit_X, (n_points, n_features), "_fit_X")
    _require(model._fit_X.dtype == np.float64, "_fit_X is no array of double precision")
    _array(model._y, (n_points,), "_y", "i")
    _require(((model._y >= 0) & (model._y < n_classes)).all(), "a point is of no class")
    _whole(model.n_neighbors, "n_neighbors", most=n_points)
    _whole(model.leaf_size, "leaf_size")
    _require(model._tree is None and model._fit_method in ("kd_tree", "brute"), "it has a tree")
    _require(model.effective_metric_ in METRICS, "its distance is not known")
    _require(model.effective_metric_params_ == {}, "its distance has parameters")
    _require(model.weights in ("uniform", "distance"), "its weights are not known")
    _require(model.outputs_2d_ is False, "it has several outputs")


def _svm(model: Any, n_classes: int) -> None:
    """The arrays that libsvm reads, for classes or for the two sides of a one-class machine."""
    n_features, n_vectors = _n_features(model), len(model.support_)
    pairs = n_classes * (n_classes - 1) // 2
    _require(n_vectors > 0, "it has no support vectors")
    _array(model.support_, (n_vectors,), "support_", "i")
    _array(model.support_vectors_, (n_vectors, n_features), "support_vectors_")
    _array(model._n_support, (n_classes,), "_n_support", "i")
    counts = model.n_support_  # without the other side of a one-class machine, which has none
    _require((counts >= 0).all() and counts.sum() == n_vectors, "its vectors differ")
    for one in (model.dual_coef_, model._dual_coef_):
        _array(one, (n_classes - 1, n_vectors), "dual_coef_")
    for one in (model.intercept_, model._intercept_):
        _array(one, (pairs,), "intercept_")
    for one in (model._probA, model._probB):
        _array(one, (pairs,) if np.size(one) else (0,), "_probA")
    _require(model.kernel in KERNELS and model._sparse is False, "its kernel is not known")
    _whole(model.degree, "degree", least=0, most=100)
    for name in ("_gamma", "coef0", "cache_size"):
        _number(getattr(model, name), name)
    _require(0 < model.cache_size < 10**5, "its cache is too large")


def _svc(model: Any) -> None:
    n_classes = _n_classes(model, least=2)
    _svm(model, n_classes)
    _require(model.decision_function_shape == "ovr", "it tells each pair of classes")


def _one_class_svm(model: Any) -> None:
    _svm(model, 2)
    _array(np.atleast_1d(model.offset_), (1,), "offset_")


def _logistic(model: Any) -> None:
    n_features, n_classes = _n_features(model), _n_classes(model, least=2)
    width = 1 if n_classes == 2 else n_classes
    _array(model.coef_, (width, n_features), "coef_")
    _array(model.intercept_, (width,), "intercept_")


# -- steps before and after


def _scaler(flags: tuple[str, ...], names: tuple[str, ...]) -> Callable[[Any], None]:
    def check(model: Any) -> None:
        n_features = _n_features(model)
        _require(all(type(getattr(model, flag)) is bool for flag in flags), "a choice is none")
        for name in names:
            if getattr(model, name) is not None:
                _array(getattr(model, name), (n_features,), name)
        if model.scale_ is not None:
            _require((model.scale_ != 0).all(), "a scale is 0")

    return check


def _simple_imputer(model: Any) -> None:
    # A metric that was never measured has no median.
    fills, n_features = model.statistics_, _n_features(model)
    _require(type(fills) is np.ndarray and fills.shape == (n_features,), "a fill is missing")
    _require(fills.dtype.kind in "fiu", "a fill is no number")


def _knn_imputer(model: Any) -> None:
    known, n_features = model._fit_X, _n_features(model)
    _require(type(known) is np.ndarray and known.ndim == 2, "it has no points")
    _require(known.dtype.kind == "f" and known.shape[1] == n_features, "it has other points")
    _whole(model.n_neighbors, "n_neighbors")


def _pipeline(model: Any) -> None:
    _require(type(model.steps) is list and model.steps, "it has no steps")
    for _, step in model.steps:
        _require(step is not None and type(step) is not Pipeline, "it has no steps")
        require_sound(step)


CHECKS: Mapping[type, Callable[[Any], None]] = {
    RandomForestClassifier: _forest,
    ExtraTreesClassifier: _forest,
    GradientBoostingClassifier: _gradient_boosting,
    HistGradientBoostingClassifier: _histogram_boosting,
    KNeighborsClassifier: _neighbors,
    SVC: _svc,
    OneClassSVM: _one_class_svm,
    LogisticRegression: _logistic,
    RobustScaler: _scaler(("copy", "with_centering", "with_scaling"), ("center_", "scale_")),
    StandardScaler: _scaler(("copy", "with_mean", "with_std"), ("mean_", "var_", "scale_")),
    MinMaxScaler: _scaler(("copy", "clip"), ("min_", "scale_", "data_min_", "data_max_")),
    LabelEncoder: lambda model: _require(_n_classes(model), "it has no classes"),
    SimpleImputer: _simple_imputer,
    KNNImputer: _knn_imputer,
    Pipeline: _pipeline,
}
