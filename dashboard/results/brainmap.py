"""The result of a brain map: the choice of K, label maps with hover, series, centroids."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import dash_mantine_components as dmc
import numpy as np
import pandas as pd
import tifffile
from dash import ALL, Dash, Input, Output, State, ctx, dcc, html
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate
from numpy.typing import NDArray

from dashboard.aria import aria
from dashboard.figures import brainmap as figures
from dashboard.figures.common import framed
from dashboard.jobs.store import Job
from dashboard.jobs.tasks import code_version, edit_link
from dashboard.results import common
from dashboard.services import services
from pipelines.brainmap import maps

PLANES_AT_ONCE = 4
STACK = "stack"
THUMBNAIL_PIXELS = 160
PALETTES: Mapping[str, str] = {
    "similarity": "similar clusters alike, all apart",
    "notebook": "angles of RGB triplets",
    "colorblind": "safe for colour-blind people (up to 10)",
}
OTHERS = "#5c6068"
"""Colour of all clusters but the one that is looked at."""


@dataclass(frozen=True)
class Atlas:
    """All maps of a result.

    Attributes:
        shape: (plane, y, x).
        voxels: position of each kept voxel.
        mean: mean image (plane, y, x).
        labels: (k, kept voxel).
        similarity: (k, kept voxel).
        centroids: with columns k, cluster, n_voxels and one per time point.
        palettes: with columns k, palette, cluster, hex.
        sweep: one row per K.
    """

    shape: tuple[int, int, int]
    voxels: NDArray[np.int64]
    mean: NDArray[np.float32]
    labels: NDArray[np.int16]
    similarity: NDArray[np.float32]
    centroids: pd.DataFrame
    palettes: pd.DataFrame
    sweep: pd.DataFrame

    @property
    def ks(self) -> list[int]:
        """The numbers of clusters that were tried."""
        return [int(k) for k in self.sweep["k"]]


@dataclass(frozen=True)
class Map:
    """What is drawn of one of the maps.

    Attributes:
        labels: (plane, y, x), -1 where filtered out.
        similarity: (plane, y, x).
        mean: (plane, y, x).
        centroids: (cluster, time).
        sizes: voxels per cluster.
        colors: `#rrggbb` per cluster.
    """

    labels: NDArray[np.int16]
    similarity: NDArray[np.float32]
    mean: NDArray[np.float32]
    centroids: NDArray[np.float64]
    sizes: NDArray[np.int64]
    colors: tuple[str, ...]


@dataclass(frozen=True)
class Look:
    """What a person chose to see.

    Attributes:
        k: number of clusters.
        palette: a key of `PALETTES`.
        planes: number of the first plane shown, or `STACK`.
        masked: whether colours fade over the mean image where similarity is low.
        alone: the only cluster shown in its colour, or None for all.
        dimensions: of the view of the centroids, 2 or 3.
    """

    k: int
    palette: str
    planes: str = "0"
    masked: bool = False
    alone: int | None = None
    dimensions: int = 2


@lru_cache(maxsize=4)
def load(folder: Path) -> Atlas:
    """Read a result once; a finished result never changes."""
    mean = tifffile.imread(folder / "mean.tif")
    mean = mean.reshape((1,) * (3 - mean.ndim) + mean.shape)
    planes, height, width = mean.shape
    return Atlas(
        shape=(planes, height, width),
        voxels=np.load(folder / "voxels.npy"),
        mean=mean,
        labels=np.load(folder / "labels_by_k.npy", mmap_mode="r"),
        similarity=np.load(folder / "similarity_by_k.npy", mmap_mode="r"),
        centroids=pd.read_csv(folder / "centroids_by_k.csv"),
        palettes=pd.read_csv(folder / "palettes.csv"),
        sweep=pd.read_csv(folder / "sweep.csv"),
    )


@lru_cache(maxsize=8)
def load_map(folder: Path, k: int, palette: str) -> Map:
    """One of the maps of a result."""
    atlas = load(folder)
    place = atlas.ks.index(k)
    clusters = atlas.centroids[atlas.centroids["k"] == k]
    labels = np.asarray(atlas.labels[place])
    return Map(
        labels=maps.volume(labels, atlas.voxels, atlas.shape, maps.FILTERED),
        similarity=maps.volume(np.asarray(atlas.similarity[place]), atlas.voxels, atlas.shape, 0),
        mean=atlas.mean,
        centroids=clusters.drop(columns=["k", "cluster", "n_voxels"]).to_numpy(float),
        sizes=clusters["n_voxels"].to_numpy(np.int64),
        colors=_colors(atlas.palettes, k, palette),
    )


def _colors(palettes: pd.DataFrame, k: int, palette: str) -> tuple[str, ...]:
    """The palette's colours for k clusters; a palette with too few gives way to similarity."""
    own = palettes[palettes["k"] == k]
    chosen = own[own["palette"] == palette]
    if chosen.empty:
        chosen = own[own["palette"] == "similarity"]
    return tuple(chosen["hex"])


