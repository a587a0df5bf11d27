"""Train a classifier of units on curated metrics, and score it on animals it never saw.

Units of one animal resemble each other, and so do the habits of those who curated them.
Therefore whole groups are held out, and everything that is fitted (medians, members, calibration,
cut-offs) is fitted without them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import ExtraTreesClassifier, HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score, confusion_matrix, f1_score, recall_score
from sklearn.model_selection import GroupKFold, StratifiedKFold

from pipelines.core.progress import Report
from pipelines.core.provenance import digest, versions
from pipelines.spikes.classifier.curated_tables import CLASSES, LEAST_UNITS, Curated, read_curated
from pipelines.spikes.classifier.unit_classifier import (
    KIND,
    STEPS,
    Ensemble,
    Flags,
    MetricScale,
    Probabilities,
    UnitClassifier,
    Values,
    save,
)
from pipelines.spikes.labels.parameters import TrainLabelsParameters
from pipelines.spikes.labels.words import GOOD, NOISE

DIRECTIONS: tuple[Mapping[str, int], Mapping[str, int]] = (
    {
        "snr": 1,
        "amplitude_median": 1,
        "num_spikes": 1,
        "presence_ratio": 1,
        "repolarization_slope": 1,
        "num_positive_peaks": -1,
        "num_negative_peaks": -1,
        "rp_contamination": -1,
        "isi_violations_ratio": -1,
        "sync_spike_4": -1,
        "sync_spike_8": -1,
    },
    {
        "snr": 1,
        "amplitude_median": 1,
        "presence_ratio": 1,
        "rp_contamination": -1,
        "rp_violations": -1,
        "isi_violations_ratio": -1,
        "isi_violations_count": -1,
        "sliding_rp_violation": -1,
        "amplitude_cutoff": -1,
    },
)
"""Which way a metric may move each step: 1 towards neural or single, -1 away from it."""
BOOSTINGS = 2
"""Fits of the boosting whose random choice of metrics differs; their mean is steadier."""
MOST_FOLDS, INNER_FOLDS = 12, 3
CALIBRATION_BINS = 10
Split = tuple[NDArray[np.intp], NDArray[np.intp]]


def train(
    inputs: Mapping[str, Path],
    parameters: TrainLabelsParameters,
    folder: Path,
    report: Report,
) -> dict[str, Any]:
    """Train on the tables in `inputs` and write a bundle into `folder`.

    Raises:
        TableError: a table cannot be read, lacks labels, or there are too few units.
        ParameterError: a table lacks the column that units are grouped by.
    """
    report(0.02, f"Reading {len(inputs)} tables")
    curated = read_curated(list(inputs.values()), parameters)
    held = hold_out(curated, parameters.seed, report)
    report(0.9, f"Training on all {len(curated.labels):,} units")
    classifier = fit(curated, parameters.seed)
    card = _card(curated, held, inputs, parameters)
    save(classifier, card, folder)
    scores = card["held_out"]
    return {
        "n_units": len(curated.labels),
        "n_groups": len(np.unique(curated.groups)),
        "n_metrics": len(curated.metrics),
        **{name: scores[name] for name in ("balanced_accuracy_neural", "balanced_accuracy_single")},
        "macro_f1": scores["macro_f1"],
        "calibration_error": scores["calibration_error"],
        "notes": list(curated.notes),
    }


def fit(curated: Curated, seed: int) -> UnitClassifier:
    """Fit both steps, their calibration and their cut-offs."""
    raw = _fit_members(curated, seed)
    odds = np.full((2, len(curated.labels)), np.nan)
    for learn, test in folds(curated, INNER_FOLDS, seed):
        members = _fit_members(curated.of(learn), seed)
        odds[:, test] = _odds(members, curated.values[test])
    steps = [
        _calibrated(step, odds[number], *curated.target(number))
        for number, step in enumerate(raw.steps)
    ]
    return UnitClassifier(raw.scale, (steps[0], steps[1]))


def folds(curated: Curated, most: int, seed: int) -> Iterator[Split]:
    """Which units to learn from and which to hold out; whole groups where that is possible.

    Args:
        curated: n units.
        most: sets of groups that are held out, at most.
        seed: of the five random folds that stand in for groups.

    Returns:
        Each time the places of the one (m,) and of the other (n - m,) among the units.
    """
    splits = _group_splits(curated, most)
    if splits:
        yield from splits
    else:
        shuffled = StratifiedKFold(5, shuffle=True, random_state=seed)
        yield from shuffled.split(curated.values, curated.labels)


def _group_splits(curated: Curated, most: int) -> list[Split]:
    """Splits by group; none if there is one group, or a side would lack a label to learn."""
    n_groups = len(np.unique(curated.groups))
    if n_groups < 2:
        return []
    splitter = GroupKFold(min(most, n_groups))
    splits = list(splitter.split(curated.values, curated.labels, curated.groups))
    enough = all(
        (curated.labels[learn] == name).sum() >= LEAST_UNITS
        for learn, _ in splits
        for name in CLASSES
    )
    return splits if enough else []


def _fit_members(curated: Curated, seed: int) -> UnitClassifier:
    scale = MetricScale.fit(curated.values, curated.metrics)
    scaled = scale.apply(curated.values)
    steps = [_fit_step(curated, scaled, number, seed) for number in range(2)]
    return UnitClassifier(scale, (steps[0], steps[1]))


def _fit_step(curated: Curated, scaled: Values, number: int, seed: int) -> Ensemble:
    chosen, answer = curated.target(number)
    target = answer[chosen]
    direction = [DIRECTIONS[number].get(name, 0) for name in curated.metrics]
    boosting = tuple(
        HistGradientBoostingClassifier(
            max_iter=200,
            learning_rate=0.05,
            max_leaf_nodes=15,
            l2_regularization=1.0,
            max_features=0.5,
            early_stopping=False,
            monotonic_cst=direction,
            random_state=seed + repeat,
        ).fit(curated.values[chosen], target)
        for repeat in range(BOOSTINGS)
    )
    trees = ExtraTreesClassifier(35, min_samples_leaf=6, max_features=0.4, random_state=seed)
    linear = LogisticRegression(C=0.1, max_iter=3000)
    members = tuple(member.fit(scaled[chosen], target) for member in (trees, linear))
    return Ensemble(boosting, members)


def _odds(classifier: UnitClassifier, values: Values) -> Values:
    scaled = classifier.scale.apply(values)
    return np.array([step.log_odds(values, scaled) for step in classifier.steps])


def _calibrated(step: Ensemble, odds: Values, chosen: Flags, answer: Flags) -> Ensemble:
    """Platt's scaling on held-out log-odds (Platt 1999), and the cut-off.

    Of calibrated probabilities the cut at the share of the positive side has the best balanced
    accuracy; nothing is tuned, so it does not depend on a few animals' units near the cut.
    """
    model = LogisticRegression(C=1e3).fit(odds[chosen, None], answer[chosen])
    return replace(
        step,
        slope=float(model.coef_[0, 0]),
        offset=float(model.intercept_[0]),
        cut=float(answer[chosen].mean()),
    )


def _balanced(found: Probabilities, truth: NDArray[np.str_]) -> tuple[float, float]:
    """Balanced accuracy of noise against neural, and of single against multi among neural."""
    neural = truth != NOISE
    first = _two_recalls(neural, found.neural >= found.neural_cut)
    answer = found.single >= found.single_cut
    return first, _two_recalls(truth[neural] == GOOD, answer[neural])


def _two_recalls(truth: Flags, answer: Flags) -> float:
    return float((answer[truth].mean() + (~answer[~truth]).mean()) / 2)


@dataclass(frozen=True)
class Held:
    """What the classifier says of units that it did not learn from.

    Attributes:
        neural: probability, shape (unit,).
        single: likewise.
        labels: shape (unit,).
        neural_side: whether the first step calls a unit neural, shape (unit,).
        single_side: likewise for the second step.
        importance: of each metric and step, the balanced accuracy that is lost when it is
            shuffled among held-out units.
    """

    neural: Values
    single: Values
    labels: NDArray[np.str_]
    neural_side: Flags
    single_side: Flags
    importance: Mapping[str, Mapping[str, float]]


def hold_out(curated: Curated, seed: int, report: Report) -> Held:
    """Hold out every group once, before anything is fitted."""
    n = len(curated.labels)
    numbers, sides = np.full((2, n), np.nan), np.zeros((2, n), bool)
    labels = np.full(n, NOISE, dtype="<U5")
    lost: list[Values] = []
    splits = list(folds(curated, MOST_FOLDS, seed))
    for number, (learn, test) in enumerate(splits):
        report(0.05 + 0.8 * number / len(splits), f"Holding out {_named(curated, test)}")
        classifier = fit(curated.of(learn), seed)
        found = _predict(classifier, curated.values[test])
        numbers[:, test] = found.neural, found.single
        labels[test] = found.labels
        sides[:, test] = found.neural >= found.neural_cut, found.single >= found.single_cut
        lost.append(_lost(classifier, curated.of(test[::3]), seed))
    importance = _mean_lost(curated.metrics, [one for one in lost if np.isfinite(one).all()])
    return Held(numbers[0], numbers[1], labels, sides[0], sides[1], importance)


def _mean_lost(metrics: Sequence[str], lost: Sequence[Values]) -> dict[str, dict[str, float]]:
    if not lost:
        return {}
    mean: Values = np.mean(lost, axis=0).round(4)
    return {
        step: dict(zip(metrics, mean[:, place].tolist(), strict=True))
        for place, step in enumerate(STEPS)
    }


def _named(curated: Curated, test: NDArray[np.intp]) -> str:
    names = np.unique(curated.groups[test])
    return ", ".join(names[:3]) + (" and more" if len(names) > 3 else "")


def _predict(classifier: UnitClassifier, values: Values) -> Probabilities:
    scaled = classifier.scale.apply(values)
    neural, single = (step.probability(values, scaled) for step in classifier.steps)
    return Probabilities(neural, single, *(step.cut for step in classifier.steps))


def _lost(classifier: UnitClassifier, held: Curated, seed: int) -> Values:
    """Permutation importance of shape (metric, step) (Breiman 2001)."""
    if len(np.unique(held.labels)) < len(CLASSES):
        return np.full((len(held.metrics), 2), np.nan)
    random = np.random.default_rng(seed)
    whole = np.array(_balanced(_predict(classifier, held.values), held.labels))
    rows = []
    for column in range(len(held.metrics)):
        shuffled = held.values.copy()
        shuffled[:, column] = random.permutation(shuffled[:, column])
        rows.append(whole - _balanced(_predict(classifier, shuffled), held.labels))
    return np.array(rows)


def _card(
    curated: Curated, held: Held, inputs: Mapping[str, Path], parameters: TrainLabelsParameters
) -> dict[str, Any]:
    names, counts = np.unique(curated.labels, return_counts=True)
    return {
        "kind": KIND,
        "schema": 1,
        "classifier": "gradient boosting, extremely randomised trees and logistic regression",
        "steps": list(STEPS),
        "classes": list(CLASSES),
        "metrics": list(curated.metrics),
        "n_units": len(curated.labels),
        "n_per_class": {str(a): int(b) for a, b in zip(names, counts, strict=True)},
        "groups": [str(name) for name in np.unique(curated.groups)],
        "held_out": _scores(curated.labels, held),
        "held_out_by_group": {
            str(name): _scores(curated.labels[chosen], _part(held, chosen))
            for name in np.unique(curated.groups)
            if len(np.unique(curated.labels[chosen := curated.groups == name])) == len(CLASSES)
        },
        "permutation_importance": held.importance,
        "training_data_sha256": {path.name: digest(path) for path in inputs.values()},
        "parameters": parameters.model_dump(mode="json"),
        "versions": versions(),
        "notes": _notes(curated),
    }


def _part(held: Held, chosen: Flags) -> Held:
    return Held(
        held.neural[chosen],
        held.single[chosen],
        held.labels[chosen],
        held.neural_side[chosen],
        held.single_side[chosen],
        held.importance,
    )


def _notes(curated: Curated) -> list[str]:
    grouped = bool(_group_splits(curated, MOST_FOLDS))
    how = (
        "Every group was held out once, before medians, members, calibration and cut-offs were "
        "fitted."
        if grouped
        else "There are too few groups to hold out a whole one, so units were held out one fifth "
        "at a time: on another animal the score will be lower."
    )
    return [
        how,
        "A label is the most probable of the three. The balanced accuracies are those of each "
        "question taken alone, at its own cut-off; balanced_accuracy_of_labels is that of labels.",
        "Curators themselves agree on about four of five units; no classifier can do better.",
        "A recording with another gain, probe or sorter is outside of what was learnt.",
    ]


def _scores(truth: NDArray[np.str_], held: Held) -> dict[str, Any]:
    neural = truth != NOISE
    classes = list(CLASSES)
    recalls = recall_score(truth, held.labels, labels=classes, average=None, zero_division=0)
    return {
        "balanced_accuracy_neural": round(balanced_accuracy_score(neural, held.neural_side), 4),
        "balanced_accuracy_single": round(
            balanced_accuracy_score(truth[neural] == GOOD, held.single_side[neural]), 4
        ),
        "balanced_accuracy_of_labels": {
            "neural": round(balanced_accuracy_score(neural, held.labels != NOISE), 4),
            "single": round(
                balanced_accuracy_score(truth[neural] == GOOD, held.labels[neural] == GOOD), 4
            ),
        },
        "macro_f1": round(f1_score(truth, held.labels, labels=classes, average="macro"), 4),
        "accuracy": round(float((truth == held.labels).mean()), 4),
        "recall": dict(zip(classes, np.round(recalls, 4).tolist(), strict=True)),
        "confusion_matrix": confusion_matrix(truth, held.labels, labels=classes).tolist(),
        "calibration_error": round(_calibration_error(truth, held), 4),
    }


def _calibration_error(truth: NDArray[np.str_], held: Held) -> float:
    """Expected calibration error of the neural and single probabilities, ten bins, averaged."""
    neural = truth != NOISE
    first = _binned_error(held.neural, neural)
    second = _binned_error(held.single[neural], truth[neural] == GOOD)
    return (first + second) / 2


def _binned_error(probability: Values, truth: Flags) -> float:
    place = np.minimum((probability * CALIBRATION_BINS).astype(int), CALIBRATION_BINS - 1)
    total = 0.0
    for number in np.unique(place):
        chosen = place == number
        total += abs(probability[chosen].mean() - truth[chosen].mean()) * chosen.mean()
    return float(total)
