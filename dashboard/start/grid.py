"""Workspaces as a grid of cards that is filtered, searched, and follows what happens."""

import json
from collections.abc import Iterator, Sequence
from typing import Annotated, Any
from urllib.parse import urlencode

import dash_mantine_components as dmc
from dash import ALL, ClientsideFunction, Dash, Input, Output, dcc, html, no_update
from dash import State as StateOf
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate
from pydantic import Field
from typing_extensions import TypedDict  # pydantic asks for this one before Python 3.12

from dashboard.home import edit
from dashboard.jobs.store import Job
from dashboard.kit.aria import aria
from dashboard.server import people, pressed
from dashboard.server.services import services
from dashboard.workspaces import cards, workspaces
from dashboard.workspaces.store import Workspaces
from dashboard.workspaces.workspace import Workspace

TICK_MS = 3000
MOST_SHOWN = 120
MINE, HIDDEN = "mine", "hidden"


class Filter(TypedDict):
    """Which workspaces are looked at, beside the words that are searched for."""

    subject: str
    tag: str
    of: str


class CardId(TypedDict):
    """Which card says something."""

    type: str
    workspace: str


def chosen(looked_at: Filter, search: str) -> list[Workspace]:
    """The workspaces that are looked at, the latest first."""
    hidden = looked_at["of"] == HIDDEN
    found = workspaces.all(looked_at["subject"], search, looked_at["tag"], hidden=hidden)
    if looked_at["of"] == MINE:
        found = [one for one in found if one.owner == people.current().name]
    return found[:MOST_SHOWN]


def is_empty(subject: str = "") -> bool:
    """Whether there is no workspace at all, of a subject or of any; also none that was put away."""
    return not workspaces.all(subject) and not workspaces.all(subject, hidden=True)


def following(looked_at: Filter, shown: Sequence[Workspace]) -> list[Component]:
    """What the page needs for its cards to be followed and edited."""
    return [
        dcc.Interval(id="home-tick", interval=TICK_MS),
        dcc.Store(id="home-filter", data=dict(looked_at)),
        dcc.Store(id="home-stamp", data=stamp()),
        dcc.Store(id="home-look", data=look(shown)),
        dcc.Store(id="home-edited"),
        html.Div(id="home-address", hidden=True),
        *edit.dialog(),
    ]


def filters(path: str, looked_at: Filter, first: Sequence[Component] = ()) -> Component:
    """Links to what else can be looked at, and the tag that is, to be taken away.

    Args:
        path: of the page.
        looked_at: now.
        first: links before them.
    """
    links = [*first, *_others(path, looked_at)]
    return html.Nav(links, className="filters", **aria(label="Which"))


def _others(path: str, looked_at: Filter) -> Iterator[Component]:
    subject = "" if path == "/" else looked_at["subject"]
    if people.current().name:
        yield filter_link(path, "Mine", looked_at["of"] == MINE, of=MINE)
    if looked_at["of"] == HIDDEN or workspaces.all(subject, hidden=True):
        yield filter_link(path, "Put away", looked_at["of"] == HIDDEN, of=HIDDEN)
    if looked_at["tag"]:
        words = f"{looked_at['tag']} ×"
        yield dcc.Link(words, href=path, className="tag", title="All tags")


def filter_link(path: str, text: str, current: bool, **words: str) -> Component:
    """A link to what can be looked at, marked where it is."""
    query = urlencode({name: value for name, value in words.items() if value})
    link = dcc.Link(text, href=f"{path}?{query}" if query else path, className="filter")
    return html.Span(link, className="current", **aria(current="true")) if current else link


def search_field(search: str) -> Component:
    """Where words are searched for."""
    field: Component = dmc.TextInput(
        id="home-search",
        value=search,
        debounce=250,
        placeholder="Search names, notes, tags, files",
        className="home-search",
        **aria(label="Search workspaces"),
    )
    return field


def grid(shown: Sequence[Workspace], looked_at: Filter, search: str) -> list[Component]:
    """The cards, or what to do when there is none."""
    if not shown:
        if is_empty(looked_at["subject"]) and not search:
            return []
        back = dcc.Link("show all workspaces", href="/")
        return [html.P(["No workspace has all of that: ", back], className="empty")]
    jobs = _jobs(shown)
    parts: list[Component] = [
        html.Ul([cards.card(one, jobs[one.id]) for one in shown], className="workspaces")
    ]
    if len(shown) == MOST_SHOWN:
        parts.append(html.P(f"The latest {MOST_SHOWN}: search to find others.", className="hint"))
    return parts


def stamp() -> str:
    """What changes with anything that cards show."""
    return Workspaces(services().store.file).stamp()


def look(shown: Sequence[Workspace]) -> str:
    """What tells one grid from another, but for what its cards say."""
    jobs = _jobs(shown)
    return json.dumps([cards.look(one, jobs[one.id]) for one in shown])


def _jobs(shown: Sequence[Workspace]) -> dict[str, list[Job]]:
    return services().store.by_workspace([one.id for one in shown])


def register(app: Dash) -> None:
    """Connect search and dialog, and follow what happens; once for all pages with cards."""
    app.callback(
        Output("home-grid", "children"),
        Output({"type": "workspace-says", "workspace": ALL}, "children"),
        Output("home-stamp", "data"),
        Output("home-look", "data"),
        Input("home-tick", "n_intervals"),
        Input("home-search", "value", allow_optional=True),
        Input("home-edited", "data"),
        StateOf("home-filter", "data"),
        StateOf("home-stamp", "data"),
        StateOf("home-look", "data"),
        StateOf({"type": "workspace-says", "workspace": ALL}, "id"),
        prevent_initial_call=True,
    )(refresh)
    app.clientside_callback(  # type: ignore[no-untyped-call]
        ClientsideFunction("neuroboard", "keepSearch"),
        Output("home-address", "title"),
        Input("home-search", "value"),
        prevent_initial_call=True,
    )
    edit.register(app)


def refresh(
    _ticks: int | None,
    search: str | None,
    _edited: str | None,
    looked_at: Filter,
    known: str,
    known_look: str,
    ids: Annotated[list[CardId], Field(max_length=MOST_SHOWN)],
) -> tuple[Any, list[Any], Any, Any]:
    """What has changed: all cards where one came, went or looks otherwise, else what they say.

    Drawn anew, a card would lose the focus.
    """
    now = stamp()
    if now == known and set(pressed.triggers()) == {"home-tick"}:
        raise PreventUpdate
    shown = chosen(looked_at, search or "")
    looks = look(shown)
    if looks != known_look:
        return grid(shown, looked_at, search or ""), [no_update for _ in ids], now, looks
    jobs = services().store.by_workspace([one["workspace"] for one in ids])
    return no_update, [cards.says(jobs[one["workspace"]]) for one in ids], now, no_update
