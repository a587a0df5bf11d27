"""A map of the synapses in two or three dimensions, for viewing and for clustering by density.

Source: McInnes, Healy and Melville (2018), UMAP, arXiv:1802.03426; trustworthiness:
Venna and Kaski (2001), doi:10.1007/3-540-44668-0_68.
"""

import warnings

import numpy as np
from sklearn.manifold import trustworthiness as sklearn_trustworthiness
from sklearn.neighbors import NearestNeighbors

from pipelines.core.compiled import kept_on_disk
from pipelines.core.errors import TableError
from pipelines.synapses.parameters import FitParameters
from pipelines.synapses.table.arrays import Floats, Integers, Texts

with kept_on_disk(), warnings.catch_warnings():
    # At import umap says that a variant of it, which is not used here, needs tensorflow.
    warnings.filterwarnings("ignore", category=ImportWarning)
    from umap import UMAP

FEWEST_ROWS = 15
"""Below, the neighbourhood graph that UMAP lays out is nearly complete: there is no map."""
EPOCHS = {"default": 200, "published": None}
"""By profile. 200 is what UMAP itself takes for large tables. Its 500 for small ones, which none
stands for, take twice the time for the same clusters and a trustworthiness of 0.981 instead of
0.980 (simulated tables of 440 rows)."""
TRUST_NEIGHBORS = 15
TRUST_ROWS = 3000
"""Trustworthiness compares all pairs; of more rows, so many are drawn."""


def embed(features: Floats, key: Texts, parameters: FitParameters) -> Floats:
    """Lay out features (n, d) as a map (n, 2), or (n, 3) if three dimensions are asked for.

    The rows are sorted by `key` (n, 3) first, so that the order of a file decides nothing.

    Raises:
        TableError: there are too few rows.
    """
    if len(features) < FEWEST_ROWS:
        raise TableError(
            f"{len(features)} synapses are too few for a map: choose a group with at least "
            f"{FEWEST_ROWS}."
        )
    order = np.lexsort(key.T[::-1])
    neighbors = min(parameters.umap_neighbors, len(features) - 1)
    layout = UMAP(
        n_components=int(parameters.dimensions),
        n_neighbors=neighbors,
        precomputed_knn=exact_neighbors(features[order], neighbors),
        min_dist=parameters.umap_min_dist,
        n_epochs=EPOCHS[parameters.profile],
        random_state=parameters.seed,
        n_jobs=1,
    )
    embedding = np.empty((len(features), int(parameters.dimensions)))
    with warnings.catch_warnings():
        # Clusters far apart leave the neighbourhood graph in pieces: expected, and handled.
        warnings.filterwarnings("ignore", message="Graph is not fully connected")
        # It is never asked for the places of further rows.
        warnings.filterwarnings("ignore", message=r"precomputed_knn\[2\]")
        warnings.filterwarnings("ignore", message="Spectral initialisation failed")
        embedding[order] = layout.fit_transform(features[order])
    return embedding


def exact_neighbors(features: Floats, neighbors: int) -> tuple[Integers, Floats]:
    """Rows (n, neighbors) nearest to each row, itself among them, and their distances.

    They are exact. UMAP's own search calls a compiled distance pair by pair for tables below
    4,096 rows, and above it compiles an approximate one in every new process.
    """
    near, rows = NearestNeighbors(n_neighbors=neighbors).fit(features).kneighbors(features)
    return rows, near


def trustworthiness(features: Floats, embedding: Floats, seed: int) -> float:
    """How far neighbours on the map are neighbours in the features, from 0 to 1.

    Args:
        features: (n, d).
        embedding: (n, 2), or (n, 3).
        seed: of the rows that are drawn of many.
    """
    rows = np.arange(len(features))
    if len(rows) > TRUST_ROWS:
        rows = np.random.default_rng(seed).choice(rows, TRUST_ROWS, replace=False)
    neighbors = min(TRUST_NEIGHBORS, (len(rows) - 1) // 2)
    return float(sklearn_trustworthiness(features[rows], embedding[rows], n_neighbors=neighbors))
