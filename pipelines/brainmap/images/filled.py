"""Frames without an image, such as dropped ones, filled in where a person says which they are.

They are not cut out, as the time of all frames after them would shift.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.brainmap.images.images import ImageSeries, Volume
from pipelines.brainmap.images.undefined import listed
from pipelines.core.errors import ParameterError

Around = tuple[int, int, float]
"""The frames before and after, and the share of the one after."""


def filled(images: ImageSeries, frames: Sequence[int]) -> ImageSeries:
    """The images (time, plane, y, x) with some frames replaced by the line between those around.

    At either end of the film it is the nearest frame.

    Args:
        images: of any size.
        frames: time points to replace, counted from 0.

    Raises:
        ParameterError: a frame that the images do not have, or all of them.
    """
    if not frames:
        return images
    around = _around(frames, images.n_times)

    def read(start: int, stop: int) -> Iterator[Volume]:
        for time, volume in enumerate(images.read(start, stop), start):
            yield _between(*_ends(images, around[time])) if time in around else volume

    def read_series(start: int, stop: int) -> NDArray[Any]:
        if images.read_series is None:
            raise TypeError("these images are not stored as series")
        series = np.array(images.read_series(start, stop))
        for time, (before, after, share) in around.items():
            series[:, time] = _between(series[:, before], series[:, after], share)
        return series

    note = (
        f"The film is filled in, as stated, in {listed(frames)}: by the straight line between the "
        "frames around them."
    )
    info = replace(images.info, notes=(*images.info.notes, note))
    by_series = None if images.read_series is None else read_series
    return replace(images, read=read, read_series=by_series, info=info)


def _around(frames: Sequence[int], n_times: int) -> Mapping[int, Around]:
    wrong = [frame for frame in frames if frame >= n_times]
    good = np.setdiff1d(np.arange(n_times), frames)
    if wrong or not good.size:
        raise ParameterError(
            f"fill_frames: the film has {n_times:,} frames, counted from 0, so "
            + (f"there is no frame {wrong[0]}." if wrong else "some of them must stay.")
        )
    found = {}
    for frame in frames:
        at = int(np.searchsorted(good, frame))
        before, after = int(good[max(at - 1, 0)]), int(good[min(at, len(good) - 1)])
        share = (frame - before) / (after - before) if before < frame < after else 0.0
        found[frame] = (before, after, share)
    return found


def _ends(images: ImageSeries, around: Around) -> tuple[Volume, Volume, float]:
    before, after, share = around
    first, last = (next(iter(images.read(at, at + 1))) for at in (before, after))
    return first, last, share


def _between(before: NDArray[Any], after: NDArray[Any], share: float) -> NDArray[Any]:
    """In the type of the images; whole numbers are rounded."""
    mixed = (1 - share) * before.astype(np.float64) + share * after.astype(np.float64)
    whole = before.dtype.kind in "ui"
    return np.asarray((np.rint(mixed) if whole else mixed).astype(before.dtype))
