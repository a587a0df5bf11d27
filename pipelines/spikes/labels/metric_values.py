"""The metrics of some units, under the names that SpikeInterface uses today."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd

Column = NDArray[np.float64]


@dataclass(frozen=True)
class MetricTable:
    """The metrics of some units.

    Attributes:
        rows: the table as it was given, `unit_id` first, earlier labels removed.
        metrics: a column of shape (unit,) for each metric that has a value, by today's name.
        renamed: today's name of each metric that is called differently in `rows`.
        notes: what was taken where the table can be read in more than one way, in sentences.
    """

    rows: "pd.DataFrame"
    metrics: Mapping[str, Column]
    renamed: Mapping[str, str]
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.rows)

    def column(self, metric: str) -> Column:
        """A metric of all units, shape (unit,); nan throughout when the table lacks it."""
        found = self.metrics.get(metric)
        return np.full(len(self), np.nan) if found is None else found

    def has(self, metric: str) -> bool:
        """Whether at least one unit has this metric."""
        return metric in self.metrics
