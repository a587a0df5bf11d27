"""What the tabs of a table's workspace share: the rows of a fit, and how they are spoken of."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from dashboard.jobs.store import Job, JobState
from dashboard.kit import results
from dashboard.kit.desk import View
from dashboard.synapses.rows import clusters, load
from dashboard.workspaces import workspaces
from pipelines.synapses.table.columns import SYNAPSES


def rows_of(job: Job) -> pd.DataFrame:
    """The clustered rows of a fit."""
    return clusters(results.folder(job.id))


def is_of_synapses(job: Job) -> bool:
    """Whether the table of a fit is one of synapses, and not another table of points."""
    return load(results.folder(job.id)).schema == SYNAPSES


def counted(count: int, word: str) -> str:
    """A number with its noun: 1 neuron, 6 neurons."""
    return f"{count:,} {word}" if count == 1 else f"{count:,} {word}s"


def newest(workspace: str, task: str) -> Job | None:
    """The newest finished job of a step in a workspace."""
    jobs = workspaces.jobs(workspace, task)
    return next((job for job in jobs if job.state is JobState.DONE), None)


def of_table(view: View) -> Mapping[str, str]:
    """The workspace's table, while nothing was run."""
    return {} if view.job else view.workspace.references


def one_of(given: Any, known: Mapping[str, Any]) -> str:
    """What an address gave, if it is one of the choices, else the first of them."""
    return str(given) if given in known else next(iter(known))
