"""A unit that is gathered spike by spike, so that its waveforms need not be in memory at once."""

import numpy as np
from numpy.typing import NDArray

from pipelines.spikes.signal.preprocess import Floats
from pipelines.spikes.units.unit import N_SNIPPET_CHANNELS, N_SNIPPETS, Live, Snippets, Unit


class GrowingUnit:
    """Sums over the spikes of one unit, block after block."""

    def __init__(self, shape: tuple[int, int], n_spikes: int) -> None:
        """Start without spikes.

        Args:
            shape: of a waveform: (sample, channel).
            n_spikes: that will come, for single waveforms are kept at even distances.
        """
        self.total = np.zeros(shape)
        self.squares = np.zeros(shape)
        self.count = 0
        self.every = max(1, n_spikes // N_SNIPPETS)
        self.sample_index: list[NDArray[np.int64]] = []
        self.heights: list[Floats] = []
        self.kept: list[NDArray[np.float16]] = []

    def add(self, sample_index: NDArray[np.int64], values: Floats) -> None:
        """Take in some spikes, later than those before.

        Args:
            sample_index: of the spikes, in order of time, shape (spike,).
            values: their waveforms in uV, shape (spike, sample, channel).
        """
        self.total += values.sum(axis=0, dtype=np.float64)
        self.squares += np.square(values, dtype=np.float64).sum(axis=0)
        chosen = np.arange(-self.count % self.every, len(values), self.every)
        self.kept.append(values[chosen].astype(np.float16))
        self.count += len(values)
        self.sample_index.append(sample_index)

    def add_heights(self, values: Floats) -> None:
        """Measure the spikes at the mean's peak, as it is by now; every spike comes here once.

        Args:
            values: in uV, shape (spike, sample, channel).
        """
        row, column = self.peak()
        self.heights.append(np.abs(values[:, row, column]))

    def peak(self) -> tuple[int, int]:
        """Sample and channel where the mean so far is largest."""
        row, column = np.unravel_index(int(np.abs(self.total).argmax()), self.total.shape)
        return int(row), int(column)

    def unit(self, live: Live, group: int, cluster: int) -> Unit:
        """The unit of all spikes so far, of which there is one at least.

        Args:
            live: the channels of the waveforms.
            group: number of the group.
            cluster: the unit's number within the group.
        """
        mean = self.total / self.count
        variance = np.maximum(self.squares / self.count - mean**2, 0.0)
        heights = np.abs(mean).max(axis=0)
        column = int((heights / live.noise).argmax())
        largest = np.sort(np.argsort(-heights, kind="stable")[:N_SNIPPET_CHANNELS])
        kept = np.concatenate(self.kept)[:N_SNIPPETS, :, largest]
        return Unit(
            group=group,
            channel=int(live.channels[column]),
            sample_index=np.concatenate(self.sample_index),
            mean=mean.astype(np.float32),
            sd=np.sqrt(variance).astype(np.float32),
            view=live.channels,
            amplitude_uv=float(heights[column]),
            snr=float(heights[column] / live.noise[column]),
            cluster=cluster,
            heights=np.concatenate(self.heights),
            snippets=Snippets(kept, live.channels[largest]),
        )


def largest_first(found: list[GrowingUnit], live: Live, group: int) -> list[Unit]:
    """The units that have spikes, by falling amplitude; their place is the number of the cluster.

    Args:
        found: a growing unit for every cluster of the group.
        live: the channels of the waveforms.
        group: number of the group.
    """
    units = [one.unit(live, group, number) for number, one in enumerate(found) if one.count]
    return sorted(units, key=lambda unit: -unit.amplitude_uv)
