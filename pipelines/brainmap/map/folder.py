"""A map's folder: the only place that knows its files, writes them and reads them again.

    labels.tif labels_imagej.tif similarity.tif      the chosen number of clusters, as volumes
    map.tif map.png centroids.csv colors.csv         and in colours
    mean.tif std.tif                                 of all voxels
    series.npy voxels.npy                            what was clustered
    sweep.csv palettes.csv centroids_by_k.csv        every number of clusters that was tried
    labels_by_k.npy similarity_by_k.npy
    run.json                                         what was done

An export has some of them, and the pictures that only an export writes. Opening a map checks that
its files are of one map, and reads none of the large ones: they are mapped.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.brainmap.formats.volume_files import read_volume, write_imagej_labels, write_volume
from pipelines.brainmap.images.images import is_sound
from pipelines.brainmap.images.info import NOTHING_SAID, ImageInfo
from pipelines.brainmap.map import maps
from pipelines.brainmap.parameters import BrainmapParameters
from pipelines.brainmap.voxels.series import Floats, blocks
from pipelines.core.csv import write_csv
from pipelines.core.errors import InputError, ParameterError
from pipelines.core.outputs import RECORD
from pipelines.core.result_files import begin_array, read_object
from pipelines.core.result_schema import (
    NUMBER,
    TEXT,
    WHOLE,
    ArrayFile,
    TableFile,
    require_version,
)
from pipelines.figures.png import write_png
from pipelines.files.reading import reading

VERSION = 1
"""Of the schema below. A record without a number is of version 1; a change of the schema counts it
up, writes it as `schema` into the record and says in `open_map` what older folders lack."""
ADVICE = "copy it again, or map the images again"
COLOR = "#[0-9a-fA-F]{6}"

LABELS, LABELS_IMAGEJ, SIMILARITY = "labels.tif", "labels_imagej.tif", "similarity.tif"
MAP, MAP_PICTURE, MEAN, DEVIATION = "map.tif", "map.png", "mean.tif", "std.tif"
MAP_DRAWING, CENTROIDS_DRAWING, MAP_NWB = "map.svg", "centroids.svg", "map.nwb"
"""Only in an export."""
SERIES = ArrayFile("series.npy", "f", ("voxel", "time"))
VOXELS = ArrayFile("voxels.npy", "iu", ("voxel",))
LABELS_BY_K = ArrayFile("labels_by_k.npy", "i", ("k", "voxel"))
SIMILARITY_BY_K = ArrayFile("similarity_by_k.npy", "f", ("k", "voxel"))
SWEEP = TableFile("sweep.csv", {"k": WHOLE}, others=NUMBER)
CENTROIDS = TableFile("centroids.csv", {"cluster": WHOLE, "n_voxels": WHOLE}, others=NUMBER)
CENTROIDS_BY_K = TableFile("centroids_by_k.csv", {"k": WHOLE, **CENTROIDS.columns}, others=NUMBER)
COLORS = TableFile("colors.csv", {"cluster": WHOLE, "hex": TEXT})
PALETTES = TableFile("palettes.csv", {"k": WHOLE, "palette": TEXT, "cluster": WHOLE, "hex": TEXT})

MARKS = (SERIES, VOXELS, LABELS_BY_K, CENTROIDS_BY_K, PALETTES)
"""Files that no other folder has all of."""
ROW_TYPES: Mapping[ArrayFile, "np.dtype[Any]"] = {
    LABELS_BY_K: np.dtype(np.int16),
    SIMILARITY_BY_K: np.dtype(np.float32),
}


@dataclass(frozen=True)
class MapOfK:
    """The map of one number of clusters.

    Attributes:
        labels: (plane, y, x), -1 where filtered out.
        similarity: (plane, y, x), correlation with the centroid; 0 where filtered out.
        mean: (plane, y, x), intensity over time; NaN where a series holds NaN.
        centroids: (cluster, time).
        sizes: voxels per cluster (cluster,).
        colors: `#rrggbb` per cluster.
    """

    labels: NDArray[np.int16]
    similarity: NDArray[np.float32]
    mean: NDArray[np.float32]
    centroids: Floats
    sizes: NDArray[np.int64]
    colors: tuple[str, ...]

    @property
    def color_bytes(self) -> NDArray[np.uint8]:
        """Red, green and blue per cluster (cluster, 3)."""
        return np.array([list(bytes.fromhex(color[1:])) for color in self.colors], np.uint8)


# -- reading


@dataclass(frozen=True)
class FinishedMap:
    """What a map was made of and what it found, for each K.

    Attributes:
        folder: where it lies.
        series: normalised (kept voxel, time); mapped, not read.
        voxels: position of each in the order of plane, y, x (kept voxel,).
        labels: (k, kept voxel); mapped.
        similarity: (k, kept voxel); mapped.
        mean: mean image (plane, y, x).
        centroids: with columns k, cluster, n_voxels and one per time point.
        palettes: with columns k, palette, cluster, hex.
        sweep: a row for each K, with its figures.
        k: the chosen one.
        record: content of `run.json`; empty if it is not there.
    """

    folder: Path
    series: NDArray[np.float32]
    voxels: NDArray[np.int64]
    labels: NDArray[np.int16]
    similarity: NDArray[np.float32]
    mean: NDArray[np.float32]
    centroids: pd.DataFrame
    palettes: pd.DataFrame
    sweep: pd.DataFrame
    k: int
    record: Mapping[str, Any]

    @property
    def shape(self) -> tuple[int, int, int]:
        """Of the volume (plane, y, x)."""
        planes, height, width = self.mean.shape
        return planes, height, width

    @cached_property
    def ks(self) -> tuple[int, ...]:
        """The numbers of clusters that were tried."""
        return tuple(int(k) for k in self.sweep["k"])

    @property
    def n_filtered(self) -> int:
        """How many voxels were filtered out."""
        return int(np.prod(self.shape)) - len(self.voxels)

    @cached_property
    def info(self) -> ImageInfo:
        """What the images' file said, or a person, when the map was made."""
        return ImageInfo.of_results(self.record["results"]) if self.record else NOTHING_SAID

    @property
    def normalization(self) -> str:
        """How the series were normalised, see `BrainmapParameters.normalize`; empty if unknown.

        Raises:
            InputError: the record is of parameters that no map has.
        """
        if not self.record:
            return ""
        record = self.folder / RECORD
        with reading(record, InputError, ADVICE, "record of a map"):
            return BrainmapParameters.parse_stored(self.record["parameters"])[0].normalize

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

    def centroids_of(self, k: int | None) -> Floats:
        """Centroids (cluster, time) of one K, in the unit of the series; None is the chosen one.

        Raises:
            ParameterError: that K was not tried.
        """
        return _series_in(self._clusters(k))

    def sizes_of(self, k: int | None) -> NDArray[np.int64]:
        """Voxels per cluster (cluster,) of one K; None is the chosen one.

        Raises:
            ParameterError: that K was not tried.
        """
        sizes: NDArray[np.int64] = self._clusters(k)["n_voxels"].to_numpy(np.int64)
        return sizes

    def labels_of(self, k: int | None) -> NDArray[np.int16]:
        """The cluster of each kept voxel (voxel,) for one K; None is the chosen one.

        Raises:
            ParameterError: that K was not tried.
            InputError: there is no such cluster; the file is damaged.
        """
        place = self.place(k)
        labels = np.asarray(self.labels[place])
        if labels.min(initial=0) < 0 or labels.max(initial=0) >= self.ks[place]:
            raise InputError(_disagrees(self.folder / LABELS_BY_K.name))
        return labels

    def series_of(self, voxel: int) -> NDArray[np.float32]:
        """The normalised series (time,) of a kept voxel, by its position; reads no other."""
        return np.array(self.series[int(np.searchsorted(self.voxels, voxel))])

    def require_sound_series(self) -> None:
        """Look at all values of the series, of which opening reads none.

        Raises:
            InputError: one is no number, or too large for one; the file is damaged.
        """
        if not all(is_sound(self.series[rows]).all() for rows in blocks(self.series)):
            raise InputError(_disagrees(self.folder / SERIES.name))

    def colors_of(self, k: int | None, palette: str = "similarity") -> tuple[str, ...]:
        """`#rrggbb` per cluster; a palette with too few colours gives way to similarity."""
        own = self.palettes[self.palettes["k"] == self.ks[self.place(k)]]
        chosen = own[own["palette"] == palette]
        if chosen.empty:
            chosen = own[own["palette"] == "similarity"]
        return tuple(chosen["hex"])

    def of_k(self, k: int | None, palette: str = "similarity") -> MapOfK:
        """The map of one K, every voxel in its place.

        Raises:
            ParameterError: that K was not tried.
            InputError: its labels are damaged.
        """
        similarity = np.asarray(self.similarity[self.place(k)])
        return MapOfK(
            labels=maps.volume(self.labels_of(k), self.voxels, self.shape, maps.FILTERED),
            similarity=maps.volume(similarity, self.voxels, self.shape, 0),
            mean=self.mean,
            centroids=self.centroids_of(k),
            sizes=self.sizes_of(k),
            colors=self.colors_of(k, palette),
        )

    def _clusters(self, k: int | None) -> pd.DataFrame:
        return self.centroids[self.centroids["k"] == self.ks[self.place(k)]]


