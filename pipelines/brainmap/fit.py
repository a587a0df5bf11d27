"""The whole way from images to a map."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.brainmap import maps
from pipelines.brainmap.colors import Coloring, color_centroids
from pipelines.brainmap.images import ImageSeries
from pipelines.brainmap.kmeans import Clustering, Quality, cluster, quality
from pipelines.brainmap.parameters import BrainmapParameters
from pipelines.brainmap.read import open_images
from pipelines.brainmap.series import Floats, Series, deviations, normalize, to_series
from pipelines.csv_export import write_csv
from pipelines.errors import ParameterError
from pipelines.progress import Report, part, silent


@dataclass(frozen=True)
class ActiveVoxels:
    """The voxels that are clustered, and what the volume looks like.

    Attributes:
        series: normalised series (kept voxel, time).
        voxels: position of each in the order of plane, y, x (kept voxel,).
        deviation: standard deviation of the normalised series (voxel,), of all voxels.
        mean: mean intensity over time (voxel,), of all voxels.
        shape: (plane, y, x).
    """

    series: Series
    voxels: NDArray[np.intp]
    deviation: Floats
    mean: Floats
    shape: tuple[int, int, int]


def fit(
    inputs: Mapping[str, Path],
    parameters: BrainmapParameters,
    folder: Path,
    report: Report = silent,
) -> dict[str, Any]:
    """Map the voxels of an image series by their activity.

    Args:
        inputs: `images`, as `read.open_images` takes them.
        parameters: what to keep and how many groups to make.
        folder: gets `labels.tif`, `similarity.tif`, `map.png`, `map.tif`, `std.tif`,
            `mean.tif`, `centroids.csv`, `colors.csv`, `sweep.csv`, `series.npy`, `voxels.npy`.
        report: told what happens.

    Returns:
        `shape` (plane, y, x, time), `n_voxels`, `n_kept`, `k`, `k_reason`, `inertia`,
        `color_correlation` (None for two clusters) and `color_min_delta_e`.

    Raises:
        ImageError: the images cannot be read or are incomplete.
        ParameterError: no voxel is active enough, or k is too large for those that are.
    """
    images = open_images(inputs["images"], parameters.planes)
    active = find_active(images, parameters, part(report, 0.0, 0.5))
    kept = len(active.voxels)
    report(0.5, f"Clustering {kept:,} voxels into {parameters.k} groups")
    groups = cluster(active.series, parameters.k, n_init=parameters.n_init, seed=parameters.seed)
    fitness = quality(active.series, groups)
    report(0.8, f"Choosing {parameters.k} colours")
    coloring = color_centroids(groups.centroids, parameters.seed)
    report(0.95, "Writing the map")
    _write_volumes(active, groups, fitness, coloring, folder)
    _write_tables(groups, fitness, coloring, folder)
    return {
        "shape": [*active.shape, images.n_times],
        "n_voxels": images.n_voxels,
        "n_kept": kept,
        "k": parameters.k,
        "k_reason": f"{parameters.k} clusters were asked for.",
        "inertia": groups.inertia,
        "color_correlation": coloring.correlation,
        "color_min_delta_e": coloring.min_delta_e,
    }


def find_active(
    images: ImageSeries, parameters: BrainmapParameters, report: Report = silent
) -> ActiveVoxels:
    """Read and normalise all series, and keep those that vary.

    Raises:
        ImageError: the images cannot be read, or normalised as asked.
        ParameterError: no voxel varies by more than the threshold.
    """
    series = to_series(images, part(report, 0.0, 0.6))
    mean = series.mean(axis=1, dtype=np.float64)
    report(0.6, f"Normalising the series of {images.n_voxels:,} voxels")
    normalize(series, parameters)
    deviation = deviations(series)
    voxels = np.flatnonzero(deviation > parameters.std_threshold)
    if not voxels.size:
        raise ParameterError(
            f"No voxel varies by more than std_threshold = {parameters.std_threshold:g}: the "
            f"largest standard deviation is {deviation.max():.3g}, so set a lower threshold."
        )
    return ActiveVoxels(series[voxels], voxels, deviation, mean, images.shape[1:])


def _write_volumes(
    active: ActiveVoxels, groups: Clustering, fitness: Quality, coloring: Coloring, folder: Path
) -> None:
    shape, voxels = active.shape, active.voxels
    labels = maps.volume(groups.labels.astype(np.int16), voxels, shape, maps.FILTERED)
    similarity = maps.volume(fitness.similarity, voxels, shape, 0.0)
    mean = active.mean.reshape(shape)
    maps.write_volume(labels, folder / "labels.tif")
    maps.write_volume(similarity, folder / "similarity.tif")
    maps.write_volume(active.deviation.reshape(shape).astype(np.float32), folder / "std.tif")
    maps.write_volume(mean.astype(np.float32), folder / "mean.tif")
    maps.write_map(maps.paint(labels, similarity, mean, coloring.rgb), folder)
    np.save(folder / "series.npy", active.series.astype(np.float32))
    np.save(folder / "voxels.npy", voxels.astype(np.int64))


def _write_tables(groups: Clustering, fitness: Quality, coloring: Coloring, folder: Path) -> None:
    clusters = np.arange(len(groups.centroids))
    times = [f"t{time}" for time in range(groups.centroids.shape[1])]
    centroids = pd.DataFrame(groups.centroids, columns=times)
    centroids.insert(0, "cluster", clusters)
    centroids.insert(1, "n_voxels", groups.sizes)
    write_csv(centroids, folder / "centroids.csv")
    write_csv(pd.DataFrame({"cluster": clusters, "hex": coloring.hex}), folder / "colors.csv")
    sweep = {
        "k": [len(clusters)],
        "inertia": [groups.inertia],
        "error_distance": [fitness.error_distance],
        "error_similarity": [fitness.error_similarity],
    }
    write_csv(pd.DataFrame(sweep), folder / "sweep.csv")
