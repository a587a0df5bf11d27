"""Train a classifier that tells the cluster of new synapses, and score it honestly.

It learns from the features, never from the map: coordinates on a map move when it is made
anew. Noise (-1) is no class: "between the clusters" has no shape of its own that could be
learnt. A new synapse there gets the nearest cluster with a low probability.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xgboost

from pipelines.core.errors import BundleError, InputError
from pipelines.core.progress import Report, part
from pipelines.core.provenance import versions
from pipelines.core.result_files import unpacked
from pipelines.files.reading import reading
from pipelines.models import bundles
from pipelines.models.estimators import stored_boosters
from pipelines.synapses.classify.classifiers import Choice, Learnt, choose
from pipelines.synapses.classify.holdout import Holdout, Score, hold_out, score
from pipelines.synapses.classify.outliers import NEIGHBORS, Detector, detector
from pipelines.synapses.classify.rows import CLASSIFIERS, UBJSON, classifier_of
from pipelines.synapses.clusters.model import (
    Fitted,
    load_fitted,
    pack,
    somas_from_arrays,
    somas_to_arrays,
)
from pipelines.synapses.clusters.neighbors import Neighborhood
from pipelines.synapses.parameters import TrainParameters
from pipelines.synapses.profiles import classifier_for
from pipelines.synapses.table.arrays import Floats
from pipelines.synapses.table.features import Projection

KIND = "synapse clusters"
SCHEMA = 2
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

    Writes `card.json`, `classifier.skops` (or `classifier.ubj` of XGBoost), `arrays.npz`
    and `manifest.json`.

    Raises:
        InputError: the folder is no fit, or has fewer than two clusters.
    """
    report(0.02, "Reading the fit")
    fitted = load_fitted(inputs["fit"])
    _refuse_single(inputs["fit"], fitted)
    parameters = classifier_for(str(fitted.record.parameters.get("profile", "")), parameters)
    holdout = hold_out(fitted, parameters, part(report, 0.05, 0.8))
    figures = score(fitted.labels, holdout)
    real = fitted.labels >= 0
    report(0.8, f"Training on {int(real.sum()):,} synapses")
    choice = choose(fitted.features[real], fitted.labels[real], parameters)
    card = _card(fitted, parameters, figures, holdout, choice)
    save_classifier(choice.classifier, folder)
    (folder / bundles.ARRAYS).write_bytes(pack(_arrays(fitted, holdout, parameters.outliers)))
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


def _card(
    fitted: Fitted, parameters: TrainParameters, figures: Score, holdout: Holdout, choice: Choice
) -> dict[str, Any]:
    labels = fitted.labels
    counts = np.unique(labels[labels >= 0], return_counts=True)[1]
    return {
        "kind": KIND,
        "schema": SCHEMA,
        "classifier": choice.classifier.name,
        "temperature": choice.classifier.temperature,
        "group": fitted.record.group,
        "features": list(fitted.projection.names),
        "units": list(fitted.projection.units),
        "classes": choice.classifier.classes.tolist(),
        "n_per_class": counts.tolist(),
        "n_noise": int((labels < 0).sum()),
        "neurons": sorted(fitted.projection.frames),
        "holdout_accuracy": figures.accuracy,
        "holdout_accuracy_interval": list(figures.interval),
        "holdout_macro_f1": figures.macro_f1,
        "holdout_macro_f1_interval": list(figures.macro_f1_interval),
        "holdout_calibration_error": figures.calibration_error,
        "holdout_calibration_error_by_chance": figures.calibration_error_by_chance,
        "calibration_curve": [asdict(one) for one in figures.calibration],
        "holdout_choices": list(holdout.chosen),
        "inner_macro_f1": dict(choice.macro_f1),
        "inner_log_loss": dict(choice.log_loss),
        "feature_importance": _importance(holdout),
        "largest_class_share": figures.largest_class_share,
        "confusion_matrix": figures.confusion,
        "outlier_detector": parameters.outliers,
        "outlier_auroc": figures.outlier_auroc[parameters.outliers],
        "outlier_auroc_compared": figures.outlier_auroc,
        "outside_on_map": figures.outside_on_map,
        "noise_median_probability": figures.noise_median_probability,
        "training_data_sha256": fitted.record.table_sha256,
        "fit_parameters": dict(fitted.record.parameters),
        "fit_versions": dict(fitted.record.versions),
        "parameters": parameters.model_dump(mode="json"),
        "versions": versions(),
        "notes": list(NOTES),
    }


def _importance(holdout: Holdout) -> dict[str, dict[str, float]]:
    """Of each feature the mean loss of held-out accuracy, and its spread over shufflings."""
    return {
        name: {"mean": float(lost.mean()), "deviation": float(lost.std())}
        for name, lost in holdout.importance.items()
    }


def _arrays(fitted: Fitted, holdout: Holdout, outliers: str) -> dict[str, np.ndarray]:
    scores = holdout.outlying[outliers].held
    return {
        **fitted.projection.to_arrays(),
        **somas_to_arrays(fitted.somas),
        "features": fitted.features,
        "embedding": fitted.embedding[:, :2],
        "holdout_distance": np.sort(scores[np.isfinite(scores)]),
    }


def _results(card: Mapping[str, Any]) -> dict[str, Any]:
    low, high = card["holdout_accuracy_interval"]
    return {
        "group": card["group"],
        "classifier": card["classifier"],
        "n_rows": sum(card["n_per_class"]),
        "n_classes": len(card["classes"]),
        "n_noise": card["n_noise"],
        "accuracy": round(card["holdout_accuracy"], 4),
        "accuracy_low": round(low, 4),
        "accuracy_high": round(high, 4),
        "macro_f1": round(card["holdout_macro_f1"], 4),
        "outlier_auroc": {kind: round(v, 4) for kind, v in card["outlier_auroc"].items()},
        "calibration_error": round(card["holdout_calibration_error"], 4),
        "largest_class_share": round(card["largest_class_share"], 4),
    }


