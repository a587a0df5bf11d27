"""Measures of voxels as colours, with Thunder's colour maps and a legend."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.brainmap.colors import colormaps
from pipelines.brainmap.colors.compose_parameters import OFFERED, ComposeParameters
from pipelines.brainmap.formats.volume_files import write_volume
from pipelines.brainmap.images.info import ImageInfo
from pipelines.brainmap.map import maps
from pipelines.brainmap.map.folder import FinishedMap, open_map
from pipelines.brainmap.operations.operations import correlate, fourier
from pipelines.brainmap.voxels.series import Floats, blocks
from pipelines.core.errors import ParameterError
from pipelines.core.progress import Report, silent
from pipelines.figures.png import write_png
from pipelines.figures.svg import (
    Axis,
    SvgPanel,
    plane_panel,
    scale_panel,
    square_panel,
    write_svg,
)

PERCENTILES = (1.0, 99.0)
"""The span of a measure that is shown; a few extreme voxels must not take all the colours."""

STEPS = 64
"""Shades of a legend along each axis."""

PICTURE, VOLUME, DRAWING = "colored.png", "colored.tif", "colored.svg"
"""Files of the result."""
SVG_PIXELS = 512
ARROWS = ("polar", "angle")


@dataclass(frozen=True)
class Layer:
    """One measure of every kept voxel.

    Attributes:
        name: what it is, with its unit.
        values: (kept voxel,).
        low, high: the span that is shown.
    """

    name: str
    values: Floats
    low: float
    high: float


@dataclass(frozen=True)
class ColorKey:
    """A part of the legend: a bar (y is None) or a square of colours (y, x, 3)."""

    title: str
    rgb: NDArray[np.uint8]
    x: Axis
    y: Axis | None = None


@dataclass(frozen=True)
class Composition:
    """Measures as colours.

    Attributes:
        rgb: (plane, y, x, 3).
        legend: what the colours mean.
        words: what was done, for captions.
    """

    rgb: NDArray[np.uint8]
    legend: tuple[ColorKey, ...]
    words: str


def colorize(
    inputs: Mapping[str, Path],
    parameters: ComposeParameters,
    folder: Path,
    report: Report = silent,
) -> dict[str, Any]:
    """Colour the voxels of a finished map by what was measured of them.

    Args:
        inputs: `map`, the folder of a finished map.
        parameters: what is shown, and how.
        folder: gets `colored.tif` (RGB; plane, y, x), `colored.png` and `colored.svg`.
        report: told what happens.

    Returns:
        `measure`, `color_map`, `shape` (plane, y, x) and `shown` (in words).

    Raises:
        InputError: the map cannot be read.
        ParameterError: a colour map, frequency or cluster that does not suit.
    """
    found = open_map(inputs["map"])
    report(0.1, "Measuring the voxels")
    found.require_sound_series()
    composed = compose(found, parameters)
    report(0.8, "Writing the pictures")
    write_volume(composed.rgb, folder / VOLUME, found.info)
    write_png(maps.side_by_side(composed.rgb), folder / PICTURE)
    write_svg(folder / DRAWING, _panels(composed, found.info), composed.words)
    return {
        "measure": parameters.measure,
        "color_map": parameters.color_map,
        "shape": list(found.shape),
        "shown": composed.words,
    }


def compose(found: FinishedMap, parameters: ComposeParameters) -> Composition:
    """Colours of all voxels, with their legend.

    Raises:
        ParameterError: a colour map, frequency or cluster that does not suit.
    """
    if parameters.color_map not in OFFERED[parameters.measure]:
        offered = ", ".join(OFFERED[parameters.measure])
        raise ParameterError(
            f"color_map: {parameters.color_map} does not suit {parameters.measure}; take {offered}."
        )
    layers = _layers(found, parameters)
    colors = _distinct(len(layers))
    shades = _shades(parameters, [_scaled(layer) for layer in layers], colors)
    rgb = np.full((int(np.prod(found.shape)), 3), maps.NEUTRAL, np.uint8)
    rgb[found.voxels] = _bytes(shades)
    legend = tuple(_legend(parameters, layers, colors))
    words = _words(parameters, layers)
    return Composition(rgb.reshape(*found.shape, 3), legend, words)


def principal_scores(series: NDArray[Any], count: int) -> tuple[Floats, Floats]:
    """Scores (voxel, component) and shares of the variance of the first principal components.

    The sign of a component is such that its largest weight is positive.
    """
    mean = series.mean(axis=0, dtype=np.float64)
    covariance = np.zeros((series.shape[1], series.shape[1]))
    for rows in blocks(series):
        centred = series[rows] - mean
        covariance += centred.T @ centred
    variances, vectors = np.linalg.eigh(covariance)
    weights = vectors[:, ::-1][:, :count]
    weights *= np.sign(weights[np.abs(weights).argmax(axis=0), np.arange(weights.shape[1])])
    scores = np.concatenate([(series[rows] - mean) @ weights for rows in blocks(series)])
    return scores, variances[::-1][:count] / max(variances.sum(), 1e-300)


def _layers(found: FinishedMap, parameters: ComposeParameters) -> list[Layer]:
    makers = {"components": _components, "fourier": _fourier, "clusters": _clusters}
    layers = makers[parameters.measure](found, parameters)
    needed = {"rgb": 3, "hsv": 3, "hv": 2, "polar": 2, "angle": 2}.get(parameters.color_map, 0)
    if len(layers) < needed:
        raise ParameterError(
            f"color_map: {parameters.color_map} takes {needed} measures, but there are "
            f"{len(layers)}."
        )
    return layers[: needed or len(layers)]


def _components(found: FinishedMap, parameters: ComposeParameters) -> list[Layer]:
    scores, share = principal_scores(found.series, 3)
    arrows = parameters.color_map in ARROWS
    names = [f"PC {i + 1} ({part:.0%} of the variance)" for i, part in enumerate(share)]
    return [_layer(name, values, arrows) for name, values in zip(names, scores.T, strict=True)]


def _fourier(found: FinishedMap, parameters: ComposeParameters) -> list[Layer]:
    n_times = found.series.shape[1]
    if parameters.freq >= n_times // 2:
        raise ParameterError(
            f"freq: {parameters.freq} is too high; it must be below half the {n_times} time points."
        )
    parts = [fourier(found.series[rows].astype(float), parameters.freq)
             for rows in blocks(found.series)]  # fmt: skip
    coherence, phase = np.nan_to_num(np.concatenate(parts)).T
    if parameters.color_map in ARROWS:
        sides = coherence * np.cos(phase), coherence * np.sin(phase)
        names = ("coherence x cos(phase)", "coherence x sin(phase)")
        return [Layer(name, side, -1.0, 1.0) for name, side in zip(names, sides, strict=True)]
    spread = np.concatenate([found.series[rows].std(axis=1) for rows in blocks(found.series)])
    return [
        Layer("phase (radians)", phase, 0.0, 2 * np.pi),
        Layer("coherence", coherence, 0.0, 1.0),
        _layer("standard deviation", spread.astype(float), arrows=False),
    ]


def _clusters(found: FinishedMap, parameters: ComposeParameters) -> list[Layer]:
    centroids = found.centroids_of(parameters.k)
    wrong = [number for number in parameters.clusters if number >= len(centroids)]
    if wrong:
        raise ParameterError(
            f"clusters: there is no cluster {wrong[0]}; the map has {len(centroids)}, counted "
            "from 0."
        )
    wanted = centroids[list(parameters.clusters)]
    if (wanted.max(axis=1) == wanted.min(axis=1)).any():
        raise ParameterError("clusters: one of them never changes; choose another.")
    parts = [correlate(found.series[rows].astype(float), wanted) for rows in blocks(found.series)]
    values = np.nan_to_num(np.concatenate(parts))
    low = -1.0 if parameters.color_map in ARROWS else 0.0
    return [
        Layer(f"r with cluster {number}", column, low, 1.0)
        for number, column in zip(parameters.clusters, values.T, strict=True)
    ]


def _layer(name: str, values: Floats, arrows: bool) -> Layer:
    """A measure over the span of most of its values; for the sides of an arrow around 0."""
    low, high = (float(end) for end in np.percentile(values, PERCENTILES))
    if arrows:
        low, high = -max(abs(low), abs(high)), max(abs(low), abs(high))
    return Layer(name, values, low, high if high > low else low + 1.0)


def _scaled(layer: Layer) -> Floats:
    """From 0 to 1 over the span that is shown."""
    return np.asarray(np.clip((layer.values - layer.low) / (layer.high - layer.low), 0, 1))


def _shades(
    parameters: ComposeParameters, scaled: Sequence[Floats], colors: Sequence[Sequence[float]]
) -> Floats:
    """Colours (..., 3) from 0 to 1 of measures from 0 to 1."""
    brighter = [np.clip(values * parameters.scale, 0, 1) for values in scaled]
    match parameters.color_map:
        case "rgb":
            return colormaps.rgb(*brighter)
        case "hsv":
            return colormaps.hsv(scaled[0], scaled[1], brighter[2])
        case "hv":
            return colormaps.hv(scaled[0], brighter[1])
        case "polar":
            return colormaps.polar(2 * scaled[0] - 1, 2 * scaled[1] - 1, parameters.scale)
        case "angle":
            return colormaps.angle(2 * scaled[0] - 1, 2 * scaled[1] - 1)
        case "indexed":
            return colormaps.indexed(np.stack(brighter), colors)


def _distinct(count: int) -> list[list[float]]:
    """Colours around the wheel, in full saturation and brightness."""
    hue = np.arange(count) / max(1, count)
    shades: list[list[float]] = colormaps.hsv(hue, np.ones(count), np.ones(count)).tolist()
    return shades


def _legend(
    parameters: ComposeParameters, layers: Sequence[Layer], colors: Sequence[Sequence[float]]
) -> list[ColorKey]:
    ramp = np.linspace(0, 1, STEPS)
    if len(layers) == 2 and parameters.color_map != "indexed":
        across, down = np.meshgrid(ramp, ramp[::-1])
        square = _bytes(_shades(parameters, [across, down], colors))
        first, second = layers
        y = Axis(second.name, second.high, second.low)
        return [ColorKey("Colours", square, Axis(first.name, first.low, first.high), y)]
    bars = []
    for at, layer in enumerate(layers):
        others = [np.full(STEPS, _rest(parameters, other)) for other in range(len(layers))]
        others[at] = ramp
        shades = _bytes(_shades(parameters, others, colors))
        bars.append(ColorKey(layer.name, shades[None], Axis(layer.name, layer.low, layer.high)))
    return bars


def _rest(parameters: ComposeParameters, at: int) -> float:
    """What the other measures are while one is shown in the legend."""
    return 1.0 if parameters.color_map == "hsv" and at > 0 else 0.0


def _bytes(shades: Floats) -> NDArray[np.uint8]:
    painted: NDArray[np.uint8] = np.round(255 * np.clip(shades, 0, 1)).astype(np.uint8)
    return painted


def _words(parameters: ComposeParameters, layers: Sequence[Layer]) -> str:
    names = ", ".join(layer.name for layer in layers)
    at = f" at {parameters.freq} cycles per series" if parameters.measure == "fourier" else ""
    return (
        f"Voxels coloured by {names}{at}, with the colour map {parameters.color_map}. "
        "Voxels that were filtered out are grey."
    )


def _panels(composed: Composition, info: ImageInfo) -> list[SvgPanel]:
    thin = -(-max(composed.rgb.shape[1:3]) // SVG_PIXELS)
    planes = [
        plane_panel(plane[::thin, ::thin], f"Plane {number}", thin, info.pixel_um)
        for number, plane in enumerate(composed.rgb)
    ]
    keys = [
        scale_panel(key.rgb[0], key.x, key.title)
        if key.y is None
        else square_panel(key.rgb, key.x, key.y, key.title)
        for key in composed.legend
    ]
    return [*planes, *keys]
