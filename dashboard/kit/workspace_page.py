"""The page of a workspace: its bar, its tabs, the desk, and the drawers for set-up and history."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NotRequired

import dash_mantine_components as dmc
from dash import (
    ALL,
    MATCH,
    ClientsideFunction,
    Dash,
    Input,
    Output,
    State,
    ctx,
    dcc,
    html,
    no_update,
)
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate
from typing_extensions import TypedDict

from dashboard import views
from dashboard.jobs.store import Job, JobState
from dashboard.kit import compare, desk, figures, forms, history, panel, results, shell, workbench
from dashboard.kit.aria import aria, data
from dashboard.kit.bench import Shown
from dashboard.kit.desk import Answer, Subject, Tab, View
from dashboard.kit.figures import Drawn
from dashboard.runs import report
from dashboard.server import pressed
from dashboard.server.posted import PostedError
from dashboard.server.services import services
from dashboard.setup import drawer, glance
from dashboard.workspaces import workspaces
from dashboard.workspaces.workspace import Workspace
from pipelines.core.errors import NeuroboardError
from pipelines.steps import STEPS


class PanelAsks(TypedDict):
    """What a panel asks for: the selections that it listens to."""

    listens: list[str]
    picks: NotRequired[str]
    several: NotRequired[bool]
    chosen: dict[str, Any] | None


def layout(subject: Subject, workspace: str, tab: str, run: str, given: Mapping[str, str]) -> Any:
    """The page.

    Args:
        subject: whose workspace it is.
        workspace: its id.
        tab: the word of a tab; the first that shows something if there is none of that word.
        run: the id of a job of that tab; the newest finished one if it is none.
        given: what is selected, by key, as the address has it.
    """
    found = workspaces.get(workspace)
    if found is None or found.subject != subject.word:
        text = f"There is no workspace {workspace} here. It may be deleted."
        return shell.page("No such workspace", text, dcc.Link(subject.title, href=subject.path))
    jobs = workspaces.jobs(workspace)
    shown = subject.tab(tab) or _first(subject, jobs)
    is_asked = given.get("setup") == "1"
    if glance.begin(subject, shown, found, jobs, is_asked=is_asked):
        jobs = workspaces.jobs(workspace)
    page = _page(subject, shown, found, jobs, run, given)
    body = drawer.first(subject, shown, found, jobs, is_asked=is_asked)
    inside = [html.Div(page, id="desk-page"), dcc.Store(id="setup-found"), *_drawers(body)]
    return html.Div(inside, className="workspace")


def _page(
    subject: Subject,
    shown: Tab,
    found: Workspace,
    jobs: Sequence[Job],
    run: str,
    given: Mapping[str, str],
) -> list[Component]:
    """All of a workspace's page but its drawers, which stay while a first look comes."""
    runs = [job for job in jobs if job.task in shown.tasks]
    done = [job for job in runs if job.state is JobState.DONE]
    view = View(found, shown.word, next((job for job in done if job.id == run), _newest(done)))
    view = replace(view, chosen=_chosen(subject, shown, view, given))
    asked = _asked(runs, given.get("asked", ""))
    compared = next((job for job in done if job.id == given.get("compare")), None)
    return [
        *_stores(subject, view, _newest(runs)),
        _bar(subject, shown, view, is_compared=bool(given.get("compare"))),
        _strip(asked if view.job else None),
        _desk(shown, view, compared, asked),
    ]


def _first(subject: Subject, jobs: Sequence[Job]) -> Tab:
    """The tab to open: home if something was run there, else the first of which there is.

    Where there is nothing, that on which the file shows itself.
    """
    done = {job.task for job in jobs if job.state is JobState.DONE}
    home = subject.home_tab
    empty = next((one for one in subject.tabs if one.glance), home)
    return next((one for one in (home, *subject.tabs) if done.intersection(one.tasks)), empty)


def _newest(jobs: Sequence[Job]) -> Job | None:
    return next(iter(jobs), None)


