"""Which voxels vary: normalised series, measured block by block."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipelines.brainmap.engines.engine import Local
from pipelines.brainmap.images.images import ImageSeries
from pipelines.brainmap.images.undefined import Tally
from pipelines.brainmap.map.folder import SERIES
from pipelines.brainmap.parameters import BrainmapParameters, ImageLookParameters
from pipelines.brainmap.voxels.series import Block, measured
from pipelines.brainmap.voxels.store import series_store
from pipelines.brainmap.voxels.stored import AnySeries, Writer
from pipelines.core.errors import ParameterError
from pipelines.core.progress import Report, part, silent


@dataclass(frozen=True)
class ActiveVoxels:
    """The voxels that are clustered, and what the volume looks like.

    Attributes:
        series: normalised series (kept voxel, time).
        voxels: position of each in the order of plane, y, x (kept voxel,).
        deviation: standard deviation of the normalised series (voxel,), of all voxels; NaN for
            those that cannot be used, see `undefined`.
        mean: mean intensity over time (voxel,), of all voxels; NaN where a series holds NaN.
        shape: (plane, y, x).
        notes: what a person has to know of voxels that cannot be used.
    """

    series: AnySeries
    voxels: NDArray[np.intp]
    deviation: NDArray[np.float32]
    mean: NDArray[np.float32]
    shape: tuple[int, int, int]
    notes: tuple[str, ...]


def find_active(
    images: ImageSeries,
    parameters: BrainmapParameters,
    folder: Path,
    report: Report = silent,
) -> ActiveVoxels:
    """Normalise all series, and keep those that vary.

    Args:
        images: of any size.
        parameters: normalisation and threshold.
        folder: gets `series.npy` with what is kept (kept voxel, time), and needs room for the
            images besides, for a while. Series that are large are left in that file.
        report: told how far it is.

    Raises:
        ImageError: the images cannot be read, or too few voxels normalised as asked.
        ParameterError: no voxel varies by more than the threshold.
    """
    deviations, mean = (np.empty(images.n_voxels, np.float32) for _ in range(2))
    threshold, kept, tallies = least_deviation(parameters), [], []
    with Writer(folder / SERIES.name, images.n_times) as file:
        for block in normalized_blocks(images, parameters, report, folder):
            deviations[block.rows], mean[block.rows] = block.deviation, block.mean
            here = np.flatnonzero(block.deviation > threshold)
            file.write(block.series[here])
            kept.append(here + block.rows.start)
            tallies.append(block.tally)
    notes = notes_of(tallies, images.path)
    voxels = np.concatenate(kept)
    require_some(voxels, deviations, parameters)
    series = Local().take(folder / SERIES.name)
    return ActiveVoxels(series, voxels, deviations, mean, images.shape[1:], notes)


def notes_of(tallies: Sequence[Tally], path: Path) -> tuple[str, ...]:
    """What a person has to know of voxels that cannot be used.

    Raises:
        ImageError: they are too many.
    """
    whole = reduce(add, tallies)
    whole.require_usable(path)
    return tuple(whole.notes())


def least_deviation(parameters: BrainmapParameters) -> float:
    """What voxels that are kept vary by more than; 0 keeps even constant ones, but no NaN."""
    return parameters.std_threshold or -np.inf


def require_some(
    voxels: NDArray[np.intp], deviations: NDArray[np.float32], parameters: BrainmapParameters
) -> None:
    """Refuse to go on without voxels.

    Args:
        voxels: which are kept (kept voxel,).
        deviations: standard deviation of every voxel (voxel,), NaN where it cannot be used.
        parameters: whose threshold was applied.

    Raises:
        ParameterError: no voxel varies by more than the threshold.
    """
    if not voxels.size:
        raise ParameterError(
            f"No voxel varies by more than std_threshold = {parameters.std_threshold:g}: the "
            f"largest standard deviation is {np.nanmax(deviations):.3g}, so set a lower threshold."
        )


def normalized_blocks(
    images: ImageSeries, parameters: ImageLookParameters, report: Report, scratch: Path | None
) -> Iterator[Block]:
    """Normalise and measure the voxels, some at a time.

    Args:
        images: (time, plane, y, x), of any size.
        parameters: how they are normalised.
        report: told how far it is.
        scratch: as `beside` of `series_store`.

    Raises:
        ImageError: the images cannot be read.
        OutputError: the disk is full.
    """
    total = images.n_voxels
    with series_store(images, part(report, 0.0, 0.6), scratch) as store:
        for rows in store.blocks():
            report(0.6 + 0.4 * rows.start / total, f"Normalising the series of {total:,} voxels")
            yield measured(store.read(rows), rows, parameters)
            store.forget(rows)
