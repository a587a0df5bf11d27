"""What the pickles that are read may name: for each kind of model all that it needs, and no more.

The lists keep honest files readable and name in a sentence what a dishonest one wants. They are not
what protects: some of these names, `numpy.dtype` for one, can be led to crash the process or worse.
That is why only a closed process (`pickled_child`) ever looks them up.
"""

from collections.abc import Mapping

Name = tuple[str, str]
PUBLISHED = "published"

_ARRAYS: frozenset[Name] = frozenset(
    {
        ("numpy", "dtype"),
        ("numpy._core.multiarray", "scalar"),
        ("numpy._core.numeric", "_frombuffer"),
    }
)
_TREES: frozenset[Name] = frozenset({("sklearn.tree._tree", "Tree")})
_NEIGHBORS: frozenset[Name] = frozenset(
    {
        ("sklearn.neighbors._classification", "KNeighborsClassifier"),
        ("sklearn.neighbors._kd_tree", "KDTree"),
        ("sklearn.neighbors._kd_tree", "newObj"),
        ("sklearn.metrics._dist_metrics", "EuclideanDistance64"),
        ("sklearn.metrics._dist_metrics", "newObj"),
    }
)
_FOREST = _TREES | {
    ("sklearn.ensemble._forest", "RandomForestClassifier"),
    ("sklearn.tree._classes", "DecisionTreeClassifier"),
}
_EXTRA_TREES = _TREES | {
    ("sklearn.ensemble._forest", "ExtraTreesClassifier"),
    ("sklearn.tree._classes", "ExtraTreeClassifier"),
}
_UNIT_LABELS = _EXTRA_TREES | {
    ("numpy.random._pcg64", "PCG64"),
    ("numpy.random._pickle", "__bit_generator_ctor"),
    ("numpy.random._pickle", "__generator_ctor"),
    ("numpy.random.bit_generator", "SeedSequence"),
    ("numpy.random.bit_generator", "__pyx_unpickle_SeedSequence"),
    ("sklearn._loss._loss", "CyHalfBinomialLoss"),
    ("sklearn._loss.link", "Interval"),
    ("sklearn._loss.link", "LogitLink"),
    ("sklearn._loss.loss", "HalfBinomialLoss"),
    ("sklearn.ensemble._hist_gradient_boosting.binning", "_BinMapper"),
    (
        "sklearn.ensemble._hist_gradient_boosting.gradient_boosting",
        "HistGradientBoostingClassifier",
    ),
    ("sklearn.ensemble._hist_gradient_boosting.predictor", "TreePredictor"),
    ("sklearn.linear_model._logistic", "LogisticRegression"),
    ("sklearn.preprocessing._label", "LabelEncoder"),
}
_PUBLISHED = (
    _ARRAYS
    | _FOREST
    | _NEIGHBORS
    | {
        ("builtins", "bytearray"),
        ("joblib.numpy_pickle", "NumpyArrayWrapper"),
        ("numpy", "ndarray"),
        ("numpy._core.multiarray", "_reconstruct"),
        ("numpy.core.multiarray", "_reconstruct"),
        ("numpy.core.multiarray", "scalar"),
        ("numpy.core.numeric", "_frombuffer"),
        ("sklearn.metrics._dist_metrics", "ManhattanDistance64"),
        ("sklearn.preprocessing._data", "RobustScaler"),
        ("sklearn.preprocessing._data", "StandardScaler"),
        ("sklearn.preprocessing._label", "LabelEncoder"),
        ("sklearn.svm._classes", "OneClassSVM"),
        ("xgboost.core", "Booster"),
        ("xgboost.sklearn", "XGBClassifier"),
    }
)
NAMES: Mapping[str, frozenset[Name]] = {
    PUBLISHED: _PUBLISHED,
    "random-forest": _ARRAYS | _FOREST,
    "extra-trees": _ARRAYS | _EXTRA_TREES,
    "knn": _ARRAYS | _NEIGHBORS,
    "svc": _ARRAYS | {("sklearn.svm._classes", "SVC")},
    "unit-labels": _ARRAYS | _UNIT_LABELS,
}
"""By kind: the published project's files, and the classifiers in bundles of earlier versions."""
