"""The tab Operations of a film: what was made of its series, and statistics of all voxels."""

from dash import html
from dash.development.base_component import Component

from dashboard.brainmap.operations import series
from dashboard.brainmap.tabs import begin
from dashboard.kit import plain, results
from dashboard.kit.desk import Answer, Panel, Part, Slot, Tab, View, column, row

SERIES, STATISTICS = "brainmap series", "brainmap statistics"


def answer(view: View) -> Answer:
    """What was made, and of which shape."""
    found = results.headline(view.run)
    if view.run.task == STATISTICS:
        return Answer("Statistics of all voxels above the threshold.")
    shape = " x ".join(map(str, found["shape"]))
    return Answer(f"{found['operation'].capitalize()}: {shape} values.")


def _pictures(view: View) -> Component:
    change = series.load(view.run.id)
    if change.layout == "sample":
        return series.sample_figure(view.run, change)
    parts = [series.controls(view.run, change), series.pictures(view.run, change)]
    return html.Div(parts, className="stack")


def _series(view: View) -> Component:
    return series.series_figure(view.run, series.load(view.run.id))


def _files(view: View) -> Component:
    change = series.load(view.run.id)
    return html.Div([series.headline(change), series.ways_on(view.run, change)], className="stack")


def _statistics(view: View) -> Component:
    return plain.view(view.run)


def tools(_view: View) -> Component:
    """What else can be made of the film."""
    return begin.button(STATISTICS)


PICTURES = Panel(name="pictures", title="Before and after", draw=_pictures, eager=True, tools=tools)
FILES = Panel(name="files", title="Figures and files", draw=_files)


def arrange(view: View) -> Part:
    """The panels of a run of either step."""
    if view.run.task == STATISTICS:
        return Slot(Panel(name="statistics", title="Statistics", draw=_statistics, tools=tools))
    if series.load(view.run.id).layout == "sample":
        return row(PICTURES, FILES, sizes=(70, 30))
    voxel = Panel(name="voxel", title="Voxel before and after", draw=_series, eager=True)
    return row(PICTURES, column(voxel, FILES, sizes=(62, 38)), sizes=(60, 40))


TAB = Tab(
    word="operations",
    title="Operations",
    tasks=(SERIES, STATISTICS),
    arrange=arrange,
    answer=answer,
    fill=begin.fill,
    begin=lambda _view: [begin.button(STATISTICS)],
    empty="Normalise, detrend, filter, subsample or correlate the film's series here, and see any "
    "voxel before and after; or measure all voxels at each time point.",
)
