"""Faults planted into a sorting whose true cells are known: cells cut in two, and two made one."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from pipelines.spikes.curation.log import Curation, Log, read_start
from pipelines.spikes.curation.steps import CurationState, CurationStep
from pipelines.spikes.units.agreement import agreement
from pipelines.spikes.units.folder import SortingFolder, read_finished
from pipelines.spikes.units.sorting import FinishedSorting, Spikes
from pipelines.spikes.units.waveforms import similarity

WELL_FOUND = 0.8
"""Accuracy of a unit from which on a fault is planted in it."""
NEAR_UM = 60.0
"""Between the largest channels of two units that are made one."""
BURST_S = 0.012
LEAST_IN_BURSTS = 0.15
Places = NDArray[np.int64]
Cut = Callable[[Places, NDArray[np.float32], np.random.Generator], NDArray[np.bool_]]


@dataclass(frozen=True)
class Fault:
    """A fault: what it is, and the units that it left."""

    kind: str
    made: tuple[int, ...]


def accuracy(truth: Spikes, sample_index: Places, unit_id: NDArray[np.int32], rate: float) -> float:
    """Mean over true cells of the common spikes over all of both, each unit matched once."""
    found = agreement(truth, Spikes(sample_index, unit_id), rate)
    rows, columns = linear_sum_assignment(-found.share)
    return float(found.share[rows, columns].sum() / len(found.one))


def plant(folder: Path, truth: Spikes, log: Path, seed: int) -> tuple[CurationState, list[Fault]]:
    """Make half of the well found units one with a neighbour, and cut the others in two.

    Args:
        folder: of the sorting.
        truth: the true spikes.
        log: where the curation that plants them is written.
        seed: of the choice.
    """
    sorting, rng = read_finished(folder), np.random.default_rng(seed)
    start, digest = read_start(folder)
    log.unlink(missing_ok=True)
    kept = Curation(Log(log, digest), start)
    faults, state, left = [], start, _well_found(sorting, truth)
    for pair in _neighbours(sorting, left, rng):
        state = kept.take(CurationStep("merge", "planted", pair))
        faults.append(Fault("over-merge", state.done[-1].made))
        left = [unit for unit in left if unit not in pair]
    for number, unit in enumerate(rng.permutation(left).tolist()):
        kind, places = _cut(sorting, unit, seed + number, rng)
        step = CurationStep("split", "planted", (unit,), spikes=(tuple(places.tolist()),))
        state = kept.take(step)
        faults.append(Fault(f"cut {kind}", state.done[-1].made))
    return state, faults


def _well_found(sorting: FinishedSorting, truth: Spikes) -> list[int]:
    spikes = Spikes(sorting.sample_index, sorting.unit_id)
    found = agreement(truth, spikes, sorting.sampling_frequency)
    return [int(unit) for unit in found.two[found.share.max(axis=0) >= WELL_FOUND]]


def _neighbours(
    sorting: FinishedSorting, units: list[int], rng: np.random.Generator
) -> Iterator[tuple[int, int]]:
    """Pairs of near units, mostly those that are most alike, until half of the units is used."""
    alike = similarity(sorting.mean)
    heights = np.nan_to_num(np.abs(sorting.mean).max(axis=1))
    row = {unit: sorting.row_of(unit) for unit in units}
    place = {unit: sorting.locations_um[heights[row[unit]].argmax()] for unit in units}
    found = [
        (alike[row[one], row[two]] + rng.normal(0, 0.1), one, two)
        for one in units for two in units
        if one < two and np.linalg.norm(place[one] - place[two]) <= NEAR_UM
    ]  # fmt: skip
    used: set[int] = set()
    for _, one, two in sorted(found, reverse=True):
        if len(used) < len(units) // 2 and not used & {one, two}:
            used |= {one, two}
            yield one, two


def _cut(
    sorting: FinishedSorting, unit: int, number: int, rng: np.random.Generator
) -> tuple[str, Places]:
    """Spikes of a unit that become another one, and how they were chosen."""
    places = np.flatnonzero(sorting.unit_id == unit)
    seconds = sorting.sample_index[places] / sorting.sampling_frequency
    heights = np.abs(SortingFolder(sorting.folder).spikes.heights[places])
    kind = list(CUTS)[number % len(CUTS)]
    chosen = CUTS[kind](seconds, heights, rng)
    if not LEAST_IN_BURSTS < chosen.mean() < 1 - LEAST_IN_BURSTS:  # a cell without bursts
        kind = "at random"
        chosen = CUTS[kind](seconds, heights, rng)
    return kind, places[chosen]


CUTS: Mapping[str, Cut] = {
    "at random": lambda s, _h, rng: rng.random(len(s)) < rng.uniform(0.3, 0.5),
    "by height": lambda _s, h, rng: h < np.quantile(h, rng.uniform(0.3, 0.5)),
    "in time": lambda s, _h, rng: s < np.quantile(s, rng.uniform(0.3, 0.6)),
    "in bursts": lambda s, _h, _rng: np.diff(s, prepend=-1.0) < BURST_S,
}
"""How a cell is cut; the spikes of a burst behind its first are the last."""
