"""Figures as SVG: maps with their pixels embedded, and curves, with axes and a caption."""

from base64 import b64encode
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import wrap
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import numpy as np
from numpy.typing import NDArray

from pipelines.figures.png import encode_png

NAMESPACE = "http://www.w3.org/2000/svg"
"""The name of the language, which is no address that anybody opens."""

PANEL = 360
"""Width of a panel."""

LEFT, RIGHT, TOP, BOTTOM = 56, 20, 30, 46
"""Room around a panel for its axes and title."""

LINE = 16
COLUMNS = 4
INK, QUIET = "#1b2330", "#566072"
FONT = "font-family='Inter, Helvetica, Arial, sans-serif' font-size='12'"


@dataclass(frozen=True)
class Axis:
    """A straight axis: its title with unit, and the values at both ends."""

    title: str
    low: float
    high: float

    def place(self, values: Any, length: float) -> Any:
        """Where values lie on an axis of that length."""
        return (np.asarray(values, float) - self.low) / ((self.high - self.low) or 1) * length

    @property
    def ticks(self) -> list[float]:
        """Round values between the ends."""
        low, high = sorted((self.low, self.high))
        power = 10.0 ** np.floor(np.log10(max(high - low, 1e-12) / 4))
        steps = [power * m for m in (1, 2, 5, 10)]
        step = next(item for item in steps if (high - low) / item <= 5)
        first = np.ceil(low / step - 1e-9) * step
        return [float(round(v, 12)) + 0.0 for v in np.arange(first, high + step * 1e-6, step)]


@dataclass(frozen=True)
class SvgPanel:
    """One pair of axes and what is drawn between them.

    Attributes:
        title: above the panel.
        x: horizontal axis, from left to right.
        y: vertical axis, from top to bottom.
        height: in the units of the drawing; the width is `PANEL`.
        content: SVG elements in the panel's own coordinates.
    """

    title: str
    x: Axis
    y: Axis
    height: float
    content: str


def plane_panel(
    rgb: NDArray[np.uint8],
    title: str,
    pixels: int = 1,
    pixel_um: tuple[float, float] | None = None,
) -> SvgPanel:
    """A picture (y, x, 3) between axes in micrometres, or in pixels where their size is unknown.

    Args:
        rgb: the picture.
        title: above it.
        pixels: of the images, which one of the picture covers.
        pixel_um: height and width of a pixel of the images.
    """
    height, width, _ = rgb.shape
    tall, wide = pixel_um or (1.0, 1.0)
    drawn = PANEL * (height * tall) / (width * wide)
    address = f"data:image/png;base64,{b64encode(encode_png(rgb)).decode()}"
    image = (
        f"<image href='{address}' width='{PANEL}' height='{drawn:.2f}' "
        "preserveAspectRatio='none' style='image-rendering:pixelated'/>"
    )
    unit, start = ("pixels", -0.5) if pixel_um is None else ("µm", 0.0)
    across, down = (Axis(f"{name} ({unit})", start, start + size * pixels * each)
                    for name, size, each in (("x", width, wide), ("y", height, tall)))  # fmt: skip
    return SvgPanel(title, across, down, drawn, image)


def curve_panel(
    curves: NDArray[Any],
    colors: Sequence[str],
    names: Sequence[str],
    *,
    title: str = "",
    unit: str = "normalised signal",
    frame_s: float | None = None,
) -> SvgPanel:
    """Curves (curve, time) in their colours, over seconds where a frame's are known.

    Args:
        curves: in `unit`; NaN does not count for the height of the panel.
        colors: one for each curve.
        names: one for each curve, which the pointer shows.
        title: above the panel.
        unit: stands beside the axis.
        frame_s: seconds from frame to frame; None counts frames.
    """
    low, high = float(np.nanmin(curves)), float(np.nanmax(curves))
    room = 0.04 * (high - low or 1.0)
    times = np.arange(curves.shape[1]) * (frame_s or 1)
    x = Axis("time (s)" if frame_s else "time point (frames)", 0, float(times[-1]))
    y = Axis(unit, high + room, low - room)
    height = PANEL * 0.6
    across = x.place(times, PANEL)
    lines = []
    for values, color, name in zip(curves, colors, names, strict=True):
        points = " ".join(
            f"{left:.1f},{top:.1f}"
            for left, top in zip(across, y.place(values, height), strict=True)
        )
        lines.append(
            f"<polyline points='{points}' fill='none' stroke={quoteattr(color)} "
            f"stroke-width='1.5'><title>{escape(name)}</title></polyline>"
        )
    return SvgPanel(title, x, y, height, "".join(lines))


