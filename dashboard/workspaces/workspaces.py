"""Workspaces as pages use them; here it is decided who may do what.

    from dashboard.workspaces import workspaces

    workspaces.get(id)                       one Workspace, or None
    workspaces.of(job_id)                    the workspaces that a job belongs to
    workspaces.all(subject, search, tag)     those that are shown, the latest first
    workspaces.jobs(id, *tasks)              its jobs, the newest first
    workspaces.newest(id, *tasks)            the newest of them that is done
    workspaces.create(subject, name, references)    for a file that was chosen, with no job yet
    workspaces.rename(id, name) / note(id, text) / tag(id, tags), or edit(id, ...) for several
    workspaces.hide(id) / show(id) / delete(id)

A `Workspace` has `root` (its recording, film or table), `references` (what a form of it starts
with) and `address` (its page). Jobs join workspaces by themselves when they are submitted; a page
of a workspace passes `workspace=id` to `submission.submit`, so that it has what it asks for.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from dashboard.home import usage
from dashboard.jobs.store import Job, JobInput, JobState
from dashboard.server import inputs, offered, people
from dashboard.server.people import Role
from dashboard.server.services import services
from dashboard.workspaces.store import Workspaces
from dashboard.workspaces.workspace import (
    ROOTS,
    Workspace,
    clean_name,
    clean_notes,
    clean_tags,
)
from pipelines.core.errors import InputError

OPENED_BY: Mapping[str, str] = {
    "spikes": "spikes sort",
    "brainmap": "brainmap fit",
    "synapses": "synapses fit",
}
"""The step of each subject whose inputs a workspace may begin with."""


def get(workspace: str) -> Workspace | None:
    """The workspace of that id, if there is one; also one that is hidden."""
    return _kept().get(workspace)


def of(job_id: str) -> list[Workspace]:
    """The workspaces that a job belongs to, the oldest first."""
    return _kept().of(job_id)


def all(  # noqa: A001  always written as `workspaces.all`
    subject: str = "", search: str = "", tag: str = "", *, hidden: bool = False
) -> list[Workspace]:
    """Workspaces, that to which something happened last first.

    Args:
        subject: spikes, brainmap or synapses; all of them if empty.
        search: words that all stand in its name, notes, tags, owner or file.
        tag: that it has.
        hidden: those that were put away instead of those that are shown.
    """
    return [
        one
        for one in _kept().all()
        if one.hidden is hidden
        and subject in ("", one.subject)
        and one.says(search)
        and (not tag or one.has_tag(tag))
    ]


def jobs(workspace: str, *tasks: str) -> list[Job]:
    """The jobs of a workspace, of some steps or of all, the newest first."""
    return services().store.of_workspace(workspace, *tasks)


def newest(workspace: str, *tasks: str) -> Job | None:
    """The newest finished job of a workspace, of one of some steps."""
    return next((job for job in jobs(workspace, *tasks) if job.state is JobState.DONE), None)


def create(subject: str, name: str, references: Mapping[str, str]) -> Workspace:
    """Make the workspace of a file that was chosen, or find the one that it has.

    Args:
        subject: spikes, brainmap or synapses.
        name: as people shall call it; empty for that of its file. One that is there keeps its.
        references: the recording, images or table and what was chosen with it, such as a probe,
            by the name of the input.

    Raises:
        InputError: nothing is chosen, or nothing that a form offers.
        NotAllowedError: the person may only look.
        ParameterError: the name cannot be used.
    """
    person = people.require(Role.WORK)
    if subject not in ROOTS:
        raise InputError(f"There are no workspaces of {subject}: choose {', '.join(ROOTS)}.")
    called = clean_name(name) if name else ""
    found = _resolved(subject, references)
    kind, _, job_id = found[0].reference.partition(":")
    if kind == "job" and (there := of(job_id)):
        return there[0]
    return _kept().create(subject, called, found, person.name)


def rename(workspace: str, name: str) -> Workspace:
    """Call it otherwise; errors as of `edit`."""
    return edit(workspace, name=name)


def note(workspace: str, text: str) -> Workspace:
    """Replace its notes; errors as of `edit`."""
    return edit(workspace, notes=text)


def tag(workspace: str, tags: Sequence[str]) -> Workspace:
    """Replace its tags; errors as of `edit`."""
    return edit(workspace, tags=tags)


def edit(
    workspace: str,
    *,
    name: str | None = None,
    notes: str | None = None,
    tags: Sequence[str] | None = None,
) -> Workspace:
    """Write what is given on a workspace, all of it or nothing.

    Raises:
        InputError: it is not here any more.
        NotAllowedError: the person may only look.
        ParameterError: a text cannot be used.
    """
    people.require(Role.WORK)
    values: dict[str, Any] = {}
    if name is not None:
        values["name"] = clean_name(name)
    if notes is not None:
        values["notes"] = clean_notes(notes)
    if tags is not None:
        values["tags"] = clean_tags(tags)
    return _kept().change(workspace, **values)


def hide(workspace: str) -> None:
    """Put it away: nothing is deleted, and it is shown again when somebody works in it.

    Raises:
        InputError: it is not here any more.
        NotAllowedError: the person may only look.
    """
    people.require(Role.WORK)
    _kept().change(workspace, hidden=True)


def show(workspace: str) -> None:
    """Take it out again; errors as of `hide`."""
    people.require(Role.WORK)
    _kept().change(workspace, hidden=False)


def delete(workspace: str) -> int:
    """Delete it with the jobs that belong to no other; how many bytes that freed.

    Raises:
        InputError: a job of it runs or waits, or one of another workspace was made from one of it.
        NotAllowedError: the person does not own the server.
    """
    people.require(Role.OWN)
    found = services()
    mine = found.store.of_workspace(workspace)
    if any(not job.state.is_over for job in mine):
        raise InputError("A job of this workspace runs or waits: cancel it first.")
    alone = {job.id for job in mine if len(of(job.id)) == 1}
    freed = usage.delete_jobs(alone, found.store, found.settings)
    _kept().delete(workspace)
    return freed


def _kept() -> Workspaces:
    return Workspaces(services().store.file)


def _resolved(subject: str, references: Mapping[str, str]) -> list[JobInput]:
    """What was chosen, the recording, film or table first."""
    found, task = services(), OPENED_BY[subject]
    names = dict.fromkeys([ROOTS[subject], *(name for name, one in references.items() if one)])
    for name in names:
        offered.require_offered(task, name, references.get(name, ""), found.store)
    return [
        inputs.resolve(name, references.get(name, ""), found.settings, found.store)
        for name in names
    ]
