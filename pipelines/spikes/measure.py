"""Units from the spike times of another sorter: waveforms are read from the filtered signal."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from pipelines.spikes.detect import Peaks
from pipelines.spikes.features import Waveforms, Window, cut_out
from pipelines.spikes.foreign import Trains
from pipelines.spikes.preprocess import BandPass, Chunk, Floats
from pipelines.spikes.units import (
    N_SNIPPET_CHANNELS,
    N_SNIPPETS,
    Live,
    Snippets,
    Unit,
)

CHUNK_S = 2.0
"""A probe has many channels, so less of its signal is in memory at once."""


class _Growing:
    """Sums over the spikes of one unit, chunk after chunk."""

    def __init__(self, shape: tuple[int, int], every: int) -> None:
        self.total = np.zeros(shape)
        self.squares = np.zeros(shape)
        self.count = 0
        self.every = every
        self.sample_index: list[NDArray[np.int64]] = []
        self.heights: list[Floats] = []
        self.kept: list[NDArray[np.float16]] = []

    def add(self, spikes: Waveforms) -> None:
        """Take in the unit's spikes of a chunk."""
        values = spikes.values
        self.total += values.sum(axis=0, dtype=np.float64)
        self.squares += np.square(values, dtype=np.float64).sum(axis=0)
        chosen = np.arange(-self.count % self.every, len(values), self.every)
        self.kept.append(values[chosen].astype(np.float16))
        self.count += len(values)
        self.sample_index.append(spikes.sample_index)
        row, column = self.peak()
        self.heights.append(np.abs(values[:, row, column]))

    def peak(self) -> tuple[int, int]:
        """Sample and channel where the mean so far is largest."""
        row, column = np.unravel_index(int(np.abs(self.total).argmax()), self.total.shape)
        return int(row), int(column)


def measured(
    signal: BandPass,
    live: Live,
    trains: Trains,
    window: Window,
    group: int,
    report: Callable[[float], None],
) -> list[Unit]:
    """Units with mean waveforms, heights and some single waveforms, the largest first.

    Spikes too near to the ends of the recording are left out, and units without any others.

    Args:
        signal: the filtered recording.
        live: the channels that were sorted.
        trains: what the sorter found.
        window: what is kept of a spike.
        group: number of the group.
        report: told the share that is done.
    """
    counts = np.bincount(trains.labels, minlength=1)
    shape = (len(window.offsets), len(live.channels))
    found = [_Growing(shape, max(1, int(count) // N_SNIPPETS)) for count in counts]
    for chunk in signal.chunks(live.channels, CHUNK_S):
        first, last = np.searchsorted(trains.sample_index, (chunk.start, chunk.stop))
        samples, labels = trains.sample_index[first:last], trains.labels[first:last]
        for label in np.unique(labels):
            _take(found[label], chunk, samples[labels == label], window)
        report(chunk.stop / signal.n_samples)
    units = [_unit(one, live, group, n) for n, one in enumerate(found) if one.count]
    return sorted(units, key=lambda unit: -unit.amplitude_uv)


def _take(unit: _Growing, chunk: Chunk, samples: NDArray[np.int64], window: Window) -> None:
    rows = samples - chunk.first
    mean = chunk.traces[rows].mean(axis=0)
    column = unit.peak()[1] if unit.count else int(np.abs(mean).argmax())
    sign = np.sign(chunk.traces[rows, column])
    spikes = cut_out(chunk, Peaks(samples, np.full(len(rows), column), sign), window)
    if len(spikes):
        unit.add(spikes)


def _unit(one: _Growing, live: Live, group: int, cluster: int) -> Unit:
    mean = one.total / one.count
    variance = np.maximum(one.squares / one.count - mean**2, 0.0)
    heights = np.abs(mean).max(axis=0)
    column = int((heights / live.noise).argmax())
    largest = np.sort(np.argsort(-heights, kind="stable")[:N_SNIPPET_CHANNELS])
    kept = np.concatenate(one.kept)[:N_SNIPPETS, :, largest]
    return Unit(
        group=group,
        channel=int(live.channels[column]),
        sample_index=np.concatenate(one.sample_index),
        mean=mean.astype(np.float32),
        sd=np.sqrt(variance).astype(np.float32),
        view=live.channels,
        amplitude_uv=float(heights[column]),
        snr=float(heights[column] / live.noise[column]),
        cluster=cluster,
        heights=np.concatenate(one.heights),
        snippets=Snippets(kept, live.channels[largest]),
    )
