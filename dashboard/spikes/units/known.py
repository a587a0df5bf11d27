"""A sorting that panels draw from: it is read once, and what is asked for again is kept."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dashboard.jobs.store import Job
from dashboard.kit import results
from dashboard.kit.figures import PALETTE
from dashboard.spikes.sorting_figures import REFRACTORY_MS
from pipelines.core.errors import InputError
from pipelines.spikes.recording.timeline import Timeline
from pipelines.spikes.units.files import CLOUDS, LOCATED, SNIPPETS, SPIKES, UNITS, WAVEFORMS
from pipelines.spikes.units.folder import SortingFolder
from pipelines.spikes.units.trains import Histogram, correlogram
from pipelines.spikes.units.waveforms import Alike, cosines, in_order

Floats = NDArray[np.float64]
MOST = 4
"""Units that are shown beside each other."""


@dataclass(frozen=True)
class Known:
    """One sorting.

    Attributes:
        sorting: its folder.
    """

    sorting: SortingFolder
    _counted: dict[tuple[int, int], Histogram] = field(default_factory=dict)

    @cached_property
    def numbers(self) -> list[int]:
        """Its units, as in the table of units."""
        return [int(unit) for unit in self.sorting.units["unit_id"]]

    @cached_property
    def trains(self) -> dict[int, NDArray[np.int64]]:
        """Sample indices of every unit's spikes."""
        return self.sorting.spikes.trains()

    @property
    def timeline(self) -> Timeline:
        """When each sample was taken."""
        return self.sorting.timeline

    @property
    def rate(self) -> float:
        """Samples per second."""
        return float(self.sorting.results["sampling_frequency"])

    @property
    def band(self) -> str:
        """The filter, in words."""
        values = self.sorting.source.parameters
        return f"band-pass {values.freq_min:g} to {values.freq_max:g} Hz"

    def train(self, unit: int) -> NDArray[np.int64]:
        """Spikes of a unit in order of time, in samples; none for a unit without."""
        return self.trains.get(unit, np.empty(0, np.int64))

    def apart(self, unit: int) -> NDArray[np.int64]:
        """The same, apart over gaps: no interval is counted across one."""
        return self.timeline.apart(self.train(unit))

    def correlogram(self, one: int, two: int) -> Histogram:
        """Spikes of the second unit around those of the first; it is kept."""
        if (one, two) not in self._counted:
            self._counted[one, two] = correlogram(self.apart(one), self.apart(two), self.rate)
        return self._counted[one, two]

    def close_pairs(self, one: int, two: int) -> tuple[int, float]:
        """Pairs of spikes of two units within the refractory period, found and expected.

        Independent trains of n and m spikes have n m 2 w / T pairs within w in T seconds.
        """
        first, second = self.apart(one), self.apart(two)
        reach = round(REFRACTORY_MS / 1000 * self.rate)
        left = np.searchsorted(second, first - reach, side="left")
        right = np.searchsorted(second, first + reach, side="right")
        chance = len(first) * len(second) * 2 * REFRACTORY_MS / 1000 / self.timeline.recorded_s
        return int((right - left).sum()), chance

    def row(self, unit: int) -> int:
        """The place of a unit among the mean waveforms."""
        return self.sorting.waveforms.row_of(unit)

    @cached_property
    def places_um(self) -> Floats:
        """Where the channels are, shape (channel, 2)."""
        found = np.asarray(self.sorting.waveforms.locations_um, dtype=np.float64)
        if found.ndim != 2 or found.shape[1] < 2:
            raise InputError("This sorting does not say where the channels are.")
        return found[:, :2]

    @cached_property
    def heights_uv(self) -> Floats:
        """How large each unit's mean waveform is on each channel, shape (unit, channel)."""
        mean = self.sorting.waveforms.mean
        return np.asarray(np.nan_to_num(np.abs(mean).max(axis=1), nan=0.0), dtype=np.float64)

    @cached_property
    def homes_um(self) -> Floats:
        """Where the units are, by the weight of their waveforms on the channels, (unit, 2)."""
        weight = self.heights_uv**2
        whole = np.maximum(weight.sum(axis=1, keepdims=True), 1e-12)
        return np.asarray(weight @ self.places_um / whole)

    @cached_property
    def by_depth(self) -> list[int]:
        """Rows of the mean waveforms, from the top of the probe to its bottom."""
        found: list[int] = np.argsort(-self.homes_um[:, 1], kind="stable").tolist()
        return found

    @cached_property
    def cosines(self) -> NDArray[np.floating[Any]]:
        """How alike the mean waveforms of every two units are, shape (unit, unit)."""
        return cosines(self.sorting.waveforms.mean)

    @cached_property
    def by_likeness(self) -> list[int]:
        """Rows of the mean waveforms, those that are alike beside each other."""
        return in_order(self.cosines)

    @cached_property
    def alike(self) -> Alike:
        """Which units are like one of them."""
        return Alike.of(self.sorting.waveforms.mean)

    def chosen(self, units: Sequence[int]) -> dict[int, str]:
        """Units that are there of those that are chosen, each with its colour."""
        there = set(self.numbers)
        kept = [unit for unit in dict.fromkeys(units) if unit in there][:MOST]
        return dict(zip(kept, PALETTE, strict=False))


def known(job: Job) -> Known:
    """The sorting of a finished job."""
    folder = results.folder(job.id)
    names = (UNITS, SPIKES, WAVEFORMS, SNIPPETS, CLOUDS, LOCATED, "run.json")
    files = [folder / name for name in names]
    # A file that was changed, or a result that was made again, is read again.
    stamps = [one.stat() for one in files if one.is_file()]
    return _known(folder, tuple((one.st_size, one.st_mtime_ns) for one in stamps))


@lru_cache(maxsize=2)
def _known(folder: Path, _stamps: tuple[tuple[int, int], ...]) -> Known:
    return Known(SortingFolder(folder))
