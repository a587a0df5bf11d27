"""Units that were found twice, mostly because two groups of channels see the same cell.

Spikes of one cell come at the same time in both, but for a constant lag: another channel sees
another part of the waveform. Cells that fire much share some times by chance, and cells that
fire in common bursts share more; so what is shared at other lags nearby is taken off.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from spikeinterface.core import NumpySorting
from spikeinterface.postprocessing import compute_correlograms

from pipelines.spikes.curation.parameters import ReviewParameters
from pipelines.spikes.curation.reviewed import Proposal
from pipelines.spikes.signal.preprocess import BandPass, Floats
from pipelines.spikes.signal.spike_waveforms import largest_channels, spread_waveforms
from pipelines.spikes.units.clock import Clock
from pipelines.spikes.units.metrics import rp_contamination
from pipelines.spikes.units.sorting import FinishedSorting

CHANCE_MS = (5.0, 25.0)
"""How far from the lag the share by chance is measured: beyond the refractory period, and near
enough that common bursts count."""
CHANCE_LAGS = 21
CLEARLY = 0.05
"""Contamination by which one unit is worse than another."""
MOST_READ = 60
"""Spikes of a unit that are read from the recording, spread over it."""
MOST_CHANNELS = 8

Samples = NDArray[np.int64]


@dataclass(frozen=True)
class Twins:
    """Two units that fire at the same times.

    Attributes:
        weak: the one that may go: the one with the lower SNR, or the one that holds other cells.
        strong: the other one.
        lag: samples by which the weak one's spikes come later.
        share: of the spikes of the one with fewer spikes, those that the other has too.
        chance: of the same, those that it would have by chance.
        back: of the spikes of the one with more spikes, those that the other has too.
    """

    weak: int
    strong: int
    lag: int
    share: float
    chance: float
    back: float

    @property
    def beyond_chance(self) -> float:
        """The share of spikes that are common, of those that need not be so by chance."""
        return (self.share - self.chance) / max(1 - self.chance, 1e-9)


def find_twins(
    trains: Mapping[int, Samples],
    snr: Mapping[int, float],
    clock: Clock,
    parameters: ReviewParameters,
) -> Iterator[Twins]:
    """Pairs of units whose spikes are the same but for a lag.

    Args:
        trains: spikes of every unit, samples in order of time, shape (spike,).
        snr: of every unit.
        clock: of the sorting.
        parameters: how near in time, which lag, which share beyond chance.
    """
    rate = clock.sampling_frequency / 1000
    reach, most_lag = round(parameters.coincidence_ms * rate), round(parameters.max_lag_ms * rate)
    apart = {unit: clock.apart(train) for unit, train in trains.items()}
    for one, two in _near(apart, clock, parameters):
        few, many = (one, two) if len(trains[one]) < len(trains[two]) else (two, one)
        a, b = apart[few], apart[many]
        lag = best_lag(a, b, reach, most_lag)
        share, chance = shared(a, b - lag, reach), by_chance(a, b - lag, reach, rate)
        back = shared(b - lag, a, reach)
        weak, strong = (few, many) if snr[few] < snr[many] else (many, few)
        if back < parameters.min_coincidence and _more_foreign(trains[many], trains[few], clock):
            weak, strong = many, few
        twins = Twins(weak, strong, lag if weak == many else -lag, share, chance, back)
        if twins.beyond_chance >= parameters.min_coincidence:
            yield twins


def _more_foreign(one: Samples, two: Samples, clock: Clock) -> bool:
    """Whether a train has clearly more refractory violations than another."""
    contamination = [rp_contamination(train, clock) for train in (one, two)]
    return contamination[0] > contamination[1] + CLEARLY


def _near(
    trains: Mapping[int, Samples], clock: Clock, parameters: ReviewParameters
) -> list[tuple[int, int]]:
    """Pairs with enough spikes near each other to be worth the lag, from all correlograms."""
    units = list(trains)
    labels = np.repeat(np.arange(len(units)), [len(train) for train in trains.values()])
    samples = np.concatenate(list(trains.values()))
    order = np.argsort(samples, kind="stable")
    together = NumpySorting.from_samples_and_labels(
        [samples[order]], [labels[order]], clock.sampling_frequency, unit_ids=range(len(units))
    )
    half_ms = parameters.max_lag_ms + 2 * parameters.coincidence_ms
    counts, _ = compute_correlograms(
        together, window_ms=2 * half_ms, bin_ms=half_ms, method="numpy"
    )
    sizes = np.array([len(train) for train in trains.values()])
    least = parameters.min_coincidence * np.minimum.outer(sizes, sizes)
    rows, columns = np.nonzero(np.triu(counts.sum(axis=2) >= np.maximum(least, 1), 1))
    return [(units[row], units[column]) for row, column in zip(rows, columns, strict=True)]


def best_lag(one: Samples, two: Samples, reach: int, most: int) -> int:
    """By how many samples spikes of `two` mostly come later than those of `one`.

    Args:
        one: samples of spikes in order of time, shape (spike,).
        two: the same of another unit.
        reach: samples within which two spikes are one.
        most: samples of lag at most.
    """
    edge = most + reach
    first = np.searchsorted(two, one - edge, side="left")
    last = np.searchsorted(two, one + edge, side="right")
    pairs = np.repeat(one, last - first)
    starts = np.repeat(first - np.cumsum(last - first) + (last - first), last - first)
    gaps = two[starts + np.arange(len(pairs))] - pairs
    counts = np.bincount(gaps + edge, minlength=2 * edge + 1)
    near = np.convolve(counts, np.ones(2 * reach + 1, np.int64), mode="valid")
    best = int(near.argmax()) - most
    # As many lags are as good: the middle of the gaps says which one it is.
    return int(np.median(gaps[np.abs(gaps - best) <= reach])) if len(gaps) else 0


def shared(one: Samples, two: Samples, reach: int) -> float:
    """The share of spikes of `one` that have one of `two` within `reach` samples.

    Args:
        one: samples of spikes, shape (spike,).
        two: the same of another unit, in order of time.
        reach: samples within which two spikes are one.
    """
    first = np.searchsorted(two, one - reach, side="left")
    last = np.searchsorted(two, one + reach, side="right")
    return float((last > first).mean())


def by_chance(one: Samples, two: Samples, reach: int, per_ms: float) -> float:
    """What `shared` gives on average when the second train is shifted by 5 to 25 ms either way.

    Args:
        one: samples of spikes, shape (spike,).
        two: the same of another unit, in order of time.
        reach: samples within which two spikes are one.
        per_ms: samples per millisecond.
    """
    steps = np.linspace(*CHANCE_MS, CHANCE_LAGS) * per_ms
    lags = np.concatenate([-steps, steps]).astype(np.int64)
    return float(np.mean([shared(one, two + lag, reach) for lag in lags]))


# -- evidence


def duplicates(
    sorting: FinishedSorting, signal: BandPass | None, parameters: ReviewParameters
) -> list[Proposal]:
    """Units found twice as proposals, the weaker one first.

    Args:
        sorting: whose units.
        signal: its recording, to compare waveforms where groups share no channel; none if it
            cannot be read.
        parameters: what a duplicate is.
    """
    units = [int(unit) for unit in sorting.units["unit_id"]]
    trains = {unit: sorting.sample_index[sorting.unit_id == unit] for unit in units}
    snr = dict(zip(units, sorting.units["snr"].astype(float), strict=True))
    return [
        Proposal(
            "duplicate",
            (twins.weak, twins.strong),
            _evidence(sorting, signal, twins),
            round(min(twins.beyond_chance, 1.0), 4),
        )
        for twins in find_twins(trains, snr, sorting.clock, parameters)
    ]


def _evidence(sorting: FinishedSorting, signal: BandPass | None, twins: Twins) -> str:
    rows = [sorting.row_of(unit) for unit in (twins.weak, twins.strong)]
    sizes = [int(sorting.units["n_spikes"].iloc[row]) for row in rows]
    snr = [float(sorting.units["snr"].iloc[row]) for row in rows]
    fewer = twins.weak if sizes[0] <= sizes[1] else twins.strong
    lag_ms = twins.lag / sorting.clock.sampling_frequency * 1000
    words = (
        f"{twins.share:.0%} of the {min(sizes):,} spikes of unit {fewer} are among the "
        f"{max(sizes):,} of the other ({twins.chance:.0%} by chance); those of unit {twins.weak} "
        f"come {abs(lag_ms):.2f} ms {'later' if lag_ms >= 0 else 'earlier'}. "
        f"{_places(sorting, rows)}"
    )
    if signal is not None:
        cosine = likeness(sorting, signal, twins)
        words += f" On the channels of both, waveforms have a cosine of {cosine:.2f}."
    if fewer == twins.strong and snr[0] > snr[1]:
        return f"{words} Unit {twins.weak} seems to hold other cells, too."
    return f"{words} Unit {twins.weak} is the smaller one: SNR {snr[0]:.1f} against {snr[1]:.1f}."


def _places(sorting: FinishedSorting, rows: list[int]) -> str:
    channels = [int(largest_channels(sorting.mean[row], 1)[0]) for row in rows]
    names = [str(sorting.channel_id[channel]) for channel in channels]
    if channels[0] == channels[1]:
        return f"Both are largest on channel {names[0]}."
    apart = np.linalg.norm(np.subtract(*sorting.locations_um[channels]))
    return f"They are largest on channels {names[0]} and {names[1]}, {apart:.0f} µm apart."


def likeness(sorting: FinishedSorting, signal: BandPass, twins: Twins) -> float:
    """The cosine of two units' mean waveforms on the channels of both, one shifted by the lag.

    Args:
        sorting: whose units.
        signal: its recording, filtered.
        twins: the units.
    """
    shapes = [sorting.mean[sorting.row_of(unit)] for unit in (twins.weak, twins.strong)]
    channels = np.union1d(*(largest_channels(shape, MOST_CHANNELS) for shape in shapes))
    weak = _mean(sorting, signal, twins.weak, channels, 0)
    strong = _mean(sorting, signal, twins.strong, channels, twins.lag)
    length = float(np.linalg.norm(weak) * np.linalg.norm(strong))
    return float(weak @ strong) / max(length, 1e-12)


def _mean(
    sorting: FinishedSorting, signal: BandPass, unit: int, channels: NDArray[np.intp], lag: int
) -> Floats:
    """Mean waveform of some spikes of a unit, all channels in one row."""
    samples = sorting.sample_index[sorting.unit_id == unit] + lag
    waves = spread_waveforms(sorting, signal, samples, channels, MOST_READ)
    mean: Floats = waves.mean(axis=0).ravel()
    return mean
