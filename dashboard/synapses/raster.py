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
"""Names in the legend; of more, the most frequent. In the image all have their colour."""
FADED = 0.35
MOST_FLAT = 255
"""Colours that a byte can tell."""

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
    values = rows[by]
    if chosen is not None:
        occupied = np.bincount(pixel, minlength=PIXELS[0] * PIXELS[1]) > 0
        traces.append(_image(np.where(occupied, 0.0, np.nan), x, y, [NOISE], 1, FADED))
        values, pixel = values[chosen], pixel[chosen]
    if not len(values):
        return traces
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
    known = codes >= 0
    top = _most_frequent(pixel[known], codes[known], len(names))
    frequent = np.sort(np.argsort(-np.bincount(codes[known]), kind="stable")[:MOST_NAMES])
    is_cluster = by == "cluster"
    shades = [color(int(name) if is_cluster else n) for n, name in enumerate(names)]
    colors = [shades[n] for n in frequent]
    labels = [_label(names[n], is_cluster) for n in frequent]
    sizes = np.bincount(codes[known])[frequent]
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
    return [_image(top, x, y, shades, len(shades), 1.0), *keys]


def _most_frequent(pixel: Pixels, codes: Pixels, count: int) -> Floats:
    """The most frequent of `count` codes (n,) in each pixel, the lower of two; nan for none."""
    top = np.full(PIXELS[0] * PIXELS[1], np.nan)
    pairs, times = np.unique(pixel * count + codes, return_counts=True)
    if not len(pairs):
        return top
    here, code = np.divmod(pairs, count)
    first = np.flatnonzero(np.diff(here, prepend=-1))
    best = np.maximum.reduceat(times * count + (count - 1 - code), first)
    top[here[first]] = count - 1 - best % count
    return top


def _label(name: Any, is_cluster: bool) -> str:
    if not is_cluster:
        return str(name)
    return "noise" if int(name) < 0 else f"cluster {name}"


def _image(
    values: Floats | npt.NDArray[np.uint8],
    x: Floats,
    y: Floats,
    colors: list[str],
    count: int,
    opacity: float,
) -> go.Heatmap:
    """Whole numbers from 0 to count - 1 as flat colours; nan is empty."""
    kind = np.uint8 if values.dtype == np.uint8 else np.float32
    steps = [(edge / count, colors[n % len(colors)]) for n in range(count) for edge in (n, n + 1)]
    return go.Heatmap(
        z=values.reshape(PIXELS[1], PIXELS[0]).astype(kind),
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


def packed(figure: go.Figure) -> None:
    """Put the images of flat colours of a map into one, a byte a pixel instead of four each.

    Pixels of one that lies above hide those below, as they do when each is drawn.
    """
    flat = [one for one in figure.data if one.type == "heatmap" and one.showscale is False]
    if not flat or sum(len(one.colorscale) // 2 for one in flat) >= MOST_FLAT:
        return
    numbers = np.zeros(np.shape(flat[0].z), dtype=np.uint8)
    shades = ["rgba(0,0,0,0)"]
    for image in flat:
        values = np.asarray(image.z)
        drawn = np.isfinite(values)
        numbers[drawn] = values[drawn].astype(np.uint8) + len(shades)
        shades += [_seen(shade, image.opacity) for _, shade in image.colorscale[::2]]
    whole = _image(numbers, flat[-1].x, flat[-1].y, shades, len(shades), 1.0)
    # Above what is faded and below the points that are marked, as each was.
    others = [one for one in figure.data if not any(one is image for image in flat)]
    figure.data = []
    figure.add_traces([whole, *others])


def _seen(shade: str, opacity: float) -> str:
    """A colour `#rrggbb` that lets some of the ground through."""
    red, green, blue = (int(shade[start : start + 2], 16) for start in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity:g})"
