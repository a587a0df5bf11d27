"""Metrics that a sorting's waveforms and spike trains give beyond those in `units.csv`.

The shape of the mean waveform on a unit's largest channel is measured by SpikeInterface's own
functions, upsampled tenfold as SpikeInterface does, so that rules and classifiers made for its
tables apply. What would need the recording again (drift, spread over channels) stays missing.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

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
from pipelines.reading import reading
from pipelines.result_files import read_arrays, read_object
from pipelines.spikes.labels.metric_values import MetricTable
from pipelines.spikes.timeline import Timeline
from pipelines.spikes.train_metrics import (
    amplitude_metrics,
    firing_range,
    sliding_rp_violation,
    synchrony,
)
from pipelines.spikes.units.clock import Clock

UPSAMPLING = 10
RECOVERY_WINDOW_MS = 0.7
FLATNESS_WINDOW_MS = (0.0, 0.5)
ISI_VIOLATION_MS = 1.5
REFRACTORY_MS = 1.0
Values = NDArray[np.float64]
PER_SPIKE = ("sample_index", "unit_id", "amplitude_uv")
ADVICE = "sort again, or give a table of metrics"


def complete(table: MetricTable, folder: Path) -> MetricTable:
    """Add what `waveforms.npz` and `spikes.npz` of a sorting's folder give.

    Args:
        table: metrics in the folder's `units.csv`.
        folder: made by sorting.

    Raises:
        TableError: a file of the sorting is missing or damaged.
    """
    with reading(folder, TableError, ADVICE, "folder of a sorting"):
        waves = read_arrays(folder / "waveforms.npz", TableError, ADVICE)
        spikes = read_arrays(folder / "spikes.npz", TableError, ADVICE)
        mean, known = waves["mean"].astype(np.float64), waves["unit_id"].tolist()
        rate = 1000 / float(np.diff(waves["ms"]).mean())
        samples, units = spikes["sample_index"], spikes["unit_id"]
        heights = spikes.get("amplitude_uv")
        clock = _clock(folder, rate)
        rows = [known.index(unit) for unit in table.rows["unit_id"].tolist()]
        _require_agreement(waves, spikes, len(rows), folder)
    together = synchrony(samples, units)
    found = [
        {
            **shape(_largest(mean[row]), rate),
            **_of_train(samples[units == known[row]], clock),
            **{name: shares.get(known[row], np.nan) for name, shares in together.items()},
            **_of_heights(samples, heights, units == known[row], clock),
        }
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


def _require_agreement(
    waves: Mapping[str, NDArray[Any]],
    spikes: Mapping[str, NDArray[Any]],
    n_units: int,
    folder: Path,
) -> None:
    """Refuse files of other sizes than each other, or spikes that are not in order of time."""
    lengths = [spikes[name].shape for name in PER_SPIKE if name in spikes]
    shape = (n_units, len(waves["ms"]))
    samples = spikes["sample_index"]
    in_order = samples.ndim == 1 and (np.diff(samples, prepend=0) >= 0).all()
    if waves["mean"].shape[:2] != shape or len(set(lengths)) > 1 or not in_order:
        raise TableError(f"{folder} holds files that are not of one sorting: {ADVICE}.")


def _clock(folder: Path, rate: float) -> Clock:
    """The recording's length, as the record of the sorting says it."""
    record = read_object(folder / "run.json", TableError, ADVICE)
    results = {**record["results"], "sampling_frequency": rate}
    timeline = Timeline.from_results(results, round(float(results["duration_s"]) * rate))
    return Clock(rate, timeline.n_samples, ISI_VIOLATION_MS / 1000, 0.0, timeline)


def _of_train(spikes: NDArray[np.int64], clock: Clock) -> Mapping[str, float]:
    return {
        **violations(clock.apart(spikes), clock.sampling_frequency),
        "sliding_rp_violation": sliding_rp_violation(spikes, clock),
        "firing_range": firing_range(spikes, clock),
    }


def _of_heights(
    samples: NDArray[np.int64],
    heights: NDArray[np.float32] | None,
    chosen: NDArray[np.bool_],
    clock: Clock,
) -> Mapping[str, float]:
    """Sizes of single spikes; sortings of before they were stored have none."""
    if heights is None:
        return {}
    return amplitude_metrics(samples[chosen], heights[chosen].astype(np.float64), clock)


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
