"""What the voxels do as a whole: statistics across them per time point, and some at random."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.brainmap.formats.read import open_images
from pipelines.brainmap.map.folder import SERIES
from pipelines.brainmap.operations.parameters import StatisticsParameters
from pipelines.brainmap.parameters import BrainmapParameters
from pipelines.brainmap.voxels.active import find_active
from pipelines.brainmap.voxels.series import Series
from pipelines.brainmap.voxels.stored import AnySeries
from pipelines.core.csv import write_csv
from pipelines.core.progress import Report, part, silent
from pipelines.core.result_schema import NUMBER, WHOLE, TableFile

VALUES_AT_ONCE = 1 << 23
OVER_TIME = TableFile(
    "statistics.csv",
    {"time": WHOLE, "mean": NUMBER, "std": NUMBER, "min": NUMBER, "max": NUMBER},
    others=NUMBER,
)
SAMPLE = TableFile(
    "sample.csv", {"plane": WHOLE, "y": WHOLE, "x": WHOLE, "std": NUMBER}, others=NUMBER
)
ADVICE = "copy it again, or measure again"


def statistics(
    inputs: Mapping[str, Path],
    parameters: StatisticsParameters,
    folder: Path,
    report: Report = silent,
) -> dict[str, Any]:
    """Measure the voxels that are active enough.

    Args:
        inputs: `images`, as `read.open_images` takes them.
        parameters: normalisation, threshold, percentiles, how many series to draw.
        folder: gets `statistics.csv` as `over_time` gives it, and `sample.csv` (`plane, y, x,
            std`, and a column for each time point).
        report: told what happens.

    Returns:
        `shape` (plane, y, x, time), `n_voxels`, `n_kept`, `n_drawn`, `notes`.

    Raises:
        ImageError: the images cannot be read, or normalised as asked.
        ParameterError: no voxel varies by more than the threshold.
    """
    images = open_images(inputs["images"], parameters.reading)
    reading = BrainmapParameters.parse(
        parameters.model_dump(include=set(BrainmapParameters.model_fields) - {"seed"})
    )
    active = find_active(images, reading, folder, part(report, 0.0, 0.8))
    report(0.8, f"Measuring {len(active.voxels):,} voxels")
    write_csv(over_time(active.series, parameters.percentiles), folder / OVER_TIME.name)
    rows = draw(len(active.voxels), parameters.n, parameters.seed)
    spread = active.deviation[active.voxels[rows]]
    sample = tabulate(active.series[rows], active.voxels[rows], spread, active.shape)
    write_csv(sample, folder / SAMPLE.name)
    (folder / SERIES.name).unlink()
    return {
        **images.described(active.notes),
        "shape": [*active.shape, images.n_times],
        "n_voxels": images.n_voxels,
        "n_kept": len(active.voxels),
        "n_drawn": len(rows),
    }


def over_time(series: AnySeries, percentiles: Sequence[float]) -> pd.DataFrame:
    """Statistics across series (voxel, time) at each time point.

    Returns:
        A row per time point: `time` (counted from 0), and in the unit of the series `mean`, `std`,
        `min`, `max`, and `p5`, `p50`, ... for the percentiles.
    """
    n_times = series.shape[1]
    at_once = max(1, VALUES_AT_ONCE // max(1, len(series)))
    parts = [
        _at(series[:, start : start + at_once], percentiles) for start in range(0, n_times, at_once)
    ]
    table = pd.concat(parts, ignore_index=True)
    table.insert(0, "time", np.arange(n_times))
    return table


def _at(series: Series, percentiles: Sequence[float]) -> pd.DataFrame:
    columns = {
        "mean": series.mean(axis=0, dtype=np.float64),
        "std": series.std(axis=0, dtype=np.float64),
        "min": series.min(axis=0).astype(np.float64),
        "max": series.max(axis=0).astype(np.float64),
    }
    levels = np.percentile(series.astype(np.float64), list(percentiles), axis=0)
    named = {f"p{q:g}": level for q, level in zip(percentiles, levels, strict=True)}
    return pd.DataFrame({**columns, **named})


def draw(count: int, n: int, seed: int) -> NDArray[np.intp]:
    """Up to n of `count` rows at random, without return, in their order (row,)."""
    random = np.random.default_rng(seed)
    return np.sort(random.choice(count, min(n, count), replace=False))


def tabulate(
    series: Series,
    voxels: NDArray[np.intp],
    deviation: NDArray[np.floating[Any]],
    shape: tuple[int, int, int],
) -> pd.DataFrame:
    """Series (voxel, time) as a table with the places and deviations of their voxels.

    Args:
        series: normalised.
        voxels: place of each (voxel,), counted from 0 in the order of plane, y, x.
        deviation: standard deviation of each (voxel,), in the unit of the series.
        shape: of the volume (plane, y, x).

    Returns:
        `plane`, `y`, `x`, `std`, `t0`, `t1`, ..., one line a voxel.
    """
    plane, y, x = np.unravel_index(voxels, shape)
    places = pd.DataFrame({"plane": plane, "y": y, "x": x, "std": deviation})
    values = pd.DataFrame(series, columns=[f"t{time}" for time in range(series.shape[1])])
    return pd.concat([places, values], axis=1)
