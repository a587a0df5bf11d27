"""Stored models: a manifest with a digest of each file, and a reader that runs nothing.

A bundle is a folder with `card.json` (what the model is), `arrays.npz`, a classifier
(`classifier.ubj` of XGBoost, `classifier.pickle` of scikit-learn) and `manifest.json`
(sha256 of every file). Digests tell damage and later changes, but not who
wrote the bundle; therefore the classifier is read by an unpickler that knows an explicit
list of classes and functions and refuses every other name before it is looked up.
"""

import io
import json
import pickle
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from importlib import metadata
from pathlib import Path
from typing import Any

from pipelines.errors import BundleError

MANIFEST, CARD, CLASSIFIER, ARRAYS = "manifest.json", "card.json", "classifier.pickle", "arrays.npz"
BOOSTER = "classifier.ubj"
RECORD_OF_RUN = "run.json"
"""Written into the folder after the bundle is complete; says nothing that is used."""
LARGEST_FILE = 500 * 10**6
"""bytes; a forest of 300 trees on 100,000 synapses stays below."""

Name = tuple[str, str]
ARRAY_NAMES: frozenset[Name] = frozenset(
    {
        ("numpy", "dtype"),
        ("numpy._core.multiarray", "scalar"),
        ("numpy._core.numeric", "_frombuffer"),
    }
)
"""What numbers and arrays in a pickle name."""
FOREST_NAMES = ARRAY_NAMES | {
    ("sklearn.ensemble._forest", "RandomForestClassifier"),
    ("sklearn.tree._classes", "DecisionTreeClassifier"),
    ("sklearn.tree._tree", "Tree"),
}
ALLOWED: Mapping[str, frozenset[Name]] = {
    "random-forest": FOREST_NAMES,
    "extra-trees": ARRAY_NAMES
    | {
        ("sklearn.ensemble._forest", "ExtraTreesClassifier"),
        ("sklearn.tree._classes", "ExtraTreeClassifier"),
        ("sklearn.tree._tree", "Tree"),
    },
    "knn": ARRAY_NAMES
    | {
        ("sklearn.neighbors._classification", "KNeighborsClassifier"),
        ("sklearn.neighbors._kd_tree", "KDTree"),
        ("sklearn.neighbors._kd_tree", "newObj"),
        ("sklearn.metrics._dist_metrics", "EuclideanDistance64"),
        ("sklearn.metrics._dist_metrics", "newObj"),
    },
    "svc": ARRAY_NAMES | {("sklearn.svm._classes", "SVC")},
    "unit-labels": ARRAY_NAMES
    | {
        ("numpy.random._pcg64", "PCG64"),
        ("numpy.random._pickle", "__bit_generator_ctor"),
        ("numpy.random._pickle", "__generator_ctor"),
        ("numpy.random.bit_generator", "SeedSequence"),
        ("numpy.random.bit_generator", "__pyx_unpickle_SeedSequence"),
        ("sklearn._loss._loss", "CyHalfBinomialLoss"),
        ("sklearn._loss.link", "Interval"),
        ("sklearn._loss.link", "LogitLink"),
        ("sklearn._loss.loss", "HalfBinomialLoss"),
        ("sklearn.ensemble._forest", "ExtraTreesClassifier"),
        ("sklearn.ensemble._hist_gradient_boosting.binning", "_BinMapper"),
        (
            "sklearn.ensemble._hist_gradient_boosting.gradient_boosting",
            "HistGradientBoostingClassifier",
        ),
        ("sklearn.ensemble._hist_gradient_boosting.predictor", "TreePredictor"),
        ("sklearn.linear_model._logistic", "LogisticRegression"),
        ("sklearn.preprocessing._label", "LabelEncoder"),
        ("sklearn.tree._classes", "ExtraTreeClassifier"),
        ("sklearn.tree._tree", "Tree"),
    },
}
"""All that the pickle of each fitted classifier names, and nothing else."""


@dataclass(frozen=True)
class Bundle:
    """A bundle whose manifest has been read.

    Attributes:
        folder: where it is.
        digests: sha256 by file name.
        card: content of `card.json`.
    """

    folder: Path
    digests: Mapping[str, str]
    card: Mapping[str, Any]

    def read(self, name: str) -> bytes:
        """The content of a file, as long as it is what the manifest says.

        Raises:
            BundleError: it is missing, too large or was changed.
        """
        return _read(self.folder, name, self.digests)

    def classifier(self, allowed: frozenset[Name] = FOREST_NAMES) -> Any:
        """The classifier, as long as its pickle names nothing but `allowed`.

        Raises:
            BundleError: it names anything that is not allowed, or fits another version.
        """
        _refuse_other_version(self.card)
        return load_classifier(self.read(CLASSIFIER), allowed)


