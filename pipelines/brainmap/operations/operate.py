"""One operation on images or series, from file to file."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.brainmap.formats.read import open_images
from pipelines.brainmap.images.images import ImageSeries
from pipelines.brainmap.images.info import ImageInfo
from pipelines.brainmap.images.undefined import Dark
from pipelines.brainmap.map import preview
from pipelines.brainmap.operations import filters
from pipelines.brainmap.operations.operation_result import FILE, Layout
from pipelines.brainmap.operations.operations import (
    EXACT,
    BlockOperation,
    baselines,
    block_operation,
)
from pipelines.brainmap.operations.parameters import OperationParameters
from pipelines.brainmap.operations.statistics import draw
from pipelines.brainmap.voxels.series import Floats, as_numbers, deviation, is_constant
from pipelines.brainmap.voxels.store import SeriesStore, series_store
from pipelines.core.errors import ParameterError
from pipelines.core.progress import Report, part, silent
from pipelines.core.result_files import begin_array

MEASURES = frozenset({"correlate", "crosscorr", "fourier"})
VOLUME_OPERATIONS = frozenset({"gaussian-filter", "median-filter", "uniform-filter"})


def operate(
    inputs: Mapping[str, Path],
    parameters: OperationParameters,
    folder: Path,
    report: Report = silent,
) -> dict[str, Any]:
    """Do one operation; neither images nor result are ever in memory as a whole.

    Args:
        inputs: `images`, as `read.open_images` takes them; `signal`, a file that goes before the
            parameter of that name.
        parameters: which operation, and its settings.
        folder: gets `result.npy`: series (plane, y, x, value) from operations on series, volumes
            (time, plane, y, x) from filters and the subsampling of space, one volume from std,
            mean, localcorr and correlate with one signal, (series, time) from sample. The images
            as they were are beside it, thinned, in `preview.npy` (time, plane, y, x).
        report: told what happens.

    Returns:
        `operation`, `layout` (see `operation_result.Layout`), `shape`, `dtype`, `n_undefined`, the
        number of values that are NaN, `images_shape` (time, plane, y, x), `result_sizes` of a
        pixel, a plane and a frame of the result where they are known, `thinned`: every how many
        pixels and time points of the images are previewed, and `notes`.

    Raises:
        ImageError: the images cannot be read, or most of their voxels have no dF/F.
        ParameterError: a setting that does not fit the images.
        TableError: the signal cannot be read.
    """
    if "signal" in inputs:
        parameters = parameters.model_copy(update={"signal": str(inputs["signal"])})
    images = open_images(inputs["images"], parameters.reading)
    output = _Output(folder / FILE.name)
    layout = _operate(images, parameters, folder, output, part(report, 0.0, 0.8))
    seen = preview.write_preview(images, folder, part(report, 0.8, 1.0))
    return {
        **images.described([*seen.notes(images.path), *output.notes]),
        "operation": parameters.operation,
        "layout": layout,
        **output.written,
        "images_shape": list(images.shape),
        "result_sizes": _result_sizes(images.info, parameters),
        "thinned": seen.thinned,
    }


def _operate(
    images: ImageSeries,
    parameters: OperationParameters,
    folder: Path,
    output: "_Output",
    report: Report,
) -> Layout:
    if parameters.operation in VOLUME_OPERATIONS or _thins_space(parameters):
        _filter(images, parameters, output, report)
        return "volumes"
    if parameters.operation in ("std", "mean", "localcorr"):
        output.write([_one_volume(images, parameters, report)], images.shape[1:])
        return "image"
    if parameters.operation == "sample":
        _sample(images, parameters, folder, output, report)
        return "sample"
    _transform(images, parameters, folder, output, report)
    if parameters.operation in MEASURES:
        return "image" if len(output.written["shape"]) == 3 else "values"
    return "series"


def _result_sizes(info: ImageInfo, parameters: OperationParameters) -> dict[str, Any]:
    """Sizes of a pixel, a plane and a frame of the result, those that are known."""
    if _thins_space(parameters):
        planes, height, width = parameters.factor
        pixel = info.pixel_um and (info.pixel_um[0] * height, info.pixel_um[1] * width)
        return replace(info, pixel_um=pixel, plane_um=_times(info.plane_um, planes)).sizes
    if parameters.operation == "subsample":
        return replace(info, frame_s=_times(info.frame_s, parameters.factor[0])).sizes
    if parameters.operation == "select":
        steps = set(np.diff(np.unique(parameters.indices)).tolist())
        return replace(
            info, frame_s=_times(info.frame_s, steps.pop() if len(steps) == 1 else 0)
        ).sizes
    return info.sizes


def _times(size: float | None, factor: float) -> float | None:
    """A size so many times as large; none where there is no factor."""
    return size * factor if size and factor else None


class _Output:
    """A `.npy` file that is written piece by piece."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.written: dict[str, Any] = {}
        self.notes: list[str] = []

    def write(self, pieces: Iterable[NDArray[Any]], shape: tuple[int, ...]) -> None:
        """Write pieces that follow each other in the order of C; -1 in `shape` is filled in."""
        undefined = 0
        with self.file.open("wb") as stream:
            for number, piece in enumerate(pieces):
                if not number:
                    dtype = piece.dtype
                    shape = tuple(piece.shape[-1] if size < 0 else size for size in shape)
                    begin_array(stream, shape, dtype, version=2)
                stream.write(np.ascontiguousarray(piece, dtype).data)
                undefined += int(np.isnan(piece).sum()) if dtype.kind == "f" else 0
        self.written = {"shape": list(shape), "dtype": dtype.name, "n_undefined": undefined}


