"""Waveforms of chosen spikes of a unit beside its others, read from the recording."""

import numpy as np

from pipelines.spikes.signal.spike_waveforms import largest_channels, open_signal, spread_waveforms
from pipelines.spikes.units.selection import MOST_READ, Beside, Places
from pipelines.spikes.units.sorting import FinishedSorting

MOST_CHANNELS = 4


def beside(sorting: FinishedSorting, unit: int, places: Places) -> Beside:
    """Waveforms of chosen spikes of a unit and of its others, on its largest channels.

    Args:
        sorting: whose unit.
        unit: its number.
        places: of the chosen spikes in the sorting, shape (spike,).

    Raises:
        InputError: the recording is not there any more.
    """
    signal = open_signal(sorting)
    channels = np.sort(largest_channels(sorting.mean[sorting.row_of(unit)], MOST_CHANNELS))
    others = np.setdiff1d(np.flatnonzero(sorting.unit_id == unit), places)
    inside, outside = (
        spread_waveforms(sorting, signal, sorting.sample_index[some], channels, MOST_READ)
        for some in (places, others)
    )
    names = [str(sorting.channel_id[channel]) for channel in channels]
    return Beside(sorting.ms, names, inside, outside)
