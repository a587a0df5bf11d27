"""Units of other sorters that hold two clusters, taken apart again.

Template matching sorters end by merging units with alike templates, and so join cells of
different size. The spikes of each unit are clustered as our own sorter does; a unit in whose
feature space there is a dip between two clusters becomes two.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from pipelines.spikes.cluster import find_clusters, renumbered
from pipelines.spikes.detect import Peaks
from pipelines.spikes.features import Window, cut_out, principal_components
from pipelines.spikes.foreign import Trains
from pipelines.spikes.parameters import SpikesParameters
from pipelines.spikes.preprocess import BandPass, Chunk
from pipelines.spikes.unimodal import join_unimodal
from pipelines.spikes.units import Live

CHUNK_S = 2.0
N_CHANNELS = 8
"""Of a unit's channels, the nearest to its peak are looked at."""

MOST_SPIKES = 100_000
"""A unit that has more is left as it is: 40 MB of waveforms are kept of this many."""

MOST_PARTS = 6

SPLIT_DIP = 1.0
"""A unit is taken apart only at a dip this deep. The line between two parts is chosen to show one,
so of 60 simulated cells with drift nine were split at 0.6, one at 0.8 and none at 1.0;
two pairs of merged cells had dips of 2.0 and 2.2."""


class _Kept:
    """Waveforms of one unit's spikes around its largest channel."""

    def __init__(self) -> None:
        self.columns: NDArray[np.intp] | None = None
        self.peak = 0
        self.rows: list[NDArray[np.intp]] = []
        self.values: list[NDArray[np.float16]] = []

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
    report: Callable[[float], None],
) -> Trains:
    """Take units with two clusters apart.

    Args:
        signal: the filtered recording.
        live: the channels that were sorted.
        trains: what the sorter found.
        places_um: of the live channels, shape (channel, dimension).
        parameters: features, `min_spikes`, `seed`.
        report: told the share that is done.

    Returns:
        The same spikes; parts of a unit but the largest have new numbers.
    """
    labels = trains.labels.copy()
    kept = _collected(signal, live, trains, places_um, parameters, report)
    for one in kept:
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
    report: Callable[[float], None],
) -> list[_Kept]:
    per_ms = signal.sampling_frequency / 1000
    window = Window(
        round(parameters.feature_ms_before * per_ms), round(parameters.feature_ms_after * per_ms)
    )
    distance = np.linalg.norm(places_um[:, None] - places_um[None], axis=2)
    kept = [_Kept() for _ in range(trains.labels.max(initial=-1) + 1)]
    few = np.bincount(trains.labels, minlength=1) <= MOST_SPIKES
    for chunk in signal.chunks(live.channels, CHUNK_S):
        first, last = np.searchsorted(trains.sample_index, (chunk.start, chunk.stop))
        here = trains.labels[first:last]
        for label in np.unique(here[few[here]]):
            rows = first + np.flatnonzero(here == label)
            _take(kept[label], chunk, rows, trains, window, distance)
        report(chunk.stop / signal.n_samples)
    return kept


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
    one.values.append(found.values.astype(np.float16))


def _parts(one: _Kept, live: Live, parameters: SpikesParameters) -> NDArray[np.intp]:
    """The part of each kept spike; 0 is the largest and takes what belongs to none."""
    values = np.concatenate(one.values).astype(np.float32) / live.noise[one.columns]
    if len(values) < 2 * parameters.min_spikes:
        return np.zeros(len(values), dtype=np.intp)
    points = principal_components(values, parameters.n_components)
    wanted = {"clusterer": "bgmm", "n_clusters": None, "max_clusters": MOST_PARTS}
    parts = np.maximum(find_clusters(points, parameters.model_copy(update=wanted)), 0)
    joined = join_unimodal(points, parts, SPLIT_DIP)
    return renumbered(joined, parameters.min_spikes)
