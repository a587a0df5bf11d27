"""What a sorting from elsewhere lacks, measured in its recording.

Spikes stay where they are: none is moved to its peak or left out, unlike in a sorting made here.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines.spikes.elsewhere.found import Floats, ForeignTrains, Shapes
from pipelines.spikes.recording.groups import Group
from pipelines.spikes.signal.preprocess import BandPass, Chunk
from pipelines.spikes.sorting.features import Window
from pipelines.spikes.sorting.group_sorter import live_channels
from pipelines.spikes.sorting.growing_unit import GrowingUnit
from pipelines.spikes.units.sorting import SingleWaveforms
from pipelines.spikes.units.unit import N_SNIPPET_CHANNELS, N_SNIPPETS, Live

CHUNK_S = 2.0


@dataclass(frozen=True)
class Measured:
    """What the recording says of the units.

    Attributes:
        shapes: mean waveforms in uV over all channels.
        heights: of every spike in uV, shape (spike,).
        snippets: single waveforms.
        noise_uv: of every channel, nan where it carries no signal, shape (channel,).
    """

    shapes: Shapes
    heights: Floats
    snippets: SingleWaveforms
    noise_uv: NDArray[np.float64]


def measure(
    signal: BandPass, trains: ForeignTrains, window: Window, report: Callable[[float], None]
) -> Measured:
    """Go through the recording once.

    Args:
        signal: the filtered recording.
        trains: whose spikes, all within it.
        window: what is cut out around each spike; those too near to the ends of their segment
            do not enter the mean.
        report: told the share that is done.

    Raises:
        RecordingError: no channel carries a signal.
    """
    n_channels = signal.recording.get_num_channels()
    live = live_channels(signal, Group(0, np.arange(n_channels), np.empty(0, np.intp)))
    units = trains.units
    place = np.searchsorted(units, trains.unit_id)
    counts = np.bincount(place, minlength=len(units))
    shape = (len(window.offsets), len(live.channels))
    growing = [GrowingUnit(shape, int(count)) for count in counts]
    heights = np.zeros(len(trains.sample_index), np.float32)
    for chunk in signal.chunks(live.channels, CHUNK_S):
        first, last = np.searchsorted(trains.sample_index, (chunk.start, chunk.stop))
        for unit in np.unique(place[first:last]).tolist():
            here = first + np.flatnonzero(place[first:last] == unit)
            samples = trains.sample_index[here]
            heights[here] = _take(growing[unit], chunk, samples, window)
        report(chunk.stop / signal.n_samples)
    noise = np.full(n_channels, np.nan)
    noise[live.channels] = live.noise
    shapes, snippets = _gathered(growing, live, window, n_channels)
    return Measured(shapes, heights, snippets, noise)


def _take(unit: GrowingUnit, chunk: Chunk, samples: NDArray[np.int64], window: Window) -> Floats:
    """Add the waveforms of some spikes of a unit; the heights of all, shape (spike,)."""
    rows = samples - chunk.first
    whole = (rows >= window.before) & (rows + window.after < len(chunk.traces))
    if whole.any():
        values = chunk.traces[rows[whole][:, None] + window.offsets]
        unit.add(samples[whole], np.asarray(values, np.float32))
    row, column = unit.peak()
    at = np.clip(rows + row - window.before, 0, len(chunk.traces) - 1)
    return np.asarray(np.abs(chunk.traces[at, column]), np.float32)


def _gathered(
    growing: list[GrowingUnit], live: Live, window: Window, n_channels: int
) -> tuple[Shapes, SingleWaveforms]:
    size = (len(growing), len(window.offsets), n_channels)
    mean, sd = np.full(size, np.nan, np.float32), np.full(size, np.nan, np.float32)
    cut = (len(growing), N_SNIPPETS, len(window.offsets), N_SNIPPET_CHANNELS)
    values = np.full(cut, np.nan, np.float16)
    channel = np.full((len(growing), N_SNIPPET_CHANNELS), -1, np.int32)
    for number, one in enumerate(growing):
        if not one.count:
            continue
        # Of all spikes, also those without a whole waveform, they were measured above.
        one.heights = [np.zeros(one.count, np.float32)]
        unit = one.unit(live, 0, number)
        mean[number][:, unit.view], sd[number][:, unit.view] = unit.mean, unit.sd
        own = unit.snippets.values
        values[number, : len(own), :, : own.shape[2]] = own
        channel[number, : own.shape[2]] = unit.snippets.channels
    return Shapes(window.before, mean, sd), SingleWaveforms(values, channel)
