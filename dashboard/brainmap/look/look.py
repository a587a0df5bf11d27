"""The result of a first look: the film, mean and deviation, and the threshold for mapping."""

from collections.abc import Mapping
from typing import Any

from dash import Dash, html
from dash.development.base_component import Component

from dashboard.brainmap.look import film, statistics, threshold
from dashboard.brainmap.look.film import film_card, load, stills
from dashboard.brainmap.look.statistics import statistics_card
from dashboard.brainmap.look.threshold import threshold_card
from dashboard.brainmap.operations import choice
from dashboard.jobs.store import Job
from dashboard.kit import results
from dashboard.kit.scale import Scale
from pipelines.brainmap.map import look_folder


def view(job: Job) -> Component:
    """The whole result."""
    found = results.headline(job)
    shown = load(results.folder(job.id))
    return html.Div(
        [
            html.Div([_headline(found), downloads(job)], className="card"),
            html.Div(film_card(job, shown, found), className="card"),
            html.Div(
                [
                    choice.controls("look"),
                    html.Div(stills(job, shown), id="look-stills", className="pair"),
                ],
                className="card",
            ),
            html.Div(threshold_card(job, shown, found), className="card stack"),
            html.Div(
                statistics_card(shown, found["threshold"], Scale.of(found)), className="card stack"
            ),
        ]
    )


def _headline(found: Mapping[str, Any]) -> Component:
    figures = {
        "Planes x y x x x time": " x ".join(map(str, found["shape"])),
        "Voxels": f"{found['n_voxels']:,}",
        "of which never change": f"{found['n_constant']:,}",
    }
    if found.get("n_undefined"):
        figures["of which cannot be used"] = f"{found['n_undefined']:,}"
    return results.stats(figures)


def downloads(job: Job) -> Component:
    """Links to the files of a look."""
    files = {
        look_folder.MEAN: "Mean (TIFF)",
        look_folder.DEVIATION: "Standard deviation (TIFF)",
        look_folder.HISTOGRAM.name: "Histogram (CSV)",
    }
    links = [results.download(job, file, text) for file, text in files.items()]
    return html.Div(links, className="downloads")


def register(app: Dash) -> None:
    """Connect film, threshold and statistics."""
    for module in (film, threshold, statistics):
        module.register(app)
