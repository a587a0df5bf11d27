"""The tab Export of a film: its maps as files for other programs, and voxels coloured otherwise."""

from dash import dcc, html
from dash.development.base_component import Component

from dashboard.brainmap.map import colored, export
from dashboard.brainmap.map.parts import downloads
from dashboard.brainmap.tabs import begin
from dashboard.jobs.store import Job, JobState
from dashboard.kit import panel, results
from dashboard.kit.desk import Answer, Panel, Tab, View, column, row
from dashboard.workspaces import workspaces

EXPORT, COLORIZE = "brainmap export", "brainmap colorize"
NOTHING = html.P("Nothing yet.", className="hint")


def answer(view: View) -> Answer:
    """What was written."""
    found = results.headline(view.run)
    if view.run.task == COLORIZE:
        return Answer(f"{_what(view.run)}.")
    formats = ", ".join(found["formats"])
    return Answer(f"The map of {found['k']} clusters as {formats}.", found["palette"])


def _result(view: View) -> Component:
    if view.run.task == COLORIZE:
        return colored.view(view.run)
    return export.view(view.run)


def _finished(view: View) -> Component:
    """All exports of this film, the newest first."""
    jobs = [
        job
        for job in workspaces.jobs(view.workspace.id, EXPORT, COLORIZE)
        if job.state is JobState.DONE
    ]
    items = [
        html.Li(
            [
                dcc.Link(_what(job), href=view.workspace.at("export", run=job.id)),
                html.P(panel.when(job.created), className="hint"),
                html.A("Everything as zip", href=f"/jobs/{job.id}/everything.zip"),
            ],
            className="run shown" if job.id == view.run.id else "run",
        )
        for job in jobs
    ]
    buttons = html.Div([begin.button(EXPORT), begin.button(COLORIZE)], className="row")
    return html.Div([buttons, html.Ul(items, className="runs")], className="stack")


def _what(job: Job) -> str:
    """What an export is of, and in which formats."""
    if job.task == COLORIZE:
        return f"Voxels coloured by {colored.MEASURES[job.parameters['measure']]}"
    found = results.headline(job)
    return f"Map of {found['k']} clusters: {', '.join(found['formats'])}"


def _maps(view: View) -> Component:
    """The files of the newest map itself."""
    found = workspaces.newest(view.workspace.id, begin.MAP)
    return downloads(found) if found else NOTHING


TAB = Tab(
    word="export",
    title="Export",
    tasks=(EXPORT, COLORIZE),
    arrange=row(
        Panel(name="result", title="Files", draw=_result),
        column(
            Panel(name="exports", title="All exports", draw=_finished),
            Panel(name="map-files", title="Files of the newest map", draw=_maps),
        ),
        sizes=(64, 36),
    ),
    answer=answer,
    fill=begin.fill_map,
    begin=lambda _view: [begin.button(EXPORT), begin.button(COLORIZE)],
    empty="A map is written here for other programs: TIFF, PNG, SVG, CSV and NWB, of any number "
    "of clusters; or with its voxels coloured by what was measured of them.",
)
