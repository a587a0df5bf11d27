"""What might be done with sorted units: merges and splits, each with evidence.

Proposals are for a person to take or leave; nothing is changed by them. One is made only when
more speaks for it than against it (`one_cell`). Single spikes are not proposed to be taken out:
those that lie far from their unit's centre are nearly all its own, with another cell's over them.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from pipelines.spikes.curation.parameters import ReviewParameters
from pipelines.spikes.curation.reviewed import Proposal
from pipelines.spikes.parameters import SpikesParameters
from pipelines.spikes.review.joint_clouds import MOST_SPIKES, N_COMPONENTS
from pipelines.spikes.review.one_cell import PairEvidence, lags, side_by_side
from pipelines.spikes.signal.spike_waveforms import UnitWaveforms
from pipelines.spikes.sorting import cluster
from pipelines.spikes.sorting.features import principal_components
from pipelines.spikes.sorting.unimodal import pair_dip
from pipelines.spikes.units import metrics
from pipelines.spikes.units.clock import Clock

Floats = NDArray[np.float64]
Samples = NDArray[np.int64]
Clouds = Callable[[int, int], tuple[Floats, Floats]]
LEAST_PART = 0.05
"""Of a unit's spikes; a smaller part is no unit."""
LEAST_POINTS = 2 * N_COMPONENTS
"""Of a cloud that a dip is looked for beside."""
HOPELESS = -6.0
"""Odds from which on waveforms need not be read to see that two units are two cells."""
CLEARLY_NEARER = 9.0
"""Squared standard deviations: three."""
LEAST_SIDE_BY_SIDE = 0.3
"""Parts of a unit that share less of their time may be one cell that moves."""


# -- merges


def pairs(
    trains: Mapping[int, Samples],
    alike: Floats,
    clock: Clock,
    parameters: ReviewParameters,
    twice: Collection[frozenset[int]] = (),
    clouds: Clouds | None = None,
    named: Mapping[frozenset[int], str] | None = None,
    apart_um: Floats | None = None,
) -> Iterator[Proposal]:
    """Merges.

    Args:
        trains: spikes of every unit, in order of time, shape (spike,); in the order of `alike`.
        alike: from `units.waveforms.similarity`, shape (unit, unit).
        clock: of the sorting.
        parameters: how alike, how clean.
        twice: pairs that are one unit found twice: merged, it would have every spike twice.
        clouds: gives the spikes of two units in one feature space; none without a recording.
        named: pairs to look at whether they are alike or not, and who names them.
        apart_um: distance of their largest channels, shape (unit, unit).
    """
    units, named = list(trains), named or {}
    for row, column in combinations(range(len(units)), 2):
        pair = (units[row], units[column])
        by = named.get(frozenset(pair), "")
        if frozenset(pair) in twice or not (by or alike[row, column] >= parameters.min_similarity):
            continue
        found = _evidence(pair, trains, clock, parameters, clouds)
        if found.merge:
            cosine = f"Mean waveforms have a cosine of {alike[row, column]:.2f}"
            far = "" if apart_um is None else f", peaks {apart_um[row, column]:.0f} µm apart"
            words = f"{by} {cosine}{far}. {found.in_words} {_union(pair, trains, clock)}"
            yield Proposal("merge", pair, words.strip(), round(found.one_cell, 4))


def _evidence(
    pair: tuple[int, int],
    trains: Mapping[int, Samples],
    clock: Clock,
    parameters: ReviewParameters,
    clouds: Clouds | None,
) -> PairEvidence:
    found = lags(trains[pair[0]], trains[pair[1]], clock)
    evidence = PairEvidence(found, parameters.max_contamination)
    if clouds is None or evidence.odds < HOPELESS:
        return evidence
    one, two = clouds(*pair)
    if min(len(one), len(two)) < LEAST_POINTS:
        return evidence
    return PairEvidence(found, parameters.max_contamination, pair_dip(one, two))


def _union(pair: tuple[int, int], trains: Mapping[int, Samples], clock: Clock) -> str:
    union = np.sort(np.concatenate([trains[unit] for unit in pair]))
    before = [metrics.rp_contamination(trains[unit], clock) for unit in pair]
    after = metrics.rp_contamination(union, clock)
    return (
        f"Refractory violations speak for {after:.0%} of foreign spikes in the union, for "
        f"{before[0]:.0%} and {before[1]:.0%} before."
    )


# -- splits


def points_of(waves: UnitWaveforms) -> Floats:
    """Principal components of one unit's waveforms, in units of noise, shape (spike, component)."""
    return principal_components(waves.values / waves.noise, N_COMPONENTS)


