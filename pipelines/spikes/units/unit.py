"""Sorted units as they are written: trains, waveforms and a table."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.spikes.recording.recorded import Recorded
from pipelines.spikes.units import metrics
from pipelines.spikes.units.clock import Clock
from pipelines.spikes.units.metrics import Observed
from pipelines.spikes.units.sorting import SingleWaveforms, Spikes, Waveforms

if TYPE_CHECKING:
    from pipelines.spikes.sorting.features import Window

Floats = NDArray[np.float32]
Channels = NDArray[np.intp]

N_SNIPPETS = 100
"""Single waveforms of a unit that are kept, to be drawn."""

N_SNIPPET_CHANNELS = 4


@dataclass(frozen=True)
class Live:
    """The channels that a group is sorted with.

    Attributes:
        channels: positions in the recording, shape (channel,).
        noise: of each in uV, above 0, shape (channel,).
        own: whether a spike with its largest peak there belongs to the group, shape (channel,).
    """

    channels: Channels
    noise: Floats
    own: NDArray[np.bool_]


@dataclass(frozen=True)
class Unit:
    """One sorted unit.

    Attributes:
        group: number of its channel group.
        channel: position in the recording of the channel with the largest peak.
        sample_index: of its spikes, in order of time, shape (spike,).
        mean: mean waveform in uV, shape (sample, channel of `view`).
        sd: standard deviation of the waveforms in uV, same shape.
        view: positions in the recording of the channels of `mean`, shape (channel,).
        amplitude_uv: height of the mean waveform's peak.
        snr: that height over the channel's noise.
        cluster: its number within the group.
        heights: of every spike in uV, shape (spike,).
        snippets: some single waveforms.
    """

    group: int
    channel: int
    sample_index: NDArray[np.int64]
    mean: Floats
    sd: Floats
    view: Channels
    amplitude_uv: float
    snr: float
    cluster: int
    heights: Floats
    snippets: "Snippets"


@dataclass(frozen=True)
class Snippets:
    """Single waveforms of a unit on its largest channels.

    Attributes:
        values: in uV, shape (waveform, sample, channel).
        channels: positions in the recording, shape (channel,).
    """

    values: NDArray[np.float16]
    channels: NDArray[np.integer[Any]]


@dataclass(frozen=True)
class Site:
    """The recording's channels.

    Attributes:
        channel_ids: names, shape (channel,).
        locations_um: shape (channel, dimension).
        recorded: where they are in the recording as it lies on disk.
    """

    channel_ids: NDArray[np.str_]
    locations_um: NDArray[np.float64]
    recorded: Recorded


def table(units: Sequence[Unit], site: Site, clock: Clock) -> pd.DataFrame:
    """One row per unit as `units.csv` has them; `unit_id` counts from 0.

    Args:
        units: in the order of their numbers.
        site: names of the channels.
        clock: of the recording.

    Returns:
        `unit_id`, `channel`, the metrics of `metrics.columns` in their units, `group`, `cluster`.
    """
    columns = ["unit_id", "channel", *metrics.columns(), "group", "cluster"]
    rows = [_row(number, unit, site, clock) for number, unit in enumerate(units)]
    return pd.DataFrame(rows, columns=columns)


def _row(number: int, unit: Unit, site: Site, clock: Clock) -> dict[str, object]:
    return {
        "unit_id": number,
        "channel": site.channel_ids[unit.channel],
        **metrics.measure(_observed(unit, clock)),
        "group": unit.group,
        "cluster": unit.cluster,
    }


def _observed(unit: Unit, clock: Clock) -> Observed:
    own = np.flatnonzero(unit.view == unit.channel)
    nowhere = np.full(len(unit.mean), np.nan, np.float32)
    waveform = unit.mean[:, own[0]] if len(own) else nowhere
    return Observed(unit.sample_index, clock, waveform, unit.amplitude_uv, unit.snr)


def spikes(units: Sequence[Unit]) -> Spikes:
    """The spikes of all units in order of time; a unit's number is its place."""
    samples = [unit.sample_index for unit in units]
    heights = np.concatenate([*(unit.heights for unit in units), np.empty(0)]).astype(np.float32)
    numbers = [np.full(len(part), number) for number, part in enumerate(samples)]
    sample_index = np.concatenate([*samples, np.empty(0)]).astype(np.int64)
    unit_id = np.concatenate([*numbers, np.empty(0)]).astype(np.int32)
    order = np.lexsort((unit_id, sample_index))
    return Spikes(sample_index[order], unit_id[order], heights[order])


def waveforms(
    units: Sequence[Unit], site: Site, window: "Window", sampling_frequency: float
) -> Waveforms:
    """The units' mean waveforms over all channels of the recording.

    They are nan on channels that the unit's group does not see.
    """
    shape = (len(units), len(window.offsets), len(site.channel_ids))
    mean, sd = np.full(shape, np.nan, np.float32), np.full(shape, np.nan, np.float32)
    for number, unit in enumerate(units):
        mean[number][:, unit.view] = unit.mean
        sd[number][:, unit.view] = unit.sd
    return Waveforms(
        mean,
        sd,
        unit_id=np.arange(len(units), dtype=np.int32),
        ms=np.asarray(window.offsets * (1000.0 / sampling_frequency), np.float64),
        channel_id=site.channel_ids,
        locations_um=site.locations_um,
    )


def single_waveforms(units: Sequence[Unit], window: "Window") -> SingleWaveforms:
    """The single waveforms that are kept of all units."""
    shape = (len(units), N_SNIPPETS, len(window.offsets), N_SNIPPET_CHANNELS)
    values = np.full(shape, np.nan, np.float16)
    channel = np.full((len(units), N_SNIPPET_CHANNELS), -1, np.int32)
    for number, unit in enumerate(units):
        own = unit.snippets.values
        values[number, : len(own), :, : own.shape[2]] = own
        channel[number, : own.shape[2]] = unit.snippets.channels
    return SingleWaveforms(values, channel)
