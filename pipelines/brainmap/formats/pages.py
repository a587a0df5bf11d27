"""Which page of a TIFF is which time point, plane and channel."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pipelines.brainmap.formats.tiff import COUNTED, Stack
from pipelines.brainmap.formats.tiff_metadata import Scan
from pipelines.brainmap.images import channels
from pipelines.brainmap.images.asking import field
from pipelines.brainmap.images.axes import in_words, sizes
from pipelines.brainmap.images.info import AxesFrom, ImageInfo, ImageReading
from pipelines.core.errors import ImageError

PAGE_AXES = frozenset("TZC")


@dataclass(frozen=True)
class Pages:
    """The pages that are read.

    Attributes:
        order: their numbers as (time, plane).
        info: how they were understood.
        channels_known: whether anybody says how many channels there are.
    """

    order: NDArray[np.intp]
    info: ImageInfo
    channels_known: bool = True


@dataclass(frozen=True)
class _Found:
    """Numbers of the pages along the axes, and how these are known."""

    numbers: NDArray[np.intp]
    axes: str
    known: AxesFrom
    notes: tuple[str, ...] = ()
    channels_known: bool = True


def arranged(stack: Stack, reading: ImageReading) -> Pages:
    """Say which page is which.

    What a person gives goes before what the file says. Pages that are only counted are all
    channels of the first plane, then of the next plane, and so on to the next time point.

    Raises:
        ImageError: the pages can be understood in several ways, or not as it is said.
    """
    found = _arranged(stack, reading)
    numbers = found.numbers
    if "C" in found.axes:
        at = found.axes.index("C")
        names = _channel_names(stack, numbers.shape[at])
        taken = channels.chosen(stack.path, names, reading.channel)
        numbers, channel = np.take(numbers, [taken], axis=at).squeeze(at), names[taken]
    else:
        channel = stack.said.channels[0] if len(stack.said.channels) == 1 else ""
        channels.require_only(stack.path, channel, reading.channel)
    left = found.axes.replace("C", "")
    for missing in {"T", "Z"} - set(left):
        numbers, left = numbers[None], missing + left
    order = numbers.transpose([left.index(axis) for axis in "TZ"])
    info = ImageInfo(
        found.axes + "YX",
        found.known,
        stack.said.pixel_um,
        stack.said.plane_um,
        stack.said.frame_s,
        channel,
        found.notes,
    )
    return Pages(order, info, found.channels_known)


def require_time(stack: Stack) -> None:
    """Refuse a file that says that its pages are channels of one time point.

    Raises:
        ImageError: it does; scripts that save a film say so by mistake.
    """
    if "C" in stack.axes and set(stack.axes) <= {"C", "Z"} and not stack.said.scan:
        what = "channels and planes" if "Z" in stack.axes else "channels"
        film = stack.axes.replace("C", "T") + "YX"
        raise ImageError(
            f"{stack.path} says that its {stack.pages} pages are {what} of one time point: if they "
            f"are a film, say so with {field('axes')}, such as {film}; if not, give the folder of "
            "all time points."
        )


def _arranged(stack: Stack, reading: ImageReading) -> _Found:
    if reading.axes:
        return _as_given(stack, reading)
    if stack.said.scan and set(stack.axes) <= COUNTED | {"T", "Z", "C"}:
        return _scanned(stack, stack.said.scan, reading)
    if stack.axes and set(stack.axes) <= PAGE_AXES and stack.axes != "Z":
        return _named(stack, reading)
    if len(stack.axes) > 1:
        return _counted_axes(stack, reading)
    return _counted(stack, reading)


def _channel_names(stack: Stack, count: int) -> Sequence[str]:
    said = stack.said.channels
    named = len(said) == count and all(said) and len(set(said)) == count
    return said if named else channels.numbered(count)


def _numbers(stack: Stack) -> NDArray[np.intp]:
    return np.arange(stack.pages).reshape(stack.sizes)


def _as_given(stack: Stack, reading: ImageReading) -> _Found:
    given = reading.axes.removesuffix("YX")
    if len(given) == len(reading.axes):
        raise ImageError(
            f"{stack.path} holds pages of y and x, but {field('axes')} gives {reading.axes}: end "
            "it with YX, or save the images as .npy to read axes in another order."
        )
    notes: tuple[str, ...] = ()
    if set(stack.axes) <= PAGE_AXES and stack.axes != given and stack.axes:
        notes = (_overruled(stack, reading.axes),)
    if len(given) == len(stack.sizes):
        return _Found(_numbers(stack), given, "given", notes)
    found = [size for size in (_size(stack, axis, reading) for axis in given) if size]
    if len(stack.sizes) != 1 or len(found) < len(given) - 1:
        raise ImageError(
            f"{stack.path} holds {sizes((*stack.sizes, *stack.frame))}, and {field('axes')} gives "
            f"{reading.axes}: set {field('planes')} and {field('channels')} as well, or give one "
            "letter for each axis."
        )
    return _Found(_regrouped(stack, given, reading), given, "given", notes)


def _overruled(stack: Stack, given: str) -> str:
    return (
        f"{stack.path.name} says that its axes are {in_words(stack.axes + 'YX')}; they were read "
        f"as {in_words(given)}, as you gave them."
    )


def _size(stack: Stack, axis: str, reading: ImageReading) -> int | None:
    """How long an axis of counted pages is, as far as anybody says; time is what is left."""
    return {"Z": reading.planes, "C": reading.channels}.get(axis)


def _regrouped(stack: Stack, axes: str, reading: ImageReading) -> NDArray[np.intp]:
    """Counted pages along several axes, of which one at most has no size yet."""
    wanted = [_size(stack, axis, reading) or -1 for axis in axes]
    per = int(np.prod([size for size in wanted if size > 0], dtype=int))
    if stack.pages % per or (-1 not in wanted and stack.pages != per):
        raise ImageError(_does_not_divide(stack, reading))
    return np.arange(stack.pages).reshape(wanted)


def _does_not_divide(stack: Stack, reading: ImageReading) -> str:
    counts = {"planes": reading.planes, "channels": reading.channels}
    said = [f"{name} = {count}" for name, count in counts.items() if count and count > 1]
    given, verb = " and ".join(said), "do" if len(said) > 1 else "does"
    return (
        f"{stack.path} holds {stack.pages} pages, which {given} {verb} not divide: set "
        f"{field('planes')} to the pages per volume and {field('channels')} to those per plane."
    )


def _named(stack: Stack, reading: ImageReading) -> _Found:
    """Axes that the file names; a number that says otherwise cannot be right."""
    of = dict(zip(stack.axes, stack.sizes, strict=True))
    for axis, name, stated in (
        ("Z", "planes", reading.planes),
        ("C", "channels", reading.channels),
    ):
        held = of.get(axis, 1)
        if stated not in (None, held):
            raise ImageError(
                f"{stack.path} says that it has {held} {name}, but {name} is set to {stated}: "
                f"leave {name} empty, or say with {field('axes')} what its pages are."
            )
    return _Found(_numbers(stack), stack.axes, "file")


def _scanned(stack: Stack, scan: Scan, reading: ImageReading) -> _Found:
    """ScanImage's order: channels, then planes and flyback, then volumes; or a slow stack."""
    if reading.planes or reading.channels:
        planes, count = reading.planes or scan.planes, reading.channels or scan.channels
        return _counted(stack, replace(reading, planes=planes, channels=count))
    per_volume = (scan.planes + scan.flyback) * scan.channels * scan.repeats
    if stack.pages < per_volume:
        raise ImageError(
            f"{stack.path} holds {stack.pages} pages, but its ScanImage settings ask for "
            f"{scan.planes} planes and {scan.channels} channels: set {field('planes')} and "
            f"{field('channels')}."
        )
    volumes, rest = divmod(stack.pages, per_volume)
    notes = () if not rest else (_unfinished(stack, rest),)
    counted = np.arange(volumes * per_volume)
    if scan.repeats > 1:
        slow = counted.reshape(volumes, scan.planes, scan.repeats, scan.channels)
        ordered = slow.transpose(0, 2, 1, 3)
        numbers = ordered.reshape(-1, scan.planes, scan.channels)
    else:
        whole = counted.reshape(volumes, scan.planes + scan.flyback, scan.channels)
        numbers = whole[:, : scan.planes]
    return _Found(*_without_single(numbers, "TZC"), "file", notes)


