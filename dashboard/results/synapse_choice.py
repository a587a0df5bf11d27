"""Which synapses are chosen: kept on the page as an outline or a name, looked up here.

A lasso around half a million points is a few hundred bytes as an outline and many megabytes
as a list of points, and each figure that follows the choice would send it back.
"""

import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from dashboard.results import common, synapse_sets
from dashboard.results.synapse_rows import clusters, inside

Choice = Mapping[str, Any]
"""`source` (map, histogram or set) and `outline`, `measure` with `span`, or `name`."""
Rows = npt.NDArray[np.int64]


def chosen_rows(job_id: str, choice: Choice | None) -> Rows | None:
    """The chosen rows of a fit, ascending; None for all."""
    if not choice:
        return None
    if choice["source"] == "set":
        return named_rows(job_id, str(choice["name"]))
    return _looked_up(common.folder(job_id), json.dumps(choice, sort_keys=True))


def named_rows(job_id: str, name: str) -> Rows | None:
    """The rows of `cluster:NUMBER` or `set:NAME`; None for all."""
    kind, _, rest = name.partition(":")
    if kind == "cluster":
        labels = clusters(common.folder(job_id))["cluster"].to_numpy()
        return np.flatnonzero(labels == int(rest))
    members = synapse_sets.load(job_id).get(rest) if kind == "set" else None
    return None if members is None else np.array(members, dtype=np.int64)


@lru_cache(maxsize=8)
def _looked_up(folder: Path, choice: str) -> Rows | None:
    rows, wanted = clusters(folder), json.loads(choice)
    if wanted["source"] == "histogram":
        if wanted["span"] is None:
            return None
        values = rows[wanted["measure"]].to_numpy(float)
        low, high = wanted["span"]
        return np.flatnonzero((values >= low) & (values <= high))
    return inside(rows, wanted["outline"])
