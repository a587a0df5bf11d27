"""TIFF files: one volume, or a whole series in one file."""

import logging
import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import tifffile
from numpy.typing import NDArray

from pipelines.brainmap.images import ImageSeries, Volume, checked_dtype, checked_shape
from pipelines.brainmap.info import ImageInfo
from pipelines.brainmap.tiff_metadata import read_metadata
from pipelines.errors import ImageError

SUFFIXES = frozenset({".tif", ".tiff", ".btf", ".tf8"})
GENERIC = frozenset("QI")
"""Axes without a meaning, as tifffile names them: pages or dimensions that are only counted."""


def read_volume(path: Path) -> Volume:
    """Read a TIFF whose pages are the planes of one time point.

    Returns:
        Intensities (plane, y, x).

    Raises:
        ImageError: damaged, coloured, or of more than three dimensions.
    """
    # OME metadata of a file in a set describe the whole set; here each file is one volume.
    with _opened(path, is_ome=False) as series:
        axes = _page_axes(path, series)
        if len(axes) > 1:
            raise ImageError(
                f"{path} has the axes {series.axes} {series.shape}: in a folder each TIFF "
                "must hold the planes of one time point."
            )
        return np.asarray(series.asarray()).reshape(-1, *series.shape[-2:])


def open_stack(path: Path, planes: int | None) -> ImageSeries:
    """Open a TIFF or OME-TIFF that holds a whole series.

    Axes that the file names (time and z, in either order) are honoured. Pages that are only
    counted are taken as all planes of the first time point, then of the second, and so on.

    Args:
        path: the file.
        planes: pages per volume, for files that do not say so.

    Raises:
        ImageError: damaged, coloured, several channels, or pages that `planes` does not divide.
    """
    with _opened(path) as series:
        order = _page_order(path, series, planes)
        dtype = checked_dtype(path, series.dtype)
        height, width = series.shape[-2:]
        contiguous = series.dataoffset is not None
        if not contiguous:
            _require_own_pages(path, series)
        info = _info(series)
    shape = checked_shape(path, (*order.shape, height, width))

    def read(start: int, stop: int) -> Iterator[Volume]:
        with _opened(path) as series:
            for time in range(start, stop):
                wanted = order[time].tolist()
                if contiguous:
                    volume = _contiguous(path, series, wanted)
                else:
                    volume = np.asarray(series.parent.asarray(key=wanted, series=series))
                yield volume.reshape(shape[1:])

    return ImageSeries(path, shape, dtype, read, info=info)


def _info(series: Any) -> ImageInfo:
    said = read_metadata(series.parent)
    return ImageInfo(series.axes, "file", said.pixel_um, said.plane_um, said.frame_s)


def _contiguous(path: Path, series: Any, pages: Sequence[int]) -> NDArray[Any]:
    """Read pages that lie one after the other; mapped ones would count as memory in use."""
    dtype = series.dtype.newbyteorder(series.parent.byteorder)
    count = int(np.prod(series.shape[-2:]))
    starts = [series.dataoffset + page * count * dtype.itemsize for page in pages]
    return np.stack([np.fromfile(path, dtype, count, offset=start) for start in starts])


def _page_order(path: Path, series: Any, planes: int | None) -> NDArray[np.intp]:
    """Numbers of the pages as (time, plane)."""
    axes = _page_axes(path, series)
    sizes = [size for size in series.shape[:-2] if size > 1]
    pages = np.arange(int(np.prod(sizes, dtype=int)))
    if len(axes) < 2:
        return _regrouped(path, pages, 1 if axes == "T" and planes is None else planes)
    order = pages.reshape(sizes)
    if axes == "ZT":
        order = order.T
    elif axes != "TZ" and not (len(axes) == 2 and set(axes) <= GENERIC):
        raise ImageError(
            f"{path} has the axes {series.axes} {series.shape}: save it with time, planes, y "
            "and x only (one channel)."
        )
    if planes not in (None, order.shape[1]):
        raise ImageError(
            f"{path} says that it has {order.shape[1]} planes, but planes is set to {planes}: "
            "leave planes empty."
        )
    return order


