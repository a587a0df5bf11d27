"""How good a unit is."""

import numpy as np
from numpy.typing import NDArray

from pipelines.spikes.units.clock import Clock

Samples = NDArray[np.int64]

PRESENCE_BIN_S = 60.0
LEAST_PRESENCE_BINS = 10


def firing_rate_hz(spikes: Samples, clock: Clock) -> float:
    """Spikes per second of recorded time."""
    return len(spikes) / clock.duration_s


def presence_ratio(spikes: Samples, clock: Clock) -> float:
    """The share of time bins with at least one spike.

    Bins are about a minute of recorded time; a recording shorter than ten minutes has ten.
    """
    n_bins = max(LEAST_PRESENCE_BINS, round(clock.duration_s / PRESENCE_BIN_S))
    occupied = np.unique(spikes * n_bins // clock.n_samples)
    return len(occupied) / n_bins


def rp_contamination(spikes: Samples, clock: Clock) -> float:
    """The share of spikes that come from other cells, from refractory violations.

    Llobet et al. 2022 (doi:10.1101/2022.02.08.479192), for contamination by many cells: 1
    when there are more violations than independent spikes give, nan for fewer than two spikes.
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
    """
    n = len(spikes)
    if n == 0:
        return float("nan")
    intervals = np.diff(clock.apart(spikes)) / clock.sampling_frequency
    violations = int(np.sum(intervals < clock.refractory_s))
    watched_s = 2 * n * (clock.refractory_s - clock.censored_s)
    return violations / watched_s / (n / clock.duration_s)


def close_pairs(spikes: Samples, clock: Clock) -> int:
    """Pairs of spikes not farther apart than the refractory period, successive or not."""
    reach = round(clock.refractory_s * clock.sampling_frequency)
    spikes = clock.apart(spikes)
    last = np.searchsorted(spikes, spikes + reach, side="right")
    return int(np.sum(last - np.arange(len(spikes)) - 1))
