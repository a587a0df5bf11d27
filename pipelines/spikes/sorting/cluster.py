"""Points in feature space to clusters: array in, labels out; `spikes/clusterers.py` names them."""

import warnings
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree
from sklearn.cluster import HDBSCAN, KMeans
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import BayesianGaussianMixture, GaussianMixture

from pipelines.core.compiled import kept_on_disk
from pipelines.spikes.clusterers import CLUSTERERS
from pipelines.spikes.parameters import SpikesParameters
from pipelines.spikes.recording import spikeinterface_private
from pipelines.spikes.sorting.unimodal import join_unimodal

Floats = NDArray[np.float64]
Labels = NDArray[np.intp]

MOST_FITTED = 10_000
"""Mixtures are fitted to at most this many spikes, and then label all of them."""

MOST_CLUSTERED = 50_000
"""The other clusterers take at most this many spikes, evenly in time; each of the rest goes with
the nearest."""

BLOCK = 10_000
"""Spikes that are given labels at once."""

ROUNDS = 50
"""Of fitting a Bayesian mixture. Its components share clusters that are joined anyway, so it need
not settle: 500 rounds gave the same accuracy on simulated tetrodes and wires for twice the time."""

LEAST_PER_COMPONENT = 10
FLOOR = 0.1
"""Least variance of a component in squared units of noise: no cluster is tighter than that."""


def find_clusters(points: Floats, parameters: SpikesParameters) -> Labels:
    """Put points into clusters.

    Args:
        points: features in units of noise, shape (spike, component).
        parameters: `clusterer`, `n_clusters`, `max_clusters`, `min_spikes`, `seed`.

    Returns:
        Labels from 0, the largest cluster first; -1 for spikes of clusters that are too small.
        Shape (spike,).
    """
    if len(points) < parameters.min_spikes:
        return np.full(len(points), -1, dtype=np.intp)
    labels: Labels = CLUSTERERS[parameters.clusterer].run(points, parameters)
    return renumbered(labels, parameters.min_spikes)


def renumbered(labels: Labels, least: int) -> Labels:
    """Number clusters from 0 by falling size; those with fewer than `least` points become -1.

    Args:
        labels: cluster of each spike, below 0 for none, shape (spike,).
        least: spikes of a cluster.

    Returns:
        Shape (spike,).
    """
    names, inverse, counts = np.unique(labels, return_inverse=True, return_counts=True)
    kept = np.flatnonzero((names >= 0) & (counts >= least))
    kept = kept[np.argsort(-counts[kept], kind="stable")]
    numbers = np.full(len(names), -1, dtype=np.intp)
    numbers[kept] = np.arange(len(kept))
    return numbers[inverse]


def bgmm(points: Floats, parameters: SpikesParameters) -> Labels:
    """Bayesian Gaussian mixture with a Dirichlet process prior.

    It starts with more components than there are units; they share the curved or tailed cloud
    of a unit, and those without a dip between them are joined. With `n_clusters` there are at
    most that many components and nothing is joined.

    Args:
        points: features in units of noise, shape (spike, component).
        parameters: `n_clusters`, `max_clusters`, `seed`.

    Returns:
        Labels, shape (spike,).
    """
    wanted = parameters.n_clusters or parameters.max_clusters
    model = BayesianGaussianMixture(
        n_components=_affordable(wanted, points),
        weight_concentration_prior_type="dirichlet_process",
        reg_covar=FLOOR,
        max_iter=ROUNDS,
        random_state=parameters.seed,
    )
    labels = _predicted(_fitted(model, points, parameters.seed), points)
    return labels if parameters.n_clusters else join_unimodal(points, labels)


def gmm(points: Floats, parameters: SpikesParameters) -> Labels:
    """Gaussian mixture with `n_clusters` components.

    Without that number, the one with the lowest Bayesian information criterion, and components
    without a dip between them are joined (as Baudry et al. 2010, doi:10.1198/jcgs.2010.08111,
    argue: a cluster may take more than one normal distribution).

    Args:
        points: features in units of noise, shape (spike, component).
        parameters: `n_clusters`, `max_clusters`, `seed`.

    Returns:
        Labels, shape (spike,).
    """
    if parameters.n_clusters:
        model = _mixture(_affordable(parameters.n_clusters, points), points, parameters.seed)
        return _predicted(model, points)
    most = _affordable(parameters.max_clusters, points)
    models = [_mixture(number, points, parameters.seed) for number in range(1, most + 1)]
    sample = _sample(points, parameters.seed)
    best = min(models, key=lambda model: float(model.bic(sample)))
    return join_unimodal(points, _predicted(best, points))


