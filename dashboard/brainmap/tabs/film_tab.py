"""The tab Film: the film as it was recorded, what changes in it, and the threshold for a map."""

from collections.abc import Callable
from typing import Any

from dash import Dash, html
from dash.development.base_component import Component

from dashboard.brainmap.look import film
from dashboard.brainmap.look.look import downloads
from dashboard.brainmap.look.statistics import statistics_card
from dashboard.brainmap.look.threshold import kept_sentence, threshold_card
from dashboard.brainmap.operations import choice
from dashboard.brainmap.tabs import begin
from dashboard.brainmap.tabs.shown import PLANE, TIME, number_of, pointed_of
from dashboard.kit import results
from dashboard.kit.desk import Answer, Panel, Slot, Tab, View, column, row
from dashboard.kit.scale import Scale
from dashboard.setup import glance
from dashboard.setup.facts import table as table_of_facts
from pipelines.brainmap.images.info import ImageInfo
from pipelines.brainmap.map.look_folder import FinishedLook


def answer(view: View) -> Answer:
    """How large the film is, and how much of it is active."""
    found, shown = results.headline(view.run), film.load(results.folder(view.run.id))
    planes, height, width, times = found["shape"]
    size = f"{times} frames of {planes} x {height} x {width} voxels"
    seconds = f", {times * step:.0f} s" if (step := Scale.of(found).frame_s) else ""
    kept = kept_sentence(shown, found["threshold"])
    return Answer(f"{size}{seconds}.", f"{kept} above {found['threshold']:g}, the threshold asked")


def part(draw: Callable[[View, FinishedLook, dict[str, Any]], Any]) -> Callable[[View], Component]:
    """A panel of a look."""

    def drawn(view: View) -> Component:
        shown, found = film.load(results.folder(view.run.id)), results.headline(view.run)
        return html.Div(draw(view, shown, found), className="stack")

    return drawn


def _film(view: View, shown: FinishedLook, found: dict[str, Any]) -> list[Component]:
    plane, time = _plane(view, shown), number_of(view, TIME, len(shown.preview))
    controls = film.film_controls(shown, found, plane, time)
    return [*controls, film.film_figure(view.run, found, plane, time), film.ticks()]


def _plane(view: View, shown: FinishedLook) -> int:
    return number_of(view, PLANE, len(shown.mean))


def _series(view: View, shown: FinishedLook, _found: dict[str, Any]) -> list[Component]:
    voxel = pointed_of(view, shown.mean.shape)
    return [film.series_figure(film.series_of(view.run, voxel) if voxel else None)]


def _stills(view: View, shown: FinishedLook, _found: dict[str, Any]) -> list[Component]:
    drawn = film.stills(view.run, shown, _plane(view, shown))
    pictures = html.Div(drawn, id="look-stills", className="pair")
    return [choice.controls("look"), pictures]


AXES_FROM = {
    "file": "as the file says",
    "given": "as you said",
    "guessed": "taken as usual, for the file does not say it",
}


def facts(view: View) -> Component:
    """How the film was read, with a way to read it otherwise."""
    shown, found = film.load(results.folder(view.run.id)), results.headline(view.run)
    planes, height, width, times = found["shape"]
    info = ImageInfo.of_results(found)
    pixel = " x ".join(f"{one:g}" for one in dict.fromkeys(info.pixel_um or ()))
    rate = f", {1 / info.frame_s:.4g} a second" if info.frame_s else ""
    kept = shown.preview.dtype
    told = table_of_facts(
        {
            "Axes": f"{info.axes}, {AXES_FROM[info.axes_from]}",
            "Frames": f"{times:,}{rate}",
            "Planes": f"{planes:,}" + (f", {info.plane_um:g} µm apart" if info.plane_um else ""),
            "Height and width": f"{height:,} x {width:,} pixels",
            "Pixel": f"{pixel} µm" if pixel else "the file does not say its size",
            "Channel": info.channel,
            "Intensities": f"{kept}, {8 * kept.itemsize} bits",
        }
    )
    return html.Div([told, glance.otherwise(view.run, "axes", "channel")], className="stack")


def _threshold(view: View, shown: FinishedLook, found: dict[str, Any]) -> list[Component]:
    return threshold_card(view.run, shown, found)


def _statistics(view: View, shown: FinishedLook, found: dict[str, Any]) -> list[Component]:
    return [*statistics_card(shown, found["threshold"], Scale.of(found)), downloads(view.run)]


def _panel(name: str, title: str, draw: Any) -> Panel:
    """Its parts are connected with each other by callbacks of their own."""
    return Panel(name=name, title=title, draw=part(draw), eager=True)


def register(app: Dash) -> None:
    """Connect the buttons that begin a step, on all tabs."""
    begin.register(app)


TAB = Tab(
    word="film",
    title="Film",
    tasks=(begin.LOOK,),
    arrange=row(
        column(
            _panel("film", "Film", _film),
            _panel("voxel", "Voxel under the pointer", _series),
            sizes=(62, 38),
        ),
        column(
            _panel("stills", "Mean and standard deviation", _stills),
            Slot(
                Panel(name="film-facts", title="File", draw=facts),
                _panel("threshold", "Which voxels to map", _threshold),
                _panel("over-time", "What the active voxels do", _statistics),
            ),
        ),
        sizes=(52, 48),
    ),
    answer=answer,
    fill=begin.fill,
    begin=lambda _view: [begin.button(begin.LOOK)],
    register=register,
    glance=begin.LOOK,
    empty="A look plays here every plane of the film beside the series of any voxel, its mean and "
    "standard deviation, and how many voxels vary by more than a threshold that you choose.",
)
