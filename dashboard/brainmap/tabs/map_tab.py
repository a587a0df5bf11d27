"""The tab Map of a film: every voxel in the colour of its cluster, beside what the clusters do."""

from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from dash import ClientsideFunction, Dash, Input, Output, State, dcc, html, no_update
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate
from numpy.typing import NDArray
from pydantic import Field
from typing_extensions import TypedDict

from dashboard.brainmap.map import map_figures as figures
from dashboard.brainmap.map.chosen import PALETTES, STACK, load, load_map
from dashboard.brainmap.map.parts import map_words, normalisation
from dashboard.brainmap.map.planes import emphasised
from dashboard.brainmap.map.result import recolored
from dashboard.brainmap.operations import choice
from dashboard.brainmap.tabs import begin, compared, sheet, shown
from dashboard.brainmap.tabs.shown import CLUSTER, FADED, FLAT, PALETTE, PLANES, SHADING, VOXEL, K
from dashboard.kit import desk, results, workbench, workspace_page
from dashboard.kit.aria import data
from dashboard.kit.bench import Shown
from dashboard.kit.desk import Answer, Panel, Tab, View, chart, column, row
from dashboard.kit.desk_table import column as plain
from dashboard.kit.desk_table import number, table
from dashboard.kit.figures import Drawn
from dashboard.server.posted import PostedError

TASK = "brainmap fit"
PRESSED = "voxel-pressed"
COLORS = {
    "similarity": "similarity colours",
    "notebook": "RGB angles",
    "colorblind": "colour-blind safe",
}
assert COLORS.keys() == PALETTES.keys()
TINTS: dict[str, str] = {FLAT: "flat colours", FADED: "fade by similarity"}
MARKED = {"function": "({'borderLeft': '12px solid ' + params.data.color})"}
PERCENT = {"function": "d3.format('.1%')(params.value)"}


def answer(view: View) -> Answer:
    """How many clusters of how many voxels, and how they were made."""
    found, values = results.headline(view.run), view.run.parameters
    kept, voxels = found["n_kept"], found["n_voxels"]
    share = "all" if kept == voxels else f"{kept / voxels:.0%}"
    how = (
        f"{share} of {voxels:,} voxels vary by more than {values['std_threshold']:g} · "
        f"{values['normalize']}, {values['model']}, seed {values['seed']}"
    )
    return Answer(f"{found['k']} clusters of {kept:,} voxels.", how)


def draw_map(view: View) -> Drawn:
    """All planes, the selected cluster in front."""
    fitted = shown.fitted_of(view)
    choice = sheet.SheetChoice(
        shown.k_of(view),
        shown.palette_of(view),
        _planes(view, fitted.labels.shape[0]),
        shown.cluster_of(view, fitted),
        view.chosen.get(SHADING) == FADED,
    )
    figure = sheet.draw(shown.folder(view.run), choice, shown.scale_of(view))
    words = map_words(view.run)
    return Drawn(figure, f"{words} Point at a voxel for its series; press it to keep it.")


def _planes(view: View, count: int) -> str:
    planes = view.chosen.get(PLANES)
    return planes if planes in (STACK, *map(str, range(count))) else sheet.ALL


def series(view: View) -> Any:
    """The selected voxel with its cluster's centroid."""
    fitted = shown.fitted_of(view)
    voxel = shown.place_of(view, fitted)
    if voxel is None:
        return html.P("Point at a voxel in the map to see its series.", className="empty")
    cluster = int(fitted.labels[voxel])
    where = f"plane {voxel[0]}, y {voxel[1]}, x {voxel[2]}"
    if cluster < 0:
        return html.P(f"Filtered out: {where}.", className="empty")
    at = int(np.ravel_multi_index(voxel, fitted.labels.shape))
    figure = figures.voxel_series(
        load(shown.folder(view.run)).series_of(at),
        fitted.centroids[cluster],
        fitted.colors[cluster],
        f"{where}: cluster {cluster}, r = {fitted.similarity[voxel]:.2f}",
    )
    figure.update_layout(showlegend=False)
    caption = "The voxel under the pointer (grey), and the centroid of its cluster."
    return Drawn(shown.scale_of(view).timed(figure), f"{caption} {normalisation(view.run)}")


