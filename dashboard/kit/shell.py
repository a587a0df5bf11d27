"""The frame around every page: header, navigation, theme, job indicator."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import dash
import dash_mantine_components as dmc
from dash import ClientsideFunction, Dash, Input, Output, dcc, html, set_props
from dash.development.base_component import Component

from dashboard.jobs.database import StoreError
from dashboard.jobs.store import JobState
from dashboard.kit.aria import aria
from dashboard.server import people, posted
from dashboard.server.pressed import triggers
from dashboard.server.security import SIGN_OUT
from dashboard.server.services import services
from pipelines.core.errors import InputError, NeuroboardError, NoRoomError
from pipelines.core.outputs import is_full

INDEX = """<!doctype html>
<html lang="en">
<head>
{%metas%}
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{%title%}</title>
<script src="/{%assets%}/theme.js"></script>
{%favicon%}
{%css%}
</head>
<body>
{%app_entry%}
<footer>{%config%}{%scripts%}{%renderer%}</footer>
</body>
</html>"""

NAVIGATION = (
    ("/", "Home"),
    ("/spikes", "Spikes"),
    ("/brainmap", "Brain map"),
    ("/synapses", "Synapses"),
    ("/models", "Models"),
    ("/jobs", "Jobs"),
)
THEME = {
    "primaryColor": "indigo",
    "primaryShade": {"light": 7, "dark": 8},
    "fontFamily": "Inter, system-ui, sans-serif",
    "defaultRadius": "md",
    "autoContrast": True,
}
INDICATOR_MS = 2000


def index(assets: str) -> str:
    """The document around the window, with the path below which the assets lie."""
    return INDEX.replace("{%assets%}", assets)


def layout() -> Any:
    """The whole window."""
    return dmc.MantineProvider(
        [
            dcc.Location(id="url", refresh="callback-nav"),
            html.A("Skip to content", href="#content", className="skip-link"),
            html.Header(
                [_brand(), _navigation(), _find(), _indicator(), _person(), _theme_switch()]
            ),
            html.Div(id="notice", className="notice"),
            html.Main(dash.page_container, id="content", tabIndex="-1"),
        ],
        theme=THEME,
        defaultColorScheme="auto",
    )


def register(app: Dash) -> None:
    """Connect the navigation's mark and the job indicator."""
    app.clientside_callback(  # type: ignore[no-untyped-call]
        ClientsideFunction("neuroboard", "markCurrentPage"),
        Output("navigation", "title"),
        Input("url", "pathname"),
    )
    app.clientside_callback(  # type: ignore[no-untyped-call]
        ClientsideFunction("neuroboard", "clearNotice"),
        Output("notice", "children"),
        Input("url", "href"),
        prevent_initial_call=True,
    )
    app.callback(Output("job-indicator", "children"), Input("indicator-tick", "n_intervals"))(
        describe_activity
    )


def describe_activity(_ticks: int | None) -> str:
    """What the worker has to do, in a few words."""
    try:
        active = services().store.active()
    except (StoreError, NoRoomError):
        return "The list of jobs cannot be read"
    running = sum(job.state is JobState.RUNNING for job in active)
    waiting = len(active) - running
    parts = [f"{running} running"] if running else []
    parts += [f"{waiting} waiting"] if waiting else []
    return ", ".join(parts) or "No job running"


def say_error(error: Exception) -> None:
    """Show a person's mistake as its sentence; anything else is a fault and stays one.

    What no page sends is refused; a file that a result lacks belongs to a job of another kind,
    or was taken away.
    """
    if isinstance(error, posted.PostedError):
        posted.refuse(error)
    if is_full(error):
        error = NoRoomError("A disk of this server is full: ask who runs it to make room.")
    if isinstance(error, FileNotFoundError) and _is_of_result(error):
        error = InputError(posted.NO_SUCH_RESULT)
    if not isinstance(error, NeuroboardError):
        raise error
    changed = triggers()
    only_ticks = bool(changed) and all(str(one).endswith("-tick") for one in changed)
    if isinstance(error, StoreError) and only_ticks:
        return  # nobody asked; the indicator says it, and the next tick may do better
    set_props("notice", {"children": html.P(error.sentence, role="alert")})


def _is_of_result(error: FileNotFoundError) -> bool:
    return Path(str(error.filename)).is_relative_to(services().settings.jobs)


def page(title: str, lead: str, *children: Any) -> html.Div:
    """A page's heading and content."""
    return html.Div([html.H1(title), html.P(lead, className="lead"), *children], className="page")


def steps(path: str, names: Mapping[str, str], current: str) -> html.Nav:
    """Links to the steps of a page.

    Args:
        path: of the page.
        names: of its steps, by the word that the address carries.
        current: the step that is shown.
    """
    links = [
        dcc.Link(
            name,
            href=f"{path}?step={step}",
            className="step current" if step == current else "step",
        )
        for step, name in names.items()
    ]
    return html.Nav(links, className="steps", **aria(label="Steps"))


def table(titles: Sequence[str], rows: Sequence[Component]) -> html.Div:
    """Rows under titles; on a narrow screen the table scrolls, not the page."""
    head = html.Thead(html.Tr([html.Th(title, scope="col") for title in titles]))
    return html.Div(html.Table([head, html.Tbody(list(rows))]), className="scroll", tabIndex="0")


def _brand() -> Component:
    return dcc.Link([html.Span(className="brand-mark"), "Neuroboard"], href="/", className="brand")


def _navigation() -> Component:
    links = [dcc.Link(name, href=href, className="nav-link") for href, name in NAVIGATION]
    return html.Nav(links, id="navigation", **aria(label="Pages"))


def _find() -> Component:
    keys = html.Kbd("Ctrl K")
    words = "Find a page, a workspace or an action"
    return html.Button(["Find ", keys], id="find-open", title=words, **aria(label=words))


def _indicator() -> Component:
    return html.Div(
        [
            dcc.Interval(id="indicator-tick", interval=INDICATOR_MS),
            dcc.Link("", id="job-indicator", href="/jobs", className="job-indicator"),
        ]
    )


def _person() -> Component:
    """Who is signed in, where people sign in."""
    person, settings = people.current(), services().settings
    if settings.is_local and not settings.user_header:
        return html.Span()
    who = [person.name or "No name", f" ({person.role.name.lower()})"]
    if settings.user_header:
        return html.Span(who, className="person")
    out = html.A("Sign out", href=SIGN_OUT)
    return html.Span([*who, " ", out], className="person")


def _theme_switch() -> Any:
    return dmc.ColorSchemeToggle(
        lightIcon=html.Span("☀", **aria(hidden="true")),
        darkIcon=html.Span("☾", **aria(hidden="true")),
        variant="subtle",
        color="gray",
        **aria(label="Switch between light and dark"),
    )