def _chosen(subject: Subject, tab: Tab, view: View, given: Mapping[str, str]) -> dict[str, Any]:
    start = dict(tab.start(view)) if view.job is not None else {}
    named = {key.name: key.of_address(given[key.name]) for key in subject.keys if key.name in given}
    empty: dict[str, Any] = {key.name: [] if key.many else None for key in subject.keys}
    given_here = {name: found for name, found in named.items() if found not in (None, [])}
    return {**empty, **start, **given_here}


def _stores(subject: Subject, view: View, newest: Job | None) -> list[Component]:
    seen = glance.stamp(newest) if newest else ""
    run = view.job.id if view.job else ""
    shown = Shown(subject=subject.word, workspace=view.workspace.id, tab=view.tab, run=run)
    keys = [
        dcc.Store(id={"type": "chosen", "key": name}, data=value)
        for name, value in view.chosen.items()
    ]
    return [
        dcc.Store(id="desk-seen", data=seen),
        dcc.Store(id="desk", data=dict(shown)),
        dcc.Store(id="panel-job", data=run),
        dcc.Store(id="desk-tables"),
        *keys,
    ]


def _bar(subject: Subject, tab: Tab, view: View, *, is_compared: bool) -> Component:
    answer = _answer(tab, view)
    name = html.H1(view.workspace.name, className="workspace-name", title=view.workspace.name)
    back = dcc.Link(subject.title, href=subject.path, className="crumb")
    links = [
        html.Span(
            dcc.Link(
                one.title,
                href=view.workspace.at(one.word),
                className="tab current" if one.word == view.tab else "tab",
            ),
            className="tab-box",
            **data(key=str(number)),
        )
        for number, one in enumerate(subject.tabs, 1)
    ]
    again = "Change and run again" if view.job else "Set up"
    if tab.glance:
        again = "Read otherwise"
    begin = services().pages[subject.home_tab.tasks[0]].run_label if tab.glance else ""
    buttons = [
        *(tab.actions(view) if view.job and not is_compared else []),
        *([_pressed(begin, "desk-begin", "s", variant="filled")] if begin else []),
        *([_pressed(again, "desk-change", "e")] if tab.tasks else []),
        *([_pressed("History", "desk-history", "h")] if tab.tasks else []),
        _pressed("Report", "desk-report", ""),
        _pressed("Panels", "desk-panels", ""),
    ]
    return html.Div(
        [
            html.Div(
                [back, html.Span("/", className="crumb"), name,
                 html.Nav(links, className="tabs", **aria(label="Tabs of the workspace"))],
                className="workspace-head",
            ),
            html.Div(said(answer), id="desk-answer", className="answer", role="status"),
            html.Div(buttons, className="answer-buttons"),
        ],
        className="workspace-bar",
    )  # fmt: skip


def said(answer: Answer) -> list[Component]:
    """What the line above the desk, `desk-answer`, says."""
    return [html.Strong(answer.sentence), html.Span(answer.how, className="how")]


def view_of(tab: Tab, shown: Shown, chosen: Mapping[str, Any] | None = None) -> View:
    """What a page shows, for callbacks.

    Args:
        tab: that it is at.
        shown: what it says of itself.
        chosen: what is selected, by key; checked.

    Raises:
        PostedError: there is no such page.
    """
    found = workspaces.get(shown["workspace"])
    job = services().store.get(shown["run"]) if shown["run"] else None
    if found is None or shown["tab"] != tab.word:
        raise PostedError("there is no such page")
    if shown["run"] and not (job and _is_shown(job, tab, found)):
        raise PostedError("there is no such run")
    return View(found, tab.word, job, chosen or {})


def _is_shown(job: Job, tab: Tab, workspace: Workspace) -> bool:
    """Whether a job is a finished run of a tab of a workspace."""
    is_run = job.task in tab.tasks and job.state is JobState.DONE
    return is_run and workspace.id in [one.id for one in workspaces.of(job.id)]


