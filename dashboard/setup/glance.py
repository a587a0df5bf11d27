"""A chosen file shows itself: its quick step is run by itself, before anything is asked for.

A tab names that step as its `glance`: the look at a recording or a film, the check of a table. It
is begun once for a workspace, when that is opened with nothing run; a file that does not say enough
to be read is asked about on the tab, and read again with the answer.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html
from dash.development.base_component import Component

from dashboard.jobs.store import Job, references_of
from dashboard.kit import forms, panel
from dashboard.kit.bench import Bench
from dashboard.kit.desk import Subject, Tab, View
from dashboard.server import people
from dashboard.server.people import Role
from dashboard.server.services import services
from dashboard.server.submission import submit
from dashboard.workspaces import cards
from dashboard.workspaces.workspace import Workspace
from pipelines.core.errors import NeuroboardError
from pipelines.core.provenance import size
from pipelines.steps import STEPS

LEAVE = "You can leave this page: it goes on, and the workspace's card on Home says how far it is."
QUICK_BYTES = 1_000_000_000
"""A look reads the whole file: a larger one takes longer than those who wait for quick work."""


def begin(
    subject: Subject, tab: Tab, workspace: Workspace, jobs: Sequence[Job], *, is_asked: bool
) -> bool:
    """Begin the quick step of a workspace that has none, if the person may work.

    Two pages that are opened at once ask for the same job, of which there is one.

    Args:
        subject: whose workspace it is.
        tab: that is opened; only one with a glance begins one by itself.
        workspace: that is opened.
        jobs: all of it.
        is_asked: whether the address asks for the set-up: then it is begun from any tab.

    Returns:
        Whether a job was begun.
    """
    task = tab.glance or (subject.glance if is_asked else "")
    known = any(job.task == task for job in jobs)
    if not task or known or jobs_of(tab, jobs) or people.current().role < Role.WORK:
        return False
    try:
        read(workspace, task, {})
    except NeuroboardError:  # the file is gone, the disk full: the tab says how to begin by hand
        return False
    return True


def jobs_of(tab: Tab, jobs: Sequence[Job]) -> list[Job]:
    """The jobs that a tab shows, where it shows a file by itself."""
    return [job for job in jobs if tab.glance and job.task in tab.tasks]


def read(workspace: Workspace, task: str, values: Mapping[str, Any]) -> str:
    """Run a quick step on a workspace's file; the job's id.

    Raises:
        NeuroboardError: a value cannot be used, the file is not there, or the person may not.
    """
    step = STEPS[task]
    names = {*step.needed, *step.optional}
    references = {name: one for name, one in workspace.references.items() if name in names}
    parameters = step.parameters.parse(values).model_dump(mode="json")
    root = Path(workspace.root.path)
    quick = not root.exists() or size(root) <= QUICK_BYTES  # an example is made by its job
    return submit(task, references, parameters, workspace=workspace.id, quick=quick)


def empty(tab: Tab, view: View, asked: Job | None) -> Component:
    """What a tab shows before its first result: what is missing, how far it is, or what will be.

    Args:
        tab: that is empty.
        view: of what.
        asked: the run that is under way or ended badly, if there is one.
    """
    if asked is not None and asked.task == tab.glance and asked.state.is_over:
        parts = [unread(view.workspace, asked), *(_seen(asked) if tab.glimpse else [])]
        return html.Div(parts, className="desk-empty with-glimpse")
    return _to_come(tab, view, asked)


def _to_come(tab: Tab, view: View, asked: Job | None) -> Component:
    """What will be there, and how to get it: how far the first run is, or buttons that start it."""
    source = cards.placeholder(view.workspace.subject)
    kind = "to-come pixels" if source.endswith(".png") else "to-come"
    picture = html.Div(html.Img(src=source, alt="", className=kind), className="workspace-picture")
    is_under_way = asked is not None and not asked.state.is_over
    parts = [
        *([html.Div(panel.progress(asked), className="desk-waiting")] if asked else []),
        *([html.P(LEAVE, className="hint")] if is_under_way else []),
        html.P(tab.empty, className="empty"),
        html.Div([] if is_under_way else tab.begin(view), className="row"),
    ]
    card = html.Section(
        [picture, html.Div(parts, className="stack")], className="workspace-card first-run"
    )
    if tab.glimpse is None or asked is None or asked.task != tab.glance:
        return html.Div(card, className="desk-empty")
    return html.Div([card, *_seen(asked)], className="desk-empty with-glimpse")


def at_once(tab: Tab, workspace: Workspace, job: Job) -> Component | None:
    """What is shown of a file while it is read; nothing where that cannot be, as the step says."""
    if tab.glimpse is None or job.task != tab.glance:
        return None
    try:
        return tab.glimpse(workspace, job)
    except NeuroboardError:
        return None


def asking(bench: Bench) -> Bench:
    """The form of a quick step as it stands on a tab, beside that in the drawer."""
    return replace(bench, slug=f"{bench.slug}-again")


def unread(workspace: Workspace, failed: Job) -> Component:
    """Why a file cannot be read, the fields that its sentence asks for, and all others folded."""
    bench = asking(services().pages[failed.task])
    model, references = bench.step.parameters, references_of(failed.inputs)
    asked = forms.asked_for(model, failed.error)
    others = [
        name for name in model.model_fields if forms.is_set_here(model, name) and name not in asked
    ]
    stores = [
        dcc.Store(id=bench.source_id("reference", one), data=references.get(one.name, ""))
        for one in bench.sources
    ]
    hint = "Say it here and read the file again." if asked else ""
    return html.Div(
        [
            html.H2(f"{workspace.root.label} is not understood yet"),
            html.P(panel.sentence(failed), className="error", role="alert"),
            html.P(hint, className="hint"),
            *stores,
            *fields(bench, failed, asked),
            *_button(failed),
            html.Details(
                [
                    html.Summary("Everything that can be said of it"),
                    html.Div(fields(bench, failed, others), className="stack"),
                ],
                className="fold",
            ),
        ],
        className="card introduction unread",
    )


def _seen(job: Job) -> list[Component]:
    """A place for what is seen of a file at once.

    It is filled by a request of its own, for the page does not wait for the file.
    """
    return [dcc.Store(id="glimpse-asked", data=job.id), html.Div(id="glimpse")]


def otherwise(job: Job, *names: str) -> Component:
    """Fields by which a file that was read can be read otherwise, with their button."""
    bench = asking(services().pages[job.task])
    return html.Div([*fields(bench, job, names), *_button(job)], className="stack otherwise")


def fields(bench: Bench, job: Job, names: Sequence[str]) -> list[Component]:
    """Fields of some parameters, filled with what a job was given."""
    model = bench.step.parameters
    return [forms.field(model, bench.slug, name, job.parameters, is_short=True) for name in names]


def _button(job: Job) -> list[Component]:
    if people.current().role < Role.WORK:
        return []
    identity = {"type": "glance-read", "job": job.id}
    return [
        html.Div(id="glance-error", role="alert", className="error"),
        html.Div(dmc.Button("Read again", id=identity, size="xs"), className="row"),
    ]


def stamp(job: Job) -> str:
    """What a page has seen of a job."""
    return f"{job.id} {job.state}"


def again(
    workspace: Workspace,
    failed: Job,
    ids: Sequence[Mapping[str, str]],
    values: Sequence[Any],
) -> str:
    """Read a file once more with what was said of it; the job's id.

    Raises:
        NeuroboardError: a value cannot be used, or the person may not run jobs.
    """
    bench = asking(services().pages[failed.task])
    own = [i for i, one in enumerate(ids) if one["bench"] == bench.slug]
    given = forms.read_values(
        bench.step.parameters, [ids[i] for i in own], [values[i] for i in own]
    )
    return read(workspace, failed.task, {**failed.parameters, **given})
