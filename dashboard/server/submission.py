"""From references and parameters to a job in the queue."""

from collections.abc import Iterator, Mapping
from typing import Any

from dashboard.jobs.code_version import code_version
from dashboard.server import inputs, offered
from dashboard.server.services import services
from pipelines.steps import STEPS


def submit(
    task: str,
    references: Mapping[str, str],
    parameters: Mapping[str, Any],
    *,
    workspace: str = "",
    quick: bool = False,
) -> str:
    """Queue a job, or find its stored result, and return its id.

    Args:
        task: the step.
        references: its inputs, by name.
        parameters: checked, as JSON has them.
        workspace: in which it is asked for; it has the job besides those that the job belongs to.
        quick: whether it takes seconds here, though the step may take long elsewhere.

    Raises:
        InputError: an input is missing, or is of a kind that no form offers for it; or that
            workspace is not here any more.
    """
    found = services()
    named = list(_named(task, references))
    for name, reference in named:
        offered.require_offered(task, name.partition(" ")[0], reference, found.store)
    return found.store.submit(
        task,
        parameters,
        [inputs.resolve(name, reference, found.settings, found.store) for name, reference in named],
        version=code_version(),
        quick=quick or STEPS[task].quick,
        workspace=workspace,
    )


def _named(task: str, references: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The task's inputs with their references; of those that may be many, each under its name."""
    step = STEPS[task]
    for name in (*step.needed, *step.optional):
        given = references.get(name, "")
        several = given.split() if step.many and name == step.main else [given]
        for number, reference in enumerate(several or [""], 1):
            if reference or name in step.needed:
                yield (f"{name} {number}" if number > 1 else name), reference
