"""All maps of a brain map's result, and the one that is looked at."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field

from dashboard.posted import offered
from pipelines.brainmap import maps
from pipelines.brainmap.tiff import read_image
from pipelines.csv_export import read_csv

STACK = "stack"
Planes = Annotated[str, Field(pattern=rf"^({STACK}|[0-9]{{1,6}})$")]
"""What of a volume is shown: all planes as one, or some from one on."""
PALETTES: Mapping[str, str] = {
    "similarity": "similar clusters alike, all apart",
    "notebook": "angles of RGB triplets",
    "colorblind": "safe for colour-blind people (up to 10)",
}


@dataclass(frozen=True)
class Atlas:
    """All maps of a result.

    Attributes:
        shape: (plane, y, x).
        voxels: position of each kept voxel.
        mean: mean image (plane, y, x).
        labels: (k, kept voxel).
        similarity: (k, kept voxel).
        centroids: with columns k, cluster, n_voxels and one per time point.
        palettes: with columns k, palette, cluster, hex.
        sweep: one row per K.
    """

    shape: tuple[int, int, int]
    voxels: NDArray[np.int64]
    mean: NDArray[np.float32]
    labels: NDArray[np.int16]
    similarity: NDArray[np.float32]
    centroids: pd.DataFrame
    palettes: pd.DataFrame
    sweep: pd.DataFrame

    @property
    def ks(self) -> list[int]:
        """The numbers of clusters that were tried."""
        return [int(k) for k in self.sweep["k"]]


@dataclass(frozen=True)
class Map:
    """What is drawn of one of the maps.

    Attributes:
        labels: (plane, y, x), -1 where filtered out.
        similarity: (plane, y, x).
        mean: (plane, y, x).
        centroids: (cluster, time).
        sizes: voxels per cluster.
        colors: `#rrggbb` per cluster.
    """

    labels: NDArray[np.int16]
    similarity: NDArray[np.float32]
    mean: NDArray[np.float32]
    centroids: NDArray[np.float64]
    sizes: NDArray[np.int64]
    colors: tuple[str, ...]


@dataclass(frozen=True)
class Look:
    """What a person chose to see.

    Attributes:
        k: number of clusters.
        palette: a key of `PALETTES`.
        planes: number of the first plane shown, or `STACK`.
        masked: whether colours fade over the mean image where similarity is low.
        alone: the only cluster shown in its colour, or None for all.
        dimensions: of the view of the centroids, 2 or 3.
    """

    k: int
    palette: str
    planes: str = "0"
    masked: bool = False
    alone: int | None = None
    dimensions: int = 2


@lru_cache(maxsize=4)
def load(folder: Path) -> Atlas:
    """Read a result once; a finished result never changes."""
    mean = read_image(folder / "mean.tif")
    mean = mean.reshape((1,) * (3 - mean.ndim) + mean.shape)
    planes, height, width = mean.shape
    return Atlas(
        shape=(planes, height, width),
        voxels=np.load(folder / "voxels.npy"),
        mean=mean,
        labels=np.load(folder / "labels_by_k.npy", mmap_mode="r"),
        similarity=np.load(folder / "similarity_by_k.npy", mmap_mode="r"),
        centroids=read_csv(folder / "centroids_by_k.csv"),
        palettes=read_csv(folder / "palettes.csv"),
        sweep=read_csv(folder / "sweep.csv"),
    )


@lru_cache(maxsize=8)
def load_map(folder: Path, k: int, palette: str) -> Map:
    """One of the maps of a result."""
    atlas = load(folder)
    place = atlas.ks.index(offered(k, atlas.ks))
    clusters = atlas.centroids[atlas.centroids["k"] == k]
    labels = np.asarray(atlas.labels[place])
    return Map(
        labels=maps.volume(labels, atlas.voxels, atlas.shape, maps.FILTERED),
        similarity=maps.volume(np.asarray(atlas.similarity[place]), atlas.voxels, atlas.shape, 0),
        mean=atlas.mean,
        centroids=clusters.drop(columns=["k", "cluster", "n_voxels"]).to_numpy(float),
        sizes=clusters["n_voxels"].to_numpy(np.int64),
        colors=_colors(atlas.palettes, k, palette),
    )


def _colors(palettes: pd.DataFrame, k: int, palette: str) -> tuple[str, ...]:
    """The palette's colours for k clusters; a palette with too few gives way to similarity."""
    own = palettes[palettes["k"] == k]
    chosen = own[own["palette"] == palette]
    if chosen.empty:
        chosen = own[own["palette"] == "similarity"]
    return tuple(chosen["hex"])


def n_filtered(atlas: Atlas) -> int:
    """How many voxels were filtered out."""
    return int(np.prod(atlas.shape)) - len(atlas.voxels)


def series_of(folder: Path, voxel: int) -> NDArray[np.float32]:
    """The normalised series of a kept voxel, given its flat index; reads that row only."""
    voxels = np.load(folder / "voxels.npy", mmap_mode="r")
    row = int(np.searchsorted(voxels, voxel))
    return np.array(np.load(folder / "series.npy", mmap_mode="r")[row])
