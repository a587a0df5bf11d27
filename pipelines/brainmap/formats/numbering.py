"""The order of files that are numbered in time, and what is missing among them."""

import math
import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from pipelines.core.errors import ImageError

NUMBER = re.compile(r"([0-9]+)")


def natural_order(files: Sequence[Path]) -> list[Path]:
    """Sort by name with numbers as numbers: t2 comes before t10."""
    return sorted(files, key=lambda file: (_pieces(file.name.lower()), file.name))


def require_complete(folder: Path, files: Sequence[Path]) -> None:
    """Check that the names of a folder's images count time points without a gap.

    Names that follow no common pattern, or whose numbers do not count (such as clock times),
    pass.

    Raises:
        ImageError: a file outside the numbering, a number twice, a number missing, or names
            that count planes besides time points.
    """
    patterns = [NUMBER.sub("#", file.name.lower()) for file in files]
    common, count = Counter(patterns).most_common(1)[0]
    if "#" not in common or 2 * count <= len(files):
        return
    if count < len(files):
        refuse_stranger(folder, files, patterns, common)
    columns = list(zip(*(_numbers(file) for file in files), strict=True))
    counters = {
        place: column for place, column in enumerate(columns) if len(set(column)) == len(files)
    }
    if not counters:
        _refuse_repetition(folder, files, columns)
    gaps = {place: _missing(column) for place, column in counters.items()}
    place = min(gaps, key=lambda place: len(gaps[place]))
    if gaps[place]:
        _refuse_gap(folder, files, place, gaps[place])


def refuse_stranger(
    folder: Path, files: Sequence[Path], patterns: Sequence[str], common: str
) -> None:
    """Name the first file that is not named like most of them.

    Raises:
        ImageError: always.
    """
    example = files[patterns.index(common)].name
    stranger = next(
        file.name for file, pattern in zip(files, patterns, strict=True) if pattern != common
    )
    raise ImageError(
        f"{stranger} in {folder} is not named like the time points ({example}): "
        "take it out of the folder or rename it."
    )


def _refuse_repetition(
    folder: Path, files: Sequence[Path], columns: Sequence[tuple[int, ...]]
) -> None:
    changing = [column for column in columns if len(set(column)) > 1]
    if len(changing) > 1:
        raise ImageError(
            f"The names in {folder} count two things, as in {files[0].name}: store one TIFF "
            "per time point, with the planes as its pages."
        )
    column = changing[0] if changing else columns[-1]
    repeated = next(number for number, count in Counter(column).items() if count > 1)
    first, second, *_ = (
        file.name for file, number in zip(files, column, strict=True) if number == repeated
    )
    raise ImageError(f"{first} and {second} in {folder} have the same number: keep one of them.")


def _refuse_gap(folder: Path, files: Sequence[Path], place: int, missing: Sequence[int]) -> None:
    name = _renumbered(files[0].name, place, missing[0])
    what = f"{name} is missing" if len(missing) == 1 else f"{name} and {len(missing) - 1} more lack"
    raise ImageError(
        f"{what} in {folder}: its {len(files)} images are numbered with a gap, so add what is "
        "missing or number them anew."
    )


def _missing(column: Sequence[int]) -> list[int]:
    """Numbers that a counter skipped; none if so many are skipped that it does not count."""
    numbers = sorted(column)
    step = math.gcd(*(after - before for before, after in pairwise(numbers)))
    expected = range(numbers[0], numbers[-1] + 1, step or 1)
    return sorted(set(expected) - set(numbers)) if len(expected) <= 2 * len(numbers) else []


def _renumbered(name: str, place: int, number: int) -> str:
    pieces = NUMBER.split(name)
    at = 2 * place + 1
    pieces[at] = str(number).zfill(len(pieces[at]))
    return "".join(pieces)


def _numbers(file: Path) -> tuple[int, ...]:
    return tuple(int(number) for number in NUMBER.findall(file.name))


def _pieces(name: str) -> list[tuple[int, str]]:
    return [
        (int(piece), "") if place % 2 else (0, piece)
        for place, piece in enumerate(NUMBER.split(name))
    ]
