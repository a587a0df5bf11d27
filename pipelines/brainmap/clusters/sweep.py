"""All numbers of clusters that are tried, with their evidence and colours."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.brainmap.clusterers import CLUSTERERS
from pipelines.brainmap.clusters import choose_k, mixture
from pipelines.brainmap.clusters.kmeans import Clustering, inverse, quality
from pipelines.brainmap.clusters.lloyd import Means, describe
from pipelines.brainmap.colors.palette import COLOR_BLIND, Coloring, EarlierColors, color_centroids
from pipelines.brainmap.engines.engine import Engine
from pipelines.brainmap.map.folder import ByK
from pipelines.brainmap.parameters import BrainmapParameters, Palette
from pipelines.brainmap.voxels.active import ActiveVoxels
from pipelines.brainmap.voxels.series import Floats
from pipelines.brainmap.voxels.stored import AnySeries
from pipelines.core.location import imported
from pipelines.core.progress import Report, part

PALETTES: tuple[Palette, ...] = get_args(Palette)
LEAST_TIMES_TO_HOLD_OUT = 4


@dataclass(frozen=True)
class EvidencePerK:
    """What speaks for each K, NaN where it was not measured; attributes are (k,).

    Attributes:
        stability: mean adjusted Rand index over seeds.
        bic: Bayesian information criterion of a Gaussian mixture.
        held_out: errors on held-out time points and voxels.
    """

    stability: Floats
    bic: Floats
    held_out: choose_k.HeldOut


@dataclass(frozen=True)
class Groups:
    """The clusters of one K and how well they describe their voxels.

    Attributes:
        centroids: mean series of each group (cluster, time).
        sizes: voxels per group (cluster,).
        inertia: sum of squared distances of the voxels to their centroids.
        error_distance: sum of those distances.
        error_similarity: 1 / sum of the correlations with the centroids.
    """

    centroids: Floats
    sizes: NDArray[np.int64]
    inertia: float
    error_distance: float
    error_similarity: float


@dataclass(frozen=True)
class Sweep:
    """All numbers of clusters that were tried; the groups of the voxels lie in files.

    Attributes:
        ks: ascending.
        groups: for each K.
        evidence: further curves over K.
        place: of the chosen one in `ks`.
        reason: why it was chosen, in a sentence.
    """

    ks: tuple[int, ...]
    groups: Sequence[Groups]
    evidence: EvidencePerK
    place: int
    reason: str

    @property
    def k(self) -> int:
        """The chosen number of clusters."""
        return self.ks[self.place]

    @property
    def crossing(self) -> tuple[int, int] | None:
        """Between which Ks the curves of training and test error cross."""
        held_out = self.evidence.held_out
        return choose_k.crossing(self.ks, held_out.train, held_out.test)


def run_sweep(
    active: ActiveVoxels,
    parameters: BrainmapParameters,
    folder: Path,
    engine: Engine,
    report: Report,
) -> Sweep:
    """Cluster the active voxels for each K and choose one.

    Args:
        active: what is clustered.
        parameters: the numbers of clusters, and how they are found.
        folder: gets `labels_by_k.npy` and `similarity_by_k.npy` (k, kept voxel).
        engine: where the passes over all voxels are made.
        report: told what happens.

    Raises:
        ParameterError: even the smallest K is too large for the voxels that are kept.
    """
    series, seed, row = active.series, parameters.seed, CLUSTERERS[parameters.model]
    ks = tuple(choose_k.usable(series, parameters.k, seed))
    with ByK(folder, len(ks), len(series)) as by_k:
        stage = report if row.own_criterion else part(report, 0, 0.5)
        groups, criterion = _groups(series, ks, parameters, engine, by_k, stage)
    if row.own_criterion:
        evidence = EvidencePerK(_unknown(ks), criterion, _none_held_out(ks))
    else:
        evidence = _evidence(active, ks, seed, part(report, 0.5, 1))
    chosen, reason = _choice(ks, parameters, groups, evidence)
    return Sweep(ks, groups, evidence, ks.index(chosen), reason)


def _groups(
    series: AnySeries,
    ks: tuple[int, ...],
    parameters: BrainmapParameters,
    engine: Engine,
    by_k: ByK,
    report: Report,
) -> tuple[list[Groups], Floats]:
    """The groups of each K, and what their clusterer says of it (k,), nan where it says nothing."""
    row = CLUSTERERS[parameters.model]
    if row.quickly and len(ks) > 1 and parameters.method == "quick":
        means = imported(row.quickly)(series, ks, parameters.seed, part(report, 0, 0.8), engine)
        return _described(series, means, engine, by_k, report), _unknown(ks)
    criterion: list[float] = []
    clusterings = row.clusterings(series, ks, parameters, engine, report)
    groups = _one_by_one(series, _noting(clusterings, criterion), by_k, engine)
    return groups, np.array(criterion)


def _described(
    series: AnySeries, means: Sequence[Means], engine: Engine, by_k: ByK, report: Report
) -> list[Groups]:
    """What the voxels are to the means of each K, which is written down."""
    sums = np.zeros((len(means), 3))
    for rows, found in engine.each(describe, series, means):
        done = f"{rows.start:,} of {len(series):,} voxels"
        report(0.8 + 0.2 * rows.start / len(series), f"Compared {done} with their centroids")
        for place, described in enumerate(found):
            by_k.write(place, rows, described.labels, described.similarity)
            sums[place] += described.sums
    return [
        Groups(item.centroids, item.sizes, float(square), float(distance), inverse(float(alike)))
        for item, (square, distance, alike) in zip(means, sums, strict=True)
    ]


def _noting(
    found: Iterable[tuple[Clustering, float]], criterion: list[float]
) -> Iterator[Clustering]:
    for clustering, said in found:
        criterion.append(said)
        yield clustering


def _one_by_one(
    series: AnySeries, clusterings: Iterable[Clustering], by_k: ByK, engine: Engine
) -> list[Groups]:
    groups = []
    for place, found in enumerate(clusterings):
        fit = quality(series, found, engine)
        by_k.write(place, slice(0, len(series)), found.labels, fit.similarity)
        errors = fit.error_distance, fit.error_similarity
        groups.append(Groups(found.centroids, found.sizes, found.inertia, *errors))
    return groups


def color_all(sweep: Sweep, seed: int, palette: Palette, report: Report) -> dict[int, Coloring]:
    """Colours for every K that the palette has enough for, by place.

    The chosen K is coloured freely, or the one nearest to it. Each other K starts from the
    colours of its neighbour's most similar clusters, so that a map keeps its look when K changes.
    """
    places = [place for place, k in enumerate(sweep.ks) if offered(palette, k)]
    found: dict[int, Coloring] = {}
    for done, (source, place) in enumerate(_outwards(places, sweep.place)):
        centroids = sweep.groups[place].centroids
        report(done / len(places), f"Choosing {len(centroids)} colours ({palette})")
        known = found.get(source)
        earlier = EarlierColors(sweep.groups[source].centroids, known.rgb) if known else None
        found[place] = color_centroids(centroids, seed, palette, earlier)
    return found


def offered(palette: Palette, k: int) -> bool:
    """Whether a palette has a colour for each of k clusters."""
    return palette != "colorblind" or k <= len(COLOR_BLIND)


def table(sweep: Sweep, colorings: dict[Palette, dict[int, Coloring]]) -> pd.DataFrame:
    """One row for each K with all its figures, in the order of `sweep.ks`.

    Args:
        sweep: what was tried.
        colorings: for each palette the colours by place of the K in `sweep.ks`.

    Returns:
        `k` and a column for each figure; `error_distance` is in the unit of the series, `inertia`
        in that unit squared.
    """
    distance = np.array([found.error_distance for found in sweep.groups])
    similarity = np.array([found.error_similarity for found in sweep.groups])
    held_out = sweep.evidence.held_out
    columns = {
        "k": sweep.ks,
        "inertia": [found.inertia for found in sweep.groups],
        "error_distance": distance,
        "error_similarity": similarity,
        "train_error": held_out.train,
        "test_error": held_out.test,
        "stability_ari": sweep.evidence.stability,
        "bic": sweep.evidence.bic,
        "error_distance_normalized": choose_k.normalized(distance),
        "error_similarity_normalized": choose_k.normalized(similarity),
        "train_error_normalized": choose_k.normalized(held_out.train),
        "test_error_normalized": choose_k.normalized(held_out.test),
        "crossvalidated_error": held_out.crossvalidated,
    }
    for palette in ("similarity", "notebook"):
        colors = [colorings[palette][place] for place in range(len(sweep.ks))]
        columns[f"{palette}_color_correlation"] = [found.correlation for found in colors]
        columns[f"{palette}_color_min_delta_e"] = [found.min_delta_e for found in colors]
    return pd.DataFrame(columns)


def _evidence(active: ActiveVoxels, ks: tuple[int, ...], seed: int, report: Report) -> EvidencePerK:
    """The further curves; a single K has none, as there is nothing to choose."""
    if len(ks) == 1:
        return EvidencePerK(_unknown(ks), _unknown(ks), _none_held_out(ks))
    rows = choose_k.evidence_rows(len(active.voxels), seed)
    series = active.series[rows]
    stability = choose_k.stability(series, ks, seed, part(report, 0, 0.3))
    held_out = _none_held_out(ks)
    if series.shape[1] >= LEAST_TIMES_TO_HOLD_OUT:
        positions = np.stack(np.unravel_index(active.voxels[rows], active.shape), axis=1)
        held_out = choose_k.held_out(series, positions, ks, seed, part(report, 0.3, 0.5))
    bic = mixture.information(active.series, ks, seed, part(report, 0.5, 1.0))
    return EvidencePerK(stability, bic, held_out)


def _choice(
    ks: tuple[int, ...],
    parameters: BrainmapParameters,
    groups: Sequence[Groups],
    evidence: EvidencePerK,
) -> tuple[int, str]:
    dropped = len(parameters.k) - len(ks)
    spare = f" {dropped} larger K left out: there are too few different series." if dropped else ""
    if len(ks) == 1:
        return ks[0], f"{ks[0]} clusters were asked for.{spare}"
    if CLUSTERERS[parameters.model].own_criterion:
        chosen = choose_k.lowest(ks, evidence.bic)
        tried = ", ".join(map(str, ks))
        return chosen, f"Of {tried}, {chosen} gives the lowest information criterion.{spare}"
    errors = np.array([found.error_distance for found in groups])
    chosen, reason = choose_k.suggest(ks, errors, evidence.bic)
    return chosen, reason + spare


def _outwards(places: Sequence[int], middle: int) -> Iterator[tuple[int, int]]:
    """Steps (from, to) that reach all places, the one nearest the middle first, from itself."""
    if not places:
        return
    start = min(places, key=lambda place: abs(place - middle))
    yield start, start
    yield from ((place - 1, place) for place in places if place > start)
    yield from ((place + 1, place) for place in reversed(places) if place < start)


def _unknown(ks: tuple[int, ...]) -> Floats:
    return np.full(len(ks), np.nan)


def _none_held_out(ks: tuple[int, ...]) -> choose_k.HeldOut:
    return choose_k.HeldOut(_unknown(ks), _unknown(ks), _unknown(ks))
