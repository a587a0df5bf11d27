"""The result of a brain map: label maps with hover, series, centroids."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import dash_mantine_components as dmc
import numpy as np
import pandas as pd
import tifffile
from dash import Dash, Input, Output, State, html
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate
from numpy.typing import NDArray

from dashboard.aria import aria
from dashboard.figures import brainmap as figures
from dashboard.figures.common import framed
from dashboard.jobs.store import Job
from dashboard.results import common

PLANES_AT_ONCE = 4


@dataclass(frozen=True)
class Map:
    """What is drawn of a fitted map.

    Attributes:
        labels: (plane, y, x), -1 where filtered out.
        similarity: (plane, y, x).
        centroids: (cluster, time).
        sizes: voxels per cluster.
        colors: `#rrggbb` per cluster.
    """

    labels: NDArray[np.int16]
    similarity: NDArray[np.float32]
    centroids: NDArray[np.float64]
    sizes: NDArray[np.int64]
    colors: tuple[str, ...]


@lru_cache(maxsize=4)
def load(folder: Path) -> Map:
    """Read a result once; a finished result never changes."""
    centroids = pd.read_csv(folder / "centroids.csv")
    shape = tifffile.imread(folder / "labels.tif").shape
    full = (1,) * (3 - len(shape)) + shape
    return Map(
        labels=tifffile.imread(folder / "labels.tif").reshape(full),
        similarity=tifffile.imread(folder / "similarity.tif").reshape(full),
        centroids=centroids.drop(columns=["cluster", "n_voxels"]).to_numpy(float),
        sizes=centroids["n_voxels"].to_numpy(np.int64),
        colors=tuple(pd.read_csv(folder / "colors.csv")["hex"]),
    )


def view(job: Job) -> Component:
    """The whole result."""
    found = common.headline(job)
    fitted = load(common.folder(job.id))
    return html.Div(
        [
            html.Div([_headline(found), _downloads(job)], className="card"),
            html.Div(
                [_plane_picker(fitted), html.Div(_map(job, fitted, 0), id="brainmap-planes")],
                className="card",
            ),
            html.Div(
                [
                    framed(
                        figures.no_voxel(),
                        id="brainmap-series",
                        caption="The voxel under the pointer, and the centroid of its cluster.",
                    ),
                    framed(
                        figures.centroids(fitted.centroids, fitted.colors),
                        id="brainmap-centroids",
                        caption=f"The mean series of all {len(fitted.colors)} clusters. "
                        f"{_normalisation(job)}",
                    ),
                ],
                className="card pair",
            ),
            html.Div(_cluster_table(fitted), className="card"),
        ]
    )


def _headline(found: dict[str, Any]) -> Component:
    shape = " x ".join(map(str, found["shape"]))
    return common.stats(
        {
            "Planes x y x x x time": shape,
            "Voxels kept": f"{found['n_kept']:,} of {found['n_voxels']:,}",
            "Clusters": str(found["k"]),
            "Colour against similarity, r": common.number(found["color_correlation"]),
            "Smallest colour difference (CIEDE2000)": common.number(found["color_min_delta_e"]),
        }
    )


def _downloads(job: Job) -> Component:
    files = {
        "map.png": "Map (PNG)",
        "map.tif": "Map (TIFF)",
        "labels.tif": "Labels (TIFF)",
        "centroids.csv": "Centroids (CSV)",
    }
    links = [common.download(job, file, text) for file, text in files.items()]
    return html.Div(links, className="downloads")


def _plane_picker(fitted: Map) -> Component:
    planes = len(fitted.labels)
    starts = range(0, planes, PLANES_AT_ONCE)
    data = [
        {"value": str(start), "label": _range(start, min(start + PLANES_AT_ONCE, planes) - 1)}
        for start in starts
    ]
    select = dmc.Select(id="brainmap-plane", label="Planes", data=data, value="0", w=160)
    return html.Div(select, hidden=planes <= PLANES_AT_ONCE)


def _range(first: int, last: int) -> str:
    return str(first) if first == last else f"{first} to {last}"


def _map(job: Job, fitted: Map, first: int) -> Component:
    stop = first + PLANES_AT_ONCE
    labels = fitted.labels[first:stop]
    figure = figures.label_map(labels, fitted.similarity[first:stop], fitted.colors, first)
    return framed(
        figure,
        id="brainmap-map",
        caption=_caption(job, labels.shape[1:]),
        clear_on_unhover=False,
    )


def _caption(job: Job, shape: tuple[int, ...]) -> str:
    values = job.parameters
    thin = figures.step(shape)
    thinned = f" Every {thin}th pixel is drawn." if thin > 1 else ""
    return (
        f"{_normalisation(job)} Voxels with a standard deviation above "
        f"{values['std_threshold']} were clustered by K-means (k = {values['k']}, "
        f"{values['n_init']} restarts, seed {values['seed']}); the others are left empty. "
        f"Similar colours mean similar activity.{thinned}"
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


def _cluster_table(fitted: Map) -> Component:
    share = fitted.sizes / max(1, fitted.sizes.sum())
    titles = ("Cluster", "Colour", "Voxels", "Share")
    rows = [
        html.Tr(
            [
                html.Td(str(cluster)),
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


def _swatch(color: str) -> Component:
    return html.Span(className="swatch", style={"backgroundColor": color})


def register(app: Dash) -> None:
    """Connect hover and the plane picker."""
    app.callback(
        Output("brainmap-series", "figure"),
        Input("brainmap-map", "hoverData"),
        State("brainmap-plane", "value"),
        State("panel-job", "data"),
        prevent_initial_call=True,
    )(show_series)
    app.callback(
        Output("brainmap-planes", "children"),
        Input("brainmap-plane", "value"),
        State("panel-job", "data"),
        prevent_initial_call=True,
    )(show_planes)


def show_planes(first: str | None, job_id: str) -> Component:
    """The map of the chosen planes."""
    job = common.job(job_id)
    return _map(job, load(common.folder(job_id)), int(first or 0))


def show_series(hover: dict[str, Any] | None, first: str | None, job_id: str) -> Any:
    """The series of the voxel that is pointed at."""
    if not hover:
        raise PreventUpdate
    point = hover["points"][0]
    folder = common.folder(job_id)
    fitted = load(folder)
    voxel = (int(first or 0) + point["curveNumber"], int(point["y"]), int(point["x"]))
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


def series_of(folder: Path, voxel: int) -> NDArray[np.float32]:
    """The normalised series of a kept voxel, given its flat index; reads that row only."""
    voxels = np.load(folder / "voxels.npy", mmap_mode="r")
    row = int(np.searchsorted(voxels, voxel))
    return np.array(np.load(folder / "series.npy", mmap_mode="r")[row])
