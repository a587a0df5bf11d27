"""Synapses as arrays, between the checked table and the mathematics."""

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from pipelines.synapses.columns import AREAS, KEY, POSITION, SOMA

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Booleans = npt.NDArray[np.bool_]
Texts = npt.NDArray[np.str_]


@dataclass(frozen=True)
class Synapses:
    """n synapses.

    Attributes:
        key: (n, 3) NeuronId, SynType, SynId.
        position: (n, 3) um, relative to the soma of the neuron.
        areas: (n, 2) um2, of the synapse and of the bouton.
    """

    key: Texts
    position: Floats
    areas: Floats

    @classmethod
    def from_rows(cls, rows: pd.DataFrame) -> Self:
        """Take the rows of a `CheckedTable`, in their order."""
        key = rows[list(KEY)].to_numpy().astype(str).reshape(-1, len(KEY))
        position = rows[list(POSITION)].to_numpy(float) - rows[list(SOMA)].to_numpy(float)
        return cls(key, position, rows[list(AREAS)].to_numpy(float))

    def __len__(self) -> int:
        return len(self.key)

    @property
    def neurons(self) -> Texts:
        """(n,) NeuronId."""
        neurons: Texts = self.key[:, 0]
        return neurons

    def take(self, rows: Booleans | Integers) -> "Synapses":
        """A selection, by mask or by position."""
        return Synapses(self.key[rows], self.position[rows], self.areas[rows])


def somas_of(rows: pd.DataFrame) -> dict[str, Floats]:
    """Position of the soma in um by NeuronId, of rows whose somas are constant."""
    first = rows.drop_duplicates("NeuronId")
    places = first[list(SOMA)].to_numpy(float)
    return dict(zip(first["NeuronId"], places, strict=True))
