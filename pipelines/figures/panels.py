"""Panels of pages: points, bars, curves over any axis, and arrays as colours."""

from base64 import b64encode
from collections.abc import Sequence
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import numpy as np
from numpy.typing import NDArray

from pipelines.figures.png import encode_indexed, encode_png, pack_rows
from pipelines.figures.svg import PANEL, Axis, SvgPanel

Values = NDArray[Any]
Rgb = NDArray[np.uint8]
MOST_DRAWN = 3000
"""Points of one panel that are circles; more become pixels of a picture."""
DOTS = 720
"""Pixels along a side of such a picture."""
BLUES = ("#f7fbff", "#c6dbef", "#6baed6", "#2171b5", "#08306b")
"""From little to much (ColorBrewer)."""
RED_BLUE = ("#2166ac", "#92c5de", "#f7f7f7", "#f4a582", "#b2182b")
"""From -1 over 0 to 1 (ColorBrewer)."""
GREYS = ("#000000", "#ffffff")


def colored(values: Values, low: float, high: float, scale: Sequence[str] = BLUES) -> Rgb:
    """Values of any shape as colours (..., 3) of a scale; grey where they are not numbers."""
    stops = np.array([list(bytes.fromhex(color[1:])) for color in scale], float)
    at = np.clip((np.nan_to_num(values) - low) / ((high - low) or 1.0), 0, 1) * (len(stops) - 1)
    places = np.arange(len(stops))
    rgb = np.stack([np.interp(at, places, stops[:, part]) for part in range(3)], axis=-1)
    rgb[~np.isfinite(values)] = 128
    return np.round(rgb).astype(np.uint8)


def image(png: bytes, height: float) -> str:
    """A picture over a whole panel, its pixels as they are."""
    return (
        f"<image href='data:image/png;base64,{b64encode(png).decode()}' width='{PANEL}' "
        f"height='{height:.2f}' preserveAspectRatio='none' style='image-rendering:pixelated'/>"
    )


def image_panel(rgb: Rgb, x: Axis, y: Axis, title: str, height: float = PANEL * 0.6) -> SvgPanel:
    """Colours (y, x, 3) between two axes."""
    return SvgPanel(title, x, y, height, image(encode_png(rgb), height))


def bars_panel(
    heights: Values, x: Axis, unit: str, title: str, colors: Sequence[str] = (), mark: float = 0
) -> SvgPanel:
    """Bars of one width from zero.

    Args:
        heights: none below 0 (bin,).
        x: from the first bar's left edge to the last one's right edge.
        unit: what the bars count.
        title: above the panel.
        colors: one for each bar; the page's own without.
        mark: a value on the axis with a line; none at 0.
    """
    tall = PANEL * 0.5
    y = Axis(unit, float(max(heights.max(initial=0), 1e-9)) * 1.05, 0.0)
    tops, width = y.place(heights, tall), PANEL / max(len(heights), 1)
    rects = []
    for place, top in enumerate(tops):
        fill = f" fill={quoteattr(colors[place])}" if colors else " class='bar'"
        rects.append(
            f"<rect x='{place * width + 0.05 * width:.2f}' y='{top:.1f}' "
            f"width='{0.9 * width:.2f}' height='{tall - top:.1f}'{fill}/>"
        )
    if mark:
        at = float(x.place(mark, PANEL))
        rects.append(f"<line class='warn' x1='{at:.1f}' x2='{at:.1f}' y1='0' y2='{tall:g}'/>")
    return SvgPanel(title, x, y, tall, "".join(rects))


def lines_panel(
    x: Values,
    curves: Sequence[Values],
    names: Sequence[str],
    titles: tuple[str, str, str],
    colors: Sequence[str] = (),
) -> SvgPanel:
    """Curves over one axis, each with its points where they are few; NaN are left out.

    Args:
        x: places of the points (point,).
        curves: of each the values (point,).
        names: of the curves, which the pointer shows.
        titles: of the panel, the horizontal and the vertical axis.
        colors: one for each curve; the page's own without.
    """
    known = np.concatenate([curve[np.isfinite(curve)] for curve in curves] or [np.zeros(1)])
    low, high = (float(known.min()), float(known.max())) if len(known) else (0.0, 1.0)
    room = 0.06 * (high - low) or 0.5
    across = Axis(titles[1], float(np.min(x)), float(np.max(x)))
    up, tall = Axis(titles[2], high + room, low - room), PANEL * 0.6
    content = []
    for place, (curve, name) in enumerate(zip(curves, names, strict=True)):
        there = np.isfinite(curve)
        left, top = across.place(x[there], PANEL), up.place(curve[there], tall)
        points = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(left, top, strict=True))
        style = f" stroke={quoteattr(colors[place])}" if colors else ""
        content.append(
            f"<polyline class='line' points='{points}'{style}><title>{escape(name)}</title>"
            "</polyline>"
        )
        if there.sum() <= 20:
            content += [
                f"<circle class='bar' cx='{a:.1f}' cy='{b:.1f}' r='3'/>"
                for a, b in zip(left, top, strict=True)
            ]
    return SvgPanel(titles[0], across, up, tall, "".join(content))


def points_panel(
    x: Values,
    y: Values,
    groups: NDArray[np.intp],
    colors: Sequence[str],
    titles: tuple[str, str, str],
) -> SvgPanel:
    """Points in the colours of their groups, on two axes of one scale; NaN are left out.

    Args:
        x: (point,).
        y: upwards (point,).
        groups: number of the colour of each point (point,).
        colors: `#rrggbb` by number, at most 255.
        titles: of the panel, the horizontal and the vertical axis.
    """
    known = np.isfinite(x) & np.isfinite(y)
    x, y, groups = (values[known] for values in (x, y, groups))
    if not len(x):
        return SvgPanel(titles[0], Axis(titles[1], 0, 1), Axis(titles[2], 1, 0), PANEL, "")
    room = 0.04 * (float(np.ptp(x)) or 1.0), 0.04 * (float(np.ptp(y)) or 1.0)
    across = Axis(titles[1], float(x.min()) - room[0], float(x.max()) + room[0])
    up = Axis(titles[2], float(y.max()) + room[1], float(y.min()) - room[1])
    ratio = abs(up.high - up.low) / (across.high - across.low)
    tall = PANEL * min(max(ratio, 0.4), 1.4)
    left, top = across.place(x, PANEL), up.place(y, tall)
    if len(x) > MOST_DRAWN:
        content = _dots(left / PANEL, top / tall, groups, colors, tall)
    else:
        content = "".join(
            f"<circle cx='{a:.1f}' cy='{b:.1f}' r='2.2' fill={quoteattr(colors[group])}/>"
            for a, b, group in zip(left, top, groups, strict=True)
        )
    return SvgPanel(titles[0], across, up, tall, content)


def _dots(
    left: Values, top: Values, groups: NDArray[np.intp], colors: Sequence[str], tall: float
) -> str:
    """Points as pixels; what lies between them is not seen."""
    high = round(DOTS * tall / PANEL)
    picture = np.zeros((high, DOTS), np.uint8)
    rows = np.minimum((top * high).astype(int), high - 1)
    picture[rows, np.minimum((left * DOTS).astype(int), DOTS - 1)] = groups + 1
    rgb = [[0, 0, 0], *(list(bytes.fromhex(color[1:])) for color in colors)]
    packed = pack_rows(picture)
    return image(encode_indexed(packed, picture.shape, np.array(rgb, np.uint8), 1), tall)