def open_map(folder: Path) -> FinishedMap:
    """Open the folder that `brainmap fit` made.

    Raises:
        InputError: it is of another kind or of a later version, lacks a file, or its files are
            damaged or not of one map.
    """
    missing = [file.name for file in MARKS if not (folder / file.name).exists()]
    if missing:
        raise InputError(
            f"{folder} is no finished map (it has no {missing[0]}): give the folder that "
            "brainmap fit made."
        )
    with reading(folder, InputError, ADVICE, "finished map"):
        found = _read(folder)
        _require_agreement(found)
        return found


def centroid(folder: Path, k: int | None, cluster: int) -> tuple[Floats, int]:
    """The centroid (time,) of one cluster, and the number of clusters it is one of.

    Args:
        folder: of a map, of which only the centroids are read.
        k: number of clusters; None is the chosen one.
        cluster: its number.

    Raises:
        InputError: the folder has no centroids, or they are damaged.
        ParameterError: there is no such cluster.
    """
    if not (folder / CENTROIDS_BY_K.name).exists():
        raise InputError("A cluster needs the map that it is of: choose a finished map.")
    table = CENTROIDS_BY_K.read(folder, InputError, ADVICE)
    of = k or len(COLORS.read(folder, InputError, ADVICE))
    row = table[(table["k"] == of) & (table["cluster"] == cluster)]
    if row.empty:
        tried = ", ".join(map(str, sorted(table["k"].unique())))
        raise ParameterError(
            f"cluster: there is no cluster {cluster} of {of}: the map has K = {tried}, "
            "and clusters are counted from 0."
        )
    return _series_in(row)[0], of


