"""The kinds of images that are read and that a map is written as, a row for each.

Of the rows that recognise a folder, one with marks comes first; see `pipelines.core.formats`.
"""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np

from pipelines.brainmap.formats import thunder
from pipelines.brainmap.images.axes import GUESSES
from pipelines.brainmap.operations import operation_result
from pipelines.core.errors import ImageError
from pipelines.core.formats import Format, either, suffixes, visible_files
from pipelines.core.result_files import read_object

ZARR_MARKS = (".zarray", ".zgroup")
ZARR_FORMAT_3 = "zarr.json"
"""It is recognised, to say that it is not read."""
MOST_FOLDERS = 1000
"""So many of a zarr group are looked through for images before it is offered."""


def _is_no_film(npy: Path) -> bool:
    """Whether a NumPy file has too few axes, or what a record says of them is in its folder."""
    if npy.name == operation_result.FILE.name and operation_result.is_changed(npy.parent):
        return True
    with suppress(OSError, ValueError), npy.open("rb") as stream:
        version = np.lib.format.read_magic(stream)
        readers = {
            (1, 0): np.lib.format.read_array_header_1_0,
            (2, 0): np.lib.format.read_array_header_2_0,
        }
        return version in readers and len(readers[version](stream)[0]) < min(GUESSES)
    return False


def _is_zarr(folder: Path) -> bool:
    """Whether a folder is a zarr array or group."""
    marked = any((folder / mark).exists() for mark in (*ZARR_MARKS, ZARR_FORMAT_3))
    return folder.is_dir() and (marked or folder.suffix.lower() == ".zarr")


def _has_no_images(folder: Path) -> bool:
    """Whether no array has enough axes, as of a recording or a table."""
    return not any(axes in GUESSES for axes in _axes_of_arrays(folder))


def _axes_of_arrays(folder: Path) -> Iterator[int]:
    for count, (place, folders, files) in enumerate(os.walk(folder)):
        if count == MOST_FOLDERS:  # it takes too long to know
            yield min(GUESSES)
            return
        if ".zarray" in files:
            folders.clear()  # pieces of the array, of which there may be very many
            with suppress(ImageError):
                shape = read_object(Path(place) / ".zarray", ImageError, "").get("shape")
                yield len(shape) if isinstance(shape, list) else 0


def _is_unclear(folder: Path) -> bool:
    """Whether what is called as Thunder's description is something else."""
    try:
        said = read_object(folder / thunder.CONF, ImageError, "")
    except ImageError:
        return True
    bins = any(file.suffix.lower() == thunder.SUFFIX for file in folder.iterdir())
    return not (bins and said.keys() >= {"dtype"} and said.keys() & {"shape", "dims"})


def _is_no_series(folder: Path) -> bool:
    """Whether the result of an operation has no time any more."""
    try:
        layout = operation_result.layout_of(folder) if operation_result.is_changed(folder) else ""
    except ImageError:
        return True
    return layout not in ("series", "volumes")


def _is_more(folder: Path) -> bool:
    """Whether a folder with suite2p's folders of planes is not made by it alone."""
    is_plane = (folder / "data.bin").is_file()
    return folder.is_dir() and not is_plane and bool(visible_files(folder))


