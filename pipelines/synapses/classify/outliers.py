"""Two ways to tell that a synapse is unlike those that were learnt from.

The distance to the nearest training synapses in the features is ours. The one-class support
vector machine on the coordinates of the map is the publication's, with its settings; it is
an option for comparison, for what is far away in the features can be placed anywhere on a
map. Both say more the farther; how far is too far follows from held-out synapses.

Source: Schölkopf et al. (2001), doi:10.1162/089976601750264965 (one-class machine);
Ramaswamy et al. (2000), doi:10.1145/342009.335437 (distance to neighbours).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from sklearn.metrics import roc_auc_score
from sklearn.svm import OneClassSVM

from pipelines.synapses.clusters.neighbors import Neighborhood
from pipelines.synapses.table.arrays import Floats

NEIGHBORS, ONE_CLASS = "neighbors", "one-class-svm"
NU = 0.05
"""Share of the training synapses that the published machine leaves outside."""
MOST_ROWS = 5000
"""A machine is fitted to so many at most; its time grows with their square."""


class Detector(Protocol):
    """What gives outlier scores (n,), higher for stranger synapses."""

    def scores(self, near: Floats, places: Floats) -> Floats:
        """Of distances (n, 10) to the nearest training synapses and places (n, 2) on the map."""


@dataclass(frozen=True)
class ByDistance:
    """The mean distance to the nearest training synapses in the features."""

    def scores(self, near: Floats, places: Floats) -> Floats:
        """Scores (n,), the mean of distances `near` (n, 10); the map does not count."""
        return Neighborhood.mean(near)


@dataclass(frozen=True)
class OnMap:
    """The published one-class machine, on robustly scaled coordinates of the map.

    Attributes:
        centre: (2,) median of the places that it was fitted to.
        scale: (2,) their interquartile range, 1 where that is 0.
        machine: fitted to the scaled places.
    """

    centre: Floats
    scale: Floats
    machine: OneClassSVM

    @classmethod
    def fit(cls, embedding: Floats) -> "OnMap":
        """Learn from the map (g, 2) of the training synapses; of many an even part."""
        low, centre, high = np.quantile(embedding, [0.25, 0.5, 0.75], axis=0)
        scale = np.where(high > low, high - low, 1.0)
        step = -(-len(embedding) // MOST_ROWS)
        machine = OneClassSVM(nu=NU, kernel="rbf", gamma="auto")
        return cls(centre, scale, machine.fit((embedding[::step] - centre) / scale))

    def scores(self, near: Floats, places: Floats) -> Floats:
        """Scores (n,) of places (n, 2) on the map; above 0 is outside, as it was published."""
        if not len(places):
            return np.empty(0)
        scores: Floats = -self.machine.decision_function((places - self.centre) / self.scale)
        return scores


def detector(name: str, embedding: Floats) -> Detector:
    """The detector of that name; it is fitted anew, so nothing of it need be stored.

    Args:
        name: `NEIGHBORS` or `ONE_CLASS`.
        embedding: places (n, 2) of the training synapses on the map.

    Raises:
        ValueError: there is none of that name.
    """
    if name == NEIGHBORS:
        return ByDistance()
    if name == ONE_CLASS:
        return OnMap.fit(embedding)
    raise ValueError(f"unknown detector {name}")


@dataclass(frozen=True)
class Outlying:
    """What one detector said in a hold-out.

    Attributes:
        held: (g,) scores of held-out synapses; nan where there was no frame.
        outliers: scores (m,) of synthetic outliers, by their kind.
    """

    held: Floats
    outliers: Mapping[str, Floats] = field(default_factory=dict)

    @property
    def auroc(self) -> dict[str, float]:
        """By kind: the chance that an outlier scores higher than a held-out synapse."""
        real = self.held[np.isfinite(self.held)]
        found = {}
        for kind, scores in self.outliers.items():
            is_outlier = np.repeat([0, 1], [len(real), len(scores)])
            found[kind] = float(roc_auc_score(is_outlier, np.concatenate([real, scores])))
        return found
