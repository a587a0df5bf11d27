"""A finished map as files for other programs."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.brainmap import maps
from pipelines.brainmap.atlas import ADVICE, FinishedMap, open_map
from pipelines.brainmap.export_parameters import MapExportParameters
from pipelines.brainmap.formats import FORMATS
from pipelines.brainmap.info import NOTHING_SAID, ImageInfo
from pipelines.brainmap.nwb import ChosenMap, write_nwb
from pipelines.brainmap.png import write_png
from pipelines.brainmap.svg import curve_panel, plane_panel, write_svg
from pipelines.brainmap.volume_files import LABELS_IMAGEJ, write_imagej_labels, write_volume
from pipelines.csv_export import write_csv
from pipelines.errors import InputError
from pipelines.formats import of_name
from pipelines.progress import Report, silent
from pipelines.reading import reading
from pipelines.result_files import read_object

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
    chosen = choose(found, parameters, _unit(inputs["map"]))
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
    place = found.place(parameters.k)
    labels = maps.volume(found.labels_of(parameters.k), found.voxels, found.shape, maps.FILTERED)
    similarity = maps.volume(np.asarray(found.similarity[place]), found.voxels, found.shape, 0)
    colors = found.colors_of(parameters.k, parameters.palette)
    rgb = maps.paint(labels, similarity, found.mean, _as_bytes(colors))
    centroids = found.centroids_of(parameters.k)
    info = found.info.with_stated(parameters.sizes)
    return ChosenMap(labels, similarity, found.mean, rgb, centroids, colors, unit, info)


def _unit(folder: Path) -> str:
    record = folder / "run.json"
    if not record.exists():
        return "normalised signal"
    with reading(record, InputError, ADVICE, "record of a map"):
        parameters = read_object(record, InputError, ADVICE).get("parameters", {})
        return UNITS.get(parameters.get("normalize", ""), "normalised signal")


def _as_bytes(colors: tuple[str, ...]) -> NDArray[np.uint8]:
    return np.array([list(bytes.fromhex(color[1:])) for color in colors], np.uint8)


# -- what the rows of `formats.FORMATS` write


def write_tiff(chosen: ChosenMap, _: MapExportParameters, folder: Path) -> None:
    """Write `labels.tif`, `labels_imagej.tif`, `similarity.tif` and `map.tif`."""
    volumes: dict[str, NDArray[Any]] = {
        "labels": chosen.labels,
        "similarity": chosen.similarity,
        "map": chosen.rgb,
    }
    for name, values in volumes.items():
        write_volume(values, folder / f"{name}.tif", chosen.info)
    write_imagej_labels(chosen.labels, chosen.colors, folder / LABELS_IMAGEJ, chosen.info)


def write_png_map(chosen: ChosenMap, _: MapExportParameters, folder: Path) -> None:
    """Write `map.png`, the planes side by side."""
    write_png(maps.side_by_side(chosen.rgb), folder / "map.png")


def write_tables(chosen: ChosenMap, _: MapExportParameters, folder: Path) -> None:
    """Write `centroids.csv` and `colors.csv`."""
    count, n_times = chosen.centroids.shape
    table = pd.DataFrame(chosen.centroids, columns=[f"t{time}" for time in range(n_times)])
    table.insert(0, "cluster", np.arange(count))
    table.insert(1, "n_voxels", _sizes(chosen))
    write_csv(table, folder / "centroids.csv")
    colors = pd.DataFrame({"cluster": range(count), "hex": chosen.colors})
    write_csv(colors, folder / "colors.csv")


def write_svgs(chosen: ChosenMap, parameters: MapExportParameters, folder: Path) -> None:
    """Write `map.svg` and `centroids.svg`."""
    write_map_svg(chosen.rgb, len(chosen.colors), folder / "map.svg", chosen.info)
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
    write_svg(folder / "centroids.svg", [curves], caption)


def write_nwb_map(chosen: ChosenMap, parameters: MapExportParameters, folder: Path) -> None:
    """Write `map.nwb`."""
    write_nwb(chosen, parameters, folder / "map.nwb")


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