def centroids(view: View) -> Drawn:
    """The mean series of each cluster, the selected one in front."""
    fitted = shown.fitted_of(view)
    cluster = shown.cluster_of(view, fitted)
    figure = figures.centroids(fitted.centroids, emphasised(fitted.colors, cluster), cluster)
    for trace in figure.data:
        trace.customdata = np.full(len(trace.y), int(trace.name.split()[-1]), np.int16)
    words = f"The mean series of each cluster. {normalisation(view.run)} Press one to select it."
    return Drawn(shown.scale_of(view).timed(figure), words)


def components(view: View) -> Drawn:
    """The centroids along their principal components."""
    fitted = shown.fitted_of(view)
    colors = emphasised(fitted.colors, shown.cluster_of(view, fitted))
    figure = figures.components(fitted.centroids, fitted.sizes, colors, 2)
    figure.update_traces(customdata=np.arange(len(colors), dtype=np.int16))
    words = (
        "Centroids along their principal components, in the colours of the map; larger points are "
        "larger clusters. Press one to select it."
    )
    return Drawn(figure, words)


def clusters_table(view: View) -> Component:
    """A row for each cluster; a row selects it."""
    k, fitted = shown.k_of(view), shown.fitted_of(view)
    scale, found = shown.scale_of(view), shown.folder(view.run)
    compact, step = compactness(found, k), scale.frame_s or 1.0
    rows = [
        {
            "cluster": cluster,
            "color": fitted.colors[cluster],
            "voxels": int(size),
            "share": size / max(1, fitted.sizes.sum()),
            "compactness": float(compact[cluster]),
            "peak": int(fitted.centroids[cluster].argmax()) * step,
        }
        for cluster, size in enumerate(fitted.sizes)
    ]
    columns = [
        plain("cluster", "#", "In its colour on the map", cellStyle=MARKED, width=48, minWidth=40),
        number("voxels", "voxels", valueFormatter={"function": "d3.format(',')(params.value)"}),
        number("share", "share", "Of the voxels kept", valueFormatter=PERCENT),
        number("compactness", "r", "Mean correlation of its voxels with its centroid"),
        number("peak", "peak, s" if scale.frame_s else "peak", "When its centroid is highest"),
    ]
    words = "Clusters with their sizes, compactness and peaks"
    return table(rows, columns, key=CLUSTER, field="cluster", label=words, several=False)


@lru_cache(maxsize=32)
def compactness(folder: Path, k: int) -> NDArray[np.float64]:
    """Mean correlation of each cluster's voxels with its centroid (cluster,)."""
    found = load(folder)
    labels, similarity = found.labels_of(k), np.asarray(found.similarity[found.place(k)])
    sums = np.bincount(labels, weights=similarity, minlength=k)
    return np.asarray(sums / np.maximum(1, np.bincount(labels, minlength=k)))


def tools(view: View) -> Component:
    """K, palette, planes and shading; all panels follow."""
    found = load(shown.folder(view.run))
    parts: list[Component] = []
    if len(found.ks) > 1:
        ks = {str(k): f"K = {k}" for k in found.ks}
        parts.append(desk.choice(K, "Clusters shown", ks, str(shown.k_of(view))))
    parts.append(desk.choice(PALETTE, "Palette", COLORS, shown.palette_of(view)))
    count = found.shape[0]
    if count > 1:
        named = {str(plane): f"plane {plane}" for plane in range(count)}
        offered_here = {sheet.ALL: "all planes", STACK: "stack from above", **named}
        parts.append(desk.choice(PLANES, "Planes", offered_here, _planes(view, count)))
    tint = view.chosen.get(SHADING)
    parts.append(desk.choice(SHADING, "Shading", TINTS, FADED if tint == FADED else FLAT))
    parts.append(desk.button("All clusters", CLUSTER, None, shortcut="a"))
    parts.append(dcc.Store(id=PRESSED))
    return html.Div(parts, className="panel-tools")


class MapPressed(TypedDict):
    """What the page says of a press on the map."""

    voxel: Annotated[str, Field(max_length=40)]
    times: int


