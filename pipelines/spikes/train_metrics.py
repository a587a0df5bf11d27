"""Metrics that spike trains and spike sizes give, as SpikeInterface defines them by default.

SpikeInterface computes them from an analyzer of the whole recording; a sorting's own files are
enough for these.
"""

from collections.abc import Mapping
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.stats import poisson
from spikeinterface.metrics.quality.misc_metrics import amplitude_cutoff

from pipelines.spikes.units.clock import Clock

CONTAMINATIONS = np.arange(0.5, 35.5, 0.5) / 100
CONFIDENCE = 0.9
RP_BIN_S, RP_LEAST_S, RP_MOST_S = 0.00025, 0.0005, 0.010
FIRING_BIN_S = 5.0
SPIKES_PER_BIN, LEAST_BINS = 50, 10
INNER = (5, 95)
"""Percentiles between which a range is taken."""
SYNCHRONY = (2, 4, 8)

Samples = NDArray[np.int64]


def sliding_rp_violation(spikes: Samples, clock: Clock) -> float:
    """The least contamination that can be ruled out with 90 % confidence.

    For every refractory period between 0.5 and 10 ms it is asked how likely as few violations
    are (International Brain Laboratory et al. 2022, doi:10.6084/m9.figshare.19705522); nan when
    nothing can be ruled out.
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
    """How far the firing rate goes up and down, in Hz: from its 5th to its 95th percentile."""
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
        sample_index: of all spikes, in order of time.
        unit_id: of all spikes.

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
        spikes: in order of time.
        heights: of their peaks in uV, above 0.
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
