"""All numbers of clusters that are tried, with their evidence and colours."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import get_args

import numpy as np
import pandas as pd

from pipelines.brainmap import choose_k, mixture
from pipelines.brainmap.active import ActiveVoxels
from pipelines.brainmap.colors import COLOR_BLIND, Coloring, Earlier, color_centroids
from pipelines.brainmap.kmeans import Clustering, Quality, quality
from pipelines.brainmap.parameters import BrainmapParameters, Palette
from pipelines.brainmap.series import Floats
from pipelines.progress import Report, part

PALETTES: tuple[Palette, ...] = get_args(Palette)
LEAST_TIMES_TO_HOLD_OUT = 4


@dataclass(frozen=True)
class Evidence:
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
class Sweep:
    """The maps of all numbers of clusters that were tried.

    Attributes:
        ks: ascending.
        groups: one clustering for each.
        fitness: how well each describes its voxels.
        evidence: further curves over K.
        place: of the chosen one in `ks`.
        reason: why it was chosen, in a sentence.
    """

    ks: tuple[int, ...]
    groups: Sequence[Clustering]
    fitness: Sequence[Quality]
    evidence: Evidence
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


def run_sweep(active: ActiveVoxels, parameters: BrainmapParameters, report: Report) -> Sweep:
    """Cluster the active voxels for each K and choose one.

    Raises:
        ParameterError: even the smallest K is too large for the voxels that are kept.
    """
    series, seed = active.series, parameters.seed
    ks = tuple(choose_k.usable(series, parameters.k, seed))
    if parameters.model == "gmm":
        mixtures = mixture.mixtures(series, ks, seed, part(report, 0, 0.9))
        groups = [found.clustering for found in mixtures]
        bic = np.array([found.bic for found in mixtures])
        evidence = Evidence(_unknown(ks), bic, _none_held_out(ks))
    else:
        groups = _kmeans(active, ks, parameters, part(report, 0, 0.4))
        evidence = _evidence(active, ks, seed, part(report, 0.4, 0.9))
    report(0.9, "Comparing voxels with their centroids")
    fitness = [quality(series, found) for found in groups]
    chosen, reason = _choice(ks, parameters, fitness, evidence)
    return Sweep(ks, groups, fitness, evidence, ks.index(chosen), reason)


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
        earlier = Earlier(sweep.groups[source].centroids, known.rgb) if known else None
        found[place] = color_centroids(centroids, seed, palette, earlier)
    return found


def offered(palette: Palette, k: int) -> bool:
    """Whether a palette has a colour for each of k clusters."""
    return palette != "colorblind" or k <= len(COLOR_BLIND)


def table(sweep: Sweep, colorings: dict[Palette, dict[int, Coloring]]) -> pd.DataFrame:
    """One row for each K with all its figures."""
    distance = np.array([found.error_distance for found in sweep.fitness])
    similarity = np.array([found.error_similarity for found in sweep.fitness])
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


def _kmeans(
    active: ActiveVoxels, ks: tuple[int, ...], parameters: BrainmapParameters, report: Report
) -> list[Clustering]:
    if len(ks) > 1 and parameters.method == "quick":
        return choose_k.sweep_quickly(active.series, ks, parameters.seed, report)
    return choose_k.sweep_exactly(active.series, ks, parameters.n_init, parameters.seed, report)


def _evidence(active: ActiveVoxels, ks: tuple[int, ...], seed: int, report: Report) -> Evidence:
    """The further curves; a single K has none, as there is nothing to choose."""
    if len(ks) == 1:
        return Evidence(_unknown(ks), _unknown(ks), _none_held_out(ks))
    stability = choose_k.stability(active.series, ks, seed, part(report, 0, 0.3))
    held_out = _none_held_out(ks)
    if active.series.shape[1] >= LEAST_TIMES_TO_HOLD_OUT:
        positions = np.stack(np.unravel_index(active.voxels, active.shape), axis=1)
        held_out = choose_k.held_out(active.series, positions, ks, seed, part(report, 0.3, 0.5))
    bic = mixture.information(active.series, ks, seed, part(report, 0.5, 1.0))
    return Evidence(stability, bic, held_out)


def _choice(
    ks: tuple[int, ...],
    parameters: BrainmapParameters,
    fitness: Sequence[Quality],
    evidence: Evidence,
) -> tuple[int, str]:
    dropped = len(parameters.k) - len(ks)
    spare = f" {dropped} larger K left out: there are too few different series." if dropped else ""
    if len(ks) == 1:
        return ks[0], f"{ks[0]} clusters were asked for.{spare}"
    if parameters.model == "gmm":
        chosen = choose_k.lowest(ks, evidence.bic)
        tried = ", ".join(map(str, ks))
        return chosen, f"Of {tried}, {chosen} gives the lowest information criterion.{spare}"
    errors = np.array([found.error_distance for found in fitness])
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
