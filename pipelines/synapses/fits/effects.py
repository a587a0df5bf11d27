"""How far two groups of synapses differ in one measure, with an interval.

Cliff's delta is the chance that a value of the one group is higher than one of the other,
minus the chance that it is lower: 0 is no difference, 1 and -1 are no overlap. It asks for
no distribution, and giants do not move it.

Source: Cliff (1993), doi:10.1037/0033-2909.114.3.494; the interval: Feng and Cliff (2004),
doi:10.22237/jmasm/1099267560.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

Values = npt.NDArray[np.float64]
Z_95 = 1.959964
"""Two-sided 95 % point of the normal distribution."""


@dataclass(frozen=True)
class Effect:
    """Cliff's delta with its 95 % interval; nan where a group has fewer than two values."""

    delta: float
    low: float
    high: float


@dataclass(frozen=True)
class Contrast:
    """One cluster against the rest in one measure.

    Attributes:
        cluster: -1 is noise.
        measure: name of the column.
        n: how many synapses of the cluster.
        median, q25, q75: of the cluster, in the unit of the measure.
        delta, delta_low, delta_high: Cliff's delta with its 95 % interval, above 0 where the
            cluster is higher.
    """

    cluster: int
    measure: str
    n: int
    median: float
    q25: float
    q75: float
    delta: float
    delta_low: float
    delta_high: float


def cliffs_delta(one: Values, other: Values) -> Effect:
    """Cliff's delta of the values (n,) of one group against those (m,) of another.

    Values that are not finite are left out.
    """
    one, other = one[np.isfinite(one)], other[np.isfinite(other)]
    n, m = len(one), len(other)
    if n < 2 or m < 2:
        return Effect(np.nan, np.nan, np.nan)
    # Dominance of each value over the other group: share below it minus share above it.
    of_one, of_other = _dominance(one, other), -_dominance(other, one)
    delta = float(of_one.mean())
    if abs(delta) == 1:
        return _without_overlap(delta, min(n, m))
    return _interval(delta, float(of_one.var(ddof=1) / n + of_other.var(ddof=1) / m))


def contrasts(rows: pd.DataFrame, measures: Sequence[str]) -> pd.DataFrame:
    """Each cluster against all other synapses, in each measure.

    Args:
        rows: one line a synapse, with a column `cluster` (-1 is noise) and the measures.
        measures: names of numeric columns.

    Returns:
        The fields of `Contrast` as columns, one line a cluster and measure.
    """
    lines = [asdict(line) for line in _contrasts(rows, measures)]
    return pd.DataFrame(lines, columns=list(Contrast.__dataclass_fields__))


def _contrasts(rows: pd.DataFrame, measures: Sequence[str]) -> Iterator[Contrast]:
    labels = rows["cluster"].to_numpy()
    for cluster in np.unique(labels):
        inside = labels == cluster
        for name in measures:
            values = rows[name].to_numpy(float)
            effect = cliffs_delta(values[inside], values[~inside])
            low, middle, high = np.nanquantile(values[inside], [0.25, 0.5, 0.75])
            yield Contrast(
                cluster=int(cluster),
                measure=name,
                n=int(inside.sum()),
                median=float(middle),
                q25=float(low),
                q75=float(high),
                delta=effect.delta,
                delta_low=effect.low,
                delta_high=effect.high,
            )


def _dominance(values: Values, other: Values) -> Values:
    ordered = np.sort(other)
    below = np.searchsorted(ordered, values, side="left")
    above = len(other) - np.searchsorted(ordered, values, side="right")
    share: Values = (below - above) / len(other)
    return share


def _without_overlap(delta: float, smaller: int) -> Effect:
    """The variance is 0 then; the limit follows from the smaller group's size alone."""
    limit = (smaller - Z_95**2) / (smaller + Z_95**2)
    return Effect(delta, *((limit, 1.0) if delta > 0 else (-1.0, -limit)))


def _interval(delta: float, variance: float) -> Effect:
    """Feng and Cliff's interval, which stays within -1 and 1."""
    deviation = Z_95 * np.sqrt(variance)
    half = deviation * np.sqrt((1 - delta**2) ** 2 + deviation**2)
    scale = 1 - delta**2 + deviation**2
    low, high = (delta - delta**3 - half) / scale, (delta - delta**3 + half) / scale
    return Effect(delta, float(max(low, -1.0)), float(min(high, 1.0)))
