"""Decisions of a person on which clusters are units, and the labels that they lead to."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pipelines.core.errors import TableError
from pipelines.spikes.labels.words import GOOD, MUA

TYPES: Mapping[str, str] = {"": "", "r": "regular spiking", "f": "fast spiking"}
LEFT_OVER = "Not in the sort file."

Labels = NDArray[np.intp]


@dataclass(frozen=True)
class Decision:
    """One row of a sort file.

    Attributes:
        row: its line in the file, for messages.
        group: number of the channel group.
        solution: number of mixture components; none for the automatic clusters.
        clusters: which are one unit together.
        parts: into how many units it is split; 1 for none.
        single: whether it is a single neuron.
        kind: r, f or empty.
        comment: free text.
    """

    row: int
    group: int
    solution: int | None
    clusters: tuple[int, ...]
    parts: int = 1
    single: bool = False
    kind: str = ""
    comment: str = ""


@dataclass(frozen=True)
class SortFileVerdict:
    """What a sort file says of one unit: its label, its type in words, and why."""

    label: str
    kind: str
    comment: str


@dataclass(frozen=True)
class GroupCuts:
    """How a group can be cut into clusters.

    Attributes:
        automatic: the labels that the sorter gives, -1 for none, shape (spike,).
        solution: labels of a mixture with that many components.
        split: labels 0, 1, ... for some of the spikes, given a mask and a number of parts.
    """

    automatic: Labels
    solution: Callable[[int], Labels]
    split: Callable[[NDArray[np.bool_], int], Labels]


def replay(
    decisions: Sequence[Decision], clustering: GroupCuts
) -> tuple[Labels, dict[int, SortFileVerdict]]:
    """Turn decisions on one group into labels.

    A spike belongs to the first row that names it. Automatic clusters, or what is left of them,
    that no row names remain as units with the label noise: nothing is deleted.

    Returns:
        Labels, shape (spike,), and what is said of each.

    Raises:
        TableError: a row names a cluster that is not there.
    """
    labels = np.full(len(clustering.automatic), -1, dtype=np.intp)
    verdicts: dict[int, SortFileVerdict] = {}
    for one in decisions:
        base = clustering.automatic if one.solution is None else clustering.solution(one.solution)
        free = _named(one, base) & (labels < 0)
        parts = clustering.split(free, one.parts) if one.parts > 1 else np.zeros(free.sum(), int)
        for part in np.unique(parts):
            number = len(verdicts)
            labels[np.flatnonzero(free)[parts == part]] = number
            verdicts[number] = _verdict(one)
    rest = np.where(labels < 0, clustering.automatic, -1)
    for cluster in np.unique(rest[rest >= 0]):
        labels[rest == cluster] = len(verdicts)
        verdicts[len(verdicts)] = SortFileVerdict("noise", "", LEFT_OVER)
    return labels, verdicts


def _verdict(one: Decision) -> SortFileVerdict:
    return SortFileVerdict(GOOD if one.single else MUA, TYPES[one.kind], one.comment)


def _named(one: Decision, base: Labels) -> NDArray[np.bool_]:
    missing = np.setdiff1d(one.clusters, base)
    if missing.size:
        there = ", ".join(map(str, np.unique(base[base >= 0]))) or "none"
        raise TableError(
            f"Row {one.row} of the sort file: channel {one.group} has no cluster {missing[0]}"
            f"{f' in solution {one.solution}' if one.solution else ''}; there are: {there}."
        )
    return np.isin(base, one.clusters)


def of_units(rows: Sequence[tuple[int, int, bool]], chosen: Mapping[int, int]) -> list[Decision]:
    """A sort file that leaves everything as it is.

    Args:
        rows: of every unit its group, its cluster, and whether it is single.
        chosen: number of components of groups whose solution was chosen.
    """
    return [
        replace(Decision(n, group, chosen.get(group), (cluster,)), single=single)
        for n, (group, cluster, single) in enumerate(rows, 2)
    ]
