"""Several recordings in one place: listed and asked for, or joined in time when a person says so.

Nothing is joined because it lies together: files of two sessions, animals or experiments are two
recordings until somebody says otherwise.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from spikeinterface.core import BaseRecording

from pipelines.core.errors import RecordingError
from pipelines.spikes.formats.joining import Part, joined_in_time
from pipelines.spikes.recording.parameters import RecordingParameters

MOST_LISTED = 10
DATES = (
    (re.compile(r"(?<!\d)(\d{6})_(\d{6})(?!\d)"), "%y%m%d%H%M%S"),
    (re.compile(r"(?<!\d)(\d{8})[_T-](\d{6})(?!\d)"), "%Y%m%d%H%M%S"),
    (re.compile(r"(\d{4}-\d{2}-\d{2})[_T-](\d{2}-\d{2}-\d{2})"), "%Y-%m-%d%H-%M-%S"),
)
"""How Intan and Open Ephys, among others, write when a recording began into its name."""


@dataclass(frozen=True)
class Candidate:
    """One of the recordings that lie in one place.

    Attributes:
        parts: what tells it apart, from the outside in, such as node, experiment and signal.
        open: reads it.
        began: when its first sample was taken, if that is known.
        signal: what was recorded; two signals of one time are never joined.
        clock: candidates with the same one count their time on the same clock.
    """

    parts: tuple[str, ...]
    open: Callable[[], BaseRecording]
    began: datetime | None = None
    signal: str = ""
    clock: str = ""


def chosen(
    found: Sequence[Candidate], path: Path, parameters: RecordingParameters, give: str = ""
) -> BaseRecording:
    """The recording that a person means.

    Args:
        found: at least one.
        path: where they lie, for messages.
        parameters: `session`, the name of one; `join`, whether several are to be joined.
        give: another way out, such as "give one file".

    Raises:
        RecordingError: there are several and none is named, or none is called so.
    """
    # A file that is given itself needs no name, and may have been given another one since.
    alone = len(found) == 1 and path.is_file()
    wanted = found if alone else _named(found, path, parameters.session)
    if len(wanted) == 1:
        return wanted[0].open()
    names = dict(zip((id(one) for one in found), names_of(found), strict=True))
    if not parameters.join:
        raise RecordingError(_question(wanted, [names[id(one)] for one in wanted], path, give))
    if len({one.signal for one in wanted}) > 1:
        raise RecordingError(
            f"{path} holds several signals of the same time ({listed(names_of(wanted))}), and "
            "join=yes joins one signal over time: name it with session, for example "
            f"--set session={wanted[0].signal}."
        )
    parts = [Part(names[id(one)], one.open(), one.began, one.clock) for one in wanted]
    return joined_in_time(parts, path, in_given_order=bool(parameters.session.strip()))


def names_of(found: Sequence[Candidate]) -> list[str]:
    """What each is called in lists: only the parts in which they differ."""
    columns = list(zip(*(one.parts for one in found), strict=True))
    kept = [number for number, column in enumerate(columns) if len(set(column)) > 1]
    places = kept or [len(columns) - 1]
    return ["/".join(one.parts[place] for place in places if one.parts[place]) for one in found]


def began_of_name(name: str) -> datetime | None:
    """When a recording began, as its name says."""
    for pattern, form in DATES:
        for match in pattern.finditer(name):
            try:
                return datetime.strptime("".join(match.groups()), form)
            except ValueError:
                continue
    return None


def _named(found: Sequence[Candidate], path: Path, session: str) -> list[Candidate]:
    """The candidates that `session` names: several names, divided by commas, name several."""
    if not session.strip():
        return list(found)
    names = names_of(found)
    words = [session] if session in names else session.split(",")
    wanted = list[Candidate]()
    for word in (word.strip() for word in words if word.strip()):
        matching = [one for one, name in zip(found, names, strict=True) if name == word]
        matching = matching or [one for one in found if _is_part(word, one)]
        if not matching:
            raise RecordingError(
                f"{path} holds no recording called {word}: session may be {listed(names)}."
            )
        wanted += [one for one in matching if one not in wanted]
    return wanted


def _is_part(word: str, one: Candidate) -> bool:
    """Whether a name stands for one part, with or without its suffix, or for all of them."""
    parts = [part.casefold() for part in one.parts]
    stems = [re.sub(r"\.\w{1,4}$", "", part) for part in parts]
    text = word.casefold()
    whole = "/".join(filter(None, parts))
    return text in (*parts, *stems, whole, one.signal.casefold()) or Path(text).stem in parts


def _question(wanted: Sequence[Candidate], names: Sequence[str], path: Path, give: str) -> str:
    """What a person is asked; every name in it opens one of those that are wanted."""
    signals = list(dict.fromkeys(one.signal for one in wanted))
    join = ", or join them in the order of their times with --set join=yes"
    if len(signals) == len(wanted):
        join = ""
    elif len(signals) > 1:
        join = (
            ", or join those of one signal in the order of their times with --set "
            f"session={_quoted(signals[0])} --set join=yes"
        )
    kind = "recordings" if join else "signals"
    first = f"{give}, or choose" if give else "choose"
    return (
        f"{path} holds the {kind} {listed(names)}: {first} one, for example "
        f"--set session={_quoted(names[0])}{join}."
    )


def names_file(session: str, file: Path) -> bool:
    """Whether a session is the name of a file, with or without its suffix."""
    words = [word.strip().casefold() for word in session.split(",")]
    return file.name.casefold() in words or file.stem.casefold() in words


def listed(names: Sequence[str], last: str = "and") -> str:
    """The first names, and how many more there are."""
    more = len(names) - MOST_LISTED
    return ", ".join(names[:MOST_LISTED]) + (f" {last} {more} more" if more > 0 else "")


def _quoted(name: str) -> str:
    return f'"{name}"' if re.search(r"[^\w./,+:#=-]|#", name) else name
