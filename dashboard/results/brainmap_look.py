"""The result of a first look: the film, mean and deviation, and the threshold for mapping."""

from collections.abc import Mapping
from typing import Any

from dash import Dash, html
from dash.development.base_component import Component

from dashboard.figures.scale import Scale
from dashboard.jobs.store import Job
from dashboard.results import (
    brainmap_choice,
    brainmap_film,
    brainmap_statistics,
    brainmap_threshold,
    common,
)
from dashboard.results.brainmap_film import film_card, load, stills
from dashboard.results.brainmap_statistics import statistics_card
from dashboard.results.brainmap_threshold import threshold_card
from pipelines.brainmap.map import look_folder


def view(job: Job) -> Component:
    """The whole result."""
    found = common.headline(job)
    shown = load(common.folder(job.id))
    return html.Div(
        [
            html.Div([_headline(found), _downloads(job)], className="card"),
            html.Div(film_card(job, shown, found), className="card"),
            html.Div(
                [
                    brainmap_choice.controls("look"),
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
    return common.stats(figures)


def _downloads(job: Job) -> Component:
    files = {
        look_folder.MEAN: "Mean (TIFF)",
        look_folder.DEVIATION: "Standard deviation (TIFF)",
        look_folder.HISTOGRAM.name: "Histogram (CSV)",
    }
    links = [common.download(job, file, text) for file, text in files.items()]
    return html.Div(links, className="downloads")


def register(app: Dash) -> None:
    """Connect film, threshold and statistics."""
    for module in (brainmap_film, brainmap_threshold, brainmap_statistics):
        module.register(app)
