"""Clusters as dense regions of the map, with what lies between them left out as noise.

What is found when another density is asked for is measured too: a number of clusters that changes
with every step is the algorithm's choice, not the data's.

Source: Campello, Moulavi and Sander (2013), HDBSCAN, doi:10.1007/978-3-642-37456-2_14;
McInnes, Healy and Astels (2017), doi:10.21105/joss.00205.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from hdbscan import HDBSCAN

from pipelines.synapses.clusters.joining import joined
from pipelines.synapses.parameters import FitParameters
from pipelines.synapses.profiles import PUBLISHED
from pipelines.synapses.table.arrays import Floats, Integers, Texts

NOISE = -1
AUTOMATIC_SHARE = 0.1
AUTOMATIC_LEAST = 10
MOST_SAMPLES = 100
"""Of the automatic choice: every synapse's so many nearest are held in memory."""
SWEEP_STEPS = 10
"""Densities that are tried."""
MOST_SWEPT = 5000
"""Of larger maps every so many-th synapse is taken, with sizes in proportion."""


@dataclass(frozen=True)
class Clusters:
    """The clusters of n synapses.

    Attributes:
        labels: (n,) 0 for the largest cluster, then 1, ...; -1 is noise.
        probability: (n,) strength of membership, 0 for noise.
    """

    labels: Integers
    probability: Floats


@dataclass(frozen=True)
class Density:
    """What HDBSCAN is told: the smallest cluster, and how dense it must be."""

    min_cluster_size: int
    min_samples: int

    @classmethod
    def for_rows(cls, n_rows: int, min_cluster_size: int, min_samples: int) -> "Density":
        """Fill in what was left to be chosen (0) from the number of rows."""
        automatic = max(AUTOMATIC_LEAST, round(AUTOMATIC_SHARE * n_rows))
        size = min(min_cluster_size or automatic, n_rows)
        samples = min_samples or min(MOST_SAMPLES, max(1, size // 3))
        return cls(size, min(samples, n_rows - 1))

    def scaled(self, share: float) -> "Density":
        """The same for a part of the rows."""
        return Density(
            max(2, round(self.min_cluster_size * share)), max(1, round(self.min_samples * share))
        )


@dataclass(frozen=True)
class ClusteringAsked:
    """What a clusterer of `synapses/clusterers.py` is asked.

    Attributes:
        features: (n, d), scaled as they are compared.
        layout: the map (n, 2 or 3); of a clusterer that is not `on_map` it may be the features.
        key: (n, 3) sorts the rows, so that their order decides nothing.
        density: for these rows.
        parameters: of the fit; `seed` is that of this run.
    """

    features: Floats
    layout: Floats
    key: Texts
    density: Density
    parameters: FitParameters


def dense_regions(asked: ClusteringAsked) -> Clusters:
    """`cluster` as the clusterer `hdbscan`; of the published profile nothing is joined."""
    found = cluster(asked.layout, asked.key, asked.density)
    return found if asked.parameters.profile == PUBLISHED else rejoined(found, asked.features)


def cluster(embedding: Floats, key: Texts, density: Density) -> Clusters:
    """Cluster a map (n, 2 or 3); `key` (n, 3) sorts the rows, so that order decides nothing."""
    order = np.lexsort(key.T[::-1])
    model = HDBSCAN(
        min_cluster_size=density.min_cluster_size,
        min_samples=density.min_samples,
        approx_min_span_tree=False,
        core_dist_n_jobs=1,
    )
    found = model.fit_predict(embedding[order])
    labels, probability = np.empty(len(embedding), dtype=np.int64), np.empty(len(embedding))
    labels[order] = by_size(found)
    probability[order] = model.probabilities_
    return Clusters(labels, probability)


def rejoined(found: Clusters, features: Floats) -> Clusters:
    """The clusters of a map with those joined that are not separated in the features (n, d)."""
    groups = joined(features, found.labels)
    real = found.labels != NOISE
    labels = np.full(len(real), NOISE, dtype=np.int64)
    labels[real] = groups[found.labels[real]]
    return Clusters(by_size(labels), found.probability)


def by_size(labels: Integers) -> Integers:
    """Number clusters (n,) by falling size, equal ones by their first row; noise stays -1."""
    names, first, counts = np.unique(labels[labels != NOISE], return_index=True, return_counts=True)
    ranked = names[np.lexsort((first, -counts))]
    new = {int(name): rank for rank, name in enumerate(ranked)}
    return np.array([new.get(int(label), NOISE) for label in labels], dtype=np.int64)


def sweep_min_samples(layout: Floats, density: Density) -> pd.DataFrame:
    """Cluster a map (n, 2), or (n, 3), with other values of min_samples.

    Args:
        layout: the map that the clusters were found on.
        density: how they were found there.

    Returns:
        `min_samples` (synapses), `n_clusters, noise_share, mean_probability` (of clustered
        synapses), one line for each of at most ten values from 1 to twice the smallest cluster.
        Of a map that was thinned `min_samples` is what would be said of the whole.
    """
    step = -(-len(layout) // MOST_SWEPT)
    points, scaled = layout[::step], density.scaled(1 / step)
    highest = min(2 * scaled.min_cluster_size, len(points) - 1)
    values = np.unique(np.geomspace(1, highest, SWEEP_STEPS).round().astype(int))
    lines = [_line(points, scaled.min_cluster_size, int(value), step) for value in values]
    return pd.DataFrame(lines)


def _line(points: Floats, size: int, min_samples: int, step: int) -> dict[str, float]:
    model = HDBSCAN(
        min_cluster_size=size,
        min_samples=min_samples,
        approx_min_span_tree=False,
        core_dist_n_jobs=1,
    )
    labels = model.fit_predict(points)
    real = labels >= 0
    return {
        "min_samples": min_samples * step,
        "n_clusters": int(labels.max()) + 1,
        "noise_share": float(np.mean(~real)),
        "mean_probability": float(model.probabilities_[real].mean()) if real.any() else 0.0,
    }
