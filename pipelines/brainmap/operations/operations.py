"""Operations on series, equal to those of Thunder 1.4.2.

Each takes a block of series (voxel, time) in double precision and gives one row per voxel, so
blocks can be of any size. The definitions are those of Thunder's `Series`
(https://github.com/thunder-project/thunder); what is undefined there, such as the z-score of a
constant series, is NaN here too.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.brainmap.images.undefined import is_dark
from pipelines.brainmap.operations.parameters import OperationParameters
from pipelines.brainmap.voxels.series import Floats, deviation, is_constant, relative_change
from pipelines.brainmap.voxels.signals import read_signals
from pipelines.core.errors import ParameterError

BlockOperation = Callable[[Floats], NDArray[Any]]


def block_operation(parameters: OperationParameters, n_times: int) -> BlockOperation:
    """The function that does with a block of series (voxel, time) what the parameters ask for.

    Raises:
        ParameterError: time points, frequencies or lags that the series do not have.
        TableError: the signal cannot be read.
    """
    return MAKERS[parameters.operation](parameters, n_times)


def center(block: Floats) -> Floats:
    """X - mean of each series (voxel, time)."""
    centred: Floats = block - block.mean(axis=1, keepdims=True)
    return centred


def standardize(block: Floats) -> Floats:
    """X / standard deviation of each series (voxel, time).

    Constant series become infinite, or NaN where they are 0.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        scaled: Floats = block / deviation(block)[:, None]
    return scaled


