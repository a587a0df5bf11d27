"""One operation on images or series, from file to file."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.brainmap import filters
from pipelines.brainmap.images import ImageSeries
from pipelines.brainmap.operation_parameters import OperationParameters
from pipelines.brainmap.operations import EXACT, block_operation
from pipelines.brainmap.read import open_images
from pipelines.brainmap.store import series_store
from pipelines.errors import ParameterError
from pipelines.progress import Report, part, silent

FILE = "result.npy"
VOLUME_OPERATIONS = frozenset({"gaussian-filter", "median-filter", "uniform-filter"})


def operate(
    inputs: Mapping[str, Path],
    parameters: OperationParameters,
    folder: Path,
    report: Report = silent,
) -> dict[str, Any]:
    """Do one operation; neither images nor result are ever in memory as a whole.

    Args:
        inputs: `images`, as `read.open_images` takes them.
        parameters: which operation, and its settings.
        folder: gets `result.npy`: series (plane, y, x, value) from operations on series, volumes
            (time, plane, y, x) from filters and the subsampling of space, one volume from std,
            mean, localcorr and correlate with one signal, (series, time) from sample.
        report: told what happens.

    Returns:
        `operation`, `shape`, `dtype`, and `n_undefined`, the number of values that are NaN.

    Raises:
        ImageError: the images cannot be read.
        ParameterError: a setting that does not fit the images.
        TableError: the signal cannot be read.
    """
    images = open_images(inputs["images"], parameters.planes, parameters.dataset)
    output = _Output(folder / FILE)
    if parameters.operation in VOLUME_OPERATIONS or _thins_space(parameters):
        _filter(images, parameters, output, report)
    elif parameters.operation in ("std", "mean", "localcorr"):
        output.write([_one_volume(images, parameters, report)], images.shape[1:])
    elif parameters.operation == "sample":
        _sample(images, parameters, folder, output, report)
    else:
        _transform(images, parameters, folder, output, report)
    return {"operation": parameters.operation, **output.written}


class _Output:
    """A `.npy` file that is written piece by piece."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.written: dict[str, Any] = {}

    def write(self, pieces: Iterable[NDArray[Any]], shape: tuple[int, ...]) -> None:
        """Write pieces that follow each other in the order of C; -1 in `shape` is filled in."""
        undefined = 0
        with self.file.open("wb") as stream:
            for number, piece in enumerate(pieces):
                if not number:
                    dtype = piece.dtype
                    shape = tuple(piece.shape[-1] if size < 0 else size for size in shape)
                    header = {
                        "descr": np.lib.format.dtype_to_descr(dtype),
                        "fortran_order": False,
                        "shape": shape,
                    }
                    np.lib.format.write_array_header_2_0(stream, header)
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
    return filters.local_correlation(images, parameters.neighborhood, report)


def _transform(
    images: ImageSeries,
    parameters: OperationParameters,
    folder: Path,
    output: _Output,
    report: Report,
) -> None:
    change = block_operation(parameters, images.n_times)
    single = parameters.operation == "correlate" and _is_one(change, images.n_times)

    def changed() -> Iterator[NDArray[Any]]:
        with series_store(images, part(report, 0.0, 0.5), folder) as store:
            for rows in store.blocks():
                report(0.5 + rows.start / images.n_voxels / 2, parameters.operation)
                block = change(store.read(rows).astype(np.float64))
                yield block.astype(images.dtype) if parameters.operation in EXACT else block

    output.write(changed(), images.shape[1:] if single else (*images.shape[1:], -1))


def _is_one(change: Any, n_times: int) -> bool:
    return bool(change(np.arange(n_times, dtype=np.float64)[None]).shape[1] == 1)


def _sample(
    images: ImageSeries,
    parameters: OperationParameters,
    folder: Path,
    output: _Output,
    report: Report,
) -> None:
    random = np.random.default_rng(parameters.seed)
    count = min(parameters.n, images.n_voxels)
    drawn = np.sort(random.choice(images.n_voxels, count, replace=False))

    def series() -> Iterator[NDArray[Any]]:
        with series_store(images, part(report, 0.0, 0.9), folder) as store:
            for rows in store.blocks():
                here = drawn[(drawn >= rows.start) & (drawn < rows.stop)] - rows.start
                yield store.read(rows)[here]

    output.write(series(), (count, images.n_times))
