"""Fitted estimators of scikit-learn as skops files: the one place that writes and reads them.

A skops file describes objects by the names of their classes, and is no pickle. Some classes can
still do harm, and skops itself trusts many more than a lab needs. Therefore a file is read with an
explicit list of types for each kind of model, each built by the one loader that belongs to it, and
what comes out has to be sound (`sound_estimators`) before anything asks it. A file is the same to
the last bit for the same estimator: skops would put the time and places in memory into it.
"""

import copy
import io
import json
import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import numpy as np
import skops.io
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.neighbors import KDTree, KNeighborsClassifier
from sklearn.pipeline import Pipeline

from pipelines.core.errors import BundleError
from pipelines.models.estimators.sound_estimators import UnsoundError, rehearse, require_sound

SCHEMA = "schema.json"
LARGEST_UNPACKED = 10**9
"""bytes; a forest of 300 trees on 100,000 synapses stays below."""
LARGEST_SCHEMA = 10**8
MOST_CLASSES = 10_000
HEADS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}
"""Readers of the head of an array's file, by its version."""
COMPRESSION_LEVEL = 6
Node = dict[str, Any]

TREE = "sklearn.tree._tree.Tree"
TREES = frozenset({"sklearn.tree._classes.DecisionTreeClassifier", TREE})
RANDOM_FOREST = TREES | {"sklearn.ensemble._forest.RandomForestClassifier"}
EXTRA_TREES = frozenset(
    {
        "sklearn.ensemble._forest.ExtraTreesClassifier",
        "sklearn.tree._classes.ExtraTreeClassifier",
        TREE,
    }
)
KNN = frozenset({"sklearn.neighbors._classification.KNeighborsClassifier"})
SVC = frozenset({"sklearn.svm._classes.SVC"})
HISTOGRAM_BOOSTING = frozenset(
    {
        "sklearn._loss._loss.CyHalfBinomialLoss",
        "sklearn._loss.link.Interval",
        "sklearn._loss.link.LogitLink",
        "sklearn._loss.loss.HalfBinomialLoss",
        "sklearn.ensemble._hist_gradient_boosting.binning._BinMapper",
        "sklearn.ensemble._hist_gradient_boosting.gradient_boosting.HistGradientBoostingClassifier",
        "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
        "sklearn.preprocessing._label.LabelEncoder",
    }
)
LOGISTIC = frozenset({"sklearn.linear_model._logistic.LogisticRegression"})
TRUSTED: Mapping[str, frozenset[str]] = {
    "random-forest": RANDOM_FOREST,
    "extra-trees": EXTRA_TREES,
    "knn": KNN,
    "svc": SVC,
    "unit-labels": HISTOGRAM_BOOSTING | EXTRA_TREES | LOGISTIC,
    "published": RANDOM_FOREST
    | KNN
    | {
        "sklearn.preprocessing._data.RobustScaler",
        "sklearn.preprocessing._data.StandardScaler",
        "sklearn.preprocessing._label.LabelEncoder",
        "sklearn.svm._classes.OneClassSVM",
    },
    "pipeline": RANDOM_FOREST
    | EXTRA_TREES
    | LOGISTIC
    | {
        "numpy.dtype",
        "numpy.random.mtrand.RandomState",
        "sklearn._loss._loss.CyHalfBinomialLoss",
        "sklearn._loss._loss.CyHalfMultinomialLoss",
        "sklearn._loss.link.Interval",
        "sklearn._loss.link.LogitLink",
        "sklearn._loss.link.MultinomialLogit",
        "sklearn._loss.loss.HalfBinomialLoss",
        "sklearn._loss.loss.HalfMultinomialLoss",
        "sklearn.dummy.DummyClassifier",
        "sklearn.ensemble._gb.GradientBoostingClassifier",
        "sklearn.impute._base.MissingIndicator",
        "sklearn.impute._base.SimpleImputer",
        "sklearn.impute._knn.KNNImputer",
        "sklearn.pipeline.Pipeline",
        "sklearn.preprocessing._data.MinMaxScaler",
        "sklearn.preprocessing._data.RobustScaler",
        "sklearn.preprocessing._data.StandardScaler",
        "sklearn.tree._classes.DecisionTreeRegressor",
    },
}
"""The types of each kind of model beside `PLAIN`, and no other."""

