"""One of several channels: chosen by its name or number, never guessed."""

import re
from collections.abc import Sequence
from pathlib import Path

from pipelines.brainmap.images.asking import field, listed
from pipelines.core.errors import ImageError


def chosen(path: Path, names: Sequence[str], wanted: str) -> int:
    """Which channel a person wants, counted from 0; the only one if there is no other.

    Args:
        path: for the sentences.
        names: of the channels; `numbered` gives some where the file has none.
        wanted: a name, or a number from 1; may be empty.

    Raises:
        ImageError: several channels and none is chosen, or one that is not there.
    """
    if not wanted:
        if len(names) == 1:
            return 0
        raise ImageError(
            f"{path} holds {len(names)} channels ({listed(names)}): choose one with "
            f"{field('channel')}."
        )
    places = _places(names, wanted.strip())
    if len(places) == 1:
        return places[0]
    what = "several channels that are called" if places else "no channel"
    raise ImageError(
        f"{path} has {what} {wanted}: choose with {field('channel')} from {listed(names)}."
    )


def require_only(path: Path, name: str, wanted: str) -> None:
    """Refuse the choice of a channel where there is one alone and it is another.

    Raises:
        ImageError: it is not the one that is wanted.
    """
    if wanted and wanted.strip().lower() not in ("1", name.lower()):
        called = f", called {name}" if name else ""
        raise ImageError(
            f"{path} holds one channel{called}, but {field('channel')} is set to {wanted}: leave "
            "it empty."
        )


def numbered(count: int) -> tuple[str, ...]:
    """Names for channels that have none."""
    return tuple(f"channel {number}" for number in range(1, count + 1))


def _places(names: Sequence[str], wanted: str) -> list[int]:
    called = [at for at, name in enumerate(names) if name.lower() == wanted.lower()]
    if called or not wanted.isdecimal():
        return called
    if int(wanted) > len(names):
        return [at for at, name in enumerate(names) if wanted in re.findall(r"\d+", name)]
    own = [_own_number(name) for name in names]
    number = int(wanted)
    # Channels that count themselves from 0 make a bare number ambiguous.
    if 0 in own and number in own:
        return [at for at, _ in enumerate(names)]
    if number in own and None not in own:
        return [at for at, one in enumerate(own) if one == number]
    return [number - 1] if 1 <= number <= len(names) else []


def _own_number(name: str) -> int | None:
    """The number in names such as Ch2 or C0."""
    found = re.fullmatch(r"\s*(?:c|ch|chan|channel|w)[ _-]*(\d+)\s*", name.lower())
    return int(found[1]) if found else None
