"""Image series in NumPy's own files, of which only the volumes in use are read."""

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

import numpy as np
from numpy.typing import NDArray

from pipelines.brainmap.images.asking import field, listed
from pipelines.brainmap.images.axes import GUESSES
from pipelines.brainmap.images.images import ImageSeries, Volume, checked_dtype
from pipelines.brainmap.images.info import AS_FOUND, NOTHING_SAID, ImageReading
from pipelines.brainmap.images.layout import laid_out, mapped_series
from pipelines.core.errors import ImageError
from pipelines.files.chunks import refuse_bomb

NPY_MAGIC = b"\x93NUMPY"
HEADER_READERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}


def open_npy(path: Path, reading: ImageReading = AS_FOUND) -> ImageSeries:
    """Open a `.npy` file (time, plane, y, x) or (time, y, x), or with the axes that are given.

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
    dtype = checked_dtype(path, array.dtype)
    layout, info = laid_out(path, array.shape, NOTHING_SAID, reading)
    if layout.is_plain and array.flags.c_contiguous:
        read = _reader(path, array.offset, layout.shape, dtype)
        return ImageSeries(path, layout.shape, dtype, read, info=info)
    return mapped_series(path, array, layout, info)


def _reader(path: Path, offset: int, shape: tuple[int, int, int, int], dtype: np.dtype[Any]) -> Any:
    """Read volumes instead of mapping them: a map counts as memory for as long as it is open."""
    count = int(np.prod(shape[1:]))

    def read(start: int, stop: int) -> Iterator[Volume]:
        with path.open("rb") as stream:
            stream.seek(offset + start * count * dtype.itemsize)
            for _ in range(start, stop):
                yield np.fromfile(stream, dtype, count).reshape(shape[1:])

    return read


@dataclass(frozen=True)
class _Header:
    shape: tuple[int, ...]
    fortran: bool
    dtype: np.dtype[Any]
    offset: int


def open_npz(path: Path, reading: ImageReading = AS_FOUND) -> ImageSeries:
    """Open the array of a `.npz` file that is named, or the only one that can be images.

    It is unpacked volume by volume; whole, if its volumes are not stored one after the other.

    Raises:
        ImageError: not a whole `.npz` file, no or several suitable arrays, or as `open_npy`.
    """
    name = _chosen_name(path, reading.dataset)
    with _member(path, name) as stream:
        header = _header(path, name, stream)
    dtype = checked_dtype(path, header.dtype)
    layout, info = laid_out(path, header.shape, NOTHING_SAID, reading)
    shape, count = layout.shape, int(np.prod(layout.shape[1:]))
    in_order = layout.is_plain and not header.fortran
    piece = shape[1:] if in_order else shape
    refuse_bomb(path, piece, dtype.itemsize, path.stat().st_size, ImageError)

    def read(start: int, stop: int) -> Iterator[Volume]:
        with _member(path, name) as stream:
            if not in_order:
                stream.seek(header.offset)
                yield from layout.volumes(_whole(stream, header)[layout.where(start, stop)])
                return
            stream.seek(header.offset + start * count * dtype.itemsize)
            for _ in range(start, stop):
                block = stream.read(count * dtype.itemsize)
                yield np.frombuffer(block, dtype, count).reshape(shape[1:])

    return ImageSeries(path, shape, dtype, read, whole=True, info=info)


def _whole(stream: IO[bytes], header: _Header) -> NDArray[Any]:
    values = np.frombuffer(stream.read(), header.dtype, int(np.prod(header.shape)))
    return values.reshape(header.shape, order="F" if header.fortran else "C")


def _chosen_name(path: Path, dataset: str) -> str:
    """The array that is named, or the only one that can be images."""
    names = _names(path)
    if len(names) == 1 and not dataset:
        return names[0]
    suits = {name.removesuffix(".npy"): name for name in names if _suits(path, name)}
    held = listed(list(suits)) or "none"
    if dataset:
        if dataset not in suits:
            raise ImageError(f"{path} has no images at {dataset}: choose from {held}.")
        return suits[dataset]
    if len(suits) == 1:
        return next(iter(suits.values()))
    if not suits:
        raise ImageError(f"{path} holds no array (time, plane, y, x) or (time, y, x) of numbers.")
    raise ImageError(
        f"{path} holds {len(suits)} arrays: set dataset to one of {held} ({field('dataset')})."
    )


def _names(path: Path) -> list[str]:
    if not zipfile.is_zipfile(path):
        raise ImageError(f"{path} is not a whole .npz file: copy it again, or save it again.")
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.namelist()
    except Exception as error:
        raise ImageError(_npy_sentence(path, error)) from error


def _suits(path: Path, name: str) -> bool:
    try:
        with _member(path, name) as stream:
            header = _header(path, name, stream)
    except ImageError:
        return False
    return len(header.shape) in GUESSES and header.dtype.kind in "buif"


@contextmanager
def _member(path: Path, name: str) -> Iterator[IO[bytes]]:
    """Give one file of an archive; whatever unpacking raises becomes one sentence."""
    try:
        with zipfile.ZipFile(path) as archive, archive.open(name) as stream:
            yield stream
    except ImageError:
        raise
    except Exception as error:
        raise ImageError(_npy_sentence(path, error)) from error


def _header(path: Path, name: str, stream: IO[bytes]) -> _Header:
    if stream.read(len(NPY_MAGIC)) != NPY_MAGIC:
        raise ImageError(f"{path} holds {name}, which is no array: save it with numpy.savez.")
    version = cast(tuple[int, int], tuple(stream.read(2)))
    shape, fortran, dtype = HEADER_READERS[version](stream)
    if dtype.hasobject:
        raise ImageError(_npy_sentence(path, ValueError("Object arrays")))
    return _Header(shape, fortran, dtype, stream.tell())


def _npy_sentence(path: Path, error: Exception) -> str:
    text = str(error)
    if "Object arrays" in text or "Python objects" in text:
        return f"{path} holds Python objects: save the intensities as an array of numbers."
    if isinstance(error, MemoryError):
        return f"{path} does not fit into memory: save it as .npy, which is read piece by piece."
    return f"{path} is damaged or cut short and cannot be read: copy it again, or save it again."
