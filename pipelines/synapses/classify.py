"""Train a classifier that tells the cluster of new synapses, and score it honestly.

It learns from the features, never from the map: coordinates on a map move when it is made
anew. Noise (-1) is no class: "between the clusters" has no shape of its own that could be
learnt. A new synapse there gets the nearest cluster with a low probability.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.ensemble import RandomForestClassifier

from pipelines import bundles
from pipelines.errors import BundleError, InputError
from pipelines.progress import Report, part
from pipelines.provenance import versions
from pipelines.synapses.arrays import Floats
from pipelines.synapses.features import FEATURES, UNITS, Projection
from pipelines.synapses.holdout import Holdout, Score, hold_out, new_classifier, score
from pipelines.synapses.model import (
    UNREADABLE,
    Fitted,
    load_fitted,
    pack,
    somas_from_arrays,
    somas_to_arrays,
    unpack,
)
from pipelines.synapses.neighbors import Neighborhood
from pipelines.synapses.parameters import TrainParameters

KIND = "synapse clusters"
SCHEMA = 1
NOTES = (
    "Score: every synapse held out once, before frames, scales and classifier are fitted; the "
    "clusters it is compared with come from all synapses.",
    "It holds for further synapses of the same neurons; a new neuron is harder.",
    "A high score says that the clusters can be told apart again, not that they are natural: "
    "a population without any clusters, cut into regions of the map, scores nearly as high.",
    "Noise is not a class: such synapses get the nearest cluster with a low probability.",
)


def train(
    inputs: Mapping[str, Path], parameters: TrainParameters, folder: Path, report: Report
) -> dict[str, Any]:
    """Train on the fit in the folder `inputs["fit"]` and write a bundle.

    Writes `card.json`, `classifier.pickle`, `arrays.npz` and `manifest.json`.

    Raises:
        InputError: the folder is no fit, or has fewer than two clusters.
    """
    report(0.02, "Reading the fit")
    fitted = load_fitted(inputs["fit"])
    _refuse_single(inputs["fit"], fitted)
    holdout = hold_out(fitted, parameters, part(report, 0.05, 0.8))
    figures = score(fitted.labels, holdout)
    real = fitted.labels >= 0
    report(0.8, f"Training on {int(real.sum()):,} synapses")
    classifier = new_classifier(parameters).fit(fitted.features[real], fitted.labels[real])
    card = _card(fitted, parameters, figures)
    (folder / bundles.CLASSIFIER).write_bytes(bundles.dump_classifier(classifier))
    (folder / bundles.ARRAYS).write_bytes(pack(_arrays(fitted, holdout)))
    text = json.dumps(card, indent=2, ensure_ascii=False)
    (folder / bundles.CARD).write_text(text + "\n", encoding="utf-8")
    bundles.write_manifest(folder)
    return _results(card)


def _refuse_single(folder: Path, fitted: Fitted) -> None:
    found = len(np.unique(fitted.labels[fitted.labels >= 0]))
    if found < 2:
        raise InputError(
            f"{folder} has {found} cluster{'' if found == 1 else 's'}, a classifier needs two: "
            "fit again with a smaller smallest cluster or another group."
        )


def _card(fitted: Fitted, parameters: TrainParameters, figures: Score) -> dict[str, Any]:
    labels = fitted.labels
    classes = np.unique(labels[labels >= 0]).tolist()
    return {
        "kind": KIND,
        "schema": SCHEMA,
        "classifier": parameters.classifier,
        "group": fitted.record.group,
        "features": list(FEATURES),
        "units": list(UNITS),
        "classes": classes,
        "n_per_class": np.bincount(labels[labels >= 0]).tolist(),
        "n_noise": int((labels < 0).sum()),
        "neurons": sorted(fitted.projection.frames),
        "holdout_accuracy": figures.accuracy,
        "holdout_accuracy_interval": list(figures.interval),
        "holdout_macro_f1": figures.macro_f1,
        "holdout_calibration_error": figures.calibration_error,
        "largest_class_share": figures.largest_class_share,
        "confusion_matrix": figures.confusion,
        "outlier_auroc": figures.outlier_auroc,
        "noise_median_probability": figures.noise_median_probability,
        "training_data_sha256": fitted.record.table_sha256,
        "fit_parameters": dict(fitted.record.parameters),
        "fit_versions": dict(fitted.record.versions),
        "parameters": parameters.model_dump(mode="json"),
        "versions": versions(),
        "notes": list(NOTES),
    }


def _arrays(fitted: Fitted, holdout: Holdout) -> dict[str, np.ndarray]:
    finite = np.isfinite(holdout.distance)
    return {
        **fitted.projection.to_arrays(),
        **somas_to_arrays(fitted.somas),
        "features": fitted.features,
        "embedding": fitted.embedding,
        "holdout_distance": np.sort(holdout.distance[finite]),
    }


def _results(card: Mapping[str, Any]) -> dict[str, Any]:
    low, high = card["holdout_accuracy_interval"]
    return {
        "group": card["group"],
        "n_rows": sum(card["n_per_class"]),
        "n_classes": len(card["classes"]),
        "n_noise": card["n_noise"],
        "accuracy": round(card["holdout_accuracy"], 4),
        "accuracy_low": round(low, 4),
        "accuracy_high": round(high, 4),
        "macro_f1": round(card["holdout_macro_f1"], 4),
        "calibration_error": round(card["holdout_calibration_error"], 4),
        "largest_class_share": round(card["largest_class_share"], 4),
    }


# -- the bundle again


@dataclass(frozen=True)
class Trained:
    """A bundle that is ready to predict.

    Attributes:
        group: the group of synapses it was trained on.
        projection: frames of the known neurons, and the scales.
        somas: position of the soma in um by NeuronId.
        classifier: has `classes_` and `predict_proba`.
        neighborhood: the training synapses.
        embedding: (g, 2) their map.
        holdout_distance: sorted distances of held-out synapses.
    """

    group: str
    projection: Projection
    somas: Mapping[str, Floats]
    classifier: Any
    neighborhood: Neighborhood
    embedding: Floats
    holdout_distance: Floats


def load_trained(folder: Path) -> Trained:
    """Read a bundle of a synapse classifier.

    Raises:
        BundleError: it is damaged, of another kind, or from another version.
    """
    bundle = bundles.open_bundle(folder)
    if bundle.card.get("kind") != KIND or bundle.card.get("schema") != SCHEMA:
        raise BundleError(f"{folder} is no model of synapse clusters: choose another bundle.")
    if bundle.card.get("features") != list(FEATURES):
        raise BundleError(f"{folder} was trained on other features: train it again.")
    classifier = bundle.classifier()
    try:
        arrays = unpack(bundle.read(bundles.ARRAYS))
        _check_shapes(classifier, arrays)
        return Trained(
            group=str(bundle.card["group"]),
            projection=Projection.from_arrays(arrays),
            somas=somas_from_arrays(arrays),
            classifier=classifier,
            neighborhood=Neighborhood(arrays["features"]),
            embedding=arrays["embedding"],
            holdout_distance=arrays["holdout_distance"],
        )
    except UNREADABLE as error:
        raise BundleError(
            f"{folder} is damaged ({type(error).__name__}): copy or train it again."
        ) from None


def _check_shapes(classifier: Any, arrays: Mapping[str, np.ndarray]) -> None:
    """Classifier, training synapses and their map belong together.

    Raises:
        ValueError, KeyError: they do not.
    """
    features, embedding = arrays["features"], arrays["embedding"]
    fits = (
        isinstance(classifier, RandomForestClassifier)
        and getattr(classifier, "n_features_in_", 0) == len(FEATURES)
        and features.ndim == 2
        and features.shape[1] == len(FEATURES)
        and embedding.shape == (len(features), 2)
        and arrays["holdout_distance"].size > 0
        and np.isfinite(features).all()
    )
    if not fits:
        raise ValueError("arrays of other shapes")
