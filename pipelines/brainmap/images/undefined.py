"""Voxels and frames that hold no usable number: counted, left out where few, refused where many.

Registered films have borders of NaN, and a camera's offset that was taken off leaves baselines of
zero or less, by which dF/F would divide. Such voxels are filtered, and a sentence says how many
they are. Where it is most of a film, no map is made of the rest: that is asked.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from pipelines.core.errors import ImageError

DEFAULT_OFFSET = 0.1
"""Thunder's: it keeps dark voxels from exploding, and says nothing of what the camera adds."""

MOST_DARK = 0.5
"""Share of the changing voxels that may have no usable baseline; with more, it is asked."""

NAMED = 8
"""Frames that a sentence names."""

Counts = NDArray[np.int64]


@dataclass(frozen=True)
class Frames:
    """What is known of each frame; of several blocks of voxels it adds up.

    Attributes:
        missing: how many voxels hold no number (time,).
        low, high: smallest and largest number (time,), infinite where there is none.
        n_voxels: of how many voxels.
    """

    missing: Counts
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    n_voxels: int

    @classmethod
    def of(cls, series: NDArray[Any]) -> Self:
        """What series (voxel, time) say of each frame; NaN stands for whatever is no number."""
        known = np.isfinite(series)
        if known.all():
            low, high = series.min(axis=0), series.max(axis=0)
        else:
            low = series.min(axis=0, initial=np.inf, where=known)
            high = series.max(axis=0, initial=-np.inf, where=known)
        missing = len(series) - known.sum(axis=0)
        return cls(missing, low.astype(np.float64), high.astype(np.float64), len(series))

    @classmethod
    def of_volume(cls, volume: NDArray[Any]) -> Self:
        """What is known of one frame (plane, y, x)."""
        numbers = volume[np.isfinite(volume)] if volume.dtype.kind == "f" else volume
        ends = (numbers.min(), numbers.max()) if numbers.size else (np.inf, -np.inf)
        missing = np.array([volume.size - numbers.size])
        return cls(missing, np.array([float(ends[0])]), np.array([float(ends[1])]), volume.size)

    @classmethod
    def one_after_another(cls, parts: Sequence[Self]) -> Self:
        """The same of frames that follow each other, each of all voxels."""
        missing, low, high = (
            np.concatenate([getattr(part, name) for part in parts])
            for name in ("missing", "low", "high")
        )
        return cls(missing, low, high, parts[0].n_voxels)

    def __add__(self, other: "Frames") -> "Frames":
        """The same of both blocks together."""
        return Frames(
            self.missing + other.missing,
            np.minimum(self.low, other.low),
            np.maximum(self.high, other.high),
            self.n_voxels + other.n_voxels,
        )

    @property
    def empty(self) -> list[int]:
        """Frames without a single number."""
        return [int(time) for time in np.flatnonzero(self.missing == self.n_voxels)]

    @property
    def blank(self) -> list[int]:
        """Frames of one value throughout, as dropped ones are, in a film that has others."""
        flat = (self.low == self.high) & (self.n_voxels > 1)
        return [] if flat.all() else [int(time) for time in np.flatnonzero(flat)]


@dataclass(frozen=True)
class Dark:
    """Voxels that have no dF/F; those of blocks add up.

    Attributes:
        count: how many have a baseline of zero or less.
        changing: of how many that hold numbers and change.
        lowest: the lowest of those baselines, infinite if there is none.
    """

    count: int = 0
    changing: int = 0
    lowest: float = np.inf

    @classmethod
    def of(cls, dark: NDArray[np.bool_], changes: NDArray[np.bool_], baseline: Any) -> Self:
        """Of some voxels: which are dark and which change (voxel,), and their baselines.

        These are (voxel, 1), or (voxel, time) if they move, in the unit of the images.
        """
        lowest = float(baseline[dark].min(initial=np.inf))
        return cls(int(np.count_nonzero(dark)), int(np.count_nonzero(changes)), lowest)

    def __add__(self, other: "Dark") -> "Dark":
        """The same of both blocks together."""
        lowest = min(self.lowest, other.lowest)
        return Dark(self.count + other.count, self.changing + other.changing, lowest)

    def require_few(self, path: Path) -> None:
        """Refuse dF/F of a film of which most has none.

        Raises:
            ImageError: why, and the two ways out.
        """
        if self.count > MOST_DARK * self.changing:
            raise ImageError(
                f"{self.count:,} of the {self.changing:,} voxels of {path} that change have a "
                f"baseline of zero or less (the lowest is {self.lowest:.4g}), so dF/F, which "
                "divides by it, is not defined: state the offset that was taken off every value "
                f"(--set offset=N, N above {max(-self.lowest, DEFAULT_OFFSET):.4g}), or take "
                "another normalisation, such as z-scores (--set normalize=zscore)."
            )

    def notes(self, n_voxels: int) -> list[str]:
        """What a person has to know, of a film of so many voxels."""
        if not self.count:
            return []
        return [
            f"{self.count:,} of {n_voxels:,} voxels have a baseline of zero or less (the lowest is "
            f"{self.lowest:.4g}), so dF/F is not defined for them: they are left out. {KEPT_BY}"
        ]


