"""The published project's `*_bundle.pkl`: a classifier on coordinates of its own map.

Such a file is a joblib dictionary of `model`, `ocsvm`, `scaler` and `label_encoder`, made to
be read with `joblib.load`, which runs whatever the file says. Here it is read by an
unpickler that knows an exact list of names and looks up no other. It still comes in through
the command line only: native code trusts the numbers inside a tree or a booster.

Source: Talapka et al., neuron-clustering-project (MIT), for the layout of the file.
"""

import bz2
import io
import json
import lzma
import warnings
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from joblib.numpy_pickle import NumpyUnpickler

from pipelines import bundles
from pipelines.bundles import Name
from pipelines.errors import BundleError, TableError
from pipelines.provenance import versions
from pipelines.synapses.arrays import Booleans, Floats
from pipelines.synapses.sheets import Sheet

KIND = "published synapse clusters"
FILE = "published.pkl"
COLUMNS = ("UMAP_1", "UMAP_2")
GROUPS = ("as", "ss", "cb", "cr", "pv")
CLASSIFIERS = ("KNeighborsClassifier", "RandomForestClassifier", "XGBClassifier")
NOTES = (
    "Works on UMAP_1 and UMAP_2 of the publication's own map: coordinates of any other map, "
    "made anew or by another version, give meaningless clusters.",
    "Its one-class SVM is told as is_outlier. As a gate it does harm: on the published test "
    "rows it rejected 19, all members of a cluster, and none of the 10 noise rows.",
)

ALLOWED: frozenset[Name] = frozenset(
    {
        ("joblib.numpy_pickle", "NumpyArrayWrapper"),
        ("numpy", "ndarray"),
        ("numpy", "dtype"),
        *[
            (module, name)
            for module in ("numpy.core.multiarray", "numpy._core.multiarray")
            for name in ("scalar", "_reconstruct")
        ],
        ("numpy.core.numeric", "_frombuffer"),
        ("numpy._core.numeric", "_frombuffer"),
        ("sklearn.neighbors._classification", "KNeighborsClassifier"),
        ("sklearn.neighbors._kd_tree", "KDTree"),
        ("sklearn.neighbors._kd_tree", "newObj"),
        ("sklearn.metrics._dist_metrics", "EuclideanDistance64"),
        ("sklearn.metrics._dist_metrics", "ManhattanDistance64"),
        ("sklearn.metrics._dist_metrics", "newObj"),
        ("sklearn.ensemble._forest", "RandomForestClassifier"),
        ("sklearn.tree._classes", "DecisionTreeClassifier"),
        ("sklearn.tree._tree", "Tree"),
        ("sklearn.svm._classes", "OneClassSVM"),
        ("sklearn.preprocessing._data", "RobustScaler"),
        ("sklearn.preprocessing._data", "StandardScaler"),
        ("sklearn.preprocessing._label", "LabelEncoder"),
        ("xgboost.sklearn", "XGBClassifier"),
        ("xgboost.core", "Booster"),
        ("builtins", "bytearray"),
    }
)
"""All that bundles of the three published kinds name, and nothing else."""


@dataclass(frozen=True)
class Published:
    """What a published bundle holds.

    Attributes:
        model: the classifier.
        gate: the one-class SVM, or none.
        scaler: of the coordinates, or none.
        encoder: from the classifier's codes to clusters, or none.
    """

    model: Any
    gate: Any
    scaler: Any
    encoder: Any

    @property
    def classes(self) -> list[int]:
        """The clusters it tells apart; -1 is noise, which it learnt as a class."""
        classes = self.model.classes_ if self.encoder is None else self.encoder.classes_
        return [int(name) for name in classes]

    def answers(self, places: Floats, *, gate: bool) -> pd.DataFrame:
        """The answers for coordinates (n, 2): cluster, probability, outlier score and flag.

        Args:
            places: UMAP_1 and UMAP_2 on the published map.
            gate: whether rows that the one-class SVM rejects get cluster -1.
        """
        with warnings.catch_warnings():
            # Fitted on a table with column names; the columns here are the same two.
            warnings.simplefilter("ignore", UserWarning)
            scaled = places if self.scaler is None else self.scaler.transform(places)
            cluster = self.model.predict(scaled)
            if self.encoder is not None:
                cluster = self.encoder.inverse_transform(cluster)
            probability = self.model.predict_proba(scaled).max(axis=1).astype(float)
            score, outlier = self._gate(scaled)
        shown = np.where(outlier & gate, -1, cluster.astype(np.int64))
        columns = (shown, probability, score, outlier, places[:, 0], places[:, 1])
        names = ("cluster", "probability", "outlier_score", "is_outlier", *COLUMNS)
        return pd.DataFrame(dict(zip(names, columns, strict=True)))

    def _gate(self, scaled: Floats) -> tuple[Floats, Booleans]:
        if self.gate is None:
            return np.full(len(scaled), np.nan), np.zeros(len(scaled), dtype=bool)
        return -self.gate.decision_function(scaled), self.gate.predict(scaled) == -1


def convert(source: Path, folder: Path) -> None:
    """Turn a published file into a bundle: the file itself, a card and a manifest.

    Raises:
        BundleError: it is no such file, or names what is not allowed.
    """
    if source.stat().st_size > bundles.LARGEST_FILE:
        raise BundleError(f"{source} is larger than {bundles.LARGEST_FILE // 10**6} MB.")
    content = source.read_bytes()
    card = _card(source, read(content, source.name))
    (folder / FILE).write_bytes(content)
    text = json.dumps(card, indent=2, ensure_ascii=False)
    (folder / bundles.CARD).write_text(text + "\n", encoding="utf-8")
    bundles.write_manifest(folder)