def zscore(block: Floats) -> Floats:
    """(x - mean) / standard deviation of each series (voxel, time); constant ones become NaN."""
    flat = is_constant(block)[:, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        scores: Floats = np.where(flat, 0.0, center(block)) / deviation(block)[:, None]
    return scores


def detrend(block: Floats, order: int) -> Floats:
    """Subtract the polynomial of that degree that fits best, except for its constant.

    Args:
        block: (voxel, time).
        order: the degree.
    """
    times = np.arange(block.shape[1])
    coefficients = np.polyfit(times, block.T, order)
    coefficients[-1] = 0
    trend: Floats = np.vander(times, order + 1) @ coefficients
    detrended: Floats = block - trend.T
    return detrended


def squelch(block: Floats, threshold: float) -> Floats:
    """Set series (voxel, time) to 0 whose largest value is below the threshold, in their unit."""
    return np.where(block.max(axis=1, keepdims=True) < threshold, 0.0, block)


def correlate(block: Floats, signals: Floats) -> Floats:
    """Pearson's correlation of series (voxel, time) with each signal: (voxel, signal).

    Args:
        block: (voxel, time); constant series give NaN.
        signals: (signal, time), none of them constant.
    """
    wanted = signals - signals.mean(axis=1, keepdims=True)
    wanted /= np.linalg.norm(wanted, axis=1, keepdims=True)
    correlation: Floats = np.clip(_unit(block, np.nan) @ wanted.T, -1, 1)
    return correlation


def crosscorr(block: Floats, signal: Floats, lag: int) -> Floats:
    """Correlation with a signal (time,) that is moved by -lag to +lag frames and filled with 0.

    The moved signal is not centred again. Constant series give 0.

    Args:
        block: (voxel, time).
        signal: (time,), not constant.
        lag: the most frames that it is moved by.

    Returns:
        (voxel, 2 lag + 1), from the signal `lag` frames earlier to that `lag` frames later.
    """
    unit = signal - signal.mean()
    unit /= np.linalg.norm(unit)
    moved = np.zeros((2 * lag + 1, len(unit)))
    for row, shift in enumerate(range(-lag, lag + 1)):
        moved[row, max(0, shift) : len(unit) + min(0, shift)] = unit[
            max(0, -shift) : len(unit) - max(0, shift)
        ]
    correlation: Floats = _unit(block, 0.0) @ moved.T
    return correlation


def fourier(block: Floats, freq: int) -> Floats:
    """Coherence and phase at a digital frequency: (voxel, 2).

    Coherence is the amplitude at that frequency over the root of the summed squares of all below
    half the series' length; the phase is in radians from 0 to 2 pi. Constant series have the
    coherence NaN.

    Args:
        block: (voxel, time).
        freq: cycles in the whole series, below half its length.
    """
    centred = np.where(is_constant(block)[:, None], 0.0, center(block))
    # The transform of real numbers rounds otherwise, and a phase of 0 may become 2 pi.
    spectrum = np.fft.fft(centred, axis=1)[:, : block.shape[1] // 2]
    amplitude = np.abs(spectrum)
    with np.errstate(invalid="ignore"):
        coherence = amplitude[:, freq] / np.sqrt((amplitude**2).sum(axis=1))
    phase = -np.pi / 2 - np.angle(spectrum[:, freq])
    return np.stack([coherence, np.where(phase < 0, phase + 2 * np.pi, phase)], axis=1)


def _unit(block: Floats, flat: float) -> Floats:
    """Centred series of length 1; constant ones are filled with `flat`."""
    constant = is_constant(block)[:, None]
    centred = center(block)
    length = np.linalg.norm(centred, axis=1, keepdims=True)
    return np.where(constant, flat, centred / np.where(constant, 1.0, length))


def normalize(block: Floats, baseline: Floats, offset: float) -> Floats:
    """DF/F; NaN where the baseline is zero or less, see `undefined.is_dark`.

    Args:
        block: (voxel, time).
        baseline: (voxel, 1), or (voxel, time) if it moves, in the unit of the block.
        offset: added to the baseline before dividing.
    """
    change = relative_change(block, baseline, offset)
    change[is_dark(~is_constant(block), baseline, offset)] = np.nan
    return change


def baselines(parameters: OperationParameters) -> BlockOperation:
    """The function that gives the baselines (voxel, 1) or (voxel, time) of a block.

    Raises:
        ParameterError: a method that is not one of normalising.
    """
    percentile, window = parameters.percentile, parameters.window
    match parameters.method:
        case None | "percentile":
            return lambda block: np.percentile(block, percentile, axis=1, keepdims=True)
        case "mean":
            return lambda block: block.mean(axis=1, keepdims=True)
        case "window":
            return lambda block: _moving_percentile(block, percentile, window)
        case _:
            raise ParameterError(
                f"method: {parameters.method!r} does not normalize; take percentile, mean or "
                "window."
            )


def _normalize(parameters: OperationParameters, n_times: int) -> BlockOperation:
    baseline, offset = baselines(parameters), parameters.offset
    return lambda block: normalize(block, baseline(block), offset)


def _moving_percentile(block: Floats, percentile: float, window: int) -> Floats:
    from scipy import ndimage  # here: it takes long, and pages need the other operations

    baseline: Floats = ndimage.percentile_filter(
        block, percentile, size=(1, window), mode="nearest"
    )
    return baseline


def _detrend(parameters: OperationParameters, n_times: int) -> BlockOperation:
    if parameters.method not in (None, "linear", "nonlinear"):
        raise ParameterError(
            f"method: {parameters.method!r} does not detrend; take linear or nonlinear."
        )
    order = parameters.order if parameters.method == "nonlinear" else 1
    if order >= n_times:
        raise ParameterError(
            f"order: a polynomial of degree {order} needs more than the {n_times} time points."
        )
    return lambda block: detrend(block, order)


def _between(parameters: OperationParameters, n_times: int) -> BlockOperation:
    right = n_times if parameters.right is None else parameters.right
    return _selection(np.arange(parameters.left, min(right, n_times)), n_times)


def _select(parameters: OperationParameters, n_times: int) -> BlockOperation:
    wanted = np.unique(np.array(parameters.indices, dtype=int))
    return _selection(wanted[(wanted >= 0) & (wanted < n_times)], n_times)


def _subsample(parameters: OperationParameters, n_times: int) -> BlockOperation:
    (step,) = parameters.factor
    return _selection(np.arange(0, n_times, step), n_times)


def _selection(times: NDArray[np.intp], n_times: int) -> BlockOperation:
    if not times.size:
        raise ParameterError(
            f"No time point is selected: the series have {n_times}, counted from 0."
        )
    return lambda block: block[:, times]


def _correlate(parameters: OperationParameters, n_times: int) -> BlockOperation:
    signals = read_signals(Path(parameters.signal), n_times)
    return lambda block: correlate(block, signals)


def _crosscorr(parameters: OperationParameters, n_times: int) -> BlockOperation:
    signals = read_signals(Path(parameters.signal), n_times)
    if len(signals) > 1:
        raise ParameterError(f"signal: {parameters.signal} holds {len(signals)}; give one.")
    if parameters.lag >= n_times:
        raise ParameterError(f"lag: it must be less than the {n_times} time points.")
    return lambda block: crosscorr(block, signals[0], parameters.lag)


def _fourier(parameters: OperationParameters, n_times: int) -> BlockOperation:
    if parameters.freq >= n_times // 2:
        raise ParameterError(
            f"freq: {parameters.freq} is too high; it must be below half the {n_times} time points."
        )
    return lambda block: fourier(block, parameters.freq)


MAKERS: Mapping[str, Callable[[OperationParameters, int], BlockOperation]] = {
    "normalize": _normalize,
    "center": lambda parameters, n_times: center,
    "zscore": lambda parameters, n_times: zscore,
    "standardize": lambda parameters, n_times: standardize,
    "detrend": _detrend,
    "squelch": lambda parameters, n_times: lambda block: squelch(block, parameters.threshold),
    "between": _between,
    "select": _select,
    "subsample": _subsample,
    "correlate": _correlate,
    "crosscorr": _crosscorr,
    "fourier": _fourier,
}
EXACT = frozenset({"squelch", "between", "select", "subsample", "sample"})
"""Operations whose results have the type of the images; the others are in double precision."""
