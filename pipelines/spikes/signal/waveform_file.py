"""Waveforms of spikes in a file, read back block by block, so that memory does not hold them all.

The blocks have a fixed number of spikes, so that what is computed from them does not depend on the
stretches of signal in which the spikes were found.
"""

from collections.abc import Iterator
from typing import IO, Protocol

import numpy as np
from numpy.typing import DTypeLike, NDArray

from pipelines.spikes.signal.preprocess import Floats
from pipelines.spikes.sorting.features import BLOCK
from pipelines.spikes.sorting.growing_unit import GrowingUnit, largest_first
from pipelines.spikes.units.unit import Live, Unit


class WaveformFile:
    """Waveforms of one shape, one after the other in a part of a file."""

    def __init__(
        self, file: IO[bytes], shape: tuple[int, int], dtype: DTypeLike, first: int = 0
    ) -> None:
        """Start without waveforms.

        Args:
            file: open for reading and writing in binary.
            shape: of a waveform: (sample, channel).
            dtype: of the numbers in the file.
            first: how many waveforms of this shape lie before this part of the file.
        """
        self._file, self.shape, self._dtype = file, shape, np.dtype(dtype)
        self._start = first * self._n_bytes
        self.count = 0

    @property
    def _n_bytes(self) -> int:
        return int(np.prod(self.shape)) * self._dtype.itemsize

    def __len__(self) -> int:
        return self.count

    def add(self, values: Floats) -> None:
        """Write some waveforms behind those that are there, shape (spike, sample, channel)."""
        self._file.seek(self._start + self.count * self._n_bytes)
        self._file.write(values.astype(self._dtype, copy=False).tobytes())
        self.count += len(values)

    def blocks(self) -> Iterator[Floats]:
        """All waveforms in order, `BLOCK` at a time: (spike, sample, channel)."""
        for first in range(0, self.count, BLOCK):
            n = min(BLOCK, self.count - first)
            self._file.seek(self._start + first * self._n_bytes)
            values = np.frombuffer(self._file.read(n * self._n_bytes), self._dtype)
            yield values.reshape(n, *self.shape).astype(np.float32, copy=False)


class AnyWaveforms(Protocol):
    """Waveforms that are read block by block, each of shape (spike, sample, channel)."""

    shape: tuple[int, int]

    def blocks(self) -> Iterator[Floats]:
        """All of them in order, in uV, block by block (spike, sample, channel)."""


def units_of(
    waveforms: AnyWaveforms,
    sample_index: NDArray[np.int64],
    labels: NDArray[np.intp],
    live: Live,
    group: int,
) -> list[Unit]:
    """Gather each cluster's spikes into a unit, the largest amplitude first.

    Args:
        waveforms: all spikes of a group.
        sample_index: of the same spikes, in order of time, shape (spike,).
        labels: cluster of each spike, -1 for none, shape (spike,).
        live: the channels of the waveforms.
        group: number of the group.
    """
    counts = np.bincount(labels + 1)[1:]
    found = [GrowingUnit(waveforms.shape, int(count)) for count in counts]
    for label, rows, values in _of_clusters(waveforms, labels):
        found[label].add(sample_index[rows], values)
    for label, _, values in _of_clusters(waveforms, labels):
        found[label].add_heights(values)
    return largest_first(found, live, group)


def _of_clusters(
    waveforms: AnyWaveforms, labels: NDArray[np.intp]
) -> Iterator[tuple[int, NDArray[np.intp], Floats]]:
    """Cluster, places and waveforms of spikes, block by block."""
    first = 0
    for values in waveforms.blocks():
        here = labels[first : first + len(values)]
        for label in np.unique(here[here >= 0]):
            rows = np.flatnonzero(here == label)
            yield int(label), first + rows, values[rows]
        first += len(values)
