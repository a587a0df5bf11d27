"""One time series per voxel: made from volumes, normalised, measured.

Functions on a block of voxels need nothing of the other voxels, so they can be applied to as
many at a time as memory holds.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.brainmap.images import is_sound
from pipelines.brainmap.parameters import LookParameters
from pipelines.brainmap.store import BLOCK_VALUES
from pipelines.errors import ImageError

Series = NDArray[np.floating[Any]]
"""(voxel, time); voxels in the order of plane, y, x."""

Floats = NDArray[np.float64]


def as_numbers(stored: NDArray[Any]) -> Series:
    """Stored values in single precision where it holds them exactly, in double otherwise."""
    exact = np.can_cast(stored.dtype, np.float32)
    return stored.astype(np.float32 if exact else np.float64)


def normalize(series: Series, parameters: LookParameters, first: int = 0) -> None:
    """Normalise every voxel's series in place; `first` is the number of the first voxel.

    Raises:
        ImageError: baseline plus offset is zero, or values overflow.
    """
    for rows in blocks(series):
        block = series[rows].astype(np.float64)
        # Overflow and division by zero end as infinity, which is refused below.
        with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
            series[rows] = normalized(block, parameters)
        _require_sound(series[rows], first + rows.start)


def normalized(block: Floats, parameters: LookParameters) -> Floats:
    """Normalise series (voxel, time) as the parameters say."""
    match parameters.normalize:
        case "percentile":
            baseline = np.percentile(block, parameters.percentile, axis=1, keepdims=True)
            return relative_change(block, baseline, parameters.offset)
        case "mean":
            baseline = block.mean(axis=1, keepdims=True)
            return relative_change(block, baseline, parameters.offset)
        case "zscore":
            return zscore(block)
        case "none":
            return block


def relative_change(block: Floats, baseline: Floats, offset: float) -> Floats:
    """(x - b) / (b + offset), the change relative to a baseline b (voxel, 1).

    This is Thunder's `normalize` (https://github.com/thunder-project/thunder).
    """
    change = block - baseline
    return np.where(change == 0, 0.0, change / (baseline + offset))


def zscore(block: Floats) -> Floats:
    """(x - mean) / standard deviation; constant series become 0."""
    spread = deviation(block)[:, None]
    flat = spread == 0
    return np.where(flat, 0.0, (block - block.mean(axis=1, keepdims=True)) / (spread + flat))


def deviation(block: Series) -> Floats:
    """Standard deviation of each series over time, exactly 0 for constant ones."""
    spread = block.std(axis=1, dtype=np.float64)
    return np.where(is_constant(block), 0.0, spread)


def is_constant(block: Series) -> NDArray[np.bool_]:
    """Which series (voxel, time) never change."""
    return np.asarray(block.max(axis=1) == block.min(axis=1))


def blocks(series: Series) -> Iterator[slice]:
    """Cut the voxels into stretches of bounded size."""
    size = max(1, BLOCK_VALUES // series.shape[1])
    for start in range(0, len(series), size):
        yield slice(start, min(start + size, len(series)))


def _require_sound(block: Series, first: int) -> None:
    wrong = np.flatnonzero(~is_sound(block).all(axis=1))
    if wrong.size:
        raise ImageError(
            f"Voxel {first + wrong[0]} (counted from 0 in the order plane, y, x) becomes too large "
            "when it is normalised: set a larger offset, or another normalisation."
        )
