"""Thunder's colour maps: from one to three images to RGB.

These are the six special maps of Thunder 0.6's `Colorize`
(https://github.com/thunder-project/thunder). Images are (..., y, x); results are
(..., y, x, 3) from 0 to 1.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Image = NDArray[np.floating[Any]]

SATURATION = 0.8
"""Of the map `hv`."""


def rgb(red: Image, green: Image, blue: Image) -> Floats:
    """Three images (..., y, x) as the three channels (..., y, x, 3), cut off at 0 and 1."""
    return np.clip(np.stack([red, green, blue], axis=-1).astype(np.float64), 0, 1)


def hsv(hue: Image, saturation: Image, value: Image) -> Floats:
    """Three images (..., y, x) from 0 to 1 as hue, saturation and value: RGB (..., y, x, 3).

    References:
        Smith (1978), doi:10.1145/965139.807361
    """
    turn = np.asarray(hue, np.float64) % 1 * 6
    strong, bright = np.clip(saturation, 0, 1), np.clip(value, 0, 1)
    offsets = np.array([5.0, 3.0, 1.0])
    phase = (turn[..., None] + offsets) % 6
    fall = np.clip(np.minimum(phase, 4 - phase), 0, 1)
    return np.asarray(bright[..., None] * (1 - strong[..., None] * fall))


def hv(hue: Image, value: Image) -> Floats:
    """Two images (..., y, x) as hue and value, with a fixed saturation: RGB (..., y, x, 3)."""
    return hsv(hue, np.full(np.shape(hue), SATURATION), value)


def angle(x: Image, y: Image) -> Floats:
    """The direction of the arrow whose parts are two images (..., y, x): RGB (..., y, x, 3).

    It is the hue, counter-clockwise from the x axis, in full saturation and value.
    """
    full = np.ones(np.shape(x))
    return hsv(_direction(x, y), full, full)


def polar(x: Image, y: Image, scale: float = 1.0) -> Floats:
    """The arrow whose parts are two images (..., y, x): RGB (..., y, x, 3), fully saturated.

    Its direction is the hue as in `angle`, `scale` times its length the value, at most 1.
    """
    return hsv(_direction(x, y), np.ones(np.shape(x)), scale * np.hypot(x, y))


def indexed(images: Image, colors: Sequence[Sequence[float]]) -> Floats:
    """One colour per image, its brightness the intensity; in each channel the brightest counts.

    Args:
        images: (image, ..., y, x), intensities from 0 to 1; beyond they are cut off.
        colors: red, green and blue from 0 to 1 of each image (image, 3).

    Returns:
        RGB (..., y, x, 3).
    """
    tinted = np.clip(images, 0, 1)[..., None] * _beside(np.asarray(colors, np.float64), images.ndim)
    return np.asarray(tinted.max(axis=0))


def _beside(colors: Floats, dimensions: int) -> Floats:
    return colors.reshape(len(colors), *(1,) * (dimensions - 1), 3)


def _direction(x: Image, y: Image) -> Floats:
    """Angle of (x, y) from 0 to 1, counter-clockwise from the x axis."""
    return np.asarray(np.arctan2(y, x) / (2 * np.pi) % 1)