def press(pressed: MapPressed | None, k: str, cluster: int | None, job_id: str) -> tuple[Any, Any]:
    """The voxel that was pressed and its cluster; pressing that again shows all clusters."""
    if not pressed:
        raise PreventUpdate
    folder = results.folder(job_id)
    found = load(folder)
    known = int(k) if k.isdigit() and int(k) in found.ks else found.k
    fitted = load_map(folder, known, "similarity")
    place = sheet.voxel_of(fitted, pressed["voxel"])
    if place is None:
        raise PostedError("there is no such voxel")
    own = int(fitted.labels[place])
    return pressed["voxel"], None if own in (cluster, sheet.NONE) else own


def register(app: Dash) -> None:
    """Connect the map: pointing shows a voxel, pressing keeps it and selects its cluster."""
    app.callback(
        Output({"type": "chosen", "key": VOXEL}, "data"),
        Output({"type": "chosen", "key": CLUSTER}, "data"),
        Input(PRESSED, "data"),
        State({"type": "chosen", "key": K}, "data"),
        State({"type": "chosen", "key": CLUSTER}, "data"),
        State("panel-job", "data"),
        prevent_initial_call=True,
    )(press)
    app.callback(
        Output("url", "href", allow_duplicate=True),
        Output("desk-answer", "children", allow_duplicate=True),
        Input("film-correlate", "n_clicks"),
        State({"type": "chosen", "key": CLUSTER}, "data"),
        State({"type": "chosen", "key": K}, "data"),
        State("desk", "data"),
        prevent_initial_call=True,
    )(correlate)
    app.callback(
        Output("url", "href", allow_duplicate=True),
        Input("film-scheme", "n_clicks"),
        State("desk", "data"),
        prevent_initial_call=True,
    )(another_scheme)
    app.clientside_callback(  # type: ignore[no-untyped-call]
        ClientsideFunction("voxels", "marked"),
        Input({"type": "panel-figure", "panel": "map"}, "figure"),
        prevent_initial_call=True,
    )


def onward(_view: View) -> Component:
    """Jobs that go on from what is selected."""
    buttons = {"film-correlate": ("Correlate", "c"), "film-scheme": ("Other colours", "")}
    return html.Div(
        [
            html.Span(
                html.Button(text, id=identity, className="pick", type="button"),
                **(data(key=key) if key else {}),
            )
            for identity, (text, key) in buttons.items()
        ],
        className="panel-tools",
    )


def correlate(clicks: int | None, cluster: int | None, k: str, page: Shown) -> tuple[Any, Any]:
    """Correlate every voxel with the centroid of the selected cluster."""
    if not clicks:
        raise PreventUpdate
    if cluster is None:
        words = "Select a cluster first; then every voxel is correlated with it."
        return no_update, workspace_page.said(Answer(words))
    chosen = {"source": "cluster", "cluster": cluster, "k": int(k)}
    address, wrong = choice.start(page["run"], chosen, page)
    return address, wrong if wrong is no_update else workspace_page.said(Answer(wrong))


def another_scheme(clicks: int | None, page: Shown) -> Any:
    """Choose other colours; this map stays until they are there."""
    if not clicks:
        raise PreventUpdate
    return workbench.in_workspace(page, recolored(page["run"], page["workspace"]))


LOOKED_AT = (K, PALETTE, CLUSTER)

TAB = Tab(
    word="map",
    title="Map",
    tasks=(TASK,),
    arrange=row(
        Panel(
            name="map",
            title="Map",
            draw=draw_map,
            listens=(*LOOKED_AT, PLANES, SHADING),
            is_figure=True,
            tools=tools,
        ),
        column(
            row(
                chart("series", "Voxel and its cluster", series, K, PALETTE, VOXEL),
                chart("centroids", "All clusters", centroids, *LOOKED_AT, picks=CLUSTER),
            ),
            row(
                Panel(
                    name="clusters",
                    title="Clusters",
                    draw=clusters_table,
                    listens=(K, PALETTE),
                    tools=onward,
                ),
                chart("components", "Components", components, *LOOKED_AT, picks=CLUSTER),
            ),
        ),
        sizes=(56, 44),
    ),
    answer=answer,
    compare=compared.compare,
    start=shown.start,
    fill=begin.fill,
    register=register,
    empty="A map shows here every plane of the film in which each voxel has the colour of its "
    "cluster, and beside it the series of any voxel, the clusters' mean series, a table of them "
    "and how they are alike. Press Set up, choose the activity threshold, and Map voxels.",
)
