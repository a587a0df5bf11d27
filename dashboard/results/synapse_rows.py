"""The clustered synapses of a finished fit, and how they are picked out on its map."""

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dashboard.figures.synapses import Window
from pipelines.csv_export import read_csv
from pipelines.errors import InputError
from pipelines.polygon import in_polygon
from pipelines.result_files import opened_arrays
from pipelines.synapses.columns import OTHER_TYPE, SYNAPSES, Schema

N_NEAREST = 5


@lru_cache(maxsize=4)
def clusters(folder: Path) -> pd.DataFrame:
    """The clustered synapses, numbered from 0 in the order of the table.

    Rows of another table of points get the names of the key, beside their own.
    """
    schema = schema_of(folder)
    text = {name: str for name in ("NeuronId", "SynType", *schema.key_columns) if name != "SynId"}
    rows = read_csv(folder / "clusters.csv", dtype=text)
    if schema == SYNAPSES:
        return rows
    ids = rows[schema.id or "point"].astype(str)
    groups = rows[schema.group].astype(str) if schema.group else "all"
    return rows.assign(NeuronId=groups, SynType=OTHER_TYPE, SynId=ids)


def schema_of(folder: Path) -> Schema:
    """Which columns a fit was made of."""
    with opened_arrays(folder / "model.npz", InputError) as arrays:
        stored = str(arrays["schema"]) if "schema" in arrays else ""
    return Schema.from_dict(json.loads(stored)) if stored else SYNAPSES


@lru_cache(maxsize=4)
def _features(folder: Path) -> NDArray[np.float64]:
    """The features (n, d) that were compared, in the order of `clusters`."""
    with opened_arrays(folder / "model.npz", InputError) as arrays:
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
    count = min(N_NEAREST, len(distance) - 1)
    near = np.argpartition(distance, count)[:count]
    found: list[int] = near[np.lexsort((near, distance[near]))].tolist()
    return found


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
        return _in_box(x, y, outline["range"]["x"], outline["range"]["y"])
    if "lassoPoints" not in outline:
        return None
    corners = outline["lassoPoints"]
    near = _in_box(x, y, *([min(corners[axis]), max(corners[axis])] for axis in "xy"))
    return near[in_polygon(x[near], y[near], corners["x"], corners["y"])]


def _in_box(
    x: NDArray[np.float64], y: NDArray[np.float64], across: Sequence[float], up: Sequence[float]
) -> NDArray[np.int64]:
    within = (x >= across[0]) & (x <= across[1]) & (y >= up[0]) & (y <= up[1])
    return np.flatnonzero(within)


def window_of(view: Sequence[float] | None) -> Window | None:
    """The part of the map that is looked at (left, right, bottom, top); None for all."""
    return Window(*(float(edge) for edge in view)) if view else None
