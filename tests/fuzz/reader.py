"""What is read: a reader of the product, and the whole files from which damaged ones are made."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.fuzz.files import Files

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
"""Real data beside the repository, where they are present."""


class Absent(Exception):  # noqa: N818  what is the case
    """The real data that a sample is made of are not here."""


@dataclass(frozen=True)
class Sample:
    """A whole file or folder, small.

    Attributes:
        name: of the sample.
        make: writes it into an empty folder; returns the name of what is read, "." for the folder.
    """

    name: str
    make: Callable[[Path], str]


@dataclass(frozen=True)
class Reader:
    """A way in for files from elsewhere.

    Attributes:
        name: of the kind of files.
        samples: of it; inputs are shared out among them.
        read: as the steps read it; raises an error with a sentence if it cannot.
        in_child: whether the product reads it in a process of its own, which may die.
        share: how many inputs it gets, against others.
        seal: makes digests right again after the damage, as whoever means harm would.
    """

    name: str
    samples: Sequence[Sample]
    read: Callable[[Path], object]
    in_child: bool = False
    share: float = 1.0
    seal: Callable[[Files], Files] = lambda files: files


def shared(name: str) -> Path:
    """A file or folder of the real data.

    Raises:
        Absent: it is not here.
    """
    if not (SHARED / name).exists():
        raise Absent(name)
    return SHARED / name
