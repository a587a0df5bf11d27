"""What a desk is made of: panels in rows and columns, tabs of a workspace, what is selected.

To add a panel, write its function `View -> Drawn` (a figure) or `View -> Component`, and put a row
`Panel(...)` into the arrangement of a tab; nothing else has to be connected. A panel is drawn
anew when one of the selections that it listens to changes, and only while it is seen.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import plotly.graph_objects as go
from dash import dcc, html
from dash.development.base_component import Component
from pydantic import TypeAdapter, ValidationError

from dashboard.jobs.store import Job
from dashboard.kit.aria import aria, data
from dashboard.kit.figures import waiting
from dashboard.server.posted import PostedError
from dashboard.workspaces.workspace import Workspace


@dataclass(frozen=True)
class Key:
    """One kind of thing that can be selected: units, a cluster, a voxel, rows.

    Attributes:
        name: what stores, addresses and panels call it.
        type: of one that is selected.
        many: whether several can be selected at once; the selection is a list then.
    """

    name: str
    type: type
    many: bool = False

    def check(self, value: Any) -> Any:
        """A selection as a page posts it.

        Raises:
            PostedError: it is of another kind.
        """
        kind: Any = list[self.type] if self.many else self.type | None  # type: ignore[name-defined]
        try:
            return TypeAdapter[Any](kind).validate_python(value, strict=True)
        except ValidationError:
            raise PostedError(f"{self.name} is not what is selected here") from None

    def of_address(self, text: str) -> Any:
        """A selection from an address; nothing where it is none."""
        parts = text.split(",") if self.many else [text]
        kind: TypeAdapter[Any] = TypeAdapter(self.type)
        found: list[Any]
        try:
            found = [kind.validate_python(part) for part in parts if part]
        except ValidationError:
            found = []
        if self.many:
            return found
        return found[0] if found else None


@dataclass(frozen=True)
class View:
    """What a panel is drawn from.

    Attributes:
        workspace: whose page it is on.
        tab: which of its tabs.
        job: the run that is shown, whose result is there; none before the first.
        chosen: what is selected, by the name of its `Key`.
    """

    workspace: Workspace
    tab: str
    job: Job | None
    chosen: Mapping[str, Any] = field(default_factory=dict)

    @property
    def run(self) -> Job:
        """The run that is shown.

        Raises:
            LookupError: there is none; only tabs without tasks are drawn then.
        """
        if self.job is None:
            raise LookupError("nothing has been run")
        return self.job


Draw = Callable[[View], Any]


@dataclass(frozen=True, kw_only=True)
class Panel:
    """One panel of a desk.

    Attributes:
        name: what its components and the kept arrangement are called; one of its kind.
        title: in its head.
        draw: what is in it: a `figures.Drawn` of a panel that `is_figure`, any component otherwise.
        listens: names of the keys whose selection it shows.
        is_figure: whether it is one figure that fills the panel. Its graph stays, so that plotly
            changes what is different and draws nothing twice.
        picks: the key that is selected by a click on a point, which carries it as `customdata`.
        several: whether a point carries several of them, which are all selected then.
        tools: controls at the right of its head.
        eager: whether it is part of the page from the start, since callbacks of its own
            connect it with other panels.
    """

    name: str
    title: str
    draw: Draw
    listens: tuple[str, ...] = ()
    is_figure: bool = False
    picks: str = ""
    several: bool = False
    tools: Draw | None = None
    eager: bool = False


def chart(name: str, title: str, draw: Draw, *listens: str, picks: str = "") -> Panel:
    """A panel that is one figure."""
    return Panel(name=name, title=title, draw=draw, listens=listens, is_figure=True, picks=picks)


@dataclass(frozen=True)
class Slot:
    """A place for one panel, or for several of which one is in front."""

    panels: tuple[Panel, ...]

    def __init__(self, *panels: Panel) -> None:
        object.__setattr__(self, "panels", panels)


@dataclass(frozen=True)
class Line:
    """Parts beside each other or below each other, divided by bars that can be dragged.

    Attributes:
        parts: its parts in order.
        sizes: the share of each in percent.
        is_row: whether they stand beside each other.
    """

    parts: tuple["Slot | Line", ...]
    sizes: tuple[float, ...]
    is_row: bool


Part = Slot | Line


def row(*parts: Part | Panel, sizes: tuple[float, ...] = ()) -> Line:
    """Parts beside each other."""
    return _line(parts, sizes, is_row=True)


def column(*parts: Part | Panel, sizes: tuple[float, ...] = ()) -> Line:
    """Parts below each other."""
    return _line(parts, sizes, is_row=False)


def _line(parts: tuple[Part | Panel, ...], sizes: tuple[float, ...], *, is_row: bool) -> Line:
    slots = tuple(Slot(part) if isinstance(part, Panel) else part for part in parts)
    return Line(slots, sizes or (100 / len(slots),) * len(slots), is_row)


def panels(part: Part) -> Iterator[Panel]:
    """All panels of an arrangement."""
    if isinstance(part, Slot):
        yield from part.panels
    else:
        for inner in part.parts:
            yield from panels(inner)


@dataclass(frozen=True)
class Answer:
    """The line above the desk: the answer in words, and how it came."""

    sentence: str
    how: str = ""


@dataclass(frozen=True, kw_only=True)
class Tab:
    """One tab of a workspace.

    Attributes:
        word: what the address calls it.
        title: what the bar calls it.
        tasks: whose runs it shows; its form is that of the first.
        arrange: the panels, or a function that gives them for what is shown.
        answer: the line above the desk.
        fill: what the form is filled with, by the name of the input or parameter.
        actions: further buttons in that line.
        begin: buttons below the words of a tab where nothing has been run.
        foot: what stands below the panels, such as a bar of buttons.
        empty: what stands there before the first run: what one will see, and how to get it.
        start: what is selected at first, by key.
        register: connects what panels have of their own.
        compare: figures and tables of two runs side by side, the compared one first.
        glance: the quick step by which the file shows itself here before anything else is run.
        glimpse: what can be shown of the file at once, while that step is under way.
    """

    word: str
    title: str
    tasks: tuple[str, ...]
    arrange: Part | Callable[[View], Part]
    answer: Callable[[View], Answer]
    fill: Callable[[View], Mapping[str, str]] = lambda _view: {}
    actions: Callable[[View], list[Component]] = lambda _view: []
    begin: Callable[[View], list[Component]] = lambda _view: []
    foot: Draw | None = None
    empty: str = ""
    start: Callable[[View], Mapping[str, Any]] = lambda _view: {}
    register: Callable[[Any], None] | None = None
    compare: Callable[[View, View], Component] | None = None
    glance: str = ""
    glimpse: Callable[[Workspace, Job], Component | None] | None = None

    def part(self, view: View) -> Part:
        """The panels for what is shown."""
        return self.arrange if isinstance(self.arrange, Slot | Line) else self.arrange(view)

    def panel(self, view: View, name: str) -> Panel:
        """The panel of that name.

        Raises:
            PostedError: there is none.
        """
        for one in panels(self.part(view)):
            if one.name == name:
                return one
        raise PostedError(f"there is no panel {name[:40]!r} here")


@dataclass(frozen=True, kw_only=True)
class Subject:
    """A kind of workspaces.

    Attributes:
        path: of its page, which the addresses of its workspaces begin with.
        title: what it is called.
        tabs: of a workspace, in the order of work.
        keys: what can be selected.
        home: the tab that is shown first when a workspace is opened.
    """

    path: str
    title: str
    tabs: tuple[Tab, ...]
    keys: tuple[Key, ...] = ()
    home: str = ""

    @property
    def word(self) -> str:
        """What workspaces call it."""
        return self.path.strip("/")

    @property
    def home_tab(self) -> Tab:
        """The tab of what is run first on a file: its sorting, map or clusters."""
        return self.tab(self.home) or self.tabs[0]

    @property
    def glance(self) -> str:
        """The quick step by which a file shows itself; empty if there is none."""
        return next((one.glance for one in self.tabs if one.glance), "")

    def tab(self, word: str) -> Tab | None:
        """The tab of that word."""
        return next((one for one in self.tabs if one.word == word), None)

    def key(self, name: str) -> Key:
        """The key of that name.

        Raises:
            PostedError: there is none.
        """
        for one in self.keys:
            if one.name == name:
                return one
        raise PostedError(f"nothing called {name[:40]!r} can be selected here")


def desk(view: View, part: Part) -> Component:
    """The panels, each with its head, in their arrangement."""
    name = f"{view.workspace.subject}-{view.tab}"
    return html.Div(_part(view, part, "0"), className="desk", **data(desk=name))


def _part(view: View, part: Part, place: str) -> Component:
    if isinstance(part, Slot):
        return _slot(view, part)
    inner = [_part(view, one, f"{place}-{i}") for i, one in enumerate(part.parts)]
    style = "split split-row" if part.is_row else "split split-column"
    sizes = ",".join(f"{size:g}" for size in part.sizes)
    return html.Div(inner, className=style, **data(split=place, sizes=sizes))


def _slot(view: View, slot: Slot) -> Component:
    shown = [_panel(view, one, is_front=i == 0) for i, one in enumerate(slot.panels)]
    if len(slot.panels) == 1:
        return html.Div(shown, className="slot")
    tabs = [
        html.Button(
            one.title,
            className="slot-tab",
            role="tab",
            id={"type": "slot-tab", "panel": one.name},
            **data(shows=one.name),
            **aria(selected=str(i == 0).lower()),
        )
        for i, one in enumerate(slot.panels)
    ]
    bar = html.Div(tabs, className="slot-tabs", role="tablist", **aria(label="Panels"))
    return html.Div([bar, *shown], className="slot tabbed")


def _panel(view: View, panel: Panel, *, is_front: bool) -> Component:
    name = panel.name
    asks = "" if panel.eager else json.dumps({"kind": _kind(panel), **_asks(panel)})
    tools = [panel.tools(view)] if panel.tools else []
    help_ = html.Details(
        [
            html.Summary("i", title="What is shown", **aria(label=f"About {panel.title}")),
            html.P("", id={"type": "panel-caption", "panel": name}),
        ],
        className="panel-help" if panel.is_figure else "panel-help of-captions",
    )
    buttons = [
        html.Button(sign, className=f"panel-{what}", title=title, **data(panel=name, does=what),
                    **aria(label=f"{title}: {panel.title}"))
        for what, sign, title in (
            ("front", "⤢", "Bring to the front"),
            ("hide", "✕", "Hide"),
        )
    ]  # fmt: skip
    head = html.Div(
        [
            html.H3(panel.title),
            html.Div(tools, className="panel-tools"),
            help_,
            html.Div(buttons, className="panel-buttons"),
        ],
        className="panel-bar",
    )
    return html.Section(
        [head, _body(view, panel), *_stores(panel)],
        className="panel",
        hidden=not is_front,
        **data(name=name, title=panel.title, ask=asks),
        **aria(label=panel.title),
    )


def _body(view: View, panel: Panel) -> Component:
    identity = {"type": "panel-body", "panel": panel.name}
    if not panel.is_figure:
        inner = fitted(panel.draw(view)) if panel.eager else None
        return html.Div(inner, id=identity, className="panel-body", tabIndex="0")
    graph = waiting({"type": "panel-figure", "panel": panel.name})
    return html.Div(graph, className="panel-body figure-body")


def _asks(panel: Panel) -> dict[str, Any]:
    """What a panel asks the server for, with the selections that it listens to."""
    found: dict[str, Any] = {"listens": list(panel.listens), "picks": panel.picks}
    return found | ({"several": True} if panel.several else {})


def _kind(panel: Panel) -> str:
    return "ask-figure" if panel.is_figure else "ask-body"


def _stores(panel: Panel) -> list[Component]:
    if panel.eager:
        return []
    asked = {**_asks(panel), "chosen": None}
    return [dcc.Store(id={"type": _kind(panel), "panel": panel.name}, data=asked)]


def fitted(component: Component) -> Component:
    """What stands in a panel of its own, its figures as large as there is room."""
    parts: list[Any] = [component, *component._traverse()]  # type: ignore[no-untyped-call]
    for part in parts:
        if isinstance(part, dcc.Graph):
            part.__dict__["responsive"] = True  # as the attribute, which its type does not tell
    return component


def filling(figure: go.Figure) -> go.Figure:
    """The figure as large as its panel, with the margins that it needs there."""
    figure.update_layout(height=None, width=None, autosize=True)
    figure.layout.margin.update(t=min(figure.layout.margin.t or 28, 28), b=40)
    figure.update_xaxes(title_standoff=4)
    figure.for_each_annotation(lambda one: one.update(font_size=min(one.font.size or 12, 12)))
    figure.layout.uirevision = figure.layout.uirevision or "kept"
    return figure


def one_of(given: Any, known: Mapping[str, Any]) -> str:
    """What an address gave, if it is one of the choices, else the first of them."""
    return str(given) if given in known else next(iter(known))


# -- controls that select without a round trip to the server; `assets/60-choose.js` does it


def choice(key: str, label: str, options: Mapping[str, str], value: str) -> Component:
    """A short list for the head of a panel; what is chosen in it is the selection of a key.

    Args:
        key: the name of a `Key` of texts.
        label: for those who do not see it.
        options: what is shown, by what is selected.
        value: what is selected now.
    """
    taken: dict[str, Any] = {"selected": "selected"}
    items = [
        html.Option(text, value=name, **(taken if name == value else {}))
        for name, text in options.items()
    ]
    return html.Select(items, className="choice", **data(chooses=key), **aria(label=label))


def button(
    children: Any,
    key: str,
    value: Any,
    *,
    shortcut: str = "",
    label: str = "",
    first: str | None = None,
) -> Component:
    """A button that makes a value the selection of a key.

    Args:
        children: what is on it.
        key: the name of a `Key`.
        value: what is selected then.
        shortcut: the key on the keyboard that presses it.
        label: what it does, if it does not say so itself.
        first: it does so only while this is the first of what is selected.
    """
    attributes = {"chooses": key, "value": json.dumps(value)}
    attributes |= {} if first is None else {"first": first}
    return _pressed(children, attributes, shortcut, label)


def step(children: Any, key: str, by: int, *, shortcut: str = "", label: str = "") -> Component:
    """A button that adds to a number that is selected, which does not fall below 0."""
    return _pressed(children, {"chooses": key, "step": str(by)}, shortcut, label)


def _pressed(children: Any, attributes: Mapping[str, str], shortcut: str, label: str) -> Component:
    said = {"title": label, **aria(label=label)} if label else {}
    found = html.Button(children, className="pick", type="button", **data(**attributes), **said)
    return html.Span(found, **(data(key=shortcut) if shortcut else {}))
