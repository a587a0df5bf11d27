"""Data without clusters that look like the real ones column by column.

A Gaussian copula: the columns keep their own distributions exactly (the very values are
dealt out anew) and, nearly, their correlations; all other structure between them is gone.

Source: Liu et al. (2008), SigClust, doi:10.1198/016214508000000454, for the idea of testing
clusters against one unimodal population; Nelsen (2006), An Introduction to Copulas.
"""

import numpy as np
from scipy.stats import norm, rankdata

from pipelines.synapses.arrays import Floats


def copula_surrogate(values: Floats, random: np.random.Generator) -> Floats:
    """Values (n, d) dealt out anew by a Gaussian copula with their rank correlations.

    Args:
        values: n of at least 3; no column may be constant.
        random: the generator.
    """
    n_rows, n_columns = values.shape
    scores = norm.ppf(rankdata(values, axis=0) / (n_rows + 1))
    correlation = np.corrcoef(scores, rowvar=False)
    drawn = random.multivariate_normal(np.zeros(n_columns), correlation, n_rows, method="eigh")
    ranks = np.argsort(np.argsort(drawn, axis=0, kind="stable"), axis=0, kind="stable")
    surrogate: Floats = np.take_along_axis(np.sort(values, axis=0), ranks, axis=0)
    return surrogate
