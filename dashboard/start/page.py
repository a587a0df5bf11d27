"""The page of a subject: its workspaces, and the ways to a new one."""

from collections.abc import Mapping, Sequence
from typing import Any

from dash import html
from dash.development.base_component import Component

from dashboard.start import example, grid, new
from dashboard.start.grid import Filter
from dashboard.workspaces.workspace import TITLES

PLURALS: Mapping[str, str] = {"spikes": "recordings", "brainmap": "films", "synapses": "tables"}


def layout(subject: str, search: str = "", tag: str = "", of: str = "", **_: str) -> Component:
    """The page, as its address says: see `listing`."""
    return listing(subject, search, tag, of)


def listing(
    subject: str, search: str = "", tag: str = "", of: str = "", more: Sequence[Component] = ()
) -> Component:
    """The page.

    Args:
        subject: spikes, brainmap or synapses.
        search: words that are searched for.
        tag: that workspaces have.
        of: "mine" for those of the person, "hidden" for those that were put away.
        more: what stands below the area New.
    """
    looked_at = Filter(subject=subject, tag=tag, of=of)
    shown = grid.chosen(looked_at, search)
    is_new = grid.is_empty(subject)
    title = html.H1(TITLES[subject])
    finding: list[Any] = [] if is_new else [grid.search_field(search)]
    return html.Div(
        [
            html.Div(
                [title, grid.filters(f"/{subject}", looked_at), *finding], className="home-bar"
            ),
            html.Div(
                [
                    html.Div([new.area(subject), *more], className="stack"),
                    html.Div(
                        [
                            html.Div(grid.grid(shown, looked_at, search), id="home-grid"),
                            *([_teaching(subject)] if is_new else []),
                        ]
                    ),
                ],
                className="start",
            ),
            *grid.following(looked_at, shown),
        ],
        className="page home",
    )


def _teaching(subject: str) -> Component:
    """A picture of what will be there, and one press that makes it of the example."""
    shown = next(one for one in example.EXAMPLES if one.subject == subject)
    return html.Section(
        [
            example.picture(shown),
            html.Div(
                [
                    html.H2(f"Your {PLURALS[subject]} will be here"),
                    html.P(shown.text),
                    html.Div(example.button(shown), className="row"),
                ],
                className="workspace-text",
            ),
        ],
        className="workspace-card teaching",
    )
