"""Image series in MATLAB's files; axes are in the order of MATLAB's size(), y, x, ..., time."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from pipelines.brainmap.images.asking import field, listed
from pipelines.brainmap.images.axes import MATLAB_GUESSES
from pipelines.brainmap.images.images import ImageSeries, Volume, checked_dtype
from pipelines.brainmap.images.info import NOTHING_SAID, ImageReading
from pipelines.brainmap.images.layout import laid_out, mapped_series
from pipelines.core.errors import ImageError
from pipelines.files import matlab


def open_mat(path: Path, reading: ImageReading) -> ImageSeries:
    """Open an array of a `.mat` file of any version.

    Raises:
        ImageError: damaged, no or several suitable arrays, or an unsuitable shape or type.
    """
    if matlab.is_hdf5(path):
        return _of_version_7_3(path, reading)
    held = matlab.Variables(path, ImageError, least=min(MATLAB_GUESSES))
    array = held.load(_chosen(path, held.shapes, reading.dataset))
    layout, info = laid_out(path, array.shape, NOTHING_SAID, reading, guesses=MATLAB_GUESSES)
    series = mapped_series(path, array, layout, info)

    def read(start: int, stop: int) -> Iterator[Volume]:
        # While `held` is in use, the folder of the mapped file stays.
        assert held.shapes
        yield from series.read(start, stop)

    return ImageSeries(path, series.shape, series.dtype, read, whole=True, info=info)


def _of_version_7_3(path: Path, reading: ImageReading) -> ImageSeries:
    with matlab.opened_hdf5(path, ImageError) as held:
        shapes = {name: array.shape for name, array in held.items()}
        name = _chosen(path, shapes, reading.dataset)
        array = held[name]
        dtype = checked_dtype(path, array.dtype)
        layout, info = laid_out(path, array.shape, NOTHING_SAID, reading, guesses=MATLAB_GUESSES)
        chunk = array.chunks[layout.axes.index("T")] if array.chunks else 1
    # Time last is first in the file, where volumes then follow each other.
    fit = layout.at_once(dtype.itemsize)
    step = max(1, min(chunk, fit)) if layout.axes.endswith("T") else fit

    def read(start: int, stop: int) -> Iterator[Volume]:
        with matlab.opened_hdf5(path, ImageError) as held:
            for first in range(start, stop, step):
                where = layout.where(first, min(first + step, stop))
                yield from layout.volumes(held[name][where])

    return ImageSeries(path, layout.shape, dtype, read, info=info)


def _chosen(path: Path, shapes: Mapping[str, Sequence[int]], dataset: str) -> str:
    """The variable that is meant: the one that is named, or the only one that can be images."""
    suits = [name for name, shape in shapes.items() if len(shape) in MATLAB_GUESSES]
    names = listed(suits) or "none"
    if dataset:
        if dataset.strip("/") not in suits:
            raise ImageError(f"{path} has no images at {dataset}: choose from {names}.")
        return dataset.strip("/")
    if len(suits) == 1:
        return suits[0]
    if not suits:
        raise ImageError(f"{path} holds no array of three or more dimensions: save the film in it.")
    raise ImageError(
        f"{path} holds several arrays: set dataset to one of {names} ({field('dataset')})."
    )
