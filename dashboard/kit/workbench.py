"""What the pages Spikes, Brain map and Synapses share: a form beside the job it starts."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import dash_mantine_components as dmc
from dash import ALL, Dash, Input, Output, State, dcc, html, no_update
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from dashboard.home.examples import EXAMPLES
from dashboard.jobs.store import Job, JobState, references_of
from dashboard.kit import forms, panel, switches
from dashboard.kit.aria import aria
from dashboard.kit.bench import Bench, Shown, Source, Word
from dashboard.server import inputs, pressed, roots, uploads
from dashboard.server.services import edit_link, services
from dashboard.server.settings import MB
from dashboard.server.submission import submit as submit
from dashboard.workspaces import workspaces
from dashboard.workspaces.workspace import address
from pipelines.core.errors import BundleError, InputError, NeuroboardError, ParameterError
from pipelines.models import registry
from pipelines.models.registry import Entry

UNIT_MODELS = "spikes train-labels"
"""The task that makes classifiers of units; other models in the registry are of synapses."""

Chosen = str | list[str] | int | None
"""What an upload, a choice or a button gives."""


def layout(
    bench: Bench,
    job_id: str | None,
    chosen: Mapping[str, str],
    values: Mapping[str, Any] | None = None,
) -> Component:
    """The form on the left, the job or an introduction on the right.

    Args:
        bench: which form.
        job_id: a job whose form and progress are shown.
        chosen: references of inputs to fill in, by name.
        values: parameters to fill in, by name.
    """
    job = services().store.get(job_id) if job_id else None
    if job is not None and job.task != bench.task:
        job = None
    return html.Div(
        [
            html.Section(
                form(bench, job, chosen, values or {}),
                className="card form",
                **aria(label="Input"),
            ),
            html.Section(
                panel.view(job) if job else _introduction(bench),
                className="bench-result",
                **aria(label="Result"),
            ),
        ],
        className="bench",
    )


def known_values(bench: Bench, given: Mapping[str, str]) -> dict[str, Any]:
    """Parameters from an address, checked; none at all if one of them cannot be used."""
    model = bench.step.parameters
    named = {name: value for name, value in given.items() if name in model.model_fields}
    try:
        return model.parse(named).model_dump(mode="json", include=set(named))
    except ParameterError:
        return {}


def form(
    bench: Bench, job: Job | None, chosen: Mapping[str, str], given: Mapping[str, Any]
) -> list[Component]:
    """The form alone, filled with what a job was given and with what is chosen besides."""
    references = {**(references_of(job.inputs) if job else {}), **chosen}
    values = {**(job.parameters if job else {}), **given}
    pickers = [picker(bench, source, references.get(source.name, "")) for source in bench.sources]
    error = html.Div(id=f"{bench.slug}-error", role="alert", className="error")
    button = dmc.Button(bench.run_label, id=f"{bench.slug}-run", size="md", fullWidth=True)
    return [
        *pickers,
        html.H2("Parameters"),
        *forms.form(bench.step.parameters, bench.slug, values, offered()),
        html.Div([error, button], className="form-foot"),
    ]


def offered() -> dict[str, Sequence[str]]:
    """The only choices for parameters whose choices depend on the server."""
    return {"engine": ("local", *services().settings.engines)}


def picker(bench: Bench, source: Source, reference: str) -> Component:
    """The ways to choose one input, and what is chosen."""
    chosen, _ = describe(source, reference)
    parts: list[Component] = [
        html.H2(source.label),
        html.P(source.help, className="hint"),
        dcc.Store(id=bench.source_id("reference", source), data=reference),
        html.P(
            chosen,
            id=bench.source_id("chosen", source),
            className="chosen" if reference else "chosen nothing",
            role="status",
        ),
    ]
    return html.Div([*parts, *ways(bench, source, reference)], className="stack picker")


def ways(bench: Bench, source: Source, reference: str) -> list[Component]:
    """The ways to choose one input."""
    parts: list[Component] = []
    if bench.goes_without(source):
        parts.append(
            dmc.Button(
                "Remove",
                id=bench.source_id("none", source),
                className="take-away",
                variant="subtle",
                size="compact-sm",
                **aria(label=f"Remove {source.label.removesuffix(' (optional)')}"),
            )
        )
    if source.upload:
        parts.append(dropzone(source.upload, bench.slug, source.name))
    if source.root:
        parts.append(_root_picker(bench, source))
    if source.from_task:
        parts.append(_job_picker(bench, source, reference))
    if source.example:
        parts.append(
            dmc.Button(
                "Use example data",
                id=bench.source_id("example", source),
                variant="subtle",
                size="compact-sm",
            )
        )
    return parts


def dropzone(upload: str, bench: str, name: str) -> Component:
    """Where files are dropped or chosen that are uploaded.

    Args:
        upload: a key of `uploads.KINDS`.
        bench: what it belongs to.
        name: of the input. What arrived stands in the store `{type: upload, bench, name}`.
    """
    kind = uploads.KINDS[upload]
    limit = kind.limit(services().settings) // MB
    text = f"Drop {kind.noun} here or click: {', '.join(kind.suffixes)}; up to {limit} MB"
    attributes: dict[str, Any] = {
        "data-upload": upload,
        "data-limit": str(limit * MB),
        "data-accept": ",".join(kind.suffixes),
        "data-many": str(kind.many).lower(),
        "data-label": text,
        "data-bench": bench,
        "data-name": name,
    }
    arrived = dcc.Store(id={"type": "upload", "bench": bench, "name": name})
    return html.Div([html.Div(className="dropzone", **attributes), arrived])


def _root_picker(bench: Bench, source: Source) -> Any:
    settings = services().settings
    if not settings.data:
        hint = "To choose data that lie on this computer, start the app with --data DIR."
        return html.P(hint, className="hint")
    return dmc.Autocomplete(
        id=bench.source_id("root", source),
        label="Or choose below the data root",
        data=roots.offers(settings.data, source.root),
        placeholder=f"{settings.data[0].name}/…",
        debounce=400,
        limit=50,
    )


def _job_picker(bench: Bench, source: Source, reference: str) -> Any:
    done = _finished((source.from_task, *source.also_from))
    kept = _registered(source.from_task) if source.from_registry else []
    data: list[Any] = [*done, *kept]
    if done and kept:
        data = [{"group": "Trained here", "items": done}, {"group": "Registry", "items": kept}]
    if not data and not source.goes_with:
        maker = services().pages[source.from_task]
        link = dcc.Link(maker.step.title.lower(), href=maker.address)
        return html.P(["There is none yet: ", link, " first."], className="hint")
    value = reference or (None if source.optional else [*done, *kept][0]["value"])
    if source.several:
        return dmc.MultiSelect(
            id=bench.source_id("root", source),
            data=data,
            value=[one for one in source.split(value or "") if one.startswith("job:")],
            searchable=True,
            clearable=True,
            **aria(label=source.label),
        )
    return dmc.Select(
        id=bench.source_id("root", source),
        data=data,
        value=value,
        allowDeselect=source.optional,
        clearable=source.optional,
        placeholder="none",
        **aria(label=source.label),
    )


def _finished(tasks: Sequence[str]) -> list[dict[str, str]]:
    done = [job for job in services().store.latest(tasks) if job.state is JobState.DONE]
    return [{"value": f"job:{job.id}", "label": panel.short_label(job)} for job in done]


def _registered(task: str) -> list[dict[str, str]]:
    """The registry's models of the kind that a task makes, as choices."""
    return [
        {"value": f"model:{entry.name}", "label": f"{entry.name} (registry)"}
        for entry in kept_models(task)
    ]