def _thins_space(parameters: OperationParameters) -> bool:
    if parameters.operation != "subsample":
        return False
    if len(parameters.factor) not in (1, 3) or min(parameters.factor) < 1:
        raise ParameterError(
            "factor: give one number above 0 for time, or three for plane, y and x."
        )
    return len(parameters.factor) == 3


def _filter(
    images: ImageSeries, parameters: OperationParameters, output: _Output, report: Report
) -> None:
    change = filters.volume_operation(parameters)

    def changed() -> Iterator[NDArray[Any]]:
        for time, volume in enumerate(images.frames()):
            done = f"{time + 1:,} of {images.n_times:,}"
            report(time / images.n_times, f"{parameters.operation}: time point {done}")
            yield change(volume)

    probe = change(np.zeros(images.shape[1:], images.dtype))
    output.write(changed(), (images.n_times, *probe.shape))


def _one_volume(
    images: ImageSeries, parameters: OperationParameters, report: Report
) -> NDArray[np.float64]:
    if parameters.operation == "std":
        return filters.std_image(images, report)
    if parameters.operation == "mean":
        return filters.mean_image(images, report)
    return filters.local_correlation(images, filters.averaging_size(parameters), report)


def _transform(
    images: ImageSeries,
    parameters: OperationParameters,
    folder: Path,
    output: _Output,
    report: Report,
) -> None:
    change = block_operation(parameters, images.n_times)
    single = parameters.operation == "correlate" and _is_one(change, images.n_times)
    baseline = baselines(parameters) if parameters.operation == "normalize" else None
    dark = Dark()

    def changed() -> Iterator[NDArray[Any]]:
        nonlocal dark
        with series_store(images, part(report, 0.0, 0.5), folder) as store:
            for rows in store.blocks():
                report(0.5 + rows.start / images.n_voxels / 2, parameters.operation)
                stored = store.read(rows).astype(np.float64)
                with np.errstate(invalid="ignore"):  # NaN stays NaN
                    block = change(stored)
                if baseline is not None:
                    dark += _dark(stored, block, baseline)
                yield block.astype(images.dtype) if parameters.operation in EXACT else block

    output.write(changed(), images.shape[1:] if single else (*images.shape[1:], -1))
    dark.require_few(images.path)
    output.notes += dark.notes(images.n_voxels)


def _dark(stored: Floats, change: Floats, baseline: BlockOperation) -> Dark:
    """Which series (voxel, time) have no dF/F although they hold numbers."""
    known = ~np.isnan(stored).any(axis=1)
    dark = np.asarray(known & np.isnan(change).any(axis=1))
    changes = known & ~is_constant(stored)
    return Dark.of(dark, changes, baseline(stored) if dark.any() else stored)


def _is_one(change: Any, n_times: int) -> bool:
    return bool(change(np.arange(n_times, dtype=np.float64)[None]).shape[1] == 1)


def _sample(
    images: ImageSeries,
    parameters: OperationParameters,
    folder: Path,
    output: _Output,
    report: Report,
) -> None:
    with series_store(images, part(report, 0.0, 0.9), folder) as store:
        enough = _varying(store, parameters.min_std)
        drawn = enough[draw(len(enough), parameters.n, parameters.seed)]

        def series() -> Iterator[NDArray[Any]]:
            for rows in store.blocks():
                here = drawn[(drawn >= rows.start) & (drawn < rows.stop)] - rows.start
                yield store.read(rows)[here]

        output.write(series(), (len(drawn), images.n_times))


def _varying(store: SeriesStore, min_std: float) -> NDArray[np.intp]:
    """Voxels whose series have a larger standard deviation; all of them for 0."""
    if not min_std:
        return np.arange(store.images.n_voxels)
    parts = [
        rows.start + np.flatnonzero(deviation(as_numbers(store.read(rows))) > min_std)
        for rows in store.blocks()
    ]
    found = np.concatenate(parts)
    if not found.size:
        raise ParameterError(
            f"min_std: no series has a standard deviation above {min_std:g}: set it lower."
        )
    return found