def view(job: Job) -> Component:
    """The whole result."""
    found = common.headline(job)
    folder = common.folder(job.id)
    atlas = load(folder)
    look = Look(found["k"], found["palette"])
    fitted = load_map(folder, look.k, look.palette)
    return html.Div(
        [
            html.Div([_headline(found), _downloads(job)], className="card"),
            *_evidence(atlas, found),
            html.Div(
                [
                    _controls(atlas, look),
                    html.Div(_map(job, fitted, look)),
                    html.P(
                        color_sentence(atlas.sweep, look.k), id="brainmap-colors", className="hint"
                    ),
                    *_multiples(folder, atlas, look.palette),
                ],
                className="card",
            ),
            html.Div(_curves(job, fitted), className="card pair"),
            html.Div(_clusters(atlas, fitted, look), className="card pair"),
            html.Div(_cluster_table(fitted), id="brainmap-table", className="card"),
        ]
    )


def _headline(found: dict[str, Any]) -> Component:
    shape = " x ".join(map(str, found["shape"]))
    figures_of_it = common.stats(
        {
            "Planes x y x x x time": shape,
            "Voxels kept": f"{found['n_kept']:,} of {found['n_voxels']:,}",
            "Clusters": str(found["k"]),
            "Colour against similarity, r": common.number(found["color_correlation"]),
            "Smallest colour difference (CIEDE2000)": common.number(found["color_min_delta_e"]),
        }
    )
    return html.Div([figures_of_it, html.P(found["k_reason"], className="hint")])


def _downloads(job: Job) -> Component:
    files = {
        "map.png": "Map (PNG)",
        "map.tif": "Map (TIFF)",
        "labels.tif": "Labels (TIFF)",
        "similarity.tif": "Similarity (TIFF)",
        "centroids.csv": "Centroids (CSV)",
        "sweep.csv": "All K (CSV)",
        "palettes.csv": "Colours of all K (CSV)",
    }
    links = [common.download(job, file, text) for file, text in files.items()]
    return html.Div(links, className="downloads")


def _evidence(atlas: Atlas, found: dict[str, Any]) -> list[Component]:
    """The curves over K, if there is more than one."""
    if len(atlas.ks) < 2:
        return []
    sweep, k = atlas.sweep, found["k"]
    errors = framed(
        figures.error_curves(sweep, k),
        id="brainmap-errors",
        caption="How far voxels are from their centroids, in distance and in correlation; each "
        f"curve is divided by its sum. The dotted line is the suggested K = {k}.",
    )
    parts: list[Component] = [errors]
    if sweep["bic"].notna().any():
        stability = framed(
            figures.stability_curves(sweep, k),
            id="brainmap-stability",
            caption="Agreement of maps that differ in the seed alone (1 = identical), and the "
            "information criterion of a Gaussian mixture (lower is better; not followed further "
            "once it rises).",
        )
        parts.append(stability)
    if sweep["test_error"].notna().any():
        parts.append(_held_out(sweep, found))
    title = html.H2("How many clusters?")
    return [html.Div([title, html.Div(parts, className="pair")], className="card")]


def _held_out(sweep: pd.DataFrame, found: dict[str, Any]) -> Component:
    where = found["crossing"]
    crossing = f"They cross between K = {where[0]} and {where[1]}. " if where else ""
    return framed(
        figures.held_out_curves(sweep, found["k"]),
        id="brainmap-held-out",
        caption=f"Training and held-out time points, each curve divided by its sum. {crossing}"
        "Two curves of equal sum must cross, whatever the data, so the crossing validates "
        "nothing. The third curve also holds out voxels (bi-cross-validation); as long as it "
        "falls, more clusters still describe unseen data better.",
    )


