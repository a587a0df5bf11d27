"""The clustered synapses of a finished fit, and how they are picked out on its map."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dashboard.synapses.map_figures import MapWindow
from pipelines.core.polygon import in_polygon
from pipelines.synapses.fits import described
from pipelines.synapses.fits.folder import FinishedFit


@lru_cache(maxsize=4)
def load(folder: Path) -> FinishedFit:
    """Open a fit once; a finished fit never changes."""
    return FinishedFit(folder)


def clusters(folder: Path) -> pd.DataFrame:
    """The clustered synapses, numbered from 0 in the order of the table."""
    return load(folder).clusters


@lru_cache(maxsize=4)
def sizes(folder: Path) -> Mapping[int, int]:
    """How many rows each cluster has, by its number; noise (-1) first."""
    names, counts = np.unique(clusters(folder)["cluster"].to_numpy(np.int64), return_counts=True)
    return dict(zip(names.tolist(), counts.tolist(), strict=True))


def nearest(folder: Path, row: int) -> list[int]:
    """The synapses whose features are nearest to those of one, nearest first."""
    return described.nearest(load(folder).features, row)


def inside(rows: pd.DataFrame, outline: Mapping[str, Any] | None) -> NDArray[np.int64] | None:
    """The rows that were clicked, boxed or lassoed on the map, ascending; None for all.

    Of few points they are named; of many, and of a raster, only the outline is known.
    """
    if not outline:
        return None
    if "points" in outline:
        return np.array(sorted(int(point) for point in outline["points"]), dtype=np.int64)
    x, y = rows["UMAP_1"].to_numpy(), rows["UMAP_2"].to_numpy()
    if "range" in outline:
        return in_box(x, y, outline["range"]["x"], outline["range"]["y"])
    if "lassoPoints" not in outline:
        return None
    corners = outline["lassoPoints"]
    near = in_box(x, y, *([min(corners[axis]), max(corners[axis])] for axis in "xy"))
    return near[in_polygon(x[near], y[near], corners["x"], corners["y"])]


def in_box(
    x: NDArray[np.float64], y: NDArray[np.float64], across: Sequence[float], up: Sequence[float]
) -> NDArray[np.int64]:
    """The points in a box, edges with them, ascending."""
    within = (x >= across[0]) & (x <= across[1]) & (y >= up[0]) & (y <= up[1])
    return np.flatnonzero(within)


def window_of(view: Sequence[float] | None) -> MapWindow | None:
    """The part of the map that is looked at (left, right, bottom, top); None for all."""
    return MapWindow(*(float(edge) for edge in view)) if view else None