def kept_models(task: str) -> list[Entry]:
    """The registry's models of the kind that a task makes, without retired ones."""
    try:
        models = registry.entries(services().settings.registry)
    except BundleError:
        return []  # the page Models says what is wrong
    is_of_units = task == UNIT_MODELS
    return [one for one in models if not one.retired and one.is_of_units == is_of_units]


def describe(source: Source, reference: str) -> tuple[str, bool]:
    """What a reference stands for, in words, and whether it can be used."""
    if not reference:
        return "Nothing chosen yet.", False
    try:
        found = services()
        items = [
            inputs.resolve(source.name, one, found.settings, found.store)
            for one in source.split(reference)
        ]
    except InputError as error:
        return error.sentence, False
    return f"Chosen: {', '.join(item.label for item in items)}", True


def _introduction(bench: Bench) -> Component:
    recent = services().store.latest((bench.task,), limit=5)
    parts: list[Component] = [html.P(bench.empty, className="empty")]
    if recent:
        parts += [html.H2("Earlier runs"), html.Ul([_recent(job) for job in recent])]
    return html.Div(parts, className="card introduction")


def _recent(job: Job) -> Component:
    link = dcc.Link(panel.short_label(job), href=edit_link(job.task, job.id))
    return html.Li([link, " ", panel.badge(job.state)])


