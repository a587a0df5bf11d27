"""Operations on images, volume by volume, equal to those of Thunder 1.4.2.

As there, filters reach over planes too unless told otherwise, and their results keep the type of
the images (https://github.com/thunder-project/thunder).
"""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import numpy as np
from scipy import ndimage

from pipelines.brainmap.images.images import ImageSeries, Volume
from pipelines.brainmap.operations.parameters import OperationParameters
from pipelines.brainmap.voxels.series import Floats
from pipelines.core.errors import ParameterError
from pipelines.core.progress import Report, part

VolumeOperation = Callable[[Volume], Volume]
Number = TypeVar("Number", int, float)


def volume_operation(parameters: OperationParameters) -> VolumeOperation:
    """The function that does with a volume (plane, y, x) what the parameters ask for.

    Raises:
        ParameterError: neither one nor three sizes, or sizes that are not positive.
    """
    if parameters.operation == "subsample":
        steps = [slice(None, None, step) for step in _three("factor", parameters.factor)]
        return lambda volume: volume[tuple(steps)]
    if parameters.operation == "gaussian-filter":
        sigma = _three("sigma", parameters.sigma)
        return lambda volume: _filtered(ndimage.gaussian_filter, volume, sigma)
    size = _three("size", parameters.size)
    if parameters.operation == "median-filter":
        return lambda volume: _filtered(ndimage.median_filter, volume, size)
    return lambda volume: _filtered(ndimage.uniform_filter, volume, size)


def averaging_size(parameters: OperationParameters) -> Sequence[int]:
    """The size (plane, y, x) of the average that local correlation compares with."""
    if parameters.neighborhood is not None:
        return (2 * parameters.neighborhood + 1,) * 3
    return _three("size", parameters.size)


def mean_image(images: ImageSeries, report: Report) -> Floats:
    """Mean over time (plane, y, x)."""
    total = np.zeros(images.shape[1:])
    for time, volume in enumerate(images.frames()):
        report(time / images.n_times, f"Averaging time point {time + 1:,} of {images.n_times:,}")
        total += volume
    return total / images.n_times


def std_image(images: ImageSeries, report: Report) -> Floats:
    """Standard deviation over time (plane, y, x)."""
    mean = mean_image(images, part(report, 0.0, 0.5))
    total = np.zeros_like(mean)
    for time, volume in enumerate(images.frames()):
        report(0.5 + time / images.n_times / 2, "Measuring the deviation from the mean")
        total += (volume - mean) ** 2
    deviation: Floats = np.sqrt(total / images.n_times)
    return deviation


def local_correlation(images: ImageSeries, size: Sequence[int], report: Report) -> Floats:
    """Correlation of each voxel's series with the average of those around it (plane, y, x).

    The images are read twice, for the means and for the products of the deviations from them.
    Constant series give NaN, and so do voxels that lack a number in some frame. The average is
    that of `uniform-filter` of this size, as in Thunder 1.4.2, in the type of the images; later
    versions of Thunder took sizes of 2 n + 1 only.
    """
    shape = images.shape[1:]
    means, changes = np.zeros((2, *shape)), np.zeros(shape, bool)
    first = next(images.frames(0, 1))
    for time, volume in enumerate(images.frames()):
        report(time / images.n_times / 2, f"Averaging time point {time + 1:,}")
        means += np.stack(_with_average(volume, size))
        changes |= volume != first
    means /= images.n_times
    own, around, both = np.zeros(shape), np.zeros(shape), np.zeros(shape)
    for time, volume in enumerate(images.frames()):
        report(0.5 + time / images.n_times / 2, f"Correlating time point {time + 1:,}")
        here, average = np.stack(_with_average(volume, size)) - means
        own += here**2
        around += average**2
        both += here * average
    with np.errstate(invalid="ignore", divide="ignore"):
        correlation: Floats = np.clip(both / np.sqrt(own * around), -1, 1)
    return np.where(changes, correlation, np.nan)


def _with_average(volume: Volume, size: Sequence[int]) -> tuple[Any, Any]:
    average = _filtered(ndimage.uniform_filter, volume, size)
    return volume.astype(np.float64), average.astype(np.float64)


def _filtered(
    filter: Callable[[Volume, Sequence[float]], Any], volume: Volume, reach: Sequence[float]
) -> Volume:
    """Filter a volume; a single plane is filtered as an image, and NaN stays NaN.

    Across one plane there is nothing to smooth, and rounding to whole numbers would still lower
    them.
    """
    known = _known(volume)
    missing = np.isnan(known) if known.dtype.kind == "f" else None
    if missing is not None and missing.any():
        filtered = _filtered(filter, _filled(known), reach)
        return np.where(missing, filtered.dtype.type(np.nan), filtered)
    if len(known) == 1:
        return np.asarray(filter(known[0], reach[1:]))[None]
    return np.asarray(filter(known, reach))


def _filled(volume: Volume) -> Volume:
    """The volume with the nearest number where there is none, as filters go on beyond its edges."""
    missing = np.isnan(volume)
    if missing.all():
        return np.zeros_like(volume)
    nearest = ndimage.distance_transform_edt(missing, return_distances=False, return_indices=True)
    return np.asarray(volume[tuple(nearest)])


def _known(volume: Volume) -> Volume:
    """The volume in a type that the filters know."""
    return volume.astype(np.float32) if volume.dtype == np.float16 else volume


def _three(name: str, values: Sequence[Number]) -> Sequence[Number]:
    if len(values) not in (1, 3) or min(values) <= 0:
        raise ParameterError(
            f"{name}: {', '.join(map(str, values))} cannot be used; give one number above 0, or "
            "three for plane, y and x."
        )
    return tuple(values) * (3 // len(values))
