"""A folder that Bruker's Prairie View wrote: the XML beside the TIFFs says which image is which.

`PVScan` holds sequences of frames, each with a file per channel. In sequences of the kind ZSeries
the frames are planes and each sequence is a time point; in others the frames are time points.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np

from pipelines.brainmap.formats.pages import Pages
from pipelines.brainmap.formats.tiff import describe
from pipelines.brainmap.formats.tiff_series import film
from pipelines.brainmap.images import channels
from pipelines.brainmap.images.images import ImageSeries
from pipelines.brainmap.images.info import ImageInfo, ImageReading
from pipelines.brainmap.images.units import positive
from pipelines.core.errors import ImageError
from pipelines.files.reading import reading_on

MARK = "<PVScan"
HEAD_BYTES = 4096
MOST_BYTES = 512 << 20


@dataclass(frozen=True)
class _Image:
    """Where one plane lies."""

    name: str
    page: int


@dataclass(frozen=True)
class _Frame:
    """One frame: its files by channel, and when it was taken, in seconds."""

    images: dict[str, _Image]
    time: float | None


def find(folder: Path) -> Path | None:
    """The XML file that describes the folder, if there is one.

    Raises:
        ImageError: there are several.
    """
    found = [file for file in sorted(folder.glob("*.xml")) if _is_description(file)]
    if len(found) > 1:
        names = ", ".join(file.name for file in found[:4])
        raise ImageError(
            f"{folder} holds {len(found)} recordings ({names}): put each in a folder of its own."
        )
    return found[0] if found else None


def _is_description(file: Path) -> bool:
    if not file.is_file() or file.name.startswith("."):
        return False
    with file.open("rb") as stream:
        return MARK.encode() in stream.read(HEAD_BYTES)


def open_scan(folder: Path, described: Path, reading: ImageReading) -> ImageSeries:
    """Open the images as the XML file describes them.

    Raises:
        ImageError: damaged, files are missing, or one of several channels must be chosen.
    """
    root = _parsed(described)
    volumes, notes = _volumes(root, described)
    names = list(dict.fromkeys(name for volume in volumes for one in volume for name in one.images))
    if not names:
        raise ImageError(f"{described} names no images: copy it again, with all of its folder.")
    name = names[channels.chosen(folder, names, reading.channel)]
    images = [[_of(one, name, described) for one in volume] for volume in volumes]
    return _series(folder, images, _info(root, volumes, name, len(names), notes))


def _parsed(described: Path) -> Any:
    advice = "copy it again, or take it out of the folder and say how the files belong together"
    with reading_on(described, ImageError, advice, "description by Prairie View"):
        content = described.read_bytes() if described.stat().st_size <= MOST_BYTES else b""
        if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
            raise ValueError("entities are not read")
        return ElementTree.fromstring(content)


def _volumes(root: Any, described: Path) -> tuple[list[list[_Frame]], tuple[str, ...]]:
    """The frames of each time point, and what to know about them."""
    sequences = [
        [_frame(frame) for frame in sequence.iter("Frame")] for sequence in root.iter("Sequence")
    ]
    sequences = [frames for frames in sequences if frames]
    kinds = {str(sequence.get("type", "")) for sequence in root.iter("Sequence")}
    if any("ZSeries" in kind for kind in kinds):
        return _whole_volumes(sequences, described)
    films = [[frame] for frames in sequences for frame in frames]
    if len(sequences) < 2:
        return films, ()
    note = (
        f"{described.name} describes {len(sequences)} sequences; they were read one after the "
        "other in time, and time between them is not counted."
    )
    return films, (note,)


def _whole_volumes(
    sequences: list[list[_Frame]], described: Path
) -> tuple[list[list[_Frame]], tuple[str, ...]]:
    """Leave out the last volume if it was not finished."""
    if len(sequences) < 2 or len(sequences[-1]) >= len(sequences[0]):
        return sequences, ()
    note = (
        f"The last volume in {described.name} has {len(sequences[-1])} of {len(sequences[0])} "
        "planes and was left out."
    )
    return sequences[:-1], (note,)


def _frame(frame: Any) -> _Frame:
    images = {}
    for file in frame.iter("File"):
        channel = file.get("channelName") or f"Ch{file.get('channel', '1')}"
        page = str(file.get("page") or "1")
        at = int(page) - 1 if page.isdecimal() and int(page) > 0 else 0
        # A name alone: nothing leads out of the folder.
        images[channel] = _Image(Path(str(file.get("filename", ""))).name, at)
    time = frame.get("absoluteTime") or frame.get("relativeTime")
    try:
        return _Frame(images, float(time) if time else None)
    except ValueError:
        return _Frame(images, None)


def _of(frame: _Frame, name: str, described: Path) -> _Image:
    if name not in frame.images:
        raise ImageError(f"{described} has a frame without channel {name}: copy it again.")
    return frame.images[name]


def _series(folder: Path, images: Sequence[Sequence[_Image]], info: ImageInfo) -> ImageSeries:
    planes = len(images[0])
    if any(len(volume) != planes for volume in images):
        raise ImageError(
            f"{folder}: its XML file gives volumes of different numbers of planes: take the XML "
            "file out of the folder and say how the files belong together."
        )
    names = list(dict.fromkeys(image.name for volume in images for image in volume))
    missing = [name for name in names if not (folder / name).is_file()]
    if missing:
        raise ImageError(
            f"{missing[0]} is missing in {folder}, where its XML file names it "
            f"({len(missing)} of {len(names)} files are not there): copy the whole folder."
        )
    at = {name: number for number, name in enumerate(names)}
    numbers = np.array([[at[image.name] for image in volume] for volume in images])
    order = np.array([[image.page for image in volume] for volume in images])
    paths = [folder / name for name in names]
    first = describe(paths[0], in_folder=True)
    if order.max() == 0:
        counts = [first.pages] * len(paths)
    else:
        counts = [describe(file, in_folder=True).pages for file in paths]
    return film(folder, first, paths, counts, numbers, Pages(order, info))


def _info(
    root: Any,
    volumes: Sequence[Sequence[_Frame]],
    name: str,
    channel_count: int,
    notes: tuple[str, ...],
) -> ImageInfo:
    times = [volume[0].time for volume in volumes]
    known = np.array([time for time in times if time is not None])
    steps = np.diff(known) if len(known) == len(times) > 1 else np.array([])
    pixel = [_indexed(root, "micronsPerPixel", f"{axis}Axis") for axis in "YXZ"]
    several = len(volumes[0]) > 1
    return ImageInfo(
        "T" + ("Z" if several else "") + ("C" if channel_count > 1 else "") + "YX",
        "file",
        (pixel[0], pixel[1]) if pixel[0] and pixel[1] else None,
        pixel[2] if several else None,
        positive(np.median(steps)) if len(steps) else None,
        name,
        notes,
    )


def _indexed(root: Any, key: str, index: str) -> float | None:
    for state in root.iter("PVStateValue"):
        if state.get("key") == key:
            for value in state.iter("IndexedValue"):
                if value.get("index") == index:
                    return positive(value.get("value"))
    return None
