"""Where a synapse lies among those that a model was trained on.

All sums run over neighbours, element by element, so that a synapse gets exactly the same
numbers alone and in a batch.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.spatial import cKDTree

from pipelines.core.errors import BundleError
from pipelines.synapses.table.arrays import Floats, Integers

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
        """Mean distance (n,) of features (n, d) to their 10 nearest training synapses.

        Raises:
            BundleError: see `nearest`.
        """
        near, _ = self.nearest(features)
        return self.mean(near)

    @staticmethod
    def mean(near: Floats) -> Floats:
        """Mean (n,) of the distances (n, 10) that `nearest` found."""
        total = np.zeros(len(near))
        for column in near.T:
            total = total + column
        mean: Floats = total / near.shape[1]
        return mean

    @staticmethod
    def place(near: Floats, rows: Integers, embedding: Floats) -> Floats:
        """Places (n, 2) on a map (g, 2): mean of the 5 nearest, weighted by 1 / distance.

        A synapse that equals a training synapse is placed where that one is.

        Args:
            near: distances (n, 10), as `nearest` found them.
            rows: the training synapses at these distances.
            embedding: the map of the training synapses.
        """
        near = near[:, :MAP_NEIGHBORS]
        weights = 1.0 / np.maximum(near, np.finfo(float).tiny ** 0.5)
        weights[near[:, 0] == 0, 1:] = 0.0
        total, places = np.zeros((len(near), 1)), np.zeros((len(near), 2))
        for column in range(near.shape[1]):
            weight = weights[:, column : column + 1]
            total = total + weight
            places = places + weight * embedding[rows[:, column]]
        result: Floats = places / total
        return result

    def nearest(self, features: Floats) -> tuple[Floats, Integers]:
        """Distances and rows (n, 10) of the nearest training synapses, the nearest first.

        Of fewer than 10 training synapses there are as many columns as synapses.

        Args:
            features: (n, d), scaled as those of the training synapses.

        Raises:
            BundleError: some lie beyond what numbers can say, by scales that cannot be right.
        """
        ranks = list(range(1, min(OUTLIER_NEIGHBORS, len(self.features)) + 1))
        _refuse_infinite(features)
        near, rows = self._tree.query(features, k=ranks)
        _refuse_infinite(near)
        return near, rows


def _refuse_infinite(values: Floats) -> None:
    if not np.isfinite(values).all():
        raise BundleError(
            "By the scales of the model a synapse lies infinitely far from all others: the model "
            "is damaged; copy or train it again."
        )
