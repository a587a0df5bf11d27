from itertools import combinations

import numpy as np
import pytest
from numpy.typing import NDArray
from spikeinterface.metrics.quality.misc_metrics import _compute_rp_contamination_one_unit

from pipelines.spikes.units import metrics
from pipelines.spikes.units.clock import Clock
from pipelines.spikes.units.trains import correlogram, isi_histogram

RATE = 30_000.0
HOUR = Clock(RATE, int(3600 * RATE), refractory_s=0.002, censored_s=0.0)


def train(rate_hz: float, refractory_s: float, seed: int) -> NDArray[np.int64]:
    rng = np.random.default_rng(seed)
    waits = refractory_s + rng.exponential(1 / rate_hz - refractory_s, int(rate_hz * 4000))
    times = np.cumsum(waits)
    return (times[times < HOUR.duration_s] * RATE).astype(np.int64)


def mixture(one: NDArray[np.int64], two: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.sort(np.concatenate([one, two]))


def test_intervals_are_counted_in_their_bins() -> None:
    spikes = np.array([0, 30, 60, 150, 30_000])  # 1, 1, 3 and 995 ms apart
    histogram = isi_histogram(spikes, RATE, bin_ms=1.0, max_ms=5.0)
    assert histogram.edges_ms.tolist() == [0, 1, 2, 3, 4, 5]
    assert histogram.counts.tolist() == [0, 2, 0, 1, 0]


def test_a_train_without_spikes_has_an_empty_histogram() -> None:
    assert isi_histogram(np.empty(0, dtype=np.int64), RATE).counts.sum() == 0


def test_a_cell_with_a_refractory_period_is_clean() -> None:
    spikes = train(10, refractory_s=0.003, seed=0)
    assert metrics.rp_contamination(spikes, HOUR) == 0
    assert metrics.isi_violations_ratio(spikes, HOUR) == 0


@pytest.mark.parametrize("share", [0.05, 0.1, 0.2])
def test_contamination_by_many_cells_is_estimated(share: float) -> None:
    """Llobet et al. 2022: the estimate is the share of foreign spikes."""
    spikes = mixture(train(20 * (1 - share), 0.003, 1), train(20 * share, 0.0, 2))
    assert metrics.rp_contamination(spikes, HOUR) == pytest.approx(share, rel=0.1)


def test_independent_spikes_have_half_as_many_violations_as_their_rate_says() -> None:
    """Two sides of every spike are watched, and a violation is counted on one."""
    spikes = train(10, refractory_s=0.0, seed=3)
    assert metrics.isi_violations_ratio(spikes, HOUR) == pytest.approx(0.5, rel=0.1)


def test_the_estimate_is_that_of_spikeinterface() -> None:
    clock = Clock(RATE, int(30 * RATE), refractory_s=0.002, censored_s=0.0005)
    spikes = train(20, 0.0005, 4)
    spikes = spikes[spikes < clock.n_samples]
    close = sum(later - one <= 60 for one, later in combinations(spikes.tolist(), 2))
    expected = _compute_rp_contamination_one_unit(close, len(spikes), clock.n_samples, 15, 60)
    assert metrics.rp_contamination(spikes, clock) == pytest.approx(expected)


def test_a_unit_of_the_first_half_is_present_in_half_of_the_bins() -> None:
    spikes = train(10, 0.003, 5)
    assert metrics.presence_ratio(spikes[spikes < HOUR.n_samples // 2], HOUR) == 0.5
    assert metrics.presence_ratio(spikes, HOUR) == 1


def test_a_unit_without_spikes_has_no_estimate() -> None:
    nothing = np.empty(0, dtype=np.int64)
    assert np.isnan(metrics.rp_contamination(nothing, HOUR))
    assert np.isnan(metrics.isi_violations_ratio(nothing, HOUR))
    assert metrics.presence_ratio(nothing, HOUR) == 0


def test_a_correlogram_counts_every_pair_of_spikes_within_its_reach() -> None:
    rng = np.random.default_rng(0)
    one, two = (np.sort(rng.integers(0, 300_000, 400)) for _ in range(2))
    lags = ((two[None] - one[:, None]) / 30).ravel()
    found = correlogram(one, two, 30_000.0, bin_ms=1.0, max_ms=50.0)
    assert found.counts.tolist() == np.histogram(lags, found.edges_ms)[0].tolist()
    assert (len(found.counts), found.edges_ms[0], found.edges_ms[-1]) == (101, -50.5, 50.5)


def test_an_autocorrelogram_is_symmetric_and_empty_in_the_refractory_period() -> None:
    waits = np.random.default_rng(1).exponential(1500, 3000) + 93
    spikes = np.cumsum(waits).astype(np.int64)
    counts = correlogram(spikes, spikes, 31_000.0).counts
    assert counts[48:53].sum() == 0
    assert counts[:50].tolist() == counts[:50:-1].tolist()
