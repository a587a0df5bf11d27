"""How well a classifier does on synapses it has never met in any form.

In every fold the held-out synapses are removed before frames, scales and classifier are
fitted; the clusters they are compared with come from clustering all synapses. Nothing is
left out of the score: a synapse whose neuron keeps too few rows for a frame is an error.
Folds share neurons, so this is the accuracy for further synapses of known neurons.

Sources: Varma and Simon (2006), doi:10.1186/1471-2105-7-91 (nested scores);
Wilson (1927), doi:10.1080/01621459.1927.10502953 (interval);
Guo et al. (2017), arXiv:1706.04599 (calibration error).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt

import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import f1_score, roc_auc_score

from pipelines.progress import Report
from pipelines.synapses.arrays import Booleans, Floats, Integers, Synapses
from pipelines.synapses.features import Projection, fit_projection
from pipelines.synapses.model import Fitted
from pipelines.synapses.neighbors import Neighborhood
from pipelines.synapses.parameters import TrainParameters

NO_ANSWER = -2
NORMAL_95 = 1.959964
CALIBRATION_BINS = 10
BOX = 1.5
"""Synthetic outliers fill a box so many times as wide as the training features."""
AREA_FACTOR = 4.0
"""Areas of other synthetic outliers are so many times too large."""


@dataclass(frozen=True)
class Holdout:
    """What was said about the g clustered synapses when they were held out.

    Attributes:
        predicted: (g,) cluster, -2 where there was no frame.
        probability: (g,) of that cluster, 0 where there was no frame.
        distance: (g,) mean distance to 10 training synapses, nan where there was no frame.
        outliers: such distances of synthetic outliers, by their kind.
    """

    predicted: Integers
    probability: Floats
    distance: Floats
    outliers: Mapping[str, Floats]


def new_classifier(parameters: TrainParameters) -> RandomForestClassifier:
    """An untrained classifier (Breiman 2001, doi:10.1023/A:1010933404324)."""
    return RandomForestClassifier(
        n_estimators=parameters.n_trees, random_state=parameters.seed, n_jobs=1
    )


def stratified_folds(labels: Integers, folds: int, seed: int) -> Integers:
    """A fold (n,) for each label: of every class each fold gets its share, to within one."""
    random = np.random.default_rng(seed)
    shuffled = random.permutation(len(labels))
    order = shuffled[np.argsort(labels[shuffled], kind="stable")]
    found = np.empty(len(labels), dtype=np.int64)
    found[order] = np.arange(len(labels)) % folds
    return found


def hold_out(fitted: Fitted, parameters: TrainParameters, report: Report) -> Holdout:
    """Hold out each clustered synapse once; noise is held out too, but never learnt."""
    fold_of = stratified_folds(fitted.labels, parameters.folds, parameters.seed)
    n_rows = len(fitted.labels)
    predicted = np.full(n_rows, NO_ANSWER, dtype=np.int64)
    probability, distance = np.zeros(n_rows), np.full(n_rows, np.nan)
    outliers: dict[str, list[Floats]] = {}
    for fold in range(parameters.folds):
        report(fold / parameters.folds, f"Scoring held-out part {fold + 1} of {parameters.folds}")
        held = fold_of == fold
        part = _Part.fit(fitted, held, parameters)
        synapses = fitted.synapses.take(np.flatnonzero(fitted.selected)[held])
        predicted[held], probability[held], distance[held] = part.answer(synapses)
        random = np.random.default_rng([parameters.seed, fold])
        for kind, distances in part.outliers(synapses, random).items():
            outliers.setdefault(kind, []).append(distances)
    pooled = {kind: np.concatenate(parts) for kind, parts in outliers.items()}
    return Holdout(predicted, probability, distance, pooled)


@dataclass(frozen=True)
class _Part:
    """Everything that is fitted, without the held-out synapses."""

    projection: Projection
    classifier: RandomForestClassifier
    neighborhood: Neighborhood

    @classmethod
    def fit(cls, fitted: Fitted, held: Booleans, parameters: TrainParameters) -> "_Part":
        kept = np.ones(len(fitted.synapses), dtype=bool)
        kept[np.flatnonzero(fitted.selected)[held]] = False
        scaler = fitted.projection.scaler
        projection = fit_projection(
            fitted.synapses.take(kept),
            fitted.selected[kept],
            scaler.spatial_weight,
            scaler.area_weight,
        )
        features = projection.features(fitted.synapses.take(fitted.selected & kept))
        labels, placed = fitted.labels[~held], np.isfinite(features).all(axis=1)
        learnt = placed & (labels >= 0)
        classifier = new_classifier(parameters).fit(features[learnt], labels[learnt])
        return cls(projection, classifier, Neighborhood(features[placed]))

    def answer(self, synapses: Synapses) -> tuple[Integers, Floats, Floats]:
        features = self.projection.features(synapses)
        placed = np.isfinite(features).all(axis=1)
        predicted = np.full(len(synapses), NO_ANSWER, dtype=np.int64)
        probability, distance = np.zeros(len(synapses)), np.full(len(synapses), np.nan)
        if placed.any():
            shares = self.classifier.predict_proba(features[placed])
            predicted[placed] = self.classifier.classes_[shares.argmax(axis=1)]
            probability[placed] = shares.max(axis=1)
            distance[placed] = self.neighborhood.distance(features[placed])
        return predicted, probability, distance

    def outliers(self, synapses: Synapses, random: np.random.Generator) -> dict[str, Floats]:
        """Distances of synthetic outliers: anywhere in a box, axes swapped, areas too large."""
        known = self.neighborhood.features
        middle, half = (known.max(axis=0) + known.min(axis=0)) / 2, np.ptp(known, axis=0) / 2
        box = middle + BOX * half * random.uniform(-1, 1, (len(synapses), known.shape[1]))
        swapped = Synapses(synapses.key, np.roll(synapses.position, 1, axis=1), synapses.areas)
        large = Synapses(synapses.key, synapses.position, synapses.areas * AREA_FACTOR)
        kinds = {
            "box": box,
            "axes_swapped": self.projection.features(swapped),
            "areas_x4": self.projection.features(large),
        }
        return {
            kind: self.neighborhood.distance(features[np.isfinite(features).all(axis=1)])
            for kind, features in kinds.items()
        }


# -- figures


@dataclass(frozen=True)
class Score:
    """The figures of a hold-out; see `score`."""

    accuracy: float
    interval: tuple[float, float]
    macro_f1: float
    largest_class_share: float
    calibration_error: float
    confusion: list[list[int]]
    outlier_auroc: dict[str, float]
    noise_median_probability: float | None


def score(labels: Integers, holdout: Holdout) -> Score:
    """Compare with the labels (g,).

    Accuracy (with the 95 % interval after Wilson), macro F1, calibration error and confusion
    (a row a cluster, a column an answer, last column: no answer) are over all synapses in a
    cluster. Noise has no right answer; of it the median probability is told.
    """
    real = labels >= 0
    truth, predicted = labels[real], holdout.predicted[real]
    right = int((truth == predicted).sum())
    classes = np.unique(truth)
    noise = holdout.probability[~real]
    return Score(
        accuracy=right / len(truth),
        interval=wilson_interval(right, len(truth)),
        macro_f1=float(f1_score(truth, predicted, labels=classes, average="macro")),
        largest_class_share=float(np.bincount(truth).max() / len(truth)),
        calibration_error=calibration_error(truth == predicted, holdout.probability[real]),
        confusion=_confusion(truth, predicted, len(classes)),
        outlier_auroc=_outlier_auroc(holdout),
        noise_median_probability=float(np.median(noise)) if len(noise) else None,
    )


def wilson_interval(right: int, total: int) -> tuple[float, float]:
    """The 95 % interval of a share, after Wilson (1927)."""
    share, square = right / total, NORMAL_95**2
    centre = (share + square / (2 * total)) / (1 + square / total)
    half = sqrt(share * (1 - share) / total + square / (4 * total**2))
    half *= NORMAL_95 / (1 + square / total)
    return max(0.0, centre - half), min(1.0, centre + half)


def calibration_error(right: Booleans, probability: Floats) -> float:
    """Expected calibration error: |accuracy - probability| in ten bins, weighted by rows."""
    bins = np.minimum((probability * CALIBRATION_BINS).astype(int), CALIBRATION_BINS - 1)
    gaps = [
        abs(right[bins == i].mean() - probability[bins == i].mean()) * (bins == i).mean()
        for i in np.unique(bins)
    ]
    return float(sum(gaps))


def _confusion(truth: Integers, predicted: Integers, n_classes: int) -> list[list[int]]:
    table = np.zeros((n_classes, n_classes + 1), dtype=int)
    np.add.at(table, (truth, np.where(predicted == NO_ANSWER, n_classes, predicted)), 1)
    rows: list[list[int]] = table.tolist()
    return rows


def _outlier_auroc(holdout: Holdout) -> dict[str, float]:
    real = holdout.distance[np.isfinite(holdout.distance)]
    found = {}
    for kind, distances in holdout.outliers.items():
        is_outlier = np.repeat([0, 1], [len(real), len(distances)])
        found[kind] = float(roc_auc_score(is_outlier, np.concatenate([real, distances])))
    return found
