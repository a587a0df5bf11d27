"""An image series in the pages of one TIFF or of several."""

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.brainmap.formats.pages import Pages, arranged, require_time
from pipelines.brainmap.formats.tiff import Stack, describe, opened, read_pages, require_content
from pipelines.brainmap.images.asking import field
from pipelines.brainmap.images.axes import LETTERS
from pipelines.brainmap.images.images import ImageSeries, Volume, checked_shape
from pipelines.brainmap.images.info import ImageInfo, ImageReading
from pipelines.brainmap.images.layout import laid_out
from pipelines.core.errors import ImageError

MOST_OPEN = 64
"""Files that are kept open together while volumes are read that lie in several."""

LEVELS = 48
"""Time points whose brightness is looked at."""


def open_stack(path: Path, reading: ImageReading) -> ImageSeries:
    """Open a TIFF or OME-TIFF that holds a whole series.

    Raises:
        ImageError: damaged, coloured, or pages of which it is not clear what they are.
    """
    stack = describe(path)
    if stack.last != "YX" or (reading.axes and not reading.axes.endswith("YX")):
        return _in_any_order(stack, reading)
    if not reading.axes:
        require_time(stack)
    if stack.pages == 1:
        raise ImageError(
            f"{path} holds one page and so only one time point: give the folder of all images."
        )
    pages = arranged(stack, reading)
    return film(path, stack, [path], [stack.pages], np.zeros_like(pages.order), pages)


def film(
    path: Path,
    first: Stack,
    paths: Sequence[Path],
    counts: Sequence[int],
    files: NDArray[np.intp],
    pages: Pages,
) -> ImageSeries:
    """The series whose planes lie in certain pages of certain files.

    Args:
        path: what was given.
        first: one of the files, which the others must be like.
        paths: of all files.
        counts: how many pages each must have.
        files: which file each plane lies in (time, plane).
        pages: and which page of it.

    Raises:
        ImageError: a single time point, or channels that alternate unsaid.
    """
    shape = checked_shape(path, (*pages.order.shape, *first.frame))

    def read(start: int, stop: int) -> Iterator[Volume]:
        with _Opened(first, paths, counts) as held:
            for time in range(start, stop):
                yield held.volume(files[time], pages.order[time])

    if not pages.channels_known:
        with _Opened(first, paths, counts) as held:
            _require_one_level(path, held, files, pages.order)
    return ImageSeries(path, shape, first.dtype, read, info=pages.info)


class _Opened:
    """Some files of a series, of which the latest stay open."""

    def __init__(self, first: Stack, paths: Sequence[Path], counts: Sequence[int]) -> None:
        self._first, self._paths, self._counts = first, paths, counts
        self._open: OrderedDict[int, tuple[Any, ExitStack]] = OrderedDict()

    def __enter__(self) -> "_Opened":
        return self

    def __exit__(self, *error: object) -> None:
        for _, closing in self._open.values():
            closing.close()

    def volume(self, files: NDArray[np.intp], pages: NDArray[np.intp]) -> Volume:
        """The planes (plane, y, x) of one time point."""
        found = []
        cuts = [0, *(np.flatnonzero(np.diff(files)) + 1).tolist(), len(files)]
        for start, stop in pairwise(cuts):
            number = int(files[start])
            wanted = pages[start:stop].tolist()
            found.append(read_pages(self._paths[number], self._series(number), wanted))
        return found[0] if len(found) == 1 else np.concatenate(found)

    def _series(self, number: int) -> Any:
        if number not in self._open:
            if len(self._open) >= MOST_OPEN:
                self._open.popitem(last=False)[1][1].close()
            require_content(self._paths[number])
            with ExitStack() as closing:
                opening = opened(self._paths[number], is_ome=self._first.is_ome)
                series = closing.enter_context(opening)
                self._require_alike(number, series)
                self._open[number] = series, closing.pop_all()
        return self._open[number][0]

    def _require_alike(self, number: int, series: Any) -> None:
        file, first = self._paths[number], self._first
        frame = tuple(series.shape[-2:])
        found = (int(np.prod(series.shape[:-2], dtype=int)), *frame)
        wanted = (self._counts[number], *first.frame)
        if found != wanted:
            raise ImageError(
                f"{file} has the shape {found} (page, y, x), but {first.path.name} has {wanted}: "
                "all files must be alike."
            )
        if series.dtype.name != first.dtype.name:
            raise ImageError(
                f"{file} holds {series.dtype.name} values, but {first.path.name} holds "
                f"{first.dtype.name}: all files must be alike."
            )


def _require_one_level(
    path: Path, held: _Opened, files: NDArray[np.intp], order: NDArray[np.intp]
) -> None:
    """Refuse a film whose brightness jumps to and fro from page to page.

    Raises:
        ImageError: it alternates between two or three levels, as channels or planes do.
    """
    times = range(min(LEVELS, len(order)))
    levels = np.array([_level(held.volume(files[time, :1], order[time, :1])) for time in times])
    for count in (2, 3):
        if _alternate(levels, count):
            means = " and ".join(f"{levels[at::count].mean():.4g}" for at in range(count))
            raise ImageError(
                f"{path}: its pages alternate between the brightness {means}. If these are "
                f"channels, set {field('channels')} to {count} and choose one with "
                f"{field('channel')}; if planes, correct {field('planes')}; if it is one channel "
                f"all the same, set {field('channels')} to 1."
            )


def _level(frame: Volume) -> float:
    """Its mean without the borders of registered films, which are NaN."""
    numbers = frame[np.isfinite(frame)]
    return float(numbers.mean(dtype=np.float64)) if numbers.size else np.nan


def _alternate(levels: NDArray[np.float64], count: int) -> bool:
    """Whether every `count`-th value belongs to a group far from the others."""
    if len(levels) < 4 * count or not np.isfinite(levels).all():
        return False
    groups = sorted((levels[at::count] for at in range(count)), key=lambda group: group.mean())
    widest = max(np.ptp(group) for group in groups)
    gaps = [after.min() - before.max() for before, after in pairwise(groups)]
    return bool(min(gaps) > 0 and min(gaps) > widest)


def _in_any_order(stack: Stack, reading: ImageReading) -> ImageSeries:
    """Axes that do not end with y and x: the file is read whole."""
    stored, axes = (*stack.sizes, *stack.frame), stack.axes + stack.last
    named = axes if set(axes) <= set(LETTERS) else ""
    said = ImageInfo(
        named,
        pixel_um=stack.said.pixel_um,
        plane_um=stack.said.plane_um,
        frame_s=stack.said.frame_s,
    )
    layout, info = laid_out(stack.path, stored, said, reading, names=stack.said.channels)

    def read(start: int, stop: int) -> Iterator[Volume]:
        with opened(stack.path, is_ome=stack.is_ome) as series:
            array = np.asarray(series.asarray()).reshape(stored)
        yield from layout.volumes(array[layout.where(start, stop)])

    return ImageSeries(stack.path, layout.shape, stack.dtype, read, whole=True, info=info)