def _pressed(text: str, identity: str, key: str, variant: str = "default") -> Component:
    button = dmc.Button(text, id=identity, variant=variant, size="compact-sm")
    return html.Span(button, **(data(key=key) if key else {}))


def _answer(tab: Tab, view: View) -> Answer:
    if view.job is None and tab.tasks:
        return Answer("No result here yet.")
    try:
        return tab.answer(view)
    except Exception as error:
        return Answer(views.reason(error, view.job.id if view.job else ""))


def _asked(runs: Sequence[Job], asked: str) -> Job | None:
    """The newest run, or that which was asked for, until its result is shown."""
    newest = next((job for job in runs if job.id == asked), _newest(runs))
    return None if newest is None or newest.state is JobState.DONE else newest


def _strip(asked: Job | None) -> Component:
    """A run while it is under way, or where it ended badly after what is shown."""
    parts = panel.progress(asked) if asked else []
    return html.Div(parts, className="run-strip", hidden=asked is None)


def _desk(tab: Tab, view: View, compared: Job | None, asked: Job | None) -> Component:
    if compared and view.job and view.job.task == compared.task:
        return compare.layout(tab, view, compared)
    if tab.tasks and view.job is None:
        return glance.empty(tab, view, asked)
    notes = results.notes(view.job) if view.job else []
    try:
        arranged = desk.desk(view, tab.part(view))
    except Exception as error:
        arranged = html.P(views.reason(error, view.run.id), className="note")
    head = [html.Div(notes, className="desk-notes")] if notes else []
    foot = [html.Div(tab.foot(view), className="desk-foot")] if tab.foot else []
    return html.Div([*head, arranged, *foot], className="desk-box")


def _drawers(body: list[Component] | None) -> list[Component]:
    """Those for set-up and history; that for set-up is open if there is something in it."""
    return [
        dmc.Drawer(
            html.Div(body, id="desk-change-body"), id="desk-change-drawer", title="Set-up",
            position="left", size=400, opened=body is not None, className="setup-drawer",
            withOverlay=False, lockScroll=False, trapFocus=False, closeOnClickOutside=False,
            closeButtonProps={"aria-label": "Close the set-up"},
        ),
        dmc.Drawer(
            html.Div(id="desk-history-body"), id="desk-history-drawer", title="History",
            position="right", size="lg", opened=False,
            closeButtonProps={"aria-label": "Close the history"},
        ),
        dmc.Drawer(
            html.Div(id="desk-report-body"), id="desk-report-drawer", title="Report",
            position="right", size="md", opened=False,
            closeButtonProps={"aria-label": "Close the report"},
        ),
        dcc.Store(id="desk-report-job", data=""),
        dcc.Interval(id="desk-report-tick", interval=700, disabled=True),
    ]  # fmt: skip


