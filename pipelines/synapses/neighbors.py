"""Where a synapse lies among those that a model was trained on.

All sums run over neighbours, element by element, so that a synapse gets exactly the same
numbers alone and in a batch.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.spatial import cKDTree

from pipelines.synapses.arrays import Floats

OUTLIER_NEIGHBORS = 10
MAP_NEIGHBORS = 5


@dataclass(frozen=True)
class Neighborhood:
    """The features (g, d) of the training synapses, ready to be searched."""

    features: Floats

    @cached_property
    def _tree(self) -> cKDTree:
        return cKDTree(self.features)

    def distance(self, features: Floats) -> Floats:
        """Mean distance (n,) of features (n, d) to their 10 nearest training synapses."""
        near, _ = self._nearest(features, OUTLIER_NEIGHBORS)
        total = np.zeros(len(features))
        for column in near.T:
            total = total + column
        mean: Floats = total / near.shape[1]
        return mean

    def place(self, features: Floats, embedding: Floats) -> Floats:
        """Places (n, 2) on a map (g, 2): mean of the 5 nearest, weighted by 1 / distance.

        A synapse that equals a training synapse is placed where that one is.
        """
        near, rows = self._nearest(features, MAP_NEIGHBORS)
        weights = 1.0 / np.maximum(near, np.finfo(float).tiny ** 0.5)
        weights[near[:, 0] == 0, 1:] = 0.0
        total, places = np.zeros((len(features), 1)), np.zeros((len(features), 2))
        for column in range(near.shape[1]):
            weight = weights[:, column : column + 1]
            total = total + weight
            places = places + weight * embedding[rows[:, column]]
        result: Floats = places / total
        return result

    def _nearest(self, features: Floats, count: int) -> tuple[Floats, np.ndarray]:
        """Distances and rows (n, count) of the nearest training synapses."""
        ranks = list(range(1, min(count, len(self.features)) + 1))
        near, rows = self._tree.query(features, k=ranks)
        return near, rows
