"""A first look at images: what moves where, and which voxels are worth mapping."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy import ndimage

from pipelines.brainmap.formats.read import open_images
from pipelines.brainmap.images.images import ImageSeries
from pipelines.brainmap.map import look_folder
from pipelines.brainmap.map.preview import write_preview
from pipelines.brainmap.operations.statistics import draw
from pipelines.brainmap.parameters import ImageLookParameters
from pipelines.brainmap.voxels.active import normalized_blocks, notes_of
from pipelines.brainmap.voxels.series import Floats
from pipelines.core.progress import Report, part, silent

SAMPLE_VALUES = 4 << 20
"""Most values of the series that are kept for statistics; of more voxels, some are drawn."""

BINS = 80
SMOOTHING_BINS = 1.5


@dataclass(frozen=True)
class Suggestion:
    """A threshold of activity, and why."""

    threshold: float
    reason: str


@dataclass(frozen=True)
class MeanAndDeviation:
    """Mean and standard deviation of every normalised voxel (voxel,), and what to know of them."""

    mean: Floats
    deviation: Floats
    notes: Sequence[str]


def look(
    inputs: Mapping[str, Path],
    parameters: ImageLookParameters,
    folder: Path,
    report: Report = silent,
) -> dict[str, Any]:
    """Measure every voxel and make a preview of the film.

    Args:
        inputs: `images`, as `read.open_images` takes them.
        parameters: how the images are read and normalised.
        folder: gets `mean.tif`, `std.tif` (float32; of the normalised series, NaN for voxels
            that cannot be used), `deviations.npy` (float64, ascending, of those that can),
            `histogram.csv` (`std_from, std_to, voxels, density`),
            `preview.npy` (time, plane, y, x; thinned), and `sample.npz`: normalised series of all
            voxels, or of as many as `SAMPLE_VALUES` allows (`series`, `voxels`, `deviation`).
        report: told what happens.

    Returns:
        `shape` (plane, y, x, time), `n_voxels`, `n_constant`, `n_undefined` (voxels that cannot
        be used), `threshold`, `threshold_reason`, `n_kept` above it, `thinned`: every how many
        pixels and time points are previewed, and `notes`.

    Raises:
        ImageError: the images cannot be read, or too few voxels normalised as asked.
        ParameterError: frames are to be filled in that the film does not have.
    """
    images = open_images(inputs["images"], parameters.reading)
    measured = _measured(images, parameters, folder, part(report, 0.0, 0.7))
    seen = write_preview(images, folder, part(report, 0.7, 0.95))
    report(0.95, "Measuring how the deviations are distributed")
    mean, deviation = (
        values.reshape(images.shape[1:]) for values in (measured.mean, measured.deviation)
    )
    look_folder.write_measures(folder, mean, deviation, images.info)
    deviations = np.sort(measured.deviation[~np.isnan(measured.deviation)])
    varying = deviations[np.searchsorted(deviations, 0, side="right") :]
    look_folder.write_distribution(folder, deviations, histogram(varying))
    suggestion = suggest(varying)
    return {
        **images.described(measured.notes),
        "shape": [*images.shape[1:], images.n_times],
        "n_voxels": images.n_voxels,
        "n_constant": len(deviations) - len(varying),
        "n_undefined": images.n_voxels - len(deviations),
        "threshold": suggestion.threshold,
        "threshold_reason": suggestion.reason,
        "n_kept": int((deviations > suggestion.threshold).sum()),
        "thinned": seen.thinned,
    }


def _measured(
    images: ImageSeries, parameters: ImageLookParameters, folder: Path, report: Report
) -> MeanAndDeviation:
    """Measure every voxel, block by block, and write the sample of their series."""
    deviations, mean = np.empty(images.n_voxels), np.empty(images.n_voxels)
    drawn = draw(images.n_voxels, max(1, SAMPLE_VALUES // images.n_times), seed=0)
    sample, tallies = np.empty((len(drawn), images.n_times), np.float32), []
    for block in normalized_blocks(images, parameters, report, folder):
        deviations[block.rows], mean[block.rows] = block.deviation, block.mean
        here = slice(*np.searchsorted(drawn, (block.rows.start, block.rows.stop)))
        sample[here] = block.series[drawn[here] - block.rows.start]
        tallies.append(block.tally)
    notes = notes_of(tallies, images.path)
    look_folder.write_sample(folder, sample, drawn, deviations[drawn])
    return MeanAndDeviation(mean, deviations, notes)


def suggest(varying: Floats) -> Suggestion:
    """Part voxels into quiet and active ones by the logarithm of their standard deviation.

    This is Otsu's method (https://doi.org/10.1109/TSMC.1979.4310076): of all thresholds, the one
    with the largest variance between the two groups; where many are as good, their middle.

    Args:
        varying: standard deviations above 0 (voxel,).
    """
    if not len(varying) or varying.min() == varying.max():
        return Suggestion(0.0, "All voxels vary alike, so nothing is left out.")
    count, edges = np.histogram(np.log10(varying), 256)
    centres = (edges[1:] + edges[:-1]) / 2
    below, moment = np.cumsum(count)[:-1], np.cumsum(count * centres)[:-1]
    above, total = len(varying) - below, (count * centres).sum()
    between = below * above * (moment / below - (total - moment) / above) ** 2
    best = np.flatnonzero(between >= between.max() * (1 - 1e-9))
    threshold = float(f"{10 ** edges[1 + best].mean():.2g}")
    return Suggestion(
        threshold,
        f"{threshold:g} parts the voxels best into a quiet and an active group, judged by the "
        "logarithm of their standard deviation (Otsu's method).",
    )


def histogram(varying: Floats) -> pd.DataFrame:
    """How many voxels vary how much, in equal steps of the logarithm.

    Args:
        varying: standard deviations above 0 (voxel,).

    Returns:
        A row per step: `std_from` and `std_to`, in the unit of the deviations, `voxels`, and
        `density`: the smoothed share of voxels per factor of 10.
    """
    if not len(varying):
        return pd.DataFrame(columns=["std_from", "std_to", "voxels", "density"], dtype=float)
    count, edges = np.histogram(np.log10(varying), BINS)
    share = count / len(varying) / np.diff(edges)
    return pd.DataFrame(
        {
            "std_from": 10 ** edges[:-1],
            "std_to": 10 ** edges[1:],
            "voxels": count,
            "density": ndimage.gaussian_filter1d(share, SMOOTHING_BINS),
        }
    )
