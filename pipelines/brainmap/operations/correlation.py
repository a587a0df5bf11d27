"""How strongly every voxel's series goes along with one series: Pearson's correlation."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.brainmap.formats.read import open_images
from pipelines.brainmap.formats.rows import SIGNAL_FILE
from pipelines.brainmap.images.images import ImageSeries
from pipelines.brainmap.images.info import ImageInfo
from pipelines.brainmap.map import correlation_folder, maps, preview
from pipelines.brainmap.map.folder import centroid
from pipelines.brainmap.operations.parameters import CorrelateParameters
from pipelines.brainmap.voxels.regions import check_voxel, region_mask
from pipelines.brainmap.voxels.series import Floats
from pipelines.brainmap.voxels.signals import read_signals
from pipelines.core.errors import InputError, ParameterError
from pipelines.core.progress import Report, part, silent
from pipelines.figures.svg import Axis, curve_panel, plane_panel, scale_panel, write_svg

COLD_TO_HOT = ((59, 76, 192), (221, 221, 221), (180, 4, 38))
"""Colours of -1, 0 and 1, after Moreland (2009), doi:10.1007/978-3-642-10520-3_9."""

SVG_PIXELS = 512
"""Longest side of a plane in the SVG; larger ones are thinned, and its caption says so."""


@dataclass(frozen=True)
class Seed:
    """What voxels are compared with.

    Attributes:
        series: (time,).
        words: what it is, for captions.
        plane: where it comes from; 0 if from no single plane.
    """

    series: Floats
    words: str
    plane: int = 0


@dataclass(frozen=True)
class Moments:
    """Mean and summed squared deviations over time, each (plane, y, x)."""

    mean: Floats
    squares: Floats


def correlate(
    inputs: Mapping[str, Path],
    parameters: CorrelateParameters,
    folder: Path,
    report: Report = silent,
) -> dict[str, Any]:
    """Correlate every voxel with one series; one volume at a time is in memory.

    Args:
        inputs: `images`, as `read.open_images` takes them; `signal`, a file for
            `signals.read_signals`; `map`, the folder of a finished map.
        parameters: what to correlate with.
        folder: gets `correlation.tif` (float32, NaN where a voxel never changes or lacks a
            number), `.png`, `.svg`
            and `.csv` (`plane, y, x, correlation`), `series.csv` (`time, value`), `mean.tif`, and
            the images, thinned, in `preview.npy` (time, plane, y, x).
        report: told what happens.

    Returns:
        `shape` (plane, y, x, time), `n_voxels`, `n_undefined`, `source`, `series` (in words),
        `plane` (that it comes from, else 0), `lowest` and `highest` correlation, `thinned`:
        every how many pixels and time points are previewed, and `notes`.

    Raises:
        ImageError: the images cannot be read.
        ParameterError: a voxel, region or cluster that is not there, or a series that is constant.
        TableError: the signal cannot be read.
        InputError: the signal or the map is missing.
    """
    images = open_images(inputs["images"], parameters.reading)
    moments = _moments(images, part(report, 0.0, 0.3))
    seen = preview.write_preview(images, folder, part(report, 0.3, 0.4))
    notes = seen.notes(images.path)
    seed = _seed(images, moments, inputs, parameters, part(report, 0.4, 0.6))
    values = _correlation(images, moments, seed.series, part(report, 0.6, 0.8))
    report(0.8, "Writing the map")
    _write(values, moments.mean, seed, images.info, folder)
    known = values[np.isfinite(values)]
    return {
        **images.described(notes),
        "shape": [*images.shape[1:], images.n_times],
        "n_voxels": images.n_voxels,
        "n_undefined": images.n_voxels - len(known),
        "source": parameters.source,
        "series": seed.words,
        "plane": seed.plane,
        "thinned": seen.thinned,
        "lowest": float(known.min()) if known.size else None,
        "highest": float(known.max()) if known.size else None,
    }


def cold_to_hot(values: NDArray[Any], limit: float = 1.0) -> NDArray[np.uint8]:
    """Colours of values from -limit to limit, those beyond as the ends; grey where there is none.

    Args:
        values: of any shape (...), NaN where there is none.
        limit: above 0, in the unit of the values.

    Returns:
        Red, green and blue from 0 to 255 (..., 3).
    """
    anchors = np.array(COLD_TO_HOT, float)
    place = np.clip(np.nan_to_num(values, nan=0.0) / limit, -1, 1)
    mixed = np.stack([np.interp(place, (-1, 0, 1), channel) for channel in anchors.T], axis=-1)
    mixed[np.isnan(values)] = maps.NEUTRAL
    return np.round(mixed).astype(np.uint8)


def _moments(images: ImageSeries, report: Report) -> Moments:
    """By Welford's recurrence (1962), doi:10.1080/00401706.1962.10490022."""
    mean, squares = np.zeros(images.shape[1:]), np.zeros(images.shape[1:])
    for time, volume in enumerate(images.frames()):
        report(time / images.n_times, f"Averaging time point {time + 1:,} of {images.n_times:,}")
        away = volume - mean
        mean += away / (time + 1)
        squares += away * (volume - mean)
    return Moments(mean, squares)