NUMBERS = ("bool", "float32", "float64", "int8", "int32", "int64", "uint8", "uint32", "uint64")
PLAIN: Mapping[str, frozenset[str]] = {
    "DictNode": frozenset({"builtins.dict"}),
    "JsonNode": frozenset({"builtins.str"}),
    "ListNode": frozenset({"builtins.list"}),
    "NdArrayNode": frozenset({"numpy.ndarray", *(f"numpy.{name}" for name in NUMBERS)}),
    "TupleNode": frozenset({"builtins.tuple"}),
    "TypeNode": frozenset({"builtins.str"}),
}
"""Text, numbers, arrays and what holds them, by the loader of skops that builds them."""
OBJECTS = "ObjectNode"
LOADERS: Mapping[str, str] = {
    TREE: "TreeNode",
    "numpy.dtype": "DTypeNode",
    "numpy.random.mtrand.RandomState": "RandomStateNode",
    "sklearn._loss._loss.CyHalfBinomialLoss": "LossNode",
    "sklearn._loss._loss.CyHalfMultinomialLoss": "LossNode",
}
"""What builds a trusted type, where it is not `OBJECTS`."""


def dump(value: Any) -> bytes:
    """Fitted estimators, or lists and dictionaries of them, as a skops file."""
    return canonical(skops.io.dumps(_mapped(value, _bare)))


def load(content: bytes, trusted: frozenset[str], name: str = "The classifier") -> Any:
    """Read what `dump` wrote, if it needs nothing but trusted types and is sound.

    Args:
        content: of a skops file without shared objects, such as `dump` and `canonical` make.
        trusted: names of classes beside `PLAIN`, such as a value of `TRUSTED`.
        name: what errors call it.

    Raises:
        BundleError: it is damaged, wants other types, which the sentence lists, or is unsound.
    """
    try:
        _refuse_untrusted(content, trusted, name)
        with warnings.catch_warnings():
            # Releases of one minor version are compatible; the card of a bundle says which.
            warnings.simplefilter("ignore")
            value = skops.io.loads(content, trusted=sorted(trusted))
            require_sound(value)
            value = _mapped(value, _completed)
            _mapped(value, rehearse)
            return value
    except BundleError:
        raise
    except UnsoundError as error:
        raise BundleError(f"{name} is not sound ({error}): it is not used.") from None
    # A damaged file can raise nearly anything, and none of it is a bug of ours.
    except Exception as error:
        raise BundleError(
            f"{name} cannot be read as a file of skops ({type(error).__name__}): it is damaged or "
            "was made with another version of scikit-learn; pickles are never opened."
        ) from None


def canonical(content: bytes) -> bytes:
    """A skops file with each array named by its place, and no object shared.

    Raises:
        ValueError, KeyError, zipfile.BadZipFile: it is no skops file, or unpacks to too much.
    """
    made = io.BytesIO()
    with ZipFile(io.BytesIO(content)) as given, ZipFile(made, "w") as archive:
        schema = _schema(given)
        nodes = list(_nodes(schema))
        _refuse_large(given, nodes)
        for number, node in enumerate(nodes):
            node.pop("__id__", None)
            if "file" in node:
                array, node["file"] = given.read(node["file"]), f"{number}.npy"
                _write(archive, node["file"], array)
        _write(archive, SCHEMA, json.dumps(schema, separators=(",", ":")).encode())
    return made.getvalue()


def _write(archive: ZipFile, name: str, content: bytes) -> None:
    entry = ZipInfo(name)  # of 1980, whenever it is written
    archive.writestr(entry, content, ZIP_DEFLATED, COMPRESSION_LEVEL)


# -- before anything is built


def _refuse_untrusted(content: bytes, trusted: frozenset[str], name: str) -> None:
    """Look at every node of a file, none of which has been built.

    Raises:
        BundleError: with the types that are not trusted.
    """
    with ZipFile(io.BytesIO(content)) as archive:
        nodes = list(_nodes(_schema(archive)))
        _refuse_large(archive, nodes)
        wanted = sorted({_type(node) for node in nodes if not _is_trusted(node, trusted)})
        if wanted:
            raise BundleError(
                f"{name} wants {', '.join(wanted)}, which is not trusted, and is not opened. "
                f"Trusted are numbers, arrays and {', '.join(map(_short, sorted(trusted)))}."
            )
        # With the same identity a node would stand for another one, looked at or not.
        if any("__id__" in node for node in nodes):
            raise UnsoundError("it shares objects")
        for node in nodes:
            if node["__loader__"] == "TreeNode":
                _refuse_odd_tree(node, archive)


def _schema(archive: ZipFile) -> Node:
    if archive.getinfo(SCHEMA).file_size > LARGEST_SCHEMA:
        raise UnsoundError("it describes too much")
    schema: Node = json.loads(archive.read(SCHEMA))
    return schema


