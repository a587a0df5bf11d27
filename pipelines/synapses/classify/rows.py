"""The classifiers of synapses: one row for each, which form, training, bundles and docs read.

To add one, write the function that trains it in `classifiers.py`, and copy a row. One of
scikit-learn's also needs its types, by its name, in `stored_estimators.TRUSTED`. The rows are
light: what trains is imported when it is needed.
"""

from dataclasses import dataclass
from typing import Any

from pipelines.core.location import imported

AUTO = "auto"
SKOPS, UBJSON = "skops", "ubj"
"""How a bundle keeps a model: as scikit-learn's estimators, or in XGBoost's own format."""


@dataclass(frozen=True)
class Classifier:
    """What can learn clusters from features.

    Attributes:
        name: on the form, on the command line and in cards of bundles.
        title: what it is called in a sentence.
        source: the publication.
        trains: its training, as `module:function`, from features (n, d), codes (n,) from 0, the
            number of classes and the parameters to a model.
        shares: how it answers, as `module:function`, from a model and features (n, d) to
            probabilities (n, k) as they come.
        turn: when auto tries it; of equals the earlier one is taken.
        heeds: parameters that it looks at and not every classifier does.
        stored: how a bundle keeps it, `SKOPS` or `UBJSON`.
        estimator: the type that a bundle of it must hold, as `module:class`; empty for a booster.
    """

    name: str
    title: str
    source: str
    trains: str
    shares: str
    turn: int
    heeds: tuple[str, ...] = ()
    stored: str = SKOPS
    estimator: str = ""

    def train(self, features: Any, codes: Any, n_classes: int, parameters: Any) -> Any:
        """A model that has learnt; see `trains`."""
        return imported(self.trains)(features, codes, n_classes, parameters)

    def answer(self, model: Any, features: Any) -> Any:
        """Probabilities of a model; see `shares`."""
        return imported(self.shares)(model, features)

    @property
    def kind(self) -> type:
        """The type that a bundle of it must hold."""
        found: type = imported(self.estimator)
        return found


_HERE = "pipelines.synapses.classify.classifiers"
_ALL = (
    Classifier(
        "random-forest",
        "a random forest",
        "Breiman 2001, doi:10.1023/A:1010933404324",
        f"{_HERE}:random_forest",
        f"{_HERE}:voted",
        turn=4,
        heeds=("n_trees",),
        estimator="sklearn.ensemble:RandomForestClassifier",
    ),
    Classifier(
        "xgboost",
        "gradient-boosted trees (XGBoost)",
        "Chen and Guestrin 2016, doi:10.1145/2939672.2939785",
        f"{_HERE}:boosted",
        f"{_HERE}:of_booster",
        turn=5,
        stored=UBJSON,
    ),
    Classifier(
        "knn",
        "the nearest neighbours, by their distance",
        "Cover and Hart 1967, doi:10.1109/TIT.1967.1053964",
        f"{_HERE}:nearest",
        f"{_HERE}:voted",
        turn=1,
        estimator="sklearn.neighbors:KNeighborsClassifier",
    ),
    Classifier(
        "extra-trees",
        "extremely randomised trees",
        "Geurts et al. 2006, doi:10.1007/s10994-006-6226-1",
        f"{_HERE}:extra_trees",
        f"{_HERE}:voted",
        turn=3,
        heeds=("n_trees",),
        estimator="sklearn.ensemble:ExtraTreesClassifier",
    ),
    Classifier(
        "svc",
        "a support vector machine",
        "Platt 1999 (its probabilities)",
        f"{_HERE}:machine",
        f"{_HERE}:of_machine",
        turn=2,
        estimator="sklearn.svm:SVC",
    ),
)
CLASSIFIERS: dict[str, Classifier] = {classifier.name: classifier for classifier in _ALL}
"""All classifiers by name, in the order of the form."""


def candidates() -> tuple[str, ...]:
    """The names of all, in the order in which auto tries them."""
    return tuple(sorted(CLASSIFIERS, key=lambda name: CLASSIFIERS[name].turn))


def classifier_of(name: str) -> Classifier:
    """The row of a name in a card.

    Raises:
        ValueError: there is none.
    """
    if name not in CLASSIFIERS:
        raise ValueError(f"unknown classifier {name}")
    return CLASSIFIERS[name]
