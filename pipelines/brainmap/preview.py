"""A film that is small enough to be looked at: every n-th pixel and time point."""

from pathlib import Path
from typing import Any

import numpy as np

from pipelines.brainmap.images import ImageSeries
from pipelines.progress import Report

FILE = "preview.npy"

LONGEST_SIDE = 256
"""Pixels of the preview's longer side; larger images are thinned."""

PREVIEW_BYTES = 256 << 20
"""Most that the preview takes on disk; longer films are thinned in time."""


def write_preview(images: ImageSeries, file: Path, report: Report) -> dict[str, int]:
    """Write (time, plane, y, x) as `.npy`, volume by volume.

    Returns:
        `pixels` and `times`: every how many of them are kept.
    """
    pixels = -(-max(images.shape[2:]) // LONGEST_SIDE)
    n_times, n_planes, height, width = images.shape
    dtype = _shown_type(images.dtype)
    size = n_planes * -(-height // pixels) * -(-width // pixels) * dtype.itemsize
    times = max(1, -(-n_times * size // PREVIEW_BYTES))
    shape = (-(-n_times // times), n_planes, -(-height // pixels), -(-width // pixels))
    with file.open("wb") as stream:
        descr = np.lib.format.dtype_to_descr(dtype)
        header = {"descr": descr, "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_2_0(stream, header)
        for time, volume in enumerate(images.frames()):
            report(time / n_times, f"Making the preview of time point {time + 1:,} of {n_times:,}")
            if time % times == 0:
                stream.write(volume[:, ::pixels, ::pixels].astype(dtype, order="C").data)
    return {"pixels": pixels, "times": times}


def _shown_type(dtype: np.dtype[Any]) -> np.dtype[Any]:
    return np.dtype(np.float32) if dtype.kind == "f" else dtype
