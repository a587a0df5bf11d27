"""The tab Export of a recording: its units for other programs, and what was exported."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import dash_mantine_components as dmc
from dash import ALL, Dash, Input, Output, State, dcc, html, no_update
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate
from pydantic import Field

from dashboard.jobs.store import Job, JobState
from dashboard.kit import panel, results
from dashboard.kit.bench import Shown
from dashboard.kit.desk import Answer, Panel, Tab, View, row
from dashboard.server import people, pressed
from dashboard.server.people import Role
from dashboard.server.posted import one_of
from dashboard.server.submission import submit
from dashboard.spikes.labels import of_sorting
from dashboard.workspaces import workspaces
from pipelines.core.errors import NeuroboardError
from pipelines.core.formats import Format, of_name
from pipelines.spikes.parameters import ExportParameters
from pipelines.spikes.units.formats import SORTINGS

TASK = "spikes export"
UNITS_OF = ("spikes curate", "spikes sort", "spikes import")
HOW = {"spikes curate": "as curated", "spikes sort": "as sorted", "spikes import": "as imported"}
TICK_MS = 1_000
ONLY = {"": "all units", "good": "only good ones", "good,mua": "good and mua"}
NOTHING = (
    "There are no units yet: sort the recording on the tab Units. They are then written here for "
    "phy, NWB, SpikeInterface or blech_clust, or as tables and arrays that any program reads."
)


def answer(view: View) -> Answer:
    """What there is to be exported, and how often it was."""
    if not _choices(view.workspace.id):
        return Answer("There is nothing to export yet.")
    done = [job for job in _exports(view.workspace.id) if job.state is JobState.DONE]
    count = f"{len(done)} {'export' if len(done) == 1 else 'exports'}" if done else "No export yet"
    return Answer(f"{count}.", "one press writes a format; nothing of the workspace is changed")


def _exports(workspace: str) -> list[Job]:
    return workspaces.jobs(workspace, TASK)


def _choices(workspace: str) -> dict[str, str]:
    """What can be exported, in words, by the references of units and labels."""
    found: dict[str, str] = {}
    for task in UNITS_OF:
        for job in workspaces.jobs(workspace, task):
            if job.state is not JobState.DONE:
                continue
            count = results.headline(job)["n_units"]
            how = HOW[task]
            said = f"{count} units {how}, {panel.when(job.created)}"
            labels = of_sorting.finished(job)
            if labels is not None:
                found[f"job:{job.id} job:{labels.id}"] = f"{said}, with labels"
            found[f"job:{job.id}"] = said
    return found


def formats(view: View) -> Component:
    """The formats, each with what it is for."""
    choices = _choices(view.workspace.id)
    if not choices:
        return html.P(NOTHING, className="empty")
    data = [{"value": value, "label": label} for value, label in choices.items()]
    only = [{"value": value or "all", "label": label} for value, label in ONLY.items()]
    return html.Div(
        [
            html.Div(
                [
                    dmc.Select(
                        id="export-of", label="Which units", data=data, value=next(iter(choices)),
                        allowDeselect=False, w=380,
                    ),
                    dmc.Select(
                        id="export-only", label="Of these", data=only, value="all",
                        allowDeselect=False, w=160,
                    ),
                ],
                className="row",
            ),
            html.P("", id="export-error", role="alert", className="error"),
            html.Div([_format(one) for one in SORTINGS], className="export-formats"),
        ],
        className="stack",
    )  # fmt: skip


def _format(one: Format) -> Component:
    button = dmc.Button(
        f"Export for {one.title}" if one.name in ("phy", "nwb") else f"Export {one.title}",
        id={"type": "export-format", "name": one.name},
        variant="default",
        size="compact-sm",
    )
    about = one.about[0].upper() + one.about[1:]
    files = ", ".join(one.leaves) or "units.zarr"
    more = html.Details(
        [html.Summary("More"), html.P(one.then, className="hint"), html.P(files, className="hint")]
    )
    return html.Div(
        [html.H3(one.title), html.P(f"{about}."), html.Div([button], className="row"), more],
        className="card export-format",
    )


def listed(workspace: str) -> Component:
    """The exports of a workspace, the newest first."""
    jobs = _exports(workspace)
    if not jobs:
        words = "Nothing was exported yet: what you export stands here, to be downloaded again."
        return html.P(words, className="empty")
    return html.Ol([_export(job) for job in jobs], className="runs")


def _export(job: Job) -> Component:
    name = of_name(SORTINGS, str(job.parameters["format"])).title
    parts: list[Any] = [html.Div([html.Strong(name), " ", panel.badge(job.state)], className="row")]
    parts.append(html.P(f"{panel.when(job.created)}{_of(job)}", className="hint"))
    if job.state is JobState.DONE:
        found = results.headline(job)
        counts = f"{results.number(found['n_units'])} units, {results.number(found['n_spikes'])} "
        parts.append(html.P(f"{counts}spikes"))
        whole = html.A("Everything as zip", href=f"/jobs/{job.id}/everything.zip")
        parts.append(html.Div(whole))
    elif not job.state.is_over:
        parts.append(html.P(panel.sentence(job), className="hint"))
    else:
        parts.append(html.P(panel.sentence(job), className="error"))
    parts.append(dcc.Link("Files and what to do with them", href=f"/jobs/{job.id}"))
    return html.Li(parts, className="run")


def _of(job: Job) -> str:
    only = str(job.parameters.get("only", ""))
    labels = any(item.name == "labels" for item in job.inputs)
    said = ", with labels" if labels else ""
    return said + (f", only {only.replace(',', ' and ')}" if only else "")


def exports(view: View) -> Component:
    """The exports, which are looked after while one is being made."""
    waits = any(not job.state.is_over for job in _exports(view.workspace.id))
    return html.Div(
        [
            html.Div(listed(view.workspace.id), id="export-list"),
            dcc.Interval(id="export-tick", interval=TICK_MS, disabled=not waits),
        ]
    )


Name = Annotated[str, Field(max_length=80)]
Only = Annotated[str, one_of({"all": "", **ONLY})]


def run(
    _clicks: Sequence[int | None], chosen: Name, only: Only, shown: Shown
) -> tuple[Any, Any, Any]:
    """Export the chosen units in the format that was pressed."""
    identity = pressed.button()
    if identity is None:
        raise PreventUpdate
    units, _, labels = chosen.partition(" ")
    values: Mapping[str, Any] = {
        "format": identity["name"],
        "only": "" if only == "all" else only,
    }
    try:
        people.require(Role.WORK)
        parameters = ExportParameters.parse(values).model_dump(mode="json")
        given = {"sorting": units, "labels": labels}
        submit(TASK, given, parameters, workspace=shown["workspace"])
    except NeuroboardError as error:
        return no_update, error.sentence, no_update
    return listed(shown["workspace"]), "", False


def refresh(_ticks: int | None, shown: Shown) -> tuple[Any, bool]:
    """The exports as they are now; nobody looks any more when all are over."""
    jobs = _exports(shown["workspace"])
    return listed(shown["workspace"]), all(job.state.is_over for job in jobs)


def register(app: Dash) -> None:
    """Connect the formats with the list."""
    app.callback(
        Output("export-list", "children"),
        Output("export-error", "children"),
        Output("export-tick", "disabled"),
        Input({"type": "export-format", "name": ALL}, "n_clicks"),
        State("export-of", "value"),
        State("export-only", "value"),
        State("desk", "data"),
        prevent_initial_call=True,
    )(run)
    app.callback(
        Output("export-list", "children", allow_duplicate=True),
        Output("export-tick", "disabled", allow_duplicate=True),
        Input("export-tick", "n_intervals"),
        State("desk", "data"),
        prevent_initial_call=True,
    )(refresh)


TAB = Tab(
    word="export",
    title="Export",
    tasks=(),
    arrange=row(
        Panel(name="formats", title="Formats", draw=formats, eager=True),
        Panel(name="exports", title="Exported", draw=exports, eager=True),
        sizes=(66, 34),
    ),
    answer=answer,
    register=register,
)
