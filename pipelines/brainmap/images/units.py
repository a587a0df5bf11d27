"""Lengths in micrometres and times in seconds, whatever unit a file writes them in."""

from collections.abc import Mapping
from typing import Any

MICROMETRES: Mapping[str, float] = {
    "nm": 1e-3, "nanometer": 1e-3, "nanometers": 1e-3, "um": 1.0, "µm": 1.0, "μm": 1.0,
    "\\u00b5m": 1.0, "micron": 1.0, "microns": 1.0, "micrometer": 1.0, "micrometers": 1.0,
    "micrometre": 1.0, "mm": 1e3, "millimeter": 1e3, "millimeters": 1e3, "cm": 1e4,
    "centimeter": 1e4, "m": 1e6, "meter": 1e6, "meters": 1e6, "metre": 1e6, "inch": 25_400.0,
}  # fmt: skip
SECONDS: Mapping[str, float] = {
    "s": 1.0, "sec": 1.0, "second": 1.0, "seconds": 1.0, "ms": 1e-3, "msec": 1e-3,
    "millisecond": 1e-3, "milliseconds": 1e-3, "us": 1e-6, "µs": 1e-6, "microsecond": 1e-6,
    "min": 60.0, "minute": 60.0, "h": 3600.0, "hour": 3600.0,
}  # fmt: skip


def micrometres(value: Any, unit: str) -> float | None:
    """A length in micrometres, or None if it is no length above 0 or the unit is unknown."""
    return _in(MICROMETRES, value, unit)


def seconds(value: Any, unit: str) -> float | None:
    """A time in seconds, or None if it is no time above 0 or the unit is unknown."""
    return _in(SECONDS, value, unit)


def positive(value: Any) -> float | None:
    """A finite number above 0, or None."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if 0 < number < float("inf") else None


def _in(factors: Mapping[str, float], value: Any, unit: Any) -> float | None:
    name = unit.decode(errors="replace") if isinstance(unit, bytes) else str(unit)
    number, factor = positive(value), factors.get(name.strip().lower())
    return number * factor if number and factor else None
