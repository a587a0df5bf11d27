"""The planes of a brain map as they are drawn: large, small, faded, one cluster alone."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from dash import html
from dash.development.base_component import Component
from numpy.typing import NDArray

from dashboard.brainmap.map import map_figures as figures
from dashboard.brainmap.map.chosen import STACK, Look, load_map
from dashboard.kit.scale import UNKNOWN, Scale
from dashboard.server.posted import Point, offered, within
from pipelines.brainmap.map import maps
from pipelines.brainmap.map.folder import FinishedMap, MapOfK

PLANES_AT_ONCE = 4
THUMBNAIL_PIXELS = 160
OTHERS = "#5c6068"
"""Colour of all clusters but the one that is looked at."""


def draw_map(fitted: MapOfK, look: Look, scale: Scale = UNKNOWN) -> Any:
    """The planes that are looked at, or the stack from above."""
    colors = emphasised(fitted.colors, look.alone)
    shown = shown_planes(fitted, look.planes)
    labels, similarity, mean, titles = shown.labels, shown.similarity, shown.mean, shown.titles
    if not look.masked:
        figure = figures.label_map(labels, similarity, colors, titles)
        return scale.pictured(figure, labels.shape[1:])
    thin = figures.step(labels.shape[1:])
    visible = labels if look.alone is None else np.where(labels == look.alone, labels, np.int16(-1))
    painted = maps.paint(visible, similarity, mean, fitted.color_bytes)[:, ::thin, ::thin]
    pictures = [figures.picture(plane) for plane in painted]
    figure = figures.label_map(labels, similarity, colors, titles, pictures)
    return scale.pictured(figure, labels.shape[1:])


@dataclass(frozen=True)
class ShownPlanes:
    """Planes that are drawn, each (plane, y, x), with a title per plane."""

    labels: NDArray[np.int16]
    similarity: NDArray[np.float32]
    mean: NDArray[np.float32]
    titles: list[str]


def shown_planes(fitted: MapOfK, planes: str) -> ShownPlanes:
    """The planes that a person chose to see."""
    if planes == STACK:
        top = maps.most_similar_plane(fitted.labels, fitted.similarity)[None]
        labels = np.take_along_axis(fitted.labels, top, axis=0)
        similarity = np.take_along_axis(fitted.similarity, top, axis=0)
        return ShownPlanes(labels, similarity, fitted.mean.max(axis=0)[None], ["Stack from above"])
    offered(int(planes), range(len(fitted.labels)))
    part = slice(int(planes), int(planes) + PLANES_AT_ONCE)
    titles = [f"Plane {plane}" for plane in range(len(fitted.labels))[part]]
    return ShownPlanes(fitted.labels[part], fitted.similarity[part], fitted.mean[part], titles)


def emphasised(colors: tuple[str, ...], alone: int | None) -> list[str]:
    """The colours, all but one cluster's in grey if one is looked at."""
    if alone is None:
        return list(colors)
    return [color if cluster == alone else OTHERS for cluster, color in enumerate(colors)]


def multiples(folder: Path, finished: FinishedMap, palette: str) -> list[Component]:
    """A small map of every K; pressing one shows it."""
    if len(finished.ks) < 2:
        return []
    items = [_thumbnail(load_map(folder, k, palette), k) for k in finished.ks]
    text = "The same voxels for every K, the stack seen from above. Press one to show it."
    return [html.Div(items, className="multiples"), html.P(text, className="hint")]


def _thumbnail(fitted: MapOfK, k: int) -> Component:
    return html.Button(
        thumbnail(fitted, k), id={"type": "brainmap-small", "k": k}, className="multiple"
    )


def thumbnail(fitted: MapOfK, k: int) -> list[Component]:
    """A small picture of the stack from above, and its K."""
    labels = shown_planes(fitted, STACK).labels[0]
    thin = max(1, -(-max(labels.shape) // THUMBNAIL_PIXELS))
    painted = maps.flat_colors(labels[::thin, ::thin], fitted.color_bytes)
    image = html.Img(src=figures.picture(painted), alt=f"Map of {k} clusters")
    return [image, html.Span(f"K = {k}")]


def pointed_voxel(fitted: MapOfK, planes: str, point: Point) -> tuple[int, int, int]:
    """The (plane, y, x) of a point in the figure."""
    y, x = int(point["y"]), int(point["x"])
    within((0, y, x), fitted.labels.shape)
    if planes == STACK:
        column = fitted.labels[:, y : y + 1, x : x + 1], fitted.similarity[:, y : y + 1, x : x + 1]
        return int(maps.most_similar_plane(*column)[0, 0]), y, x
    plane = int(planes) + point.get("curveNumber", 0)
    within((plane, y, x), fitted.labels.shape)
    return plane, y, x
