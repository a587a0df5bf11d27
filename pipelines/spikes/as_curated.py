"""A sorting as it is after some steps of its curation, to be looked at like any other one."""

import json
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipelines.progress import Report
from pipelines.spikes.curated import each_once, read_state, write_units
from pipelines.spikes.curation_log import read_start
from pipelines.spikes.labels.words import UNLABELLED
from pipelines.spikes.proposals import Proposal
from pipelines.spikes.units.folder import read_finished

Places = NDArray[np.int64]


@dataclass(frozen=True)
class AsCurated:
    """Units after a curation, under the numbers that the curation gave them.

    Attributes:
        folder: of the units.
        places: of their spikes in the sorting that was curated, shape (spike,).
    """

    folder: Path
    places: Places

    def in_the_sorting(self, proposal: Proposal) -> Proposal:
        """A proposal that names spikes by their places in the sorting that was curated."""
        spikes = tuple(
            tuple(self.places[np.asarray(one, np.int64)].tolist()) for one in proposal.spikes
        )
        return replace(proposal, spikes=spikes)


def as_sorted(sorting: Path) -> AsCurated:
    """A sorting without any step."""
    start, _ = read_start(sorting)
    return AsCurated(sorting, np.arange(len(start.unit_id)))


def as_curated(sorting: Path, curation: Path, folder: Path, report: Report) -> AsCurated:
    """Write the units of a sorting after a curation into a folder.

    Raises:
        InputError: the sorting or the curation cannot be used.
    """
    found = read_finished(sorting)
    state, _ = each_once(found, read_state(sorting, curation))
    labels = dict.fromkeys(sorted(state.units), UNLABELLED)
    write_units(found, state, labels, {}, folder, report)
    record = {"results": dict(found.results), "inputs": [], "parameters": {}}
    (folder / "run.json").write_text(json.dumps(record), encoding="utf-8")
    return AsCurated(folder, np.flatnonzero(~state.removed))
