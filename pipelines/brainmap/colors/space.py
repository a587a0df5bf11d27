"""Colour spaces: what the screen shows (sRGB) and what the eye tells apart (CIELAB)."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

TO_XYZ = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
)
"""Linear sRGB to XYZ (IEC 61966-2-1, white D65)."""

FROM_CUBES = np.array([[0.0, 116.0, 0.0], [500.0, -500.0, 0.0], [0.0, 200.0, -200.0]])
"""Cube roots of XYZ over white to L* (less 16), a*, b* (CIE 15)."""

LIGHTNESS_SHIFT = np.array([16.0, 0.0, 0.0])

KNEE = 6 / 29
"""Where CIELAB's cube root turns into a straight line."""

CHROMA_SCALE = 0.045
"""How fast large chromas are compressed; the slope of chroma weighting in CIE94 and CIEDE2000."""


def srgb_to_lab(rgb: Floats) -> Floats:
    """Turn sRGB (..., 3) from 0 to 1 into CIELAB (..., 3) under D65."""
    lab: Floats = _cube_root(_relative_xyz(rgb)) @ FROM_CUBES.T - LIGHTNESS_SHIFT
    return lab


def lab_to_srgb(lab: Floats) -> Floats:
    """Turn CIELAB (..., 3) into sRGB (..., 3); outside 0 to 1 where the screen cannot show it."""
    roots = (lab + LIGHTNESS_SHIFT) @ np.linalg.inv(FROM_CUBES).T
    cubes = np.where(roots > KNEE, roots**3, 3 * KNEE**2 * (roots - 4 / 29))
    linear = (cubes * TO_XYZ.sum(axis=1)) @ np.linalg.inv(TO_XYZ).T
    bright = 1.055 * np.maximum(linear, 0.0031308) ** (1 / 2.4) - 0.055
    rgb: Floats = np.where(linear > 0.0031308, bright, 12.92 * linear)
    return rgb


def compress(lab: Floats) -> Floats:
    """CIELAB (..., 3) with logarithmic chroma, in which distances come close to CIEDE2000."""
    chroma = np.hypot(lab[..., 1], lab[..., 2])
    factor = _over_chroma(np.log1p(CHROMA_SCALE * chroma) / CHROMA_SCALE, chroma)
    return lab * np.stack([np.ones_like(factor), factor, factor], axis=-1)


def expand(compressed: Floats) -> Floats:
    """The inverse of `compress`, of the same shape (..., 3)."""
    chroma = np.hypot(compressed[..., 1], compressed[..., 2])
    factor = _over_chroma(np.expm1(CHROMA_SCALE * chroma) / CHROMA_SCALE, chroma)
    return compressed * np.stack([np.ones_like(factor), factor, factor], axis=-1)


def compressed_with_jacobian(rgb: Floats) -> tuple[Floats, Floats]:
    """Compressed CIELAB of sRGB colours, and how it changes with them.

    Args:
        rgb: (colour, 3) from 0 to 1.

    Returns:
        (colour, 3), and derivatives (colour, 3 of compressed CIELAB, 3 of sRGB).
    """
    xyz = _relative_xyz(rgb)
    lab = _cube_root(xyz) @ FROM_CUBES.T - LIGHTNESS_SHIFT
    root_slope = np.where(
        xyz > KNEE**3, np.maximum(xyz, KNEE**3) ** (-2 / 3) / 3, 1 / (3 * KNEE**2)
    )
    to_relative = TO_XYZ / TO_XYZ.sum(axis=1, keepdims=True)
    chain = (root_slope[:, :, None] * to_relative) * _linear_slope(rgb)[:, None, :]
    return compress(lab), _compression_slope(lab) @ (FROM_CUBES @ chain)


def delta_e(first: Floats, second: Floats) -> Floats:
    """CIEDE2000, the colour difference that an eye sees; about 2.3 is just noticeable.

    Args:
        first: CIELAB (..., 3).
        second: CIELAB (..., 3) that broadcasts with `first`.

    Returns:
        The differences (...), without the last axis.

    References:
        Sharma, Wu, Dalal (2005), doi:10.1002/col.20070
    """
    lightness1, chroma1, hue1 = _adjusted(first, first, second)
    lightness2, chroma2, hue2 = _adjusted(second, first, second)
    hue_step, hue_mean = _hues(hue1, hue2, chroma1 * chroma2 == 0)
    chroma_mean = (chroma1 + chroma2) / 2
    lightness_weight, chroma_weight, hue_weight = _weights(
        (lightness1 + lightness2) / 2, chroma_mean, hue_mean
    )
    lightness = (lightness2 - lightness1) / lightness_weight
    chroma = (chroma2 - chroma1) / chroma_weight
    hue = 2 * np.sqrt(chroma1 * chroma2) * np.sin(hue_step / 2) / hue_weight
    square = lightness**2 + chroma**2 + hue**2 + _rotation(chroma_mean, hue_mean) * chroma * hue
    # Rounding can bring the square of two equal colours just below zero.
    return np.sqrt(np.maximum(square, 0.0))


