"""A film that is small enough to be looked at: every n-th pixel and time point."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.brainmap.images.images import ImageSeries
from pipelines.brainmap.images.undefined import Frames, number_notes, require_numbers
from pipelines.core.progress import Report
from pipelines.core.result_files import begin_array
from pipelines.core.result_schema import ArrayFile

FILE = ArrayFile("preview.npy", "iuf", ("time", "plane", "y", "x"))

LONGEST_SIDE = 256
"""Pixels of the preview's longer side; larger images are thinned."""

PREVIEW_BYTES = 256 << 20
"""Most that the preview takes on disk; longer films are thinned in time."""


@dataclass(frozen=True)
class Seen:
    """What was seen of the images while they were previewed.

    Attributes:
        thinned: every how many `pixels` and `times` are previewed.
        frames: what is known of each frame.
        no_number: voxels without a number in at least one frame (plane, y, x).
    """

    thinned: dict[str, int]
    frames: Frames
    no_number: NDArray[np.bool_]

    def notes(self, path: Path) -> list[str]:
        """What a person has to know of voxels without numbers.

        Raises:
            ImageError: there are no others.
        """
        count = int(self.no_number.sum())
        require_numbers(path, self.frames, count)
        return number_notes(self.frames, count)


def write_preview(images: ImageSeries, folder: Path, report: Report) -> Seen:
    """Write `preview.npy` (time, plane, y, x) into a folder, volume by volume."""
    pixels = -(-max(images.shape[2:]) // LONGEST_SIDE)
    n_times, n_planes, height, width = images.shape
    dtype = _shown_type(images.dtype)
    size = n_planes * -(-height // pixels) * -(-width // pixels) * dtype.itemsize
    times = max(1, -(-n_times * size // PREVIEW_BYTES))
    shape = (-(-n_times // times), n_planes, -(-height // pixels), -(-width // pixels))
    no_number, frames = np.zeros(images.shape[1:], bool), []
    with (folder / FILE.name).open("wb") as stream:
        begin_array(stream, shape, dtype, version=2)
        for time, volume in enumerate(images.frames()):
            report(time / n_times, f"Making the preview of time point {time + 1:,} of {n_times:,}")
            if time % times == 0:
                stream.write(volume[:, ::pixels, ::pixels].astype(dtype, order="C").data)
            frames.append(Frames.of_volume(volume))
            if frames[-1].missing[0]:
                no_number |= np.isnan(volume)
    return Seen({"pixels": pixels, "times": times}, Frames.one_after_another(frames), no_number)


def _shown_type(dtype: np.dtype[Any]) -> np.dtype[Any]:
    return np.dtype(np.float32) if dtype.kind == "f" else dtype