# -- the bundle again


def save_classifier(classifier: Learnt, folder: Path) -> None:
    """Write the model: XGBoost in its own format, scikit-learn as skops."""
    if CLASSIFIERS[classifier.name].stored == UBJSON:
        (folder / bundles.BOOSTER).write_bytes(stored_boosters.dump(classifier.model))
    else:
        bundles.write_classifier(folder, classifier.model)


def _load_classifier(bundle: bundles.Bundle, n_features: int) -> Learnt:
    card = bundle.card
    row = classifier_of(str(card["classifier"]))
    classes, temperature = np.array(card["classes"], dtype=np.int64), float(card["temperature"])
    if row.stored == UBJSON:
        booster = stored_boosters.load(bundle.read(bundles.BOOSTER), str(bundle.folder))
        model: Any = booster
        width, n_classes = booster.num_features(), _n_groups(booster)
    else:
        model = bundle.classifier(row.name)
        kind = type(model)
        if kind is not row.kind:
            raise ValueError("a classifier of another kind")
        width, n_classes = model.n_features_in_, len(model.classes_)
    if (width, n_classes) != (n_features, len(classes)) or len(classes) < 2:
        raise ValueError("a classifier of other features or classes")
    if not 0 < temperature < np.inf:
        raise ValueError("no temperature")
    return Learnt(row.name, classes, model, temperature)


def _n_groups(booster: xgboost.Booster) -> int:
    """How many probabilities it gives for a row."""
    answer: Floats = booster.inplace_predict(np.zeros((1, booster.num_features())))
    return answer.shape[1] if answer.ndim == 2 else 1


@dataclass(frozen=True)
class Trained:
    """A bundle that is ready to predict.

    Attributes:
        group: the group of synapses it was trained on.
        projection: frames of the known neurons, and the scales.
        somas: position (3,) of the soma in um by NeuronId.
        classifier: what tells the clusters.
        neighborhood: the g training synapses.
        embedding: (g, 2) their map.
        holdout_distance: sorted outlier scores (h,) of the h held-out synapses that had a frame.
        detector: what gives these scores.
    """

    group: str
    projection: Projection
    somas: Mapping[str, Floats]
    classifier: Learnt
    neighborhood: Neighborhood
    embedding: Floats
    holdout_distance: Floats
    detector: Detector


def load_trained(folder: Path) -> Trained:
    """Read a bundle of a synapse classifier.

    Raises:
        BundleError: it is damaged, of another kind, or from another version.
    """
    bundle = bundles.open_bundle(folder)
    if bundle.card.get("kind") != KIND:
        raise BundleError(f"{folder} is no model of synapse clusters: choose another bundle.")
    bundle.refuse_earlier()
    if bundle.card.get("schema") != SCHEMA:
        raise BundleError(f"{folder} was made by another version of Neuroboard: train it again.")
    with reading(folder, BundleError, "copy or train it again", "model of synapse clusters"):
        arrays = unpacked(bundle.read(bundles.ARRAYS))
        projection = Projection.from_arrays(arrays)
        _check_features(bundle, projection)
        _check_shapes(arrays, projection)
        return Trained(
            group=str(bundle.card["group"]),
            projection=projection,
            somas=somas_from_arrays(arrays),
            classifier=_load_classifier(bundle, len(projection.names)),
            neighborhood=Neighborhood(arrays["features"]),
            embedding=arrays["embedding"],
            holdout_distance=arrays["holdout_distance"],
            detector=detector(
                str(bundle.card.get("outlier_detector", NEIGHBORS)), arrays["embedding"]
            ),
        )


def _check_features(bundle: bundles.Bundle, projection: Projection) -> None:
    """The card names the features that the stored projection makes.

    Raises:
        BundleError: it names others.
    """
    if bundle.card.get("features") != list(projection.names):
        raise BundleError(
            f"{bundle.folder} was trained on other features than it makes: train it again."
        )


FLOATS = (
    *("features", "embedding", "holdout_distance", "soma_positions", "frame_means", "frame_axes"),
    *("spatial_scale", "area_centre", "area_scale", "weights"),
)
TEXTS = ("frame_neurons", "soma_neurons", "recipe", "schema")


def _check_shapes(arrays: Mapping[str, np.ndarray], projection: Projection) -> None:
    """Training synapses, their map, frames and scales belong together, and are finite.

    Raises:
        Exception: of any kind: they do not.
    """
    for name in TEXTS:
        if name in arrays:
            "".join(arrays[name].ravel().tolist()).encode()  # what is no text cannot be written
    n_rows, n_frames = len(arrays["features"]), len(arrays["frame_neurons"])
    width, n_areas = len(projection.schema.coordinates), len(projection.schema.features)
    shapes = {
        "features": (n_rows, len(projection.names)),
        "embedding": (n_rows, 2),
        "soma_positions": (len(arrays["soma_neurons"]), 3),
        "frame_means": (n_frames, width),
        "frame_axes": (n_frames, width, width),
        "area_centre": (n_areas,),
        "area_scale": (n_areas,),
    }
    found = {name: arrays[name] for name in FLOATS}
    fits = (
        all(found[name].shape == shape for name, shape in shapes.items())
        and all(one.dtype == np.float64 and np.isfinite(one).all() for one in found.values())
        and n_rows > 0
        and found["holdout_distance"].size > 0
        and found["holdout_distance"].ndim == 1
        and found["spatial_scale"] > 0
        and (found["area_scale"] > 0).all()
    )
    if not fits:
        raise ValueError("arrays of other shapes")
