"""Whether two fits of a table find the same clusters, on the rows that both have."""

import numpy as np
import pandas as pd

from pipelines.core.contingency import Shared, counted_together

KEY = ["NeuronId", "SynType", "SynId"]


def shared(one: pd.DataFrame, two: pd.DataFrame) -> Shared:
    """Compare the clusters of two fits.

    Args:
        one: rows of a fit with the key columns and `cluster`.
        two: those of another one.
    """
    first, second = (pd.MultiIndex.from_frame(rows[KEY].astype(str)) for rows in (one, two))
    places = second.get_indexer(first)
    both = places >= 0
    of_one = one["cluster"].to_numpy(np.int64)[both]
    of_two = two["cluster"].to_numpy(np.int64)[places[both]]
    n_both = int(both.sum())
    return counted_together(of_one, of_two, len(one) - n_both, len(two) - n_both)
