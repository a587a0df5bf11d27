"""A map of more synapses than a browser can draw, as an image that the server makes.

Every pixel says what is there: the most frequent cluster or name, or the mean of a measure.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import plotly.graph_objects as go

from dashboard.kit.figures import NOISE, color

PIXELS = (600, 420)
MOST_NAMES = 12
"""Names with a colour of their own; of more, the most frequent."""
FADED = 0.35

Floats = npt.NDArray[np.float64]
Pixels = npt.NDArray[np.int64]


def raster(
    rows: pd.DataFrame, by: str, named: bool, title: str, chosen: npt.NDArray[np.bool_] | None
) -> list[Any]:
    """Traces of a map of rows with UMAP_1 and UMAP_2.

    Args:
        rows: in the part that is looked at.
        by: the column that gives the colour.
        named: whether it names; otherwise it measures.
        title: of the colour scale.
        chosen: (n,) which rows are drawn in colour, the others in grey; None for all.
    """
    x, y, pixel = _binned(rows)
    traces: list[Any] = []
    if chosen is not None:
        occupied = np.bincount(pixel, minlength=PIXELS[0] * PIXELS[1]) > 0
        traces.append(_image(np.where(occupied, 0.0, np.nan), x, y, [NOISE], 1, FADED))
        rows, pixel = rows[chosen], pixel[chosen]
    if not len(rows):
        return traces
    values = rows[by]
    return traces + (
        _names(values, pixel, x, y, by) if named else [_means(values, pixel, x, y, title)]
    )


def _binned(rows: pd.DataFrame) -> tuple[Floats, Floats, Pixels]:
    """Middles of the columns and lines of pixels, and the pixel (n,) of every row."""
    places, counts = [], []
    for name, count in zip(("UMAP_1", "UMAP_2"), PIXELS, strict=True):
        values = rows[name].to_numpy(float)
        edges = np.histogram_bin_edges(values, bins=count)
        step = edges[1] - edges[0]
        found = ((values - edges[0]) / step).astype(np.int64)
        counts.append(np.clip(found, 0, count - 1))
        places.append(edges[:-1] + step / 2)
    return places[0], places[1], counts[1] * PIXELS[0] + counts[0]


def _names(values: "pd.Series[Any]", pixel: Pixels, x: Floats, y: Floats, by: str) -> list[Any]:
    codes, names = pd.factorize(values, sort=True)
    frequent = np.sort(np.argsort(-np.bincount(codes), kind="stable")[:MOST_NAMES])
    place = np.full(len(names), -1)
    place[frequent] = np.arange(len(frequent))
    shown = place[codes]
    size = PIXELS[0] * PIXELS[1]
    counts = np.bincount(
        pixel[shown >= 0] * len(frequent) + shown[shown >= 0], minlength=size * len(frequent)
    ).reshape(size, len(frequent))
    top = np.where(counts.any(axis=1), counts.argmax(axis=1), np.nan)
    is_cluster = by == "cluster"
    colors = [color(int(names[i]) if is_cluster else n) for n, i in enumerate(frequent)]
    labels = [_label(names[i], is_cluster) for i in frequent]
    sizes = np.bincount(codes)[frequent]
    keys = [
        go.Scatter(
            x=[None],
            y=[None],
            mode="markers",
            marker={"color": shade, "size": 9},
            name=f"{label} ({count:,})",
        )
        for shade, label, count in zip(colors, labels, sizes, strict=True)
    ]
    return [_image(top, x, y, colors, len(colors), 1.0), *keys]


def _label(name: Any, is_cluster: bool) -> str:
    if not is_cluster:
        return str(name)
    return "noise" if int(name) < 0 else f"cluster {name}"


def _image(
    values: Floats, x: Floats, y: Floats, colors: list[str], count: int, opacity: float
) -> go.Heatmap:
    """Whole numbers from 0 to count - 1 as flat colours; nan is empty."""
    steps = [(edge / count, colors[n % len(colors)]) for n in range(count) for edge in (n, n + 1)]
    return go.Heatmap(
        z=values.reshape(PIXELS[1], PIXELS[0]).astype(np.float32),
        x=x,
        y=y,
        zmin=-0.5,
        zmax=count - 0.5,
        colorscale=steps,
        showscale=False,
        opacity=opacity,
        hoverinfo="skip",
    )


def _means(values: "pd.Series[Any]", pixel: Pixels, x: Floats, y: Floats, title: str) -> go.Heatmap:
    numbers = values.to_numpy(float)
    known = np.isfinite(numbers)
    size = PIXELS[0] * PIXELS[1]
    counts = np.bincount(pixel[known], minlength=size)
    total = np.bincount(pixel[known], weights=numbers[known], minlength=size)
    mean = np.where(counts > 0, total / np.maximum(counts, 1), np.nan)
    low, high = np.nanquantile(numbers, [0.01, 0.99]) if known.any() else (0.0, 1.0)
    return go.Heatmap(
        z=mean.reshape(PIXELS[1], PIXELS[0]).astype(np.float32),
        x=x,
        y=y,
        colorscale="Viridis",
        zmin=float(low),
        zmax=float(high),
        colorbar={"title": title},
        hovertemplate="mean %{z:.4g}<extra></extra>",
    )
