"""Arrays that are stored in pieces, of which one is unpacked whole, however few bytes it takes."""

from collections.abc import Iterable
from math import prod
from pathlib import Path

from pipelines.core.errors import InputError

SENSIBLE_BYTES = 512 << 20
"""A piece up to this size is unpacked whatever it is made of."""
MOST_TIMES = 200
"""What larger pieces may inflate: films of real cells do so 2 to 10 times."""


def refuse_bomb(
    where: Path | str, chunk: Iterable[int], itemsize: int, stored: int, kind: type[InputError]
) -> None:
    """Refuse an array of which one piece takes far more memory than the whole takes on the disk.

    Args:
        where: is said first.
        chunk: shape of a piece.
        itemsize: bytes of a value.
        stored: bytes of the whole array as it lies on the disk.
        kind: of the error that is raised.

    Raises:
        InputError: of that kind.
    """
    size = prod(chunk) * itemsize
    if size > SENSIBLE_BYTES and size > MOST_TIMES * stored:
        raise kind(
            f"{where} is stored in pieces of {size / 1e9:.1f} GB each, of {stored / 1e6:.1f} MB in "
            "all: it was made to fill the memory; save it in smaller pieces."
        )
