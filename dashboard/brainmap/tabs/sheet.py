"""All planes of a map on one sheet, as one picture: a change of colours costs no drawing."""

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from dashboard.brainmap.map.chosen import STACK, load_map
from dashboard.brainmap.map.planes import OTHERS, shown_planes
from dashboard.kit.figures import style
from dashboard.kit.scale import INK, Scale
from dashboard.server.posted import PostedError, offered, within
from pipelines.brainmap.map import maps
from pipelines.brainmap.map.folder import MapOfK
from pipelines.figures.png import FASTEST, encode_indexed, encode_png, pack_rows

ALL = "all"
"""All planes beside and below each other."""
GAP_SHARE = 0.02
"""Of a plane's longer side, which lies between two planes."""
ASPECT = 1.1
"""Width by height of the room that a sheet is laid out for."""
MOST_PIXELS = 4_000_000
"""Of a sheet; larger ones are thinned."""
OUTSIDE, FILTERED, FIRST = 0, 1, 2
"""Numbers of the colours of a sheet: between planes, of filtered voxels, of the first cluster."""
LONGEST_NUMBER = 10
"""Digits of a plane, row or column."""
NONE = maps.FILTERED
"""The cluster of a voxel that is in none."""
MOST_CLUSTERS = 256 - FIRST
"""That fit into a picture of 256 colours."""
DIMMED = np.array([92, 96, 104], np.uint8)
GROUND = np.array([34, 38, 45], np.uint8)
"""Of filtered voxels: darker than any cluster, so that none is lost in it."""
assert bytes(DIMMED.tolist()).hex() == OTHERS[1:]


@dataclass(frozen=True)
class SheetLayout:
    """Where the planes of a film lie on a sheet.

    Attributes:
        planes: their numbers, or `STACK` alone.
        columns: how many lie beside each other.
        height: of a plane, in pixels of the film.
        width: as above.
        gap: between two planes, in the same.
        step: every how many pixels are drawn.
    """

    planes: tuple[str, ...]
    columns: int
    height: int
    width: int
    gap: int
    step: int

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the sheet, in pixels of the film."""
        rows = -(-len(self.planes) // self.columns)
        high, wide = self.height + self.gap, self.width + self.gap
        return rows * high - self.gap, self.columns * wide - self.gap

    def corner(self, place: int) -> tuple[int, int]:
        """Where the plane at a place begins (y, x)."""
        row, column = divmod(place, self.columns)
        return row * (self.height + self.gap), column * (self.width + self.gap)

    def tiled(self, planes: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Planes (plane, y, x, ...) on the sheet (y, x, ...), thinned; 0 between them."""
        sheet = np.zeros((*self.size, *planes.shape[3:]), np.uint8)
        for place, plane in enumerate(planes):
            y, x = self.corner(place)
            sheet[y : y + self.height, x : x + self.width] = plane
        return np.ascontiguousarray(sheet[:: self.step, :: self.step])


def lay_out(shape: tuple[int, int, int], planes: str, aspect: float = ASPECT) -> SheetLayout:
    """Where the chosen planes of a volume (plane, y, x) of that shape lie.

    Args:
        shape: of the volume.
        planes: `ALL`, `STACK` or the number of one.
        aspect: width by height of the room.
    """
    count, height, width = shape
    names = tuple(map(str, range(count))) if planes == ALL else (offered_plane(planes, count),)
    gap = max(2, round(GAP_SHARE * max(height, width)))

    def wasted(columns: int) -> float:
        size = SheetLayout(names, columns, height, width, gap, 1).size
        return max(size[0], size[1] / aspect)

    columns = min(range(1, len(names) + 1), key=wasted)
    found = SheetLayout(names, columns, height, width, gap, 1)
    step = max(1, int(np.ceil(np.sqrt(np.prod(found.size) / MOST_PIXELS))))
    return SheetLayout(names, columns, height, width, gap, step)


def offered_plane(planes: str, count: int) -> str:
    """One plane or the stack, if there is such a one."""
    return offered(planes, (STACK, *map(str, range(count))))


@dataclass(frozen=True)
class SheetChoice:
    """What is shown of a map: its K, palette, planes, the cluster in front, whether it fades."""

    k: int
    palette: str
    planes: str = ALL
    alone: int | None = None
    fades: bool = False


def draw(folder: Path, choice: SheetChoice, scale: Scale) -> go.Figure:
    """The sheet of a finished map, with a scale bar where a pixel is known."""
    fitted = load_map(folder, choice.k, choice.palette)
    where = lay_out(_shape(fitted), choice.planes)
    source = f"data:image/png;base64,{b64encode(colored_sheet(folder, choice, fitted)).decode()}"
    image = go.Image(source=source, dx=where.step, dy=where.step, hoverinfo="skip")
    mark = go.Scatter(
        x=[None], y=[None], mode="markers", hoverinfo="skip", showlegend=False,
        marker={"symbol": "square-open", "size": 12, "color": "#ffffff", "line": {"width": 2}},
    )  # fmt: skip
    figure = style(go.Figure([image, mark]), height=600, uirevision=f"map {choice.planes}")
    figure.update_layout(margin={"l": 8, "r": 8, "t": 8, "b": 8}, dragmode="pan", meta=_meta(where))
    shared = {"visible": False, "constrain": "domain"}
    high, wide = where.size
    figure.update_xaxes(**shared, range=[-0.5, wide - 0.5])
    figure.update_yaxes(**shared, scaleanchor="x", range=[high - 0.5, -0.5])
    scale.pictured(figure, (high, where.width) if scale.pixel_um else where.size)
    _add_names(figure, where)
    return figure


