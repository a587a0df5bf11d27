"""Exact passes of Lloyd's algorithm over series that need not fit into memory.

A pass is a sum over blocks: of the series of each group, and of its voxels. Several sets of
centroids are improved in the same passes, so that each block is read once for all of them.
A cluster's workers import this file, which needs no library of machine learning.

References:
    Lloyd (1982), doi:10.1109/TIT.1982.1056489
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array

from pipelines.brainmap.engines.engine import Engine, Sums
from pipelines.brainmap.voxels.series import Floats, Series, is_constant
from pipelines.brainmap.voxels.stored import AnySeries
from pipelines.core.progress import Report, silent

ROWS_AT_ONCE = 1024
"""Voxels in a partial sum; fixed, so that the sums do not depend on how the series are read."""

VECTOR = 8
"""Centroids are filled up to a multiple of this."""

TILE, SMALL_PRODUCT = 128, 1_000_000
"""Voxels that are multiplied at once where that takes few enough multiplications: OpenBLAS then
does without rearranging its operands, which is faster."""


@dataclass(frozen=True)
class Means:
    """Groups by their centroids.

    Attributes:
        centroids: mean series of each group (cluster, time).
        sizes: voxels per group (cluster,).
        sought: the centroids of the pass before (cluster, time): a voxel belongs to the one of
            these that is nearest.
        rank: the group of each row of `sought` (cluster,).
    """

    centroids: Floats
    sizes: NDArray[np.int64]
    sought: Floats
    rank: NDArray[np.int32]

    @property
    def shift(self) -> float:
        """Sum of the squared distances by which the last pass moved the centroids."""
        return float(((self.centroids - self.sought) ** 2).sum())

    def numbered(self) -> "Means":
        """The same groups in the order of their sizes."""
        order = by_size(self.sizes, self.centroids)
        rank = np.argsort(order).astype(np.int32)
        return replace(self, centroids=self.centroids[order], sizes=self.sizes[order], rank=rank)


@dataclass(frozen=True)
class Described:
    """What one set of groups says about the voxels of a block.

    Attributes:
        labels: group of each voxel (voxel,).
        similarity: correlation of each voxel's series with its centroid (voxel,), 0 where
            either is constant.
        sums: squared distances to the centroids, distances, and similarities, added up.
    """

    labels: NDArray[np.int16]
    similarity: NDArray[np.float32]
    sums: Floats


def refine(
    engine: Engine,
    series: AnySeries,
    starts: Sequence[Floats],
    passes: int,
    *,
    tolerance: float = 0.0,
    report: Report = silent,
) -> list[Means]:
    """Improve sets of centroids by up to so many passes over all series, at least one.

    A set is left alone once no voxel changes its group, or its centroids moved by no more than
    `tolerance` in the last pass. A group that loses all its voxels keeps its centroid.

    Args:
        engine: where the passes are made.
        series: (voxel, time).
        starts: sets of centroids (cluster, time).
        passes: the most passes.
        tolerance: sum of the squared moves of the centroids.
        report: told which pass is made.
    """
    found = [_moved(start, start, 0) for start in starts]
    for number in range(max(1, passes)):
        moving = [at for at, means in enumerate(found) if not number or means.shift > tolerance]
        if not moving:
            break
        report(number / passes, f"Pass {number + 1} of {passes} over {len(series):,} voxels")
        sets = [found[at].centroids for at in moving]
        sums = engine.total(pass_sums, series, sets)
        for at, before, summed, sizes in zip(moving, sets, sums[::2], sums[1::2], strict=True):
            found[at] = _moved(before, summed, sizes)
    return [means.numbered() for means in found]


def _moved(before: Floats, sums: Floats, sizes: NDArray[np.int64] | int) -> Means:
    counted = np.broadcast_to(np.asarray(sizes, np.int64), len(before))
    share = np.maximum(counted, 1)[:, None]
    centroids = np.where(counted[:, None] > 0, sums / share, np.asarray(before, np.float64))
    return Means(centroids, counted, before, np.arange(len(before), dtype=np.int32))


def by_size(sizes: NDArray[np.int64], centroids: Floats) -> NDArray[np.intp]:
    """The order (cluster,) of groups by size, the largest first, equal ones by their centroids.

    Args:
        sizes: voxels per group (cluster,).
        centroids: (cluster, time).
    """
    return np.lexsort((*centroids.T[::-1], -sizes))


def pass_sums(block: Series, sets: Sequence[Floats]) -> Sums:
    """For each set of centroids the sum of the nearest series (cluster, time) and their number.

    Args:
        block: (voxel, time).
        sets: of centroids (cluster, time).

    Returns:
        One after the other, for each set: the sums (cluster, time), then the numbers (cluster,).
    """
    ready = [Ready.of(centroids, block.dtype) for centroids in sets]
    found: Sums = [
        array
        for centroids in sets
        for array in (np.zeros(centroids.shape), np.zeros(len(centroids), np.int64))
    ]
    for rows in stretches(len(block)):
        part = np.ascontiguousarray(block[rows])
        for place, compared in enumerate(ready):
            labels = nearest(part, compared)
            sums, sizes = found[2 * place], found[2 * place + 1]
            sums += members(labels, len(sizes), part.dtype) @ part
            sizes += np.bincount(labels, minlength=len(sizes))
    return found


@dataclass(frozen=True)
class Ready:
    """Centroids ready for comparing, in the type of the series.

    Attributes:
        turned: (time, cluster), less their common mean, and filled up with zeros: products with
            a whole number of the processor's vectors are faster.
        less: what is taken off the products (cluster,), infinite for the filled ones.
    """

    turned: NDArray[Any]
    less: NDArray[Any]

    @classmethod
    def of(cls, centroids: Floats, dtype: np.dtype[Any]) -> "Ready":
        """Prepare centroids (cluster, time)."""
        # |x - c|^2 is least where x.(c - m) - |c - m|^2 / 2 - m.(c - m) is largest, for any m.
        count, times = centroids.shape
        middle = centroids.mean(axis=0)
        apart = centroids - middle
        width = -(-count // VECTOR) * VECTOR
        turned, less = np.zeros((times, width), dtype), np.full(width, np.inf, dtype)
        turned[:, :count] = apart.T
        less[:count] = (apart**2).sum(axis=1) / 2 + apart @ middle
        return cls(turned, less)


def nearest(part: Series, ready: Ready) -> NDArray[np.intp]:
    """The number of the nearest centroid (Euclidean) of each series (voxel, time)."""
    times, width = ready.turned.shape
    tile = TILE if TILE * times * width <= SMALL_PRODUCT else ROWS_AT_ONCE
    scores = np.empty((len(part), width), part.dtype)
    for start in range(0, len(part), tile):
        rows = slice(start, start + tile)
        np.matmul(part[rows], ready.turned, out=scores[rows])
    scores -= ready.less
    return np.asarray(scores.argmax(axis=1))


def members(labels: NDArray[Any], count: int, dtype: np.dtype[Any]) -> Any:
    """A matrix (cluster, voxel) of ones where a voxel belongs to a group."""
    ones, ends = np.ones(len(labels), dtype), np.arange(len(labels) + 1, dtype=np.int32)
    return csc_array((ones, labels.astype(np.int32), ends), shape=(count, len(labels)))


def stretches(count: int) -> Iterator[slice]:
    """Rows that are taken together."""
    for start in range(0, count, ROWS_AT_ONCE):
        yield slice(start, min(start + ROWS_AT_ONCE, count))


def put(block: Series, means: Means) -> tuple[NDArray[np.int16], float]:
    """The group of each voxel (voxel,), and the sum of the squared distances to the centroids."""
    ready, found, total = Ready.of(means.sought, block.dtype), np.empty(len(block), np.int16), 0.0
    for rows in stretches(len(block)):
        part = np.ascontiguousarray(block[rows])
        found[rows] = labels = means.rank[nearest(part, ready)]
        away = part - means.centroids[labels]
        total += float(np.vdot(away, away))
    return found, total


def describe(block: Series, sets: Sequence[Means]) -> list[Described]:
    """Compare the series of a block (voxel, time) with the groups of each set."""
    ready = [Ready.of(means.sought, block.dtype) for means in sets]
    facing = [Facing.of(means.centroids) for means in sets]
    found = [_blank(len(block)) for _ in sets]
    for rows in stretches(len(block)):
        part = np.ascontiguousarray(block[rows])
        measured = MeasuredSeries.of(part)
        for place, means in enumerate(sets):
            labels = means.rank[nearest(part, ready[place])]
            squares, cosines = measured.compared(facing[place], labels)
            found[place].labels[rows] = labels
            found[place].similarity[rows] = cosines
            found[place].sums[:] += squares.sum(), np.sqrt(squares).sum(), cosines.sum()
    return found


def _blank(count: int) -> Described:
    return Described(np.empty(count, np.int16), np.empty(count, np.float32), np.zeros(3))


@dataclass(frozen=True)
class Facing:
    """Centroids as directions.

    Attributes:
        directions: centroids less their mean over time, of length 1 (cluster, time); 0 for
            constant ones.
        length: what they were divided by (cluster,).
        mean: over time (cluster,).
    """

    directions: Floats
    length: Floats
    mean: Floats

    @classmethod
    def of(cls, centroids: Floats) -> "Facing":
        """The directions of centroids (cluster, time)."""
        mean = centroids.mean(axis=1)
        centred = centroids - mean[:, None]
        length = np.where(is_constant(centroids), 0.0, _lengths(centred))
        whole = np.where(length > 0, length, 1.0)[:, None]
        return cls(np.where(length[:, None] > 0, centred / whole, 0.0), length, mean)


@dataclass(frozen=True)
class MeasuredSeries:
    """Series of some voxels with what every comparison needs.

    Attributes:
        centred: series less their mean over time (voxel, time).
        length: of the centred ones (voxel,), 0 for constant series.
        mean: over time (voxel,).
    """

    centred: Floats
    length: Floats
    mean: Floats

    @classmethod
    def of(cls, part: Series) -> "MeasuredSeries":
        """Measure series (voxel, time)."""
        values = part.astype(np.float64)
        mean = values.mean(axis=1)
        values -= mean[:, None]
        return cls(values, np.where(is_constant(part), 0.0, _lengths(values)), mean)

    def compared(self, facing: Facing, labels: NDArray[Any]) -> tuple[Floats, Floats]:
        """Squared distances to the centroids of the groups, and Pearson's r with them (voxel,).

        The r of a constant series is 0.
        """
        product = np.einsum("vt,vt->v", self.centred, facing.directions[labels])
        length, apart = facing.length[labels], self.mean - facing.mean[labels]
        squares = self.length**2 + length**2 - 2 * product * length
        squares += self.centred.shape[1] * apart**2
        whole = np.where(self.length > 0, self.length, 1.0)
        cosines = np.clip(np.where(self.length > 0, product / whole, 0.0), -1, 1)
        return np.maximum(squares, 0.0), cosines


def _lengths(vectors: Floats) -> Floats:
    return np.asarray(np.sqrt(np.einsum("vt,vt->v", vectors, vectors)))


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
        squares, cosines[rows] = MeasuredSeries.of(block[rows]).compared(facing, labels[rows])
        distance += float(np.sqrt(squares).sum())
    return cosines, distance
