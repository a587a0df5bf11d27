"""The files that results consist of, read within the boundary: JSON objects and NumPy's arrays."""

import io
import json
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Literal

import numpy as np
from numpy.typing import NDArray

from pipelines.core.errors import InputError
from pipelines.files.reading import Kind, reading, short


def read_object(file: Path, kind: Kind, advice: str = "copy it again") -> dict[str, Any]:
    """Read a JSON object.

    Args:
        file: in UTF-8.
        kind: of the error that is raised.
        advice: what a person can do if it is none.

    Raises:
        NeuroboardError: of that kind: it cannot be read, or holds something else.
    """
    with reading(file, kind, advice, "text"):
        text = file.read_text(encoding="utf-8")
    try:
        values = json.loads(text)
    except Exception as error:  # also nested too deeply, or a number of too many digits
        raise kind(f"{file} cannot be read as JSON ({short(error)}): {advice}.") from error
    if not isinstance(values, dict):
        raise kind(f"{file} must hold a JSON object: {advice}.")
    return values


def read_object_if_sound(file: Path) -> dict[str, Any]:
    """A JSON object that one can do without: empty if it is not there or cannot be read."""
    try:
        return read_object(file, InputError)
    except InputError:
        return {}


def begin_array(
    stream: IO[bytes], shape: tuple[int, ...], dtype: np.dtype[Any], *, version: Literal[1, 2] = 1
) -> None:
    """Write the head of a `.npy` file whose values follow piece by piece, in the order of C.

    Args:
        stream: at its beginning.
        shape: of the whole array.
        dtype: of its values.
        version: of the format (https://numpy.org/neps/nep-0001-npy-format.html).
    """
    header = {
        "descr": np.lib.format.dtype_to_descr(dtype),
        "fortran_order": False,
        "shape": shape,
    }
    if version == 1:
        np.lib.format.write_array_header_1_0(stream, header)
    else:
        np.lib.format.write_array_header_2_0(stream, header)


@contextmanager
def opened_arrays(file: Path, kind: Kind, advice: str = "copy it again") -> Iterator[Any]:
    """Give the arrays of a `.npz` file by their names, none of which may be pickled.

    Raises:
        NeuroboardError: of the given kind: it is not there or damaged, or one is pickled.
    """
    with (
        reading(file, kind, advice, "file of arrays"),
        file.open("rb") as stream,  # NumPy leaves open what it cannot read
        np.load(stream, allow_pickle=False) as stored,
    ):
        yield stored


def read_arrays(file: Path, kind: Kind, advice: str = "copy it again") -> dict[str, NDArray[Any]]:
    """All arrays of a `.npz` file by their names, of any shape, in memory.

    Raises:
        NeuroboardError: of the given kind: it is not there or damaged, or one is pickled.
    """
    with opened_arrays(file, kind, advice) as stored:
        return {name: stored[name] for name in stored.files}


def unpacked(content: bytes) -> dict[str, NDArray[Any]]:
    """The arrays of a `.npz` file by their names, of any shape, from its content.

    Raises:
        Exception: of any kind: the content is damaged, or one is pickled.
    """
    with np.load(io.BytesIO(content), allow_pickle=False) as stored:
        return {name: stored[name] for name in stored.files}


def _is_zip(file: Path) -> bool:
    with zipfile.ZipFile(file) as archive:
        return archive.testzip() is None


def _is_array(file: Path) -> bool:
    np.load(file, mmap_mode="r", allow_pickle=False)  # complains of a file that is too short
    return True


def _is_object(file: Path) -> bool:
    return isinstance(json.loads(file.read_bytes()), dict | list)


def _is_table(file: Path) -> bool:
    return file.read_text(encoding="utf-8").endswith("\n")


def _is_png(file: Path) -> bool:
    content = file.read_bytes()
    return content.startswith(b"\x89PNG\r\n\x1a\n") and b"IEND" in content[-12:]


_IS_WHOLE: Mapping[str, Callable[[Path], bool]] = {
    **dict.fromkeys((".npz", ".zip", ".xlsx", ".skops"), _is_zip),
    ".npy": _is_array,
    ".json": _is_object,
    **dict.fromkeys((".csv", ".tsv", ".jsonl"), _is_table),
    ".png": _is_png,
}


def damaged(folder: Path) -> list[str]:
    """The names of files at the top of a result that are cut or overwritten.

    Told by what their kinds say of themselves, whatever the step; files of other kinds are not
    looked at.
    """
    files = sorted(file for file in folder.iterdir() if file.suffix in _IS_WHOLE)
    return [file.name for file in files if not _is_whole(file)]


def _is_whole(file: Path) -> bool:
    try:
        return _IS_WHOLE[file.suffix](file)
    except Exception:  # readers fail on damage in any way
        return False
