"""The signal of electrodes among those of a recording."""

from collections.abc import Callable, Sequence
from pathlib import Path

from pipelines.core.errors import RecordingError


def one_stream(names: Sequence[str], wanted: Callable[[str], bool], path: Path) -> str:
    """The only signal of electrodes in a file.

    Raises:
        RecordingError: there is none, or more than one.
    """
    found = streams(names, wanted, path)
    if len(found) > 1:
        raise RecordingError(
            f"{path} holds the signals {', '.join(found)}: give the folder of one of them."
        )
    return found[0]


def streams(names: Sequence[str], wanted: Callable[[str], bool], path: Path) -> list[str]:
    """The signals of electrodes, at least one.

    Raises:
        RecordingError: there is none.
    """
    found = [str(name) for name in names if wanted(str(name))]
    if not found:
        raise RecordingError(
            f"{path} holds no signal of electrodes, only {', '.join(map(str, names)) or 'nothing'}"
            ": give the folder that has it."
        )
    return found