class _Page:
    """The callbacks of all workspaces."""

    def __init__(self, subjects: Sequence[Subject]) -> None:
        self.subjects = {one.word: one for one in subjects}

    def view(self, shown: Shown, asked: Mapping[str, Any] | None = None) -> tuple[Tab, View]:
        """What a page shows, and the tab.

        Raises:
            PostedError: there is no such page.
        """
        subject = self.subjects.get(shown["subject"])
        tab = subject.tab(shown["tab"]) if subject else None
        if subject is None or tab is None:
            raise PostedError("there is no such page")
        chosen = {name: subject.key(name).check(value) for name, value in (asked or {}).items()}
        return tab, view_of(tab, shown, chosen)

    def body(self, asked: PanelAsks, shown: Shown) -> Any:
        """A panel of anything."""
        return self._drawn(asked, shown)

    def figure(self, asked: PanelAsks, shown: Shown) -> tuple[Any, Any]:
        """A panel that is one figure, and its caption."""
        drawn = self._drawn(asked, shown)
        if not isinstance(drawn, Drawn):
            text = drawn.children if isinstance(drawn, html.P) else ""
            return desk.filling(figures.message(str(text), height=280)), text
        return desk.filling(drawn.figure), drawn.caption

    def _drawn(self, asked: PanelAsks, shown: Shown) -> Any:
        if asked["chosen"] is None:
            raise PreventUpdate
        tab, view = self.view(shown, asked["chosen"])
        identity = ctx.triggered_id
        if not isinstance(identity, dict):
            raise PreventUpdate
        one = tab.panel(view, str(identity["panel"]))
        return views.in_panel(lambda: one.draw(view), view.job.id if view.job else "")

    def change(self, clicks: int | None, shown: Shown) -> tuple[bool, Any]:
        """The form of a tab, filled with what is shown."""
        if not clicks:
            raise PreventUpdate
        tab, view = self.view(shown)
        return True, drawer.of_tab(tab, view)

    def begin(self, clicks: int | None, shown: Shown) -> tuple[bool, Any]:
        """The set-up of the workspace's home, from the tab on which its file shows itself."""
        if not clicks:
            raise PreventUpdate
        _, view = self.view(shown)
        return True, drawer.of_home(self.subjects[shown["subject"]], view.workspace)

    def repeat(self, clicks: list[int | None], shown: Shown) -> tuple[bool, bool, Any]:
        """The form with the parameters and inputs of an earlier run; the history closes."""
        identity = pressed.button()
        if identity is None:
            raise PreventUpdate
        tab, _ = self.view(shown)
        job = results.job(str(identity["job"]))
        bench = services().pages[job.task]
        return True, False, drawer.body(bench, job, {}, {}, tab=tab.word)

    def history(self, clicks: int | None, shown: Shown) -> tuple[bool, Any]:
        """The runs of a tab."""
        if not clicks:
            raise PreventUpdate
        return True, history.layout(*self.view(shown))

    def report(self, clicks: int | None, shown: Shown) -> tuple[bool, Any, str, bool]:
        """The report of what is shown, which is made now if it is not there yet."""
        if not clicks:
            raise PreventUpdate
        try:
            job = report.ask(self.view(shown)[1])
        except NeuroboardError as error:
            return True, html.P(error.sentence, role="alert", className="error"), "", True
        said, is_over = report.drawer(job)
        return True, said, job.id, is_over

    def report_made(self, ticks: int | None, job_id: str, shown: Shown) -> tuple[Any, bool]:
        """How far a report is."""
        if not ticks or not job_id:
            raise PreventUpdate
        self.view(shown)
        return report.drawer(results.job(job_id))

    def note(self, clicks: int | None, text: str | None, shown: Shown) -> Any:
        """What was written on a run, kept."""
        identity = ctx.triggered_id
        if not clicks or not isinstance(identity, dict):
            raise PreventUpdate
        tab, view = self.view(shown)
        job = results.job(str(identity["job"]))
        if job.id not in {one.id for one in workspaces.jobs(view.workspace.id, *tab.tasks)}:
            raise PostedError("there is no such run")
        return history.keep(job.id, text or "")

    def reload(self, stamp: str | None, job_id: str, shown: Shown | None) -> str:
        """Where the result of the run that just finished is; other pages show it themselves."""
        if not stamp or not shown:
            raise PreventUpdate
        tab, _ = self.view(shown)
        job = results.job(job_id)
        if job.task == tab.glance:  # `over` shows it
            raise PreventUpdate
        return workbench.in_workspace(shown, job.id)

    def over(
        self,
        _disabled: bool | None,
        job_id: str,
        shown: Shown | None,
        seen: str | None,
        *fields: list[Any],
    ) -> tuple[Any, Any, Any]:
        """What a followed job leads to when it is over, without leaving the page.

        A file that was read shows itself, or what it lacks; the set-up of any other step opens at
        the field that its sentence asks for.
        """
        job = services().store.get(job_id)
        if not shown or job is None or not job.state.is_over or seen == glance.stamp(job):
            raise PreventUpdate
        tab, view = self.view(shown)
        if job.task == tab.glance:
            page = self._again(tab, view, job)
            home = self.subjects[shown["subject"]].home_tab
            of_home = View(view.workspace, home.word, None)
            drawer.refill(home, of_home)
            return page, no_update, drawer.asking(home, of_home, *fields)
        if job.state is not JobState.FAILED or not tab.tasks or job.task != tab.tasks[0]:
            raise PreventUpdate
        if not forms.asked_for(STEPS[job.task].parameters, job.error):
            raise PreventUpdate
        return no_update, True, drawer.of_tab(tab, view, job)

    def glimpse(self, job_id: str, shown: Shown) -> Component | None:
        """What is seen of a file while it is read."""
        tab, view = self.view(shown)
        return glance.at_once(tab, view.workspace, results.job(job_id))

    def read_again(
        self,
        _clicks: list[int | None],
        ids: list[dict[str, str]],
        values: list[Any],
        shown: Shown,
    ) -> tuple[Any, Any]:
        """Read a file once more, with what was said of it."""
        identity = pressed.button()
        if identity is None:
            raise PreventUpdate
        tab, view = self.view(shown)
        job = results.job(str(identity["job"]))
        if job.task != tab.glance:
            raise PostedError("no such step is begun here")
        try:
            asked = glance.again(view.workspace, job, ids, values)
        except NeuroboardError as error:
            return no_update, error.sentence
        started = results.job(asked)
        drawer.take(self.subjects[shown["subject"]].home_tab, started.parameters)
        return self._again(tab, view, started), no_update

    def _again(self, tab: Tab, view: View, job: Job) -> list[Component]:
        """The page with a job that is under way or over."""
        subject, found = self.subjects[view.workspace.subject], view.workspace
        run = job.id if job.state is JobState.DONE else view.job.id if view.job else ""
        given = {"asked": job.id}
        return _page(subject, tab, found, workspaces.jobs(found.id), run, given)


