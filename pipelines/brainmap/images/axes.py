"""Which axis of an array is time, plane, channel, y and x.

A letter stands for each axis as it is stored, the slowest first: T time, Z plane, C channel, Y
and X. Where a file does not say them they are what Neuroboard's own files have, (time, plane, y,
x) or (time, y, x); a shape that fits another order better is asked about.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from pipelines.brainmap.images.asking import field
from pipelines.brainmap.images.info import AxesFrom
from pipelines.core.errors import ImageError

LETTERS = "TZCYX"
NAMES: Mapping[str, str] = {"T": "time", "Z": "plane", "C": "channel", "Y": "y", "X": "x"}
WORDS: Mapping[str, str] = {
    "t": "T", "time": "T", "times": "T", "frame": "T", "frames": "T", "timepoint": "T",
    "z": "Z", "plane": "Z", "planes": "Z", "depth": "Z", "slice": "Z", "slices": "Z",
    "c": "C", "ch": "C", "channel": "C", "channels": "C",
    "y": "Y", "row": "Y", "rows": "Y", "height": "Y",
    "x": "X", "col": "X", "column": "X", "columns": "X", "width": "X",
}  # fmt: skip
"""What files call an axis."""

GUESSES: Mapping[int, str] = {3: "TYX", 4: "TZYX", 5: "TCZYX"}
MATLAB_GUESSES: Mapping[int, str] = {3: "YXT", 4: "YXZT", 5: "YXZCT"}
"""In the order of MATLAB's size(), whose films have time last."""

OTHERS: Mapping[int, Sequence[str]] = {
    3: ("TYX", "YXT"),
    4: ("TZYX", "TYXZ", "YXZT", "ZYXT", "ZTYX"),
    5: ("TCZYX", "TZYXC", "TZCYX", "YXZCT"),
}
LONG = 3.0
"""Longer side of a frame over its shorter one, up to which nobody wonders."""
LEAST_SIDE = 4
"""Fewer pixels are no side of a frame."""
LEAST_SQUARE = 16
"""Two sizes that are equal and at least this large are the sides of a frame."""
LEAST_FILM = 12
"""An axis that is shorter is planes rather than time."""


@dataclass(frozen=True)
class Axes:
    """The axes of an array, and how they are known.

    Attributes:
        letters: one for each axis as it is stored.
        known: whether the file says so, the person did, or it was guessed.
        notes: what a person has to know about that.
    """

    letters: str
    known: AxesFrom
    notes: tuple[str, ...] = ()


def letters(names: Sequence[str]) -> str:
    """Axes by the names that a file gives them; empty if one is unknown or two are alike."""
    found = [WORDS.get(name.strip().lower(), "") for name in names]
    return "".join(found) if all(found) and len(set(found)) == len(found) else ""


def in_words(axes: str) -> str:
    """Axes as a person says them, such as "time, y, x"."""
    return ", ".join(NAMES[letter] for letter in axes)


def sizes(shape: Sequence[int]) -> str:
    """A shape as a person writes it, such as "128 x 256 x 20"."""
    return " x ".join(map(str, shape))


def typed(text: str) -> str:
    """The letters that a person typed, such as "t, y, x" or "TYX".

    Raises:
        ValueError: other letters, one twice, or no y and x.
    """
    axes = "".join(text.upper().replace(",", " ").split())
    if axes and (not set("YX") <= set(axes) <= set(LETTERS) or len(set(axes)) != len(axes)):
        raise ValueError(
            "must give each axis of the file one letter of T (time), Z (plane), C (channel), Y "
            "and X, with Y and X among them, such as TZYX or YXT"
        )
    return axes


def resolve(
    path: Path,
    shape: Sequence[int],
    said: str,
    given: str,
    guesses: Mapping[int, str] = GUESSES,
) -> Axes:
    """The axes of an array: those that a person gives, else the file's, else a safe guess.

    Args:
        path: for the sentences.
        shape: as it is stored.
        said: by the file; may be empty.
        given: by the person; may be empty.
        guesses: the axes for each number of dimensions, where nobody says them.

    Raises:
        ImageError: as many letters as dimensions are needed, or the guess would be doubtful.
    """
    if given:
        return _given(path, shape, said, given)
    if said:
        return Axes(said, "file")
    guess = guesses.get(len(shape), "")
    if not guess:
        raise ImageError(
            f"{path} has {len(shape)} dimensions {tuple(shape)}: it must be (time, plane, y, x) "
            f"or (time, y, x), or say what they are with {field('axes')}."
        )
    if others := alternatives(shape, guess):
        raise ImageError(_doubt(path, shape, others))
    return Axes(guess, "guessed", (_guess(path, shape, guess),))


def _given(path: Path, shape: Sequence[int], said: str, given: str) -> Axes:
    if len(given) != len(shape):
        raise ImageError(
            f"{path} has {len(shape)} axes of {sizes(shape)}, but {field('axes')} gives "
            f"{len(given)} letters ({given}): give one letter for each."
        )
    if said and said != given:
        note = (
            f"{path.name} says that its axes are {in_words(said)}; they were read as "
            f"{in_words(given)}, as you gave them."
        )
        return Axes(given, "given", (note,))
    return Axes(given, "given")


def _guess(path: Path, shape: Sequence[int], guess: str) -> str:
    return (
        f"{path.name} does not name its axes: its shape {sizes(shape)} was read as "
        f"{in_words(guess)}. Set {field('axes')} if it is otherwise."
    )


def _doubt(path: Path, shape: Sequence[int], others: Sequence[str]) -> str:
    choices = " or ".join(f"{in_words(axes)} (--axes {axes})" for axes in others)
    return (
        f"{path} does not name its axes, and its shape {sizes(shape)} can be {choices}: say which "
        f"with {field('axes')}."
    )


def alternatives(shape: Sequence[int], guess: str) -> Sequence[str]:
    """The orders of the axes that a shape can have, if the guessed one is doubtful; else none.

    The two sides of a frame are alike more often than not, and planes are fewer than time points.
    A shape whose guessed frame is long and narrow while two other neighbours are nearly alike, or
    where two others are exactly alike and the guessed ones are not, was probably stored
    otherwise.
    """
    if min(shape) < 1:
        return ()
    of = dict(zip(guess, shape, strict=True))
    few_times = 1 < of["T"] < of.get("Z", 0) >= LEAST_FILM
    doubtful = few_times or _frame_elsewhere(shape, (of["Y"], of["X"]))
    return _orders(shape, guess) if doubtful else ()


def _frame_elsewhere(shape: Sequence[int], frame: tuple[int, int]) -> bool:
    for pair in pairwise(shape):
        if min(pair) < LEAST_SIDE or pair == frame:
            continue
        if pair[0] == pair[1] >= LEAST_SQUARE and frame[0] != frame[1]:
            return True
        if _length(frame) > LONG and _length(pair) < _length(frame) / 2:
            return True
    return False


def _orders(shape: Sequence[int], guess: str) -> Sequence[str]:
    """The guess and the two other orders with the squarest frames."""

    def length(axes: str) -> float:
        return _length((shape[axes.index("Y")], shape[axes.index("X")]))

    others = [axes for axes in OTHERS[len(shape)] if axes != guess]
    return (guess, *sorted(others, key=length)[:2])


def _length(pair: tuple[int, int]) -> float:
    return max(pair) / max(1, min(pair))
