"""Metrics of trains and sizes have the values that SpikeInterface gives."""

import warnings

import numpy as np
import pytest
from spikeinterface.core import NumpyRecording, NumpySorting, create_sorting_analyzer
from spikeinterface.metrics.quality import misc_metrics as reference

from pipelines.spikes.metrics import Clock
from pipelines.spikes.train_metrics import (
    amplitude_metrics,
    firing_range,
    sliding_rp_violation,
    synchrony,
)

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
