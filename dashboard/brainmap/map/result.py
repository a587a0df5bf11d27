"""The result of a brain map: the choice of K, label maps with hover, series, centroids."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from dash import ALL, Dash, Input, Output, State, html
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from dashboard.brainmap.map import colored
from dashboard.brainmap.map import export as brainmap_export
from dashboard.brainmap.map import map_figures as figures
from dashboard.brainmap.map.chosen import Look, Planes, load, load_map
from dashboard.brainmap.map.parts import (
    cluster_table,
    clusters,
    color_sentence,
    controls,
    curves,
    downloads,
    evidence,
    headline,
    map_figure,
)
from dashboard.brainmap.map.planes import draw_map, emphasised, multiples, pointed_voxel
from dashboard.brainmap.operations import choice
from dashboard.jobs.code_version import code_version
from dashboard.jobs.store import Job, JobState, is_of, references_of
from dashboard.kit import results
from dashboard.kit.scale import Scale
from dashboard.server import inputs, pressed
from dashboard.server.posted import Pointed, Whole
from dashboard.server.services import edit_link, services
from dashboard.server.submission import submit
from pipelines.brainmap.parameters import COLOR_PARAMETERS


def view(job: Job) -> Component:
    """The whole result."""
    found = results.headline(job)
    folder = results.folder(job.id)
    atlas = load(folder)
    look, scale = Look(found["k"], found["palette"]), Scale.of(found)
    fitted = load_map(folder, look.k, look.palette)
    return html.Div(
        [
            html.Div([headline(atlas, found), downloads(job)], className="card"),
            *evidence(atlas, found),
            html.Div(
                [
                    controls(atlas, look),
                    html.Div(map_figure(job, fitted, look, scale)),
                    html.P(
                        color_sentence(atlas.sweep, look.k), id="brainmap-colors", className="hint"
                    ),
                    html.Div(multiples(folder, atlas, look.palette), id="brainmap-multiples"),
                ],
                className="card",
            ),
            html.Div(curves(job, fitted, scale), className="card pair"),
            html.Div(clusters(atlas, fitted, look), className="card pair"),
            html.Div(cluster_table(fitted), id="brainmap-table", className="card"),
            html.Div(colored.card(job), className="card stack"),
        ]
    )


def register(app: Dash) -> None:
    """Connect what can be pointed at, pressed and chosen."""
    _register_pictures(app)
    _register_choices(app)
    _register_jobs(app)


def _register_pictures(app: Dash) -> None:
    """What is drawn anew."""
    job = State("panel-job", "data")
    look = {
        "k": ("brainmap-k", "value"),
        "palette": ("brainmap-palette", "value"),
        "planes": ("brainmap-plane", "value"),
    }
    app.callback(
        Output("brainmap-series", "figure"),
        Input("brainmap-map", "hoverData"),
        *[State(*source) for source in look.values()],
        job,
        prevent_initial_call=True,
    )(show_series)
    app.callback(
        Output("brainmap-map", "figure"),
        Output("brainmap-map", "style"),
        Output("brainmap-centroids", "figure"),
        Output("brainmap-components", "figure"),
        Output("brainmap-sizes", "figure"),
        Output("brainmap-table", "children"),
        Output("brainmap-colors", "children"),
        *[Input(*source) for source in look.values()],
        Input("brainmap-mask", "checked"),
        Input("brainmap-alone", "data"),
        Input("brainmap-dimensions", "value"),
        job,
        prevent_initial_call=True,
    )(redraw)
    app.callback(
        Output("brainmap-multiples", "children"),
        Input("brainmap-palette", "value"),
        job,
        prevent_initial_call=True,
    )(recolor)


def _register_choices(app: Dash) -> None:
    """The cluster that is shown alone, and K."""
    app.callback(
        Output("brainmap-alone", "data"),
        Input("brainmap-map", "clickData"),
        Input({"type": "brainmap-cluster", "cluster": ALL}, "n_clicks"),
        Input("brainmap-all", "n_clicks"),
        Input("brainmap-k", "value"),
        State("brainmap-alone", "data"),
        prevent_initial_call=True,
    )(choose_cluster)
    app.callback(
        Output("brainmap-k", "value"),
        Input({"type": "brainmap-small", "k": ALL}, "n_clicks"),
        prevent_initial_call=True,
    )(choose_k)
    app.callback(
        Output("brainmap-correlate", "disabled"),
        Input("brainmap-alone", "data"),
        prevent_initial_call=True,
    )(nothing_alone)


def _register_jobs(app: Dash) -> None:
    """The jobs that a button starts."""
    job = State("panel-job", "data")
    app.callback(
        Output("url", "href", allow_duplicate=True),
        Input("brainmap-scheme", "n_clicks"),
        job,
        prevent_initial_call=True,
    )(another_scheme)
    app.callback(
        Output("url", "href", allow_duplicate=True),
        Output("brainmap-said", "children"),
        Input("brainmap-correlate", "n_clicks"),
        State("brainmap-alone", "data"),
        State("brainmap-k", "value"),
        job,
        prevent_initial_call=True,
    )(correlate)
    app.callback(
        Output("url", "href", allow_duplicate=True),
        Input("brainmap-export", "n_clicks"),
        State("brainmap-k", "value"),
        State("brainmap-palette", "value"),
        job,
        prevent_initial_call=True,
    )(export)


def redraw(
    k: Whole,
    palette: str,
    planes: Planes,
    masked: bool,
    alone: int | None,
    dimensions: Whole,
    job_id: str,
) -> tuple[Any, ...]:
    """Everything that depends on what is looked at."""
    folder = results.folder(job_id)
    look = Look(int(k), palette, planes, masked, alone, int(dimensions))
    fitted = load_map(folder, look.k, palette)
    scale = _scale(job_id)
    figure = draw_map(fitted, look, scale)
    colors = emphasised(fitted.colors, alone)
    return (
        figure,
        {"height": f"{figure.layout.height}px"},
        scale.timed(figures.centroids(fitted.centroids, colors, alone)),
        figures.components(fitted.centroids, fitted.sizes, colors, look.dimensions),
        figures.cluster_sizes(fitted.sizes, load(folder).n_filtered, colors),
        cluster_table(fitted, alone),
        color_sentence(load(folder).sweep, look.k),
    )


def recolor(palette: str, job_id: str) -> list[Component]:
    """The small maps in another palette."""
    folder = results.folder(job_id)
    return multiples(folder, load(folder), palette)


def choose_cluster(
    click: Pointed | None, _buttons: Any, _all: Any, _k: Any, alone: int | None
) -> int | None:
    """The cluster that is shown alone; pressing it again shows all."""
    source, value = pressed.latest()
    if value is None:
        raise PreventUpdate
    if source == "brainmap-map" and click:
        chosen = _cluster_of(click)
    elif isinstance(source, dict):
        chosen = int(source["cluster"])
    else:
        return None
    return None if chosen == alone else chosen


def nothing_alone(alone: int | None) -> bool:
    """Whether no cluster is shown alone."""
    return alone is None


def _cluster_of(click: Pointed) -> int:
    number = click["points"][0].get("z")
    if not isinstance(number, int | float):
        raise PreventUpdate
    return int(number)


def choose_k(_clicks: list[int | None]) -> str:
    """The K whose small map was pressed."""
    source = pressed.button()
    if source is None:
        raise PreventUpdate
    return str(source["k"])


def another_scheme(clicks: int | None, job_id: str) -> str:
    """Start the same job with the next seed of colours, and go there."""
    if not clicks:
        raise PreventUpdate
    return edit_link(results.job(job_id).task, recolored(job_id))


def recolored(job_id: str, workspace: str = "") -> str:
    """Give a map other colours, with the next seed of them; the id of the new job.

    Nothing is clustered again: all else is taken over from the map.

    Raises:
        InputError: the map is not here any more, or an input of it is not offered.
    """
    job = results.job(job_id)
    parameters = {**job.parameters, "color_seed": job.parameters.get("color_seed", 0) + 1}
    references = {**references_of(job.inputs), "earlier": f"job:{job_id}"}
    return submit(job.task, references, parameters, workspace=workspace)


def same_but_colors(
    references: Mapping[str, str], parameters: Mapping[str, Any]
) -> Mapping[str, str]:
    """A finished map of the same images that differs in its colours only, as an input.

    Args:
        references: of the map that is asked for.
        parameters: of it.
    """
    found = services()
    wanted = {**parameters, **dict.fromkeys(COLOR_PARAMETERS)}
    film = references.get("images", "")
    for job in found.store.latest(("brainmap fit",)):
        own = references_of(job.inputs)
        if job.state is not JobState.DONE or own.get("images") != film:
            continue
        if {**job.parameters, **dict.fromkeys(COLOR_PARAMETERS)} != wanted:
            continue
        now = inputs.resolve("images", film, found.settings, found.store)
        if now.key == job.inputs[0].key and is_of(job, code_version()):
            earlier = own.get("earlier", "") if job.parameters == parameters else f"job:{job.id}"
            return {"earlier": earlier} if earlier else {}
    return {}


def correlate(clicks: int | None, alone: int | None, k: Whole, job_id: str) -> tuple[Any, Any]:
    """Correlate every voxel with the centroid of the cluster that is shown alone."""
    if not clicks or alone is None:
        raise PreventUpdate
    return choice.start(job_id, {"source": "cluster", "cluster": alone, "k": int(k)})


def export(clicks: int | None, k: Whole, palette: str, job_id: str) -> Any:
    """Write what is shown for other programs."""
    if not clicks:
        raise PreventUpdate
    return brainmap_export.start(job_id, k, palette)


def show_series(hover: Pointed | None, k: Whole, palette: str, planes: Planes, job_id: str) -> Any:
    """The series of the voxel that is pointed at."""
    if not hover:
        raise PreventUpdate
    point = hover["points"][0]
    folder = results.folder(job_id)
    fitted = load_map(folder, int(k), palette)
    voxel = pointed_voxel(fitted, planes, point)
    cluster = int(fitted.labels[voxel])
    if cluster < 0:
        raise PreventUpdate
    title = f"plane {voxel[0]}, y {voxel[1]}, x {voxel[2]}: cluster {cluster}"
    figure = figures.voxel_series(
        load(folder).series_of(int(np.ravel_multi_index(voxel, fitted.labels.shape))),
        fitted.centroids[cluster],
        fitted.colors[cluster],
        title,
    )
    return _scale(job_id).timed(figure)


def _scale(job_id: str) -> Scale:
    return Scale.of(results.headline(results.job(job_id)))
