"""The tab Operations of a film: what was made of its series, and statistics of all voxels."""

import re

import numpy as np
import pandas as pd
from dash import html
from dash.development.base_component import Component

from dashboard.brainmap.look.statistics import MOST_LINES, over_time_figure, sample_figure
from dashboard.brainmap.operations import series
from dashboard.brainmap.tabs import begin
from dashboard.brainmap.tabs.shown import PLANE, TIME, VOXEL, number_of, pointed_of
from dashboard.kit import results
from dashboard.kit.desk import Answer, Panel, Part, Tab, View, chart, column, row
from dashboard.kit.desk_table import number, table
from dashboard.kit.figures import Drawn
from dashboard.kit.scale import Scale
from pipelines.brainmap.operations.operation_result import FinishedOperation
from pipelines.brainmap.operations.statistics import ADVICE, OVER_TIME, SAMPLE
from pipelines.core.errors import InputError
from pipelines.core.result_schema import TableFile

SERIES, STATISTICS = "brainmap series", "brainmap statistics"
PERCENTILE = re.compile(r"p[\d.]+")


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
    spot = _spot(view, change)
    parts = [series.controls(view.run, change, spot), series.pictures(view.run, change, spot)]
    return html.Div(parts, className="stack")


def _series(view: View) -> Component:
    change = series.load(view.run.id)
    return series.series_figure(view.run, change, _spot(view, change).voxel)


def _spot(view: View, change: FinishedOperation) -> series.Spot:
    """What is selected of a result."""
    return series.Spot(
        number_of(view, PLANE, change.planes),
        number_of(view, TIME, change.steps),
        pointed_of(view, change.images_shape[1:]) or change.liveliest(),
    )


def _files(view: View) -> Component:
    change = series.load(view.run.id)
    return html.Div([series.headline(change), series.ways_on(view.run, change)], className="stack")


def over_time(view: View) -> Drawn:
    """Statistics across the measured voxels at each time point."""
    found = _read(view, OVER_TIME)
    levels = sorted(float(name[1:]) for name in map(str, found) if PERCENTILE.fullmatch(name))
    figure = over_time_figure(found, levels[0], levels[-1])
    words = (
        f"Across {results.headline(view.run)['n_kept']:,} voxels above the threshold, at each time "
        "point: mean, standard deviation around it, percentiles, smallest and largest value."
    )
    return Drawn(_scale(view).timed(figure), words)


def sample(view: View) -> Drawn:
    """Series of some of the measured voxels, the selected one in front."""
    found = _read(view, SAMPLE)[:MOST_LINES]
    places = _places(found)
    figure = sample_figure(
        found.filter(regex=r"^t\d+$").to_numpy(np.float32), found["std"].to_numpy()
    )
    chosen = view.chosen.get(VOXEL)
    for trace, place in zip(figure.data, places, strict=True):
        trace.customdata = [place] * len(trace.y)
        if chosen in places:
            look = {"opacity": 1, "line_width": 3} if place == chosen else {"opacity": 0.15}
            trace.update(look)
    drawn = results.headline(view.run)["n_drawn"]
    some = f"; the first {len(found)} are shown" if drawn > MOST_LINES else ""
    words = (
        f"Normalised series of {drawn:,} voxels above the threshold, drawn at random with the seed "
        f"{view.run.parameters['seed']}{some}. Press one to select it."
    )
    return Drawn(_scale(view).timed(figure), words)


def _read(view: View, table: TableFile) -> pd.DataFrame:
    return table.read(results.folder(view.run.id), InputError, ADVICE)


def _scale(view: View) -> Scale:
    return Scale.of(results.headline(view.run))


def _places(found: pd.DataFrame) -> list[str]:
    """Where the voxels of a sample are, as they are selected."""
    return [",".join(map(str, place)) for place in found[["plane", "y", "x"]].to_numpy().tolist()]


def sampled(view: View) -> Component:
    """The voxels that were drawn at random, with where they are and how much they vary."""
    columns = list(SAMPLE.columns)
    found = _read(view, SAMPLE)[columns]
    rows = found.assign(voxel=_places(found)).to_dict("records")
    shown = [number(name) for name in columns]
    return table(rows, shown, key=VOXEL, field="voxel", label="Voxels drawn", several=False)


def measured(view: View) -> Component:
    """The figures that matter most, and the files."""
    found = results.headline(view.run)
    counts = {
        "Voxels": f"{found['n_voxels']:,}",
        "above the threshold": f"{found['n_kept']:,}",
        "drawn at random": f"{found['n_drawn']:,}",
    }
    files = {OVER_TIME.name: "Statistics (CSV)", SAMPLE.name: "Series drawn (CSV)"}
    links = [results.download(view.run, file, text) for file, text in files.items()]
    return html.Div(
        [results.stats(counts), html.Div(links, className="downloads")], className="stack"
    )


def tools(_view: View) -> Component:
    """What else can be made of the film."""
    return begin.button(STATISTICS)


PICTURES = Panel(name="pictures", title="Before and after", draw=_pictures, eager=True, tools=tools)
FILES = Panel(name="files", title="Figures and files", draw=_files)


def arrange(view: View) -> Part:
    """The panels of a run of either step."""
    if view.run.task == STATISTICS:
        return row(
            column(
                chart("statistics", "What the active voxels do", over_time),
                chart("sample", "Some of them", sample, VOXEL, picks=VOXEL),
            ),
            column(
                Panel(name="measured", title="Figures and files", draw=measured, tools=tools),
                Panel(name="sampled", title="Voxels drawn", draw=sampled),
            ),
            sizes=(70, 30),
        )
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
