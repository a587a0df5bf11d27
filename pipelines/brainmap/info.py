"""What a file says about its images, besides the intensities, and what a person says about it."""

from dataclasses import dataclass
from typing import Literal

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


NOTHING_SAID = ImageInfo()


@dataclass(frozen=True)
class Reading:
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
    """

    axes: str = ""
    files: Files = "auto"
    planes: int | None = None
    channels: int | None = None
    channel: str = ""
    dataset: str = ""
    height: int | None = None
    width: int | None = None


AS_FOUND = Reading()
"""Nothing is said."""
