"""How many channels stand in a row of samples, as far as the samples themselves tell."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

N_BLOCKS = 6
"""Stretches of a file, of equal length, that the samples come from."""

MOST_CHANNELS = 1_024
"""That another number of channels is looked for among."""

TIMES_SMOOTHER = 1.6
"""So many times smaller must the steps of another number of channels be."""

HALF_A_STEP = 1.2
"""The same for channels that come again: their noise differs as much at half the distance."""

MOST_TIMES = 64
"""As many channels as were said, from which on hum and stimuli that come again look the same."""

MOST_TRIED = 4
LEAST_STEPS = 100
"""Of a channel, to be judged by."""

Values = NDArray[Any]


def table_of(values: Values, n_channels: int) -> Values:
    """Samples (n,) as they follow each other, shape (time, channel); a last part of a row goes."""
    return values[: len(values) // n_channels * n_channels].reshape(-1, n_channels)


def better_channels(values: Values, n_channels: int) -> tuple[int, bool] | None:
    """Another number of channels, if with it every channel is clearly smoother in time.

    Alone that is no proof: a tone, or neighbours that were sampled shortly after each other, do
    it too. So the channels must also differ more from each other when they are told apart that
    way. A multiple of the number is never sure, for a tone looks like it; nor is a part of it, for
    two groups of channels may be alike.

    Args:
        values: samples as they stand in the file (n,).
        n_channels: that were said.

    Returns:
        The number, and whether the one that was said cannot be.
    """
    likely: tuple[int, bool] | None = None
    for signal in (values - np.median(values), spikes_only(values, n_channels)):
        for number in _smoothest(signal, n_channels):
            smoother = _times_smoother(signal, n_channels, number)
            if n_channels % number == 0:
                again = smoother > HALF_A_STEP and _come_again(signal, n_channels, number)
                likely = likely or _if(again, number)
            elif smoother <= TIMES_SMOOTHER:
                continue
            elif number % n_channels == 0:
                likely = likely or _if(_come_in_turn(signal, n_channels, number), number)
            elif _are_told_apart(signal, n_channels, number):
                return number, True
            else:
                likely = likely or _if(_is_near(signal, n_channels, number), number)
    return likely


def _if(is_so: bool, number: int) -> tuple[int, bool] | None:
    return (number, False) if is_so else None


def _are_told_apart(signal: Values, n_channels: int, number: int) -> bool:
    """Whether channels differ more with another number of them, in size or in level."""
    given, other = _powers(signal, n_channels), _powers(signal, number)
    return bool(
        _unevenness(other) > 2 * _unevenness(given) + 0.1
        or other.mean() < given.mean() / TIMES_SMOOTHER
    )


def _is_near(signal: Values, n_channels: int, number: int) -> bool:
    """Whether another number is likely though channels are alike: not if all neighbours are."""
    return number < 2 * n_channels and _times_smoother(signal, n_channels, 1) <= 1


def _come_in_turn(signal: Values, n_channels: int, number: int) -> bool:
    """Whether what was said to be a channel is several, one sample of each in turn."""
    if number > MOST_TIMES * n_channels:
        return False
    given, power = _powers(signal, n_channels), _powers(signal, number)
    turns = power.mean(axis=0).reshape(-1, n_channels)
    loudest = turns[:, turns.mean(axis=0).argmax()]
    return bool(
        loudest.std() > 0.3 * loudest.mean() or power.mean() < given.mean() / TIMES_SMOOTHER
    )


def _come_again(signal: Values, n_channels: int, number: int) -> bool:
    """Whether the second half of what were said to be channels, or any part, is the first again."""
    turns = _powers(signal, n_channels).mean(axis=0).reshape(-1, number)
    between = float(turns.mean(axis=0).std())
    return between > 0.1 * turns.mean() and float(turns.std(axis=0).max()) < 0.5 * between


def spikes_only(values: Values, n_channels: int) -> Values:
    """Samples far from the middle of what seems their channel; the rest, mostly noise, is 0.

    Args:
        values: samples as they stand in the file, one channel after the other, (n,).
        n_channels: what seems their number.

    Returns:
        The samples less the median of their channel, in the order and unit of the file, without
        the last ones that make no whole row (m,).
    """
    table = table_of(values, n_channels)
    centred = table - np.median(table, axis=0)
    noise = 1.4826 * np.median(np.abs(centred), axis=0)
    far = (np.abs(centred) > 5 * noise) & (noise > 0)
    return np.where(far, centred, 0.0).ravel()


def _smoothest(signal: Values, n_channels: int) -> list[int]:
    """Distances at which samples resemble each other most, better than at the given one."""
    n = len(signal)
    power = np.abs(np.fft.rfft(signal - signal.mean(), 1 << (2 * n).bit_length())) ** 2
    alike = np.fft.irfft(power)[: min(MOST_CHANNELS, n // 4) + 1] / np.arange(
        n, n - min(MOST_CHANNELS, n // 4) - 1, -1
    )
    own = alike[min(n_channels, len(alike) - 1)]
    order = [int(lag) for lag in np.argsort(-alike[1:]) + 1]
    return [lag for lag in order[:MOST_TRIED] if lag != n_channels and alike[lag] > own]


def _times_smoother(signal: Values, n_channels: int, number: int) -> float:
    """How much smaller squared steps are at another distance, of the channel that gains least."""
    rows = (len(signal) - max(n_channels, number)) // n_channels
    here = signal[: rows * n_channels].reshape(rows, n_channels)
    own = signal[n_channels:][: rows * n_channels].reshape(rows, n_channels) - here
    other = signal[number:][: rows * n_channels].reshape(rows, n_channels) - here
    there = here != 0
    counts = there.sum(axis=0)
    own_size, other_size = (np.square(one * there).sum(axis=0) for one in (own, other))
    known = (counts >= LEAST_STEPS) & (own_size > 0)
    later = np.arange(n_channels) >= n_channels - number
    if number > n_channels:
        later = np.arange(n_channels) < 2 * n_channels - number
    if number < 2 * n_channels and not known[later].any():
        return 0.0
    if not known.any():
        return 0.0
    with np.errstate(divide="ignore"):
        return float((own_size[known] / other_size[known]).min())


def _powers(signal: Values, n_channels: int) -> Values:
    """Of each channel in each of the stretches that were read, shape (stretch, channel)."""
    return np.array(
        [table_of(one, n_channels).var(axis=0) for one in np.array_split(signal, N_BLOCKS)]
    )


def _unevenness(powers: Values) -> float:
    """How much the power of channels differs, as a share of the mean."""
    loud = powers[powers.mean(axis=1) > 0]
    return float(np.mean(loud.std(axis=1) / loud.mean(axis=1))) if len(loud) else 0.0
