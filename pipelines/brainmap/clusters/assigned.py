"""What is reckoned of blocks of voxels whose groups are known.

A cluster's workers import this file; they need not know the library that finds the groups.
"""

import numpy as np
from numpy.typing import NDArray

from pipelines.brainmap.clusters.lloyd import Facing, Measured, members, stretches
from pipelines.brainmap.engines.engine import Sums
from pipelines.brainmap.voxels.series import Floats, Series


def group_sums(block: Series, labels: NDArray[np.int32], count: int) -> Sums:
    """Sum of the series of each group in a block.

    Args:
        block: (voxel, time).
        labels: group of each voxel (voxel,).
        count: how many groups there are.

    Returns:
        One array of sums (cluster, time), 0 for groups without voxels there.
    """
    sums = np.zeros((count, block.shape[1]))
    for rows in stretches(len(block)):
        part = np.ascontiguousarray(block[rows])
        sums += members(labels[rows], count, part.dtype) @ part
    return [sums]


def squares_of(block: Series, labels: NDArray[np.int32], centroids: Floats) -> Sums:
    """Sum of the squared distances in a block to the centroids of the groups.

    Args:
        block: (voxel, time).
        labels: group of each voxel (voxel,).
        centroids: (cluster, time).

    Returns:
        One array without axes, in the unit of the series squared.
    """
    total = np.zeros(())
    for rows in stretches(len(block)):
        away = block[rows] - centroids[labels[rows]]
        total += np.vdot(away, away)
    return [total]


def alike(
    block: Series, labels: NDArray[np.int32], facing: Facing
) -> tuple[NDArray[np.float32], float]:
    """Correlation of each voxel of a block with its centroid, and the sum of the distances.

    Args:
        block: (voxel, time).
        labels: group of each voxel (voxel,).
        facing: the centroids (cluster, time).

    Returns:
        Pearson's r (voxel,), 0 where either series is constant, and the sum of the Euclidean
        distances, in the unit of the series.
    """
    cosines, distance = np.empty(len(block), np.float32), 0.0
    for rows in stretches(len(block)):
        squares, cosines[rows] = Measured.of(block[rows]).compared(facing, labels[rows])
        distance += float(np.sqrt(squares).sum())
    return cosines, distance