def write_manifest(folder: Path) -> None:
    """Write the digests of all files of a bundle."""
    digests = {file.name: _digest(file.read_bytes()) for file in _files(folder)}
    text = json.dumps({"files": digests}, indent=2)
    (folder / MANIFEST).write_text(text + "\n", encoding="utf-8")


def open_bundle(folder: Path) -> Bundle:
    """Read manifest and card, and verify every file.

    Raises:
        BundleError: the folder is no bundle, or a file is missing, added or changed.
    """
    if not (folder / MANIFEST).is_file():
        raise BundleError(f"{folder} is no model bundle ({MANIFEST} is missing): choose another.")
    digests = _digests(folder)
    present = {file.name for file in _files(folder)}
    for name in sorted(present.symmetric_difference(digests)):
        state = "missing" if name in digests else "not in the manifest"
        raise BundleError(f"{folder}: {name} is {state}; copy or train the bundle again.")
    for name in digests:
        _read(folder, name, digests)
    return Bundle(folder, digests, _card(folder, digests))


def dump_classifier(classifier: Any) -> bytes:
    """A classifier as a plain pickle that `load_classifier` can read."""
    return pickle.dumps(classifier, protocol=5)


def load_classifier(content: bytes, allowed: frozenset[Name] = FOREST_NAMES) -> Any:
    """Read a classifier without looking up any name that is not allowed.

    Raises:
        BundleError: with the name that is not allowed, or because the pickle is damaged.
    """
    try:
        with warnings.catch_warnings():
            # Releases of one minor version are compatible; others are refused by the card.
            warnings.simplefilter("ignore")
            return _Unpickler(content, allowed).load()
    except BundleError:
        raise
    # A damaged or foreign pickle can raise nearly anything, and none of it is a bug of ours.
    except Exception as error:
        raise BundleError(
            f"The classifier cannot be read ({type(error).__name__}): it is damaged or was "
            "made with another version of scikit-learn; train it again."
        ) from None


class _Unpickler(pickle.Unpickler):
    def __init__(self, content: bytes, allowed: frozenset[Name]) -> None:
        super().__init__(io.BytesIO(content))
        self._allowed = allowed

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in self._allowed:
            raise BundleError(
                f"The classifier names {module}.{name}, which is not allowed: "
                "the bundle was not made by Neuroboard and is not opened."
            )
        return super().find_class(module, name)


def _refuse_other_version(card: Mapping[str, Any]) -> None:
    """scikit-learn promises nothing for a pickle that another version reads."""
    versions = card.get("versions")
    made = str(versions.get("scikit-learn")) if isinstance(versions, dict) else "unknown"
    here = metadata.version("scikit-learn")
    if made.split(".")[:2] != here.split(".")[:2]:
        raise BundleError(
            f"The classifier was made with scikit-learn {made}, here is {here}: train it again."
        )


def _files(folder: Path) -> list[Path]:
    skipped = (MANIFEST, RECORD_OF_RUN)
    return sorted(file for file in folder.iterdir() if file.name not in skipped)


def _digest(content: bytes) -> str:
    return sha256(content).hexdigest()


def _digests(folder: Path) -> dict[str, str]:
    try:
        digests = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["files"]
        if not isinstance(digests, dict) or CARD not in digests:
            raise ValueError
    except (OSError, ValueError, KeyError, TypeError):
        raise BundleError(f"{folder / MANIFEST} is damaged: copy the bundle again.") from None
    return {str(name): str(value) for name, value in digests.items()}


def _read(folder: Path, name: str, digests: Mapping[str, str]) -> bytes:
    # Names come from the manifest and may not lead out of the folder.
    file = folder / Path(name).name
    try:
        if file.stat().st_size > LARGEST_FILE:
            raise BundleError(f"{file} is larger than {LARGEST_FILE // 10**6} MB: not opened.")
        content = file.read_bytes()
    except OSError as error:
        raise BundleError(f"{file} cannot be read: {error.strerror or error}.") from None
    if digests.get(name) != _digest(content):
        raise BundleError(f"{file} was changed or damaged: copy or train the bundle again.")
    return content


def _card(folder: Path, digests: Mapping[str, str]) -> dict[str, Any]:
    try:
        card = json.loads(_read(folder, CARD, digests))
    except ValueError:
        card = None
    if not isinstance(card, dict):
        raise BundleError(f"{folder / CARD} is no card of a model: copy the bundle again.")
    return card
