"""Arrays of numbers in MATLAB's files, with their axes in MATLAB's order.

Version 7.3 is HDF5, which stores MATLAB's axes the other way round; versions 4 to 7 are read by
SciPy in a process of its own, as damaged ones can crash it.
"""

import shutil
import tempfile
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from pipelines.core.errors import InputError
from pipelines.files import hdf5
from pipelines.processes import isolated

SUFFIX = ".mat"
CHILD = "pipelines.files.matlab_child"
LARGEST_TYPE = 4052
"""Of an array of version 4, by which such a file begins
(https://www.mathworks.com/help/pdf_doc/matlab/matfile_format.pdf)."""


def is_hdf5(path: Path) -> bool:
    """Whether a `.mat` file is of version 7.3."""
    return bool(h5py.is_hdf5(path))


class Variables:
    """The arrays of a `.mat` file of version 4 to 7.

    One is laid down as a `.npy` file in a folder, which goes when this object does.

    Attributes:
        shapes: of each variable that is an array of real numbers.
    """

    def __init__(self, path: Path, kind: type[InputError], least: int = 1) -> None:
        """Look at the file; an array that alone has `least` dimensions is unpacked at once."""
        self._path, self._kind = path, kind
        self._folder = Path(tempfile.mkdtemp(prefix="neuroboard-mat-"))
        weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
        answer = self._ask({"least": least})
        self._unpacked = answer["unpacked"]
        self.shapes: dict[str, tuple[int, ...]] = {
            name: tuple(shape) for name, shape in answer["arrays"]
        }

    def load(self, name: str) -> NDArray[Any]:
        """One of them, in the shape that `shapes` says: any shape, mapped from a file.

        Raises:
            InputError: of the kind that was given: it is damaged.
        """
        if name != self._unpacked:
            self._unpacked = self._ask({"variable": name})["unpacked"]
        array: NDArray[Any] = np.load(self._file, mmap_mode="r", allow_pickle=False)
        return array

    @property
    def _file(self) -> Path:
        return self._folder / "values.npy"

    def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        bounds = isolated.Bounds.for_file(self._path.stat().st_size)
        files = {"path": str(self._path.resolve()), "out": str(self._file)}
        try:
            if not _has_header(self._path):
                raise isolated.Failed("another kind of file")
            return isolated.ask(CHILD, {**request, **files}, bounds)
        except isolated.Failed as error:
            raise self._kind(
                f"{self._path} is not a .mat file, is damaged or cut short: copy it again, or "
                "save it again."
            ) from error


def _has_header(path: Path) -> bool:
    """Whether a file begins as one of version 5 to 7, or of version 4, can."""
    with path.open("rb") as stream:
        head = stream.read(128)
    if head[126:] in (b"IM", b"MI"):
        return True
    types = [int.from_bytes(head[:4], order) for order in ("little", "big")]
    return len(head) > 20 and min(types) <= LARGEST_TYPE


class Turned:
    """An array of HDF5 with its axes in the opposite order, as MATLAB has them."""

    def __init__(self, array: Any) -> None:
        self._array = array
        self.shape: tuple[int, ...] = array.shape[::-1]
        self.dtype = array.dtype
        self.chunks = array.chunks[::-1] if array.chunks else None

    def __getitem__(self, index: tuple[Any, ...]) -> NDArray[Any]:
        return np.asarray(self._array[index[::-1]]).T


@contextmanager
def opened_hdf5(path: Path, kind: type[InputError]) -> Iterator[dict[str, Turned]]:
    """Give the arrays of real numbers of a file of version 7.3 by their names.

    Raises:
        InputError: as `hdf5.opened`.
    """
    with hdf5.opened(path, kind) as root:
        yield dict(_arrays(root))


def _arrays(group: Any) -> Iterator[tuple[str, Turned]]:
    for name in sorted(group):
        below = None if name.startswith("#") else group.get(name)
        if isinstance(below, h5py.Group):
            yield from _arrays(below)
        elif below is not None and below.dtype.kind in "buif" and not _is_empty(below):
            yield below.name.strip("/"), Turned(below)


def _is_empty(array: Any) -> bool:
    """Whether an array stands for an empty one, of which only the sizes are stored; or is text."""
    text = array.attrs.get("MATLAB_class", b"")
    return bool(array.attrs.get("MATLAB_empty", 0)) or text in (b"char", "char")
