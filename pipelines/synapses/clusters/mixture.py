"""Clusters as the components of a Gaussian mixture on the features.

The number of components is the one with the lowest Bayesian information criterion; one
component, which means no clusters, is among the candidates.

Source: Fraley and Raftery (2002), doi:10.1198/016214502760047131; Schwarz (1978),
doi:10.1214/aos/1176344136.

Components that are no islands of their own in the features are joined (`joining`).
"""

import numpy as np
from sklearn.mixture import GaussianMixture

from pipelines.synapses.clusters.cluster import ClusteringAsked, Clusters, by_size
from pipelines.synapses.clusters.joining import joined
from pipelines.synapses.table.arrays import Floats, Texts

MOST_COMPONENTS = 8
RESTARTS = 3
PATIENCE = 2
"""Numbers of components in a row that may fail to lower the criterion."""
ROWS_PER_COMPONENT = 20
"""A component in five dimensions has 20 free numbers; with fewer rows it describes noise."""
SMALLEST_SHARE = 0.05
"""Share of the synapses in a cluster; a component for a few extremes is none."""
REGULARIZATION = 1e-4
"""Added to variances, so that a component cannot shrink to a point; features vary by about 1."""


def components(asked: ClusteringAsked) -> Clusters:
    """`mixture` as the clusterer `gmm`."""
    return mixture(asked.features, asked.key, asked.parameters.seed)


def mixture(features: Floats, key: Texts, seed: int) -> Clusters:
    """Cluster features (n, d); `key` (n, 3) sorts the rows, so that their order decides nothing."""
    order = np.lexsort(key.T[::-1])
    ordered = features[order]
    most = max(1, min(MOST_COMPONENTS, len(features) // ROWS_PER_COMPONENT))
    best = _lowest_bic(ordered, most, seed)
    shares = _joined(ordered, best.predict_proba(ordered))
    labels, probability = np.empty(len(features), dtype=np.int64), np.empty(len(features))
    labels[order] = by_size(shares.argmax(axis=1))
    probability[order] = shares.max(axis=1)
    return Clusters(labels, probability)


def _joined(features: Floats, shares: Floats) -> Floats:
    """Shares (n, k) of components as those of the clusters that they are joined to."""
    used, labels = np.unique(shares.argmax(axis=1), return_inverse=True)
    groups = joined(features, labels, SMALLEST_SHARE)
    return np.column_stack(
        [shares[:, used[groups == group]].sum(axis=1) for group in np.unique(groups)]
    )


def _lowest_bic(features: Floats, most: int, seed: int) -> GaussianMixture:
    """The best of 1, 2, ... components; the search ends when more were worse often enough."""
    best = _fit(features, 1, seed)
    lowest, worse = float(best.bic(features)), 0
    for count in range(2, most + 1):
        model = _fit(features, count, seed)
        bic = float(model.bic(features))
        if bic < lowest:
            best, lowest, worse = model, bic, 0
        else:
            worse += 1
        if worse == PATIENCE:
            break
    return best


def _fit(features: Floats, count: int, seed: int) -> GaussianMixture:
    model = GaussianMixture(
        count, n_init=RESTARTS, reg_covar=REGULARIZATION, random_state=seed, max_iter=300
    )
    return model.fit(features)
