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
from dataclasses import dataclass, field, replace
from math import sqrt

import numpy as np
from sklearn.metrics import f1_score

from pipelines.core.progress import Report
from pipelines.synapses.classify.classifiers import Learnt, choose, stratified_folds
from pipelines.synapses.classify.outliers import NEIGHBORS, ONE_CLASS, Detector, Outlying, detector
from pipelines.synapses.clusters.model import Fitted
from pipelines.synapses.clusters.neighbors import Neighborhood
from pipelines.synapses.parameters import TrainParameters
from pipelines.synapses.table.arrays import Booleans, Floats, Integers, Synapses
from pipelines.synapses.table.features import Projection

NO_ANSWER = -2
NORMAL_95 = 1.959964
CALIBRATION_BINS = 10
CALIBRATION_DRAWS = 100
BOX = 1.5
"""Synthetic outliers fill a box so many times as wide as the training features."""
AREA_FACTOR = 4.0
"""Areas of other synthetic outliers are so many times too large."""
DETECTORS = (NEIGHBORS, ONE_CLASS)
PERMUTATIONS = 5
"""How often each feature is shuffled in each fold."""
BOOTSTRAPS = 2000


@dataclass(frozen=True)
class Holdout:
    """What was said about the g clustered synapses when they were held out.

    Attributes:
        predicted: (g,) cluster, -2 where there was no frame.
        probability: (g,) of that cluster, 0 where there was no frame.
        outlying: what each detector of outliers said, by its name.
        chosen: the classifier that each fold chose.
        importance: by feature (m,), how much accuracy (a share) was lost each of the m times that
            it was shuffled, in all folds together.
    """

    predicted: Integers
    probability: Floats
    outlying: Mapping[str, Outlying]
    chosen: tuple[str, ...] = ()
    importance: Mapping[str, Floats] = field(default_factory=dict)


def hold_out(fitted: Fitted, parameters: TrainParameters, report: Report) -> Holdout:
    """Hold out each clustered synapse once; noise is held out too, but never learnt."""
    fold_of = stratified_folds(fitted.labels, parameters.folds, parameters.seed)
    n_rows = len(fitted.labels)
    predicted = np.full(n_rows, NO_ANSWER, dtype=np.int64)
    probability = np.zeros(n_rows)
    scores = {name: np.full(n_rows, np.nan) for name in DETECTORS}
    outliers: dict[str, dict[str, list[Floats]]] = {name: {} for name in DETECTORS}
    losses: dict[str, list[Floats]] = {}
    chosen = []
    for fold in range(parameters.folds):
        report(fold / parameters.folds, f"Scoring held-out part {fold + 1} of {parameters.folds}")
        held = fold_of == fold
        part = _Part.fit(fitted, held, parameters)
        synapses = fitted.synapses.take(np.flatnonzero(fitted.selected)[held])
        predicted[held], probability[held] = part.answer(synapses)
        random = np.random.default_rng([parameters.seed, fold])
        strange = part.strange(synapses, random)
        for name in DETECTORS:
            scores[name][held] = part.scores(name, part.projection.features(synapses))
            for kind, features in strange.items():
                outliers[name].setdefault(kind, []).append(part.scores(name, features))
        for name, lost in part.importance(synapses, fitted.labels[held], random).items():
            losses.setdefault(name, []).append(lost)
        chosen.append(part.classifier.name)
    outlying = {name: Outlying(scores[name], _pooled(outliers[name])) for name in DETECTORS}
    return Holdout(predicted, probability, outlying, tuple(chosen), _pooled(losses))


def _pooled(parts: Mapping[str, list[Floats]]) -> dict[str, Floats]:
    return {name: np.concatenate(values) for name, values in parts.items()}


