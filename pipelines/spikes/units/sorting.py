"""A finished sorting: its spikes, units and waveforms, and where they came from.

What `folder.SortingFolder` reads and writes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.spikes.parameters import SpikesParameters
from pipelines.spikes.recording.identity import Identity
from pipelines.spikes.recording.timeline import Timeline
from pipelines.spikes.units.clock import Clock

Places = NDArray[np.int64]
NO_RECORDING = Path("(imported without its recording)")
"""Where the recording of a sorting lies that was imported without one."""


@dataclass(frozen=True)
class Spikes:
    """All spikes of all units, in order of time.

    Attributes:
        sample_index: counted through the recording as stored, shape (spike,).
        unit_id: whose it is, shape (spike,).
        amplitude_uv: its height in uV, shape (spike,); none in sortings of before it was kept.
    """

    sample_index: NDArray[np.int64]
    unit_id: NDArray[np.int32]
    amplitude_uv: NDArray[np.float32] | None = None

    @property
    def heights(self) -> NDArray[np.float32]:
        """`amplitude_uv`, shape (spike,), nan where it was not kept."""
        if self.amplitude_uv is not None:
            return self.amplitude_uv
        return np.full(len(self.unit_id), np.nan, np.float32)

    def of(self, unit: int) -> "Spikes":
        """Those of one unit."""
        return self.at(self.unit_id == unit)

    def at(self, chosen: NDArray[Any]) -> "Spikes":
        """Some of them: places, or whether each is one, shape (spike,)."""
        heights = None if self.amplitude_uv is None else self.amplitude_uv[chosen]
        return Spikes(self.sample_index[chosen], self.unit_id[chosen], heights)

    def trains(self) -> dict[int, NDArray[np.int64]]:
        """The sample indices of every unit that has spikes, shape (spike of the unit,)."""
        return {
            int(unit): self.sample_index[self.unit_id == unit] for unit in np.unique(self.unit_id)
        }


@dataclass(frozen=True)
class Waveforms:
    """The mean waveforms of units over all sorted channels.

    Attributes:
        mean: in uV, shape (unit, sample, channel), nan on channels that were not looked at.
        sd: standard deviation of the single waveforms, likewise.
        unit_id: of each row, shape (unit,).
        ms: time of each sample relative to the peak, shape (sample,).
        channel_id: names, shape (channel,).
        locations_um: shape (channel, dimension).
    """

    mean: NDArray[np.float32]
    sd: NDArray[np.float32]
    unit_id: NDArray[np.int32]
    ms: NDArray[np.float64]
    channel_id: NDArray[np.str_]
    locations_um: NDArray[np.float64]

    @property
    def sampling_frequency(self) -> float:
        """Samples per second, from the times of the samples."""
        return 1000 / float(np.diff(self.ms).mean())

    def on_largest_channels(self) -> NDArray[np.float64]:
        """Each unit's mean waveform on the channel where it is largest, shape (unit, sample)."""
        mean = self.mean.astype(np.float64)
        heights = np.nan_to_num(np.abs(mean).max(axis=1), nan=-1.0)
        largest: NDArray[np.float64] = mean[np.arange(len(mean)), :, heights.argmax(axis=1)]
        return largest

    def row_of(self, unit: int) -> int:
        """The place of a unit in `mean` and `sd`.

        Raises:
            ValueError: there is no such unit.
        """
        return int(self.unit_id.tolist().index(unit))


@dataclass(frozen=True)
class SingleWaveforms:
    """Some single waveforms of units on their largest channels.

    Attributes:
        values: in uV, shape (unit, waveform, sample, channel), nan where a unit has fewer.
        channel: places of the channels in the sorting, shape (unit, channel); -1 for none.
    """

    values: NDArray[np.float16]
    channel: NDArray[np.int32]

    def of(self, row: int) -> tuple[NDArray[np.float16], NDArray[np.int32]]:
        """The waveforms of one unit, shape (waveform, sample, channel), and their channels."""
        there = self.channel[row] >= 0
        values = self.values[row][:, :, there]
        whole = np.asarray(np.isfinite(values).all(axis=(1, 2)))
        return values[whole], self.channel[row][there]


