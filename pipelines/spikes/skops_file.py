"""Files of skops: pipelines of scikit-learn that are checked before they are used.

A `.skops` file names classes and is no pickle, but some classes can still do harm. Therefore it
is read with an explicit list of trusted types, its steps must be of known classes, and the trees
of a forest must stay within their arrays, which scikit-learn does not check.
"""

import io
import json
import warnings
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import skops.io
from sklearn.ensemble import (
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.impute import KNNImputer, SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import MinMaxScaler, RobustScaler, StandardScaler
from sklearn.tree._tree import Tree

from pipelines.errors import BundleError

TRUSTED = ("numpy.dtype", "sklearn.tree._tree.Tree")
"""What a random forest needs beyond the types that skops trusts by itself."""
STEPS = (
    *(SimpleImputer, KNNImputer, StandardScaler, RobustScaler, MinMaxScaler),
    *(RandomForestClassifier, ExtraTreesClassifier, GradientBoostingClassifier),
    LogisticRegression,
)
LARGEST_UNPACKED = 10**9
"""bytes."""


def read_folder(folder: Path) -> tuple[bytes, dict[str, Any]]:
    """The `.skops` file of a folder, and what its `model_info.json` says.

    Raises:
        BundleError: there is not exactly one, or what its classes mean is not said.
    """
    files = sorted(folder.glob("*.skops"))
    if len(files) != 1:
        names = ", ".join(file.name for file in files) or "none"
        raise BundleError(f"{folder} must hold one .skops file; it holds {names}.")
    try:
        info = json.loads((folder / "model_info.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        info = {}
    return files[0].read_bytes(), info if isinstance(info, dict) else {}


def checked(content: bytes, name: str) -> Pipeline:
    """A pipeline that classifies, read without anything that is not trusted.

    Args:
        content: of a `.skops` file.
        name: what errors call it.

    Raises:
        BundleError: it wants types that are not trusted, which the sentence lists, or is no
            pipeline of known steps.
    """
    _refuse_untrusted(content, name)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about another version of scikit-learn
            pipeline = skops.io.loads(content, trusted=list(TRUSTED))
    # A damaged file can raise nearly anything, and none of it is a bug of ours.
    except Exception as error:
        raise BundleError(f"{name} cannot be read ({type(error).__name__}: {error}).") from None
    _refuse_other_steps(pipeline, name)
    return _patched(pipeline)


def _refuse_untrusted(content: bytes, name: str) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            size = sum(item.file_size for item in archive.infolist())
        if size > LARGEST_UNPACKED:
            raise BundleError(f"{name} unpacks to {size / 1e9:.1f} GB and is not opened.")
        wanted = sorted(set(skops.io.get_untrusted_types(data=content)) - set(TRUSTED))
    except BundleError:
        raise
    except Exception as error:
        raise BundleError(
            f"{name} is no file of skops ({type(error).__name__}): pickles are never opened."
        ) from None
    if wanted:
        raise BundleError(
            f"{name} wants {', '.join(wanted)}, which is not trusted, and is not opened. Trusted "
            f"are what skops trusts by itself and {', '.join(TRUSTED)}."
        )


def _refuse_other_steps(pipeline: Any, name: str) -> None:
    steps = [step for _, step in pipeline.steps] if type(pipeline) is Pipeline else [pipeline]
    others = sorted({type(step).__name__ for step in steps if type(step) not in STEPS})
    if type(pipeline) is not Pipeline or others:
        known = ", ".join(step.__name__ for step in STEPS)
        raise BundleError(
            f"{name} is not opened, because it holds {', '.join(others) or 'no pipeline'}; a "
            f"pipeline of these is: {known}."
        )
    if not all(map(_is_sound, _trees(steps[-1]))):
        raise BundleError(f"{name} has a tree whose branches lead out of it: it is not opened.")
    if not hasattr(pipeline, "feature_names_in_") or not hasattr(pipeline, "classes_"):
        raise BundleError(f"{name} does not say which metrics it learnt from: it is not opened.")


def _trees(model: Any) -> Iterator[tuple[Any, int]]:
    """Each tree of a forest with the number of metrics that it may look at.

    scikit-learn compares a table's columns with what the forest, or only its first tree, says.
    """
    trees = list(np.ravel(getattr(model, "estimators_", [])))
    said = min(int(getattr(one, "n_features_in_", 0)) for one in (model, *trees))
    for one in trees:
        yield getattr(one, "tree_", None), said


def _is_sound(tree: tuple[Any, int]) -> bool:
    """Whether every branch leads on to a later node, and every node looks at a metric."""
    found, n_metrics = tree
    if not isinstance(found, Tree):
        return False
    nodes = np.arange(found.node_count)
    left, right = found.children_left, found.children_right
    leaf = left == -1
    onward = (left > nodes) & (right > nodes) & (np.maximum(left, right) < len(nodes))
    looks = (found.feature >= 0) & (found.feature < n_metrics)
    return bool(np.where(leaf, right == -1, onward & looks).all())


def _patched(pipeline: Pipeline) -> Pipeline:
    """Give imputers of older scikit-learn releases the attributes that newer ones read."""
    for _, step in pipeline.steps:
        if isinstance(step, SimpleImputer):
            known = getattr(step, "_fit_dtype", getattr(step, "_fill_dtype", np.dtype("float64")))
            for name in ("_fit_dtype", "_fill_dtype"):
                setattr(step, name, getattr(step, name, known))
    return pipeline
