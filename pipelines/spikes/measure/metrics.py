"""Metrics that `units.csv` does not have: from all files of a sorting, when units are labelled.

Each has its row in `units/metrics.py` and its function in `FUNCTIONS` here. The shape of the mean
waveform on a unit's largest channel is measured by SpikeInterface's own functions, upsampled
tenfold as SpikeInterface does; trains and spike sizes are measured as it does by default, so that
rules and classifiers made for its tables apply. What would need the recording again (drift, spread
over channels) stays missing.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.signal import resample_poly
from scipy.stats import poisson
from spikeinterface.metrics.quality.misc_metrics import amplitude_cutoff
from spikeinterface.metrics.template.metrics import (
    get_half_widths,
    get_number_of_peaks,
    get_peak_to_trough_duration,
    get_recovery_slope,
    get_repolarization_slope,
    get_trough_and_peak_idx,
    get_waveform_baseline_flatness,
    get_waveform_ratios,
    get_waveform_widths,
)

from pipelines.core.errors import TableError
from pipelines.files.reading import reading
from pipelines.spikes.labels.metric_values import MetricTable
from pipelines.spikes.recording.timeline import Timeline
from pipelines.spikes.units import metrics
from pipelines.spikes.units.clock import Clock
from pipelines.spikes.units.folder import SortingFolder

UPSAMPLING = 10
RECOVERY_WINDOW_MS = 0.7
FLATNESS_WINDOW_MS = (0.0, 0.5)
ISI_VIOLATION_MS = 1.5
REFRACTORY_MS = 1.0
Values = NDArray[np.float64]
ADVICE = "sort again, or give a table of metrics"
CONTAMINATIONS = np.arange(0.5, 35.5, 0.5) / 100
CONFIDENCE = 0.9
RP_BIN_S, RP_LEAST_S, RP_MOST_S = 0.00025, 0.0005, 0.010
FIRING_BIN_S = 5.0
SPIKES_PER_BIN, LEAST_BINS = 50, 10
INNER = (5, 95)
"""Percentiles between which a range is taken."""
SYNCHRONY = (2, 4, 8)
SIZES = ("amplitude_cutoff", "amplitude_cv_median", "amplitude_cv_range")

Samples = NDArray[np.int64]


def complete(table: MetricTable, folder: Path) -> MetricTable:
    """Add what `waveforms.npz` and `spikes.npz` of a sorting's folder give.

    Args:
        table: metrics in the folder's `units.csv`.
        folder: made by sorting.

    Raises:
        TableError: a file of the sorting is missing or damaged.
    """
    with reading(folder, TableError, ADVICE, "folder of a sorting"):
        sorting = SortingFolder(folder, TableError, ADVICE)
        waves, spikes = sorting.waveforms, sorting.spikes
        mean, known = waves.mean.astype(np.float64), waves.unit_id.tolist()
        samples, units, heights = spikes.sample_index, spikes.unit_id, spikes.amplitude_uv
        clock = _clock(sorting, waves.sampling_frequency)
        rows = [known.index(unit) for unit in table.rows["unit_id"].tolist()]
        _require_agreement(sorting, len(rows))
    together = synchrony(samples, units)
    wanted = {name: function for name, function in FUNCTIONS.items() if not table.has(name)}
    more = {name: np.full(len(rows), np.nan) for name in wanted}
    for number, row in enumerate(rows):
        own = units == known[row]
        unit = UnitFiles(
            known[row],
            _largest(mean[row]),
            samples[own],
            None if heights is None else heights[own],
            together,
            clock,
        )
        has_shape = bool(np.isfinite(unit.waveform).any())
        for name, function in wanted.items():
            if has_shape or not _is_of_shape(name):
                more[name][number] = function(unit)
    finite = {name: values for name, values in more.items() if np.isfinite(values).any()}
    return replace(table, metrics={**table.metrics, **finite})


def _is_of_shape(name: str) -> bool:
    """Whether a metric is of the waveform, which a sorting made elsewhere may lack."""
    found = metrics.find(name)
    return found is not None and found.about == "shape"


def _require_agreement(sorting: SortingFolder, n_units: int) -> None:
    """Refuse files of other units than each other, or spikes that are not in order of time."""
    in_order = (np.diff(sorting.spikes.sample_index, prepend=0) >= 0).all()
    if len(sorting.waveforms.mean) != n_units or not in_order:
        raise TableError(f"{sorting.path} holds files that are not of one sorting: {ADVICE}.")


def _clock(sorting: SortingFolder, rate: float) -> Clock:
    """The recording's length, as the record of the sorting says it."""
    results = {**sorting.results, "sampling_frequency": rate}
    timeline = Timeline.from_results(results, round(float(results["duration_s"]) * rate))
    return Clock(rate, timeline.n_samples, ISI_VIOLATION_MS / 1000, 0.0, timeline)