def _regrouped(path: Path, pages: NDArray[np.intp], planes: int | None) -> NDArray[np.intp]:
    if pages.size == 1:
        raise ImageError(
            f"{path} holds one page and so only one time point: give the folder of all images."
        )
    if planes is None:
        raise ImageError(
            f"{path} holds {pages.size} pages but does not say how many make a volume: "
            "set planes (1 for a film of one plane)."
        )
    if pages.size % planes:
        raise ImageError(
            f"{path} holds {pages.size} pages, which planes = {planes} does not divide: "
            "set planes to the number of pages per volume."
        )
    return pages.reshape(-1, planes)


def _page_axes(path: Path, series: Any) -> str:
    """The axes before y and x that are longer than 1."""
    if "S" in series.axes:
        raise ImageError(
            f"{path} is stored as colour (axes {series.axes}): save one channel, or the planes, "
            "as grey levels (photometric minisblack)."
        )
    if not series.axes.endswith("YX"):
        raise ImageError(
            f"{path} has the axes {series.axes}: save it as pages of y and x, time before planes."
        )
    checked_dtype(path, series.dtype)
    before = zip(series.axes[:-2], series.shape[:-2], strict=True)
    return "".join(axis for axis, size in before if size > 1)


def _require_own_pages(path: Path, series: Any) -> None:
    for number, page in enumerate(series.pages):
        if page is None or page.parent is not series.parent:
            raise ImageError(
                f"{path} is one file of a set, and page {number} lies in another or is missing: "
                "give the folder that holds the set, or save it as one file."
            )


@contextmanager
def _opened(path: Path, *, is_ome: bool | None = None) -> Iterator[Any]:
    """Give the only image series of a TIFF, in tifffile's sense.

    Whatever the reader raises on damaged bytes becomes one sentence: it parses with many
    libraries, so the types of its errors cannot be listed.
    """
    try:
        with _quiet(), path.open("rb") as stream, tifffile.TiffFile(path, is_ome=is_ome) as file:
            _require_whole_chain(path, stream)
            yield _only_series(path, file.series)
    except ImageError:
        raise
    except OSError as error:
        raise ImageError(f"{path} cannot be read: {error.strerror or error}.") from error
    except Exception as error:
        raise ImageError(_sentence(path, error)) from error


def _only_series(path: Path, found: Sequence[Any]) -> Any:
    if len(found) == 1 and len(found[0].shape) >= 2:
        return found[0]
    if not found:
        raise ImageError(f"{path} holds no image: copy it again, or save it again.")
    shapes = ", ".join(str(series.shape) for series in found[:3])
    raise ImageError(
        f"{path} holds {len(found)} images of different shape ({shapes}): "
        "all pages must have the same size and type."
    )


def _sentence(path: Path, error: Exception) -> str:
    text = str(error)
    if "imagecodecs" in text:
        kind = text.partition("requires")[0].strip(" <>") or "this way"
        return (
            f"{path} is compressed ({kind}), which needs the package imagecodecs: install it, "
            "or save the images without compression."
        )
    if isinstance(error, tifffile.TiffFileError) and "not a TIFF" in text:
        return f"{path} is not a TIFF file, whatever its name says: save it again as TIFF."
    return f"{path} is damaged or cut short and cannot be read: copy it again, or save it again."


def _require_whole_chain(path: Path, stream: BinaryIO) -> None:
    """Follow the chain of pages to its end, as a file that was cut short has none.

    tifffile only logs a broken chain and goes on with the pages before the break, which would
    silently drop time points. The layout is that of TIFF 6.0, section 2, and of BigTIFF.
    """
    size = path.stat().st_size
    header = stream.read(16)
    order = "<" if header[:2] == b"II" else ">"
    big = struct.unpack(order + "H", header[2:4])[0] == 43
    offset_format, count_format, entry = ("Q", "Q", 20) if big else ("I", "H", 12)
    at = struct.unpack_from(order + offset_format, header, 8 if big else 4)[0]
    seen: set[int] = set()
    while at:
        if at in seen or at >= size:
            raise ImageError(
                f"{path} is cut short after page {len(seen)}: copy it again, or save it again."
            )
        seen.add(at)
        stream.seek(at)
        (entries,) = _unpack(stream, order + count_format)
        stream.seek(entries * entry, 1)
        (at,) = _unpack(stream, order + offset_format)


def _unpack(stream: BinaryIO, format: str) -> tuple[Any, ...]:
    return struct.unpack(format, stream.read(struct.calcsize(format)))


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep tifffile's log of damaged files off the terminal; the sentence says what matters."""
    logger, handler = logging.getLogger("tifffile"), logging.NullHandler()
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)
