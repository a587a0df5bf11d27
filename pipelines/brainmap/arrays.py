"""Image series in NumPy's own files."""

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.brainmap.images import ImageSeries, Volume, checked_dtype, checked_shape
from pipelines.errors import ImageError

NPY_MAGIC = b"\x93NUMPY"


def open_npy(path: Path) -> ImageSeries:
    """Map a `.npy` file (time, plane, y, x) or (time, y, x) into memory.

    Raises:
        ImageError: not a whole `.npy` file, Python objects in it, an unsuitable shape or type.
    """
    with path.open("rb") as stream:
        if stream.read(len(NPY_MAGIC)) != NPY_MAGIC:
            raise ImageError(f"{path} is not a NumPy .npy file: save the array with numpy.save.")
    # The header is parsed by NumPy, which raises many types of errors on damaged bytes.
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except Exception as error:
        raise ImageError(_npy_sentence(path, error)) from error
    return _series(path, array)


def open_npz(path: Path) -> ImageSeries:
    """Read the single array of a `.npz` file.

    Raises:
        ImageError: not a whole `.npz` file, more than one array in it, or as `open_npy`.
    """
    return _series(path, _only_array(path))


def _only_array(path: Path) -> NDArray[Any]:
    if not zipfile.is_zipfile(path):
        raise ImageError(f"{path} is not a whole .npz file: copy it again, or save it again.")
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as archive:
            names = list(archive.keys())
            array = archive[names[0]] if len(names) == 1 else None
    except Exception as error:
        raise ImageError(_npy_sentence(path, error)) from error
    if array is None:
        held = ", ".join(names[:5]) or "none"
        raise ImageError(
            f"{path} holds {len(names)} arrays ({held}): save it with the images as its only one."
        )
    if not isinstance(array, np.ndarray):
        raise ImageError(f"{path} holds {names[0]}, which is no array: save it with numpy.savez.")
    return array


def _series(path: Path, array: NDArray[Any]) -> ImageSeries:
    dtype = checked_dtype(path, array.dtype)
    shape = checked_shape(path, array.shape)

    def read(start: int, stop: int) -> Iterator[Volume]:
        for time in range(start, stop):
            yield array[time].reshape(shape[1:])

    return ImageSeries(path, shape, dtype, read)


def _npy_sentence(path: Path, error: Exception) -> str:
    text = str(error)
    if "Object arrays" in text or "Python objects" in text:
        return f"{path} holds Python objects: save the intensities as an array of numbers."
    if isinstance(error, MemoryError):
        return f"{path} does not fit into memory: save it as .npy, which is read piece by piece."
    return f"{path} is damaged or cut short and cannot be read: copy it again, or save it again."
