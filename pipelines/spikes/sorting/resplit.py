"""Units of other sorters that hold two clusters, taken apart again.

Template matching sorters end by merging units with alike templates, and so join cells of
different size. The spikes of each unit are clustered as our own sorter does; a unit in whose
feature space there is a dip between two clusters becomes two.
"""

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

import numpy as np
from numpy.typing import NDArray

from pipelines.spikes.parameters import SpikesParameters
from pipelines.spikes.signal.preprocess import BandPass, Chunk
from pipelines.spikes.signal.waveform_file import WaveformFile
from pipelines.spikes.sorting.cluster import find_clusters, renumbered
from pipelines.spikes.sorting.detect import Peaks
from pipelines.spikes.sorting.features import Window, cut_out, scores_of_blocks
from pipelines.spikes.sorting.spikeinterface_sorters import Trains
from pipelines.spikes.sorting.unimodal import join_unimodal
from pipelines.spikes.units.unit import Live

CHUNK_S = 2.0
N_CHANNELS = 8
"""Of a unit's channels, the nearest to its peak are looked at."""

MOST_PARTS = 6

SPLIT_DIP = 1.0
"""A unit is taken apart only at a dip this deep. The line between two parts is chosen to show one,
so of 60 simulated cells with drift nine were split at 0.6, one at 0.8 and none at 1.0;
two pairs of merged cells had dips of 2.0 and 2.2."""


class _Kept:
    """Waveforms of one unit's spikes around its largest channel, in a part of a file."""

    def __init__(self, waveforms: WaveformFile) -> None:
        self.waveforms = waveforms
        self.columns: NDArray[np.intp] | None = None
        self.peak = 0
        self.rows: list[NDArray[np.intp]] = []

    def place(self, mean: NDArray[np.float32], distance: NDArray[np.float64]) -> None:
        """Choose the channels by the first spikes that are seen."""
        self.peak = int(np.abs(mean).argmax())
        self.columns = np.argsort(distance[self.peak], kind="stable")[:N_CHANNELS]


def split_again(
    signal: BandPass,
    live: Live,
    trains: Trains,
    places_um: NDArray[np.float64],
    parameters: SpikesParameters,
    scratch: Path,
    report: Callable[[float], None],
) -> Trains:
    """Take units with two clusters apart.

    Args:
        signal: the filtered recording.
        live: the channels that were sorted.
        trains: what the sorter found.
        places_um: of the live channels, shape (channel, dimension).
        parameters: features, `min_spikes`, `seed`.
        scratch: a folder for the waveforms meanwhile.
        report: told the share that is done.

    Returns:
        The same spikes; parts of a unit but the largest have new numbers.
    """
    labels = trains.labels.copy()
    with TemporaryFile(dir=scratch) as file:
        for one in _collected(signal, live, trains, places_um, parameters, file, report):
            if one.rows:
                rows = np.concatenate(one.rows)
                parts = _parts(one, live, parameters)
                for part in range(1, parts.max(initial=0) + 1):
                    labels[rows[parts == part]] = labels.max() + 1
    return Trains(trains.sample_index, labels)


def _collected(
    signal: BandPass,
    live: Live,
    trains: Trains,
    places_um: NDArray[np.float64],
    parameters: SpikesParameters,
    file: IO[bytes],
    report: Callable[[float], None],
) -> list[_Kept]:
    per_ms = signal.sampling_frequency / 1000
    window = Window(
        round(parameters.feature_ms_before * per_ms), round(parameters.feature_ms_after * per_ms)
    )
    distance = np.linalg.norm(places_um[:, None] - places_um[None], axis=2)
    kept = _places_in(file, trains.labels, (len(window.offsets), min(N_CHANNELS, len(distance))))
    for chunk in signal.chunks(live.channels, CHUNK_S):
        first, last = np.searchsorted(trains.sample_index, (chunk.start, chunk.stop))
        here = trains.labels[first:last]
        for label in np.unique(here):
            rows = first + np.flatnonzero(here == label)
            _take(kept[label], chunk, rows, trains, window, distance)
        report(chunk.stop / signal.n_samples)
    return kept


def _places_in(file: IO[bytes], labels: NDArray[np.intp], shape: tuple[int, int]) -> list[_Kept]:
    """A part of the file for every unit, one behind the other."""
    starts = np.cumsum(np.append(0, np.bincount(labels)))[:-1]
    return [_Kept(WaveformFile(file, shape, np.float16, int(start))) for start in starts]


def _take(
    one: _Kept,
    chunk: Chunk,
    rows: NDArray[np.intp],
    trains: Trains,
    window: Window,
    distance: NDArray[np.float64],
) -> None:
    samples = trains.sample_index[rows]
    at_peak = chunk.traces[samples - chunk.first]
    if one.columns is None:
        one.place(at_peak.mean(axis=0), distance)
    near = Chunk(chunk.traces[:, one.columns], chunk.first, chunk.start, chunk.stop)
    sign = np.sign(at_peak[:, one.peak])
    found = cut_out(near, Peaks(samples, np.zeros(len(rows), np.intp), sign), window)
    inside = np.isin(samples, found.sample_index)
    one.rows.append(rows[inside])
    one.waveforms.add(found.values)


def _parts(one: _Kept, live: Live, parameters: SpikesParameters) -> NDArray[np.intp]:
    """The part of each kept spike; 0 is the largest and takes what belongs to none."""
    if len(one.waveforms) < 2 * parameters.min_spikes:
        return np.zeros(len(one.waveforms), dtype=np.intp)
    noise = live.noise[one.columns]
    points = scores_of_blocks(
        lambda: (values / noise for values in one.waveforms.blocks()), parameters.n_components
    )
    wanted = {"clusterer": "bgmm", "n_clusters": None, "max_clusters": MOST_PARTS}
    parts = np.maximum(find_clusters(points, parameters.model_copy(update=wanted)), 0)
    joined = join_unimodal(points, parts, SPLIT_DIP)
    return renumbered(joined, parameters.min_spikes)
