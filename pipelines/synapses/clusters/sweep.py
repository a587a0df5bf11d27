"""What HDBSCAN finds on the same map when it is told another density.

A number of clusters that changes with every step is the algorithm's choice, not the data's.
"""

import numpy as np
import pandas as pd
from hdbscan import HDBSCAN

from pipelines.synapses.clusters.cluster import Density
from pipelines.synapses.table.arrays import Floats

STEPS = 10
MOST_ROWS = 5000
"""Of larger maps every so many-th synapse is taken, with sizes in proportion."""


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
    step = -(-len(layout) // MOST_ROWS)
    points, scaled = layout[::step], density.scaled(1 / step)
    highest = min(2 * scaled.min_cluster_size, len(points) - 1)
    values = np.unique(np.geomspace(1, highest, STEPS).round().astype(int))
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
