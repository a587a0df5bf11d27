"""Mixtures of Gaussians of the series' principal components."""

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.decomposition import PCA
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture
from threadpoolctl import threadpool_limits

from pipelines.brainmap.clusters.choose_k import evidence_rows
from pipelines.brainmap.clusters.kmeans import Clustering, grouped, mean_series
from pipelines.brainmap.clusters.quick import sample_rows
from pipelines.brainmap.engines.engine import Engine, Local
from pipelines.brainmap.parameters import BrainmapParameters
from pipelines.brainmap.voxels.densities import Densities, most_probable
from pipelines.brainmap.voxels.series import Floats, Series
from pipelines.brainmap.voxels.stored import AnySeries
from pipelines.core.progress import Report, silent

VARIANCE = 0.98
"""Share of the variance that the principal components keep."""

REGULARIZATION = 1e-3
"""Added to every variance, relative to the mean variance of a time point: a constant would be
larger than the data for weak signals and swallow them in one component."""

ITERATIONS = 100
SHORT = 30
"""Iterations where only the shape of the criterion's curve is wanted."""

MOST_INFORMATIVE = 6_000
"""Voxels that the criterion is measured on beside K-means."""

RISES = 2
"""The curve is not followed further after it rose so often in a row."""


@dataclass(frozen=True)
class Mixture:
    """A fitted mixture as groups of voxels, and its Bayesian information criterion."""

    clustering: Clustering
    bic: float


def mixtures(
    series: AnySeries,
    ks: Sequence[int],
    seed: int,
    report: Report = silent,
    engine: Engine | None = None,
) -> Iterator[Mixture]:
    """Fit a mixture with full covariances for each k, started by K-means, one after the other.

    Large data are fitted on a sample and then all voxels are put to their most probable
    component. The centroid of a component is the mean series of its voxels.

    Args:
        series: (voxel, time).
        ks: numbers of Gaussians.
        seed: of the sample and the starts.
        report: told what happens.
        engine: where the passes over all voxels are made; this machine by default.

    References:
        Dempster, Laird, Rubin (1977), EM; Schwarz (1978), doi:10.1214/aos/1176344136
    """
    rows = evidence_rows(len(series), seed)
    with threadpool_limits(limits=1):
        components = principal_components(series[rows])
        sample = components.transform(series[rows])
    for done, k in enumerate(ks):
        report(done / len(ks), f"Fitting a mixture of {k} Gaussians to {len(rows):,} voxels")
        with threadpool_limits(limits=1):
            model = fit_mixture(sample, k, series.shape[1], seed)
            bic = float(model.bic(sample))
        yield Mixture(_predicted(series, components, model, engine or Local()), bic)


def by_mixtures(
    series: AnySeries,
    ks: Sequence[int],
    parameters: BrainmapParameters,
    engine: Engine,
    report: Report,
) -> Iterator[tuple[Clustering, float]]:
    """`mixtures` of series (voxel, time) as the clusterer `gmm`."""
    for found in mixtures(series, ks, parameters.seed, report, engine):
        yield found.clustering, found.bic


def information(series: AnySeries, ks: Sequence[int], seed: int, report: Report = silent) -> Floats:
    """The Bayesian information criterion of mixtures (k,), on a sample of the voxels.

    NaN for larger k once the criterion has risen twice: those are the slow ones, and no minimum.

    Args:
        series: (voxel, time).
        ks: ascending numbers of Gaussians.
        seed: of the sample and the starts.
        report: told what happens.

    References:
        Schwarz (1978), doi:10.1214/aos/1176344136
    """
    rows = sample_rows(len(series), seed, share=0.0, least=MOST_INFORMATIVE)
    bic = np.full(len(ks), np.nan)
    with threadpool_limits(limits=1):
        sample = principal_components(series[rows]).transform(series[rows])
        for place, k in enumerate(ks):
            if k > len(sample) or (np.diff(bic[:place][-RISES - 1 :]) > 0).sum() == RISES:
                break
            report(place / len(ks), f"Fitting a mixture of {k} Gaussians to {len(rows):,} voxels")
            bic[place] = fit_mixture(sample, k, series.shape[1], seed, SHORT).bic(sample)
    return bic


def principal_components(series: Series) -> PCA:
    """The components that hold `VARIANCE` of the variance of series (voxel, time)."""
    share = VARIANCE if min(series.shape) > 1 else 1
    return PCA(n_components=share, svd_solver="full").fit(series.astype(np.float64))


def fit_mixture(
    scores: Floats, k: int, times: int, seed: int, iterations: int = ITERATIONS
) -> GaussianMixture:
    """A mixture of k Gaussians of (voxel, component); `times` is what the scores were before."""
    spread = float(scores.var(axis=0).sum()) / times
    model = GaussianMixture(
        n_components=k,
        covariance_type="full",
        reg_covar=max(REGULARIZATION * spread, np.finfo(float).tiny),
        max_iter=iterations,
        random_state=seed,
    )
    with warnings.catch_warnings():
        # Many small components need not settle; their criterion is still comparable.
        warnings.simplefilter("ignore", ConvergenceWarning)
        return model.fit(scores)


def _predicted(
    series: AnySeries, components: PCA, model: GaussianMixture, engine: Engine
) -> Clustering:
    labels = np.empty(len(series), np.int32)
    for rows, found in engine.each(most_probable, series, densities(components, model)):
        labels[rows] = found
    expected = components.inverse_transform(model.means_)
    return grouped(series, labels, mean_series(series, labels, expected, engine), engine)


def densities(components: PCA, model: GaussianMixture) -> Densities:
    """A fitted mixture as what it takes to compare series with it."""
    factors = model.precisions_cholesky_
    places = np.einsum("ki,kij->kj", model.means_, factors)
    logs = np.log(np.diagonal(factors, axis1=1, axis2=2)).sum(axis=1) + np.log(model.weights_)
    return Densities(components.mean_, components.components_.T, factors, places, logs)
