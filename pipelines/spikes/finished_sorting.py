"""The folder of a sorting, read as a whole: spikes, units, waveforms and where they came from."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.errors import InputError, NeuroboardError
from pipelines.reading import reading
from pipelines.result_files import read_arrays, read_object
from pipelines.spikes.parameters import SpikesParameters
from pipelines.spikes.source import Source, read_source
from pipelines.spikes.timeline import Timeline
from pipelines.spikes.unit_tables import read_units
from pipelines.spikes.units.clock import Clock

ADVICE = "give the folder that `spikes sort` made, or copy it again"


@dataclass(frozen=True)
class FinishedSorting:
    """A finished sorting.

    Attributes:
        folder: where it lies.
        units: its `units.csv`, a row per unit.
        sample_index: of all spikes, in order of time, shape (spike,).
        unit_id: of all spikes, shape (spike,).
        mean: mean waveforms in uV, shape (unit, sample, channel), nan where not looked at; rows
            as in `units`.
        sd: their standard deviation, same shape.
        ms: time of each sample relative to the peak.
        channel_id: names of the channels.
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
    source: Source
    results: Mapping[str, Any]

    @property
    def recording(self) -> Path:
        """Where its recording lies."""
        return self.source.recording

    @property
    def parameters(self) -> SpikesParameters:
        """That it was sorted with."""
        return self.source.parameters

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


def largest_channel(shape: NDArray[np.float32], otherwise: int = 0) -> int:
    """The channel on which a mean waveform, shape (sample, channel), is largest in uV.

    Args:
        shape: nan on channels where it was not looked at.
        otherwise: what it is if it was looked at nowhere.
    """
    heights = np.nan_to_num(np.abs(shape).max(axis=0), nan=-1.0)
    return int(heights.argmax()) if (heights >= 0).any() else otherwise


def read(folder: Path) -> FinishedSorting:
    """Read what sorting, or curating, wrote.

    Raises:
        InputError: it is no such folder, or damaged.
    """
    with reading(folder, InputError, ADVICE, "folder of a sorting"):
        try:
            found = _read(folder)
        except NeuroboardError as error:
            raise InputError(f"{folder}: {error}") from error
        _require_agreement(found)
        return found


def _read(folder: Path) -> FinishedSorting:
    record = read_object(folder / "run.json", InputError, ADVICE)
    spikes = read_arrays(folder / "spikes.npz", InputError, ADVICE)
    waves = read_arrays(folder / "waveforms.npz", InputError, ADVICE)
    channels = waves["channel_id"]
    source = read_source(folder, record, tuple(map(str, channels)))
    timeline = Timeline.from_results(record["results"], source.identity.n_samples)
    return FinishedSorting(
        folder=folder,
        units=read_units(folder / "units.csv"),
        sample_index=spikes["sample_index"],
        unit_id=spikes["unit_id"],
        mean=waves["mean"],
        sd=waves["sd"],
        ms=waves["ms"],
        channel_id=channels,
        locations_um=waves["channel_location_um"],
        clock=_clock(source, timeline),
        timeline=timeline,
        source=source,
        results=record["results"],
    )


def _require_agreement(found: FinishedSorting) -> None:
    """Refuse files that are whole but not of one sorting, as after an interrupted copy."""
    n_units, n_channels = len(found.units), len(found.channel_id)
    shape = (n_units, len(found.ms), n_channels)
    agreeing = {
        "spikes.npz": found.sample_index.shape == found.unit_id.shape == (len(found.unit_id),)
        and found.sample_index.dtype.kind in "iu"
        and found.unit_id.dtype.kind in "iu"
        and bool(np.isin(found.unit_id, found.units["unit_id"]).all()),
        "waveforms.npz": found.mean.shape == found.sd.shape == shape
        and found.mean.dtype.kind == found.sd.dtype.kind == found.ms.dtype.kind == "f"
        and found.locations_um.shape[:1] == (n_channels,),
        "units.csv": found.units["unit_id"].is_unique
        and bool(np.isfinite(found.units[["n_spikes", "snr"]].to_numpy(float)).all())
        and set(found.units["channel"]) <= set(found.channel_id.tolist()),
    }
    wrong = [name for name, agrees in agreeing.items() if not agrees]
    if wrong:
        raise InputError(
            f"{found.folder}: {wrong[0]} does not agree with the other files of the sorting, is "
            f"damaged or cut short: {ADVICE}."
        )


def _clock(source: Source, timeline: Timeline) -> Clock:
    known, parameters = source.identity, source.parameters
    refractory_s, dead_s = parameters.refractory_ms / 1000, parameters.dead_time_ms / 1000
    return Clock(known.sampling_frequency, known.n_samples, refractory_s, dead_s, timeline)
