"""Metrics of trains and sizes have the values that SpikeInterface gives."""

import warnings
from dataclasses import replace

import numpy as np
import pytest
from spikeinterface.core import (
    NumpyRecording,
    NumpySorting,
    SortingAnalyzer,
    create_sorting_analyzer,
)
from spikeinterface.metrics.quality import misc_metrics as reference

from pipelines.spikes.measure.metrics import (
    amplitude_metrics,
    firing_range,
    sliding_rp_violation,
    synchrony,
    violations,
)
from pipelines.spikes.recording.timeline import Timeline
from pipelines.spikes.units.clock import Clock
from pipelines.spikes.units.metrics import (
    close_pairs,
    firing_rate_hz,
    isi_violations_ratio,
    presence_ratio,
    rp_contamination,
)
from pipelines.spikes.units.trains import correlogram, isi_histogram

RATE, SECONDS = 10_000.0, 120
CLOCK = Clock(RATE, int(RATE * SECONDS), 0.0015, 0.0)


def train(rate_hz: float, seed: int, refractory_ms: float = 0.0) -> np.ndarray:
    random = np.random.default_rng(seed)
    gaps = random.exponential(1 / rate_hz, int(2 * rate_hz * SECONDS)) + refractory_ms / 1000
    spikes = np.unique((np.cumsum(gaps) * RATE).astype(np.int64))
    return spikes[spikes < CLOCK.n_samples]


@pytest.mark.parametrize(("refractory_ms", "rate_hz"), [(0.0, 20), (3.0, 20), (2.0, 60), (3.0, 1)])
def test_sliding_refractory_periods(
    monkeypatch: pytest.MonkeyPatch, refractory_ms: float, rate_hz: float
) -> None:
    monkeypatch.setattr(reference, "HAVE_NUMBA", False)  # compiling takes longer than all else
    spikes = train(rate_hz, 1, refractory_ms)
    sorting = NumpySorting.from_samples_and_labels([spikes], [np.zeros(len(spikes), int)], RATE)
    expected = reference.slidingRP_violations(sorting, float(SECONDS))
    assert sliding_rp_violation(spikes, CLOCK) == pytest.approx(expected, nan_ok=True)


def test_firing_range_and_synchrony() -> None:
    spikes = {0: train(5, 2), 1: train(9, 3)}
    spikes[2] = np.unique(np.concatenate([spikes[0][::3], spikes[1][::5]]))
    sorting = NumpySorting.from_unit_dict([spikes], RATE)
    traces = np.zeros((CLOCK.n_samples, 1), np.float32)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        recording = NumpyRecording([traces], RATE)
        recording.set_channel_locations([[0.0, 0.0]])
        analyzer = create_sorting_analyzer(sorting, recording, sparse=False, return_in_uV=False)
        expected = reference.compute_firing_ranges(analyzer)
    assert {unit: firing_range(one, CLOCK) for unit, one in spikes.items()} == pytest.approx(
        expected
    )
    order = sorting.to_spike_vector()
    counted = getattr(reference._get_synchrony_counts, "py_func", reference._get_synchrony_counts)
    counts = counted(order, np.array([2, 4, 8]), np.array([0, 1, 2]))
    found = synchrony(order["sample_index"], order["unit_index"])
    for row, size in enumerate((2, 4, 8)):
        shares = [counts[row][unit] / len(one) for unit, one in spikes.items()]
        assert list(found[f"sync_spike_{size}"].values()) == pytest.approx(shares)


def test_sizes_of_a_steady_unit_vary_as_they_were_made_to() -> None:
    spikes = train(20, 5)
    heights = 100 + 10 * np.random.default_rng(0).normal(size=len(spikes))
    found = amplitude_metrics(spikes, heights, CLOCK)
    assert found["amplitude_cv_median"] == pytest.approx(0.1, abs=0.01)
    assert found["amplitude_cutoff"] < 0.01
    cut = heights > 95
    assert amplitude_metrics(spikes[cut], heights[cut], CLOCK)["amplitude_cutoff"] > 0.1
    assert np.isnan(amplitude_metrics(spikes[:20], heights[:20], CLOCK)["amplitude_cv_median"])


