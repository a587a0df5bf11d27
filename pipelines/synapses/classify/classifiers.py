"""How classifiers learn clusters from features, and the choice among them.

The choice is made by cross-validation inside the training synapses, and the same held-out
answers set one temperature that makes probabilities honest. Both are part of what is
learnt: a hold-out score has to repeat them in every fold.

Sources: Breiman (2001), doi:10.1023/A:1010933404324 (random forest); Geurts et al. (2006),
doi:10.1007/s10994-006-6226-1 (extra trees); Chen and Guestrin (2016),
doi:10.1145/2939672.2939785 (XGBoost); Guo et al. (2017), arXiv:1706.04599 (temperature);
Platt (1999), "Probabilistic outputs for support vector machines" (targets short of 1).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import xgboost
from scipy.optimize import minimize_scalar
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier
from sklearn.metrics import f1_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import SVC

from pipelines.synapses.classify.rows import AUTO, CLASSIFIERS, candidates
from pipelines.synapses.parameters import TrainParameters
from pipelines.synapses.table.arrays import Floats, Integers

INNER_FOLDS = 3
INNER_TREES = 100
"""Trees while candidates are compared; more only steady the last digit."""
NEIGHBORS = 5
SVC_COST = 10.0
BOOST_ROUNDS, BOOST_DEPTH, BOOST_RATE = 100, 4, 0.1
SMALLEST_SHARE = 1e-3
"""A class that no tree or neighbour votes for is unlikely, not impossible."""
TEMPERATURES = (0.2, 5.0)
BLOCK = 8192
"""Rows that are judged at once, so that they stay in the processor's cache."""


@dataclass(frozen=True)
class Learnt:
    """A classifier that has learnt; `CLASSIFIERS` has what it is.

    Attributes:
        name: a key of `CLASSIFIERS`.
        classes: (k,) the clusters it tells apart, ascending.
        model: a scikit-learn estimator on codes 0 to k - 1, or an XGBoost booster.
        temperature: what probabilities are tempered with; below 1 sharpens.
    """

    name: str
    classes: Integers
    model: Any
    temperature: float = 1.0

    def probabilities(self, features: Floats) -> Floats:
        """Probabilities (n, k) for features (n, d); of each row the same alone and in a batch."""
        if not len(features):
            return np.empty((0, len(self.classes)))
        row = CLASSIFIERS[self.name]
        blocks = [features[start : start + BLOCK] for start in range(0, len(features), BLOCK)]
        return np.concatenate(
            [temper(row.answer(self.model, block), self.temperature) for block in blocks]
        )


@dataclass(frozen=True)
class Choice:
    """What was compared, and what came of it.

    Attributes:
        classifier: trained on all that was given.
        macro_f1: of each candidate in the inner cross-validation.
        log_loss: the same.
    """

    classifier: Learnt
    macro_f1: Mapping[str, float]
    log_loss: Mapping[str, float]


def choose(features: Floats, labels: Integers, parameters: TrainParameters) -> Choice:
    """Learn labels (n,) from features (n, d) with the classifier that `parameters` names.

    With auto each candidate is cross-validated; the highest macro F1 wins, and between
    equals (to a thousandth) the lower log loss.
    """
    names = candidates() if parameters.classifier == AUTO else (parameters.classifier,)
    fewer = parameters.model_copy(update={"n_trees": min(parameters.n_trees, INNER_TREES)})
    trials = {name: _Trial.run(name, features, labels, fewer) for name in names}
    best = min(names, key=lambda name: (-round(trials[name].macro_f1, 3), trials[name].log_loss))
    learnt = learn(best, features, labels, parameters)
    return Choice(
        replace(learnt, temperature=trials[best].temperature),
        {name: trial.macro_f1 for name, trial in trials.items()},
        {name: trial.log_loss for name, trial in trials.items()},
    )


def learn(name: str, features: Floats, labels: Integers, parameters: TrainParameters) -> Learnt:
    """Train one classifier, its probabilities as they come.

    Args:
        name: a key of `CLASSIFIERS`.
        features: (n, d).
        labels: class of each row (n,).
        parameters: of the training.
    """
    classes, codes = np.unique(labels, return_inverse=True)
    model = CLASSIFIERS[name].train(features, codes, len(classes), parameters)
    return Learnt(name, classes, model)


# -- what the rows name: training, and answers as they come


def random_forest(
    features: Floats, codes: Integers, _n_classes: int, parameters: TrainParameters
) -> RandomForestClassifier:
    """A forest of `n_trees` that learns features (n, d) and codes (n,) from 0 to k - 1."""
    model = RandomForestClassifier(parameters.n_trees, random_state=parameters.seed, n_jobs=1)
    return model.fit(features, codes)


def extra_trees(
    features: Floats, codes: Integers, _n_classes: int, parameters: TrainParameters
) -> ExtraTreesClassifier:
    """As many trees as `n_trees`, each split at random places; features (n, d), codes (n,)."""
    model = ExtraTreesClassifier(parameters.n_trees, random_state=parameters.seed, n_jobs=1)
    return model.fit(features, codes)


