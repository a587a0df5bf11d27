"""A finished map, read back from its folder."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.brainmap.info import NOTHING_SAID, ImageInfo
from pipelines.brainmap.tiff import read_image
from pipelines.errors import InputError, ParameterError

FILES = ("series.npy", "voxels.npy", "labels_by_k.npy", "centroids_by_k.csv", "palettes.csv")


@dataclass(frozen=True)
class FinishedMap:
    """What a map was made of and what it found, for each K.

    Attributes:
        shape: (plane, y, x).
        series: normalised (kept voxel, time); mapped, not read.
        voxels: position of each in the order of plane, y, x.
        labels: (k, kept voxel).
        similarity: (k, kept voxel).
        mean: mean image (plane, y, x).
        centroids: with columns k, cluster, n_voxels and one per time point.
        palettes: with columns k, palette, cluster, hex.
        ks: the numbers of clusters that were tried.
        k: the chosen one.
        info: what is known of the images.
    """

    shape: tuple[int, int, int]
    series: NDArray[np.float32]
    voxels: NDArray[np.int64]
    labels: NDArray[np.int16]
    similarity: NDArray[np.float32]
    mean: NDArray[np.float32]
    centroids: pd.DataFrame
    palettes: pd.DataFrame
    ks: tuple[int, ...]
    k: int
    info: ImageInfo

    def place(self, k: int | None) -> int:
        """Where a number of clusters stands among those that were tried; None is the chosen one.

        Raises:
            ParameterError: it was not tried.
        """
        wanted = self.k if k is None else k
        if wanted not in self.ks:
            tried = ", ".join(map(str, self.ks))
            raise ParameterError(f"k: the map has no K = {wanted}; it has {tried}.")
        return self.ks.index(wanted)

    def centroids_of(self, k: int | None) -> NDArray[np.float64]:
        """Centroids (cluster, time) of one K."""
        rows = self.centroids[self.centroids["k"] == self.ks[self.place(k)]]
        return rows.drop(columns=["k", "cluster", "n_voxels"]).to_numpy(float)

    def colors_of(self, k: int | None, palette: str = "similarity") -> tuple[str, ...]:
        """`#rrggbb` per cluster; a palette with too few colours gives way to similarity."""
        own = self.palettes[self.palettes["k"] == self.ks[self.place(k)]]
        chosen = own[own["palette"] == palette]
        if chosen.empty:
            chosen = own[own["palette"] == "similarity"]
        return tuple(chosen["hex"])


def open_map(folder: Path) -> FinishedMap:
    """Open the folder that `brainmap fit` made.

    Raises:
        InputError: it is of another kind, or lacks a file.
    """
    missing = [name for name in FILES if not (folder / name).exists()]
    if missing:
        raise InputError(
            f"{folder} is no finished map (it has no {missing[0]}): give the folder that "
            "brainmap fit made."
        )
    mean = read_image(folder / "mean.tif")
    mean = mean.reshape((1,) * (3 - mean.ndim) + mean.shape)
    ks = tuple(int(k) for k in pd.read_csv(folder / "sweep.csv")["k"])
    planes, height, width = mean.shape
    return FinishedMap(
        shape=(planes, height, width),
        series=_mapped(folder / "series.npy"),
        voxels=np.load(folder / "voxels.npy"),
        labels=_mapped(folder / "labels_by_k.npy"),
        similarity=_mapped(folder / "similarity_by_k.npy"),
        mean=mean,
        centroids=pd.read_csv(folder / "centroids_by_k.csv"),
        palettes=pd.read_csv(folder / "palettes.csv"),
        ks=ks,
        k=len(pd.read_csv(folder / "colors.csv")),
        info=_info(folder / "run.json"),
    )


def _info(record: Path) -> ImageInfo:
    """What the images' file said, or a person, when the map was made."""
    if not record.exists():
        return NOTHING_SAID
    return ImageInfo.of_results(json.loads(record.read_text(encoding="utf-8"))["results"])


def _mapped(file: Path) -> NDArray[Any]:
    return np.asanyarray(np.load(file, mmap_mode="r", allow_pickle=False))
