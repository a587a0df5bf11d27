"""The most probable Gaussian of each series, in numbers alone.

The workers of a cluster know neither the library that fits mixtures nor its objects.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines.brainmap.clusters.lloyd import stretches
from pipelines.brainmap.voxels.series import Floats, Series


@dataclass(frozen=True)
class Densities:
    """Gaussians of the principal components of series.

    Attributes:
        mean: series that is taken off before (time,).
        rotation: to the components (time, component).
        factors: of the inverse covariances P = F F' (cluster, component, component).
        places: means times factors (cluster, component).
        logs: logarithm of the weight over the root of the determinant of the covariance
            (cluster,).
    """

    mean: Floats
    rotation: Floats
    factors: Floats
    places: Floats
    logs: Floats


def most_probable(block: Series, gaussians: Densities) -> NDArray[np.int16]:
    """The number of the Gaussian that each series of a block (voxel, time) most likely is of."""
    found = np.empty(len(block), np.int16)
    for rows in stretches(len(block)):
        scores = (block[rows] - gaussians.mean) @ gaussians.rotation
        found[rows] = _log_probabilities(scores, gaussians).argmax(axis=1)
    return found


def _log_probabilities(scores: Floats, gaussians: Densities) -> Floats:
    """Logarithms (voxel, cluster), less a constant."""
    logs = np.empty((len(scores), len(gaussians.logs)))
    for place, (factor, mean) in enumerate(zip(gaussians.factors, gaussians.places, strict=True)):
        away = scores @ factor - mean
        logs[:, place] = gaussians.logs[place] - np.einsum("vi,vi->v", away, away) / 2
    return logs