def register(app: Dash, subjects: Sequence[Subject]) -> None:
    """Connect panels, selections and drawers of all workspaces."""
    page = _Page(subjects)
    _register_clientside(app)
    _register_report_and_notes(app, page)
    app.callback(
        Output({"type": "panel-body", "panel": MATCH}, "children"),
        Input({"type": "ask-body", "panel": MATCH}, "data"),
        State("desk", "data"),
        prevent_initial_call=True,
    )(page.body)
    app.callback(
        Output({"type": "panel-figure", "panel": MATCH}, "figure"),
        Output({"type": "panel-caption", "panel": MATCH}, "children"),
        Input({"type": "ask-figure", "panel": MATCH}, "data"),
        State("desk", "data"),
        prevent_initial_call=True,
    )(page.figure)
    _register_drawers(app, page)
    _register_glance(app, page)
    app.callback(
        Output("url", "href", allow_duplicate=True),
        Input("panel-shown", "data"),
        State("followed-job", "data"),
        State("desk", "data", allow_optional=True),
        prevent_initial_call=True,
    )(page.reload)
    for tab in (one for subject in subjects for one in subject.tabs):
        if tab.register is not None:
            tab.register(app)


def _register_drawers(app: Dash, page: _Page) -> None:
    """What opens them, and what then stands in them."""
    drawers = (
        ("change", "change", page.change),
        ("begin", "change", page.begin),
        ("history", "history", page.history),
    )
    for button, name, answer in drawers:
        app.callback(
            Output(f"desk-{name}-drawer", "opened", allow_duplicate=button != name),
            Output(f"desk-{name}-body", "children", allow_duplicate=button != name),
            Input(f"desk-{button}", "n_clicks"),
            State("desk", "data"),
            prevent_initial_call=True,
        )(answer)
    app.callback(
        Output("desk-change-drawer", "opened", allow_duplicate=True),
        Output("desk-history-drawer", "opened", allow_duplicate=True),
        Output("desk-change-body", "children", allow_duplicate=True),
        Input({"type": "repeat", "job": ALL}, "n_clicks"),
        State("desk", "data"),
        prevent_initial_call=True,
    )(page.repeat)


