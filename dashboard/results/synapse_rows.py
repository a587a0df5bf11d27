"""The clustered synapses of a finished fit, and how they are picked out on its map."""

from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dashboard.figures.synapses import Window

N_NEAREST = 5


@lru_cache(maxsize=4)
def clusters(folder: Path) -> pd.DataFrame:
    """The clustered synapses, numbered from 0 in the order of the table."""
    return pd.read_csv(folder / "clusters.csv", dtype={"NeuronId": str, "SynType": str})


@lru_cache(maxsize=4)
def _features(folder: Path) -> NDArray[np.float64]:
    """The features (n, 5) that were compared, in the order of `clusters`."""
    with np.load(folder / "model.npz", allow_pickle=False) as arrays:
        key, features = arrays["key"][arrays["selected"]], arrays["features"]
    names = pd.MultiIndex.from_arrays(list(key.T))
    rows = clusters(folder)
    wanted = [rows[name].astype(str) for name in ("NeuronId", "SynType", "SynId")]
    ordered: NDArray[np.float64] = features[names.get_indexer(pd.MultiIndex.from_arrays(wanted))]
    return ordered


def nearest(folder: Path, row: int) -> list[int]:
    """The synapses whose features are nearest to those of one, nearest first."""
    features = _features(folder)
    distance = ((features - features[row]) ** 2).sum(axis=1)
    distance[row] = np.inf
    found: list[int] = np.argsort(distance, kind="stable")[:N_NEAREST].tolist()
    return found


def inside(rows: pd.DataFrame, selected: dict[str, Any] | None) -> list[int] | None:
    """The rows that were clicked, boxed or lassoed on the map; None for all.

    Of a density raster only the outline is known, and the rows are looked up in it.
    """
    if not selected:
        return None
    points = [point["customdata"] for point in selected.get("points", []) if "customdata" in point]
    if points:
        return [int(point) for point in points]
    x, y = rows["UMAP_1"].to_numpy(), rows["UMAP_2"].to_numpy()
    if "range" in selected:
        (left, right), (bottom, top) = selected["range"]["x"], selected["range"]["y"]
        within = (x >= left) & (x <= right) & (y >= bottom) & (y <= top)
    elif "lassoPoints" in selected:
        within = in_polygon(x, y, selected["lassoPoints"]["x"], selected["lassoPoints"]["y"])
    else:
        return None
    found: list[int] = np.flatnonzero(within).tolist()
    return found


def in_polygon(
    x: NDArray[np.float64], y: NDArray[np.float64], corner_x: list[float], corner_y: list[float]
) -> NDArray[np.bool_]:
    """Which points (n,) lie in a polygon: a ray from them crosses its outline an odd time."""
    within = np.zeros(len(x), dtype=bool)
    for i in range(len(corner_x)):
        x1, y1, x2, y2 = corner_x[i - 1], corner_y[i - 1], corner_x[i], corner_y[i]
        if y1 == y2:
            continue
        crosses = (y1 > y) != (y2 > y)
        within ^= crosses & (x < (x2 - x1) * (y - y1) / (y2 - y1) + x1)
    return within


def window_of(zoom: dict[str, Any] | None) -> Window | None:
    """The part of the map that a zoom shows; None for all."""
    names = [f"{axis}axis.range[{end}]" for axis in "xy" for end in (0, 1)]
    if not zoom or any(name not in zoom for name in names):
        return None
    return Window(*(float(zoom[name]) for name in names))
