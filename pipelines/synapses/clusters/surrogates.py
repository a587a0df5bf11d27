"""Data without clusters that look like the real ones in all else.

A Gaussian copula: the columns keep, nearly, their correlations; all other structure between them
is gone. Each column has the density nearest to its own that rises once and falls once, so that
skew, long tails and sharp edges stay while two humps become one. Smoothing a column instead
would round its edges, and keeping its very values would keep its humps.

Source: Liu et al. (2008), SigClust, doi:10.1198/016214508000000454, for the idea of testing
clusters against one unimodal population; Nelsen (2006), An Introduction to Copulas; Hartigan and
Hartigan (1985), doi:10.1214/aos/1176346577, for the nearest unimodal distribution.
"""

from dataclasses import dataclass

import numpy as np
from scipy.stats import norm, rankdata

from pipelines.core.unimodal import Unimodal, unimodal
from pipelines.synapses.table.arrays import Floats

LATTICE = 1e-6
"""Share of a column's range: differences smaller than this are rounding."""


@dataclass(frozen=True)
class OnePopulation:
    """A population without clusters.

    Attributes:
        correlation: of the columns' normal scores, (d, d).
        columns: the density of each column.
        n_rows: how many rows a sample has.
    """

    correlation: Floats
    columns: tuple[Unimodal, ...]
    n_rows: int

    @classmethod
    def like(cls, values: Floats) -> "OnePopulation":
        """The one nearest to values (n, d), n at least 3; no column may be constant."""
        scores = norm.ppf(rankdata(values, axis=0) / (len(values) + 1))
        correlation = np.atleast_2d(np.corrcoef(scores, rowvar=False))
        return cls(correlation, tuple(unimodal(column) for column in values.T), len(values))

    def sample(self, random: np.random.Generator) -> Floats:
        """Values (n, d) drawn from it, n being `n_rows`, in the units of those it was made from."""
        centre = np.zeros(len(self.columns))
        drawn = random.multivariate_normal(centre, self.correlation, self.n_rows, method="eigh")
        shares = norm.cdf(drawn)
        columns = [one.quantile(shares[:, i]) for i, one in enumerate(self.columns)]
        return np.column_stack(columns)


def spread_ties(values: Floats, random: np.random.Generator) -> Floats:
    """Values (n, d) whose ties are spread evenly over the step to which they were rounded.

    Counts and rounded numbers stand in piles, which are no clusters. The step is the largest
    of which all differences in a column are multiples; where there is none, such as in logarithms
    of counts, each pile is spread half way to the next ones.
    """
    columns = [_spread(column, random) for column in values.T]
    return np.column_stack(columns)


def _spread(column: Floats, random: np.random.Generator) -> Floats:
    levels, place, counts = np.unique(column, return_inverse=True, return_counts=True)
    if len(levels) < 2 or counts.max() == 1:
        return column
    gaps = np.diff(levels)
    step = _common_step(gaps, LATTICE * (levels[-1] - levels[0]))
    below = np.append(gaps[0], gaps) if step is None else np.full(len(levels), step)
    above = np.append(gaps, gaps[-1]) if step is None else below
    low, high = levels - below / 2, levels + above / 2
    tied = (counts > 1)[place]
    spread = random.uniform(low[place], high[place])
    return np.where(tied, spread, column)


def _common_step(gaps: Floats, tolerance: float) -> float | None:
    """The largest number of which all gaps are multiples; none if it is nothing but rounding."""
    step = 0.0
    for gap in np.unique(gaps):
        one, other = float(gap), step
        while other > tolerance:
            one, other = other, abs(one - round(one / other) * other)
        step = one
    return step if step > 10 * tolerance else None