def _card(source: Path, found: Published) -> dict[str, Any]:
    prefix = source.name.split("_")[0].casefold()
    return {
        "kind": KIND,
        "classifier": type(found.model).__name__,
        "group": prefix if prefix in GROUPS else "unknown",
        "features": list(COLUMNS),
        "units": ["", ""],
        "classes": found.classes,
        "has_scaler": found.scaler is not None,
        "has_gate": found.gate is not None,
        "made_with_scikit_learn": str(getattr(found.model, "_sklearn_version", "unknown")),
        "versions": versions(),
        "notes": [*NOTES, *_without_scaler(found)],
    }


def _without_scaler(found: Published) -> list[str]:
    if found.scaler is not None:
        return []
    return ["It holds no scaler: if it was trained on scaled coordinates its answers are wrong."]


def load(bundle: bundles.Bundle) -> Published:
    """Read a bundle that `convert` made.

    Raises:
        BundleError: it was changed or cannot be read.
    """
    return read(bundle.read(FILE), bundle.folder.name)


def read(content: bytes, name: str) -> Published:
    """Read a published file without looking up any name that is not in `ALLOWED`.

    Raises:
        BundleError: with all names that are not allowed, or what else is wrong.
    """
    unpickler = _Unpickler(_inflated(content, name))
    try:
        with warnings.catch_warnings():
            # It was made with other versions; that they read it alike is shown by the scores.
            warnings.simplefilter("ignore")
            loaded = unpickler.load()
    # A damaged or foreign pickle can raise nearly anything, and none of it is a bug of ours.
    except Exception as error:
        unpickler.refuse_unknown(name)
        raise BundleError(
            f"{name} cannot be read ({type(error).__name__}): copy it again."
        ) from None
    unpickler.refuse_unknown(name)
    return _checked(loaded, name)


def _checked(loaded: Any, name: str) -> Published:
    content = loaded if isinstance(loaded, dict) else {}
    parts = ("model", "ocsvm", "scaler", "label_encoder")
    found = Published(*(content.get(part) for part in parts))
    kinds = (CLASSIFIERS, ("OneClassSVM",), ("RobustScaler", "StandardScaler"), ("LabelEncoder",))
    values = (found.model, found.gate, found.scaler, found.encoder)
    for part, value, allowed in zip(parts, values, kinds, strict=True):
        kind = type(value).__name__
        if kind not in allowed and (value is not None or part == "model"):
            raise BundleError(
                f"{name} holds {'no' if value is None else kind + ' as'} {part}: it is no bundle "
                f"of the published project, which has one of {', '.join(allowed)} there."
            )
    if getattr(found.model, "n_features_in_", 0) != len(COLUMNS):
        raise BundleError(f"{name} does not work on {' and '.join(COLUMNS)}: it is another model.")
    return found


class _Inert:
    """Stands for what is not allowed while the rest is read; does nothing, whatever is asked."""

    def __new__(cls, *_: Any, **__: Any) -> "_Inert":
        return object.__new__(cls)

    def __init__(self, *_: Any, **__: Any) -> None:
        pass

    def __call__(self, *_: Any, **__: Any) -> "_Inert":
        return self

    def __setstate__(self, _: Any) -> None:
        pass

    def __setitem__(self, _: Any, __: Any) -> None:
        pass

    def append(self, _: Any) -> None:
        pass

    def extend(self, _: Any) -> None:
        pass


class _Unpickler(NumpyUnpickler):  # type: ignore[misc]
    """Hands out allowed names only, and remembers the others."""

    def __init__(self, content: bytes) -> None:
        super().__init__("", io.BytesIO(content), ensure_native_byte_order=True)
        self.unknown: list[str] = []

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) in ALLOWED:
            return super().find_class(module, name)
        self.unknown.append(f"{module}.{name}")
        return _Inert

    def refuse_unknown(self, file: str) -> None:
        if self.unknown:
            raise BundleError(
                f"{file} names {', '.join(dict.fromkeys(self.unknown))}, which is not allowed in "
                "a bundle of the published project: nothing of it was run, and it is not added."
            )


Inflater = Callable[[], Any]
COMPRESSIONS: Mapping[bytes, Inflater] = {
    b"x": zlib.decompressobj,
    b"\x1f\x8b": lambda: zlib.decompressobj(wbits=31),
    b"BZh": bz2.BZ2Decompressor,
    b"\xfd7zXZ": lzma.LZMADecompressor,
    b"]\x00": lzma.LZMADecompressor,
}
"""By the first bytes of a file, as joblib writes them."""


def _inflated(content: bytes, name: str) -> bytes:
    for start, inflater in COMPRESSIONS.items():
        if content.startswith(start):
            try:
                inflated: bytes = inflater().decompress(content, bundles.LARGEST_FILE + 1)
            except (zlib.error, OSError, lzma.LZMAError, EOFError):
                raise BundleError(f"{name} is damaged: copy it again.") from None
            if len(inflated) > bundles.LARGEST_FILE:
                size = bundles.LARGEST_FILE // 10**6
                raise BundleError(f"{name} inflates to more than {size} MB: not opened.")
            return inflated
    return content


# -- a table with coordinates


def places_of(sheet: Sheet) -> Floats:
    """UMAP_1 and UMAP_2 (n, 2) of the rows of a sheet; nan where there is no number.

    Raises:
        TableError: a column is missing.
    """
    missing = [name for name in COLUMNS if name not in sheet.cells.columns]
    if missing:
        raise TableError(
            f"{sheet.place()} lacks the column {' and '.join(missing)}: a bundle of the published "
            "project works on coordinates of its own map."
        )
    numbers = sheet.cells[list(COLUMNS)].apply(pd.to_numeric, errors="coerce")
    places = numbers.to_numpy(float)
    return np.where(np.isfinite(places), places, np.nan)
