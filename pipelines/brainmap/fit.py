"""The whole way from images to a map."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from pipelines.brainmap import maps
from pipelines.brainmap.active import ActiveVoxels, find_active
from pipelines.brainmap.by_k import read_row
from pipelines.brainmap.colors import Coloring
from pipelines.brainmap.engine import Engine, Local, engine_at
from pipelines.brainmap.images import ImageSeries
from pipelines.brainmap.info import ImageInfo
from pipelines.brainmap.parameters import BrainmapParameters, Palette
from pipelines.brainmap.png import write_png
from pipelines.brainmap.read import open_images
from pipelines.brainmap.spread import find_active_on
from pipelines.brainmap.sweep import PALETTES, Sweep, color_all, offered, run_sweep, table
from pipelines.brainmap.volume_files import LABELS_IMAGEJ, write_imagej_labels, write_volume
from pipelines.csv_export import write_csv
from pipelines.progress import Report, part, silent

Colorings = dict[Palette, dict[int, Coloring]]
"""For each palette, colours of every K that it suits, by the place of K in the sweep."""


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
        folder: gets the chosen map: `labels.tif`, `labels_imagej.tif` (0 = background),
            `similarity.tif`, `map.png`, `map.tif`, `std.tif`, `mean.tif`, `centroids.csv`,
            `colors.csv`; what it was made from:
            `series.npy` (kept voxel, time), `voxels.npy`; and all maps that were tried:
            `sweep.csv`, `labels_by_k.npy` and `similarity_by_k.npy` (k, kept voxel),
            `centroids_by_k.csv`, `palettes.csv`.
        report: told what happens.

    Returns:
        `shape` (plane, y, x, time), `n_voxels`, `n_kept`, `k`, `k_reason`, `crossing` (the pair
        of K between which the training and the test curve cross, or None), `inertia`, `palette`,
        `color_correlation` (None for two clusters), `color_min_delta_e` and `notes`.

    Raises:
        ImageError: the images cannot be read or are incomplete.
        ParameterError: no voxel is active enough, or k is too large for those that are.
        EngineError: the cluster does not answer, or does not see the folder.
    """
    images = open_images(inputs["images"], parameters.reading)
    with engine_at(parameters.engine) as engine:
        active = _active(engine, images, parameters, folder, part(report, 0.0, 0.4))
        sweep = run_sweep(active, parameters, folder, engine, part(report, 0.4, 0.8))
    colorings = _colorings(sweep, parameters.color_seed, part(report, 0.8, 0.95))
    palette: Palette = parameters.colors if offered(parameters.colors, sweep.k) else "similarity"
    coloring = colorings[palette][sweep.place]
    report(0.95, "Writing the maps")
    _write_volumes(active, sweep, coloring, images.info, folder)
    _write_tables(sweep, coloring, folder)
    _write_all(sweep, colorings, folder)
    return {
        **images.described(active.notes),
        "shape": [*active.shape, images.n_times],
        "n_voxels": images.n_voxels,
        "n_kept": len(active.voxels),
        "k": sweep.k,
        "k_reason": sweep.reason,
        "crossing": sweep.crossing,
        "inertia": sweep.groups[sweep.place].inertia,
        "palette": palette,
        "color_correlation": coloring.correlation,
        "color_min_delta_e": coloring.min_delta_e,
    }


def _active(
    engine: Engine,
    images: ImageSeries,
    parameters: BrainmapParameters,
    folder: Path,
    report: Report,
) -> ActiveVoxels:
    if isinstance(engine, Local):
        return find_active(images, parameters, folder, report)
    return find_active_on(engine, images, parameters, folder, report)


def _colorings(sweep: Sweep, seed: int, report: Report) -> Colorings:
    count = len(PALETTES)
    return {
        palette: color_all(sweep, seed, palette, part(report, at / count, (at + 1) / count))
        for at, palette in enumerate(PALETTES)
    }


def _write_volumes(
    active: ActiveVoxels, sweep: Sweep, coloring: Coloring, info: ImageInfo, folder: Path
) -> None:
    shape, voxels, row = active.shape, active.voxels, read_row(folder, sweep.place)
    labels = maps.volume(row.labels, voxels, shape, maps.FILTERED)
    similarity = maps.volume(row.similarity, voxels, shape, 0.0)
    mean = active.mean.reshape(shape)
    painted = maps.paint(labels, similarity, mean, coloring.rgb)
    volumes = {
        "labels": labels, "similarity": similarity, "std": active.deviation.reshape(shape),
        "mean": mean, "map": painted,
    }  # fmt: skip
    for name, values in volumes.items():
        write_volume(values, folder / f"{name}.tif", info)
    write_imagej_labels(labels, coloring.hex, folder / LABELS_IMAGEJ, info)
    write_png(maps.side_by_side(painted), folder / "map.png")
    np.save(folder / "voxels.npy", voxels.astype(np.int64, copy=False))


def _write_tables(sweep: Sweep, coloring: Coloring, folder: Path) -> None:
    centroids = _centroids(sweep, sweep.place)
    write_csv(centroids.drop(columns="k"), folder / "centroids.csv")
    colors = pd.DataFrame({"cluster": centroids["cluster"], "hex": coloring.hex})
    write_csv(colors, folder / "colors.csv")


def _write_all(sweep: Sweep, colorings: Colorings, folder: Path) -> None:
    centroids = [_centroids(sweep, place) for place in range(len(sweep.ks))]
    write_csv(pd.concat(centroids), folder / "centroids_by_k.csv")
    palettes = [
        pd.DataFrame(
            {
                "k": sweep.ks[place],
                "palette": palette,
                "cluster": range(len(found.hex)),
                "hex": found.hex,
            }
        )
        for palette, all_found in colorings.items()
        for place, found in sorted(all_found.items())
    ]
    write_csv(pd.concat(palettes), folder / "palettes.csv")
    write_csv(table(sweep, colorings), folder / "sweep.csv")


def _centroids(sweep: Sweep, place: int) -> pd.DataFrame:
    groups = sweep.groups[place]
    times = [f"t{time}" for time in range(groups.centroids.shape[1])]
    centroids = pd.DataFrame(groups.centroids, columns=times)
    centroids.insert(0, "k", sweep.ks[place])
    centroids.insert(1, "cluster", np.arange(len(centroids)))
    centroids.insert(2, "n_voxels", groups.sizes)
    return centroids