def nearest(
    features: Floats, codes: Integers, _n_classes: int, _parameters: TrainParameters
) -> KNeighborsClassifier:
    """The nearest neighbours, which count by their closeness; features (n, d), codes (n,)."""
    number = min(NEIGHBORS, len(codes))
    model = KNeighborsClassifier(number, weights="distance", algorithm="kd_tree")
    return model.fit(features, codes)


def machine(
    features: Floats, codes: Integers, _n_classes: int, _parameters: TrainParameters
) -> SVC:
    """A support vector machine with radial kernels; features (n, d), codes (n,)."""
    return SVC(C=SVC_COST).fit(features, codes)


def boosted(
    features: Floats, codes: Integers, n_classes: int, parameters: TrainParameters
) -> xgboost.Booster:
    """Gradient-boosted trees; features (n, d), codes (n,) from 0 to `n_classes` - 1."""
    settings = {
        "objective": "multi:softprob",
        "num_class": n_classes,
        "max_depth": BOOST_DEPTH,
        "eta": BOOST_RATE,
        "seed": parameters.seed,
        "nthread": 1,
        "verbosity": 0,
    }
    return xgboost.train(settings, xgboost.DMatrix(features, label=codes), BOOST_ROUNDS)


def voted(model: Any, features: Floats) -> Floats:
    """Shares (n, k) of trees or neighbours, for features (n, d)."""
    shares: Floats = model.predict_proba(features)
    return shares


def of_machine(model: SVC, features: Floats) -> Floats:
    """Shares (n, k) from distances to the borders, for features (n, d)."""
    return _softmax(model.decision_function(features))


def of_booster(model: xgboost.Booster, features: Floats) -> Floats:
    """Shares (n, k) of a booster, for features (n, d)."""
    shares: Floats = model.inplace_predict(features).astype(np.float64)
    return shares


@dataclass(frozen=True)
class _Trial:
    """One candidate in the inner cross-validation."""

    macro_f1: float
    log_loss: float
    temperature: float

    @classmethod
    def run(
        cls, name: str, features: Floats, labels: Integers, parameters: TrainParameters
    ) -> "_Trial":
        classes, codes = np.unique(labels, return_inverse=True)
        shares = np.full((len(labels), len(classes)), SMALLEST_SHARE)
        fold_of = stratified_folds(labels, INNER_FOLDS, parameters.seed)
        for fold in np.unique(fold_of):
            held = fold_of == fold
            if len(np.unique(labels[~held])) < 2:
                continue  # nothing to tell apart: the held-out rows stay undecided
            part = learn(name, features[~held], labels[~held], parameters)
            known = np.searchsorted(classes, part.classes)
            shares[np.ix_(held, known)] = part.probabilities(features[held])
        temperature = best_temperature(shares, codes)
        loss = log_loss(temper(shares, temperature), codes)
        macro = float(f1_score(codes, shares.argmax(axis=1), average="macro"))
        return cls(macro, loss, temperature)


# -- probabilities


def temper(shares: Floats, temperature: float) -> Floats:
    """Shares (n, k) to the power of 1 / temperature, each row with the sum 1."""
    powers = np.maximum(shares, SMALLEST_SHARE) ** (1.0 / temperature)
    return powers / _row_sums(powers)


def best_temperature(shares: Floats, codes: Integers) -> float:
    """The temperature with the least log loss of held-out shares (n, k), within `TEMPERATURES`.

    The right classes are the codes (n,), from 0 to k - 1; k is 2 at least. As in Platt (1999) one
    row more than there are is taken to be of another class, so that probabilities of clusters far
    apart do not run to certainty.
    """
    n_rows, n_classes = shares.shape
    doubt = 1.0 / (n_rows + 2)
    targets = np.full(shares.shape, doubt / (n_classes - 1))
    targets[np.arange(n_rows), codes] = 1.0 - doubt

    def loss(logarithm: float) -> float:
        return float(-(targets * np.log(temper(shares, float(np.exp(logarithm))))).sum())

    bounds = tuple(np.log(TEMPERATURES))
    return float(np.exp(minimize_scalar(loss, bounds=bounds, method="bounded").x))


def log_loss(probabilities: Floats, codes: Integers) -> float:
    """Mean negative logarithm of the probability that the right class got.

    Args:
        probabilities: (n, k), none of them 0 where it is looked at.
        codes: the right classes (n,), from 0 to k - 1.
    """
    return float(-np.log(probabilities[np.arange(len(codes)), codes]).mean())


def _softmax(scores: Floats) -> Floats:
    if scores.ndim == 1:
        scores = np.column_stack([np.zeros(len(scores)), scores])
    powers: Floats = np.exp(scores - scores.max(axis=1, keepdims=True))
    return powers / _row_sums(powers)


def _row_sums(values: Floats) -> Floats:
    """Sums (n, 1) taken column by column: the same for a row alone and in a batch."""
    total = np.zeros(len(values))
    for column in values.T:
        total = total + column
    return total[:, np.newaxis]


# -- folds


def stratified_folds(labels: Integers, folds: int, seed: int) -> Integers:
    """A fold (n,) for each label: of every class each fold gets its share, to within one."""
    random = np.random.default_rng(seed)
    shuffled = random.permutation(len(labels))
    order = shuffled[np.argsort(labels[shuffled], kind="stable")]
    found = np.empty(len(labels), dtype=np.int64)
    found[order] = np.arange(len(labels)) % folds
    return found
