"""The folder of a review: the only reader and writer of what `spikes review` adds to labels.

    queue.csv       a row per unit, the most doubtful first: labels, `disagree`, `probability`
    similar.csv     the units most like each unit: `unit_id, other, cosine`
    proposals.json  what might be done, each a `Proposal`; those of earlier versions, which took
                    harm for good, are counted and not read
    features.npz    reviewed spikes in feature space, where the recording could be read: `Points`

Needs no heavy library: the web process opens reviews, and of them only what it shows.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.core.errors import InputError
from pipelines.core.result_files import opened_arrays
from pipelines.files.reading import reading
from pipelines.spikes.curation.steps import CurationStep
from pipelines.spikes.labels.words import NOISE
from pipelines.spikes.units.unit_tables import read_table, write_table

QUEUE, SIMILAR, PROPOSALS, FEATURES = (
    "queue.csv", "similar.csv", "proposals.json", "features.npz",
)  # fmt: skip
ADVICE = "give what `spikes review` made, or review again"
Kind = Literal["merge", "duplicate", "split"]
NO_REMOVALS = (
    "Single spikes are not proposed to be taken out any more: of 5,110 that looked like outliers "
    "on three simulated recordings 5,085 were the unit's own, under another cell's."
)
WEIGHED = "weighed"
"""Marks a merge or split for which more spoke than against it; before, none was weighed."""


@dataclass(frozen=True)
class Proposal:
    """Something that a curator may want to do.

    Attributes:
        kind: what.
        units: whom it concerns; of a duplicate, the weaker one first.
        evidence: why, in a sentence.
        score: between 0 and 1, the strongest first.
        spikes: of a split the parts that leave; places in the sorting.
    """

    kind: Kind
    units: tuple[int, ...]
    evidence: str
    score: float
    spikes: tuple[tuple[int, ...], ...] = ()

    def to_json(self) -> dict[str, Any]:
        """For `proposals.json`."""
        return {**vars(self), WEIGHED: True}

    def step(self, author: str) -> CurationStep:
        """What taking it does, in somebody's name."""
        if self.kind == "merge":
            return CurationStep("merge", author, self.units, reason=self.evidence)
        if self.kind == "duplicate":
            return CurationStep("label", author, self.units[:1], NOISE, reason=self.evidence)
        return CurationStep("split", author, self.units, spikes=self.spikes, reason=self.evidence)


@dataclass(frozen=True)
class Points:
    """Reviewed spikes in feature space.

    Attributes:
        spikes: their places in the sorting, shape (spike,).
        unit_id: the unit that each had when it was reviewed, shape (spike,); each unit has
            components of its own.
        values: on the first two of them, in units of noise, shape (spike, 2).
    """

    spikes: NDArray[np.int64]
    unit_id: NDArray[np.int32]
    values: NDArray[np.float32]

    def of(self, chosen: NDArray[np.bool_] | NDArray[np.int64]) -> "Points":
        """Some of them: places (m,), or whether each is one, shape (spike,)."""
        return Points(self.spikes[chosen], self.unit_id[chosen], self.values[chosen])

    def among(self, spikes: NDArray[np.int64], total: int) -> "Points":
        """Those that are among some spikes (spike,) of a sorting that has `total` in all."""
        there = np.zeros(total, bool)
        there[spikes] = True
        return self.of(there[self.spikes])


class ReviewFolder:
    """The folder of a review; each part is read when it is first asked for, and kept then.

    Attributes:
        path: where it lies.
    """

    def __init__(self, path: Path) -> None:
        """A folder to read from or write into; nothing is opened yet."""
        self.path = path

    @cached_property
    def queue(self) -> pd.DataFrame:
        """A row per unit, in the order in which they are worth a look; see `review.queue_of`.

        Raises:
            InputError: it is not there or damaged.
        """
        return self._table(QUEUE)

    @cached_property
    def similar(self) -> pd.DataFrame:
        """The units most like each: `unit_id, other, cosine`, the largest over small shifts.

        Raises:
            InputError: it is not there or damaged.
        """
        return self._table(SIMILAR)

    @property
    def proposals(self) -> tuple[Proposal, ...]:
        """What might be done.

        Raises:
            InputError: they are not there or damaged.
        """
        return self._proposals[0]

    @property
    def n_unweighed(self) -> int:
        """Proposals of an earlier version, which are not among `proposals`.

        Raises:
            InputError: they are not there or damaged.
        """
        return self._proposals[1]

    @cached_property
    def _proposals(self) -> tuple[tuple[Proposal, ...], int]:
        file = self.path / PROPOSALS
        with reading(file, InputError, ADVICE, "list of proposals"):
            stored = json.loads(file.read_text(encoding="utf-8"))
            weighed = [one for one in stored if one.get(WEIGHED) or one.get("kind") == "duplicate"]
            return tuple(map(_proposal, weighed)), len(stored) - len(weighed)

    @cached_property
    def points(self) -> Points | None:
        """All reviewed spikes; none if the recording could not be read.

        Raises:
            InputError: they are damaged.
        """
        file = self.path / FEATURES
        if not file.is_file():
            return None
        with opened_arrays(file, InputError, ADVICE) as stored:
            return Points(stored["spike"], stored["unit_id"], stored["points"])

    def _table(self, name: str) -> pd.DataFrame:
        file = self.path / name
        with reading(file, InputError, ADVICE, "table of a review"):
            return read_table(file)

    def write_queue(self, queue: pd.DataFrame) -> None:
        """Write what `queue` reads, a row per unit."""
        write_table(queue, self.path / QUEUE)

    def write_similar(self, similar: pd.DataFrame) -> None:
        """Write what `similar` reads, a row per pair."""
        write_table(similar, self.path / SIMILAR)

    def write_proposals(self, proposals: Iterable[Proposal]) -> None:
        """Write what `proposals` reads."""
        text = json.dumps([one.to_json() for one in proposals])
        (self.path / PROPOSALS).write_text(text, encoding="utf-8")

    def write_points(self, points: Points) -> None:
        """Write what `points` reads."""
        np.savez_compressed(
            self.path / FEATURES,
            spike=points.spikes,
            unit_id=points.unit_id,
            points=points.values,
        )


def _proposal(values: Mapping[str, Any]) -> Proposal:
    """A proposal as it was written.

    Raises:
        Exception: of any kind: it is none.
    """
    if values["kind"] not in get_args(Kind):
        raise ValueError(f"{values['kind']!r} is no kind of proposal")
    return Proposal(
        kind=values["kind"],
        units=tuple(map(int, values["units"])),
        evidence=str(values["evidence"]),
        score=float(values.get("score", 0)),
        spikes=tuple(tuple(map(int, part)) for part in values["spikes"]),
    )
