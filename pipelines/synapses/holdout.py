"""How well a classifier does on synapses it has never met in any form.

In every fold the held-out synapses are removed before frames, scales and classifier are
fitted and the kind of classifier is chosen; the clusters they are compared with come from
clustering all synapses. Nothing is
left out of the score: a synapse whose neuron keeps too few rows for a frame is an error.
Folds share neurons, so this is the accuracy for further synapses of known neurons.

Sources: Varma and Simon (2006), doi:10.1186/1471-2105-7-91 (nested scores);
Wilson (1927), doi:10.1080/01621459.1927.10502953 (interval);
Guo et al. (2017), arXiv:1706.04599 (calibration error); Breiman (2001),
doi:10.1023/A:1010933404324 (permutation importance); Efron (1979),
doi:10.1214/aos/1176344552 (bootstrap interval).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import sqrt

import numpy as np
from sklearn.metrics import f1_score, roc_auc_score

from pipelines.progress import Report
from pipelines.synapses.arrays import Booleans, Floats, Integers, Synapses
from pipelines.synapses.classifiers import Classifier, choose, stratified_folds
from pipelines.synapses.features import FEATURES, Projection, fit_projection
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
PERMUTATIONS = 5
"""How often each feature is shuffled in each fold."""
BOOTSTRAPS = 2000


@dataclass(frozen=True)
class Holdout:
    """What was said about the g clustered synapses when they were held out.

    Attributes:
        predicted: (g,) cluster, -2 where there was no frame.
        probability: (g,) of that cluster, 0 where there was no frame.
        distance: (g,) mean distance to 10 training synapses, nan where there was no frame.
        outliers: such distances of synthetic outliers, by their kind.
        chosen: the classifier that each fold chose.
        importance: by feature, how much accuracy was lost whenever it was shuffled.
    """

    predicted: Integers
    probability: Floats
    distance: Floats
    outliers: Mapping[str, Floats]
    chosen: tuple[str, ...] = ()
    importance: Mapping[str, Floats] = field(default_factory=dict)


def hold_out(fitted: Fitted, parameters: TrainParameters, report: Report) -> Holdout:
    """Hold out each clustered synapse once; noise is held out too, but never learnt."""
    fold_of = stratified_folds(fitted.labels, parameters.folds, parameters.seed)
    n_rows = len(fitted.labels)
    predicted = np.full(n_rows, NO_ANSWER, dtype=np.int64)
    probability, distance = np.zeros(n_rows), np.full(n_rows, np.nan)
    outliers: dict[str, list[Floats]] = {}
    losses: dict[str, list[Floats]] = {}
    chosen = []
    for fold in range(parameters.folds):
        report(fold / parameters.folds, f"Scoring held-out part {fold + 1} of {parameters.folds}")
        held = fold_of == fold
        part = _Part.fit(fitted, held, parameters)
        synapses = fitted.synapses.take(np.flatnonzero(fitted.selected)[held])
        predicted[held], probability[held], distance[held] = part.answer(synapses)
        random = np.random.default_rng([parameters.seed, fold])
        for kind, distances in part.outliers(synapses, random).items():
            outliers.setdefault(kind, []).append(distances)
        for name, lost in part.importance(synapses, fitted.labels[held], random).items():
            losses.setdefault(name, []).append(lost)
        chosen.append(part.classifier.name)
    return Holdout(
        predicted, probability, distance, _pooled(outliers), tuple(chosen), _pooled(losses)
    )


def _pooled(parts: Mapping[str, list[Floats]]) -> dict[str, Floats]:
    return {name: np.concatenate(values) for name, values in parts.items()}


@dataclass(frozen=True)
class _Part:
    """Everything that is fitted, without the held-out synapses."""

    projection: Projection
    classifier: Classifier
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
        choice = choose(features[learnt], labels[learnt], parameters)
        return cls(projection, choice.classifier, Neighborhood(features[placed]))

    def answer(self, synapses: Synapses) -> tuple[Integers, Floats, Floats]:
        features = self.projection.features(synapses)
        placed = np.isfinite(features).all(axis=1)
        predicted = np.full(len(synapses), NO_ANSWER, dtype=np.int64)
        probability, distance = np.zeros(len(synapses)), np.full(len(synapses), np.nan)
        if placed.any():
            shares = self.classifier.probabilities(features[placed])
            predicted[placed] = self.classifier.classes[shares.argmax(axis=1)]
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

    def importance(
        self, synapses: Synapses, labels: Integers, random: np.random.Generator
    ) -> dict[str, Floats]:
        """Accuracy (`PERMUTATIONS`,) lost on clustered synapses by shuffling each feature."""
        features = self.projection.features(synapses)
        used = np.isfinite(features).all(axis=1) & (labels >= 0)
        features, truth = features[used], labels[used]
        if not len(truth):
            return {}
        before = self._accuracy(features, truth)
        return {
            name: np.array(
                [
                    before - self._accuracy(_shuffled(features, column, random), truth)
                    for _ in range(PERMUTATIONS)
                ]
            )
            for column, name in enumerate(FEATURES)
        }

    def _accuracy(self, features: Floats, truth: Integers) -> float:
        answers = self.classifier.classes[self.classifier.probabilities(features).argmax(axis=1)]
        return float((answers == truth).mean())


def _shuffled(features: Floats, column: int, random: np.random.Generator) -> Floats:
    shuffled = features.copy()
    shuffled[:, column] = random.permutation(shuffled[:, column])
    return shuffled


# -- figures


@dataclass(frozen=True)
class Bin:
    """Held-out synapses whose probability was alike.

    Attributes:
        probability: their mean probability.
        accuracy: the share that was right.
        n: how many.
    """

    probability: float
    accuracy: float
    n: int


@dataclass(frozen=True)
class Score:
    """The figures of a hold-out; see `score`."""

    accuracy: float
    interval: tuple[float, float]
    macro_f1: float
    macro_f1_interval: tuple[float, float]
    largest_class_share: float
    calibration_error: float
    calibration: list[Bin]
    confusion: list[list[int]]
    outlier_auroc: dict[str, float]
    noise_median_probability: float | None


def score(labels: Integers, holdout: Holdout) -> Score:
    """Compare with the labels (g,).

    Accuracy (with the 95 % interval after Wilson), macro F1 (with a bootstrap interval),
    calibration and confusion (a row a cluster, a column an answer, last column: no answer)
    are over all synapses in a cluster. Noise has no right answer; of it the median
    probability is told.
    """
    real = labels >= 0
    truth, predicted = labels[real], holdout.predicted[real]
    right = int((truth == predicted).sum())
    classes = np.unique(truth)
    noise, correct = holdout.probability[~real], truth == predicted
    confusion = _confusion(truth, predicted, len(classes))
    return Score(
        accuracy=right / len(truth),
        interval=wilson_interval(right, len(truth)),
        macro_f1=float(f1_score(truth, predicted, labels=classes, average="macro")),
        macro_f1_interval=macro_f1_interval(confusion),
        largest_class_share=float(np.bincount(truth).max() / len(truth)),
        calibration_error=calibration_error(correct, holdout.probability[real]),
        calibration=calibration_curve(correct, holdout.probability[real]),
        confusion=confusion,
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


def macro_f1_interval(confusion: list[list[int]], seed: int = 0) -> tuple[float, float]:
    """The 95 % interval of macro F1, from confusion tables (k, k + 1) drawn anew."""
    cells = np.array(confusion)
    total = cells.sum()
    random = np.random.default_rng(seed)
    drawn = random.multinomial(total, cells.ravel() / total, BOOTSTRAPS)
    drawn = drawn.reshape(BOOTSTRAPS, *cells.shape)
    hits = np.diagonal(drawn, axis1=1, axis2=2)
    sizes = drawn.sum(axis=2) + drawn[:, :, : len(cells)].sum(axis=1)
    low, high = np.quantile((2 * hits / np.maximum(sizes, 1)).mean(axis=1), [0.025, 0.975])
    return float(low), float(high)


def calibration_curve(right: Booleans, probability: Floats) -> list[Bin]:
    """What was promised and what came true, in ten bins of probability; empty ones left out."""
    bins = np.minimum((probability * CALIBRATION_BINS).astype(int), CALIBRATION_BINS - 1)
    return [
        Bin(
            float(probability[bins == i].mean()),
            float(right[bins == i].mean()),
            int((bins == i).sum()),
        )
        for i in np.unique(bins)
    ]


def calibration_error(right: Booleans, probability: Floats) -> float:
    """Expected calibration error: |accuracy - probability| in ten bins, weighted by rows."""
    curve = calibration_curve(right, probability)
    return sum(abs(one.accuracy - one.probability) * one.n for one in curve) / len(right)


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