@dataclass(frozen=True)
class SortingSource:
    """What a sorting was made from.

    Attributes:
        recording: where it lies.
        identity: by what it is recognised.
        parameters: that it was sorted with.
        notes: what a person has to know, such as parameters of another version.
    """

    recording: Path
    identity: Identity
    parameters: SpikesParameters
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class RunRecord:
    """What `run.json` says of the run that made a folder.

    Attributes:
        pipeline: its name, such as "spikes sort".
        parameters: as they were written; `Parameters.parse_stored` knows what was renamed since.
        inputs: by name: path, size and sums of each.
        results: headline figures.
        started: in UTC, ISO 8601.
        version: of the folder; see `folder.VERSION`.
    """

    pipeline: str
    parameters: Mapping[str, Any]
    inputs: Mapping[str, Mapping[str, Any]]
    results: Mapping[str, Any]
    started: str
    version: int


@dataclass(frozen=True)
class FinishedSorting:
    """A finished sorting as a whole.

    Attributes:
        folder: where it lies.
        units: its table, a row per unit.
        sample_index: of all spikes, in order of time, shape (spike,).
        unit_id: of all spikes, shape (spike,).
        mean: mean waveforms in uV, shape (unit, sample, channel), nan where not looked at; rows
            as in `units`.
        sd: their standard deviation, same shape.
        ms: time of each sample relative to the peak, shape (sample,).
        channel_id: names of the channels, shape (channel,).
        locations_um: of the channels, shape (channel, dimension).
        clock: sampling frequency, length and refractory period.
        timeline: its segments, and when they were recorded.
        source: where its recording lies, by what it is recognised, and the parameters.
        results: the headline figures of the sorting.
    """

    folder: Path
    units: pd.DataFrame
    sample_index: NDArray[np.int64]
    unit_id: NDArray[np.int32]
    mean: NDArray[np.float32]
    sd: NDArray[np.float32]
    ms: NDArray[np.float64]
    channel_id: NDArray[np.str_]
    locations_um: NDArray[np.float64]
    clock: Clock
    timeline: Timeline
    source: SortingSource
    results: Mapping[str, Any]

    @property
    def recording(self) -> Path:
        """Where its recording lies."""
        return self.source.recording

    @property
    def parameters(self) -> SpikesParameters:
        """That it was sorted with."""
        return self.source.parameters

    @property
    def sampling_frequency(self) -> float:
        """Samples per second."""
        return self.clock.sampling_frequency

    def row_of(self, unit: int) -> int:
        """The place of a unit in `units`, `mean` and `sd`."""
        return int(np.flatnonzero(self.units["unit_id"].to_numpy() == unit)[0])

    def column_of(self, channel: str) -> int:
        """The place of a channel in `channel_id` and `mean`."""
        return int(np.flatnonzero(self.channel_id == channel)[0])

    def shape_of(self, unit: int) -> NDArray[np.float32]:
        """A unit's mean waveform, shape (sample, channel).

        An earlier version left no mean to units that were merged without a common channel: a peak
        downwards on the channel of the table stands for it.
        """
        row = self.row_of(unit)
        mean: NDArray[np.float32] = self.mean[row]
        if np.isfinite(mean).all(axis=0).any():
            return mean
        guess = np.full_like(mean, np.nan)
        column = self.column_of(str(self.units["channel"].iloc[row]))
        guess[:, column] = 0
        guess[np.abs(self.ms).argmin(), column] = -1
        return guess

    def only(self, rows: NDArray[np.bool_]) -> Self:
        """Some of its units.

        Args:
            rows: whether each stays, shape (unit,).
        """
        units = self.units[rows]
        spikes = np.isin(self.unit_id, units["unit_id"])
        return replace(
            self,
            units=units,
            sample_index=self.sample_index[spikes],
            unit_id=self.unit_id[spikes],
            mean=self.mean[rows],
            sd=self.sd[rows],
        )


def largest_channel(shape: NDArray[np.float32], otherwise: int = 0) -> int:
    """The channel on which a mean waveform, shape (sample, channel), is largest in uV.

    Args:
        shape: nan on channels where it was not looked at.
        otherwise: what it is if it was looked at nowhere.
    """
    heights = np.nan_to_num(np.abs(shape).max(axis=0), nan=-1.0)
    return int(heights.argmax()) if (heights >= 0).any() else otherwise
