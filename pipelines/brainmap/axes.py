"""Which axis of an array is time, plane, channel, y and x.

A letter stands for each axis as it is stored, the slowest first: T time, Z plane, C channel, Y
and X. Where a file does not say them they are what Neuroboard's own files have, (time, plane, y,
x) or (time, y, x); a shape that fits another order better is asked about.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise

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


def letters(names: Sequence[str]) -> str:
    """Axes by the names that a file gives them; empty if one is unknown or two are alike."""
    found = [WORDS.get(name.strip().lower(), "") for name in names]
    return "".join(found) if all(found) and len(set(found)) == len(found) else ""


def in_words(axes: str) -> str:
    """Axes as a person says them, such as "time, y, x"."""
    return ", ".join(NAMES[letter] for letter in axes)


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


GUESSES: Mapping[int, str] = {3: "TYX", 4: "TZYX", 5: "TCZYX"}
OTHERS: Mapping[int, Sequence[str]] = {
    3: ("YXT",), 4: ("TYXZ", "YXZT", "ZYXT", "YXTZ", "ZTYX"), 5: ("TZYXC", "TZCYX", "YXCZT"),
}  # fmt: skip
SQUARE = 3.0
"""Longer side of a frame over its shorter one, up to which nobody wonders."""


def guessed(shape: Sequence[int]) -> str:
    """The axes of an array without names; empty if it has none for so many dimensions."""
    return GUESSES.get(len(shape), "")


def alternatives(shape: Sequence[int]) -> Sequence[str]:
    """Other orders of the axes that suit a shape at least as well as the guessed one.

    The two sides of a frame are alike more often than not, and planes are fewer than time points.
    A shape whose guessed frame is long and narrow while two other neighbours are nearly alike, or
    where two others are exactly alike and the guessed ones are not, was probably stored
    otherwise.
    """
    axes = guessed(shape)
    if not axes or min(shape) < 1:
        return ()
    doubtful = _frame_elsewhere(shape) or (len(shape) == 4 and 1 < shape[0] < shape[1])
    return _other_orders(shape) if doubtful else ()


def _frame_elsewhere(shape: Sequence[int]) -> bool:
    *before, last = list(pairwise(shape))
    for pair in before:
        if min(pair) < 4:
            continue
        if pair[0] == pair[1] and last[0] != last[1] and pair[0] >= 16:
            return True
        if _oblong(last) > SQUARE and _oblong(pair) < _oblong(last) / 2:
            return True
    return False


def _other_orders(shape: Sequence[int]) -> Sequence[str]:
    """The orders worth naming, those with the squarest frames first."""
    named = [guessed(shape), *OTHERS[len(shape)]]

    def oblong(axes: str) -> float:
        return _oblong((shape[axes.index("Y")], shape[axes.index("X")]))

    first, *others = named
    return (first, *sorted(others, key=oblong)[:2])


def _oblong(pair: tuple[int, int]) -> float:
    return max(pair) / max(1, min(pair))