def _unfinished(stack: Stack, rest: int) -> str:
    return (
        f"{stack.path.name} ends within a volume: its last {rest} pages were left out, as its "
        "ScanImage settings count planes and channels."
    )


def _without_single(numbers: NDArray[np.intp], axes: str) -> tuple[NDArray[np.intp], str]:
    """Leave out planes and channels of which there is one."""
    for axis in "ZC":
        if numbers.shape[axes.index(axis)] == 1:
            numbers, axes = numbers.squeeze(axes.index(axis)), axes.replace(axis, "")
    return numbers, axes


def _counted_axes(stack: Stack, reading: ImageReading) -> _Found:
    """Several axes without names, as a script that saved an array leaves them."""
    times, planes = stack.sizes[:2]
    if set(stack.axes) <= COUNTED and len(stack.axes) == 2 and planes < times:
        if reading.planes not in (None, planes):
            raise ImageError(
                f"{stack.path} says that it has {planes} planes, but planes is set to "
                f"{reading.planes}: leave planes empty, or say with {field('axes')} what it holds."
            )
        note = (
            f"{stack.path.name} does not name its axes: its shape "
            f"{sizes((*stack.sizes, *stack.frame))} was read as time, plane, y, x. Set "
            f"{field('axes')} if it is otherwise."
        )
        return _Found(_numbers(stack), "TZ", "guessed", (note,))
    raise ImageError(
        f"{stack.path} holds {sizes((*stack.sizes, *stack.frame))}, called {stack.axes}YX: say "
        f"with {field('axes')} what they are, such as TZYX or TCYX."
    )


def _counted(stack: Stack, reading: ImageReading) -> _Found:
    if reading.planes is None:
        raise ImageError(_planes_wanted(stack))
    both = replace(reading, channels=reading.channels or 1)
    numbers = _without_single(_regrouped(stack, "TZC", both), "TZC")
    return _Found(*numbers, "given", channels_known=reading.channels is not None)


def _planes_wanted(stack: Stack) -> str:
    if stack.axes == "Z":
        return (
            f"{stack.path} says that its {stack.pages} pages are planes of one time point: if "
            f"they are a film, set {field('planes')} (1 for a film of one plane)."
        )
    return (
        f"{stack.path} holds {stack.pages} pages but does not say how many make a volume: set "
        f"{field('planes')} (1 for a film of one plane), and {field('channels')} if channels "
        "alternate."
    )