def register(app: Dash, bench: Bench) -> None:
    """Connect a bench's pickers and its run button."""
    for source in bench.sources:
        register_picker(app, bench, source)
    if bench.switch:
        switches.register(app, bench.slug, bench.switch)
    parameter = {"type": "parameter", "bench": bench.slug, "name": ALL}
    reference = {"type": "reference", "bench": bench.slug, "name": ALL}
    app.callback(
        Output("url", "href", allow_duplicate=True),
        Output(f"{bench.slug}-error", "children"),
        Input(f"{bench.slug}-run", "n_clicks"),
        State(reference, "id"),
        State(reference, "data"),
        State(parameter, "id"),
        State(parameter, "value"),
        State("desk", "data", allow_optional=True),
        State(f"{bench.slug}-tab", "data", allow_optional=True),
        prevent_initial_call=True,
        running=[(Output(f"{bench.slug}-run", "loading"), True, False)],
    )(partial(run, bench))
    app.callback(
        Output({"type": "field-error", "bench": bench.slug, "name": ALL}, "children"),
        Output({"type": "fold", "bench": bench.slug, "name": ALL}, "open", allow_duplicate=True),
        Input(f"{bench.slug}-error", "children"),
        State({"type": "field-error", "bench": bench.slug, "name": ALL}, "id"),
        State({"type": "fold", "bench": bench.slug, "name": ALL}, "id"),
        State({"type": "fold", "bench": bench.slug, "name": ALL}, "open"),
        prevent_initial_call=True,
    )(partial(at_fields, bench))


def at_fields(
    bench: Bench,
    sentence: str | None,
    fields: Sequence[Mapping[str, str]],
    folds: Sequence[Mapping[str, str]],
    now: Sequence[bool],
) -> tuple[list[str], list[bool]]:
    """A sentence beside each field that it asks for or says is wrong, which is unfolded."""
    model, text = bench.step.parameters, sentence or ""
    asked = forms.asked_for(model, text)
    said = [text if item["name"] in asked else "" for item in fields]
    return said, forms.opened(model, text, [item["name"] for item in folds], now)


