"""The published project's `*_bundle.pkl`: a classifier on coordinates of its own map.

Such a file is a joblib dictionary of `model`, `ocsvm`, `scaler` and `label_encoder`, made to
be read with `joblib.load`, which runs whatever the file says. It comes in through the command
line only, is read by a closed process (`pipelines.models.pickled`), and kept as files that run
nothing.

Source: Talapka et al., neuron-clustering-project (MIT), for the layout of the file.
"""

import json
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from xgboost import XGBClassifier

from pipelines.core.errors import BundleError, TableError
from pipelines.core.provenance import versions
from pipelines.models import bundles, pickled
from pipelines.models.estimators import stored_boosters, stored_estimators
from pipelines.models.pickled_names import PUBLISHED
from pipelines.synapses.classify.published_parts import (
    COLUMNS,
    ENCODER,
    GATE,
    MODEL,
    SCALER,
    checked,
)
from pipelines.synapses.formats.sheets import Sheet
from pipelines.synapses.table.arrays import Booleans, Floats

KIND = "published synapse clusters"
_, EARLIER = bundles.EARLIER
"""What bundles of earlier versions hold: the pickle itself."""
GROUPS = ("as", "ss", "cb", "cr", "pv")
SETTINGS = (
    *("n_estimators", "max_depth", "learning_rate", "objective", "missing", "random_state"),
    *("subsample", "colsample_bytree", "min_child_weight", "gamma", "reg_alpha", "reg_lambda"),
)
"""Of an XGBClassifier, beside what its booster says."""
NOTES = (
    "Works on UMAP_1 and UMAP_2 of the publication's own map: coordinates of any other map, "
    "made anew or by another version, give meaningless clusters.",
    "Its one-class SVM is told as is_outlier. As a gate it does harm: on the published test "
    "rows it rejected 19, all members of a cluster, and none of the 10 noise rows.",
)


@dataclass(frozen=True)
class PublishedBundle:
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
    """Turn a published file into a bundle: its parts as files that run nothing, and a card.

    Raises:
        BundleError: it is no such file, names what is not allowed, or cannot be read here.
    """
    if source.stat().st_size > bundles.LARGEST_FILE:
        raise BundleError(f"{source} is larger than {bundles.LARGEST_FILE // 10**6} MB.")
    write(source.read_bytes(), source.name, folder)


def renew(bundle: bundles.Bundle, folder: Path) -> None:
    """Write a bundle of an earlier version, which holds the pickle itself, anew into a folder.

    Raises:
        BundleError: see `convert`.
    """
    known = {name: bundle.card[name] for name in ("group",) if name in bundle.card}
    write(bundle.read(EARLIER), bundle.folder.name, folder, known)


def write(content: bytes, name: str, folder: Path, known: Mapping[str, Any] | None = None) -> None:
    """The same as `convert`, for the content of a file of that name.

    Args:
        content: of the file.
        name: of the file.
        folder: is written into.
        known: what the card says in any case.

    Raises:
        BundleError: see `convert`.
    """
    answer = pickled.converted(content, name, PUBLISHED)
    settings = _settings(answer.said.get("settings"))
    card = _card(name, _assembled(answer.parts, settings, name))
    card["made_with_scikit_learn"] = str(answer.said.get("scikit_learn"))[:20]
    if pickled.BOOSTER in answer.parts:
        card["xgboost"] = settings
    card |= known or {}
    for file, part in answer.parts.items():
        (folder / file).write_bytes(part)
    text = json.dumps(card, indent=2, ensure_ascii=False)
    (folder / bundles.CARD).write_text(text + "\n", encoding="utf-8")
    bundles.write_manifest(folder)


def _settings(said: Any) -> dict[str, Any]:
    """Those of `SETTINGS` that are told, each a number or a text."""
    told = said if isinstance(said, dict) else {}
    found = {name: told.get(name) for name in SETTINGS}
    return {name: value for name, value in found.items() if isinstance(value, str | int | float)}


def load(bundle: bundles.Bundle) -> PublishedBundle:
    """Read a bundle that `convert` made.

    Raises:
        BundleError: it was changed, cannot be read, or was made by an earlier version.
    """
    bundle.refuse_earlier()
    parts = {name: bundle.read(name) for name in pickled.FILES if name in bundle.digests}
    return _assembled(parts, _settings(bundle.card.get("xgboost")), bundle.folder.name)


def _assembled(
    files: Mapping[str, bytes], settings: Mapping[str, Any], name: str
) -> PublishedBundle:
    """A classifier with its helpers, once files from elsewhere are found to be sound."""
    trusted = stored_estimators.TRUSTED[PUBLISHED]
    loaded = stored_estimators.load(files.get(pickled.ESTIMATORS, b""), trusted, name)
    if pickled.BOOSTER in files and isinstance(loaded, dict):
        loaded[MODEL] = _boosted(files[pickled.BOOSTER], settings, name)
    parts = checked(loaded, name)
    found = PublishedBundle(*(parts.get(part) for part in (MODEL, GATE, SCALER, ENCODER)))
    _refuse_other_sizes(found, name)
    return found


def _boosted(content: bytes, settings: Mapping[str, Any], name: str) -> XGBClassifier:
    booster = stored_boosters.load(content, name)
    try:
        model = XGBClassifier(n_jobs=1, **settings)
        model.load_model(bytearray(stored_boosters.dump(booster)))
    except (TypeError, ValueError) as error:  # XGBoostError is a ValueError
        raise BundleError(f"{name} is no sound model ({type(error).__name__}).") from None
    return model


def _refuse_other_sizes(found: PublishedBundle, name: str) -> None:
    """All parts take two coordinates, and the encoder knows every answer of the model.

    Raises:
        BundleError: they do not belong together.
    """
    sizes = {part.n_features_in_ for part in (found.gate, found.scaler) if part is not None}
    codes = found.model.classes_
    encoder = found.encoder
    fits = encoder is None or np.array_equal(codes, np.arange(len(encoder.classes_)))
    try:
        whole = all(float(one).is_integer() for one in found.classes)
    except (TypeError, ValueError, OverflowError):
        whole = False
    if not sizes <= {len(COLUMNS)} or not fits or not whole:
        raise BundleError(f"{name} has parts that do not belong together: it is not added.")


def _card(name: str, found: PublishedBundle) -> dict[str, Any]:
    prefix = name.split("_")[0].casefold()
    return {
        "kind": KIND,
        "classifier": type(found.model).__name__,
        "group": prefix if prefix in GROUPS else "unknown",
        "features": list(COLUMNS),
        "units": ["", ""],
        "classes": found.classes,
        "has_scaler": found.scaler is not None,
        "has_gate": found.gate is not None,
        "versions": versions(),
        "notes": [*NOTES, *_without_scaler(found)],
    }


def _without_scaler(found: PublishedBundle) -> list[str]:
    if found.scaler is not None:
        return []
    return ["It holds no scaler: if it was trained on scaled coordinates its answers are wrong."]


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
