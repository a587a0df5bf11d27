"""Metrics that a sorting's waveforms and spike trains give beyond those in `units.csv`.

The shape of the mean waveform on a unit's largest channel is measured by SpikeInterface's own
functions, upsampled tenfold as SpikeInterface does, so that rules and classifiers made for its
tables apply. What would need the recording again (drift, amplitude cutoff, spread
of amplitudes) stays missing.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.signal import resample_poly
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

from pipelines.errors import TableError
from pipelines.spikes.metric_table import MetricTable

UPSAMPLING = 10
RECOVERY_WINDOW_MS = 0.7
FLATNESS_WINDOW_MS = (0.0, 0.5)
ISI_VIOLATION_MS = 1.5
REFRACTORY_MS = 1.0
Values = NDArray[np.float64]


def complete(table: MetricTable, folder: Path) -> MetricTable:
    """Add what `waveforms.npz` and `spikes.npz` of a sorting's folder give.

    Args:
        table: metrics in the folder's `units.csv`.
        folder: made by sorting.

    Raises:
        TableError: a file of the sorting is missing or damaged.
    """
    try:
        with np.load(folder / "waveforms.npz", allow_pickle=False) as stored:
            mean, ms = stored["mean"].astype(np.float64), stored["ms"]
            rate = 1000 / float(np.diff(ms).mean())
            known = stored["unit_id"].tolist()
        with np.load(folder / "spikes.npz", allow_pickle=False) as stored:
            samples, units = stored["sample_index"], stored["unit_id"]
        rows = [known.index(unit) for unit in table.rows["unit_id"].tolist()]
    except (OSError, KeyError, ValueError, EOFError) as error:
        raise TableError(
            f"{folder} is no folder of a sorting, or is damaged ({error}): sort again, or give a "
            "table of metrics."
        ) from None
    found = [
        {**shape(_largest(mean[row]), rate), **violations(samples[units == known[row]], rate)}
        for row in rows
    ]
    more = {
        name: np.array([one[name] for one in found], dtype=np.float64)
        for name in (found[0] if found else ())
        if not table.has(name)
    }
    finite = {name: values for name, values in more.items() if np.isfinite(values).any()}
    return replace(table, metrics={**table.metrics, **finite})


def shape(waveform: Values, sampling_frequency: float) -> Mapping[str, float]:
    """Metrics of a mean waveform in uV, shape (sample,)."""
    fine = resample_poly(waveform, UPSAMPLING, 1)
    rate = sampling_frequency * UPSAMPLING
    peaks = get_trough_and_peak_idx(fine, rate)
    positive, negative = get_number_of_peaks(peaks)
    trough, peak = get_half_widths(fine, rate, peaks)
    return {
        "num_positive_peaks": positive,
        "num_negative_peaks": negative,
        "peak_to_trough_duration": get_peak_to_trough_duration(peaks, rate),
        "trough_half_width": trough,
        "peak_half_width": peak,
        "repolarization_slope": get_repolarization_slope(fine, rate, peaks),
        "recovery_slope": get_recovery_slope(
            fine, rate, peaks, recovery_window_ms=RECOVERY_WINDOW_MS
        ),
        "waveform_baseline_flatness": get_waveform_baseline_flatness(
            fine, rate, baseline_window_ms=FLATNESS_WINDOW_MS
        ),
        **get_waveform_ratios(fine, peaks),
        **get_waveform_widths(peaks, rate),
    }


def violations(spikes: NDArray[np.int64], sampling_frequency: float) -> Mapping[str, float]:
    """How many spikes of a unit are too near to each other.

    `isi_violations_count` are successive intervals below 1.5 ms, `rp_violations` all pairs within
    1 ms, as SpikeInterface counts them by default.
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
