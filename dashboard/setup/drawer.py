"""The set-up drawer: presets by name, the few fields that matter, and all others folded away.

The form of a bench says what matters (`main`) and which `presets` there are; everything else of it
is folded under its headings, where a search finds it. A field that is not at its default is marked
and can be put back; `assets/50-setup.js` does that without a round trip to the server.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import (
    ALL,
    MATCH,
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

from dashboard.jobs.store import Job, JobState, references_of
from dashboard.kit import forms, workbench
from dashboard.kit.aria import aria, data
from dashboard.kit.bench import Bench, Preset, Source
from dashboard.kit.desk import Subject, Tab, View
from dashboard.server import people
from dashboard.server.people import Role
from dashboard.server.services import services
from dashboard.workspaces import workspaces
from dashboard.workspaces.workspace import Workspace
from pipelines.core.errors import NeuroboardError


def first(
    subject: Subject, tab: Tab, workspace: Workspace, jobs: Sequence[Job], *, is_asked: bool
) -> list[Component] | None:
    """The set-up of a workspace's home, where it opens by itself; none where it does not.

    It does where the address asks for it, and where nothing was run yet, for those who may work.
    """
    home = subject.home_tab
    was_run = any(job.task in home.tasks for job in jobs) if home.tasks else True
    wanted = is_asked or (not was_run and (tab.glance or tab.word == home.word))
    if not wanted or not home.tasks or people.current().role < Role.WORK:
        return None
    return of_home(subject, workspace)


def of_home(subject: Subject, workspace: Workspace) -> list[Component]:
    """The set-up of what is run first on a workspace's file, filled with its newest result."""
    home = subject.home_tab
    newest = workspaces.newest(workspace.id, *home.tasks)
    return of_tab(home, View(workspace, home.word, newest))


def of_tab(
    tab: Tab, view: View, job: Job | None = None, given: Mapping[str, Any] | None = None
) -> list[Component]:
    """The set-up of a tab's step, filled with what is shown or was run last.

    Args:
        tab: whose step it is.
        view: what the tab shows.
        job: whose parameters and inputs are taken instead.
        given: what is in its fields already, by name, where nothing was run yet.
    """
    bench = services().pages[_task(tab, view.workspace, job or view.job)]
    newest = next(iter(workspaces.jobs(view.workspace.id, bench.task)), None)
    shown = view.job if view.job and view.job.task == bench.task else None
    job = job or shown or newest
    filled = dict(tab.fill(View(view.workspace, view.tab, None) if job is None else view))
    error = newest.error if newest and newest.state is JobState.FAILED and job is newest else ""
    if job:
        return body(bench, job, filled, {}, tab=tab.word, error=error)
    unread = _unread(view.workspace)
    values = {**_said(bench, unread), **workbench.known_values(bench, filled), **(given or {})}
    unsaid = forms.asked_for(bench.step.parameters, unread.error) if unread else ()
    return body(bench, None, filled, values, tab=tab.word, unsaid=unsaid)


def _task(tab: Tab, workspace: Workspace, job: Job | None) -> str:
    """A tab's first step; on the home tab that of the job, as its units may have been imported."""
    is_home = tab.word == services().subjects[workspace.subject].home_tab.word
    return job.task if job and is_home and job.task in tab.tasks else tab.tasks[0]


def asking(
    tab: Tab,
    view: View,
    ids: Sequence[Mapping[str, str]] = (),
    values: Sequence[Any] = (),
) -> Any:
    """The open set-up with what its file turned out not to say before all else, else no change.

    What is in its fields by then, by their `ids`, stays there.
    """
    bench = services().pages[tab.tasks[0]]
    own = [i for i, one in enumerate(ids) if one["bench"] == bench.slug]
    if not own or _unread(view.workspace) is None:
        return no_update
    model = bench.step.parameters
    try:
        given = forms.read(model, [ids[i] for i in own], [values[i] for i in own])
    except NeuroboardError:
        return no_update  # something is being typed
    return of_tab(tab, view, given=given.changed())


def _unread(workspace: Workspace) -> Job | None:
    """The look or check of a workspace's file, if the file does not say enough for it."""
    task = services().subjects[workspace.subject].glance
    newest = next(iter(workspaces.jobs(workspace.id, task)), None) if task else None
    return newest if newest and newest.state is JobState.FAILED else None


def _said(bench: Bench, unread: Job | None) -> dict[str, Any]:
    """What was said of a file so far, of the parameters that a form has too."""
    model, values = bench.step.parameters, unread.parameters if unread else {}
    return {name: values[name] for name in values if forms.is_changed(model, values, name)}