def _read(folder: Path) -> FinishedMap:
    record = folder / RECORD
    found = FinishedMap(
        folder=folder,
        series=SERIES.mapped(folder, InputError, ADVICE),
        voxels=VOXELS.read(folder, InputError, ADVICE),
        labels=LABELS_BY_K.mapped(folder, InputError, ADVICE),
        similarity=SIMILARITY_BY_K.mapped(folder, InputError, ADVICE),
        mean=read_volume(folder / MEAN, InputError, ADVICE),
        centroids=CENTROIDS_BY_K.read(folder, InputError, ADVICE),
        palettes=PALETTES.read(folder, InputError, ADVICE),
        sweep=SWEEP.read(folder, InputError, ADVICE),
        k=len(COLORS.read(folder, InputError, ADVICE)),
        record=read_object(record, InputError, ADVICE) if record.exists() else {},
    )
    require_version(found.record, VERSION, folder)
    _ = found.info  # a record that says nothing of the images is damage
    return found


def _require_agreement(found: FinishedMap) -> None:
    """Refuse files that are whole but not of one map, as after an interrupted copy."""
    n_voxels, n_ks, n_times = len(found.voxels), len(found.ks), found.series.shape[1]
    centroids, per_k = _series_in(found.centroids), found.centroids["k"].value_counts()
    colors = found.palettes.groupby(["k", "palette"]).size()
    agreeing = {
        VOXELS.name: bool((np.diff(found.voxels) > 0).all())
        and found.voxels.min(initial=0) >= 0
        and found.voxels.max(initial=0) < np.prod(found.shape),
        SERIES.name: found.series.shape == (n_voxels, n_times),
        LABELS_BY_K.name: found.labels.shape == (n_ks, n_voxels),
        SIMILARITY_BY_K.name: found.similarity.shape == (n_ks, n_voxels),
        CENTROIDS_BY_K.name: per_k.to_dict() == {k: k for k in found.ks}
        and centroids.shape[1] == n_times
        and bool(np.isfinite(centroids).all()),
        PALETTES.name: all((k, "similarity") in colors for k in found.ks)
        and bool((colors == colors.index.get_level_values("k")).all())
        and bool(found.palettes["hex"].str.fullmatch(COLOR).eq(True).all()),
        COLORS.name: found.k in found.ks,
    }
    for name in (name for name, agrees in agreeing.items() if not agrees):
        raise InputError(_disagrees(found.folder / name))