def _seed(
    images: ImageSeries,
    moments: Moments,
    inputs: Mapping[str, Path],
    parameters: CorrelateParameters,
    report: Report,
) -> Seed:
    match parameters.source:
        case "voxel":
            seed = _voxel(images, moments, parameters, report)
        case "region":
            seed = _region(images, moments, parameters, report)
        case "cluster":
            seed = _cluster(images, inputs.get("map"), parameters)
        case "signal":
            seed = _signal(images, inputs.get("signal"), parameters)
    if seed.series.max() == seed.series.min():
        raise ParameterError(
            f"The series of {seed.words} never changes, so nothing correlates with it: "
            "choose another."
        )
    return seed


def _voxel(
    images: ImageSeries, moments: Moments, parameters: CorrelateParameters, report: Report
) -> Seed:
    found = np.unravel_index(int(np.nanargmax(moments.squares)), moments.squares.shape)
    voxel = tuple(parameters.voxel) or tuple(int(index) for index in found)
    check_voxel(voxel, images.shape[1:])
    mask = np.zeros(images.shape[1:], bool)
    mask[voxel] = True
    if np.isnan(moments.mean[voxel]):
        raise ParameterError(
            f"voxel: {', '.join(map(str, voxel))} is NaN or infinite in at least one frame, so "
            "nothing can be compared with it: choose another."
        )
    chosen = "" if parameters.voxel else ", the one that varies most"
    words = f"the voxel at plane {voxel[0]}, y {voxel[1]}, x {voxel[2]}{chosen}"
    return Seed(_mean_within(images, mask, report), words, voxel[0])


def _region(
    images: ImageSeries, moments: Moments, parameters: CorrelateParameters, report: Report
) -> Seed:
    mask = region_mask(parameters.region, images.shape[1:]) & ~np.isnan(moments.mean)
    if not mask.any():
        raise ParameterError(
            "region: each of its voxels is NaN or infinite in at least one frame: draw it "
            "elsewhere."
        )
    plane = parameters.region[0]
    words = f"the mean of {np.count_nonzero(mask):,} voxels in plane {plane}"
    return Seed(_mean_within(images, mask, report), words, plane)


def _mean_within(images: ImageSeries, mask: NDArray[np.bool_], report: Report) -> Floats:
    means = np.empty(images.n_times)
    for time, volume in enumerate(images.frames()):
        report(time / images.n_times, "Reading the series to compare with")
        means[time] = volume[mask].mean(dtype=np.float64)
    return means


def _cluster(images: ImageSeries, folder: Path | None, parameters: CorrelateParameters) -> Seed:
    if folder is None:
        raise InputError("A cluster needs the map that it is of: choose a finished map.")
    series, k = centroid(folder, parameters.k, parameters.cluster)
    if len(series) != images.n_times:
        raise ParameterError(
            f"The map was made of {len(series)} time points, but the images have "
            f"{images.n_times}: choose the images that it was made of."
        )
    return Seed(series, f"the centroid of cluster {parameters.cluster} (K = {k})")


def _signal(images: ImageSeries, file: Path | None, parameters: CorrelateParameters) -> Seed:
    if file is None:
        raise InputError(f"No signal is given: choose {SIGNAL_FILE}.")
    signals = read_signals(file, images.n_times)
    if parameters.number >= len(signals):
        raise ParameterError(
            f"number: {file.name} holds {len(signals)} signals, counted from 0, and no signal "
            f"{parameters.number}."
        )
    return Seed(signals[parameters.number], f"signal {parameters.number} of {file.name}")


def _correlation(images: ImageSeries, moments: Moments, series: Floats, report: Report) -> Floats:
    """Pearson's r (plane, y, x), NaN where a voxel never changes."""
    wanted = series - series.mean()
    wanted /= np.linalg.norm(wanted)
    product = np.zeros(images.shape[1:])
    for time, volume in enumerate(images.frames()):
        report(time / images.n_times, f"Correlating time point {time + 1:,} of {images.n_times:,}")
        product += (volume - moments.mean) * wanted[time]
    with np.errstate(invalid="ignore", divide="ignore"):
        found: Floats = np.clip(product / np.sqrt(moments.squares), -1, 1)
    found[_constant(moments)] = np.nan
    return found


def _constant(moments: Moments) -> NDArray[np.bool_]:
    """Voxels whose deviations are nothing but rounding of their mean."""
    return np.asarray(moments.squares <= (1e-14 * np.abs(moments.mean)) ** 2)


def _write(values: Floats, mean: Floats, seed: Seed, info: ImageInfo, folder: Path) -> None:
    painted = cold_to_hot(values)
    correlation_folder.write(folder, values, mean, seed.series, painted, info)
    _write_svg(painted, seed, info, folder / correlation_folder.DRAWING)


def _write_svg(painted: NDArray[np.uint8], seed: Seed, info: ImageInfo, file: Path) -> None:
    thin = -(-max(painted.shape[1:3]) // SVG_PIXELS)
    planes = [
        plane_panel(plane[::thin, ::thin], f"Plane {number}", thin, info.pixel_um)
        for number, plane in enumerate(painted)
    ]
    bar = scale_panel(
        cold_to_hot(np.linspace(-1, 1, 201)), Axis("Pearson's r", -1, 1), "Correlation"
    )
    curve = curve_panel(
        seed.series[None],
        ["#3346c3"],
        [seed.words],
        title="Series",
        unit="its value",
        frame_s=info.frame_s,
    )
    thinned = f" Every {thin}th pixel is drawn." if thin > 1 else ""
    caption = (
        f"Correlation of every voxel with {seed.words}. Voxels that never change, or lack a "
        f"number, are grey.{thinned}"
    )
    write_svg(file, [*planes, curve, bar], caption)
