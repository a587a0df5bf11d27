"""Rows that say what the files of a kind of result hold.

Whoever owns a kind of folder declares each file of it once, as an `ArrayFile` or a `TableFile`, and
opens it through that row: a file that holds something else is damage, said in one sentence.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pipelines.core.errors import InputError
from pipelines.files.reading import Kind, reading

if TYPE_CHECKING:
    import pandas as pd

TEXT, WHOLE, NUMBER = "text", "whole number", "number"
"""What a column of a table holds. Numbers may be missing, which is NaN; texts are never guessed."""


def damage_sentence(file: Path, why: str, advice: str) -> str:
    """The sentence on a file that can be read, and holds something else than it should."""
    return f"{file} {why}: it is damaged, or of another version; {advice}."


def require_version(record: Mapping[str, Any], known: int, folder: Path) -> None:
    """Refuse a folder of a later version; a record without a number is of the first.

    Raises:
        InputError: it is of a later one.
    """
    schema = record.get("schema", 1)
    if not isinstance(schema, int) or not 1 <= schema <= known:
        raise InputError(
            f"{folder} was written by a later version of Neuroboard (schema {schema}, this one "
            f"knows {known}): open it with that version."
        )


@dataclass(frozen=True)
class ArrayFile:
    """A `.npy` file of a result.

    Attributes:
        name: of the file.
        kinds: of its numbers, letters of `numpy.dtype.kind`; empty for any real ones.
        axes: what its axes are; empty where that depends.
    """

    name: str
    kinds: str = "biuf"
    axes: tuple[str, ...] = ()

    def mapped(self, folder: Path, kind: Kind, advice: str) -> NDArray[Any]:
        """The array, mapped: nothing of it is read before it is looked at.

        It has as many dimensions as `axes` names, or any shape where there are none.

        Raises:
            NeuroboardError: of the given kind: it is not there, damaged, or holds something else
                than numbers over these axes.
        """
        file = folder / self.name
        with reading(file, kind, advice, "array of NumPy"):
            array: NDArray[Any] = np.asanyarray(np.load(file, mmap_mode="r", allow_pickle=False))
        if array.dtype.kind not in self.kinds or (self.axes and array.ndim != len(self.axes)):
            axes = f" over {', '.join(self.axes)}" if self.axes else ""
            raise kind(damage_sentence(file, f"does not hold numbers{axes}", advice))
        return array

    def read(self, folder: Path, kind: Kind, advice: str) -> NDArray[Any]:
        """The array in memory, in the shape of the one that `mapped` gives.

        Raises:
            NeuroboardError: as `mapped`.
        """
        return np.array(self.mapped(folder, kind, advice))


@dataclass(frozen=True)
class TableFile:
    """A `.csv` file of a result.

    Attributes:
        name: of the file.
        columns: what the columns hold that it must have: `TEXT`, `WHOLE` or `NUMBER`.
        others: what any further columns hold; empty where that depends on the data.
    """

    name: str
    columns: Mapping[str, str]
    others: str = ""

    def read(self, folder: Path, kind: Kind, advice: str) -> "pd.DataFrame":
        """The table, its texts as texts.

        Raises:
            NeuroboardError: of the given kind: it is not there, damaged, lacks a column, or has
                something else in one.
        """
        from pipelines.core.csv import read_csv  # here: workers of a cluster have no pandas

        file = folder / self.name
        texts = {name: str for name, holds in self.columns.items() if holds == TEXT}
        with reading(file, kind, advice, "table"):
            table = read_csv(file, dtype=texts)
        for name, holds in self.columns.items():
            if name not in table:
                raise kind(damage_sentence(file, f"has no column {name}", advice))
            if not _holds(table[name], holds):
                raise kind(
                    damage_sentence(file, f"has something else than {holds}s in {name}", advice)
                )
        for name in table.columns.difference(list(self.columns)) if self.others else ():
            if not _holds(table[name], self.others):
                raise kind(damage_sentence(file, f"has something else than {self.others}s", advice))
        return table


def _holds(column: "pd.Series[Any]", what: str) -> bool:
    """Whether a column holds that; one without rows may hold anything."""
    if what == TEXT or not len(column):
        return True
    return column.dtype.kind in ("iu" if what == WHOLE else "iuf")