@dataclass(frozen=True)
class _Part:
    """Everything that is fitted, without the held-out synapses."""

    projection: Projection
    classifier: Learnt
    neighborhood: Neighborhood
    embedding: Floats
    detectors: Mapping[str, Detector]

    @classmethod
    def fit(cls, fitted: Fitted, held: Booleans, parameters: TrainParameters) -> "_Part":
        kept = np.ones(len(fitted.synapses), dtype=bool)
        kept[np.flatnonzero(fitted.selected)[held]] = False
        projection = fitted.projection.refit(fitted.synapses.take(kept), fitted.selected[kept])
        features = projection.features(fitted.synapses.take(fitted.selected & kept))
        labels, placed = fitted.labels[~held], np.isfinite(features).all(axis=1)
        learnt = placed & (labels >= 0)
        choice = choose(features[learnt], labels[learnt], parameters)
        embedding = fitted.embedding[~held][placed]
        return cls(
            projection,
            choice.classifier,
            Neighborhood(features[placed]),
            embedding,
            {name: detector(name, embedding) for name in DETECTORS},
        )

    def answer(self, synapses: Synapses) -> tuple[Integers, Floats]:
        features = self.projection.features(synapses)
        placed = np.isfinite(features).all(axis=1)
        predicted = np.full(len(synapses), NO_ANSWER, dtype=np.int64)
        probability = np.zeros(len(synapses))
        if placed.any():
            shares = self.classifier.probabilities(features[placed])
            predicted[placed] = self.classifier.classes[shares.argmax(axis=1)]
            probability[placed] = shares.max(axis=1)
        return predicted, probability

    def scores(self, name: str, features: Floats) -> Floats:
        """Outlier scores (n,) of features (n, d), nan where there is no frame."""
        scores, placed = np.full(len(features), np.nan), np.isfinite(features).all(axis=1)
        near, rows = self.neighborhood.nearest(features[placed])
        places = self.neighborhood.place(near, rows, self.embedding)
        scores[placed] = self.detectors[name].scores(near, places)
        return scores

    def strange(self, synapses: Synapses, random: np.random.Generator) -> dict[str, Floats]:
        """Features of synthetic outliers: anywhere in a box, axes swapped, areas too large."""
        known = self.neighborhood.features
        middle, half = (known.max(axis=0) + known.min(axis=0)) / 2, np.ptp(known, axis=0) / 2
        box = middle + BOX * half * random.uniform(-1, 1, (len(synapses), known.shape[1]))
        swapped = replace(synapses, position=np.roll(synapses.position, 1, axis=1))
        large = replace(synapses, areas=synapses.areas * AREA_FACTOR)
        kinds = {"box": box}
        if synapses.position.shape[1]:
            kinds["axes_swapped"] = self.projection.features(swapped)
        if synapses.areas.shape[1]:
            kinds["areas_x4"] = self.projection.features(large)
        return {
            kind: features[np.isfinite(features).all(axis=1)] for kind, features in kinds.items()
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
            for column, name in enumerate(self.projection.names)
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
    calibration_error_by_chance: float
    calibration: list[Bin]
    confusion: list[list[int]]
    outlier_auroc: dict[str, dict[str, float]]
    outside_on_map: float | None
    noise_median_probability: float | None


def score(labels: Integers, holdout: Holdout) -> Score:
    """Compare with the labels (g,).

    Accuracy (with the 95 % interval after Wilson), macro F1 (with a bootstrap interval),
    calibration and confusion (a row a cluster, a column an answer, last column: no answer)
    are over all synapses in a cluster. Noise has no right answer; of it the median
    probability is told. AUROC is by detector and kind of outlier.
    """
    real = labels >= 0
    truth, predicted = labels[real], holdout.predicted[real]
    right = int((truth == predicted).sum())
    classes = np.unique(truth)
    noise, correct = holdout.probability[~real], truth == predicted
    confusion = _confusion(truth, predicted, classes)
    return Score(
        accuracy=right / len(truth),
        interval=wilson_interval(right, len(truth)),
        macro_f1=float(f1_score(truth, predicted, labels=classes, average="macro")),
        macro_f1_interval=macro_f1_interval(confusion),
        largest_class_share=float(np.unique(truth, return_counts=True)[1].max() / len(truth)),
        calibration_error=calibration_error(correct, holdout.probability[real]),
        calibration_error_by_chance=chance_calibration_error(holdout.probability[real]),
        calibration=calibration_curve(correct, holdout.probability[real]),
        confusion=confusion,
        outlier_auroc={name: found.auroc for name, found in holdout.outlying.items()},
        outside_on_map=_outside(holdout, real),
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
    """What was promised and what came true, in ten bins of probability; empty ones left out.

    Args:
        right: whether each answer is right (n,).
        probability: of each answer (n,), from 0 to 1.
    """
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
    """Expected calibration error: |accuracy - probability| in ten bins, weighted by rows.

    Args:
        right: whether each answer is right (n,).
        probability: of each answer (n,), from 0 to 1.
    """
    curve = calibration_curve(right, probability)
    return sum(abs(one.accuracy - one.probability) * one.n for one in curve) / len(right)


def chance_calibration_error(probability: Floats, seed: int = 0) -> float:
    """The calibration error that probabilities (n,) have on average if all are true.

    It is not 0: of few synapses in a bin the share that is right varies by chance.
    """
    random = np.random.default_rng(seed)
    drawn = random.random((CALIBRATION_DRAWS, len(probability))) < probability
    return float(np.mean([calibration_error(right, probability) for right in drawn]))


def _confusion(truth: Integers, predicted: Integers, classes: Integers) -> list[list[int]]:
    n_classes = len(classes)
    answered = np.searchsorted(classes, predicted)
    columns = np.where(predicted == NO_ANSWER, n_classes, answered)
    table = np.zeros((n_classes, n_classes + 1), dtype=int)
    np.add.at(table, (np.searchsorted(classes, truth), columns), 1)
    rows: list[list[int]] = table.tolist()
    return rows


def _outside(holdout: Holdout, real: Booleans) -> float | None:
    """Share of the clustered synapses that the published machine would have rejected."""
    if ONE_CLASS not in holdout.outlying:
        return None
    scores = holdout.outlying[ONE_CLASS].held[real]
    return float((scores > 0).mean())