def body(
    bench: Bench,
    job: Job | None,
    chosen: Mapping[str, str],
    given: Mapping[str, Any],
    *,
    tab: str = "",
    error: str = "",
    unsaid: Sequence[str] = (),
) -> list[Component]:
    """A bench's form as the drawer shows it, the fields that are asked for before all others.

    Args:
        bench: whose form.
        job: whose inputs and parameters are filled in.
        chosen: references of inputs to fill in besides, by name.
        given: parameters to fill in besides, by name.
        tab: that shows what is run; that which is open if empty.
        error: the sentence with which the job failed, if it did.
        unsaid: parameters that the file must be told by, since it does not say enough.
    """
    references = {**(references_of(job.inputs) if job else {}), **chosen}
    values = {**(job.parameters if job else {}), **given}
    names = _names(bench)
    wanted = forms.asked_for(bench.step.parameters, error)
    asked = [name for name in names if name in wanted or name in unsaid]
    main = [name for name in names if _is_main(bench, name) and name not in asked]
    rest = [name for name in names if name not in main]
    fields = {
        name: _field(bench, name, values, error if name in wanted[:1] else "") for name in names
    }
    return [
        dcc.Store(id=f"{bench.slug}-tab", data=tab),
        dcc.Store(id={"type": "usual", "bench": bench.slug}, data=_usual(bench, names)),
        html.Div(
            [_input(bench, source, references.get(source.name, "")) for source in bench.sources],
            className="setup-inputs",
        ),
        *_asked([fields[name] for name in asked]),
        *_presets(bench),
        html.Div([fields[name] for name in main], className="stack"),
        *_folded(bench, {name: fields[name] for name in rest}, values, asked),
        _foot(bench, error if error and not wanted else ""),
    ]


def refill(tab: Tab, view: View) -> None:
    """Take what a first look found into the fields of the open drawer."""
    take(tab, workbench.known_values(services().pages[tab.tasks[0]], dict(tab.fill(view))))


def take(tab: Tab, values: Mapping[str, Any]) -> None:
    """Take values of parameters into the fields of the open drawer.

    The page takes them only for fields that nobody changed meanwhile.
    """
    bench = services().pages[tab.tasks[0]]
    fields = bench.step.parameters.model_fields
    found = {
        name: forms.shown(fields[name], value)
        for name, value in values.items()
        if forms.is_changed(bench.step.parameters, values, name)
    }
    set_props("setup-found", {"data": {"bench": bench.slug, "values": found}})


def _names(bench: Bench) -> list[str]:
    """The parameters that have a field, the main ones first, in the order in which they matter."""
    model = bench.step.parameters
    found = forms.names(model, workbench.offered())
    return [*(name for name in bench.main if name in found),
            *(name for name in found if name not in bench.main)]  # fmt: skip


def _is_main(bench: Bench, name: str) -> bool:
    """Whether a field is in sight at once; where no bench says it, what is not advanced is."""
    if bench.main:
        return name in bench.main
    return not forms.is_advanced(bench.step.parameters, name)


def _usual(bench: Bench, names: Sequence[str]) -> dict[str, Any]:
    """The default of every field, as its input holds it."""
    fields = bench.step.parameters.model_fields
    return {name: forms.shown(fields[name], fields[name].default) for name in names}


# -- what it works on


def _input(bench: Bench, source: Source, reference: str) -> Component:
    """One input in a line, and the ways to choose another behind it."""
    chosen, _ = workbench.describe(source, reference)
    name, optional = source.label.removesuffix(" (optional)"), source.label.endswith("(optional)")
    words = chosen.removeprefix("Chosen: ") if reference else "none" if optional else chosen
    line = html.Summary(
        [
            html.Span(f"{name}: ", className="setup-input-name"),
            html.Span(
                words,
                id=bench.source_id("chosen", source),
                className="chosen" if reference else "chosen nothing",
                role="status",
            ),
            html.Span("change" if reference else "choose", className="setup-change"),
        ]
    )
    ways = workbench.ways(bench, source, reference)
    quiet = " quiet" if optional and not reference else ""
    is_open = not reference and not optional
    parts = [line, html.Div([html.P(source.help, className="hint"), *ways], className="stack")]
    store = dcc.Store(id=bench.source_id("reference", source), data=reference)
    return html.Div([store, html.Details(parts, open=is_open, className=f"setup-input{quiet}")])


def _asked(fields: Sequence[Component]) -> list[Component]:
    """What a sentence asks for, where it is seen at once."""
    if not fields:
        return []
    return [html.Div([html.H3("Say this first"), *fields], className="setup-asked stack")]


# -- presets


