"""Units from the spike times of another sorter: waveforms are read from the filtered signal."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from pipelines.spikes.signal.preprocess import BandPass, Chunk
from pipelines.spikes.sorting.detect import Peaks
from pipelines.spikes.sorting.features import Window, cut_out
from pipelines.spikes.sorting.growing_unit import GrowingUnit, largest_first
from pipelines.spikes.sorting.spikeinterface_sorters import Trains
from pipelines.spikes.units.unit import Live, Unit

CHUNK_S = 2.0
"""A probe has many channels, so less of its signal is in memory at once."""


def measured(
    signal: BandPass,
    live: Live,
    trains: Trains,
    window: Window,
    group: int,
    report: Callable[[float], None],
) -> list[Unit]:
    """Units with mean waveforms, heights and some single waveforms, the largest first.

    Spikes too near to the ends of the recording, and those where the unit's channel carried no
    signal, are left out, and units without any others.

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
    found = [GrowingUnit(shape, int(count)) for count in counts]
    for chunk in signal.chunks(live.channels, CHUNK_S):
        first, last = np.searchsorted(trains.sample_index, (chunk.start, chunk.stop))
        samples, labels = trains.sample_index[first:last], trains.labels[first:last]
        for label in np.unique(labels):
            _take(found[label], chunk, samples[labels == label], window)
        report(chunk.stop / signal.n_samples)
    return largest_first(found, live, group)


def _take(unit: GrowingUnit, chunk: Chunk, samples: NDArray[np.int64], window: Window) -> None:
    rows = samples - chunk.first
    mean = chunk.traces[rows].mean(axis=0)
    column = unit.peak()[1] if unit.count else int(np.abs(mean).argmax())
    if chunk.no_signal is not None:
        real = ~chunk.no_signal[rows, column]
        rows, samples = rows[real], samples[real]
    sign = np.sign(chunk.traces[rows, column])
    spikes = cut_out(chunk, Peaks(samples, np.full(len(rows), column), sign), window)
    if len(spikes):
        unit.add(spikes.sample_index, spikes.values)
        unit.add_heights(spikes.values)
