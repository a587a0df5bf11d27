"""Whether two trains of spikes are one cell or two: what speaks for it, weighed, in words.

The same question decides on a merge of two units and on a split of one. Two cells fire within the
refractory period of each other as often as at other lags nearby and leave a dip between their
clouds of waveforms; one cell does neither, however it was cut.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import poisson

from pipelines.spikes.units.clock import Clock

Samples = NDArray[np.int64]

CHANCE_MS = (50.0, 150.0)
"""Lags at which the number of pairs is what chance gives: beyond any burst, within which one cell
that is in both units would raise it, and so near that drift of both rates counts."""
BURST_MS = (2.0, 12.0)
"""Lags at which the later, smaller spikes of a burst follow the first."""

TIMES = 10
"""Parts of the recording in which two trains may both be there."""
ONE_OR_TWO, STEEP, MOST_BY_DIP = 0.9, 4.0, 2.5
"""The dip that one cell shows as often as two cells, by how much each further unit of it counts,
and what no dip counts at most: of two weak cells the clouds may lie over each other."""
MERGE_MARGIN, SPLIT_MARGIN = 0.5, 2.0
"""Of the odds, as their natural logarithm. A wrong split costs more: of a unit that is right."""
UNLIKELY = 0.05
"""Chance of so many close pairs in one cell below which a merge is not right: half of a unit may
be the other's cell."""


@dataclass(frozen=True)
class Lags:
    """How often spikes of two trains come after each other.

    Attributes:
        close: pairs within the refractory period, those nearer than detection tells apart left out.
        by_chance: of the same, as many as independent cells would give, from lags nearby.
        after: pairs in which the second comes 2 to 12 ms after the first.
        before: pairs in which the second comes 2 to 12 ms before the first.
    """

    close: int
    by_chance: float
    after: int
    before: int

    @property
    def one_way(self) -> float:
        """By how many standard deviations one of them follows the other rather than leads it."""
        both = self.after + self.before
        return abs(self.after - self.before) / float(np.sqrt(both)) if both else 0.0


def lags(one: Samples, two: Samples, clock: Clock) -> Lags:
    """Count the lags of two trains.

    Args:
        one: samples in order of time, shape (spike,).
        two: the same of the other train.
        clock: of the sorting.
    """
    rate = clock.sampling_frequency
    a, b = clock.apart(one), clock.apart(two)
    near, far = clock.censored_s, clock.refractory_s
    low, high = (value / 1000 for value in CHANCE_MS)
    close = _within(a, b, near * rate, far * rate)
    usual = _within(a, b, low * rate, high * rate)
    first, last = (value / 1000 * rate for value in BURST_MS)
    return Lags(
        close=close,
        by_chance=usual * _width(near * rate, far * rate) / _width(low * rate, high * rate),
        after=_one_sided(a, b, first, last),
        before=_one_sided(b, a, first, last),
    )


def _within(a: Samples, b: Samples, near: float, far: float) -> int:
    """Pairs whose lag, either way, is more than `near` and at most `far` samples."""
    return _one_sided(a, b, near, far) + _one_sided(b, a, near, far)


def _one_sided(a: Samples, b: Samples, near: float, far: float) -> int:
    """Pairs in which one of `b` comes more than `near` and at most `far` samples after `a`."""
    first = np.searchsorted(b, a + int(near), side="right")
    last = np.searchsorted(b, a + int(far), side="right")
    return int((last - first).sum())


def _width(near: float, far: float) -> int:
    return max(int(far) - int(near), 1)


def side_by_side(one: Samples, two: Samples, clock: Clock) -> float:
    """The share of their time in which two trains are both there: 1 always, 0 never.

    Args:
        one: samples, shape (spike,).
        two: the same of the other train.
        clock: of the sorting.
    """
    shares = [
        np.histogram(train, TIMES, (0, clock.n_samples))[0] / max(len(train), 1)
        for train in (one, two)
    ]
    return float(np.minimum(*shares).sum())


@dataclass(frozen=True)
class PairEvidence:
    """What two trains show.

    Attributes:
        lags: how often one fires after the other.
        foreign: share of foreign spikes that one cell's unit may hold.
        dip: between their clouds of waveforms (`unimodal.pair_dip`); none if it is not known.
    """

    lags: Lags
    foreign: float
    dip: float | None = None

    @property
    def share(self) -> float:
        """Of the close pairs of two cells, those that one cell has when its units hold others."""
        return max(1 - (1 - self.foreign) ** 2, 1e-3)

    @property
    def odds(self) -> float:
        """Natural logarithm of the odds that they are one cell."""
        by_chance, close = self.lags.by_chance, self.lags.close
        found = by_chance * (1 - self.share) + close * float(np.log(self.share))
        if self.dip is not None:
            found += min(STEEP * (ONE_OR_TWO - self.dip), MOST_BY_DIP)
        return found

    @property
    def one_cell(self) -> float:
        """The chance that they are one cell."""
        return float(1 / (1 + np.exp(-np.clip(self.odds, -30, 30))))

    @property
    def merge(self) -> bool:
        """Whether a merge of them is rather right than wrong, by a margin."""
        as_one = float(poisson.sf(self.lags.close - 1, self.share * self.lags.by_chance))
        few = self.lags.close == 0 or as_one >= UNLIKELY
        return self.odds > MERGE_MARGIN and few

    @property
    def split(self) -> bool:
        """Whether to keep them apart is rather right than wrong, by a margin."""
        return self.odds < -SPLIT_MARGIN

    @property
    def in_words(self) -> str:
        """What they show, in sentences."""
        words = (
            f"Spikes of one within the refractory period of the other: {self.lags.close}; two "
            f"cells would give {self.lags.by_chance:.1f}."
        )
        if self.dip is None:
            return f"{words} Their waveforms were not compared spike by spike."
        cloud = "one cloud" if self.dip < ONE_OR_TWO else "two clouds"
        return (
            f"{words} Side by side their waveforms form {cloud}: the dip between them is "
            f"{self.dip:.1f}, mostly below {ONE_OR_TWO:g} for one cell and above it for two."
        )
