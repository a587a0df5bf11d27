"""On which units labellers differ."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.spikes.labels.labellers import LABELLERS
from pipelines.spikes.labels.words import GOOD, plain


def ran(labels: pd.DataFrame) -> list[str]:
    """The labellers that labelled every unit of a table, in the order of `LABELLERS`.

    Args:
        labels: a row per unit, with the labellers' columns.
    """
    return [
        name
        for name, one in LABELLERS.items()
        if one.column in labels and bool((labels[one.column] != "").all())
    ]


def disagreement(labels: pd.DataFrame) -> NDArray[np.int64]:
    """Of each unit, how many labellers say something else than most of the others.

    An axon that is called good or mua is called as a soma is. Labellers that know only good and
    noise differ only about that, and from all others.

    Args:
        labels: a row per unit, with the labellers' columns.

    Returns:
        shape (unit,).
    """
    words = {
        name: np.array([plain(word) for word in labels[LABELLERS[name].column]], dtype=object)
        for name in ran(labels)
    }
    fine = [said for name, said in words.items() if not LABELLERS[name].coarse]
    coarse = [said for name, said in words.items() if LABELLERS[name].coarse]
    found = _others(fine or coarse, len(labels))
    for said in coarse if fine else ():
        good = said == GOOD
        found += np.all([(word == GOOD) != good for word in fine], axis=0)
    return found


def _others(words: list[NDArray[np.object_]], n: int) -> NDArray[np.int64]:
    """Of each unit, how many of these words are not the most frequent one."""
    counts = np.zeros((len(words), n), dtype=np.int64)
    for row, word in enumerate(words):
        counts[row] = np.sum([word == other for other in words], axis=0)
    most: NDArray[np.int64] = len(words) - counts.max(axis=0, initial=0)
    return most
