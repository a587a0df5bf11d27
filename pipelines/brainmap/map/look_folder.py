"""A first look's folder: what `brainmap look` writes, and what is read of it again.

mean.tif std.tif       of every voxel; std of the normalised series, NaN where there is none
deviations.npy         the same deviations, ascending
histogram.csv          how those above 0 are distributed
sample.npz             normalised series of all voxels, or of some drawn at random
preview.npy            the images, thinned, see `preview`
run.json               what was done
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.brainmap.formats.volume_files import read_volume, write_volume
from pipelines.brainmap.images.info import ImageInfo
from pipelines.brainmap.map import preview
from pipelines.brainmap.voxels.series import Floats
from pipelines.core.csv import write_csv
from pipelines.core.errors import InputError
from pipelines.core.result_files import opened_arrays
from pipelines.core.result_schema import NUMBER, WHOLE, ArrayFile, TableFile, damage_sentence

ADVICE = "copy it again, or look at the images again"
MEAN, DEVIATION, SAMPLE = "mean.tif", "std.tif", "sample.npz"
DEVIATIONS = ArrayFile("deviations.npy", "f", ("voxel",))
HISTOGRAM = TableFile(
    "histogram.csv", {"std_from": NUMBER, "std_to": NUMBER, "voxels": WHOLE, "density": NUMBER}
)

SAMPLED_FRAMES = 20
"""Frames of which the contrast is measured; all of a long film would take long."""


@dataclass(frozen=True)
class FinishedLook:
    """What a first look found.

    Attributes:
        preview: (time, plane, y, x), thinned; mapped, not read.
        mean: (plane, y, x), intensity.
        std: (plane, y, x), of the normalised series; NaN for voxels that cannot be used.
        deviations: of those that can (voxel,), ascending; mapped, not read.
        bins: how the deviations above 0 are distributed, a row per bin; see `look.histogram`.
        sample: normalised series (voxel, time), of all voxels or of some drawn at random.
        sampled_std: the deviations of those (voxel,).
    """

    preview: NDArray[Any]
    mean: NDArray[np.float32]
    std: NDArray[np.float32]
    deviations: NDArray[np.float64]
    bins: pd.DataFrame
    sample: NDArray[np.float32]
    sampled_std: NDArray[np.float64]

    def kept(self, threshold: float) -> int:
        """How many voxels vary by more than a threshold."""
        return len(self.deviations) - int(np.searchsorted(self.deviations, threshold, "right"))

    def contrast(self, plane: int, low: float, high: float) -> tuple[float, float]:
        """Intensities at two percentiles of a plane's preview, the same for all of its frames."""
        every = -(-len(self.preview) // SAMPLED_FRAMES)
        shown = self.preview[::every, plane]
        known = shown[np.isfinite(shown)]
        if not known.size:
            return 0.0, 1.0
        ends = np.percentile(known, [low, high])
        return float(ends[0]), float(ends[1])


def open_look(folder: Path) -> FinishedLook:
    """Open the folder that `brainmap look` made.

    Raises:
        InputError: it lacks a file, or one is damaged or not of the same look.
    """
    with opened_arrays(folder / SAMPLE, InputError, ADVICE) as held:
        sample, sampled_std = held["series"], held["deviation"]
    found = FinishedLook(
        preview=preview.FILE.mapped(folder, InputError, ADVICE),
        mean=read_volume(folder / MEAN, InputError, ADVICE),
        std=read_volume(folder / DEVIATION, InputError, ADVICE),
        deviations=DEVIATIONS.mapped(folder, InputError, ADVICE),
        bins=HISTOGRAM.read(folder, InputError, ADVICE),
        sample=sample,
        sampled_std=sampled_std,
    )
    if found.preview.shape[1] != len(found.mean) or found.mean.shape != found.std.shape:
        raise InputError(damage_sentence(folder, "holds files that are not of one look", ADVICE))
    if found.sample.ndim != 2 or found.sampled_std.shape != found.sample.shape[:1]:
        raise InputError(
            damage_sentence(folder / SAMPLE, "holds no series with deviations", ADVICE)
        )
    return found


def write_sample(
    folder: Path, series: NDArray[np.float32], voxels: NDArray[np.intp], deviation: Floats
) -> None:
    """Write normalised series (voxel, time), and of their voxels places and deviations (voxel,).

    A place is counted from 0 in the order of plane, y, x.
    """
    np.savez(folder / SAMPLE, series=series, voxels=voxels, deviation=deviation)


def write_measures(folder: Path, mean: Floats, deviation: Floats, info: ImageInfo) -> None:
    """Write two measures (plane, y, x) of all voxels."""
    for name, values in {MEAN: mean, DEVIATION: deviation}.items():
        write_volume(values.astype(np.float32), folder / name, info)


def write_distribution(folder: Path, deviations: Floats, bins: pd.DataFrame) -> None:
    """Write the deviations (voxel,), ascending, and the histogram of those above 0."""
    np.save(folder / DEVIATIONS.name, deviations)
    write_csv(bins, folder / HISTOGRAM.name)