def _disagrees(file: Path) -> str:
    return (
        f"{file} does not agree with the other files of the map, is damaged or cut short: {ADVICE}."
    )


def _series_in(clusters: pd.DataFrame) -> Floats:
    """The centroids (cluster, time) in a table of them."""
    return clusters.drop(columns=list(CENTROIDS_BY_K.columns)).to_numpy(float)


# -- writing


@dataclass(frozen=True)
class VoxelsOfK:
    """What one number of clusters says of every kept voxel (voxel,)."""

    labels: NDArray[np.int16]
    similarity: NDArray[np.float32]


class ByK:
    """Group and similarity of every voxel for each K, written while they are found.

    With many voxels these rows (k, voxel) are larger than the memory that a map may take.
    """

    def __init__(self, folder: Path, ks: int, voxels: int) -> None:
        self._voxels = voxels
        self._files: dict[ArrayFile, IO[bytes]] = {}
        self._starts: dict[ArrayFile, int] = {}
        for kind, dtype in ROW_TYPES.items():
            file = self._files[kind] = (folder / kind.name).open("wb")
            begin_array(file, (ks, voxels), dtype)
            self._starts[kind] = file.tell()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for file in self._files.values():
            file.close()

    def write(
        self, place: int, rows: slice, labels: NDArray[Any], similarity: NDArray[Any]
    ) -> None:
        """Write some voxels of the K at that place.

        Args:
            place: of the K, counted from 0 in the order of the ks.
            rows: a stretch of the kept voxels.
            labels: their groups (voxel,).
            similarity: their correlation with the centroid of the group (voxel,).
        """
        for kind, values in ((LABELS_BY_K, labels), (SIMILARITY_BY_K, similarity)):
            file, dtype = self._files[kind], ROW_TYPES[kind]
            file.seek(self._starts[kind] + (place * self._voxels + rows.start) * dtype.itemsize)
            file.write(np.ascontiguousarray(values, dtype).data)