@dataclass(frozen=True)
class UnitFiles:
    """What the files of a sorting hold of a unit.

    Attributes:
        unit_id: its number.
        waveform: its mean on its largest channel in uV, shape (sample,).
        sample_index: of its spikes, in order of time, shape (spike,).
        heights: of their peaks in uV, above 0; none in sortings of before they were stored.
        together: shares of synchronous spikes, by metric and unit.
        clock: of the recording.
    """

    unit_id: int
    waveform: Values
    sample_index: Samples
    heights: NDArray[np.float32] | None
    together: Mapping[str, Mapping[int, float]]
    clock: Clock

    @property
    def rate(self) -> float:
        """Samples per second of the upsampled waveform."""
        return UPSAMPLING * self.clock.sampling_frequency

    @cached_property
    def fine(self) -> Values:
        """The waveform with `UPSAMPLING` times as many samples, in uV, shape (sample,)."""
        return np.asarray(resample_poly(self.waveform, UPSAMPLING, 1))

    @cached_property
    def peaks(self) -> dict[str, Any]:
        """Where its trough and the peaks around it are."""
        found: dict[str, Any] = get_trough_and_peak_idx(self.fine, self.rate)
        return found

    @cached_property
    def n_peaks(self) -> tuple[int, int]:
        """How many positive and negative peaks it has."""
        positive, negative = get_number_of_peaks(self.peaks)
        return positive, negative

    @cached_property
    def half_widths(self) -> tuple[float, float]:
        """Of the trough and the peak in s."""
        trough, peak = get_half_widths(self.fine, self.rate, self.peaks)
        return trough, peak

    @cached_property
    def ratios(self) -> Mapping[str, float]:
        """Of the heights of its peaks, by metric."""
        found: Mapping[str, float] = get_waveform_ratios(self.fine, self.peaks)
        return found

    @cached_property
    def widths(self) -> Mapping[str, float]:
        """Of its peaks in s, by metric."""
        found: Mapping[str, float] = get_waveform_widths(self.peaks, self.rate)
        return found

    @cached_property
    def near(self) -> Mapping[str, float]:
        """How many spikes are too near to each other, by metric."""
        return violations(self.clock.apart(self.sample_index), self.clock.sampling_frequency)

    @cached_property
    def sizes(self) -> Mapping[str, float]:
        """How the heights are distributed, by metric; nan without heights."""
        if self.heights is None:
            return dict.fromkeys(SIZES, np.nan)
        heights = self.heights.astype(np.float64)
        return amplitude_metrics(self.sample_index, heights, self.clock)

    def share_together(self, metric: str) -> float:
        """The share of spikes that are synchronous with others."""
        return float(self.together[metric].get(self.unit_id, np.nan))


