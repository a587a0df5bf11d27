"""A finished map, read back from its folder."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.brainmap.images import is_sound
from pipelines.brainmap.info import NOTHING_SAID, ImageInfo
from pipelines.brainmap.series import blocks
from pipelines.brainmap.tiff import read_image
from pipelines.csv_export import read_csv
from pipelines.errors import InputError, ParameterError
from pipelines.reading import reading
from pipelines.result_files import read_object

ADVICE = "copy it again, or map the images again"
COLOR = "#[0-9a-fA-F]{6}"
FILES = ("series.npy", "voxels.npy", "labels_by_k.npy", "centroids_by_k.csv", "palettes.csv")


@dataclass(frozen=True)
class FinishedMap:
    """What a map was made of and what it found, for each K.

    Attributes:
        folder: where it lies.
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

    folder: Path
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

    def labels_of(self, k: int | None) -> NDArray[np.int16]:
        """The cluster of each kept voxel for one K.

        Raises:
            InputError: there is no such cluster; the file is damaged.
        """
        place = self.place(k)
        labels = np.asarray(self.labels[place])
        if labels.min(initial=0) < 0 or labels.max(initial=0) >= self.ks[place]:
            raise InputError(_disagrees(self.folder / "labels_by_k.npy"))
        return labels

    def require_sound_series(self) -> None:
        """Look at all values of the series, of which opening reads none.

        Raises:
            InputError: one is no number, or too large for one; the file is damaged.
        """
        if not all(is_sound(self.series[rows]).all() for rows in blocks(self.series)):
            raise InputError(_disagrees(self.folder / "series.npy"))

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
    with reading(folder, InputError, ADVICE, "finished map"):
        found = _read(folder)
        _require_agreement(found, folder)
        return found


def _read(folder: Path) -> FinishedMap:
    mean = read_image(folder / "mean.tif")
    mean = mean.reshape((1,) * (3 - mean.ndim) + mean.shape)
    ks = tuple(int(k) for k in read_csv(folder / "sweep.csv")["k"])
    planes, height, width = mean.shape
    return FinishedMap(
        folder=folder,
        shape=(planes, height, width),
        series=_mapped(folder / "series.npy"),
        voxels=np.load(folder / "voxels.npy", allow_pickle=False),
        labels=_mapped(folder / "labels_by_k.npy"),
        similarity=_mapped(folder / "similarity_by_k.npy"),
        mean=mean,
        centroids=read_csv(folder / "centroids_by_k.csv"),
        palettes=read_csv(folder / "palettes.csv"),
        ks=ks,
        k=len(read_csv(folder / "colors.csv")),
        info=_info(folder / "run.json"),
    )


def _require_agreement(found: FinishedMap, folder: Path) -> None:
    """Refuse files that are whole but not of one map, as after an interrupted copy."""
    n_voxels, n_ks, n_times = len(found.voxels), len(found.ks), found.series.shape[1]
    centroids = found.centroids.drop(columns=["k", "cluster", "n_voxels"])
    colors = found.palettes.groupby(["k", "palette"]).size()
    agreeing = {
        "voxels.npy": found.voxels.shape == (n_voxels,)
        and found.voxels.dtype.kind in "iu"
        and bool((np.diff(found.voxels) > 0).all())
        and found.voxels.min(initial=0) >= 0
        and found.voxels.max(initial=0) < np.prod(found.shape),
        "series.npy": found.series.shape == (n_voxels, n_times) and found.series.dtype.kind == "f",
        "labels_by_k.npy": found.labels.shape == (n_ks, n_voxels)
        and found.labels.dtype.kind == "i",
        "similarity_by_k.npy": found.similarity.shape == (n_ks, n_voxels)
        and found.similarity.dtype.kind == "f",
        "centroids_by_k.csv": found.centroids["k"].value_counts().to_dict()
        == {k: k for k in found.ks}
        and centroids.shape[1] == n_times
        and bool(np.isfinite(centroids.to_numpy(float)).all()),
        "palettes.csv": all((k, "similarity") in colors for k in found.ks)
        and bool((colors == colors.index.get_level_values("k")).all())
        and bool(found.palettes["hex"].astype(str).str.fullmatch(COLOR).all()),
        "colors.csv": found.k in found.ks,
    }
    for name in (name for name, agrees in agreeing.items() if not agrees):
        raise InputError(_disagrees(folder / name))


def _disagrees(file: Path) -> str:
    return (
        f"{file} does not agree with the other files of the map, is damaged or cut short: {ADVICE}."
    )


def _info(record: Path) -> ImageInfo:
    """What the images' file said, or a person, when the map was made."""
    if not record.exists():
        return NOTHING_SAID
    return ImageInfo.of_results(read_object(record, InputError, ADVICE)["results"])


def _mapped(file: Path) -> NDArray[Any]:
    return np.asanyarray(np.load(file, mmap_mode="r", allow_pickle=False))
