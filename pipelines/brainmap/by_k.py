"""Group and similarity of every voxel for each number of clusters, written while they are found.

With many voxels these rows are larger than the memory that a map may take.
"""

from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

import numpy as np
from numpy.typing import NDArray

LABELS, SIMILARITY = "labels_by_k.npy", "similarity_by_k.npy"
TYPES: dict[str, np.dtype[Any]] = {LABELS: np.dtype(np.int16), SIMILARITY: np.dtype(np.float32)}


@dataclass(frozen=True)
class Row:
    """What one number of clusters says of every kept voxel (voxel,)."""

    labels: NDArray[np.int16]
    similarity: NDArray[np.float32]


class ByK:
    """Two files of (k, voxel) in a folder, open for writing."""

    def __init__(self, folder: Path, ks: int, voxels: int) -> None:
        self._voxels = voxels
        self._files: dict[str, IO[bytes]] = {}
        self._starts: dict[str, int] = {}
        for name, dtype in TYPES.items():
            file = self._files[name] = (folder / name).open("wb")
            header = {
                "descr": np.lib.format.dtype_to_descr(dtype),
                "fortran_order": False,
                "shape": (ks, voxels),
            }
            np.lib.format.write_array_header_1_0(file, header)
            self._starts[name] = file.tell()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for file in self._files.values():
            file.close()

    def write(
        self, place: int, rows: slice, labels: NDArray[Any], similarity: NDArray[Any]
    ) -> None:
        """Write some voxels of the K at that place."""
        for name, values in ((LABELS, labels), (SIMILARITY, similarity)):
            file, dtype = self._files[name], TYPES[name]
            file.seek(self._starts[name] + (place * self._voxels + rows.start) * dtype.itemsize)
            file.write(np.ascontiguousarray(values, dtype).data)


def read_row(folder: Path, place: int) -> Row:
    """The voxels of the K at that place."""
    labels, similarity = (np.load(folder / name, mmap_mode="r") for name in TYPES)
    return Row(np.array(labels[place]), np.array(similarity[place]))
