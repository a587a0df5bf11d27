"""Small pictures as SVG text: a line or bars, with axes, units and a caption."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np
from numpy.typing import NDArray

WIDTH, HEIGHT = 280.0, 170.0
LEFT, RIGHT, TOP, BOTTOM = 44.0, 8.0, 8.0, 34.0

Values = NDArray[Any]


@dataclass(frozen=True)
class Picture:
    """What a picture shows.

    Attributes:
        x: title of the horizontal axis, with its unit.
        y: of the vertical one.
        caption: below.
        marks: values on the horizontal axis with a dotted line.
        gaps: from where to where on the horizontal axis there is nothing.
    """

    x: str
    y: str
    caption: str
    marks: Sequence[float] = ()
    gaps: Sequence[tuple[float, float]] = ()


@dataclass(frozen=True)
class _Frame:
    low_x: float
    high_x: float
    low_y: float
    high_y: float

    def across(self, values: Values) -> Values:
        """Places of values on the horizontal axis."""
        span = (self.high_x - self.low_x) or 1.0
        return LEFT + (values - self.low_x) / span * (WIDTH - LEFT - RIGHT)

    def up(self, values: Values) -> Values:
        """Places of values on the vertical axis."""
        span = (self.high_y - self.low_y) or 1.0
        return HEIGHT - BOTTOM - (values - self.low_y) / span * (HEIGHT - TOP - BOTTOM)


def lines(about: Picture, x: Values, y: Values) -> str:
    """A line through points, broken at gaps; points that are not numbers are left out.

    Args:
        about: the titles with their units.
        x: of the points, ascending, shape (point,).
        y: of the points, shape (point,).

    Returns:
        A `figure` of HTML with the SVG in it.
    """
    known = np.isfinite(y)
    x, y = x[known].astype(float), y[known].astype(float)
    if not len(x):
        return _figure(about, _Frame(0, 1, 0, 1), "")
    frame = _Frame(x.min(), x.max(), min(0.0, y.min()), max(0.0, y.max()))
    part = np.searchsorted([start for start, _ in about.gaps], x)
    return _figure(
        about,
        frame,
        "".join(_line(frame, x[part == one], y[part == one]) for one in np.unique(part)),
    )


def _line(frame: _Frame, x: Values, y: Values) -> str:
    places = zip(frame.across(x), frame.up(y), strict=True)
    points = " ".join(f"{across:.1f},{up:.1f}" for across, up in places)
    return f"<polyline class='line' points='{points}'/>"


def bars(about: Picture, edges: Values, heights: Values) -> str:
    """Bars between edges, from zero.

    Args:
        about: the titles with their units.
        edges: ascending, shape (bin + 1,).
        heights: none below 0, shape (bin,).

    Returns:
        A `figure` of HTML with the SVG in it.
    """
    frame = _from_zero(edges, heights)
    left, right = frame.across(edges[:-1]), frame.across(edges[1:])
    tops, floor = frame.up(heights), HEIGHT - BOTTOM
    content = "".join(
        f"<rect class='bar' x='{x:.1f}' y='{top:.1f}' width='{width:.2f}' "
        f"height='{floor - top:.1f}'/>"
        for x, width, top in zip(left, right - left, tops, strict=True)
        if floor - top > 0
    )
    return _figure(about, frame, content)


def outline(about: Picture, edges: Values, heights: Values) -> str:
    """Bars between edges, from zero, as one path: for pages with very many of them.

    Args:
        about: the titles with their units.
        edges: ascending, shape (bin + 1,).
        heights: none below 0, shape (bin,).

    Returns:
        A `figure` of HTML with the SVG in it.
    """
    frame = _from_zero(edges, heights)
    across, tops, floor = frame.across(edges), frame.up(heights), HEIGHT - BOTTOM
    steps = "".join(f"V{up:.1f}H{x:.1f}" for up, x in zip(tops, across[1:], strict=True))
    path = f"<path class='bar' d='M{across[0]:.1f} {floor:g}{steps}V{floor:g}Z'/>"
    return _figure(about, frame, path)


def _from_zero(edges: Values, heights: Values) -> _Frame:
    return _Frame(float(edges[0]), float(edges[-1]), 0.0, float(max(heights.max(initial=0), 1e-9)))


def _figure(about: Picture, frame: _Frame, content: str) -> str:
    floor, right = HEIGHT - BOTTOM, WIDTH - RIGHT
    parts = [
        f"<figure><svg viewBox='0 0 {WIDTH:g} {HEIGHT:g}' role='img' "
        f"aria-label='{escape(about.caption, quote=True)}'>",
        *(_gap(frame, *gap) for gap in about.gaps),
        content,
        f"<line class='axis' x1='{LEFT}' y1='{floor}' x2='{right}' y2='{floor}'/>",
        f"<line class='axis' x1='{LEFT}' y1='{TOP}' x2='{LEFT}' y2='{floor}'/>",
        *(_mark(frame, value) for value in about.marks),
        _text(LEFT, floor + 13, f"{frame.low_x:.3g}", "start"),
        _text(right, floor + 13, f"{frame.high_x:.3g}", "end"),
        _text((LEFT + right) / 2, floor + 28, about.x, "middle"),
        _text(LEFT - 4, floor, f"{frame.low_y:.3g}", "end"),
        _text(LEFT - 4, TOP + 10, f"{frame.high_y:.3g}", "end"),
        _text(LEFT - 4, (TOP + floor) / 2, about.y, "end"),
        f"</svg><figcaption>{escape(about.caption)}</figcaption></figure>",
    ]
    return "".join(parts)


def _mark(frame: _Frame, value: float) -> str:
    place = float(frame.across(np.array(value)))
    floor = HEIGHT - BOTTOM
    return f"<line class='warn' x1='{place:.1f}' y1='{TOP}' x2='{place:.1f}' y2='{floor}'/>"


def _gap(frame: _Frame, start: float, stop: float) -> str:
    first, last = np.clip(frame.across(np.array([start, stop])), LEFT, WIDTH - RIGHT)
    return (
        f"<rect class='gap' x='{first:.1f}' y='{TOP}' width='{last - first:.2f}' "
        f"height='{HEIGHT - BOTTOM - TOP}'/>"
    )


def _text(x: float, y: float, words: str, anchor: str) -> str:
    return f"<text x='{x:.1f}' y='{y:.1f}' text-anchor='{anchor}'>{escape(words)}</text>"