def within(
    unit: int,
    samples: Samples,
    waves: UnitWaveforms,
    points: Floats,
    clock: Clock,
    parameters: ReviewParameters,
    alone: NDArray[np.bool_] | None = None,
) -> Iterator[Proposal]:
    """A split of a unit.

    Args:
        unit: its number.
        samples: of its spikes in order of time, shape (spike,).
        waves: its spikes.
        points: from `points_of`, shape (spike, component).
        clock: of the sorting.
        parameters: how to split, how clean.
        alone: whether no other unit's spike lies over each, shape (spike,); all if not given.
    """
    if len(points) < 4 * N_COMPONENTS:
        return
    if alone is None or alone.sum() < len(points) / 2:
        alone = np.ones(len(points), bool)
    labels = np.full(len(points), -1, dtype=np.intp)
    labels[alone] = np.maximum(_parts(points[alone], parameters), 0)
    labels, weakest = _told_apart(labels, samples, points, clock, parameters)
    if weakest is not None:
        yield _split(unit, waves, _nearest(points, labels), weakest)


def _parts(points: Floats, parameters: ReviewParameters) -> NDArray[np.intp]:
    least = max(LEAST_POINTS, round(LEAST_PART * len(points)))
    asked = SpikesParameters(clusterer=parameters.splitter, min_spikes=least, seed=parameters.seed)
    return cluster.find_clusters(points, asked)


def _told_apart(
    labels: NDArray[np.intp],
    samples: Samples,
    points: Floats,
    clock: Clock,
    parameters: ReviewParameters,
) -> tuple[NDArray[np.intp], PairEvidence | None]:
    """Join parts, the most likely one cell first, until any two are two cells.

    Returns:
        Labels, -1 where they were -1, and what the two parts show that are least clearly two.
    """
    while True:
        found = {
            (a, b): _of_parts(labels == a, labels == b, samples, points, clock, parameters)
            for a, b in combinations(np.unique(labels[labels >= 0]).tolist(), 2)
        }
        if not found:
            return labels, None
        (one, two), nearest = max(found.items(), key=lambda item: item[1].odds)
        if nearest.split:
            return labels, nearest
        labels = np.where(labels == two, one, labels)


def _of_parts(
    one: NDArray[np.bool_],
    two: NDArray[np.bool_],
    samples: Samples,
    points: Floats,
    clock: Clock,
    parameters: ReviewParameters,
) -> PairEvidence:
    a, b = samples[one], samples[two]
    together = side_by_side(a, b, clock) >= LEAST_SIDE_BY_SIDE
    dip = pair_dip(_evenly(points[one]), _evenly(points[two])) if together else 0.0
    return PairEvidence(lags(a, b, clock), parameters.max_contamination, dip)


def _evenly(points: Floats) -> Floats:
    """As many points as of a unit that is compared with another: the dip grows with them."""
    return points[:: max(1, -(-len(points) // MOST_SPIKES))]


def _nearest(points: Floats, labels: NDArray[np.intp]) -> NDArray[np.intp]:
    """Labels from 0, the largest part first.

    Spikes under another unit's have none yet. They go with the nearest centre, but stay in the
    largest part unless another one is clearly nearer.
    """
    names, counts = np.unique(labels[labels >= 0], return_counts=True)
    names = names[np.argsort(-counts, kind="stable")]
    parts = [points[labels == name] for name in names]
    within_ = np.mean([np.cov(part.T) for part in parts], axis=0) + 1e-6 * np.eye(points.shape[1])
    unlike = points[:, None] - np.stack([part.mean(axis=0) for part in parts])[None]
    gaps = np.einsum("npc,cd,npd->np", unlike, np.linalg.inv(within_), unlike)
    gaps[:, 1:] += CLEARLY_NEARER
    known = np.argmax(labels[:, None] == names[None], axis=1)
    return np.asarray(np.where(labels < 0, gaps.argmin(axis=1), known), np.intp)


def _split(
    unit: int, waves: UnitWaveforms, labels: NDArray[np.intp], weakest: PairEvidence
) -> Proposal:
    """The largest part stays."""
    parts = [np.flatnonzero(labels == number) for number in range(labels.max() + 1)]
    sizes = " and ".join(f"{len(part):,}" for part in parts)
    words = f"The waveforms form {len(parts)} clouds of {sizes} spikes. {weakest.in_words}"
    places = tuple(tuple(waves.spikes[part].tolist()) for part in parts[1:])
    return Proposal("split", (unit,), words, round(1 - weakest.one_cell, 4), places)


def separation(one: Floats, two: Floats) -> float:
    """d': how many standard deviations two clouds of points are apart on their best line.

    Args:
        one: shape (spike, component).
        two: the same of the other cloud.
    """
    within_ = (np.cov(one.T) + np.cov(two.T)) / 2 + 1e-6 * np.eye(one.shape[1])
    gap = two.mean(axis=0) - one.mean(axis=0)
    return float(np.sqrt(gap @ np.linalg.solve(within_, gap)))


def ordered(found: Sequence[Proposal]) -> list[Proposal]:
    """By kind, the strongest first."""
    kinds = ("duplicate", "merge", "split")
    return sorted(found, key=lambda one: (kinds.index(one.kind), -one.score, one.units))
