"""What is selected of a film's workspace, and the map that it is selected of."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from dashboard.brainmap.map.chosen import PALETTES, load, load_map
from dashboard.brainmap.tabs.sheet import ALL, is_number, voxel_of
from dashboard.jobs.store import Job
from dashboard.kit import results
from dashboard.kit.desk import Key, View
from dashboard.kit.scale import Scale
from pipelines.brainmap.map.folder import MapOfK

K, CLUSTER, VOXEL, PALETTE, PLANES, SHADING = (
    "k", "cluster", "voxel", "palette", "planes", "shading",
)  # fmt: skip
PLANE, TIME = "plane", "time"
"""Of pictures that show one plane, at one time point."""
FLAT, FADED = "flat", "faded"
OTHER_K = "other_k"
"""Of the map that is compared."""
KEYS = (
    Key(K, str),
    Key(CLUSTER, int),
    Key(VOXEL, str),
    Key(PALETTE, str),
    Key(PLANES, str),
    Key(SHADING, str),
    Key(OTHER_K, str),
    Key(PLANE, int),
    Key(TIME, int),
)
"""K is a text, as lists of choices have it."""


def start(view: View) -> Mapping[str, Any]:
    """The chosen K in all planes, and a voxel that is typical of the largest cluster."""
    found = results.headline(view.run)
    k, palette = str(found["k"]), found["palette"]
    voxel = typical(load_map(folder(view.run), int(k), palette))
    return {K: k, PALETTE: palette, PLANES: ALL, SHADING: FLAT, VOXEL: voxel}


def typical(fitted: MapOfK) -> str:
    """The voxel of the largest cluster that resembles its centroid most."""
    inside = np.where(fitted.labels == int(fitted.sizes.argmax()), fitted.similarity, -np.inf)
    return ",".join(map(str, np.unravel_index(int(inside.argmax()), inside.shape)))


def folder(job: Job) -> Path:
    """Where a run's map lies."""
    return results.folder(job.id)


def k_of(view: View) -> int:
    """The K that is selected; that of the run where it has no such one."""
    text = view.chosen.get(K) or ""
    known = load(folder(view.run)).ks
    return int(text) if text.isdigit() and int(text) in known else _of_run(view)


def _of_run(view: View) -> int:
    return int(results.headline(view.run)["k"])


def palette_of(view: View) -> str:
    """The palette that is selected."""
    chosen = str(view.chosen.get(PALETTE))
    return chosen if chosen in PALETTES else str(results.headline(view.run)["palette"])


def fitted_of(view: View) -> MapOfK:
    """The map of the selected K in the selected palette."""
    return load_map(folder(view.run), k_of(view), palette_of(view))


def cluster_of(view: View, fitted: MapOfK) -> int | None:
    """The cluster that is selected; None where it is none of this K."""
    cluster = view.chosen.get(CLUSTER)
    return cluster if cluster is not None and 0 <= cluster < len(fitted.colors) else None


def place_of(view: View, fitted: MapOfK) -> tuple[int, int, int] | None:
    """The voxel (plane, y, x) that is selected."""
    return voxel_of(fitted, view.chosen.get(VOXEL) or "")


def number_of(view: View, key: str, count: int, usual: int = 0) -> int:
    """The plane or time point that is selected of `count`; the usual one where it is none."""
    chosen = view.chosen.get(key)
    return chosen if chosen is not None and 0 <= chosen < count else usual


def pointed_of(view: View, shape: Sequence[int]) -> tuple[int, int, int] | None:
    """The voxel that is selected in images of that shape (plane, y, x)."""
    parts = str(view.chosen.get(VOXEL) or "").split(",")
    if len(parts) != len(shape) or not all(map(is_number, parts)):
        return None
    plane, y, x = map(int, parts)
    inside = all(one < size for one, size in zip((plane, y, x), shape, strict=True))
    return (plane, y, x) if inside else None


def scale_of(view: View) -> Scale:
    """Micrometres and seconds of the film."""
    return Scale.of(results.headline(view.run))
