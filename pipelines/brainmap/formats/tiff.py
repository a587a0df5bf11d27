"""One TIFF file: what is in it, and its pages."""

import logging
import re
import struct
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import tifffile
from numpy.typing import NDArray

from pipelines.brainmap.formats.tiff_metadata import TiffMetadata, read_metadata
from pipelines.brainmap.images.axes import LETTERS, sizes
from pipelines.brainmap.images.images import checked_dtype
from pipelines.core.errors import ImageError
from pipelines.files.links import refuse_link_out

COUNTED = frozenset("QI")
"""Axes without a meaning, as tifffile names them: pages or dimensions that are only counted."""
INDEX = "NDTiff.index"
"""Of a set of files: which page lies in which."""


@dataclass(frozen=True)
class Stack:
    """A TIFF whose pages are frames of one size.

    Attributes:
        path: of the file.
        axes: those before y and x that are longer than 1, as tifffile names them; Q and I are
            only counted.
        sizes: how long each of them is.
        frame: (y, x), or whatever the last two axes are.
        dtype: of the intensities.
        said: the metadata.
        is_ome: False if what OME says in it is left aside, None if not.
        last: its two last axes, which are not always y and x.
    """

    path: Path
    axes: str
    sizes: tuple[int, ...]
    frame: tuple[int, int]
    dtype: np.dtype[Any]
    said: TiffMetadata
    is_ome: bool | None = None
    last: str = "YX"

    @property
    def pages(self) -> int:
        """How many there are."""
        return int(np.prod(self.sizes, dtype=int))


def describe(path: Path, *, in_folder: bool = False) -> Stack:
    """Look at a TIFF without reading its intensities.

    Args:
        path: the file.
        in_folder: whether it is one of several files; then what it says about a set of files is
            left aside, as their names and pages tell more.

    Raises:
        ImageError: damaged, coloured, or of several images of different shape.
    """
    require_content(path)
    aside = False if in_folder else None
    with opened(path, is_ome=aside) as series:
        text = series.parent.pages.first.description
        if not in_folder or "<OME" not in text or _names_other_files(text):
            return _with_frames(_described(path, series, aside), in_folder)
    with opened(path) as series:
        return _with_frames(_described(path, series, None), in_folder)


def _with_frames(stack: Stack, in_folder: bool) -> Stack:
    if in_folder and stack.last != "YX":
        raise ImageError(_no_frames(stack.path, stack.axes + stack.last))
    return stack


def require_content(path: Path) -> None:
    """Refuse a file of no bytes.

    Raises:
        ImageError: it is empty.
    """
    if path.stat().st_size == 0:
        raise ImageError(f"{path} is empty: copy it again.")


def _names_other_files(description: str) -> bool:
    """Whether OME metadata place pages in more than one file."""
    return len(_named_files(description)) > 1


def _named_files(description: str) -> set[str]:
    return set(re.findall(r'FileName="([^"]*)"', description))


def _described(path: Path, series: Any, is_ome: bool | None) -> Stack:
    if "S" in series.axes:
        raise ImageError(
            f"{path} is stored as colour (axes {series.axes}): save one channel, or the planes, "
            "as grey levels (photometric minisblack)."
        )
    last = series.axes[-2:]
    if last != "YX" and not set("YX") <= set(series.axes) <= set(LETTERS):
        raise ImageError(_no_frames(path, series.axes))
    before = list(zip(series.axes[:-2], series.shape[:-2], strict=True))
    long = [(axis, size) for axis, size in before if size > 1 or axis in "YX"]
    # An index beside NDTiff names the file of each page, so all may lie in another.
    if series.dataoffset is None or series.kind == "ndtiff":
        _require_own_pages(path, series)
    return Stack(
        path,
        "".join(axis for axis, _ in long),
        tuple(size for _, size in long),
        tuple(series.shape[-2:]),
        checked_dtype(path, series.dtype),
        read_metadata(series.parent),
        is_ome,
        last,
    )


def _no_frames(path: Path, axes: str) -> str:
    return f"{path} has the axes {axes}: save it as pages of y and x, time before planes."


def read_pages(path: Path, series: Any, pages: Sequence[int]) -> NDArray[Any]:
    """Some pages of an opened file as (page, y, x).

    Raises:
        ImageError: they are damaged.
    """
    with _in_a_sentence(path):
        if series.dataoffset is not None:
            return _contiguous(path, series, pages)
        found = np.asarray(series.parent.asarray(key=list(pages), series=series))
        return found.reshape(len(pages), *series.shape[-2:])


