"""What references the forms offer, which is all that the server takes, whatever is posted."""

from collections.abc import Mapping

from dashboard.jobs.store import Job, Store
from pipelines.core.errors import InputError
from pipelines.steps import STEPS

FILES = frozenset({"upload", "data", "example"})
RESULTS = frozenset({"job"})
OFFERED: Mapping[str, frozenset[str]] = {
    "brainmap images": FILES | RESULTS,
    "brainmap signal": frozenset({"upload", "data"}),
    "brainmap map": RESULTS,
    "brainmap earlier": RESULTS,
    "synapses table": FILES,
    "synapses labels": frozenset({"upload", "data"}),
    "synapses fit": RESULTS,
    "synapses bundle": RESULTS | {"model"},
    "spikes recording": frozenset({"data", "example"}),
    "spikes probe": frozenset({"upload"}),
    "spikes sort_file": frozenset({"upload"}),
    "spikes earlier": RESULTS,
    "spikes units": RESULTS,
    "spikes sorting": RESULTS,
    "spikes foreign_sorting": frozenset({"data"}),
    "spikes bundle": RESULTS | {"model"},
    "spikes labels": RESULTS,
    "spikes curated": RESULTS,
    "spikes curation": frozenset({"curation"}),
    "spikes table": RESULTS | {"upload"},
    "spikes runs": RESULTS,
    "brainmap runs": RESULTS,
    "synapses runs": RESULTS,
}
"""What kinds of references the forms offer for an input, by the task's first word and its name.

A model or a sorting comes from a job, or from the registry, which only its owner fills: what lies
below a data root or was uploaded may have been made to do harm to whoever reads it as one."""


def require_offered(task: str, name: str, reference: str, store: Store) -> None:
    """Check that a form could have sent a reference, whatever was posted.

    Args:
        task: that is to be run.
        name: of its input.
        reference: as `dashboard.server.inputs` has them.
        store: where earlier jobs are.

    Raises:
        InputError: its form offers no such kind, or a result that is something else.
    """
    kind, _, rest = reference.partition(":")
    area = task.split()[0]
    offered = OFFERED.get(f"{area} {name}", frozenset())
    if reference and kind not in offered:
        ways = ", ".join(sorted(offered)) or "nothing"
        raise InputError(f"The {name} of {task} cannot be {kind}: it can be {ways}.")
    job = store.get(rest) if kind == "job" else None
    if job is not None and not _suits(job.task, task, name):
        raise InputError(f"Job {rest} is of {job.task}, whose result cannot be the {name} here.")


def _suits(maker: str, task: str, name: str) -> bool:
    """Whether what a step leaves is what another one takes as its input of that name."""
    wanted = STEPS[task].input(name)
    of_one_pipeline = STEPS[maker].group == STEPS[task].group
    return wanted is not None and of_one_pipeline and STEPS[maker].leaves in wanted.kinds


def require_job(job: Job, store: Store) -> None:
    """Check so all inputs of a job that is to run again: it may have been posted long ago.

    Raises:
        InputError: as above.
    """
    for item in job.inputs:
        require_offered(job.task, item.name.partition(" ")[0], item.reference, store)
