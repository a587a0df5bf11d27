"""What became of a damaged file."""

import traceback
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from pipelines.core.errors import NeuroboardError

REPOSITORY = Path(__file__).resolve().parents[2]


class Outcome(StrEnum):
    """`OK` and `SENTENCE` are right; all else is a fault of the product."""

    OK = "ok"
    SENTENCE = "sentence"
    TRACEBACK = "traceback"
    DEATH = "death"
    HANG = "hang"
    MEMORY = "memory"

    @property
    def is_right(self) -> bool:
        return self in (Outcome.OK, Outcome.SENTENCE)


@dataclass(frozen=True)
class Found:
    """What became of one file.

    Attributes:
        outcome: of its reading.
        detail: the sentence, or what was raised and where, or the signal.
        seconds: of processor time, where the reader came to its end.
    """

    outcome: Outcome
    detail: str = ""
    seconds: float = 0.0


def outcome_of(read: Callable[[Path], object], path: Path) -> Found:
    """Read a path and say what became of it."""
    try:
        read(path)
    except NeuroboardError as error:
        return Found(Outcome.SENTENCE, error.sentence)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        return Found(
            Outcome.TRACEBACK, f"{_place(error)}: {type(error).__name__}: {str(error)[:200]}"
        )
    return Found(Outcome.OK)


def _place(error: BaseException) -> str:
    """The last line of the product that an error came through, such as `atlas.open_map:76`."""
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        file = Path(frame.filename)
        if any(file.is_relative_to(REPOSITORY / layer) for layer in ("pipelines", "dashboard")):
            return f"{file.stem}.{frame.name}:{frame.lineno}"
    return "outside"
