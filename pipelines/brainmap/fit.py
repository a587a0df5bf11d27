"""The whole way from images to a map."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from pipelines.brainmap import recolored
from pipelines.brainmap.clusters.sweep import PALETTES, Sweep, color_all, offered, run_sweep, table
from pipelines.brainmap.colors.palette import Coloring
from pipelines.brainmap.engines.active_on_cluster import find_active_on
from pipelines.brainmap.engines.engine import Engine, Local, engine_at
from pipelines.brainmap.formats.read import open_images
from pipelines.brainmap.images.images import ImageSeries
from pipelines.brainmap.images.info import ImageInfo
from pipelines.brainmap.map import folder as map_folder
from pipelines.brainmap.map import maps
from pipelines.brainmap.parameters import BrainmapParameters, Palette
from pipelines.brainmap.voxels.active import ActiveVoxels, find_active
from pipelines.core.progress import Report, part, silent

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
        inputs: `images`, as `read.open_images` takes them; perhaps `earlier`, a map that differs
            in its colours only, of which all else is taken over.
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
        ParameterError: no voxel is active enough, or k is too large for those that are; or an
            earlier map differs in more than its colours.
        InputError: what was given as an earlier map is none.
        EngineError: the cluster does not answer, or does not see the folder.
    """
    if "earlier" in inputs:
        return _recolored(inputs["earlier"], parameters, folder, report)
    images = open_images(inputs["images"], parameters.reading)
    with engine_at(parameters.engine) as engine:
        active = _active(engine, images, parameters, folder, part(report, 0.0, 0.4))
        sweep = run_sweep(active, parameters, folder, engine, part(report, 0.4, 0.8))
    colorings = _colorings(sweep, parameters.color_seed, part(report, 0.8, 0.95))
    palette = _palette(parameters, sweep)
    coloring = colorings[palette][sweep.place]
    report(0.95, "Writing the maps")
    _write_chosen(active, sweep, coloring, images.info, folder)
    _write_all(sweep, colorings, folder)
    return _figures(images, active, sweep, palette, coloring)


def _palette(parameters: BrainmapParameters, sweep: Sweep) -> Palette:
    return parameters.colors if offered(parameters.colors, sweep.k) else "similarity"


def _recolored(
    earlier: Path, parameters: BrainmapParameters, folder: Path, report: Report
) -> dict[str, Any]:
    """An earlier map in other colours."""
    found = recolored.open_earlier(earlier, parameters)
    sweep = recolored.sweep_of(found)
    colorings = _colorings(sweep, parameters.color_seed, part(report, 0.1, 0.9))
    palette = _palette(parameters, sweep)
    coloring = colorings[palette][sweep.place]
    report(0.9, "Writing the maps")
    recolored.take_over(found, folder)
    shown = found.of_k(None)
    painted = maps.paint(shown.labels, shown.similarity, shown.mean, coloring.rgb)
    map_folder.write_volumes(
        folder, shown.labels, shown.similarity, painted, coloring.hex, found.info
    )
    map_folder.write_picture(folder, painted)
    map_folder.write_clusters(folder, _centroids(sweep, sweep.place), coloring.hex)
    _write_all(sweep, colorings, folder)
    return recolored.results_of(found, _of_colors(palette, coloring))


def _of_colors(palette: Palette, coloring: Coloring) -> dict[str, Any]:
    return {
        "palette": palette,
        "color_correlation": coloring.correlation,
        "color_min_delta_e": coloring.min_delta_e,
    }


def _figures(
    images: ImageSeries, active: ActiveVoxels, sweep: Sweep, palette: Palette, coloring: Coloring
) -> dict[str, Any]:
    """What `fit` returns of the chosen map."""
    return {
        **images.described(active.notes),
        "shape": [*active.shape, images.n_times],
        "n_voxels": images.n_voxels,
        "n_kept": len(active.voxels),
        "k": sweep.k,
        "k_reason": sweep.reason,
        "crossing": sweep.crossing,
        "inertia": sweep.groups[sweep.place].inertia,
        **_of_colors(palette, coloring),
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


def _write_chosen(
    active: ActiveVoxels, sweep: Sweep, coloring: Coloring, info: ImageInfo, folder: Path
) -> None:
    shape, voxels, row = active.shape, active.voxels, map_folder.read_row(folder, sweep.place)
    labels = maps.volume(row.labels, voxels, shape, maps.FILTERED)
    similarity = maps.volume(row.similarity, voxels, shape, 0.0)
    mean = active.mean.reshape(shape)
    painted = maps.paint(labels, similarity, mean, coloring.rgb)
    map_folder.write_volumes(folder, labels, similarity, painted, coloring.hex, info)
    map_folder.write_picture(folder, painted)
    map_folder.write_clusters(folder, _centroids(sweep, sweep.place), coloring.hex)
    map_folder.write_mean_and_deviation(folder, mean, active.deviation.reshape(shape), info)
    map_folder.write_kept(folder, voxels)


def _write_all(sweep: Sweep, colorings: Colorings, folder: Path) -> None:
    centroids = {k: _centroids(sweep, place) for place, k in enumerate(sweep.ks)}
    palettes: dict[str, dict[int, list[str]]] = {
        palette: {sweep.ks[place]: found.hex for place, found in sorted(all_found.items())}
        for palette, all_found in colorings.items()
    }
    map_folder.write_sweep(folder, centroids, palettes, table(sweep, colorings))


def _centroids(sweep: Sweep, place: int) -> pd.DataFrame:
    groups = sweep.groups[place]
    return map_folder.table_of_centroids(groups.centroids, groups.sizes)