# -- two segments: what lies on both sides of a gap is no interval

GAP = Timeline.of([500_000, 700_000], [0.0, 900.0], RATE)
IN_TWO = replace(CLOCK, timeline=GAP)


def two_segments(refractory_ms: float = 0.0) -> tuple[np.ndarray, NumpySorting]:
    """A train whose spikes lie close on both sides of the edge, and SpikeInterface's sorting."""
    at_edge = 500_000 + np.array([-3, -1, 0, 4])
    spikes = np.unique(np.concatenate([train(20, 7, refractory_ms), at_edge]))
    parts = [spikes[spikes < 500_000], spikes[spikes >= 500_000] - 500_000]
    labels = [np.zeros(len(part), int) for part in parts]
    return spikes, NumpySorting.from_samples_and_labels(parts, labels, RATE)


@pytest.fixture
def analyzer() -> SortingAnalyzer:
    _, sorting = two_segments()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        traces = [np.zeros((one.n_samples, 1), np.float32) for one in GAP.segments]
        recording = NumpyRecording(traces, RATE)
        recording.set_channel_locations([[0.0, 0.0]])
        return create_sorting_analyzer(sorting, recording, sparse=False, return_in_uV=False)


def test_violations_rates_and_presence_of_two_segments_are_those_of_spikeinterface(
    analyzer: SortingAnalyzer,
) -> None:
    spikes, sorting = two_segments()
    between = replace(IN_TWO, refractory_s=0.00145)  # no interval is that long to the bit
    isi = reference.compute_isi_violations(analyzer, isi_threshold_ms=1.45)
    assert isi_violations_ratio(spikes, between) == pytest.approx(isi.isi_violations_ratio[0])
    across = replace(between, timeline=None)
    assert isi_violations_ratio(spikes, across) > isi_violations_ratio(spikes, between)
    counted = violations(IN_TWO.apart(spikes), RATE)["isi_violations_count"]
    assert counted == violations(spikes, RATE)["isi_violations_count"] - 1
    pairs = getattr(
        reference._compute_rp_violations_numba, "py_func", reference._compute_rp_violations_numba
    )
    trains = [sorting.get_unit_spike_train(0, segment_index=number) for number in (0, 1)]
    found = sum(pairs(one, 0, round(0.0015 * RATE)) for one in trains)
    assert close_pairs(spikes, IN_TWO) == found
    assert rp_contamination(spikes, IN_TWO) == pytest.approx(
        reference._compute_rp_contamination_one_unit(
            found, len(spikes), CLOCK.n_samples, 0, round(0.0015 * RATE)
        )
    )
    assert firing_range(spikes, IN_TWO) == pytest.approx(
        reference.compute_firing_ranges(analyzer)[0]
    )
    assert firing_rate_hz(spikes, IN_TWO) == len(spikes) / SECONDS
    presence = reference.compute_presence_ratios(analyzer, bin_duration_s=12.0)[0]
    assert presence_ratio(spikes, IN_TWO) == pytest.approx(presence)


def test_sliding_refractory_periods_of_two_segments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reference, "HAVE_NUMBA", False)
    spikes, sorting = two_segments(refractory_ms=3.0)
    expected = reference.slidingRP_violations(sorting, float(SECONDS))
    assert sliding_rp_violation(spikes, IN_TWO) == pytest.approx(expected, nan_ok=True)


def test_histograms_of_intervals_have_none_across_a_gap() -> None:
    spikes = np.array([1_000, 499_990, 500_005, 500_020])
    assert isi_histogram(GAP.apart(spikes), RATE).counts.sum() == 1
    apart = GAP.apart(spikes)
    assert correlogram(apart, apart, RATE).counts.sum() == 2
    assert isi_histogram(spikes, RATE).counts.sum() == 2
