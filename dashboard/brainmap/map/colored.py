"""A finished map's voxels coloured by measures, beside the clusters or as a job of its own."""

from functools import lru_cache
from pathlib import Path
from typing import Any

import dash_mantine_components as dmc
from dash import Dash, Input, Output, State, html, no_update
from dash.development.base_component import Component

from dashboard.brainmap.map import colored_figures as figures
from dashboard.brainmap.map.chosen import Planes, load
from dashboard.jobs.store import Job
from dashboard.kit import results
from dashboard.kit.figures import framed
from dashboard.kit.scale import Scale
from dashboard.server.posted import Whole, offered
from dashboard.server.services import edit_link
from dashboard.server.submission import submit
from pipelines.brainmap.colors.compose import DRAWING, PICTURE, VOLUME, Composition, compose
from pipelines.brainmap.colors.compose_parameters import (
    OFFERED,
    ColorMap,
    ComposeParameters,
    Measure,
)
from pipelines.core.errors import NeuroboardError

TASK = "brainmap colorize"
PLANES_AT_ONCE = 4
MEASURES: dict[Measure, str] = {
    "components": "principal components",
    "fourier": "phase and coherence",
    "clusters": "correlation with clusters",
}


@lru_cache(maxsize=8)
def composed(folder: Path, parameters: ComposeParameters) -> Composition:
    """The colours of a finished map's voxels; a finished map never changes."""
    return compose(load(folder), parameters)


def card(job: Job) -> list[Component]:
    """Controls, picture and legend on the page of a map."""
    parameters = ComposeParameters()
    shown = composed(results.folder(job.id), parameters)
    return [
        html.H2("Voxels coloured by measures"),
        _controls(parameters),
        html.P("", id="colored-error", role="alert", className="error"),
        _pictures(shown, 0, _scale(results.folder(job.id))),
        html.Div(
            dmc.Button("Keep as files", id="colored-keep", variant="default", size="xs"),
            className="row",
        ),
    ]


def _controls(parameters: ComposeParameters) -> Component:
    measures = [{"value": name, "label": label} for name, label in MEASURES.items()]
    numbers: Any = {"step": 1, "w": 150}
    return html.Div(
        [
            dmc.Select(
                id="colored-measure", label="Measure", data=measures, value=parameters.measure,
                allowDeselect=False, w=220,
            ),
            dmc.Select(
                id="colored-map", label="Colour map", data=list(OFFERED[parameters.measure]),
                value=parameters.color_map, allowDeselect=False, w=130,
            ),
            html.Div(
                dmc.NumberInput(
                    id="colored-freq", label="Cycles per series", value=parameters.freq, min=1,
                    **numbers,
                ),
                id="colored-freq-box", hidden=True,
            ),
            html.Div(
                dmc.TextInput(
                    id="colored-clusters", label="Clusters", w=150,
                    value=", ".join(map(str, parameters.clusters)),
                ),
                id="colored-clusters-box", hidden=True,
            ),
            dmc.NumberInput(
                id="colored-scale", label="Brightness", value=parameters.scale, min=0.1, max=20,
                step=0.25, w=120,
            ),
        ],
        className="row bottom actions",
    )  # fmt: skip


def _pictures(shown: Composition, first: int, scale: Scale) -> Component:
    return html.Div(
        [
            framed(_planes(shown, first, scale), id="colored-planes", caption=shown.words),
            html.Div(_legend(shown), className="film"),
        ],
        id="colored-pictures",
        className="stack",
    )


def _legend(shown: Composition) -> Component:
    bars = " Each bar shows one measure while the others are at the end of theirs."
    return framed(
        figures.legend(shown.legend),
        id="colored-legend",
        caption=f"What the colours mean.{bars if len(shown.legend) > 1 else ''}",
    )


def _planes(shown: Composition, first: int, scale: Scale) -> Any:
    part = slice(offered(first, range(len(shown.rgb))), first + PLANES_AT_ONCE)
    titles = [f"Plane {plane}" for plane in range(len(shown.rgb))[part]]
    return scale.pictured(figures.planes(shown.rgb[part], titles), shown.rgb.shape[1:3])