def _controls(atlas: Atlas, look: Look) -> Component:
    ks = [{"value": str(k), "label": f"K = {k}"} for k in atlas.ks]
    palettes = [{"value": key, "label": label} for key, label in PALETTES.items()]
    shared = {"allowDeselect": False}
    return html.Div(
        [
            html.Div(
                dmc.Select(
                    id="brainmap-k", label="Clusters shown", data=ks, value=str(look.k), w=120,
                    **shared,
                ),
                hidden=len(ks) < 2,
            ),
            dmc.Select(
                id="brainmap-palette", label="Palette", data=palettes, value=look.palette, w=270,
                **shared,
            ),
            _plane_picker(atlas.shape[0]),
            dmc.Switch(id="brainmap-mask", label="Fade by similarity", checked=look.masked),
            dmc.Button("Show all clusters", id="brainmap-all", variant="default", size="xs"),
            dmc.Button("Another colour scheme", id="brainmap-scheme", variant="subtle", size="xs"),
            dcc.Store(id="brainmap-alone"),
        ],
        className="row actions",
    )  # fmt: skip


def _plane_picker(planes: int) -> Component:
    starts = range(0, planes, PLANES_AT_ONCE)
    data = [
        {"value": str(start), "label": _range(start, min(start + PLANES_AT_ONCE, planes) - 1)}
        for start in starts
    ]
    data.append({"value": STACK, "label": "stack from above"})
    select = dmc.Select(
        id="brainmap-plane", label="Planes", data=data, value="0", w=160, allowDeselect=False
    )
    return html.Div(select, hidden=planes == 1)


def _range(first: int, last: int) -> str:
    return str(first) if first == last else f"{first} to {last}"


def _map(job: Job, fitted: Map, look: Look) -> Component:
    return framed(
        draw_map(fitted, look),
        id="brainmap-map",
        caption=_caption(job, fitted.labels.shape[1:]),
        clear_on_unhover=False,
    )


def draw_map(fitted: Map, look: Look) -> Any:
    """The planes that are looked at, or the stack from above."""
    colors = _emphasised(fitted.colors, look.alone)
    shown = _shown(fitted, look.planes)
    labels, similarity, mean, titles = shown.labels, shown.similarity, shown.mean, shown.titles
    if not look.masked:
        return figures.label_map(labels, similarity, colors, titles)
    thin = figures.step(labels.shape[1:])
    visible = labels if look.alone is None else np.where(labels == look.alone, labels, np.int16(-1))
    painted = maps.paint(visible, similarity, mean, _as_bytes(fitted.colors))[:, ::thin, ::thin]
    pictures = [figures.picture(plane) for plane in painted]
    return figures.label_map(labels, similarity, colors, titles, pictures)


@dataclass(frozen=True)
class Shown:
    """Planes that are drawn, each (plane, y, x), with a title per plane."""

    labels: NDArray[np.int16]
    similarity: NDArray[np.float32]
    mean: NDArray[np.float32]
    titles: list[str]


def _shown(fitted: Map, planes: str) -> Shown:
    if planes == STACK:
        top = maps.most_similar_plane(fitted.labels, fitted.similarity)[None]
        labels = np.take_along_axis(fitted.labels, top, axis=0)
        similarity = np.take_along_axis(fitted.similarity, top, axis=0)
        return Shown(labels, similarity, fitted.mean.max(axis=0)[None], ["Stack from above"])
    part = slice(int(planes), int(planes) + PLANES_AT_ONCE)
    titles = [f"Plane {plane}" for plane in range(len(fitted.labels))[part]]
    return Shown(fitted.labels[part], fitted.similarity[part], fitted.mean[part], titles)


def _emphasised(colors: tuple[str, ...], alone: int | None) -> list[str]:
    if alone is None:
        return list(colors)
    return [color if cluster == alone else OTHERS for cluster, color in enumerate(colors)]


def _as_bytes(colors: tuple[str, ...]) -> NDArray[np.uint8]:
    return np.array([list(bytes.fromhex(color[1:])) for color in colors], np.uint8)


def _multiples(folder: Path, atlas: Atlas, palette: str) -> list[Component]:
    """A small map of every K; pressing one shows it."""
    if len(atlas.ks) < 2:
        return []
    items = [_thumbnail(load_map(folder, k, palette), k) for k in atlas.ks]
    text = "The same voxels for every K, the stack seen from above. Press one to show it."
    return [html.Div(items, className="multiples"), html.P(text, className="hint")]


