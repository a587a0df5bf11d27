"""What a file says about its images, besides the intensities, and what a person says about it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import isclose
from typing import Any, Literal, Self

AxesFrom = Literal["file", "given", "guessed"]
Files = Literal["auto", "time-points", "pieces", "planes", "channels"]


@dataclass(frozen=True)
class ImageInfo:
    """How images were read, and the sizes and names that come along with them.

    Attributes:
        axes: a letter for each axis as the images are stored: T time, Z plane, C channel, Y, X.
        axes_from: whether the file says so, the person did, or it was guessed.
        pixel_um: height and width of a pixel (y, x) in micrometres; None if the file says nothing.
        plane_um: distance of two planes in micrometres.
        frame_s: from one volume to the next, in seconds.
        channel: name of the channel that is read; empty if there is only one without a name.
        notes: sentences that a person has to know before reading a result.
    """

    axes: str = ""
    axes_from: AxesFrom = "file"
    pixel_um: tuple[float, float] | None = None
    plane_um: float | None = None
    frame_s: float | None = None
    channel: str = ""
    notes: tuple[str, ...] = ()

    @property
    def sizes(self) -> dict[str, Any]:
        """Those of `pixel_um` (y, x), `plane_um` and `frame_s` that are known."""
        pixel = None if self.pixel_um is None else list(self.pixel_um)
        sizes = {"pixel_um": pixel, "plane_um": self.plane_um, "frame_s": self.frame_s}
        return {name: size for name, size in sizes.items() if size is not None}

    @classmethod
    def of_results(cls, results: Mapping[str, Any]) -> Self:
        """What the results of a task say of the images that it read."""
        pixel = results.get("pixel_um")
        return cls(
            results.get("axes", ""),
            results.get("axes_from", "file"),
            (float(pixel[0]), float(pixel[1])) if pixel else None,
            results.get("plane_um"),
            results.get("frame_s"),
            results.get("channel", ""),
        )

    def with_stated(self, stated: "StatedSizes") -> Self:
        """The same with the sizes that a person states, and a note where the file says others."""
        notes, changes = list(self.notes), {}
        for name in ("pixel_um", "plane_um", "frame_s"):
            given, said = getattr(stated, name), getattr(self, name)
            if given is None:
                continue
            changes[name] = given
            if said is not None and not _alike(given, said):
                notes.append(
                    f"{name} is taken as given, {_shown(given)}, though the file says "
                    f"{_shown(said)}."
                )
        return replace(self, notes=tuple(notes), **changes)


def _alike(first: Any, second: Any) -> bool:
    pairs = zip(_numbers(first), _numbers(second), strict=True)
    return all(isclose(one, other, rel_tol=1e-6) for one, other in pairs)


def _shown(size: Any) -> str:
    """A size, and both of a pixel (y, x) where they differ."""
    return " x ".join(f"{number:g}" for number in dict.fromkeys(_numbers(size)))


def _numbers(size: Any) -> tuple[float, ...]:
    return tuple(size) if isinstance(size, tuple) else (size,)


@dataclass(frozen=True)
class StatedSizes:
    """What a person states of the sizes of images; None where nothing is stated.

    Attributes:
        pixel_um: height and width of a pixel (y, x) in micrometres.
        plane_um: distance of two planes in micrometres.
        frame_s: from one volume to the next, in seconds.
    """

    pixel_um: tuple[float, float] | None = None
    plane_um: float | None = None
    frame_s: float | None = None


NOTHING_SAID = ImageInfo()


@dataclass(frozen=True)
class ImageReading:
    """How a person says that images are to be understood, where the file leaves it open.

    Attributes:
        axes: a letter for each axis as it is stored, slowest first; empty to take the file's.
        files: how several files of a folder belong together.
        planes: pages per volume of TIFFs that do not say so themselves.
        channels: pages per plane of TIFFs that do not say so themselves, one for each channel.
        channel: which of several channels is read, by its name or its number from 1.
        dataset: which array of a file that can hold several.
        height: of a frame of a file of nothing but numbers, in pixels.
        width: likewise.
        sizes: of pixels, planes and frames.
        fill_frames: frames without an image, counted from 0, that are filled in.
    """

    axes: str = ""
    files: Files = "auto"
    planes: int | None = None
    channels: int | None = None
    channel: str = ""
    dataset: str = ""
    height: int | None = None
    width: int | None = None
    sizes: StatedSizes = StatedSizes()
    fill_frames: tuple[int, ...] = ()


AS_FOUND = ImageReading()
"""Nothing is said."""