def _scale(folder: Path) -> Scale:
    info = load(folder).info
    return Scale(info.pixel_um, info.frame_s)


def view(job: Job) -> Component:
    """The result of a job that kept the pictures as files."""
    folder = Path(next(item.path for item in job.inputs if item.name == "map"))
    shown = composed(folder, ComposeParameters.parse_stored(job.parameters)[0])
    files = {
        PICTURE: "Picture (PNG)",
        VOLUME: "Picture (TIFF)",
        DRAWING: "Picture and legend (SVG)",
    }
    links = [results.download(job, file, text) for file, text in files.items()]
    return html.Div(
        [html.Div(links, className="downloads"), _pictures(shown, 0, _scale(folder))],
        className="card stack",
    )


def register(app: Dash) -> None:
    """Connect the card."""
    app.callback(
        Output("colored-map", "data"),
        Output("colored-map", "value"),
        Output("colored-freq-box", "hidden"),
        Output("colored-clusters-box", "hidden"),
        Input("colored-measure", "value"),
        State("colored-map", "value"),
        prevent_initial_call=True,
    )(offer)
    chosen = [
        ("colored-measure", "value"),
        ("colored-map", "value"),
        ("colored-freq", "value"),
        ("colored-clusters", "value"),
        ("colored-scale", "value"),
        ("brainmap-k", "value"),
    ]
    app.callback(
        Output("colored-pictures", "children"),
        Output("colored-error", "children"),
        *[Input(*item) for item in chosen],
        Input("brainmap-plane", "value"),
        State("panel-job", "data"),
        prevent_initial_call=True,
    )(redraw)
    app.callback(
        Output("url", "href", allow_duplicate=True),
        Output("colored-error", "children", allow_duplicate=True),
        Input("colored-keep", "n_clicks"),
        *[State(*item) for item in chosen],
        State("panel-job", "data"),
        prevent_initial_call=True,
    )(keep)


def offer(measure: Measure, chosen: ColorMap) -> tuple[Any, ...]:
    """The colour maps and settings that suit a measure."""
    offered = list(OFFERED[measure])
    kept = chosen if chosen in offered else offered[0]
    return offered, kept, measure != "fourier", measure != "clusters"


def redraw(
    measure: Measure,
    color_map: ColorMap,
    freq: Any,
    clusters: str,
    scale: Any,
    k: Whole,
    planes: Planes,
    job_id: str,
) -> tuple[Any, str]:
    """The pictures for what is chosen, or what is wrong with it."""
    try:
        parameters = _parameters(measure, color_map, freq, clusters, scale, k)
        shown = composed(results.folder(job_id), parameters)
    except NeuroboardError as error:
        return no_update, error.sentence
    first, scale = int(planes) if planes.isdigit() else 0, _scale(results.folder(job_id))
    return _pictures(shown, first, scale).children, ""


def _parameters(
    measure: Measure, color_map: ColorMap, freq: Any, clusters: str, scale: Any, k: str
) -> ComposeParameters:
    """Only what the measure looks at, so that equal pictures are made once."""
    given: dict[str, Any] = {"measure": measure, "color_map": color_map, "scale": scale}
    if color_map not in OFFERED[measure]:
        given["color_map"] = OFFERED[measure][0]
    if measure == "fourier":
        given["freq"] = freq
    if measure == "clusters":
        given |= {"clusters": clusters, "k": int(k)}
    return ComposeParameters.parse(given)


def keep(
    clicks: int | None,
    measure: Measure,
    color_map: ColorMap,
    freq: Any,
    clusters: str,
    scale: Any,
    k: str,
    job_id: str,
) -> tuple[Any, Any]:
    """Start the job that writes the pictures, and go there."""
    if not clicks:
        return no_update, no_update
    try:
        parameters = _parameters(measure, color_map, freq, clusters, scale, k)
        started = submit(TASK, {"map": f"job:{job_id}"}, parameters.model_dump(mode="json"))
    except NeuroboardError as error:
        return no_update, error.sentence
    return edit_link(TASK, started), no_update