def _presets(bench: Bench) -> list[Component]:
    if not bench.presets:
        return []
    fields = bench.step.parameters.model_fields
    touched = list(dict.fromkeys(name for one in bench.presets for name in one.values))
    buttons = [
        html.Button(
            one.name,
            className="preset",
            type="button",
            title=one.about,
            **aria(pressed="false"),
            **data(preset=json.dumps(_whole(bench, one, touched)), why=f"{one.about} {one.why}"),
        )
        for one in bench.presets
    ]
    labels = {name: str(fields[name].title) for name in touched}
    return [
        html.Div(
            [
                html.H3("Recorded with" if bench.task.startswith("spikes") else "Kind of data"),
                html.Div(buttons, className="presets", role="group", **aria(label="Presets")),
                html.P("", className="hint preset-said", role="status"),
            ],
            className="setup-presets",
            **data(labels=json.dumps(labels)),
        )
    ]


def _whole(bench: Bench, preset: Preset, touched: Sequence[str]) -> dict[str, Any]:
    """What a preset's fields hold, also those that only the others set."""
    fields = bench.step.parameters.model_fields
    parsed = bench.step.parameters.parse(preset.values)
    return {name: forms.shown(fields[name], getattr(parsed, name)) for name in touched}


# -- fields


def _field(bench: Bench, name: str, values: Mapping[str, Any], error: str) -> Component:
    """A field with one line of help, the rest behind (i), and its way back to the default."""
    model = bench.step.parameters
    found = model.model_fields[name]
    choices = workbench.offered().get(name)
    control = forms.field(model, bench.slug, name, values, offered=choices, is_short=True)
    label = forms.label(model, name)
    link = html.A("Guide", href=f"/guide/{bench.guide}", target="_blank") if bench.guide else None
    about = html.Details(
        [
            html.Summary("i", **aria(label=f"About {found.title}")),
            html.P([str(found.description), " ", link] if link else str(found.description)),
        ],
        className="panel-help field-help",
    )
    usual = forms.in_words(found)
    is_empty = forms.shown(found, found.default) in ("", [], "{}")
    back = html.Button(
        f"Empty again: {usual}" if is_empty else f"Back to {usual}",
        type="button",
        className="to-usual pick",
        **aria(label=f"{found.title} back to {usual}"),
    )
    said = html.Div(error, id={"type": "field-error", "bench": bench.slug, "name": name},
                    className="error")  # fmt: skip
    words = f"{label} {found.description} {name}".casefold()
    return html.Div(
        [control, about, back, said], className="field", **data(field=name, words=words)
    )


def _folded(
    bench: Bench, fields: Mapping[str, Component], values: Mapping[str, Any], asked: Sequence[str]
) -> list[Component]:
    """All other fields under their headings, with a search among them.

    What stands beside a field that is asked for, and so above, is opened.
    """
    model = bench.step.parameters
    groups = {
        heading: (names, [name for name in names if name not in asked])
        for heading, names in forms.headings(model, list(fields)).items()
    }
    n_folded = sum(len(folded) for _, folded in groups.values())
    if not n_folded:
        return []
    words = html.Span(f"Search {n_folded} more settings", className="hint")
    search = html.Label(
        [
            words,
            dcc.Input(
                id={"type": "setup-search", "bench": bench.slug},
                type="search",
                className="setup-search",
                debounce=True,
            ),
        ]
    )
    folds = [
        html.Details(
            [
                html.Summary([heading, html.Span(f" {len(folded)}", className="fold-count")]),
                html.Div([fields[name] for name in folded], className="stack"),
            ],
            id=forms.fold_id(bench.slug, heading),
            open=any(name in asked or forms.is_changed(model, values, name) for name in names),
            className="fold",
        )
        for heading, (names, folded) in groups.items()
        if folded
    ]
    nothing = html.P("No setting says that.", className="hint setup-none", hidden=True)
    return [html.Div([search, *folds, nothing], className="stack setup-folds")]


def _foot(bench: Bench, error: str) -> Component:
    """Always in sight: how many are changed, what is wrong, and the way to run it."""
    count = html.Span("", id={"type": "setup-count", "bench": bench.slug}, className="hint")
    back = html.Button("All back to default", type="button", className="pick all-usual")
    return html.Div(
        [
            html.Div([count, back], className="row setup-changed"),
            html.Div(error, id=f"{bench.slug}-error", role="alert", className="error"),
            dmc.Button(bench.run_label, id=f"{bench.slug}-run", size="sm", fullWidth=True),
        ],
        className="form-foot setup-foot",
    )


def register(app: Dash) -> None:
    """Mark what is changed, in whichever form stands in the drawer."""
    app.clientside_callback(  # type: ignore[no-untyped-call]
        ClientsideFunction("setup", "marked"),
        Output({"type": "setup-count", "bench": MATCH}, "children"),
        Input({"type": "parameter", "bench": MATCH, "name": ALL}, "value"),
        State({"type": "parameter", "bench": MATCH, "name": ALL}, "id"),
        State({"type": "usual", "bench": MATCH}, "data"),
    )
    app.clientside_callback(  # type: ignore[no-untyped-call]
        ClientsideFunction("setup", "found"),
        Input("setup-found", "data"),
        prevent_initial_call=True,
    )