def _meta(where: SheetLayout) -> dict[str, object]:
    """What the page needs to know to tell the voxel under the pointer."""
    return {
        "planes": list(where.planes),
        "columns": where.columns,
        "height": where.height,
        "width": where.width,
        "gap": where.gap,
    }


def _shape(fitted: MapOfK) -> tuple[int, int, int]:
    planes, height, width = fitted.labels.shape
    return planes, height, width


def _add_names(figure: go.Figure, where: SheetLayout) -> None:
    """Which plane is which, if there are several."""
    if len(where.planes) < 2:
        return
    for place, plane in enumerate(where.planes):
        y, x = where.corner(place)
        figure.add_annotation(
            x=x, y=y, xanchor="left", yanchor="top", showarrow=False, bgcolor=INK, borderpad=1,
            text=f"<span style='color:#ffffff'>{plane}</span>", font={"size": 11},
        )  # fmt: skip


def colored_sheet(folder: Path, choice: SheetChoice, fitted: MapOfK) -> bytes:
    """The sheet of a map as a PNG file, in the colours that are given with it."""
    if choice.fades or len(fitted.colors) > MOST_CLUSTERS:
        return _painted(folder, choice, fitted.colors)
    packed, shape = _packed(folder, choice.k, choice.planes)
    return encode_indexed(packed, shape, _colors(fitted, choice.alone), opaque_from=FILTERED)


@lru_cache(maxsize=16)
def _packed(folder: Path, k: int, planes: str) -> tuple[bytes, tuple[int, int]]:
    """The clusters on a sheet, compressed, and its shape: all that does not depend on colours."""
    fitted = load_map(folder, k, "similarity")
    where = lay_out(_shape(fitted), planes)
    labels = _planes(fitted, planes)[0]
    sheet = where.tiled((labels + FIRST).astype(np.uint8))
    return pack_rows(sheet, FASTEST), (sheet.shape[0], sheet.shape[1])


def _colors(fitted: MapOfK, alone: int | None) -> NDArray[np.uint8]:
    """The colours of a sheet (colour, 3), all but one cluster's in grey if one is in front."""
    colors = fitted.color_bytes
    if alone is not None:
        colors = np.where((np.arange(len(colors)) == alone)[:, None], colors, DIMMED)
    outside, filtered = np.zeros((1, 3), np.uint8), GROUND[None]
    return np.concatenate([outside, filtered, colors])


@lru_cache(maxsize=8)
def _painted(folder: Path, choice: SheetChoice, given: tuple[str, ...]) -> bytes:
    """The sheet in colours that fade over the mean image, or of very many clusters."""
    fitted = replace(load_map(folder, choice.k, choice.palette), colors=given)
    labels, similarity, mean = _planes(fitted, choice.planes)
    if choice.alone is not None:
        labels = np.where(labels == choice.alone, labels, np.int16(maps.FILTERED))
    colors = fitted.color_bytes
    painted = (
        maps.paint(labels, similarity, mean, colors)
        if choice.fades
        else maps.flat_colors(labels, colors)
    )
    return encode_png(lay_out(_shape(fitted), choice.planes).tiled(painted), FASTEST)


def _planes(
    fitted: MapOfK, planes: str
) -> tuple[NDArray[np.int16], NDArray[np.float32], NDArray[np.float32]]:
    """Labels, similarity and mean (plane, y, x) of what is shown."""
    if planes == ALL:
        return fitted.labels, fitted.similarity, fitted.mean
    if planes == STACK:
        shown = shown_planes(fitted, STACK)
        return shown.labels, shown.similarity, shown.mean
    one = slice(int(planes), int(planes) + 1)
    return fitted.labels[one], fitted.similarity[one], fitted.mean[one]


def is_number(text: str) -> bool:
    """Whether an address says a place by this: digits, and no more of them than Python reads."""
    return text.isdecimal() and len(text) < LONGEST_NUMBER


def voxel_of(fitted: MapOfK, text: str) -> tuple[int, int, int] | None:
    """The (plane, y, x) that a selection names; None where it names none of this film."""
    parts: Sequence[str] = text.split(",")
    if len(parts) != 3 or not all(map(is_number, parts[1:])):
        return None
    y, x = int(parts[1]), int(parts[2])
    try:
        within((0, y, x), fitted.labels.shape)
        if parts[0] == STACK:
            column = (slice(None), slice(y, y + 1), slice(x, x + 1))
            best = maps.most_similar_plane(fitted.labels[column], fitted.similarity[column])
            return int(best[0, 0]), y, x
        plane = int(parts[0])
        within((plane, y, x), fitted.labels.shape)
    except (PostedError, ValueError):
        return None
    return plane, y, x