def scale_panel(colors: NDArray[np.uint8], axis: Axis, title: str) -> SvgPanel:
    """A bar of colours (step, 3) along an axis."""
    height = 18.0
    address = f"data:image/png;base64,{b64encode(encode_png(colors[None])).decode()}"
    image = (
        f"<image href='{address}' width='{PANEL}' height='{height}' preserveAspectRatio='none'/>"
    )
    return SvgPanel(title, axis, Axis("", 0, 0), height, image)


def square_panel(colors: NDArray[np.uint8], x: Axis, y: Axis, title: str) -> SvgPanel:
    """A square of colours (y, x, 3) between two axes."""
    side = PANEL / 2
    address = f"data:image/png;base64,{b64encode(encode_png(colors)).decode()}"
    image = f"<image href='{address}' width='{PANEL}' height='{side}' preserveAspectRatio='none'/>"
    return SvgPanel(title, x, y, side, image)


def write_svg(file: Path, panels: Sequence[SvgPanel], caption: str) -> None:
    """Write panels side by side, in rows of up to four, with a caption below."""
    file.write_text(svg(panels, caption), encoding="utf-8")


def svg(panels: Sequence[SvgPanel], caption: str) -> str:
    """The content of an SVG file (https://www.w3.org/TR/SVG2/)."""
    cell = LEFT + PANEL + RIGHT
    columns = min(len(panels), COLUMNS)
    parts, top = [], 0.0
    for start in range(0, len(panels), columns):
        row = panels[start : start + columns]
        for column, panel in enumerate(row):
            parts.append(
                f"<g transform='translate({column * cell + LEFT},{top + TOP:.1f})'>"
                f"{''.join(_panel(panel))}</g>"
            )
        top += TOP + max(panel.height for panel in row) + BOTTOM
    width = columns * cell
    lines = wrap(caption, max(40, int(width / 6.2)))
    height = top + LINE * len(lines) + 10
    text = "".join(
        f"<text x='10' y='{top + LINE * (row + 0.5):.1f}' fill='{QUIET}'>{escape(line)}</text>"
        for row, line in enumerate(lines)
    )
    return (
        f"<svg xmlns='{NAMESPACE}' width='{width}' height='{height:.0f}' "
        f"viewBox='0 0 {width} {height:.0f}' {FONT}>"
        f"<rect width='100%' height='100%' fill='#ffffff'/>{''.join(parts)}{text}</svg>\n"
    )


def inline(panel: SvgPanel, label: str) -> str:
    """A panel as SVG in a page of HTML, whose style gives text and frame their colours.

    Args:
        panel: what is drawn.
        label: what it shows, for those who do not see it.
    """
    width, height = LEFT + PANEL + RIGHT, TOP + panel.height + BOTTOM
    return (
        f"<svg class='panel' viewBox='0 0 {width} {height:.0f}' role='img' "
        f"aria-label={quoteattr(label)} {FONT}>"
        f"<g transform='translate({LEFT},{TOP})'>{''.join(_panel(panel))}</g></svg>"
    )


def _panel(panel: SvgPanel) -> Iterator[str]:
    yield f"<text x='0' y='-10' fill='{INK}' font-weight='600'>{escape(panel.title)}</text>"
    yield panel.content
    yield (
        f"<rect width='{PANEL}' height='{panel.height:.2f}' fill='none' stroke='{QUIET}' "
        "stroke-width='0.7'/>"
    )
    yield from _below(panel)
    if panel.y.title:
        yield from _beside(panel)


def _below(panel: SvgPanel) -> Iterable[str]:
    for value, at in zip(panel.x.ticks, panel.x.place(panel.x.ticks, PANEL), strict=True):
        yield (
            f"<text x='{at:.1f}' y='{panel.height + 15:.1f}' text-anchor='middle' "
            f"fill='{INK}'>{value:g}</text>"
        )
    yield (
        f"<text x='{PANEL / 2}' y='{panel.height + 32:.1f}' text-anchor='middle' "
        f"fill='{INK}'>{escape(panel.x.title)}</text>"
    )


def _beside(panel: SvgPanel) -> Iterable[str]:
    for value, at in zip(panel.y.ticks, panel.y.place(panel.y.ticks, panel.height), strict=True):
        yield f"<text x='-6' y='{at + 4:.1f}' text-anchor='end' fill='{INK}'>{value:g}</text>"
    yield (
        f"<text transform='translate(-42,{panel.height / 2:.1f}) rotate(-90)' "
        f"text-anchor='middle' fill='{INK}'>{escape(panel.y.title)}</text>"
    )
