"""What the tabs of a table's workspace share: the rows of a fit, and how they are spoken of."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from dashboard.jobs.store import Job
from dashboard.kit import results
from dashboard.kit.desk import View
from dashboard.synapses.check import in_address
from dashboard.synapses.rows import clusters, load
from dashboard.workspaces import workspaces
from pipelines.core.errors import InputError
from pipelines.synapses.parameters import CheckParameters
from pipelines.synapses.table.columns import SYNAPSES

NUMBERS = {
    "n_clusters": ("Clusters", ""),
    "dbcv": ("DBCV", "how dense and apart the clusters are, from -1 to 1; without chance data it "
             "says little"),
    "seed_ari": ("ARI over seeds", "how alike the clusters of other seeds are; 1 is the same"),
    "subsample_ari": ("ARI over subsamples", "the same for parts of 80 %"),
    "groups_ari": ("ARI with the groups", "the clusters beside the groups between the gaps"),
    "gap": ("Widest gap", "dip along the line between two groups, times the root of their rows"),
    "null_p": ("p of the gap", "share of the sets of chance data with a gap as wide"),
    "n_surrogates": ("Sets of chance data", ""),
    "trustworthiness": ("Trustworthiness of the map", "whether neighbours on the map are "
                        "neighbours in the features; 1 is best"),
    "n_noise": ("In no cluster", ""),
}  # fmt: skip
"""What the evidence of a fit holds: a name for each figure, and what it says."""


def rows_of(job: Job) -> pd.DataFrame:
    """The clustered rows of a fit."""
    return clusters(results.folder(job.id))


def is_of_synapses(job: Job) -> bool:
    """Whether the table of a fit is one of synapses, and not another table of points."""
    return load(results.folder(job.id)).schema == SYNAPSES


def of_table(view: View) -> Mapping[str, str]:
    """The workspace's table, read and repaired as in its newest check, while nothing was run."""
    if view.job:
        return {}
    checked = workspaces.newest(view.workspace.id, "synapses check")
    said = CheckParameters.parse_stored(checked.parameters)[0].changed() if checked else {}
    read = {name: in_address(value) for name, value in said.items()}
    return {**view.workspace.references, **read}


def fit_of(job: Job) -> Job:
    """The clustering that a classifier was trained on.

    Raises:
        InputError: it was deleted, or the classifier was not trained here.
    """
    reference = next((item.reference for item in job.inputs if item.name == "fit"), "")
    kind, _, name = reference.partition(":")
    if kind != "job":
        raise InputError("The clustering that was learnt from is not here.")
    return results.job(name)


def said(value: Any) -> str:
    """A figure of the evidence as text."""
    return results.number(value) if isinstance(value, int | float) or value is None else str(value)