def _contiguous(path: Path, series: Any, pages: Sequence[int]) -> NDArray[Any]:
    """Read pages that lie one after the other; mapped ones would count as memory in use."""
    dtype = series.dtype.newbyteorder(series.parent.byteorder)
    count = int(np.prod(series.shape[-2:]))
    starts = [series.dataoffset + page * count * dtype.itemsize for page in pages]
    return np.stack([np.fromfile(path, dtype, count, offset=start) for start in starts]).reshape(
        len(pages), *series.shape[-2:]
    )


def _require_own_pages(path: Path, series: Any) -> None:
    for number, page in enumerate(series.pages):
        if page is None or page.parent is not series.parent:
            raise ImageError(
                f"{path} is one file of a set, and page {number} lies in another or is missing: "
                "give the folder that holds the set, or save it as one file."
            )


def _require_no_other_file(path: Path, description: str) -> None:
    names = _named_files(description)
    others = sorted(names - {path.name, ""})
    # A single name that is not there is this file's own, from before it was renamed.
    if others and (len(names) > 1 or path.with_name(Path(others[0]).name or "-").exists()):
        raise ImageError(
            f"{path} is one file of a set, and pages lie in another ({others[0]!r}): give the "
            "folder that holds the set, or save it as one file."
        )


def _refuse_index_out(path: Path) -> None:
    """Check the index that NDTiff has beside it: tifffile opens every file that it names."""
    index = path.with_name(INDEX)
    if not index.exists():
        return
    refuse_link_out(index, ImageError)
    for name in dict.fromkeys(str(entry[1]) for entry in tifffile.read_ndtiff_index(index)):
        if name != Path(name.replace("\\", "/")).name:
            raise ImageError(
                f"{index} names {name!r}, which is outside of its folder: copy the whole folder as "
                "it was saved."
            )
        refuse_link_out(path.with_name(name), ImageError)


@contextmanager
def opened(path: Path, *, is_ome: bool | None = None) -> Iterator[Any]:
    """Give the only image series of a TIFF, in tifffile's sense.

    Other files that OME metadata name are not opened.

    Raises:
        ImageError: damaged, several images of different shape, or pages lie in other files.
    """
    with _in_a_sentence(path), path.open("rb") as stream, ExitStack() as closing:
        _refuse_index_out(path)
        file = closing.enter_context(tifffile.TiffFile(path, is_ome=is_ome, _multifile=False))
        _require_whole_chain(path, stream)
        found = file.series
        if file.is_ome and found and found[0].kind != "ome":
            _require_no_other_file(path, file.pages.first.description)
        if file.is_shaped and _are_alike(found):
            # A script that adds image after image describes each on its own.
            as_pages = tifffile.TiffFile(path, is_ome=False, is_shaped=False, _multifile=False)
            found = closing.enter_context(as_pages).series
        yield _only_series(path, found)


@contextmanager
def _in_a_sentence(path: Path) -> Iterator[None]:
    """Turn whatever is raised on damaged bytes into one sentence.

    tifffile parses with many libraries, so the types of its errors cannot be listed.
    """
    try:
        with _quiet():
            yield
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
    if _are_alike(found):
        raise ImageError(
            f"{path} holds {len(found)} images of {sizes(found[0].shape)}, such as positions: save "
            "the one that is meant as a file of its own."
        )
    shapes = ", ".join(str(series.shape) for series in found[:3])
    raise ImageError(
        f"{path} holds {len(found)} images of different shape ({shapes}): "
        "all pages must have the same size and type."
    )


def _are_alike(found: Sequence[Any]) -> bool:
    """Whether there are several, all of one shape and type."""
    return len(found) > 1 and len({(one.shape, one.dtype) for one in found}) == 1


def _sentence(path: Path, error: Exception) -> str:
    """Tell a file that cannot be unpacked here from one that is damaged."""
    text = str(error)
    kind = re.split(r" requires| not supported", text)[0].strip(" <>.'\"") or "this way"
    if "imagecodecs" in text or isinstance(error, ImportError):
        return (
            f"{path} is compressed ({kind}), which needs the package imagecodecs: install it, "
            "or save the images without compression."
        )
    if re.search("compression|predictor", text, re.IGNORECASE) or "not supported" in text:
        return (
            f"{path} is compressed in a way that is not read here ({kind}): save the images "
            "without compression, or with deflate, LZW or zstd."
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
