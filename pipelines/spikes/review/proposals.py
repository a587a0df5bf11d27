"""What might be done with sorted units: merges, splits, outliers, each with evidence.

Proposals are for a person to take or leave; nothing is changed by them. Arrays in, proposals
out.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2

from pipelines.spikes.curation.parameters import ReviewParameters
from pipelines.spikes.curation.reviewed import Proposal
from pipelines.spikes.parameters import SpikesParameters
from pipelines.spikes.signal.spike_waveforms import UnitWaveforms
from pipelines.spikes.sorting import cluster
from pipelines.spikes.sorting.features import principal_components
from pipelines.spikes.units import metrics
from pipelines.spikes.units.clock import Clock

Floats = NDArray[np.float64]
Samples = NDArray[np.int64]
N_COMPONENTS = 5
LEAST_PART = 0.05
"""Of a unit's spikes; smaller parts are outliers rather than a unit."""
MOST_OUTLIERS = 0.2
"""Of a unit's spikes; more are no outliers but another shape."""
FEW_EXPECTED = 5
"""Common violations that two independent cells would give; with fewer, none says little."""


def pairs(
    trains: Mapping[int, Samples],
    alike: Floats,
    clock: Clock,
    parameters: ReviewParameters,
    twice: Collection[frozenset[int]] = (),
) -> Iterator[Proposal]:
    """Merges.

    Args:
        trains: spikes of every unit, in order of time, shape (spike,); in the order of `alike`.
        alike: from `units.waveforms.similarity`, shape (unit, unit).
        clock: of the sorting.
        parameters: how alike, how clean.
        twice: pairs that are one unit found twice: merged, it would have every spike twice.
    """
    units = list(trains)
    rows, columns = np.nonzero(np.triu(alike >= parameters.min_similarity, 1))
    for row, column in zip(rows.tolist(), columns.tolist(), strict=True):
        one, two = units[row], units[column]
        if {one, two} not in twice:
            a, b = trains[one], trains[two]
            yield from _merge(one, two, a, b, float(alike[row, column]), clock, parameters)


def _merge(
    one: int,
    two: int,
    a: Samples,
    b: Samples,
    alike: float,
    clock: Clock,
    parameters: ReviewParameters,
) -> Iterator[Proposal]:
    union = np.sort(np.concatenate([a, b]))
    contamination = metrics.rp_contamination(union, clock)
    if contamination > parameters.max_contamination:
        return
    window = clock.refractory_s - clock.censored_s
    expected = 2 * len(a) * len(b) * window / clock.duration_s
    found = sum(metrics.close_pairs(train, clock) * sign for train, sign in _signed(union, a, b))
    few = " Too few are expected for that to say much." if expected < FEW_EXPECTED else ""
    evidence = (
        f"Waveforms are alike (cosine {alike:.2f}). Spikes of one within the refractory period of "
        f"the other: {found}; two independent cells would give {expected:.0f}.{few}"
    )
    yield Proposal("merge", (one, two), evidence, round(alike, 4))


def _signed(union: Samples, a: Samples, b: Samples) -> tuple[tuple[Samples, int], ...]:
    return (union, 1), (a, -1), (b, -1)


def points_of(waves: UnitWaveforms) -> Floats:
    """Principal components of one unit's waveforms, in units of noise, shape (spike, component)."""
    return principal_components(waves.values / waves.noise, N_COMPONENTS)


def within(
    unit: int, waves: UnitWaveforms, points: Floats, parameters: ReviewParameters
) -> Iterator[Proposal]:
    """A split of a unit, or outliers of one that is not split.

    Args:
        unit: its number.
        waves: its spikes.
        points: from `points_of`, shape (spike, component).
        parameters: how to split, what is rare.
    """
    if len(points) < 4 * N_COMPONENTS:
        return
    labels = _parts(points, parameters)
    if labels.max() > 0:
        yield _split(unit, waves, points, labels)
        return
    far = outliers(points, parameters.outlier_p)
    if 0 < far.sum() <= MOST_OUTLIERS * len(points):
        evidence = (
            f"{int(far.sum())} of {len(points):,} spikes have waveforms so far from the unit's "
            f"centre as noise alone brings 1 spike in {1 / parameters.outlier_p:,.0f}."
        )
        places = tuple(waves.spikes[far].tolist())
        yield Proposal("outliers", (unit,), evidence, round(float(far.mean()), 4), (places,))


def _parts(points: Floats, parameters: ReviewParameters) -> NDArray[np.intp]:
    least = max(2 * N_COMPONENTS, round(LEAST_PART * len(points)))
    asked = SpikesParameters(clusterer=parameters.splitter, min_spikes=least, seed=parameters.seed)
    return cluster.find_clusters(points, asked)


def _split(unit: int, waves: UnitWaveforms, points: Floats, labels: NDArray[np.intp]) -> Proposal:
    """The largest part stays, with the spikes that are in no part."""
    parts = [np.flatnonzero(labels == number) for number in range(1, labels.max() + 1)]
    apart = [separation(points[labels == 0], points[part]) for part in parts]
    sizes = ", ".join(f"{len(part):,}" for part in parts)
    evidence = (
        f"The waveforms form {len(parts) + 1} clouds: {sizes} spikes beside "
        f"{len(points) - sum(map(len, parts)):,}; their centres are {min(apart):.1f} standard "
        "deviations apart or more."
    )
    places = tuple(tuple(waves.spikes[part].tolist()) for part in parts)
    return Proposal(
        "split", (unit,), evidence, round(float(min(apart) / (1 + min(apart))), 4), places
    )


def separation(one: Floats, two: Floats) -> float:
    """d': how many standard deviations two clouds of points are apart on their best line.

    Args:
        one: shape (spike, component).
        two: the same of the other cloud.
    """
    within_ = (np.cov(one.T) + np.cov(two.T)) / 2 + 1e-6 * np.eye(one.shape[1])
    gap = two.mean(axis=0) - one.mean(axis=0)
    return float(np.sqrt(gap @ np.linalg.solve(within_, gap)))


def outliers(points: Floats, p: float) -> NDArray[np.bool_]:
    """Points that a normal distribution would give with less than probability `p`.

    Centre and covariance are those of the nearest 95 in 100, so that outliers do not hide
    themselves.

    Args:
        points: shape (spike, component).
        p: probability under that distribution, below which a point is one.

    Returns:
        Shape (spike,).
    """
    distance = _squared_distance(points, points)
    distance = _squared_distance(points, points[distance <= np.quantile(distance, 0.95)])
    # Leaving out the far ones makes the covariance too small; the median puts it right.
    scale = np.median(distance) / chi2.median(points.shape[1])
    far: NDArray[np.bool_] = distance / scale > chi2.isf(p, points.shape[1])
    return far


def _squared_distance(points: Floats, core: Floats) -> Floats:
    covariance = np.cov(core.T) + 1e-9 * np.eye(points.shape[1])
    gap = points - core.mean(axis=0)
    found: Floats = np.einsum("nd,nd->n", gap, np.linalg.solve(covariance, gap.T).T)
    return found


def ordered(found: Sequence[Proposal]) -> list[Proposal]:
    """By kind, the strongest first."""
    kinds = ("duplicate", "merge", "split", "outliers")
    return sorted(found, key=lambda one: (kinds.index(one.kind), -one.score, one.units))
