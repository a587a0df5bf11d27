"""The area New: a file below the data roots, one that is uploaded, or the example."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Annotated, Any
from urllib.parse import urlencode

import dash_mantine_components as dmc
from dash import (
    ALL,
    ClientsideFunction,
    Dash,
    Input,
    Output,
    State,
    dcc,
    html,
    no_update,
    set_props,
)
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate
from pydantic import Field
from typing_extensions import TypedDict  # pydantic asks for this one before Python 3.12

from dashboard.kit import workbench
from dashboard.kit.aria import aria
from dashboard.server import browse, posted, pressed, roots
from dashboard.server.browse import Folder, FolderItem
from dashboard.server.services import services
from dashboard.start import entries
from dashboard.workspaces import workspaces
from dashboard.workspaces.workspace import ROOTS
from pipelines.core.errors import InputError, NeuroboardError
from pipelines.spikes.units.elsewhere import kind_of

MOST_RECENT = 5
LONGEST = 2000
"""Characters of a path or of words that are searched for."""
Typed = Annotated[str, Field(max_length=LONGEST)]


class ChosenPath(TypedDict):
    """A path that was pressed or pasted, and when, so that it can be chosen again."""

    text: Typed
    at: int | float


@dataclass(frozen=True)
class New:
    """How a workspace of a subject begins.

    Attributes:
        noun: what a workspace is about.
        tab: where a file shows itself before anything is run.
        forms: the address of the forms of all steps.
        about: what suits.
    """

    noun: str
    tab: str
    forms: str
    about: str


SUBJECTS: Mapping[str, New] = {
    "spikes": New(
        "recording",
        "signal",
        "/spikes?step=sort",
        "A recording, or a sorting that another program made, stays where it is and is only read.",
    ),
    "brainmap": New(
        "film", "film", "/brainmap?step=map", "Images that lie here stay and are only read."
    ),
    "synapses": New(
        "table", "table", "/synapses?step=fit", "One synapse a row, or any table of points."
    ),
}

LISTED: Mapping[str, str] = {"spikes": "recording or sorting"}
"""What files of a subject are marked, where more than its workspaces begin with can be chosen."""


def area(subject: str) -> Component:
    """All ways to a new workspace of a subject."""
    new, settings = SUBJECTS[subject], services().settings
    parts: list[Component] = [
        html.H2(f"New {new.noun}", id="new-heading"),
        html.P(new.about, className="hint"),
        html.P(id="new-error", className="error", role="alert"),
        dcc.Store(id="new-subject", data=subject),
        dcc.Store(id="new-place"),
        dcc.Store(id="new-path"),
        *(_below_roots(subject) if settings.data else [_no_root()]),
        *_upload(subject),
        html.Div(
            [
                dmc.Button(
                    f"Open the example {new.noun}",
                    id="new-example",
                    variant="default",
                    size="compact-sm",
                ),
                dcc.Link("All steps as forms", href=new.forms, className="hint"),
            ],
            className="row new-foot",
        ),
    ]
    return html.Section(
        parts, id="new", className="card new-area", **aria(labelledby="new-heading")
    )


def _no_root() -> Component:
    text = "To choose data that lie on this computer, start the app with --data DIR."
    return html.P(text, className="hint")


def _below_roots(subject: str) -> list[Component]:
    field = dmc.TextInput(
        id="new-search",
        value="",
        debounce=300,
        placeholder="Search, or paste a path and press Enter",
        **aria(label="Search below the data roots, or paste a path"),
    )
    return [
        field,
        html.Div(
            listing(subject, "", ""),
            id="new-list",
            className="new-list",
            role="group",
            **aria(label="Files below the data roots"),
        ),
    ]


def _upload(subject: str) -> list[Component]:
    """A place for files from one's own computer, where the subject takes any."""
    name = ROOTS[subject]
    sources = services().pages[workspaces.OPENED_BY[subject]].sources
    source = next(one for one in sources if one.name == name)
    return [workbench.dropzone(source.upload, "new", name)] if source.upload else []


def register(app: Dash) -> None:
    """Connect the area, once for all subjects."""
    app.callback(
        Output("new-list", "children"),
        Output("new-search", "value"),
        Output("new-error", "children"),
        Input("new-place", "data"),
        Input("new-search", "value"),
        State("new-subject", "data"),
        prevent_initial_call=True,
    )(browsed)
    app.callback(
        Output("url", "href", allow_duplicate=True),
        Input("new-path", "data", allow_optional=True),
        Input({"type": "upload", "bench": "new", "name": ALL}, "data"),
        Input("new-example", "n_clicks", allow_optional=True),
        State("new-subject", "data", allow_optional=True),
        prevent_initial_call=True,
    )(_said(take))
    app.clientside_callback(  # type: ignore[no-untyped-call]
        ClientsideFunction("neuroboard", "focusNew"),
        Output("new-error", "title"),
        Input("new-subject", "data"),
        State("url", "hash"),
    )


