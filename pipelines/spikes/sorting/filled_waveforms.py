"""Waveforms in which channels that carried no signal are filled in from spikes like them.

A wire that is unplugged for a while is flat in the spikes of that while. Left as it is, each unit
falls into two clusters: with and without that wire. The missing channel of a spike is taken from
the spikes that are most like it on the other channels (mean of the nearest neighbours).

Source: Troyanskaya et al. (2001), imputation by nearest neighbours,
doi:10.1093/bioinformatics/17.6.520.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from sklearn.neighbors import NearestNeighbors

from pipelines.spikes.signal.preprocess import Floats
from pipelines.spikes.signal.waveform_file import WaveformFile

NEIGHBORS = 5
MOST_DONORS = 4_000
"""Whole spikes, evenly in time, among which the nearest are looked for."""
FEWEST_DONORS = 50
"""With fewer whole spikes a channel is left as it is."""


class FilledWaveforms:
    """The waveforms of a file, read as `WaveformFile` reads them, without missing channels."""

    def __init__(self, waveforms: WaveformFile, missing: NDArray[np.bool_], noise: Floats) -> None:
        """Choose the spikes that others are filled in from.

        Args:
            waveforms: of all spikes.
            missing: channels that carried no signal in a spike, shape (spike, channel).
            noise: of the channels, shape (channel,).
        """
        self._waveforms, self._missing, self._noise = waveforms, missing, noise
        self.shape = waveforms.shape
        self._donors = self._whole_spikes()

    def __len__(self) -> int:
        return len(self._waveforms)

    def blocks(self) -> Iterator[Floats]:
        """All waveforms in order, shape (spike, sample, channel), block by block."""
        first = 0
        for values in self._waveforms.blocks():
            missing = self._missing[first : first + len(values)]
            first += len(values)
            yield self._filled(values, missing) if missing.any() else values

    def _whole_spikes(self) -> Floats:
        whole = np.flatnonzero(~self._missing.any(axis=1))
        chosen = whole[:: max(1, -(-len(whole) // MOST_DONORS))]
        is_chosen = np.zeros(len(self._missing), dtype=bool)
        is_chosen[chosen] = True
        found, first = [], 0
        for values in self._waveforms.blocks():
            found.append(values[is_chosen[first : first + len(values)]])
            first += len(values)
        return np.concatenate(found) if found else np.empty((0, *self.shape), np.float32)

    def _filled(self, values: Floats, missing: NDArray[np.bool_]) -> Floats:
        if len(self._donors) < FEWEST_DONORS:
            return values
        filled = values.copy()
        for pattern in np.unique(missing[missing.any(axis=1)], axis=0):
            if pattern.all():
                continue
            rows = np.flatnonzero((missing == pattern).all(axis=1))
            near = self._nearest(values[rows][:, :, ~pattern], pattern)
            guessed = self._donors[near][..., pattern].mean(axis=1)
            filled[np.ix_(rows, np.arange(self.shape[0]), np.flatnonzero(pattern))] = guessed
        return filled

    def _nearest(self, known: Floats, pattern: NDArray[np.bool_]) -> NDArray[np.intp]:
        """The donors nearest on the known channels, shape (spike, neighbour)."""
        scale = self._noise[~pattern]
        donors = (self._donors[:, :, ~pattern] / scale).reshape(len(self._donors), -1)
        search = NearestNeighbors(n_neighbors=NEIGHBORS, algorithm="brute").fit(donors)
        found = search.kneighbors((known / scale).reshape(len(known), -1), return_distance=False)
        return np.asarray(found)
