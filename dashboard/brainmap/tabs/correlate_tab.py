"""The tab Correlate of a film: every voxel compared with one, a region, a signal or a cluster."""

from typing import Any

from dash import html
from dash.development.base_component import Component

from dashboard.brainmap.operations import choice, correlation
from dashboard.brainmap.tabs import begin, compared
from dashboard.brainmap.tabs.shown import PLANE, number_of, pointed_of
from dashboard.kit import results
from dashboard.kit.desk import Answer, Panel, Tab, View, column, row

TASK = "brainmap correlate"


def answer(view: View) -> Answer:
    """How far correlations go, and with what."""
    found = results.headline(view.run)
    highest, lowest = (results.number(found[name]) for name in ("highest", "lowest"))
    how = f"with {found['series']}, over {found['shape'][-1]} time points"
    return Answer(f"Correlations from {lowest} to {highest}.", how)


def _map(view: View) -> Component:
    found: dict[str, Any] = results.headline(view.run)
    plane = _plane(view, found)
    controls = correlation.controls(found["shape"][0], plane)
    return html.Div([controls, correlation.map_figure(view.run, found, plane)], className="stack")


def _plane(view: View, found: dict[str, Any]) -> int:
    return number_of(view, PLANE, found["shape"][0], usual=found["plane"])


def _mean(view: View) -> Component:
    found = results.headline(view.run)
    figure = correlation.mean_figure(view.run, found, _plane(view, found))
    return html.Div([choice.controls(correlation.PREFIX), figure], className="stack")


def _series(view: View) -> Component:
    found = results.headline(view.run)
    voxel = pointed_of(view, found["shape"][:3])
    return correlation.reference_series(view.run, found, voxel)


def _files(view: View) -> Component:
    figures = correlation.headline(results.headline(view.run))
    return html.Div([figures, correlation.downloads(view.run)], className="stack")


TAB = Tab(
    word="correlate",
    title="Correlate",
    tasks=(TASK,),
    arrange=row(
        column(
            Panel(name="correlation", title="Correlation", draw=_map, eager=True),
            Panel(name="compared", title="Series", draw=_series, eager=True),
            sizes=(58, 42),
        ),
        column(
            Panel(name="mean", title="Correlate with another voxel", draw=_mean, eager=True),
            Panel(name="files", title="Figures and files", draw=_files),
            sizes=(62, 38),
        ),
    ),
    answer=answer,
    compare=compared.correlations,
    fill=begin.fill,
    begin=lambda _view: [begin.button(TASK)],
    empty="Every voxel is compared here with one that you press, a region that you draw, a signal "
    "from a file, or a cluster of a map: a map of correlations, beside both series.",
)
