"""Home: the workspaces of all three subjects, and an example of each."""

from collections.abc import Iterator

from dash import Dash, dcc, html
from dash.development.base_component import Component

from dashboard.home.jobs import job_table
from dashboard.server.services import services
from dashboard.start import example, grid
from dashboard.start.example import EXAMPLES, Showcase
from dashboard.start.grid import Filter, filter_link
from dashboard.workspaces.workspace import TITLES

PAGE = {"module": "home", "path": "/", "title": "Neuroboard"}
LEAD = "Cluster your lab's data in the browser. Nothing leaves this network."
NEW = (
    ("/spikes#new", "A recording: file or folder"),
    ("/brainmap#new", "Images: file or folder"),
    ("/synapses#new", "A table"),
    ("/models", "New rows for a stored model"),
    ("#examples", "An example"),
)


def layout(subject: str = "", search: str = "", tag: str = "", of: str = "", **_: str) -> Component:
    """The page.

    Args:
        subject: spikes, brainmap or synapses; all if empty.
        search: words that are searched for.
        tag: that workspaces have.
        of: "mine" for those of the person, "hidden" for those that were put away.
    """
    looked_at = Filter(subject=subject, tag=tag, of=of)
    shown = grid.chosen(looked_at, search)
    is_new = not shown and grid.is_empty()
    return html.Div(
        [
            _bar(looked_at, search, is_new),
            html.P(LEAD, className="lead") if is_new else None,
            html.Div(grid.grid(shown, looked_at, search), id="home-grid"),
            _examples(),
            *_recent(),
            *grid.following(looked_at, shown),
        ],
        className="page home first-time" if is_new else "page home",
    )


def _bar(looked_at: Filter, search: str, is_new: bool) -> Component:
    """The heading, and what is looked at; nothing of it where there is nothing yet."""
    heading = html.H1(["Neuroboard ", html.Span("workspaces")])
    if is_new:
        return html.Div(html.H1("Neuroboard"), className="home-bar")
    return html.Div(
        [
            heading,
            grid.filters("/", looked_at, list(_subjects(looked_at))),
            grid.search_field(search),
            html.Details(
                [
                    html.Summary("New"),
                    html.Ul([html.Li(_new(href, text)) for href, text in NEW]),
                ],
                className="menu",
            ),
        ],
        className="home-bar",
    )


def _new(href: str, text: str) -> Component:
    """A link to where something new begins, or to a part of this page."""
    return html.A(text, href=href) if href.startswith("#") else dcc.Link(text, href=href)


def _subjects(looked_at: Filter) -> Iterator[Component]:
    """Links to the workspaces of each subject, and to those of all."""
    for subject, text in {"": "All", **TITLES}.items():
        current = looked_at["subject"] == subject and not looked_at["of"]
        yield filter_link("/", text, current, subject=subject)


def _examples() -> Component:
    return html.Section(
        [
            html.H2("Examples", className="quiet-heading"),
            html.Ul([_example(one) for one in EXAMPLES], className="workspaces examples"),
        ],
        id="examples",
    )


def _example(shown: Showcase) -> Component:
    return html.Li(
        [
            example.picture(shown),
            html.Div(
                [
                    html.H3(dcc.Link(shown.title, href=shown.href)),
                    html.P(shown.text, className="example-text"),
                    html.Div(
                        [
                            example.button(shown),
                            dcc.Link("Use your own data", href=f"{shown.href}#new"),
                        ],
                        className="row",
                    ),
                ],
                className="workspace-text",
            ),
        ],
        className="workspace-card example",
    )


def _recent() -> list[Component]:
    recent = services().store.latest(limit=6)
    if not recent:
        return []
    more = html.P(dcc.Link("All jobs", href="/jobs"), className="hint")
    return [
        html.Details([html.Summary("Recent jobs"), job_table(recent), more], className="card fold")
    ]


def register(_app: Dash) -> None:
    """Nothing of its own: cards and examples are connected once for all pages."""
