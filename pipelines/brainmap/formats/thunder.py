"""Binary files as Thunder writes them: flat numbers beside a `conf.json`.

Images lie in one file per time point, each of the shape in `conf.json`; series lie one after the
other, in the order of their voxels, and the last entry of the shape is time
(https://github.com/thunder-project/thunder).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.brainmap.formats.numbering import natural_order, require_complete
from pipelines.brainmap.images.images import ImageSeries, Volume, checked_dtype, checked_shape
from pipelines.core.errors import ImageError
from pipelines.core.result_files import read_object

CONF = "conf.json"
EXAMPLE = 'it must give shape and dtype, such as {"shape": [2, 76, 87, 20], "dtype": "uint8"}'
SUFFIX = ".bin"
SLAB_BYTES = 64 << 20


@dataclass(frozen=True)
class _Conf:
    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    @property
    def bytes(self) -> int:
        return int(np.prod(self.shape)) * self.dtype.itemsize


def open_thunder(folder: Path) -> ImageSeries:
    """Open binary series, or binary images.

    Raises:
        ImageError: `conf.json` is damaged or does not fit the files.
    """
    conf = _read_conf(folder)
    files = natural_order([file for file in folder.iterdir() if file.suffix.lower() == SUFFIX])
    sizes = [file.stat().st_size for file in files]
    if sum(sizes) == conf.bytes:
        return _open_series(folder, files, conf)
    for file, size in zip(files, sizes, strict=True):
        if size != conf.bytes:
            raise ImageError(
                f"{file} has {size:,} bytes, but the shape {conf.shape} of {conf.dtype.name} in "
                f"{CONF} asks for {conf.bytes:,}: copy it again, or correct {CONF}."
            )
    if not files:
        raise ImageError(f"{folder} holds a {CONF} but no {SUFFIX} file: copy it again.")
    return _open_images(folder, files, conf)


def _read_conf(folder: Path) -> _Conf:
    values = read_object(folder / CONF, ImageError, EXAMPLE)
    try:
        shape = values.get("shape") or values["dims"]
        conf = _Conf(tuple(int(size) for size in shape), np.dtype(values["dtype"]))
    except Exception as error:  # whatever a person wrote there
        raise ImageError(f"{folder / CONF} does not say how it is laid out: {EXAMPLE}.") from error
    checked_dtype(folder, conf.dtype)
    return conf


def _open_images(folder: Path, files: Sequence[Path], conf: _Conf) -> ImageSeries:
    require_complete(folder, files)
    shape = checked_shape(folder, (len(files), *conf.shape))

    def read(start: int, stop: int) -> Iterator[Volume]:
        for file in files[start:stop]:
            yield np.fromfile(file, conf.dtype).reshape(shape[1:])

    return ImageSeries(folder, shape, conf.dtype, read)


def _open_series(folder: Path, files: Sequence[Path], conf: _Conf) -> ImageSeries:
    space = conf.shape[:-1]
    if not 1 <= len(space) <= 3:
        raise ImageError(f"{folder / CONF} must give the shape (plane, y, x, time).")
    padded = (1,) * (3 - len(space)) + space
    shape = checked_shape(folder, (conf.shape[-1], *padded))
    records = [file.stat().st_size // (shape[0] * conf.dtype.itemsize) for file in files]
    ends = np.cumsum(records)
    if any(file.stat().st_size % (shape[0] * conf.dtype.itemsize) for file in files):
        raise ImageError(f"{folder} has a series that is cut by the end of a file: copy it again.")

    def read_series(start: int, stop: int) -> NDArray[Any]:
        parts = []
        for file, end, count in zip(files, ends.tolist(), records, strict=True):
            first, last = max(start, end - count), min(stop, end)
            if first < last:
                skip = (first - end + count) * shape[0] * conf.dtype.itemsize
                wanted = (last - first) * shape[0]
                parts.append(np.fromfile(file, conf.dtype, wanted, offset=skip))
        return np.concatenate(parts).reshape(stop - start, shape[0])

    def read(start: int, stop: int) -> Iterator[Volume]:
        count = int(np.prod(padded))
        times = max(1, SLAB_BYTES // (count * conf.dtype.itemsize))
        voxels = max(1, SLAB_BYTES // (shape[0] * conf.dtype.itemsize))
        for first in range(start, stop, times):
            last = min(first + times, stop)
            slab = np.empty((last - first, count), conf.dtype)
            for voxel in range(0, count, voxels):
                end = min(voxel + voxels, count)
                slab[:, voxel:end] = read_series(voxel, end)[:, first:last].T
            yield from slab.reshape(-1, *padded)

    return ImageSeries(folder, shape, conf.dtype, read, read_series)
