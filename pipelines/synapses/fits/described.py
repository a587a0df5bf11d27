"""What describes clustered synapses in figures: neighbours, ranks, boxes, density, contrasts."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from pipelines.synapses.fits.effects import cliffs_delta

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]

N_NEAREST = 5
MOST_RANKED = 100_000
"""Synapses that are ranked for correlations and boxes; of more, every so many-th."""
MOST_BOXES = 60
"""Neurons of which boxes can be told apart; of more, those with the most synapses."""
MOST_COMPARED = 50_000
"""Synapses of a side that are compared; with so many an interval is narrower than a line."""
WHISKER = 1.5
"""Interquartile ranges that a whisker reaches at most; Tukey (1977), Exploratory Data Analysis."""
BINS = 50
"""Of the map, along each axis."""


def nearest(features: Floats, row: int, count: int = N_NEAREST) -> list[int]:
    """The rows whose features (n, d) are nearest to those of one, nearest first.

    Args:
        features: scaled, as they were compared.
        row: that one, counted from 0; it is not among the answers.
        count: how many; of fewer other rows all.
    """
    distance = ((features - features[row]) ** 2).sum(axis=1)
    distance[row] = np.inf
    count = min(count, len(distance) - 1)
    near = np.argpartition(distance, count)[:count]
    found: list[int] = near[np.lexsort((near, distance[near]))].tolist()
    return found


def rank_correlations(rows: pd.DataFrame, columns: Sequence[str]) -> Floats:
    """Spearman's rho (column, column); of many rows an even part is ranked.

    Args:
        rows: one line a synapse.
        columns: names of its numeric columns.
    """
    # Ranks first: pandas would take scipy for the same numbers.
    return thinned(rows, MOST_RANKED)[list(columns)].rank().corr().to_numpy()


def thinned(rows: pd.DataFrame, most: int) -> pd.DataFrame:
    """At most `most` of the rows, every so many-th from the first, with all columns."""
    return rows.iloc[:: -(-len(rows) // most)]


def by_cluster(rows: pd.DataFrame) -> list[tuple[int, pd.DataFrame]]:
    """The rows of each cluster, in the order of their numbers: noise (-1) first.

    Args:
        rows: with a column `cluster`.
    """
    labels = rows["cluster"].to_numpy(np.int64)
    return [(int(cluster), rows[labels == cluster]) for cluster in np.unique(labels)]


@dataclass(frozen=True)
class Boxes:
    """One measure, in its own unit, in one cluster of n neurons.

    Attributes:
        cluster: -1 is noise.
        neurons: (n,) their names.
        quartiles: (n, 3): 25 %, median, 75 %.
        low, high: (n,) outermost values within `WHISKER` interquartile ranges of the box.
    """

    cluster: int
    neurons: "pd.Index[Any]"
    quartiles: Floats
    low: Floats
    high: Floats


def boxes(rows: pd.DataFrame, column: str) -> list[Boxes]:
    """Quartiles and whiskers of a column for each cluster and neuron.

    Of many neurons those with the most synapses are taken, of many synapses an even part.

    Args:
        rows: with the columns `NeuronId`, `cluster` and the measure.
        column: the measure, in whose unit the boxes are.
    """
    part = thinned(rows[["NeuronId", "cluster", column]], MOST_RANKED)
    shown = part["NeuronId"].value_counts().index[:MOST_BOXES]
    return [
        _boxes(cluster, members, column)
        for cluster, members in by_cluster(part[part["NeuronId"].isin(shown)])
    ]


def _boxes(cluster: int, members: pd.DataFrame, column: str) -> Boxes:
    neurons, values = members["NeuronId"], members[column]
    parts = members.groupby("NeuronId", sort=True)[column]
    quartiles = parts.quantile(np.array([0.25, 0.5, 0.75])).unstack()
    reach = WHISKER * (quartiles[0.75] - quartiles[0.25])
    above = values >= neurons.map(quartiles[0.25] - reach)
    below = values <= neurons.map(quartiles[0.75] + reach)
    inner = values[above & below].groupby(neurons[above & below])
    return Boxes(
        cluster,
        quartiles.index,
        quartiles.to_numpy(),
        inner.min().to_numpy(),
        inner.max().to_numpy(),
    )


@dataclass(frozen=True)
class MapDensity:
    """Synapses per bin of the map: smoothed counts (y, x) and the middles of the bins.

    Attributes:
        counts: (y, x) synapses in each bin.
        x, y: (x,) and (y,), on `UMAP_1` and `UMAP_2`, which have no unit.
    """

    counts: Floats
    x: Floats
    y: Floats


def density(rows: pd.DataFrame) -> MapDensity:
    """How many synapses lie where on the map.

    Args:
        rows: with the columns `UMAP_1` (x) and `UMAP_2` (y).
    """
    counts, x, y = np.histogram2d(rows["UMAP_1"], rows["UMAP_2"], bins=BINS)
    return MapDensity(smooth(counts.T), (x[:-1] + x[1:]) / 2, (y[:-1] + y[1:]) / 2)


def smooth(counts: Floats) -> Floats:
    """Binomial smoothing along both axes (y, x); it is 1.2 bins wide and loses what leaves."""
    kernel = np.array([1, 6, 15, 20, 15, 6, 1]) / 64
    for axis in (0, 1):
        counts = np.apply_along_axis(np.convolve, axis, counts, kernel, "same")
    return counts


def contrast(
    rows: pd.DataFrame, first: Rows, second: Rows, measures: Sequence[str]
) -> pd.DataFrame:
    """How far two sets of rows differ in each measure.

    Args:
        rows: n synapses, with the measures as columns.
        first: places in `rows` (m,), counted from 0.
        second: the places that they are compared with.
        measures: names of numeric columns.

    Returns:
        `measure, delta, delta_low, delta_high` (Cliff's delta with its 95 % interval, above 0
        where the first is higher) and `median` of the first, in the unit of the measure; one line
        a measure.
    """
    lines = []
    for name in measures:
        values = rows[name].to_numpy(float)
        effect = cliffs_delta(values[_even_part(first)], values[_even_part(second)])
        middle = float(np.nanmedian(values[first]))
        lines.append((name, effect.delta, effect.low, effect.high, middle))
    columns = ["measure", "delta", "delta_low", "delta_high", "median"]
    return pd.DataFrame(lines, columns=columns)


def _even_part(rows: Rows) -> Rows:
    return rows[:: -(-len(rows) // MOST_COMPARED)]
