"""What the tabs of a table's workspace share: the rows of a fit, and how they are spoken of."""

from collections.abc import Mapping

import pandas as pd

from dashboard.jobs.store import Job
from dashboard.kit import results
from dashboard.kit.desk import View
from dashboard.synapses.rows import clusters, load
from pipelines.core.errors import InputError
from pipelines.synapses.table.columns import SYNAPSES


def rows_of(job: Job) -> pd.DataFrame:
    """The clustered rows of a fit."""
    return clusters(results.folder(job.id))


def is_of_synapses(job: Job) -> bool:
    """Whether the table of a fit is one of synapses, and not another table of points."""
    return load(results.folder(job.id)).schema == SYNAPSES


def of_table(view: View) -> Mapping[str, str]:
    """The workspace's table, while nothing was run."""
    return {} if view.job else view.workspace.references


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
