"""The metrics of units: a row for each, and the functions of those that `units.csv` has.

To add one, add its row to `METRICS`. Sorting writes it, and so does a merge or a split; tables on
pages, the report, exports, rules, the methods text and docs/metrics.md read the rows.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from pipelines.spikes.units.clock import Clock

Samples = NDArray[np.int64]

PRESENCE_BIN_S = 60.0
LEAST_PRESENCE_BINS = 10

About = Literal["activity", "separation", "contamination", "stability", "size", "shape"]
ABOUT: tuple[About, ...] = (
    "activity",
    "separation",
    "contamination",
    "stability",
    "size",
    "shape",
)
"""What metrics tell of a unit, in the order in which people are shown them."""
Source = Literal["unit", "files", "elsewhere"]
"""From one unit's spikes and mean waveform, so `units.csv` has it; from all files of a sorting, in
`spikes/measure`, when units are labelled; or only from tables that other programs made."""
Export = Literal["nwb", "phy"]


@dataclass(frozen=True)
class Observed:
    """What the metrics of one unit are computed from, sorted, merged or split.

    Attributes:
        sample_index: of its spikes, in order of time, shape (spike,).
        clock: of the recording.
        waveform: its mean on its own channel in uV, shape (sample,).
        amplitude_uv: height of that waveform's peak.
        snr: that height over the channel's noise.
    """

    sample_index: Samples
    clock: Clock
    waveform: NDArray[np.float32]
    amplitude_uv: float
    snr: float


@dataclass(frozen=True)
class Metric:
    """A metric of units.

    Attributes:
        name: what rules and classifiers call it, which is SpikeInterface's name.
        title: its heading in tables.
        unit: `share` (from 0 to 1), `ratio` (may exceed 1), `count`, a unit such as `Hz`, or
            empty for a plain number.
        about: what it tells.
        help: what it is, in a phrase.
        source: where its values come from.
        function: how it is computed, if its source is `unit`.
        column: what `units.csv` calls it, if that is not its name.
        decimals: that `units.csv` gives; none for whole numbers.
        citation: who defined it.
        methods: a sentence for the methods section.
        also_called: names in older or other tables, with the factor that leads to this one.
        exports: which other programs' files have it beside tables.
    """

    name: str
    title: str
    unit: str
    about: About
    help: str
    source: Source = "elsewhere"
    function: Callable[[Observed], float] | None = None
    column: str = ""
    decimals: int | None = None
    citation: str = ""
    methods: str = ""
    also_called: tuple[tuple[str, float], ...] = ()
    exports: tuple[Export, ...] = ("nwb", "phy")

    @property
    def stored_as(self) -> str:
        """What `units.csv` calls it."""
        return self.column or self.name

    @property
    def measures(self) -> str:
        """The unit of its values; empty for plain numbers and counts."""
        return {"share": "ratio", "count": ""}.get(self.unit, self.unit)


# -- the functions of the metrics in units.csv


def firing_rate_hz(spikes: Samples, clock: Clock) -> float:
    """Spikes per second of recorded time; `spikes` are samples, shape (spike,)."""
    return len(spikes) / clock.duration_s


def presence_ratio(spikes: Samples, clock: Clock) -> float:
    """The share of time bins with at least one spike.

    Bins are about a minute of recorded time; a recording shorter than ten minutes has ten.

    Args:
        spikes: samples, shape (spike,).
        clock: of the recording.
    """
    n_bins = max(LEAST_PRESENCE_BINS, round(clock.duration_s / PRESENCE_BIN_S))
    occupied = np.unique(spikes * n_bins // clock.n_samples)
    return len(occupied) / n_bins


def rp_contamination(spikes: Samples, clock: Clock) -> float:
    """The share of spikes that come from other cells, from refractory violations.

    Llobet et al. 2022 (doi:10.1101/2022.02.08.479192), for contamination by many cells: 1
    when there are more violations than independent spikes give, nan for fewer than two spikes.

    Args:
        spikes: samples in order of time, shape (spike,).
        clock: of the recording.
    """
    n = len(spikes)
    if n < 2:
        return float("nan")
    free_s = clock.duration_s - 2 * n * clock.censored_s
    window_s = clock.refractory_s - clock.censored_s
    inner = 1 - close_pairs(spikes, clock) * free_s / (n**2 * window_s)
    return 1.0 if inner < 0 else float(1 - np.sqrt(inner))


def isi_violations_ratio(spikes: Samples, clock: Clock) -> float:
    """The rate of refractory violations over the unit's firing rate.

    Hill et al. 2011 (doi:10.1523/JNEUROSCI.0971-11.2011) in the form of the Allen Institute:
    0 is clean, independent spikes give 0.5; nan without spikes.

    Args:
        spikes: samples in order of time, shape (spike,).
        clock: of the recording.
    """
    n = len(spikes)
    if n == 0:
        return float("nan")
    intervals = np.diff(clock.apart(spikes)) / clock.sampling_frequency
    violations = int(np.sum(intervals < clock.refractory_s))
    watched_s = 2 * n * (clock.refractory_s - clock.censored_s)
    return violations / watched_s / (n / clock.duration_s)


def close_pairs(spikes: Samples, clock: Clock) -> int:
    """Pairs of spikes not farther apart than the refractory period, successive or not.

    Args:
        spikes: samples in order of time, shape (spike,).
        clock: of the recording.
    """
    reach = round(clock.refractory_s * clock.sampling_frequency)
    spikes = clock.apart(spikes)
    last = np.searchsorted(spikes, spikes + reach, side="right")
    return int(np.sum(last - np.arange(len(spikes)) - 1))


# -- the rows

LLOBET = "Llobet et al. 2022, doi:10.1101/2022.02.08.479192"
HILL = "Hill et al. 2011, doi:10.1523/JNEUROSCI.0971-11.2011"
IBL = "International Brain Laboratory et al. 2022, doi:10.6084/m9.figshare.19705522"

METRICS: tuple[Metric, ...] = (
    # Exports have the columns that they had before there were rows, so that they stay the same.
    Metric(
        "num_spikes", "spikes", "count", "activity", "number of spikes",
        "unit", lambda unit: len(unit.sample_index), column="n_spikes", exports=(),
    ),
    Metric(
        "firing_rate", "rate (Hz)", "Hz", "activity", "spikes per second of recorded time",
        "unit", lambda unit: firing_rate_hz(unit.sample_index, unit.clock),
        column="firing_rate_hz", decimals=4, exports=(),
    ),
    Metric(
        "snr", "SNR", "", "separation", "height of the mean waveform over the channel's noise",
        "unit", lambda unit: unit.snr, decimals=3, exports=("nwb",),
    ),
    Metric(
        "rp_contamination", "contamination", "share", "contamination",
        "share of spikes of other cells, from refractory violations",
        "unit", lambda unit: rp_contamination(unit.sample_index, unit.clock), decimals=4,
        citation=LLOBET, exports=("nwb",),
        methods="Refractory violations were turned into a share of foreign spikes after Llobet et "
        "al. 2022 (doi:10.1101/2022.02.08.479192).",
    ),
    Metric(
        "presence_ratio", "presence", "share", "stability",
        "share of the recording's stretches with a spike",
        "unit", lambda unit: presence_ratio(unit.sample_index, unit.clock), decimals=4,
        exports=("nwb",),
    ),
    Metric(
        "amplitude_median", "amplitude (µV)", "uV", "size",
        "height of the mean waveform in microvolts",
        "unit", lambda unit: unit.amplitude_uv, column="amplitude_uv", decimals=2,
        exports=("nwb",),
    ),
    Metric(
        "isi_violations_ratio", "ISI violations", "ratio", "contamination",
        "rate of refractory violations over the firing rate",
        "unit", lambda unit: isi_violations_ratio(unit.sample_index, unit.clock), decimals=4,
        citation=HILL, exports=(),
    ),
    # Of a sorting's files, when its units are labelled.
    Metric(
        "isi_violations_count", "violations of 1.5 ms", "count", "contamination",
        "successive spikes less than 1.5 ms apart", "files",
    ),
    Metric(
        "rp_violations", "violations of 1 ms", "count", "contamination",
        "pairs of spikes within 1 ms, successive or not", "files",
    ),
    Metric(
        "sliding_rp_violation", "least contamination", "share", "contamination",
        "least contamination that can be ruled out with 90 % confidence", "files", citation=IBL,
    ),
    Metric(
        "firing_range", "range of rates (Hz)", "Hz", "stability",
        "from the 5th to the 95th percentile of the firing rate in bins of 5 s", "files",
    ),
    Metric(
        "sync_spike_2", "synchrony of 2", "share", "contamination",
        "share of spikes on the same sample as at least 1 other", "files",
    ),
    Metric(
        "sync_spike_4", "synchrony of 4", "share", "contamination",
        "share of spikes on the same sample as at least 3 others", "files",
    ),
    Metric(
        "sync_spike_8", "synchrony of 8", "share", "contamination",
        "share of spikes on the same sample as at least 7 others", "files",
    ),
    Metric(
        "amplitude_cutoff", "missing spikes", "share", "stability",
        "estimated share of spikes that were too small to be detected", "files",
    ),
    Metric(
        "amplitude_cv_median", "spread of amplitudes", "", "stability",
        "median over bins of time of the spread of the spikes' sizes, over their mean", "files",
    ),
    Metric(
        "amplitude_cv_range", "range of that spread", "", "stability",
        "from the 5th to the 95th percentile of that spread", "files",
    ),
    Metric(
        "num_positive_peaks", "positive peaks", "", "shape",
        "positive peaks of the mean waveform", "files",
    ),
    Metric(
        "num_negative_peaks", "negative peaks", "", "shape",
        "negative peaks of the mean waveform", "files",
    ),
    Metric(
        "peak_to_trough_duration", "trough to peak (s)", "s", "shape",
        "from the trough to the peak after it", "files",
        also_called=(("peak_to_valley", 1.0),),
    ),
    Metric(
        "trough_half_width", "half width of the trough (s)", "s", "shape",
        "width of the trough at half its depth", "files", also_called=(("half_width", 1.0),),
    ),
    Metric(
        "peak_half_width", "half width of the peak (s)", "s", "shape",
        "width of the peak at half its height", "files",
    ),
    Metric(
        "repolarization_slope", "repolarization slope", "", "shape",
        "slope from the trough back to the baseline, in microvolts per second", "files",
    ),
    Metric(
        "recovery_slope", "recovery slope", "", "shape",
        "slope from the peak back to the baseline, in microvolts per second", "files",
    ),
    Metric(
        "waveform_baseline_flatness", "flatness of the baseline", "", "shape",
        "largest deflection before the spike over the largest of all", "files",
    ),
    Metric(
        "peak_before_to_trough_ratio", "peak before over trough", "", "shape",
        "height of the peak before the trough over the trough's depth", "files",
    ),
    Metric(
        "peak_after_to_trough_ratio", "peak after over trough", "", "shape",
        "height of the peak after the trough over the trough's depth", "files",
        also_called=(("peak_trough_ratio", -1.0),),
    ),
    Metric(
        "peak_before_to_peak_after_ratio", "peak before over after", "", "shape",
        "height of the peak before the trough over that of the peak after it", "files",
    ),
    Metric(
        "main_peak_to_trough_ratio", "main peak over trough", "", "shape",
        "height of the larger peak over the trough's depth", "files",
    ),
    Metric(
        "trough_width", "width of the trough (s)", "s", "shape", "width of the trough", "files"
    ),
    Metric(
        "peak_before_width", "width of the peak before (s)", "s", "shape",
        "width of the peak before the trough", "files",
    ),
    Metric(
        "peak_after_width", "width of the peak after (s)", "s", "shape",
        "width of the peak after the trough", "files",
    ),
    # Of tables that were made elsewhere, from the recording or principal components.
    Metric(
        "main_peak_half_width", "half width of the main peak (s)", "s", "shape",
        "width of the larger peak at half its height",
    ),
    Metric(
        "exp_decay", "decay", "", "shape", "how fast the waveform falls off with the distance",
    ),
    Metric(
        "spread", "spread (µm)", "um", "shape", "distance between the channels that see the unit",
    ),
    Metric(
        "velocity_above", "velocity above (µm/ms)", "um/ms", "shape",
        "how fast the spike travels above its channel",
    ),
    Metric(
        "velocity_below", "velocity below (µm/ms)", "um/ms", "shape",
        "how fast the spike travels below its channel",
    ),
    Metric("noise_level", "noise (µV)", "uV", "separation", "noise of the unit's channel"),
    Metric(
        "noise_cutoff", "noise cut-off", "", "separation",
        "how many standard deviations the smallest spikes' share is above that of the largest",
    ),
    Metric(
        "noise_ratio", "noise ratio", "", "separation",
        "count of the smallest spikes over that of the most frequent size",
    ),
    Metric(
        "sd_ratio", "spread over noise", "", "separation",
        "standard deviation of the spikes' sizes over that of the noise",
    ),
    Metric("drift_ptp", "drift (µm)", "um", "stability", "drift from peak to peak"),
    Metric("drift_std", "spread of drift (µm)", "um", "stability", "standard deviation of drift"),
    Metric("drift_mad", "median drift (µm)", "um", "stability", "median absolute drift"),
    Metric(
        "isolation_distance", "isolation distance", "", "separation",
        "Mahalanobis distance within which as many foreign spikes lie as the unit has",
    ),
    Metric(
        "l_ratio", "L-ratio", "", "separation",
        "how many foreign spikes are likely to be the unit's, by Mahalanobis distance",
    ),
    Metric(
        "d_prime", "d'", "", "separation",
        "separation from all other spikes by linear discriminant analysis",
    ),
    Metric(
        "silhouette", "silhouette", "", "separation",
        "how much nearer the unit's spikes are to each other than to the nearest other unit's",
    ),
    Metric(
        "nn_hit_rate", "hit rate", "share", "separation",
        "share of the unit's spikes whose nearest neighbours are its own",
    ),
    Metric(
        "nn_miss_rate", "miss rate", "share", "separation",
        "share of other units' spikes whose nearest neighbours are this unit's",
    ),
    Metric(
        "nn_isolation", "isolation", "share", "separation",
        "how well nearest neighbours tell the unit from the other unit most like it",
    ),
    Metric(
        "nn_noise_overlap", "overlap with noise", "share", "separation",
        "share of the unit's spikes whose nearest neighbours are noise",
    ),
)  # fmt: skip
"""All metrics that are known here; those with the source `unit` in the order of `units.csv`."""


# -- what readers of the rows ask for


def stored() -> tuple[Metric, ...]:
    """The metrics that `units.csv` has, in the order of its columns."""
    return tuple(metric for metric in METRICS if metric.source == "unit")


def columns() -> tuple[str, ...]:
    """What `units.csv` calls them."""
    return tuple(metric.stored_as for metric in stored())


def types() -> dict[str, str]:
    """Whether each of them holds whole numbers or any."""
    return {one.stored_as: "whole" if one.unit == "count" else "number" for one in stored()}


def titles() -> dict[str, str]:
    """Headings of these columns, in the order in which people are shown them."""
    ordered = sorted(stored(), key=lambda metric: ABOUT.index(metric.about))
    return {metric.stored_as: metric.title for metric in ordered}


def hints() -> dict[str, str]:
    """What each of these columns is, in a phrase."""
    return {metric.stored_as: metric.help for metric in stored()}


def measure(unit: Observed) -> dict[str, float]:
    """The metrics of a unit as `units.csv` has them, by column."""
    return {metric.stored_as: _rounded(metric, unit) for metric in stored()}


def _rounded(metric: Metric, unit: Observed) -> float:
    if metric.function is None:
        raise ValueError(f"the metric {metric.name} has no function")
    value = metric.function(unit)
    return value if metric.decimals is None else round(value, metric.decimals)


def exported(to: Export) -> tuple[Metric, ...]:
    """The metrics that another program's files have."""
    return tuple(metric for metric in stored() if to in metric.exports)


def today(name: str) -> tuple[str, float]:
    """What a metric is called today, and the factor that leads to it; unknown names stay."""
    return _renamed().get(name, (name, 1.0))


def _renamed() -> dict[str, tuple[str, float]]:
    others = {name: (one.name, factor) for one in METRICS for name, factor in one.also_called}
    return others | {one.column: (one.name, 1.0) for one in METRICS if one.column}


def known_names() -> frozenset[str]:
    """All names of metrics, those of today and others."""
    return frozenset((*_renamed(), *(metric.name for metric in METRICS)))


def find(name: str) -> Metric | None:
    """The metric with a name of today; none if it is not known here."""
    return next((metric for metric in METRICS if metric.name == name), None)


def unit_of(name: str) -> str:
    """The unit of a metric, such as `share` or `Hz`; empty if it is not known here."""
    found = find(name)
    return found.unit if found else ""


def sentences() -> list[str]:
    """What the methods section says of the metrics in `units.csv`."""
    return [metric.methods for metric in stored() if metric.methods]
