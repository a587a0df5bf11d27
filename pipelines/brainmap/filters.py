"""Operations on images, volume by volume, equal to those of Thunder 1.4.2.

As there, filters reach over planes too unless told otherwise, and their results keep the type of
the images (https://github.com/thunder-project/thunder).
"""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import numpy as np
from scipy import ndimage

from pipelines.brainmap.images import ImageSeries, Volume
from pipelines.brainmap.operation_parameters import OperationParameters
from pipelines.brainmap.series import Floats
from pipelines.errors import ParameterError
from pipelines.progress import Report, part

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
        return lambda volume: np.asarray(ndimage.gaussian_filter(_known(volume), sigma))
    size = _three("size", parameters.size)
    if parameters.operation == "median-filter":
        return lambda volume: np.asarray(ndimage.median_filter(_known(volume), size))
    return lambda volume: np.asarray(ndimage.uniform_filter(_known(volume), size))


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


def local_correlation(images: ImageSeries, neighborhood: int, report: Report) -> Floats:
    """Correlation of each voxel's series with the average of those around it (plane, y, x).

    The images are read twice, for the means and for the products of the deviations from them.
    Constant series give NaN.
    """
    size = (2 * neighborhood + 1,) * 3
    shape = images.shape[1:]
    means = np.zeros((2, *shape))
    for time, volume in enumerate(images.frames()):
        report(time / images.n_times / 2, f"Averaging time point {time + 1:,}")
        means += np.stack(_with_average(volume, size))
    means /= images.n_times
    own, around, both = np.zeros(shape), np.zeros(shape), np.zeros(shape)
    for time, volume in enumerate(images.frames()):
        report(0.5 + time / images.n_times / 2, f"Correlating time point {time + 1:,}")
        here, average = np.stack(_with_average(volume, size)) - means
        own += here**2
        around += average**2
        both += here * average
    with np.errstate(invalid="ignore", divide="ignore"):
        correlation: Floats = both / np.sqrt(own * around)
    return correlation


def _with_average(volume: Volume, size: tuple[int, ...]) -> tuple[Any, Any]:
    known = _known(volume)
    return known.astype(np.float64), ndimage.uniform_filter(known, size).astype(np.float64)


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
