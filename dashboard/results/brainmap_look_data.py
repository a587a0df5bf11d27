"""What a first look found, opened once."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.brainmap.tiff import read_image
from pipelines.csv_export import read_csv
from pipelines.errors import InputError
from pipelines.result_files import opened_arrays

SAMPLED_FRAMES = 20
"""Frames of which the contrast is measured; all of a long film would take long."""


@dataclass(frozen=True)
class Look:
    """What is shown of a film.

    Attributes:
        preview: (time, plane, y, x), thinned; mapped, not read.
        mean: (plane, y, x), intensity.
        std: (plane, y, x), of the normalised series; NaN for voxels that cannot be used.
        deviations: of those that can (voxel,), ascending; mapped, not read.
        bins: how the deviations above 0 are distributed.
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


@lru_cache(maxsize=4)
def load(folder: Path) -> Look:
    """Open a result once; a finished result never changes."""
    preview = np.load(folder / "preview.npy", mmap_mode="r")
    planes = preview.shape[1]
    with opened_arrays(folder / "sample.npz", InputError) as held:
        sample, sampled_std = held["series"], held["deviation"]
    mean, std = (read_image(folder / f"{name}.tif") for name in ("mean", "std"))
    return Look(
        preview=preview,
        mean=mean.reshape(planes, *mean.shape[-2:]),
        std=std.reshape(planes, *std.shape[-2:]),
        deviations=np.load(folder / "deviations.npy", mmap_mode="r"),
        bins=read_csv(folder / "histogram.csv"),
        sample=sample,
        sampled_std=sampled_std,
    )


@lru_cache(maxsize=64)
def contrast_limits(folder: Path, plane: int, low: float, high: float) -> tuple[float, float]:
    """Intensities at two percentiles of a plane's preview, the same for all of its frames."""
    preview = load(folder).preview
    every = -(-len(preview) // SAMPLED_FRAMES)
    shown = preview[::every, plane]
    known = shown[np.isfinite(shown)]
    if not known.size:
        return 0.0, 1.0
    ends = np.percentile(known, [low, high])
    return float(ends[0]), float(ends[1])