def run(
    bench: Bench,
    clicks: int | None,
    source_ids: Sequence[Mapping[str, str]],
    references: Sequence[str | None],
    parameter_ids: Sequence[Mapping[str, str]],
    values: Sequence[Any],
    shown: Shown | None = None,
    tab: Word | None = None,
) -> tuple[Any, Any]:
    """Start the job that a form describes: the address to go to, and what is wrong."""
    if not clicks:
        raise PreventUpdate
    shown = {**shown, "tab": tab} if shown and tab else shown
    chosen = {
        item["name"]: reference or ""
        for item, reference in zip(source_ids, references, strict=True)
    }
    try:
        parameters = forms.read(bench.step.parameters, parameter_ids, values)
        written = parameters.model_dump(mode="json")
        jobs = [
            submit(
                bench.task,
                {**one, **(bench.built_on(one, written) if bench.built_on else {})},
                written,
                workspace=shown["workspace"] if shown else "",
            )
            for one in _one_by_one(bench, chosen)
        ]
    except NeuroboardError as error:
        return no_update, error.sentence
    if shown:
        return in_workspace(shown, jobs[0]), ""
    return edit_link(bench.task, jobs[0]) if len(jobs) == 1 else "/jobs", ""


def in_workspace(shown: Shown, job_id: str) -> str:
    """Where a job that was asked for on a desk is seen: its result, or how far it is."""
    words = seen_as(job_id)
    if "asked" in words:
        words |= _kept(shown)
    return address(shown["subject"], shown["workspace"], tab=shown["tab"], **words)


def seen_as(job_id: str) -> dict[str, str]:
    """What an address says of a job: `run` for its result, `asked` while there is none."""
    job = services().store.get(job_id)
    is_there = job is not None and job.state is JobState.DONE
    return {"run" if is_there else "asked": job_id}


def _kept(shown: Shown) -> dict[str, str]:
    """What is shown stays until the new result is there, also where it is not the newest."""
    job = services().store.get(shown["run"])
    newest = workspaces.newest(shown["workspace"], job.task) if job is not None else None
    return {} if newest is None or newest.id == shown["run"] else {"run": shown["run"]}


def _one_by_one(bench: Bench, chosen: Mapping[str, str]) -> list[dict[str, str]]:
    """The references of each job: one for every choice of a source that takes several."""
    found = [dict(chosen)]
    for source in bench.sources:
        several = source.split(chosen.get(source.name, ""))
        if not bench.step.many and len(several) > 1:
            found = [{**one, source.name: each} for one in found for each in several]
    return found


def register_picker(app: Dash, bench: Bench, source: Source) -> None:
    """Connect the ways to choose one input with what is chosen."""
    ways = [
        Input(bench.source_id("upload", source), "data") if source.upload else None,
        Input(bench.source_id("root", source), "value", allow_optional=True)
        if source.root or source.from_task
        else None,
        Input(bench.source_id("example", source), "n_clicks") if source.example else None,
        Input(bench.source_id("none", source), "n_clicks") if bench.goes_without(source) else None,
    ]

    def choose(*values: Chosen) -> tuple[Any, str, str]:
        trigger, value = pressed.latest()
        if not trigger:  # the page was just opened, with an earlier job filled in
            return pick(source, "", next((one for one in values if one), None))
        return pick(source, trigger["type"], value)

    app.callback(
        Output(bench.source_id("reference", source), "data"),
        Output(bench.source_id("chosen", source), "children"),
        Output(bench.source_id("chosen", source), "className"),
        *[way for way in ways if way is not None],
        prevent_initial_call=not source.from_task,
    )(choose)


def pick(source: Source, kind: str, value: Any) -> tuple[Any, str, str]:
    """The reference that a person just chose, with its description and style."""
    taken_away = kind == "none" or (source.optional and kind == "root" and not value)
    if not value and not taken_away:
        raise PreventUpdate
    if taken_away:
        reference = ""
    elif kind == "example":
        reference = f"example:{source.example}"
    elif kind == "root" and not source.from_task:
        reference = f"data:{value}"
    else:
        reference = " ".join(value) if isinstance(value, list) else str(value)
    text, usable = describe(source, reference)
    if not reference:
        return "", text, "chosen nothing"
    return reference if usable else "", text, "chosen" if usable else "chosen error"


def example_references(bench: Bench) -> dict[str, str]:
    """References of the example data for a bench."""
    return {
        source.name: f"example:{source.example}"
        for source in bench.sources
        if source.example in EXAMPLES
    }