def _nodes(schema: Node) -> Iterator[Node]:
    """All that skops could take for the description of an object, in their order."""
    waiting: list[Any] = [schema]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            if "__loader__" in one:
                yield one
            waiting.extend(reversed(one.values()))
        elif isinstance(one, list):
            waiting.extend(reversed(one))


def _type(node: Node) -> str:
    return f"{node['__module__']}.{node['__class__']}"


def _short(kind: str) -> str:
    return kind.rpartition(".")[2]


def _is_trusted(node: Node, trusted: frozenset[str]) -> bool:
    loader, kind = node["__loader__"], _type(node)
    if kind in trusted:
        return bool(loader == LOADERS.get(kind, OBJECTS))
    return loader in PLAIN and kind in PLAIN[loader]


def _refuse_large(archive: ZipFile, nodes: list[Node]) -> None:
    """A file may be read as often as nodes name it."""
    sizes = [archive.getinfo(node["file"]).file_size for node in nodes if "file" in node]
    if sum(sizes) > LARGEST_UNPACKED:
        raise UnsoundError(f"it unpacks to {sum(sizes) / 1e9:.1f} GB")


def _refuse_odd_tree(node: Node, archive: ZipFile) -> None:
    """The class of a tree is compiled, and believes numbers and shapes while it is built."""
    _, n_classes, n_outputs = node["__reduce__"]["args"]["content"]
    state = node["content"]["content"]
    nodes, values = (_shape(state[name], archive) for name in ("nodes", "values"))
    if _said(n_outputs) != "1" or _shape(n_classes, archive) != (1,):
        raise UnsoundError("a tree has more than one output")
    if len(nodes) != 1 or nodes[0] < 1 or _said(state["node_count"]) != str(nodes[0]):
        raise UnsoundError("a tree has another number of nodes than said")
    [count] = np.load(io.BytesIO(archive.read(n_classes["file"])), allow_pickle=False)
    if not 1 <= count <= MOST_CLASSES or values != (nodes[0], 1, count):
        raise UnsoundError("the values of a tree are not those of its classes")


def _said(node: Node) -> str:
    if node["__loader__"] != "JsonNode":
        raise UnsoundError("a tree does not say a number")
    return str(node["content"])


def _shape(node: Node, archive: ZipFile) -> tuple[int, ...]:
    """Of an array, as the head of its file says; what follows is compared when it is read."""
    if (node["__loader__"], _type(node), node["type"]) != ("NdArrayNode", "numpy.ndarray", "numpy"):
        raise UnsoundError("a tree lacks an array")
    with archive.open(node["file"]) as file:
        version = np.lib.format.read_magic(file)
        read = HEADS[version]
        shape: tuple[int, ...] = read(file)[0]
    return shape


# -- what is left out and made anew


def _mapped(value: Any, change: Callable[[Any], Any]) -> Any:
    """Lists, tuples and dictionaries with every estimator in them changed."""
    if type(value) in (list, tuple):
        return type(value)(_mapped(one, change) for one in value)
    if type(value) is dict:
        return {key: _mapped(one, change) for key, one in value.items()}
    return change(value)


def _bare(estimator: Any) -> Any:
    """Without what is not needed to predict, or follows from the rest.

    A tree of neighbours follows from its points: its nodes would be indices to believe.
    """
    if type(estimator) is KNeighborsClassifier:
        estimator = copy.copy(estimator)
        estimator._tree = None
    if type(estimator) is HistGradientBoostingClassifier:
        estimator = copy.copy(estimator)
        estimator._feature_subsample_rng = None
    return estimator


def _completed(estimator: Any) -> Any:
    """The inverse of `_bare`; silent, and on one thread, as a forest's sum depends on order."""
    if type(estimator) is Pipeline:
        for _, step in estimator.steps:
            _completed(step)
        return estimator
    if type(estimator) is KNeighborsClassifier and estimator._fit_method == "kd_tree":
        points = np.ascontiguousarray(estimator._fit_X)
        metric = estimator.effective_metric_
        estimator._tree = KDTree(points, estimator.leaf_size, metric=metric)
    if type(estimator) is SimpleImputer:
        _add_types(estimator)
    if getattr(estimator, "n_jobs", None) is not None:
        estimator.n_jobs = 1
    if getattr(estimator, "verbose", False):
        estimator.verbose = 0
    return estimator


def _add_types(imputer: SimpleImputer) -> None:
    """Give an imputer of an older scikit-learn the attributes that newer ones read."""
    known = getattr(imputer, "_fit_dtype", getattr(imputer, "_fill_dtype", np.dtype("float64")))
    for name in ("_fit_dtype", "_fill_dtype"):
        setattr(imputer, name, getattr(imputer, name, known))