TIFF = Format(
    "tiff",
    "TIFF (OME, ImageJ, ScanImage, Bruker, NDTiff): a film, or a folder of images",
    "pipelines.brainmap.formats.read:open_tiffs",
    "pipelines.brainmap.map.export:write_tiff",
    suffixes=(".tif", ".tiff", ".btf", ".tf8"),
    stands="series",
    beside=(".xml",),
    ask="a folder of TIFFs, a TIFF stack",
    leaves={
        "labels.tif": "Number of the cluster of every voxel, -1 where filtered out",
        "labels_imagej.tif": (
            "The same for ImageJ, napari and scikit-image: 0 is background, "
            "clusters count from 1, in the map's colours"
        ),
        "similarity.tif": "Correlation of every voxel with its centroid",
        "map.tif": "The map in colours, a page for each plane",
    },
)
FORMATS = (
    TIFF,
    Format(
        "png",
        "PNG",
        write="pipelines.brainmap.map.export:write_png_map",
        leaves={
            "map.png": "The map in colours, planes side by side",
        },
    ),
    Format(
        "svg",
        "SVG",
        write="pipelines.brainmap.map.export:write_svgs",
        leaves={
            "map.svg": "The map with axes and caption",
            "centroids.svg": "The centroids in their colours, with axes and caption",
        },
    ),
    Format(
        "csv",
        "CSV tables",
        write="pipelines.brainmap.map.export:write_tables",
        leaves={
            "centroids.csv": "Mean series and size of every cluster",
            "colors.csv": "Colour of every cluster",
        },
    ),
    Format(
        "npy",
        "NumPy array",
        "pipelines.brainmap.formats.arrays:open_npy",
        suffixes=(".npy",),
        rules_out=_is_no_film,
        ask=".npy",
    ),
    Format(
        "npz",
        "NumPy archive",
        "pipelines.brainmap.formats.arrays:open_npz",
        suffixes=(".npz",),
        ask=".npz",
    ),
    Format(
        "hdf5",
        "HDF5",
        "pipelines.brainmap.formats.containers:open_hdf5",
        suffixes=(".h5", ".hdf5", ".hdf"),
        ask=".h5",
    ),
    Format(
        "nwb",
        "NWB",
        "pipelines.brainmap.formats.containers:open_hdf5",
        "pipelines.brainmap.map.export:write_nwb_map",
        suffixes=(".nwb",),
        ask=".nwb",
        leaves={
            "map.nwb": (
                "Clusters as voxel masks, centroids as their series, and pictures, for NWB's tools"
            ),
        },
    ),
    Format(
        "mat",
        "MATLAB",
        "pipelines.brainmap.formats.matlab_images:open_mat",
        suffixes=(".mat",),
        ask=".mat",
    ),
    Format(
        "mmap",
        "CaImAn's memory map",
        "pipelines.brainmap.formats.raw_numbers:open_mmap",
        suffixes=(".mmap",),
        ask=".mmap",
    ),
    Format(
        "zarr",
        "zarr, OME-Zarr (format 2)",
        "pipelines.brainmap.formats.containers:open_zarr",
        marks=ZARR_MARKS,
        recognises=_is_zarr,
        rules_out=_has_no_images,
        is_uploaded=False,
        ask=".zarr",
    ),
    Format(
        "operation",
        "the result of an operation on series",
        "pipelines.brainmap.formats.read:open_result",
        marks=(operation_result.FILE.name,),
        recognises=operation_result.is_changed,
        rules_out=_is_no_series,
        is_uploaded=False,
    ),
    Format(
        "thunder",
        "Thunder's binary files",
        "pipelines.brainmap.formats.read:open_binary_series",
        marks=(thunder.CONF,),
        rules_out=_is_unclear,
        beside=(".json",),
        ask="Thunder's conf.json with its files",
    ),
    Format(
        "suite2p",
        "suite2p's registered frames",
        "pipelines.brainmap.formats.raw_numbers:open_suite2p",
        suffixes=(".bin",),
        marks=("data.bin", "plane[0-9]*/data.bin"),
        unoffered=(".bin",),
        rules_out=_is_more,
        ask="suite2p's data.bin",
    ),
)
SIGNALS = (
    Format("npy", "NumPy array", "pipelines.brainmap.voxels.signals:read_npy", suffixes=(".npy",)),
    Format("csv", "CSV", "pipelines.brainmap.voxels.signals:read_csv", suffixes=(".csv",)),
    Format("mat", "MATLAB", "pipelines.brainmap.voxels.signals:read_mat", suffixes=(".mat",)),
)
"""Signals over time that series are compared with."""
SIGNAL_FILE = f"a {either(suffixes(SIGNALS))} file"
