"""What HDF5, NWB and zarr say of the axes, sizes and times of an array.

HDF5's dimension labels, NWB (https://nwb-schema.readthedocs.io), xarray's `_ARRAY_DIMENSIONS` and
OME-NGFF (https://ngff.openmicroscopy.org/0.4/).
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

import numpy as np

from pipelines.brainmap.images.axes import OTHERS, WORDS, letters
from pipelines.brainmap.images.info import ImageInfo
from pipelines.brainmap.images.units import micrometres, seconds

NWB_AXES: Mapping[int, str] = {3: "TXY", 4: "TXYZ"}
"""Of an ImageSeries as the NWB standard says: frame, x, y and z
(https://nwb-schema.readthedocs.io/en/latest/format.html#imageseries)."""


def labelled_axes(array: Any) -> str:
    """The axes that an array names itself, in the order of its dimensions; empty if not all."""
    for names in _names_of_dimensions(array):
        if len(names) == len(array.shape) and (axes := letters(names) or _completed(names)):
            return axes
    return ""


def _completed(names: Sequence[str]) -> str:
    """Axes of which only some are named, such as the last as time, if one usual order agrees."""
    said = [WORDS.get(name.strip().lower(), "") for name in names]
    if not any(said) or any(
        name.strip() and not one for name, one in zip(names, said, strict=True)
    ):
        return ""
    fits = [
        order
        for order in OTHERS.get(len(names), ())
        if all(one in ("", letter) for one, letter in zip(said, order, strict=True))
    ]
    return fits[0] if len(fits) == 1 else ""


def _names_of_dimensions(array: Any) -> Iterator[Sequence[str]]:
    attributes = array.attrs
    for name in ("_ARRAY_DIMENSIONS", "DIMENSION_LABELS", "axes"):
        if name in attributes:
            yield _texts(attributes[name])


def _texts(value: Any) -> list[str]:
    """Names that stand in a list, or as letters in one text."""
    if isinstance(value, bytes | str):
        return list(value.decode() if isinstance(value, bytes) else value)
    return [one.decode() if isinstance(one, bytes) else str(one) for one in value]


def is_nwb(array: Any) -> bool:
    """Whether an array is the data of a typed object of NWB, such as a TwoPhotonSeries."""
    typed: bool = "neurodata_type" in array.parent.attrs and array.name.endswith("/data")
    return typed and len(array.shape) in NWB_AXES


def nwb_info(array: Any) -> ImageInfo:
    """Axes, grid spacing, rate and channel of NWB's series; what is missing or odd is left out."""
    series = array.parent
    plane = series.get("imaging_plane")
    spacing = _spacing(plane) if plane is not None else ()
    return ImageInfo(
        NWB_AXES[len(array.shape)],
        "file",
        (spacing[1], spacing[0]) if len(spacing) >= 2 else None,
        spacing[2] if len(spacing) > 2 else None,
        _frame_s(series),
        _channel(plane) if plane is not None else "",
        _gaps(series),
    )


def _spacing(plane: Any) -> tuple[float, ...]:
    """Micrometres (x, y[, z]) from one voxel to the next."""
    spacing = plane.get("grid_spacing")
    if spacing is None:
        return ()
    unit = spacing.attrs.get("unit", "meters")
    found = [micrometres(value, unit) for value in np.ravel(spacing[()])[:3]]
    return tuple(value for value in found if value) if all(found) else ()


def _frame_s(series: Any) -> float | None:
    start, times = series.get("starting_time"), series.get("timestamps")
    if start is not None and "rate" in start.attrs:
        rate = float(start.attrs["rate"])
        return 1 / rate if 0 < rate < float("inf") else None
    if times is not None and len(times) > 1:
        return seconds(float(np.median(np.diff(times[:1000]))), "s")
    return None


def _gaps(series: Any) -> tuple[str, ...]:
    """A note where frames do not follow each other evenly, as after a pause."""
    if series.get("timestamps") is None or len(series["timestamps"]) < 3:
        return ()
    steps = np.diff(np.asarray(series["timestamps"][:], float))
    usual, at = float(np.median(steps)), int(steps.argmax())
    if not usual > 0 or steps[at] < 2 * usual:
        return ()
    count = int((steps >= 2 * usual).sum())
    times = "once," if count == 1 else f"{count:,} times, the most"
    return (
        f"The timestamps of {series.name} jump {times} from frame {at} to "
        f"{at + 1} (counted from 0) by {steps[at]:.4g} s, where {usual:.4g} s is usual: frames are "
        "taken as if they followed each other evenly.",
    )


def _channel(plane: Any) -> str:
    names = [name for name, below in plane.items() if _type(below) == "OpticalChannel"]
    return str(names[0]) if len(names) == 1 else ""


def _type(below: Any) -> str:
    kind = below.attrs.get("neurodata_type", "") if hasattr(below, "attrs") else ""
    return kind.decode() if isinstance(kind, bytes) else str(kind)


def ngff_info(scales: Mapping[str, Any], channels: Sequence[str]) -> ImageInfo:
    """Of the image of full resolution: its axes, and the scale along them."""
    axes = [
        axis if isinstance(axis, Mapping) else {"name": axis} for axis in scales.get("axes", ())
    ]
    named = letters([str(axis.get("name", "")) for axis in axes])
    scale = _scale(scales, len(axes))
    found: dict[str, float | None] = {}
    for letter, axis, size in zip(named, axes, scale, strict=False):
        unit = str(axis.get("unit", ""))
        found[letter] = seconds(size, unit) if letter == "T" else micrometres(size, unit)
    y, x = found.get("Y"), found.get("X")
    pixel = (y, x) if y and x else None
    channel = channels[0] if len(channels) == 1 else ""
    return ImageInfo(named, "file", pixel, found.get("Z"), found.get("T"), channel)


def _scale(scales: Mapping[str, Any], count: int) -> list[float]:
    total = np.ones(count)
    for holder in (scales, scales["datasets"][0]):
        for change in holder.get("coordinateTransformations", ()):
            with suppress(TypeError, ValueError):
                if change.get("type") == "scale":
                    total = total * np.asarray(change["scale"], float)
    return [float(size) for size in total]