def read_row(folder: Path, place: int) -> VoxelsOfK:
    """The voxels of the K at that place, of a map that is being written."""
    labels, similarity = (kind.mapped(folder, InputError, ADVICE) for kind in ROW_TYPES)
    return VoxelsOfK(np.array(labels[place]), np.array(similarity[place]))


def write_kept(folder: Path, voxels: NDArray[np.intp]) -> None:
    """Write which voxels are kept (voxel,), counted from 0 in the order of plane, y, x.

    Their series are written as they are found.
    """
    np.save(folder / VOXELS.name, voxels.astype(np.int64, copy=False))


def write_mean_and_deviation(
    folder: Path, mean: NDArray[np.float32], deviation: NDArray[np.float32], info: ImageInfo
) -> None:
    """Write two measures (plane, y, x) of all voxels."""
    write_volume(mean, folder / MEAN, info)
    write_volume(deviation, folder / DEVIATION, info)


def write_volumes(
    folder: Path,
    labels: NDArray[np.int16],
    similarity: NDArray[np.float32],
    painted: NDArray[np.uint8],
    colors: Sequence[str],
    info: ImageInfo,
) -> None:
    """Write the map of one K as volumes.

    Args:
        folder: of a map, or of an export.
        labels: (plane, y, x), -1 where filtered out.
        similarity: (plane, y, x).
        painted: (plane, y, x, 3), see `maps.paint`.
        colors: `#rrggbb` per cluster.
        info: what is known of the images.
    """
    write_volume(labels, folder / LABELS, info)
    write_volume(similarity, folder / SIMILARITY, info)
    write_volume(painted, folder / MAP, info)
    write_imagej_labels(labels, colors, folder / LABELS_IMAGEJ, info)


def write_picture(folder: Path, painted: NDArray[np.uint8]) -> None:
    """Write the map (plane, y, x, 3) of one K as a picture, planes side by side."""
    write_png(maps.side_by_side(painted), folder / MAP_PICTURE)


def write_clusters(folder: Path, clusters: pd.DataFrame, colors: Sequence[str]) -> None:
    """Write centroids and colours of one K.

    Args:
        folder: of the map.
        clusters: a row for each cluster, as `table_of_centroids` gives them.
        colors: `#rrggbb` per cluster (cluster,).
    """
    write_csv(clusters, folder / CENTROIDS.name)
    table = pd.DataFrame({"cluster": range(len(clusters)), "hex": colors})
    write_csv(table, folder / COLORS.name)


def write_sweep(
    folder: Path,
    centroids: Mapping[int, pd.DataFrame],
    palettes: Mapping[str, Mapping[int, Sequence[str]]],
    figures: pd.DataFrame,
) -> None:
    """Write what was tried.

    Args:
        folder: of the map.
        centroids: by K, as `table_of_centroids` gives them.
        palettes: for each palette, `#rrggbb` per cluster by K.
        figures: a row for each K.
    """
    tables = [table.assign(k=k)[["k", *table.columns]] for k, table in centroids.items()]
    write_csv(pd.concat(tables), folder / CENTROIDS_BY_K.name)
    colors = [
        pd.DataFrame({"k": k, "palette": palette, "cluster": range(len(found)), "hex": found})
        for palette, by_k in palettes.items()
        for k, found in by_k.items()
    ]
    write_csv(pd.concat(colors), folder / PALETTES.name)
    write_csv(figures, folder / SWEEP.name)


def table_of_centroids(centroids: Floats, sizes: Sequence[int] | NDArray[np.int64]) -> pd.DataFrame:
    """Centroids (cluster, time) and voxels per cluster as `cluster, n_voxels, t0, t1, ...`.

    A row per cluster, in the order of the centroids and in their unit.
    """
    table = pd.DataFrame(centroids, columns=[f"t{time}" for time in range(centroids.shape[1])])
    table.insert(0, "cluster", np.arange(len(table)))
    table.insert(1, "n_voxels", sizes)
    return table