def delta_e_matrix(lab: Floats) -> Floats:
    """CIEDE2000 of all pairs of (colour, 3), as (colour, colour)."""
    return delta_e(lab[:, None], lab[None, :])


def to_hex(rgb: NDArray[np.uint8]) -> list[str]:
    """`#rrggbb` for each of (colour, 3)."""
    return ["#" + "".join(f"{part:02x}" for part in color) for color in rgb.tolist()]


def _relative_xyz(rgb: Floats) -> Floats:
    curved = ((np.maximum(rgb, 0.04045) + 0.055) / 1.055) ** 2.4
    linear = np.where(rgb > 0.04045, curved, rgb / 12.92)
    relative: Floats = linear @ TO_XYZ.T / TO_XYZ.sum(axis=1)
    return relative


def _linear_slope(rgb: Floats) -> Floats:
    curved = 2.4 / 1.055 * ((np.maximum(rgb, 0.04045) + 0.055) / 1.055) ** 1.4
    return np.where(rgb > 0.04045, curved, 1 / 12.92)


def _cube_root(ratio: Floats) -> Floats:
    return np.where(ratio > KNEE**3, np.cbrt(ratio), ratio / (3 * KNEE**2) + 4 / 29)


def _over_chroma(value: Floats, chroma: Floats) -> Floats:
    """`value / chroma`, and its limit 1 for greys."""
    grey = chroma < 1e-9
    ratio: Floats = np.where(grey, 1.0, value / np.where(grey, 1.0, chroma))
    return ratio


def _compression_slope(lab: Floats) -> Floats:
    """Derivatives (colour, 3, 3) of `compress`."""
    plane = lab[:, 1:]
    chroma = np.hypot(plane[:, 0], plane[:, 1])
    factor = _over_chroma(np.log1p(CHROMA_SCALE * chroma) / CHROMA_SCALE, chroma)
    # d(f u)/du = f I + (f'/c) u u^T, where f = log(1 + s c) / (s c) and c = |u|
    radial = 1 / (1 + CHROMA_SCALE * chroma) - factor
    direction = plane / np.maximum(chroma, 1e-9)[:, None]
    slope = np.zeros((len(lab), 3, 3))
    slope[:, 0, 0] = 1.0
    slope[:, 1:, 1:] = factor[:, None, None] * np.eye(2)
    slope[:, 1:, 1:] += radial[:, None, None] * direction[:, :, None] * direction[:, None, :]
    return slope


def _adjusted(lab: Floats, first: Floats, second: Floats) -> tuple[Floats, Floats, Floats]:
    """Lightness, chroma and hue angle after CIEDE2000's stretching of a* near grey."""
    mean = (np.hypot(first[..., 1], first[..., 2]) + np.hypot(second[..., 1], second[..., 2])) / 2
    a = lab[..., 1] * (1 + (1 - _saturation(mean)) / 2)
    b = lab[..., 2]
    return lab[..., 0], np.hypot(a, b), np.arctan2(b, a) % (2 * np.pi)


def _saturation(chroma: Floats) -> Floats:
    weight: Floats = np.sqrt(chroma**7 / (chroma**7 + 25.0**7))
    return weight


def _hues(hue1: Floats, hue2: Floats, grey: NDArray[Any]) -> tuple[Floats, Floats]:
    """Step and mean of two hue angles the short way round; for a grey, none and their sum."""
    step = hue2 - hue1
    total = hue1 + hue2
    far = np.abs(step) > np.pi
    short = step - 2 * np.pi * np.sign(step) * far
    around = np.where(total < 2 * np.pi, np.pi, -np.pi) * far
    return np.where(grey, 0.0, short), np.where(grey, total, total / 2 + around)


def _weights(lightness: Floats, chroma: Floats, hue: Floats) -> tuple[Floats, Floats, Floats]:
    away = (lightness - 50) ** 2
    tilt = (
        1
        - 0.17 * np.cos(hue - np.radians(30))
        + 0.24 * np.cos(2 * hue)
        + 0.32 * np.cos(3 * hue + np.radians(6))
        - 0.20 * np.cos(4 * hue - np.radians(63))
    )
    return 1 + 0.015 * away / np.sqrt(20 + away), 1 + 0.045 * chroma, 1 + 0.015 * chroma * tilt


def _rotation(chroma: Floats, hue: Floats) -> Floats:
    angle = np.radians(30) * np.exp(-(((np.degrees(hue) - 275) / 25) ** 2))
    turn: Floats = -2 * _saturation(chroma) * np.sin(2 * angle)
    return turn