def labels_of_mixture(points: Floats, number: int, seed: int) -> Labels:
    """A Gaussian mixture with that many components, nothing joined, the largest cluster first.

    Args:
        points: features in units of noise, shape (spike, component).
        number: of components.
        seed: of the fit.

    Returns:
        Labels, shape (spike,).
    """
    model = _mixture(_affordable(number, points), points, seed)
    return renumbered(_predicted(model, points), least=1)


def mixture_sweep(
    points: Floats, most: int | None, seed: int
) -> Iterator[tuple[int, Labels, float]]:
    """Mixtures of 2 to `most` components: number, labels and Bayesian criterion; none if empty.

    Args:
        points: features in units of noise, shape (spike, component).
        most: components; none for no sweep.
        seed: of the fits.
    """
    sample = _sample(points, seed)
    for number in range(2, _affordable(most, points) + 1 if most else 0):
        model = _mixture(number, points, seed)
        labels = renumbered(_predicted(model, points), least=1)
        yield number, labels, float(model.bic(sample))


def kmeans(points: Floats, parameters: SpikesParameters) -> Labels:
    """K-means with `n_clusters` clusters, of points (spike, component); labels (spike,)."""
    number = min(parameters.n_clusters or 1, len(points))
    model = KMeans(number, n_init=10, random_state=parameters.seed)
    return _predicted(model.fit(_some(points)), points)


def hdbscan(points: Floats, parameters: SpikesParameters) -> Labels:
    """Density-based clusters of at least `min_spikes` (doi:10.1007/978-3-642-37456-2_14).

    Args:
        points: features in units of noise, shape (spike, component).
        parameters: `min_spikes`.

    Returns:
        Labels, -1 for noise, shape (spike,).
    """
    some = _some(points)
    least = max(2, parameters.min_spikes * len(some) // len(points))
    model = HDBSCAN(min_cluster_size=least, copy=True)
    return _as_nearest(points, some, np.asarray(model.fit_predict(some), dtype=np.intp))


def isosplit(points: Floats, parameters: SpikesParameters) -> Labels:
    """ISO-SPLIT, in SpikeInterface's version (arXiv:1508.04841).

    It is imported here because it is compiled when it first runs, which takes half a minute.

    Args:
        points: features in units of noise, shape (spike, component).
        parameters: `seed`.
    """
    from numba.core.errors import NumbaPendingDeprecationWarning

    some = _some(points)
    number = max(1, min(200, len(some) // 20))
    with kept_on_disk(), warnings.catch_warnings():
        # About how SpikeInterface hands lists to the compiler.
        warnings.simplefilter("ignore", NumbaPendingDeprecationWarning)
        found = spikeinterface_private.isosplit(some, number, parameters.seed)
    return _as_nearest(points, some, found)


def _predicted(model: GaussianMixture | BayesianGaussianMixture | KMeans, points: Floats) -> Labels:
    """Labels block by block: a mixture's answer to all at once is 20 numbers for every spike."""
    parts = [model.predict(points[n : n + BLOCK]) for n in range(0, len(points), BLOCK)]
    return np.concatenate(parts).astype(np.intp)


def _some(points: Floats) -> Floats:
    """At most `MOST_CLUSTERED` of the points, evenly in time."""
    step = max(1, -(-len(points) // MOST_CLUSTERED))
    return np.ascontiguousarray(points[::step])


def _as_nearest(points: Floats, some: Floats, found: Labels) -> Labels:
    """The labels of some points, and for the others that of the nearest of them."""
    if len(some) == len(points):
        return found
    tree = KDTree(some)
    parts = [tree.query(points[n : n + BLOCK])[1] for n in range(0, len(points), BLOCK)]
    return np.asarray(found[np.concatenate(parts)])


def _mixture(number: int, points: Floats, seed: int) -> GaussianMixture:
    model = GaussianMixture(number, reg_covar=FLOOR, max_iter=500, random_state=seed)
    return _fitted(model, points, seed)


def _fitted(
    model: GaussianMixture | BayesianGaussianMixture, points: Floats, seed: int
) -> GaussianMixture | BayesianGaussianMixture:
    with warnings.catch_warnings():
        # A mixture that has not settled still labels well.
        warnings.simplefilter("ignore", ConvergenceWarning)
        return model.fit(_sample(points, seed))


def _sample(points: Floats, seed: int) -> Floats:
    if len(points) <= MOST_FITTED:
        return points
    chosen = np.random.default_rng(seed).choice(len(points), MOST_FITTED, replace=False)
    return points[np.sort(chosen)]


def _affordable(number: int, points: Floats) -> int:
    return max(1, min(number, len(points) // LEAST_PER_COMPONENT))
