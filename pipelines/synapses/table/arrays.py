"""Synapses as arrays, between the checked table and the mathematics."""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from pipelines.synapses.table.columns import KEY, SYNAPSES, Schema

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Booleans = npt.NDArray[np.bool_]
Texts = npt.NDArray[np.str_]


@dataclass(frozen=True)
class Synapses:
    """n synapses, or rows of another table of points.

    Attributes:
        key: (n, 3) NeuronId, SynType, SynId.
        position: (n, 3) um, relative to the soma of the neuron; of another table (n, 0 to 3).
        areas: (n, 2) um2, of the synapse and of the bouton; of another table (n, m) features.
        schema: which columns these are.
    """

    key: Texts
    position: Floats
    areas: Floats
    schema: Schema = SYNAPSES

    @classmethod
    def from_rows(cls, rows: pd.DataFrame, schema: Schema = SYNAPSES) -> Self:
        """Take the n rows of a `CheckedTable` (um, um2), in their order.

        Args:
            rows: `CheckedTable.rows`.
            schema: which columns say what; positions count from the origin that it names.
        """
        key = rows[list(KEY)].to_numpy().astype(str).reshape(-1, len(KEY))
        position = rows[list(schema.coordinates)].to_numpy(float)
        if schema.origin:
            position = position - rows[list(schema.origin)].to_numpy(float)
        return cls(key, position, rows[list(schema.features)].to_numpy(float), schema)

    def __len__(self) -> int:
        return len(self.key)

    @property
    def neurons(self) -> Texts:
        """(n,) NeuronId."""
        neurons: Texts = self.key[:, 0]
        return neurons

    def take(self, rows: Booleans | Integers) -> "Synapses":
        """A selection, by mask (n,) or by m positions (m,), in the order of these."""
        return replace(
            self, key=self.key[rows], position=self.position[rows], areas=self.areas[rows]
        )


def somas_of(rows: pd.DataFrame, schema: Schema = SYNAPSES) -> dict[str, Floats]:
    """Position (3,) of the soma in um by NeuronId, of rows whose somas are constant.

    A table without somas gives none.
    """
    if not schema.origin:
        return {}
    first = rows.drop_duplicates("NeuronId")
    places = first[list(schema.origin)].to_numpy(float)
    return dict(zip(first["NeuronId"], places, strict=True))
