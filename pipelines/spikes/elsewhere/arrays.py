"""NumPy's arrays in folders from elsewhere: never unpickled, never larger than their file."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.core.errors import InputError
from pipelines.files.links import refuse_link_out
from pipelines.files.reading import reading

ADVICE = "copy the folder again"


def read_array(file: Path) -> NDArray[Any]:
    """An array of any shape, whose values are read from the file when they are used.

    Raises:
        InputError: it is not there, damaged, pickled, or a link out of its folder.
    """
    refuse_link_out(file)
    if not file.is_file():
        raise InputError(f"{file} is missing: copy the whole folder.")
    with reading(file, InputError, ADVICE, "NumPy array without objects"):
        if file.stat().st_size < SMALL:  # an array without values cannot be mapped
            return np.asarray(np.load(file, allow_pickle=False))
        found: NDArray[Any] = np.load(file, mmap_mode="r", allow_pickle=False)
        return found


SMALL = 1 << 16


def read_if_there(file: Path) -> NDArray[Any] | None:
    """The array of any shape, or none if there is no such file.

    Raises:
        InputError: as `read_array`.
    """
    return read_array(file) if file.exists() or file.is_symlink() else None