def _said(function: Callable[..., tuple[Any, str]]) -> Callable[..., Any]:
    """Where to go; what is wrong stands in the area.

    As an output of the callback, which is called once more when the area goes with its page, it
    would be missed.
    """

    @wraps(function)
    def told(*values: Any) -> Any:
        address, wrong = function(*values)
        set_props("new-error", {"children": wrong})
        return address

    return told


def browsed(place: ChosenPath | None, words: Typed | None, subject: str) -> tuple[Any, Any, Any]:
    """Another folder, or what was searched for; a folder that is opened ends the search."""
    subject = posted.offered(subject, SUBJECTS)
    if "new-place" in pressed.triggers() and place:
        return listing(subject, place["text"], ""), "", ""
    return listing(subject, "", words or ""), no_update, no_update


def listing(subject: str, place: str, words: str) -> list[Component]:
    """A folder, or what was found below all roots.

    Args:
        subject: whose files are marked.
        place: of the folder; empty for the roots.
        words: that are searched for, or a path; empty for none.
    """
    data, kind = services().settings.data, LISTED.get(subject, ROOTS[subject])
    try:
        if words.strip():
            return entries.found(_searched(data, words, kind), SUBJECTS[subject].noun)
        opened = browse.look(data, place, kind)
    except InputError as error:
        return [*entries.crumbs(data, place), html.P(error.sentence, className="error")]
    recent = _recent(subject) if not place else []
    return [*entries.crumbs(data, opened.place), *entries.folder(opened, recent)]


def _searched(data: Sequence[Any], words: str, kind: str) -> tuple[FolderItem, ...] | Folder:
    """What a path leads to, else what has all the words."""
    place = roots.named(data, words)
    if "/" in place:
        try:
            return browse.look(data, place, kind)
        except InputError:
            pass  # no folder: words of a path that is being typed
    return browse.search(data, words, kind)


def _recent(subject: str) -> list[str]:
    """Where files lie that were used last."""
    used: dict[str, None] = {}
    for one in workspaces.all(subject):
        kind, _, place = one.root.reference.partition(":")
        if kind == "data":
            used[place] = None
    return list(used)[:MOST_RECENT]


def take(
    chosen: ChosenPath | None,
    uploaded: list[str | None],
    _example: int | None,
    subject: str | None,
) -> tuple[Any, str]:
    """The workspace of what was chosen: where to go, or what is wrong."""
    identity, value = pressed.latest()
    if not value or not subject:  # the area went with its page
        raise PreventUpdate
    subject = posted.offered(subject, SUBJECTS)
    try:
        if subject == "spikes" and identity == "new-path" and chosen:
            importing = _importing(chosen["text"])
            if importing:
                return importing, ""
        return opened(subject, _reference(subject, identity, uploaded, chosen)), ""
    except NeuroboardError as error:
        return no_update, error.sentence


def _importing(text: str) -> str:
    """The form that imports a sorting made elsewhere; empty if a path is none.

    Raises:
        InputError: it does not lie below a root.
    """
    data = services().settings.data
    place = roots.named(data, text)
    path = roots.locate(data, place)
    # A file, such as of NWB, may hold a recording as well: it is opened as one.
    if not path.is_dir() or kind_of(path) is None:
        return ""
    return f"/spikes?{urlencode({'step': 'import', 'foreign_sorting': f'data:{place}'})}"


def _reference(
    subject: str, identity: Any, uploaded: Sequence[str | None], chosen: ChosenPath | None
) -> str:
    """What was chosen, as `dashboard.server.inputs` has it."""
    if identity == "new-example":
        page = services().pages[workspaces.OPENED_BY[subject]]
        return workbench.example_references(page)[ROOTS[subject]]
    if isinstance(identity, dict) and identity["type"] == "upload":
        return next(one for one in uploaded if one)
    return f"data:{_recognised(subject, chosen['text'] if chosen else '')}"


def _recognised(subject: str, text: str) -> str:
    """A path that was chosen, if it is of the kind that the subject takes.

    Raises:
        InputError: it is none, or does not lie below a root.
    """
    data, kind = services().settings.data, ROOTS[subject]
    place = roots.named(data, text)
    if not browse.recognises(roots.locate(data, place), kind):
        noun = SUBJECTS[subject].noun
        raise InputError(
            f"{place} is no {noun} that is known here: it can be {browse.asked_for(kind)}."
        )
    return place


def opened(subject: str, reference: str) -> str:
    """The page of a file's workspace; of a new one, where the file shows itself."""
    found = workspaces.create(subject, "", {ROOTS[subject]: reference})
    if workspaces.jobs(found.id):
        return found.address
    return found.at(SUBJECTS[found.subject].tab, setup="1")
