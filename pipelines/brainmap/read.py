"""Image series from TIFFs, NumPy's files, HDF5, NWB, zarr, or Thunder's binary files."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from pipelines.brainmap import tiff
from pipelines.brainmap.arrays import open_npy, open_npz
from pipelines.brainmap.changed import is_changed, open_changed
from pipelines.brainmap.containers import HDF5_SUFFIXES, is_zarr, open_hdf5, open_zarr
from pipelines.brainmap.images import (
    LEAST_TIMES,
    ImageSeries,
    Volume,
    checked_dtype,
    checked_shape,
)
from pipelines.brainmap.info import AS_FOUND, Reading
from pipelines.brainmap.numbering import natural_order, require_complete
from pipelines.brainmap.thunder import is_thunder, open_thunder
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
        if path.is_dir():
            return _open_directory(path, reading.dataset)
        return _open_file(path, reading.planes, reading.dataset)
    except OSError as error:
        raise ImageError(f"{path} cannot be read: {error.strerror or error}.") from error


def _open_directory(path: Path, dataset: str) -> ImageSeries:
    if is_zarr(path):
        return open_zarr(path, dataset)
    if is_changed(path):
        return open_changed(path)
    return open_thunder(path) if is_thunder(path) else _open_folder(path)


def _open_file(path: Path, planes: int | None, dataset: str) -> ImageSeries:
    _require_content(path)
    suffix = path.suffix.lower()
    if suffix in tiff.SUFFIXES:
        return tiff.open_stack(path, planes)
    if suffix == ".npy":
        return open_npy(path)
    if suffix == ".npz":
        return open_npz(path)
    if suffix in HDF5_SUFFIXES:
        return open_hdf5(path, dataset)
    raise ImageError(f"{path} is of a kind that is not read here: give {READABLE}.")


def _open_folder(folder: Path) -> ImageSeries:
    files = _images_in(folder)
    require_complete(folder, files)
    first = tiff.read_volume(files[0])
    shape = checked_shape(folder, (len(files), *first.shape))

    def read(start: int, stop: int) -> Iterator[Volume]:
        for file in files[start:stop]:
            _require_content(file)
            volume = tiff.read_volume(file)
            _require_alike(file, volume, files[0], first.shape, first.dtype.name)
            yield volume

    return ImageSeries(folder, shape, checked_dtype(folder, first.dtype), read)


def _images_in(folder: Path) -> Sequence[Path]:
    try:
        files = [file for file in folder.iterdir() if _is_image(file)]
    except OSError as error:
        raise ImageError(f"{folder} cannot be read: {error.strerror or error}.") from error
    if not files:
        raise ImageError(f"{folder} holds no TIFF file: give a folder with one per time point.")
    if len(files) < LEAST_TIMES:
        raise ImageError(
            f"{folder} holds only one TIFF, {files[0].name}: at least {LEAST_TIMES} time points "
            "are needed; if that file holds the whole series, give the file itself."
        )
    ordered = natural_order(files)
    _require_content(ordered[0])
    return ordered


def _is_image(file: Path) -> bool:
    hidden = file.name.startswith(".")
    return not hidden and file.suffix.lower() in tiff.SUFFIXES and file.is_file()


def _require_content(file: Path) -> None:
    if file.stat().st_size == 0:
        raise ImageError(f"{file} is empty: copy it again.")


def _require_alike(
    file: Path, volume: Volume, first: Path, shape: tuple[int, ...], dtype: str
) -> None:
    if volume.shape != shape:
        raise ImageError(
            f"{file} has the shape {volume.shape} (plane, y, x), but {first.name} has {shape}: "
            "all time points must be alike."
        )
    if volume.dtype.name != dtype:
        raise ImageError(
            f"{file} holds {volume.dtype.name} values, but {first.name} holds {dtype}: "
            "all time points must be alike."
        )
