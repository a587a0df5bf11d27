"""Workspaces as cards: picture, name, what it says, where it leads."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import dash
import dash_mantine_components as dmc
from dash import dcc, html
from dash.development.base_component import Component

from dashboard.jobs.store import Job, JobState
from dashboard.kit import panel
from dashboard.kit.aria import aria
from dashboard.server import scripts
from dashboard.server.services import edit_link
from dashboard.workspaces import answers, pictures
from dashboard.workspaces.workspace import TITLES, Workspace

PLACEHOLDERS: Mapping[str, tuple[str, str]] = {
    "spikes": ("pictures/spikes.svg", "The waveforms of its best units will be here"),
    "brainmap": ("pictures/brainmap.png", "Its map will be here"),
    "synapses": ("pictures/synapses.svg", "Its clusters will be here"),
}
"""What is shown, faintly, where there is no result yet, and what that teaches."""
SHOWN: Mapping[str, str] = {
    "spikes": "Waveforms of its units",
    "brainmap": "A plane of it",
    "synapses": "Its rows on a map",
}
"""What the picture of a result is, for those who do not see it."""


def placeholder(subject: str) -> str:
    """Where the picture of a subject lies, made of its example."""
    return f"/{scripts.assets_path()}/{PLACEHOLDERS[subject][0]}"


def card(workspace: Workspace, jobs: Sequence[Job]) -> Component:
    """One workspace as an item of a list.

    Args:
        workspace: which.
        jobs: its own, the newest first.
    """
    edit = {"type": "workspace-edit", "workspace": workspace.id}
    return html.Li(
        [
            html.Div(_picture(workspace, jobs), className="workspace-picture"),
            html.Div(
                [
                    html.H2(dcc.Link(workspace.name, href=address(workspace, jobs))),
                    html.P(
                        says(jobs),
                        id={"type": "workspace-says", "workspace": workspace.id},
                        className="workspace-says",
                    ),
                    html.P(_about(workspace), className="hint"),
                    *_tags(workspace),
                ],
                className="workspace-text",
            ),
            dmc.Button(
                "Edit",
                id=edit,
                variant="subtle",
                size="compact-sm",
                className="workspace-edit",
                **aria(label=f"Edit {workspace.name}"),
            ),
        ],
        className="workspace-card",
    )


def says(jobs: Sequence[Job]) -> list[Any]:
    """What a workspace with these jobs, the newest first, says in one line."""
    state, text = answers.state(jobs)
    if state in (None, JobState.DONE):
        return [text]
    return [panel.badge(state), " ", html.Span(text, title=text)]


def address(workspace: Workspace, jobs: Sequence[Job]) -> str:
    """Where a card leads: to the workspace's page, or that of its newest job, or a filled form."""
    known = (str(page.get("path_template") or "") for page in dash.page_registry.values())
    if any(path.startswith(f"/{workspace.subject}/<") for path in known):
        return workspace.address
    if jobs:
        return edit_link(jobs[0].task, jobs[0].id)
    return f"/{workspace.subject}?{urlencode(workspace.references)}"


def look(workspace: Workspace, jobs: Sequence[Job]) -> list[Any]:
    """What tells one card from another, but for what it says."""
    pictured = pictures.of(jobs)
    picture = pictures.address(pictured) if pictured else ""
    kept = [workspace.id, workspace.name, *workspace.tags, workspace.owner]
    return [*kept, picture, address(workspace, jobs)]


def _picture(workspace: Workspace, jobs: Sequence[Job]) -> list[Component]:
    pictured = pictures.of(jobs)
    if pictured is not None:
        source = pictures.address(pictured)
        kind = "pixels" if pictures.PICTURES[pictured.task].suffix == ".png" else "lines"
        return [_image(source, SHOWN[workspace.subject], kind)]
    _, teaches = PLACEHOLDERS[workspace.subject]
    image = _image(placeholder(workspace.subject), "", "to-come")
    return [image, html.Span(teaches, className="workspace-teaches")]


def _image(source: str, alt: str, kind: str) -> Component:
    image: Component = html.Img(src=source, alt=alt, className=kind)
    return image


def _about(workspace: Workspace) -> str:
    day = datetime.fromtimestamp(workspace.changed).strftime("%Y-%m-%d")
    parts = (TITLES[workspace.subject], day, workspace.owner)
    return " · ".join(part for part in parts if part)


def _tags(workspace: Workspace) -> list[Component]:
    links = [
        dcc.Link(tag, href=f"/?{urlencode({'tag': tag})}", className="tag")
        for tag in workspace.tags
    ]
    return [html.Div(links, className="row tags")] if links else []
