"""A finished map as files for other programs."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.brainmap.formats.rows import FORMATS
from pipelines.brainmap.images.info import NOTHING_SAID, ImageInfo
from pipelines.brainmap.map import folder as map_folder
from pipelines.brainmap.map import maps
from pipelines.brainmap.map.export_parameters import MapExportParameters
from pipelines.brainmap.map.folder import FinishedMap, open_map
from pipelines.brainmap.map.nwb import ChosenMap, write_nwb
from pipelines.core.formats import of_name
from pipelines.core.progress import Report, silent
from pipelines.figures.svg import curve_panel, plane_panel, write_svg

SVG_PIXELS = 512
"""Longest side of a plane in the SVG; larger ones are thinned, and its caption says so."""

UNITS: Mapping[str, str] = {
    "percentile": "relative change",
    "mean": "relative change",
    "zscore": "standard deviations",
    "none": "intensity",
}


def export(
    inputs: Mapping[str, Path],
    parameters: MapExportParameters,
    folder: Path,
    report: Report = silent,
) -> dict[str, Any]:
    """Write one of a map's numbers of clusters.

    Args:
        inputs: `map`, the folder of a finished map.
        parameters: which K, palette and formats.
        folder: gets, by format: `labels.tif`, `labels_imagej.tif`, `similarity.tif`, `map.tif`;
            `map.png`; `map.svg`,
            `centroids.svg`; `centroids.csv`, `colors.csv`; `map.nwb`.
        report: told what happens.

    Returns:
        `k`, `palette`, `formats`, `files`, `notes`, and the sizes that are known.

    Raises:
        InputError: the map cannot be read.
        ParameterError: that K was not tried.
    """
    found = open_map(inputs["map"])
    chosen = choose(found, parameters, UNITS.get(found.normalization, "normalised signal"))
    for done, name in enumerate(parameters.formats):
        report(done / len(parameters.formats), f"Writing {name}")
        of_name(FORMATS, name).writer(chosen, parameters, folder)
    return {
        "k": len(chosen.colors),
        "palette": parameters.palette,
        "formats": list(parameters.formats),
        "files": sorted(path.name for path in folder.iterdir()),
        **chosen.info.sizes,
        "notes": list(chosen.info.notes),
    }


def choose(found: FinishedMap, parameters: MapExportParameters, unit: str) -> ChosenMap:
    """The map of one K, in volumes."""
    one = found.of_k(parameters.k, parameters.palette)
    rgb = maps.paint(one.labels, one.similarity, one.mean, one.color_bytes)
    info = found.info.with_stated(parameters.sizes)
    return ChosenMap(
        one.labels, one.similarity, one.mean, rgb, one.centroids, one.colors, unit, info
    )


# -- what the rows of `formats.FORMATS` write


def write_tiff(chosen: ChosenMap, _: MapExportParameters, folder: Path) -> None:
    """Write the volumes: clusters, similarity, and the map in colours."""
    map_folder.write_volumes(
        folder, chosen.labels, chosen.similarity, chosen.rgb, chosen.colors, chosen.info
    )


def write_png_map(chosen: ChosenMap, _: MapExportParameters, folder: Path) -> None:
    """Write the map as a picture, the planes side by side."""
    map_folder.write_picture(folder, chosen.rgb)


def write_tables(chosen: ChosenMap, _: MapExportParameters, folder: Path) -> None:
    """Write centroids and colours."""
    clusters = map_folder.table_of_centroids(chosen.centroids, _sizes(chosen))
    map_folder.write_clusters(folder, clusters, chosen.colors)


def write_svgs(chosen: ChosenMap, parameters: MapExportParameters, folder: Path) -> None:
    """Write drawings of the map and of the centroids."""
    write_map_svg(chosen.rgb, len(chosen.colors), folder / map_folder.MAP_DRAWING, chosen.info)
    names = [f"cluster {cluster}: {size:,} voxels" for cluster, size in enumerate(_sizes(chosen))]
    curves = curve_panel(
        chosen.centroids,
        chosen.colors,
        names,
        title="Centroids",
        unit=chosen.unit,
        frame_s=chosen.info.frame_s,
    )
    caption = (
        f"The mean series of each of {len(names)} clusters, in its colour ({parameters.palette})."
    )
    write_svg(folder / map_folder.CENTROIDS_DRAWING, [curves], caption)


def write_nwb_map(chosen: ChosenMap, parameters: MapExportParameters, folder: Path) -> None:
    """Write the map for NWB's tools."""
    write_nwb(chosen, parameters, folder / map_folder.MAP_NWB)


def write_map_svg(
    rgb: NDArray[np.uint8], k: int, file: Path, info: ImageInfo = NOTHING_SAID
) -> None:
    """Write a map (plane, y, x, 3) as SVG, each plane with its axes."""
    thin = -(-max(rgb.shape[1:3]) // SVG_PIXELS)
    planes = [
        plane_panel(plane[::thin, ::thin], f"Plane {number}", thin, info.pixel_um)
        for number, plane in enumerate(rgb)
    ]
    thinned = f" Every {thin}th pixel is drawn." if thin > 1 else ""
    caption = (
        f"Voxels in the colours of {k} clusters. The more a voxel resembles its centroid, the "
        f"more of the colour it shows over the mean image; grey ones were filtered out.{thinned}"
    )
    write_svg(file, planes, caption)


def _sizes(chosen: ChosenMap) -> list[int]:
    labels = chosen.labels[chosen.labels != maps.FILTERED]
    return [int(size) for size in np.bincount(labels, minlength=len(chosen.colors))]