@dataclass(frozen=True)
class Tally:
    """How many voxels cannot be used, and why; tallies of blocks add up.

    Attributes:
        frames: what is known of each frame.
        no_number: voxels with NaN, infinity or values beyond 1e15 in at least one frame.
        dark: voxels that have no dF/F.
        faint: voxels whose baseline is above zero, but less than their own noise.
    """

    frames: Frames
    no_number: int
    dark: Dark
    faint: int

    def __add__(self, other: "Tally") -> "Tally":
        """The same of both blocks together."""
        return Tally(
            self.frames + other.frames,
            self.no_number + other.no_number,
            self.dark + other.dark,
            self.faint + other.faint,
        )

    def require_usable(self, path: Path) -> None:
        """Refuse a film of which too little is left.

        Raises:
            ImageError: no voxel has all its numbers, or most have no dF/F.
        """
        require_numbers(path, self.frames, self.no_number)
        self.dark.require_few(path)

    def notes(self) -> list[str]:
        """What a person has to know of the voxels that are left out or doubtful."""
        total = self.frames.n_voxels
        notes = [*number_notes(self.frames, self.no_number), *self.dark.notes(total)]
        if self.faint:
            notes.append(
                f"{self.faint:,} of {total:,} voxels have a baseline that is less than their own "
                "noise, so their dF/F is mostly noise: state the offset that was taken off every "
                "value (--set offset=N), or take z-scores (--set normalize=zscore)."
            )
        return notes


KEPT_BY = (
    "Stating the offset that was taken off every value (--set offset=N) keeps them, and so does "
    "another normalisation, such as z-scores (--set normalize=zscore)."
)


def is_dark(changes: NDArray[np.bool_], baseline: NDArray[Any], offset: float) -> NDArray[np.bool_]:
    """For which voxels dF/F would divide by zero or less.

    An offset that a person states is what was taken off every value; the usual one is not.

    Args:
        changes: whether a series changes (voxel,); one that never does has a dF/F of 0.
        baseline: (voxel, 1), or (voxel, time) if it moves.
        offset: of the parameters.
    """
    stated = 0.0 if offset == DEFAULT_OFFSET else offset
    return np.asarray(changes & (baseline.min(axis=1) + stated <= 0))


def is_faint(change: NDArray[Any]) -> NDArray[np.bool_]:
    """Which series of dF/F (voxel, time) have noise beyond 1, and so beyond their baseline.

    Noise is the median of the absolute steps from frame to frame over 0.954, as for Gaussian
    noise (Donoho & Johnstone 1994, doi:10.1093/biomet/81.3.425): slow signals do not count.
    """
    steps = np.abs(np.diff(change, axis=1))
    return np.asarray(np.median(steps, axis=1) > 0.6745 * np.sqrt(2))


def require_numbers(path: Path, frames: Frames, no_number: int) -> None:
    """Refuse a film whose every voxel lacks a number.

    Args:
        path: for the sentences.
        frames: counts per frame (time,).
        no_number: how many voxels lack a number in at least one frame.

    Raises:
        ImageError: frames without a number are named, or the frame that lacks most.
    """
    if no_number < frames.n_voxels:
        return
    if len(frames.empty) == len(frames.missing):
        raise ImageError(
            f"{path} holds no number that can be used in any frame, only NaN, infinity or values "
            "beyond 1e15: give the film with numbers, in a larger unit if they are that large."
        )
    if frames.empty:
        raise ImageError(
            f"{path} holds no number in {listed(frames.empty)}, only NaN, infinity or values "
            "beyond 1e15: fill such frames in with --set "
            f"fill_frames={typed(frames.empty)}, or give the film with an image in each."
        )
    worst = int(frames.missing.argmax())
    raise ImageError(
        f"Every voxel of {path} is NaN or infinite in at least one frame (in frame {worst}, "
        f"counted from 0, {frames.missing[worst]:,} of {frames.n_voxels:,} are): give the film "
        "with those values filled in, or without those frames."
    )


def number_notes(frames: Frames, no_number: int) -> list[str]:
    """What a person has to know of voxels and frames without an image.

    Args:
        frames: counts per frame (time,).
        no_number: how many voxels lack a number in at least one frame.
    """
    notes = []
    if no_number:
        notes.append(
            f"{no_number:,} of {frames.n_voxels:,} voxels are NaN or infinite in at least one "
            "frame, as the borders of registered films are: they are left out."
        )
    if frames.blank:
        value = frames.low[frames.blank[0]]
        notes.append(
            f"The film holds one value throughout (such as {value:g}) in {listed(frames.blank)}, "
            "as where frames were dropped. They are taken as they are, so every voxel jumps there; "
            f"--set fill_frames={typed(frames.blank)} fills them in."
        )
    return notes


def typed(frames: Sequence[int]) -> str:
    """Frames as a parameter."""
    return ",".join(map(str, frames)) if len(frames) <= NAMED else "..."


def listed(frames: Sequence[int]) -> str:
    """Frames by number, counted from 0."""
    named = ", ".join(map(str, frames[:NAMED]))
    more = f" and {len(frames) - NAMED:,} more" if len(frames) > NAMED else ""
    word = "frame" if len(frames) == 1 else "frames"
    return f"{word} {named}{more} (counted from 0)"
