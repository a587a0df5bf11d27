"""One label for each unit: that of the most trusted labeller, else by the unit's SNR."""

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from pipelines.spikes.labels.columns import TRUSTED
from pipelines.spikes.labels.words import GOOD, LABELS, MUA, plain


def words(column: pd.Series) -> pd.Series:
    """Labels (unit,) as plain words, empty where there is none; the index stays."""
    said = ["" if pd.isna(cell) else plain(cell) for cell in column]
    return pd.Series(said, column.index, dtype=object)


def by_snr(snr: ArrayLike, least: float) -> NDArray[np.str_]:
    """What units are that nobody has labelled: good from an SNR on, and mua below it.

    Args:
        snr: as it stands in the table of units, shape (unit,).
        least: the smallest SNR of a good unit.

    Returns:
        shape (unit,).
    """
    return np.where(np.asarray(snr, dtype=np.float64) >= least, GOOD, MUA)


def one_label(units: pd.DataFrame, least_snr: float) -> pd.Series:
    """The label of each unit, indexed as the table.

    Args:
        units: a row per unit, with `snr` and what labellers' columns there are.
        least_snr: the smallest SNR of a good unit that nobody has labelled.
    """
    found = pd.Series(by_snr(units["snr"], least_snr), index=units.index)
    for column in reversed([name for name in TRUSTED if name in units]):
        said = words(units[column])
        found = said.where(said.isin(LABELS), found)
    return found
