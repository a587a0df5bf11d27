"""From all spikes of a group to the cloud that is kept of them."""

import numpy as np
from numpy.typing import NDArray

from pipelines.spikes.parameters import SpikesParameters
from pipelines.spikes.sorting.cluster import Floats, Labels, mixture_sweep
from pipelines.spikes.units.clouds import Cloud, Solution

MOST_POINTS = 200_000
"""Spikes of a group that are kept, so that a line drawn around some finds all of them."""

N_AXES = 3


def cloud_of(
    points: Floats, sample_index: NDArray[np.int64], labels: Labels, parameters: SpikesParameters
) -> Cloud:
    """Thin a group's spikes at random, and fit the solutions that are to be kept.

    Args:
        points: scores of all spikes, shape (spike, component).
        sample_index: of the same spikes.
        labels: their clusters.
        parameters: `solutions` and `seed`.
    """
    rng = np.random.default_rng(parameters.seed)
    n_spikes = len(points)
    kept = np.sort(rng.choice(n_spikes, min(MOST_POINTS, n_spikes), replace=False))
    shown = np.zeros((len(kept), N_AXES), np.float32)
    shown[:, : points.shape[1]] = points[kept, :N_AXES]
    sweep = mixture_sweep(points, parameters.solutions, parameters.seed)
    solutions = {k: Solution(found[kept].astype(np.int16), bic) for k, found, bic in sweep}
    return Cloud(sample_index[kept], shown, labels[kept].astype(np.int16), solutions, n_spikes)