def _thumbnail(fitted: Map, k: int) -> Component:
    labels = _shown(fitted, STACK).labels[0]
    thin = max(1, -(-max(labels.shape) // THUMBNAIL_PIXELS))
    painted = maps.flat_colors(labels[::thin, ::thin], _as_bytes(fitted.colors))
    image = html.Img(src=figures.picture(painted), alt=f"Map of {k} clusters")
    return html.Button(
        [image, html.Span(f"K = {k}")], id={"type": "brainmap-small", "k": k}, className="multiple"
    )


def _curves(job: Job, fitted: Map) -> list[Component]:
    return [
        framed(
            figures.no_voxel(),
            id="brainmap-series",
            caption="The voxel under the pointer, and the centroid of its cluster.",
        ),
        framed(
            figures.centroids(fitted.centroids, fitted.colors),
            id="brainmap-centroids",
            caption=f"The mean series of each cluster. {_normalisation(job)}",
        ),
    ]


def _clusters(atlas: Atlas, fitted: Map, look: Look) -> list[Component]:
    choice = dmc.SegmentedControl(
        id="brainmap-dimensions",
        data=[{"value": "2", "label": "2-D"}, {"value": "3", "label": "3-D"}],
        value=str(look.dimensions),
        size="xs",
        **aria(label="Dimensions of the centroids' view"),
    )
    components = framed(
        figures.components(fitted.centroids, fitted.sizes, fitted.colors, look.dimensions),
        id="brainmap-components",
        caption="Centroids along their principal components, in the colours of the map; larger "
        "points are larger clusters.",
    )
    sizes = framed(
        figures.cluster_sizes(fitted.sizes, _filtered(atlas), fitted.colors),
        id="brainmap-sizes",
        caption="Voxels in each cluster. Those below the activity threshold count as noise.",
    )
    return [html.Div([choice, components]), sizes]


def _filtered(atlas: Atlas) -> int:
    return int(np.prod(atlas.shape)) - len(atlas.voxels)


def _caption(job: Job, shape: tuple[int, ...]) -> str:
    values = job.parameters
    thin = figures.step(shape)
    thinned = f" Every {thin}th pixel is drawn." if thin > 1 else ""
    model = "a mixture of Gaussians" if values.get("model") == "gmm" else "K-means"
    return (
        f"{_normalisation(job)} Voxels with a standard deviation above "
        f"{values['std_threshold']} were clustered by {model} (seed {values['seed']}); the others "
        "are left grey. Similar colours mean similar activity. Press a voxel to see its cluster "
        f"alone.{thinned}"
    )


def _normalisation(job: Job) -> str:
    values = job.parameters
    names = {
        "percentile": f"Series as (x - b) / (b + {values['offset']}), with b their own "
        f"{values['percentile']:g}th percentile.",
        "mean": f"Series as (x - m) / (m + {values['offset']}), with m their mean.",
        "zscore": "Series as z-scores.",
        "none": "Series as they were recorded.",
    }
    return names[values["normalize"]]


def _cluster_table(fitted: Map, alone: int | None = None) -> Component:
    share = fitted.sizes / max(1, fitted.sizes.sum())
    titles = ("Cluster", "Colour", "Voxels", "Share")
    rows = [
        html.Tr(
            [
                html.Td(_cluster_button(cluster, cluster == alone)),
                html.Td([_swatch(fitted.colors[cluster]), fitted.colors[cluster]]),
                html.Td(f"{size:,}", className="number"),
                html.Td(f"{share[cluster]:.1%}", className="number"),
            ]
        )
        for cluster, size in enumerate(fitted.sizes)
    ]
    head = html.Thead(html.Tr([html.Th(title, scope="col") for title in titles]))
    return html.Div(
        html.Table([head, html.Tbody(rows)]),
        className="scroll tall",
        tabIndex="0",
        role="region",
        **aria(label="Clusters with their sizes"),
    )


def _cluster_button(cluster: int, pressed: bool) -> Component:
    return html.Button(
        f"Cluster {cluster}",
        id={"type": "brainmap-cluster", "cluster": cluster},
        className="pick",
        **aria(pressed=str(pressed).lower()),
    )


def _swatch(color: str) -> Component:
    return html.Span(className="swatch", style={"backgroundColor": color})


def register(app: Dash) -> None:
    """Connect what can be pointed at, pressed and chosen."""
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
        Output("url", "href", allow_duplicate=True),
        Input("brainmap-scheme", "n_clicks"),
        job,
        prevent_initial_call=True,
    )(another_scheme)


def redraw(
    k: str,
    palette: str,
    planes: str,
    masked: bool,
    alone: int | None,
    dimensions: str,
    job_id: str,
) -> tuple[Any, ...]:
    """Everything that depends on what is looked at."""
    folder = common.folder(job_id)
    look = Look(int(k), palette, planes, masked, alone, int(dimensions))
    fitted = load_map(folder, look.k, palette)
    figure = draw_map(fitted, look)
    colors = _emphasised(fitted.colors, alone)
    return (
        figure,
        {"height": f"{figure.layout.height}px"},
        figures.centroids(fitted.centroids, colors),
        figures.components(fitted.centroids, fitted.sizes, colors, look.dimensions),
        figures.cluster_sizes(fitted.sizes, _filtered(load(folder)), colors),
        _cluster_table(fitted, alone),
        color_sentence(load(folder).sweep, look.k),
    )


def color_sentence(sweep: pd.DataFrame, k: int) -> str:
    """How well the palettes do for k clusters."""
    row = sweep[sweep["k"] == k].iloc[0]
    names = {"similarity": "similarity colours", "notebook": "RGB angles"}
    figures_of = [
        f"{name} r = {common.number(float(row[f'{key}_color_correlation']))}, "
        f"smallest difference {common.number(float(row[f'{key}_color_min_delta_e']))}"
        for key, name in names.items()
    ]
    return (
        f"Colours for {k} clusters, as correlation of CIEDE2000 with the distance of centroids: "
        f"{'; '.join(figures_of)}."
    )


def choose_cluster(
    click: dict[str, Any] | None, _buttons: Any, _all: Any, _k: Any, alone: int | None
) -> int | None:
    """The cluster that is shown alone; pressing it again shows all."""
    source = ctx.triggered_id
    if not ctx.triggered or ctx.triggered[0]["value"] is None:
        raise PreventUpdate
    if source == "brainmap-map" and click:
        chosen = int(click["points"][0]["z"])
    elif isinstance(source, dict):
        chosen = int(source["cluster"])
    else:
        return None
    return None if chosen == alone else chosen


def choose_k(clicks: list[int | None]) -> str:
    """The K whose small map was pressed."""
    source = ctx.triggered_id
    if not isinstance(source, dict) or not any(clicks):
        raise PreventUpdate
    return str(source["k"])


def another_scheme(clicks: int | None, job_id: str) -> str:
    """Start the same job with the next seed of colours, and go there."""
    if not clicks:
        raise PreventUpdate
    job = common.job(job_id)
    parameters = {**job.parameters, "color_seed": job.parameters.get("color_seed", 0) + 1}
    store = services().store
    return edit_link(
        job.task, store.submit(job.task, parameters, job.inputs, version=code_version())
    )


def show_series(
    hover: dict[str, Any] | None, k: str, palette: str, planes: str, job_id: str
) -> Any:
    """The series of the voxel that is pointed at."""
    if not hover:
        raise PreventUpdate
    point = hover["points"][0]
    folder = common.folder(job_id)
    fitted = load_map(folder, int(k), palette)
    voxel = _voxel(fitted, planes, point)
    cluster = int(fitted.labels[voxel])
    if cluster < 0:
        raise PreventUpdate
    title = f"plane {voxel[0]}, y {voxel[1]}, x {voxel[2]}: cluster {cluster}"
    return figures.voxel_series(
        series_of(folder, int(np.ravel_multi_index(voxel, fitted.labels.shape))),
        fitted.centroids[cluster],
        fitted.colors[cluster],
        title,
    )


def _voxel(fitted: Map, planes: str, point: Mapping[str, Any]) -> tuple[int, int, int]:
    y, x = int(point["y"]), int(point["x"])
    if planes == STACK:
        column = fitted.labels[:, y : y + 1, x : x + 1], fitted.similarity[:, y : y + 1, x : x + 1]
        return int(maps.most_similar_plane(*column)[0, 0]), y, x
    return int(planes) + point["curveNumber"], y, x


def series_of(folder: Path, voxel: int) -> NDArray[np.float32]:
    """The normalised series of a kept voxel, given its flat index; reads that row only."""
    voxels = np.load(folder / "voxels.npy", mmap_mode="r")
    row = int(np.searchsorted(voxels, voxel))
    return np.array(np.load(folder / "series.npy", mmap_mode="r")[row])