def _register_glance(app: Dash, page: _Page) -> None:
    """A file that shows itself, and what opens the set-up when a run failed."""
    app.callback(
        Output("desk-page", "children"),
        Output("desk-change-drawer", "opened", allow_duplicate=True),
        Output("desk-change-body", "children", allow_duplicate=True),
        Input("panel-tick", "disabled"),
        State("followed-job", "data"),
        State("desk", "data", allow_optional=True),
        State("desk-seen", "data", allow_optional=True),
        State({"type": "parameter", "bench": ALL, "name": ALL}, "id"),
        State({"type": "parameter", "bench": ALL, "name": ALL}, "value"),
        prevent_initial_call=True,
    )(page.over)
    app.callback(
        Output("desk-page", "children", allow_duplicate=True),
        Output("glance-error", "children"),
        Input({"type": "glance-read", "job": ALL}, "n_clicks"),
        State({"type": "parameter", "bench": ALL, "name": ALL}, "id"),
        State({"type": "parameter", "bench": ALL, "name": ALL}, "value"),
        State("desk", "data"),
        prevent_initial_call=True,
    )(page.read_again)
    app.callback(
        Output("glimpse", "children"), Input("glimpse-asked", "data"), State("desk", "data")
    )(page.glimpse)
    drawer.register(app)


def _register_report_and_notes(app: Dash, page: _Page) -> None:
    """The report of what is shown, and what people write on runs."""
    app.callback(
        Output("desk-report-drawer", "opened"),
        Output("desk-report-body", "children"),
        Output("desk-report-job", "data"),
        Output("desk-report-tick", "disabled"),
        Input("desk-report", "n_clicks"),
        State("desk", "data"),
        prevent_initial_call=True,
    )(page.report)
    app.callback(
        Output("desk-report-body", "children", allow_duplicate=True),
        Output("desk-report-tick", "disabled", allow_duplicate=True),
        Input("desk-report-tick", "n_intervals"),
        State("desk-report-job", "data"),
        State("desk", "data"),
        prevent_initial_call=True,
    )(page.report_made)
    app.callback(
        Output({"type": "note-box", "job": MATCH}, "children"),
        Input({"type": "note-save", "job": MATCH}, "n_clicks"),
        State({"type": "run-note", "job": MATCH}, "value"),
        State("desk", "data"),
        prevent_initial_call=True,
    )(page.note)


def _register_clientside(app: Dash) -> None:
    """What needs no server: asking only for what is seen, and one selection everywhere."""
    chosen = {"type": "chosen", "key": ALL}
    app.clientside_callback(  # type: ignore[no-untyped-call]
        ClientsideFunction("desk", "address"),
        Input(chosen, "data"),
        State(chosen, "id"),
        State("desk", "data"),
        prevent_initial_call=True,
    )
    app.clientside_callback(  # type: ignore[no-untyped-call]
        ClientsideFunction("desk", "pick"),
        Input({"type": "panel-figure", "panel": ALL}, "clickData"),
        State({"type": "ask-figure", "panel": ALL}, "data"),
        State(chosen, "id"),
        State(chosen, "data"),
        prevent_initial_call=True,
    )
    grids = {"type": "desk-grid", "key": ALL, "field": ALL}
    app.clientside_callback(  # type: ignore[no-untyped-call]
        ClientsideFunction("desk", "fromTable"),
        Input(grids, "selectedRows"),
        State(grids, "id"),
        State(chosen, "id"),
        State(chosen, "data"),
        prevent_initial_call=True,
    )
    app.clientside_callback(  # type: ignore[no-untyped-call]
        ClientsideFunction("desk", "toTable"),
        Output("desk-tables", "data"),  # without one it would not be called at first
        Input(chosen, "data"),
        State(chosen, "id"),
    )
