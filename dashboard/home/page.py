"""Home: the workspaces of all three subjects, and an example of each."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any
from urllib.parse import urlencode

import dash_mantine_components as dmc
from dash import ALL, ClientsideFunction, Dash, Input, Output, dcc, html, no_update
from dash import State as StateOf
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate
from pydantic import Field
from typing_extensions import TypedDict  # pydantic asks for this one before Python 3.12

from dashboard.brainmap import page
from dashboard.home import edit
from dashboard.home.jobs import job_table
from dashboard.jobs.store import Job
from dashboard.kit import workbench
from dashboard.kit.aria import aria
from dashboard.kit.bench import Bench
from dashboard.server import people, posted, pressed
from dashboard.server.services import edit_link, services
from dashboard.spikes import page as spikes
from dashboard.synapses import page as synapses
from dashboard.workspaces import cards, workspaces
from dashboard.workspaces.store import Workspaces
from dashboard.workspaces.workspace import TITLES, Workspace

PAGE = {"module": "home", "path": "/", "title": "Neuroboard"}
LEAD = "Cluster your lab's data in the browser. Nothing leaves this network."
TICK_MS = 3000
MOST_SHOWN = 120
MINE = "mine"


class Filter(TypedDict):
    """Which workspaces are looked at, beside the words that are searched for."""

    subject: str
    tag: str
    of: str


class CardId(TypedDict):
    """Which card says something."""

    type: str
    workspace: str


@dataclass(frozen=True)
class Card:
    """One of the three things that the app is for."""

    subject: str
    title: str
    text: str
    shows: str
    bench: Bench
    changes: Mapping[str, Any] = field(default_factory=dict)
    """Parameters that suit the example better than the defaults."""

    @property
    def href(self) -> str:
        """Its page."""
        return f"/{self.subject}"


CARDS = (
    Card(
        "spikes",
        "Spikes",
        "Sort raw extracellular recordings into units without hand work, and look at their "
        "waveforms and inter-spike intervals.",
        "Mean waveforms of six units on four channels of a tetrode",
        spikes.BENCH,
    ),
    Card(
        "brainmap",
        "Brain map",
        "Turn an image time series into a map in which voxels with similar activity have "
        "similar colours.",
        "A plane of a brain, each voxel in the colour of its cluster",
        page.BENCH,
        {"k": 8},
    ),
    Card(
        "synapses",
        "Synapses",
        "Cluster a table of synapses, train a classifier with an honest score, and predict the "
        "cluster of new synapses.",
        "Synapses as dots on a map, each in the colour of its cluster",
        synapses.BENCHES["fit"],
    ),
)
NEW = (
    ("/spikes", "A recording: file or folder"),
    ("/brainmap", "Images: file or folder"),
    ("/synapses", "A table"),
    ("/synapses?step=predict", "New rows for a stored model"),
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
    chosen = Filter(subject=subject, tag=tag, of=of)
    shown = _chosen(chosen, search)
    is_new = not any(map(len, (shown, workspaces.all(), workspaces.all(hidden=True))))
    return html.Div(
        [
            _bar(chosen, search, is_new),
            html.P(LEAD, className="lead") if is_new else None,
            html.Div(_grid(shown, chosen, search), id="home-grid"),
            _examples(),
            *_recent(),
            dcc.Interval(id="home-tick", interval=TICK_MS),
            dcc.Store(id="home-filter", data=dict(chosen)),
            dcc.Store(id="home-stamp", data=_stamp()),
            dcc.Store(id="home-look", data=_look(shown)),
            dcc.Store(id="home-edited"),
            html.Div(id="home-address", hidden=True),
            *edit.dialog(),
        ],
        className="page home first-time" if is_new else "page home",
    )


def _bar(chosen: Filter, search: str, is_new: bool) -> Component:
    """The heading, and what is looked at; nothing of it where there is nothing yet."""
    heading = html.H1(["Neuroboard ", html.Span("workspaces")])
    if is_new:
        return html.Div(html.H1("Neuroboard"), className="home-bar")
    return html.Div(
        [
            heading,
            html.Nav(list(_filters(chosen)), className="filters", **aria(label="Which")),
            dmc.TextInput(
                id="home-search",
                value=search,
                debounce=250,
                placeholder="Search names, notes, tags, files",
                className="home-search",
                **aria(label="Search workspaces"),
            ),
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
    """A link to a form, or to a part of this page."""
    return html.A(text, href=href) if href.startswith("#") else dcc.Link(text, href=href)


def _filters(chosen: Filter) -> list[Component]:
    """Links to each subject, and to what else can be chosen; the tag that is, to be taken away."""
    offered = {"": "All", **TITLES}
    links = [
        _filter(text, chosen["subject"] == subject and not chosen["of"], subject=subject)
        for subject, text in offered.items()
    ]
    if people.current().name:
        links.append(_filter("Mine", chosen["of"] == MINE, of=MINE))
    if chosen["of"] == "hidden" or workspaces.all(hidden=True):
        links.append(_filter("Put away", chosen["of"] == "hidden", of="hidden"))
    if chosen["tag"]:
        links.append(dcc.Link(f"{chosen['tag']} ×", href="/", className="tag", title="All tags"))
    return links


def _filter(text: str, current: bool, **chosen: str) -> Component:
    query = urlencode({name: value for name, value in chosen.items() if value})
    link = dcc.Link(text, href=f"/?{query}" if query else "/", className="filter")
    return html.Span(link, className="current", **aria(current="true")) if current else link


def _grid(shown: Sequence[Workspace], chosen: Filter, search: str) -> list[Component]:
    """The cards, or what to do when there is none."""
    if not shown:
        nothing = "No workspace has all of that: " if search or any(chosen.values()) else ""
        back = dcc.Link("show all workspaces", href="/")
        return [html.P([nothing, back], className="empty")] if nothing else []
    jobs = _jobs(shown)
    parts: list[Component] = [
        html.Ul([cards.card(one, jobs[one.id]) for one in shown], className="workspaces")
    ]
    if len(shown) == MOST_SHOWN:
        parts.append(html.P(f"The latest {MOST_SHOWN}: search to find others.", className="hint"))
    return parts


def _examples() -> Component:
    return html.Section(
        [
            html.H2("Examples", className="quiet-heading"),
            html.Ul([_example(card) for card in CARDS], className="workspaces examples"),
        ],
        id="examples",
    )


def _example(card: Card) -> Component:
    picture = cards.placeholder(card.subject)
    kind = "pixels" if picture.endswith(".png") else "lines"
    return html.Li(
        [
            html.Div(
                html.Img(src=picture, alt=card.shows, className=kind), className="workspace-picture"
            ),
            html.Div(
                [
                    html.H3(dcc.Link(card.title, href=card.href)),
                    html.P(card.text, className="example-text"),
                    html.Div(
                        [
                            dmc.Button(
                                "Try it with example data",
                                id={"type": "try", "bench": card.bench.slug},
                                size="sm",
                                **aria(label=f"Try {card.title} with example data"),
                            ),
                            dcc.Link("Use your own data", href=card.href),
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


def _chosen(chosen: Filter, search: str) -> list[Workspace]:
    found = workspaces.all(
        chosen["subject"], search, chosen["tag"], hidden=chosen["of"] == "hidden"
    )
    if chosen["of"] == MINE:
        found = [one for one in found if one.owner == people.current().name]
    return found[:MOST_SHOWN]


def _jobs(shown: Sequence[Workspace]) -> dict[str, list[Job]]:
    return services().store.by_workspace([one.id for one in shown])


def _stamp() -> str:
    return Workspaces(services().store.file).stamp()


def _look(shown: Sequence[Workspace]) -> str:
    """What tells one grid from another, but for what its cards say."""
    jobs = _jobs(shown)
    return json.dumps([cards.look(one, jobs[one.id]) for one in shown])


def register(app: Dash) -> None:
    """Connect examples, search and dialog, and follow what happens."""
    app.callback(
        Output("url", "href", allow_duplicate=True),
        Input({"type": "try", "bench": ALL}, "n_clicks"),
        prevent_initial_call=True,
    )(lambda clicks: start_example(clicks, pressed.button()))
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
    chosen: Filter,
    stamp: str,
    look: str,
    ids: Annotated[list[CardId], Field(max_length=MOST_SHOWN)],
) -> tuple[Any, list[Any], Any, Any]:
    """What has changed: all cards where one came, went or looks otherwise, else what they say.

    Drawn anew, a card would lose the focus.
    """
    now = _stamp()
    if now == stamp and set(pressed.triggers()) == {"home-tick"}:
        raise PreventUpdate
    shown = _chosen(chosen, search or "")
    looks = _look(shown)
    if looks != look:
        return _grid(shown, chosen, search or ""), [no_update for _ in ids], now, looks
    jobs = services().store.by_workspace([one["workspace"] for one in ids])
    return no_update, [cards.says(jobs[one["workspace"]]) for one in ids], now, no_update


def start_example(clicks: list[int | None], trigger: Any) -> str:
    """Run a page's job on its example data; the address to go to."""
    if not trigger or not any(clicks):
        raise PreventUpdate
    by_slug = {card.bench.slug: card for card in CARDS}
    card = by_slug[posted.offered(trigger["bench"], by_slug)]
    task = card.bench.task
    parameters = card.bench.step.parameters.parse(card.changes).model_dump(mode="json")
    job_id = workbench.submit(task, workbench.example_references(card.bench), parameters)
    return edit_link(task, job_id)
