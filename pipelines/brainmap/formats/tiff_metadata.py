"""What the metadata of a TIFF say of pixel size, planes, time and channels.

OME (https://docs.openmicroscopy.org/ome-model/6.3.1/ome-tiff/), ImageJ as tifffile reads it, and
ScanImage (https://docs.scanimage.org/Appendix/ScanImage+BigTiff+Specification.html).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree

from pipelines.brainmap.images.units import micrometres, positive, seconds

NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")


@dataclass(frozen=True)
class Scan:
    """The order in which ScanImage wrote pages: channels fastest, then frames or slices.

    Attributes:
        planes: per volume.
        flyback: frames after each volume that are no plane of it.
        repeats: frames of a slice before the next one; 1 if whole volumes follow each other.
        channels: that were saved.
    """

    planes: int
    flyback: int
    repeats: int
    channels: int


@dataclass(frozen=True)
class TiffMetadata:
    """What a TIFF says; what it leaves open is None or empty.

    Attributes:
        pixel_um: (y, x).
        plane_um: distance of planes.
        frame_s: from one volume to the next.
        channels: names of the channels, in their order.
        scan: of ScanImage's files.
    """

    pixel_um: tuple[float, float] | None = None
    plane_um: float | None = None
    frame_s: float | None = None
    channels: tuple[str, ...] = ()
    scan: Scan | None = None


def read_metadata(file: Any) -> TiffMetadata:
    """Read what an opened `tifffile.TiffFile` says; nonsense in it counts as nothing said."""
    page = file.pages.first
    scanned = _scanimage_settings(f"{page.software}\n{page.description}")
    try:
        if scanned:
            return _scanimage(scanned)
        if page.is_ome:
            return _ome(page.description)
        if file.is_imagej:
            return _imagej(file.imagej_metadata or {}, page)
    except Exception:  # nonsense raises anything, and the images can be read without it
        return TiffMetadata()
    return TiffMetadata()


def _pair(y: float | None, x: float | None) -> tuple[float, float] | None:
    return (y, x) if y and x else None


def _ome(text: str) -> TiffMetadata:
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        return TiffMetadata()
    pixels = ElementTree.fromstring(text).find(".//{*}Pixels")
    if pixels is None:
        return TiffMetadata()

    def size(axis: str) -> float | None:
        unit = pixels.get(f"PhysicalSize{axis}Unit", "µm")
        return micrometres(pixels.get(f"PhysicalSize{axis}"), unit)

    return TiffMetadata(
        _pair(size("Y"), size("X")),
        size("Z"),
        seconds(pixels.get("TimeIncrement"), pixels.get("TimeIncrementUnit", "s")),
        tuple(channel.get("Name", "") for channel in pixels.findall("{*}Channel")),
    )


def _imagej(said: Mapping[str, Any], page: Any) -> TiffMetadata:
    unit, tick = str(said.get("unit", "")), str(said.get("tunit", "s"))
    width, height = (_resolution(page, name) for name in ("XResolution", "YResolution"))
    return TiffMetadata(
        _pair(micrometres(height, unit), micrometres(width, unit)),
        micrometres(said.get("spacing"), unit),
        seconds(said.get("finterval"), tick) or _inverse(said.get("fps")),
    )


def _resolution(page: Any, name: str) -> float | None:
    """Size of a pixel in the unit of the file, of which the tag counts pixels."""
    tag = page.tags.get(name)
    if tag is None:
        return None
    pixels, units = tag.value
    return units / pixels if pixels else None


def _inverse(value: Any) -> float | None:
    number = positive(value)
    return 1 / number if number else None


def _scanimage_settings(text: str) -> Mapping[str, str]:
    """Settings by their names without the prefix, such as `hChannels.channelSave`."""
    found = re.findall(r"^(?:scanimage\.)?SI\.([\w.]+) *= *(.*?) *$", text, re.MULTILINE)
    return dict(found)


def _scanimage(said: Mapping[str, str]) -> TiffMetadata:
    saved = [int(number) for number in _numbers(said.get("hChannels.channelSave", "1"))] or [1]
    names = re.findall(r"'([^']*)'", said.get("hChannels.channelName", ""))
    named = [names[at - 1] if 0 < at <= len(names) else f"Channel {at}" for at in saved]
    scan = _scan(said, len(saved))
    rate = said.get("hRoiManager.scanVolumeRate") if scan.planes > 1 else None
    return TiffMetadata(
        _scanned_pixel(said),
        _first(said, "hStackManager.actualStackZStepSize", "hStackManager.stackZStepSize")
        if scan.planes > 1
        else None,
        _inverse(rate or said.get("hRoiManager.scanFrameRate")),
        tuple(named),
        scan,
    )


def _scan(said: Mapping[str, str], channels: int) -> Scan:
    fast, stack = (_is_on(said, name) for name in ("hFastZ.enable", "hStackManager.enable"))
    slices = _first(said, "hStackManager.actualNumSlices", "hStackManager.numSlices")
    # Switched off, the number of slices is left over from an earlier stack.
    off = (fast, stack) != (None, None) and not fast and not stack
    planes = 1 if off else int(slices or 1)
    repeats = int(_first(said, "hStackManager.framesPerSlice") or 1)
    whole = _first(said, "hStackManager.numFramesPerVolumeWithFlyback")
    flyback = int(whole or 0) - planes if whole and repeats == 1 else _flyback(said)
    slow = planes > 1 and repeats > 1 and not fast
    return Scan(planes, max(0, flyback) if fast else 0, repeats if slow else 1, channels)


def _is_on(said: Mapping[str, str], name: str) -> bool | None:
    return said[name].lower() in ("true", "1") if name in said else None


def _flyback(said: Mapping[str, str]) -> int:
    """Of versions that do not give the frames of a volume with flyback."""
    if not _is_on(said, "hFastZ.discardFlybackFrames"):
        return 0
    return int(_first(said, "hFastZ.numDiscardFlybackFrames") or 0)


def _scanned_pixel(said: Mapping[str, str]) -> tuple[float, float] | None:
    """From the corners of the field of view (x, y of each) and the lines in it."""
    corners = _numbers(said.get("hRoiManager.imagingFovUm", ""))
    if len(corners) != 8:
        return None
    width, height = (max(corners[at::2]) - min(corners[at::2]) for at in (0, 1))
    lines, across = (
        _first(said, f"hRoiManager.{name}") for name in ("linesPerFrame", "pixelsPerLine")
    )
    return _pair(height / lines, width / across) if lines and across else None


def _first(said: Mapping[str, str], *names: str) -> float | None:
    """The first of these settings that is a number above 0."""
    for name in names:
        values = _numbers(said.get(name, ""))
        if len(values) == 1 and 0 < values[0] < 1e9:
            return values[0]
    return None


def _numbers(text: str) -> list[float]:
    return [float(number) for number in NUMBER.findall(text)]
