"""Every mistake that a person can make, each with the sentence that is shown.

    NeuroboardError
    +-- InputError            a file, folder or table that cannot be used
    |   +-- ImageError            an image series
    |   +-- RecordingError        an extracellular recording
    |   +-- TableError            a spreadsheet; may carry a row-by-row report
    |   +-- BundleError           a stored model
    +-- ParameterError        a setting out of its range, or unknown
    +-- OutputError           a place that cannot be written
    |   +-- NoRoomError           its disk is full
    +-- EngineError           a cluster that does not answer, or lacks what it needs
    +-- NotAllowedError       something that the person's role does not include
    +-- Cancelled             the person changed their mind

The text of an error says what is wrong, where, and what to do. Anything else
that is raised is a bug: it is logged with its traceback.
"""

import re
from collections.abc import Mapping
from pathlib import Path

OUT_OF_MEMORY = (
    "There was not enough memory. Close other programs, choose a part of the data, "
    "or run it on a larger machine."
)


class _Folders:
    """Folders of this machine that sentences call by a name, instead of saying where they lie."""

    def __init__(self) -> None:
        self.names: dict[str, str] = {}
        self.pattern: re.Pattern[str] | None = None

    def add(self, named: Mapping[Path, str]) -> None:
        """Know these folders too; the innermost of several that a path lies in counts."""
        for folder, name in named.items():
            if folder.name:  # not the root of a disk, in which all paths lie
                self.names |= dict.fromkeys((str(folder), str(folder.resolve())), name)
        places = sorted(map(re.escape, self.names), key=len, reverse=True)
        whole = rf"(?<![\w/~-])({'|'.join(places)})([/\\]+|(?![\w-]|\.\w))"
        self.pattern = re.compile(whole) if places else None

    def named(self, found: re.Match[str]) -> str:
        """What is said instead of the beginning of a path."""
        folder, inside = found[1], bool(found[2])
        name = self.names[folder]
        if inside:
            return f"{name}/" if name else ""
        return name or Path(folder).name


_FOLDERS = _Folders()


def name_folders(named: Mapping[Path, str]) -> None:
    """Let sentences of this process tell paths within folders from there on.

    The web app does so, for who reads a page need not know where things lie on its server.

    Args:
        named: what stands for each folder at the beginning of a path; nothing if it is empty.
    """
    _FOLDERS.add(named)


def told(text: str) -> str:
    """A sentence in which paths within the named folders begin there."""
    return _FOLDERS.pattern.sub(_FOLDERS.named, text) if _FOLDERS.pattern else text


class NeuroboardError(Exception):
    """The base of all errors whose text is meant for the person at the screen."""

    exit_code = 2

    @property
    def sentence(self) -> str:
        """The text that is shown, as one line; paths as `told` says."""
        return told(" ".join(str(self).split()))


class InputError(NeuroboardError):
    """A file, folder or table cannot be used."""


class ImageError(InputError):
    """An image series cannot be read or has the wrong shape."""


class RecordingError(InputError):
    """A recording cannot be read or does not suit the sorter."""


class TableError(InputError):
    """A table cannot be read, or its rows cannot be used."""


class BundleError(InputError):
    """A stored model is damaged, unknown or does not fit the data."""


class ParameterError(NeuroboardError):
    """A parameter is unknown, of the wrong type or out of its range."""


class OutputError(NeuroboardError):
    """A result cannot be written where it was asked for."""


class NoRoomError(OutputError):
    """A disk is full."""


class EngineError(NeuroboardError):
    """A cluster does not answer, lacks software or does not see the files."""


class NotAllowedError(NeuroboardError):
    """The person may not do this on this server."""


class Cancelled(NeuroboardError):  # noqa: N818  what happened, not an error
    """The run was stopped on request."""

    exit_code = 130