def violations(spikes: NDArray[np.int64], sampling_frequency: float) -> Mapping[str, float]:
    """How many spikes of a unit are too near to each other.

    `isi_violations_count` are successive intervals below 1.5 ms, `rp_violations` all pairs within
    1 ms, as SpikeInterface counts them by default.

    Args:
        spikes: samples in order of time, shape (spike,).
        sampling_frequency: samples per second.
    """
    near = round(REFRACTORY_MS * sampling_frequency / 1000)
    last = np.searchsorted(spikes, spikes + near, side="right")
    intervals = np.diff(spikes) * (1000 / sampling_frequency)
    return {
        "isi_violations_count": float((intervals < ISI_VIOLATION_MS).sum()),
        "rp_violations": float((last - np.arange(len(spikes)) - 1).sum()),
    }


def _largest(mean: Values) -> Values:
    """The channel with the largest peak of a waveform of shape (sample, channel)."""
    heights = np.nan_to_num(np.abs(mean).max(axis=0), nan=-1.0)
    channel: Values = mean[:, int(heights.argmax())]
    return channel


def sliding_rp_violation(spikes: Samples, clock: Clock) -> float:
    """The least contamination that can be ruled out with 90 % confidence.

    For every refractory period between 0.5 and 10 ms it is asked how likely as few violations
    are (International Brain Laboratory et al. 2022, doi:10.6084/m9.figshare.19705522); nan when
    nothing can be ruled out.

    Args:
        spikes: samples in order of time, shape (spike,).
        clock: of the recording.
    """
    width = int(RP_BIN_S * clock.sampling_frequency)
    n_bins = int(RP_MOST_S / (width / clock.sampling_frequency))
    edges = np.arange(1, n_bins + 1) * (width / clock.sampling_frequency)
    observed = np.cumsum(_lags(clock.apart(spikes), width, n_bins))
    foreign = CONTAMINATIONS * len(spikes)
    # Foreign spikes are too near to the unit's own and to each other (Llobet et al. 2022).
    chances = foreign * (len(spikes) - foreign + (foreign - 1) / 2)
    expected = np.outer(chances, 2 * edges / clock.duration_s)
    sure = 1 - poisson.cdf(observed, expected) > CONFIDENCE
    tested = edges - width / clock.sampling_frequency / 2 > RP_LEAST_S
    passed = np.flatnonzero(sure[:, tested].any(axis=1))
    return float(CONTAMINATIONS[passed[0]]) if len(passed) else float("nan")


