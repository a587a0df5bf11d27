"""The sort file: a table by which a person says which clusters are units.

Columns as labs write them for blech_clust: `Chan` is the channel group (its number in
`groups.csv`; for single wires the wire), `Solution` a number of mixture components (empty: the
automatic clusters), `Cluster` one or several numbers, which are merged, `Split` a number of parts
or any mark for two, `single_unit` any mark, `Type` r or f, `Comments` free text.
"""

import csv
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NoReturn

import numpy as np
from numpy.typing import NDArray

from pipelines.errors import TableError

COLUMNS = ("Unit", "Chan", "Solution", "Cluster", "Split", "single_unit", "Type", "Comments")
NEEDED = ("Chan", "Cluster")
TYPES: Mapping[str, str] = {"": "", "r": "regular spiking", "f": "fast spiking"}
MOST_PARTS = 20
MOST_BYTES = 10_000_000
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
class Verdict:
    """What a sort file says of one unit: its label, its type in words, and why."""

    label: str
    kind: str
    comment: str


def read_sort_file(file: Path) -> list[Decision]:
    """Read a sort file.

    Raises:
        TableError: it is no such table, or a cell cannot be used; the row is named.
    """
    if file.stat().st_size > MOST_BYTES:
        raise TableError(f"{file} is larger than {MOST_BYTES // 10**6} MB: it is no sort file.")
    try:
        text = file.read_text(encoding="utf-8-sig")
        rows = list(csv.reader(text.splitlines(), strict=True))
    except (OSError, ValueError, csv.Error) as error:
        raise TableError(f"{file} cannot be read as CSV: {error}.") from None
    names = [name.strip() for name in rows[0]] if rows else []
    missing = [name for name in NEEDED if name not in names]
    if missing:
        raise TableError(
            f"{file} has no column {missing[0]}: a sort file has {', '.join(COLUMNS)}."
        )
    filled = [(n, row) for n, row in enumerate(rows[1:], 2) if any(cell.strip() for cell in row)]
    if not filled:
        raise TableError(f"{file} has no rows: write one for each unit.")
    found = [_decision(file, n, dict(zip(names, row, strict=False))) for n, row in filled]
    _refuse_twice(file, found)
    return found


def _decision(file: Path, row: int, cells: Mapping[str, str]) -> Decision:
    def cell(name: str) -> str:
        return cells.get(name, "").strip()

    def wrong(name: str, must: str) -> NoReturn:
        raise TableError(f"{file}, row {row}, {name}: {cell(name)!r} must be {must}.")

    clusters = tuple(dict.fromkeys(int(text) for text in re.findall(r"\d{1,6}", cell("Cluster"))))
    if not clusters or re.search(r"[^\d\s,;+&/|]", cell("Cluster")):
        wrong("Cluster", "one or several cluster numbers, such as 3 or 1+4")
    group, solution = _number(cell("Chan")), _number(cell("Solution"))
    if group is None:
        wrong("Chan", "the number of a channel group")
    if cell("Solution") and not solution:
        wrong("Solution", "a number of components, or empty")
    parts = _parts(cell("Split"))
    if not 1 <= parts <= MOST_PARTS:
        wrong("Split", f"empty, a mark, or 2 to {MOST_PARTS} parts")
    kind = cell("Type").lower()
    if kind not in TYPES:
        wrong("Type", "r, f or empty")
    single = bool(cell("single_unit"))
    return Decision(row, group, solution, clusters, parts, single, kind, cell("Comments"))


def _number(text: str) -> int | None:
    return int(text) if re.fullmatch(r"\d{1,6}", text) else None


def _parts(text: str) -> int:
    """How many parts a mark in `Split` asks for: a plain mark means two."""
    if not text:
        return 1
    number = _number(text)
    return 2 if number is None else max(number, 2)


def _refuse_twice(file: Path, decisions: Sequence[Decision]) -> None:
    seen: dict[tuple[int, int | None, int], int] = {}
    for one in decisions:
        for cluster in one.clusters:
            key = (one.group, one.solution, cluster)
            if key in seen:
                raise TableError(
                    f"{file}, row {one.row}: cluster {cluster} of channel {one.group} is in row "
                    f"{seen[key]} already; to merge, write all its clusters in one cell."
                )
            seen[key] = one.row


def write_sort_file(decisions: Sequence[Decision], file: Path) -> None:
    """Write a sort file that `read_sort_file` reads again."""
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(COLUMNS)
        for number, one in enumerate(decisions):
            writer.writerow(_cells(number, one))


def _cells(number: int, one: Decision) -> list[str]:
    return [
        str(number),
        str(one.group),
        "" if one.solution is None else str(one.solution),
        "+".join(map(str, one.clusters)),
        "" if one.parts == 1 else str(one.parts),
        "x" if one.single else "",
        one.kind,
        one.comment,
    ]


@dataclass(frozen=True)
class Clustering:
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
    decisions: Sequence[Decision], clustering: Clustering
) -> tuple[Labels, dict[int, Verdict]]:
    """Turn decisions on one group into labels.

    A spike belongs to the first row that names it. Automatic clusters, or what is left of them,
    that no row names remain as units with the label noise: nothing is deleted.

    Returns:
        Labels, shape (spike,), and what is said of each.

    Raises:
        TableError: a row names a cluster that is not there.
    """
    labels = np.full(len(clustering.automatic), -1, dtype=np.intp)
    verdicts: dict[int, Verdict] = {}
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
        verdicts[len(verdicts)] = Verdict("noise", "", LEFT_OVER)
    return labels, verdicts


def _verdict(one: Decision) -> Verdict:
    return Verdict("good" if one.single else "mua", TYPES[one.kind], one.comment)


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
