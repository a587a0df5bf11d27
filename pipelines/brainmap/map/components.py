"""Centroids along their principal components."""

import numpy as np

from pipelines.brainmap.voxels.series import Floats

COMPONENTS = 3


def components(centroids: Floats) -> tuple[Floats, Floats]:
    """Principal components of centroids (cluster, time), by singular values of the centred ones.

    Returns:
        Scores (cluster, 3) and shares of the variance (3,); 0 where there are fewer components.
    """
    centred = centroids - centroids.mean(axis=0)
    left, scale, _ = np.linalg.svd(centred, full_matrices=False)
    kept = min(COMPONENTS, len(scale))
    scores, share = np.zeros((len(centroids), COMPONENTS)), np.zeros(COMPONENTS)
    scores[:, :kept] = left[:, :kept] * scale[:kept]
    share[:kept] = (scale**2 / max((scale**2).sum(), 1e-300))[:kept]
    return scores, share