def _lags(spikes: Samples, width: int, n_bins: int) -> NDArray[np.int64]:
    """How many pairs of spikes lie 0, 1, ... bins apart."""
    last = np.searchsorted(spikes, spikes + width * n_bins, side="left")
    counts = np.zeros(n_bins, dtype=np.int64)
    for step in range(1, int((last - np.arange(len(spikes))).max(initial=0))):
        near = np.flatnonzero(np.arange(len(spikes)) + step < last)
        counts += np.bincount((spikes[near + step] - spikes[near]) // width, minlength=n_bins)
    return counts


def firing_range(spikes: Samples, clock: Clock) -> float:
    """How far the firing rate goes up and down, in Hz: from its 5th to its 95th percentile.

    Args:
        spikes: samples, shape (spike,).
        clock: of the recording.
    """
    width = int(FIRING_BIN_S * clock.sampling_frequency)
    edges = np.arange(0, clock.n_samples + 1, width)
    if len(edges) < 2 or not len(spikes):
        return float("nan")
    rates = np.histogram(spikes, edges)[0] / FIRING_BIN_S
    low, high = np.percentile(rates, INNER)
    return float(high - low)


def synchrony(sample_index: Samples, unit_id: NDArray[np.int32]) -> Mapping[str, dict[int, float]]:
    """Of each unit, the share of spikes that fall on the same sample as others.

    Args:
        sample_index: of all spikes, in order of time, shape (spike,).
        unit_id: of all spikes, shape (spike,).

    Returns:
        `sync_spike_2`, `sync_spike_4` and `sync_spike_8`, by unit.
    """
    _, place, counts = np.unique(sample_index, return_inverse=True, return_counts=True)
    together = counts[place]
    units = np.unique(unit_id).tolist()
    return {
        f"sync_spike_{size}": {
            unit: float((together[unit_id == unit] >= size).mean()) for unit in units
        }
        for size in SYNCHRONY
    }


def _bins(clock: Clock, width: int) -> list[NDArray[np.int64]]:
    """Edges of whole bins, of each segment of the recording."""
    if clock.timeline is None:
        return [np.arange(0, clock.n_samples + 1, width)]
    segments = clock.timeline.segments
    return [np.arange(one.first_sample, one.stop_sample + 1, width) for one in segments]


def amplitude_metrics(
    spikes: Samples, heights: NDArray[np.float64], clock: Clock
) -> dict[str, float]:
    """How the sizes of a unit's spikes are distributed.

    Args:
        spikes: samples in order of time, shape (spike,).
        heights: of their peaks in uV, above 0, shape (spike,).
        clock: of the recording.

    Returns:
        `amplitude_cutoff`, `amplitude_cv_median`, `amplitude_cv_range`; nan with few spikes.
    """
    found = {
        "amplitude_cutoff": float(amplitude_cutoff(heights)),
        "amplitude_cv_median": float("nan"),
        "amplitude_cv_range": float("nan"),
    }
    if not len(spikes):
        return found
    rate = len(spikes) / clock.duration_s
    width = int(SPIKES_PER_BIN / rate * clock.sampling_frequency)
    # A bin without spikes has no spread, as SpikeInterface has it: then there is no median either.
    parts = [
        heights[one:two]
        for edges in _bins(clock, width)
        for one, two in pairwise(np.searchsorted(spikes, edges))
    ]
    if len(parts) >= LEAST_BINS and all(map(len, parts)):
        spread = np.array([part.std() for part in parts]) / heights.mean()
        low, high = np.percentile(spread, INNER)
        found |= {
            "amplitude_cv_median": float(np.median(spread)),
            "amplitude_cv_range": float(high - low),
        }
    return found


Function = Callable[[UnitFiles], float]


def _named(name: str, family: Callable[[UnitFiles], Mapping[str, float]]) -> Function:
    return lambda unit: family(unit)[name]


def _together(name: str) -> Function:
    return lambda unit: unit.share_together(name)


FUNCTIONS: Mapping[str, Function] = {
    "num_positive_peaks": lambda unit: unit.n_peaks[0],
    "num_negative_peaks": lambda unit: unit.n_peaks[1],
    "peak_to_trough_duration": lambda unit: get_peak_to_trough_duration(unit.peaks, unit.rate),
    "trough_half_width": lambda unit: unit.half_widths[0],
    "peak_half_width": lambda unit: unit.half_widths[1],
    "repolarization_slope": lambda unit: get_repolarization_slope(unit.fine, unit.rate, unit.peaks),
    "recovery_slope": lambda unit: get_recovery_slope(
        unit.fine, unit.rate, unit.peaks, recovery_window_ms=RECOVERY_WINDOW_MS
    ),
    "waveform_baseline_flatness": lambda unit: get_waveform_baseline_flatness(
        unit.fine, unit.rate, baseline_window_ms=FLATNESS_WINDOW_MS
    ),
    **{
        name: _named(name, lambda unit: unit.ratios)
        for name in (
            "peak_before_to_trough_ratio",
            "peak_after_to_trough_ratio",
            "peak_before_to_peak_after_ratio",
            "main_peak_to_trough_ratio",
        )
    },
    **{
        name: _named(name, lambda unit: unit.widths)
        for name in ("trough_width", "peak_before_width", "peak_after_width")
    },
    **{
        name: _named(name, lambda unit: unit.near)
        for name in ("isi_violations_count", "rp_violations")
    },
    "sliding_rp_violation": lambda unit: sliding_rp_violation(unit.sample_index, unit.clock),
    "firing_range": lambda unit: firing_range(unit.sample_index, unit.clock),
    **{name: _together(name) for name in ("sync_spike_2", "sync_spike_4", "sync_spike_8")},
    **{name: _named(name, lambda unit: unit.sizes) for name in SIZES},
}
"""How each metric with the source `files` is measured, in the order of `metrics.csv`."""
