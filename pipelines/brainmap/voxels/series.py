"""One time series per voxel: made from volumes, normalised, measured.

Functions on a block of voxels need nothing of the other voxels, so they can be applied to as
many at a time as memory holds.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from pipelines.brainmap.images.images import is_sound
from pipelines.brainmap.images.undefined import Dark, Frames, Tally, is_dark, is_faint
from pipelines.brainmap.voxels.store import BLOCK_VALUES

Series = NDArray[np.floating[Any]]
"""(voxel, time); voxels in the order of plane, y, x."""

Floats = NDArray[np.float64]

VALUES_AT_ONCE = 1 << 17
"""Values that are reckoned with together: 1 MB in double precision, which stays in the cache."""


class Normalizing(Protocol):
    """How series are normalised, as `parameters.ImageLookParameters` says it."""

    @property
    def normalize(self) -> str:
        """percentile, mean, zscore or none."""

    @property
    def percentile(self) -> float:
        """Of a series, its baseline (%)."""

    @property
    def offset(self) -> float:
        """Added to the baseline before dividing."""


@dataclass(frozen=True)
class Block:
    """Some neighbouring voxels.

    Attributes:
        rows: which, in the order of plane, y, x.
        series: normalised (voxel, time), NaN where a voxel cannot be used.
        deviation: standard deviation of the normalised series (voxel,), NaN likewise.
        mean: mean intensity over time (voxel,), NaN where a series holds NaN.
        tally: how many cannot be used, and why.
    """

    rows: slice
    series: Series
    deviation: Floats
    mean: Floats
    tally: Tally


def measured(stored: NDArray[Any], rows: slice, how: Normalizing) -> Block:
    """Normalise and measure the stored series (voxel, time) of these voxels."""
    series, frames = as_numbers(stored), Frames.of(stored)
    mean = series.mean(axis=1, dtype=np.float64)
    unknown = np.isnan(mean)
    series[unknown] = 0  # so that nothing is reckoned with NaN
    dark, counted = normalize(series, how)
    series[unknown | dark] = np.nan
    spread = deviation(series)
    faint = _count_faint(series[spread > 1]) if divides(how) else 0
    return Block(rows, series, spread, mean, Tally(frames, int(unknown.sum()), counted, faint))


def as_numbers(stored: NDArray[Any]) -> Series:
    """Stored values in single precision where it holds them exactly, in double otherwise.

    Args:
        stored: of any shape; shape and unit stay, and the answer is a copy.
    """
    exact = np.can_cast(stored.dtype, np.float32)
    return stored.astype(np.float32 if exact else np.float64)


def normalize(series: Series, how: Normalizing) -> tuple[NDArray[np.bool_], Dark]:
    """Normalise series (voxel, time) in place.

    They become dF/F (a share of the baseline), z-scores, or stay in the unit of the images.

    Args:
        series: without NaN.
        how: which of these.

    Returns:
        Which have no dF/F (voxel,), as their baseline is zero or less or a value comes out beyond
        1e15, and how many those are.
    """
    dark, counted = np.zeros(len(series), bool), Dark()
    for rows in blocks(series, VALUES_AT_ONCE):
        stored = series[rows]
        block, baseline = stored.astype(np.float64), baseline_of(stored, how)
        if baseline is None:
            series[rows] = zscore(block) if how.normalize == "zscore" else block
            continue
        changes = ~is_constant(stored)
        with np.errstate(over="ignore"):  # in single precision; found below
            series[rows] = relative_change(block, baseline, how.offset)
        here = is_dark(changes, baseline, how.offset) | ~is_sound(series[rows]).all(axis=1)
        dark[rows] = here
        counted += Dark.of(here, changes, baseline)
    return dark, counted


def divides(how: Normalizing) -> bool:
    """Whether the normalisation is dF/F, which divides by a baseline."""
    return how.normalize in ("percentile", "mean")


def _count_faint(change: Series) -> int:
    return int(is_faint(change).sum()) if len(change) else 0


def baseline_of(stored: Series, how: Normalizing) -> Floats | None:
    """The baselines (voxel, 1) of series (voxel, time); None where nothing is divided by them."""
    match how.normalize:
        case "percentile":
            return percentile(stored, how.percentile)[:, None]
        case "mean":
            baseline: Floats = stored.astype(np.float64).mean(axis=1, keepdims=True)
            return baseline
        case _:
            return None


def percentile(series: Series, level: float) -> Floats:
    """The percentile (voxel,) of each series (voxel, time), in the unit of the series.

    The numbers are those of `numpy.percentile` in double precision, several times faster, as
    sorting in single precision is quick.

    Args:
        series: without NaN.
        level: from 0 to 100.
    """
    ordered, times = np.sort(series, axis=1), series.shape[1]
    at = level / 100 * (times - 1)
    below = min(int(at), times - 1)
    low = ordered[:, below].astype(np.float64)
    high = ordered[:, min(below + 1, times - 1)].astype(np.float64)
    share = at - below
    step = high - low
    return np.asarray(high - step * (1 - share) if share >= 0.5 else low + step * share)


def relative_change(block: Floats, baseline: Floats, offset: float) -> Floats:
    """(x - b) / (b + offset), the change relative to a baseline b (voxel, 1).

    This is Thunder's `normalize` (https://github.com/thunder-project/thunder).

    Args:
        block: x (voxel, time).
        baseline: b in the unit of the block (voxel, 1), or (voxel, time) if it moves.
        offset: in that unit.

    Returns:
        A share of the baseline (voxel, time); not finite where that and the offset make 0.
    """
    change = block - baseline
    # Division by zero, and overflow, are for the caller to find: see `undefined.is_dark`.
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        return np.where(change == 0, 0.0, change / (baseline + offset))


def zscore(block: Floats) -> Floats:
    """(x - mean) / standard deviation of series (voxel, time); constant series become 0."""
    spread = deviation(block)[:, None]
    flat = spread == 0
    return np.where(flat, 0.0, (block - block.mean(axis=1, keepdims=True)) / (spread + flat))


def deviation(series: Series) -> Floats:
    """Standard deviation (voxel,) of each series (voxel, time), exactly 0 for constant ones."""
    spread = np.empty(len(series))
    for rows in blocks(series, VALUES_AT_ONCE):
        block = series[rows]
        spread[rows] = np.where(is_constant(block), 0.0, block.std(axis=1, dtype=np.float64))
    return spread


def is_constant(block: Series) -> NDArray[np.bool_]:
    """Which series (voxel, time) never change."""
    return np.asarray(block.max(axis=1) == block.min(axis=1))


def blocks(series: Series, values: int = BLOCK_VALUES) -> Iterator[slice]:
    """Cut series (voxel, time) into stretches of at most so many values, of one voxel at least."""
    size = max(1, values // series.shape[1])
    for start in range(0, len(series), size):
        yield slice(start, min(start + size, len(series)))
