"""Image series from TIFFs, NumPy's files, HDF5, NWB, zarr, or Thunder's binary files."""

from dataclasses import replace
from pathlib import Path

from pipelines.brainmap import tiff
from pipelines.brainmap.arrays import open_npy, open_npz
from pipelines.brainmap.changed import is_changed, open_changed
from pipelines.brainmap.containers import HDF5_SUFFIXES, is_zarr, open_hdf5, open_zarr
from pipelines.brainmap.folder import open_folder
from pipelines.brainmap.images import ImageSeries
from pipelines.brainmap.info import AS_FOUND, Reading
from pipelines.brainmap.thunder import is_thunder, open_thunder
from pipelines.brainmap.tiff_series import open_stack
from pipelines.errors import ImageError

READABLE = "a folder of TIFFs, a TIFF stack, .npy, .npz, .h5, .nwb or .zarr"


def open_images(path: Path, reading: Reading = AS_FOUND) -> ImageSeries:
    """Open an image series without reading its volumes.

    Args:
        path: a folder with one TIFF per time point (pages = planes), a multi-page TIFF or
            OME-TIFF, a `.npy` or `.npz` array (time, plane, y, x) or (time, y, x), such an
            array in HDF5, NWB or zarr, a folder of Thunder's binary series or images, or of
            the result of an operation on series.
        reading: what a person says about it.

    Raises:
        ImageError: the file or folder is of another kind, damaged or incomplete.
    """
    try:
        images = _open(path, reading)
    except OSError as error:
        raise ImageError(f"{path} cannot be read: {error.strerror or error}.") from error
    return replace(images, info=images.info.with_stated(reading.sizes))


def _open(path: Path, reading: Reading) -> ImageSeries:
    if path.is_dir():
        return _open_directory(path, reading)
    return _open_file(path, reading)


def _open_directory(path: Path, reading: Reading) -> ImageSeries:
    if is_zarr(path):
        return open_zarr(path, reading)
    if is_changed(path):
        return open_changed(path)
    return open_thunder(path) if is_thunder(path) else open_folder(path, reading)


def _open_file(path: Path, reading: Reading) -> ImageSeries:
    tiff.require_content(path)
    suffix = path.suffix.lower()
    if suffix in tiff.SUFFIXES:
        return open_stack(path, reading)
    if suffix == ".npy":
        return open_npy(path, reading)
    if suffix == ".npz":
        return open_npz(path, reading)
    if suffix in HDF5_SUFFIXES:
        return open_hdf5(path, reading)
    raise ImageError(f"{path} is of a kind that is not read here: give {READABLE}.")
