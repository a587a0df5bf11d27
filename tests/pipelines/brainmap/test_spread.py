"""Images that are imported in pieces, as on a cluster, give the bytes that one machine gives.

The pieces are done here in any order; `test_engines.py` does them on real clusters.
"""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import tifffile
import zarr
from numpy.typing import NDArray
from scipy.io import savemat

from pipelines.brainmap.engines.active_on_cluster import find_active_on
from pipelines.brainmap.engines.engine import Local
from pipelines.brainmap.engines.spread_tasks import SharedImages
from pipelines.brainmap.formats.read import open_images
from pipelines.brainmap.images.info import AS_FOUND
from pipelines.brainmap.parameters import BrainmapParameters
from pipelines.brainmap.voxels import store
from pipelines.brainmap.voxels.active import ActiveVoxels, find_active
from pipelines.core.errors import EngineError, ImageError, ParameterError
from pipelines.core.progress import silent

Film = NDArray[np.uint16]


class Twice(Local):
    """Does every piece twice, the last one first, as if workers died after they had written."""

    def tasks(
        self, function: Callable[..., Any], pieces: Sequence[Any], *shared: Any
    ) -> Iterator[Any]:
        found = [function(piece, *shared) for piece in reversed(pieces)]
        again = list(super().tasks(function, pieces, *shared))
        assert len(found) == len(again)
        yield from again


def binary_images(path: Path, film: Film) -> None:
    path.mkdir()
    conf = {"shape": film.shape[1:], "dtype": "uint16"}
    (path / "conf.json").write_text(json.dumps(conf), encoding="utf-8")
    for time, volume in enumerate(film):
        volume.tofile(path / f"image-{time:02}.bin")


def binary_series(path: Path, film: NDArray[Any]) -> None:
    path.mkdir()
    conf = {"shape": (*film.shape[1:], len(film)), "dtype": film.dtype.name}
    (path / "conf.json").write_text(json.dumps(conf), encoding="utf-8")
    np.moveaxis(film, 0, -1).copy().tofile(path / "series.bin")


def tiffs(path: Path, film: Film) -> None:
    path.mkdir()
    for time, volume in enumerate(film):
        tifffile.imwrite(path / f"time{time}.tif", volume, photometric="minisblack")


def hdf5(path: Path, film: Film) -> None:
    with h5py.File(path, "w") as file:
        file.create_dataset("film", data=film, chunks=(4, 3, 10, 10), compression="gzip")


def nwb(path: Path, film: Film) -> None:
    with h5py.File(path, "w") as file:
        group = file.create_group("acquisition/TwoPhotonSeries")
        group.attrs["neurodata_type"] = "TwoPhotonSeries"
        group["data"] = film.transpose(0, 3, 2, 1)


def stack(path: Path, film: Film) -> None:
    tifffile.imwrite(path, film, metadata={"axes": "TZYX"}, photometric="minisblack")


def zipped_stack(path: Path, film: Film) -> None:
    axes: dict[str, Any] = {"axes": "TZYX"}
    tifffile.imwrite(path, film, metadata=axes, photometric="minisblack", compression="zlib")


def zarr_folder(path: Path, film: Film) -> None:
    zarr.save_array(str(path), film, chunks=(4, 1, 20, 30))


FORMATS: dict[str, Callable[[Path, Film], Any]] = {
    "film": tiffs,
    "film.tif": stack,
    "film.ome.tif": zipped_stack,
    "film.npy": np.save,
    "fortran.npy": lambda path, film: np.save(path, np.asfortranarray(film)),
    "film.npz": lambda path, film: np.savez_compressed(path, film=film),
    "film.h5": hdf5,
    "film.nwb": nwb,
    "film.zarr": zarr_folder,
    "binary-images": binary_images,
    "binary-series": binary_series,
    "double.npy": lambda path, film: np.save(path, film / 7),
}


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three batches of two time points, and 18 blocks of 100 voxels, four to a task."""
    monkeypatch.setattr(store, "BATCH_BYTES", 2 * 3 * 20 * 30 * 2)
    monkeypatch.setattr(store, "BLOCK_VALUES", 100 * 6)


def both_ways(images: Path, folder: Path, values: dict[str, Any]) -> list[ActiveVoxels]:
    parameters = BrainmapParameters.parse(values)
    places = folder / "whole", folder / "pieces"
    for place in places:
        place.mkdir()
    opened = open_images(images, parameters.reading)
    whole = find_active(opened, parameters, places[0])
    pieces = find_active_on(Twice(threads=2), opened, parameters, places[1], silent)
    assert [file.name for file in places[1].iterdir()] == ["series.npy"]
    assert (places[0] / "series.npy").read_bytes() == (places[1] / "series.npy").read_bytes()
    return [whole, pieces]


@pytest.mark.parametrize("name", FORMATS)
def test_images_of_any_format_are_imported_in_pieces(name: str, tmp_path: Path, film: Film) -> None:
    FORMATS[name](tmp_path / name, film)
    whole, pieces = both_ways(tmp_path / name, tmp_path, {"std_threshold": 2.0})
    assert 0 < len(pieces.voxels) < 1800
    for part in ("voxels", "deviation", "mean"):
        assert np.array_equal(getattr(whole, part), getattr(pieces, part)), part
    assert whole.deviation.dtype == pieces.deviation.dtype


def channels_of_pieces(path: Path, film: Film) -> None:
    path.mkdir()
    pages = np.stack([film[::-1], film], axis=2).reshape(-1, 20, 30)
    for number, piece in enumerate(np.split(pages, [10, 25])):
        tifffile.imwrite(path / f"rec_{number:05}.tif", piece, photometric="minisblack")


AXES: dict[str, tuple[Callable[[Path, Film], Any], dict[str, Any]]] = {
    "time-last.npy": (lambda path, film: np.save(path, np.moveaxis(film, 0, -1)), {"axes": "ZYXT"}),
    "channels.npy": (
        lambda path, film: np.save(path, np.stack([film[::-1], film], -1)),
        {"axes": "TZYXC", "channel": "2"},
    ),
    "rec": (
        channels_of_pieces,
        {"files": "pieces", "planes": 3, "channels": 2, "channel": "2"},
    ),
    "film.mat": (
        lambda path, film: savemat(path, {"film": film.transpose(2, 3, 1, 0)}),
        {"axes": "YXZT"},
    ),
}


@pytest.mark.parametrize("name", AXES)
def test_axes_that_are_given_hold_for_workers(name: str, tmp_path: Path, film: Film) -> None:
    write, values = AXES[name]
    write(tmp_path / name, film)
    whole, pieces = both_ways(tmp_path / name, tmp_path, {"std_threshold": 2.0, **values})
    plain = tmp_path / "plain"
    plain.mkdir()
    np.save(tmp_path / "film.npy", film)
    parameters = BrainmapParameters.parse({"std_threshold": 2.0, "axes": "TZYX"})
    same = find_active(open_images(tmp_path / "film.npy", parameters.reading), parameters, plain)
    for found in (whole, pieces):
        assert np.array_equal(found.voxels, same.voxels)
        assert np.array_equal(found.deviation, same.deviation)


@pytest.mark.parametrize("way", ["mean", "zscore", "none"])
def test_series_are_normalised_alike(way: str, tmp_path: Path, film: Film) -> None:
    np.save(tmp_path / "film.npy", film)
    values = {"std_threshold": 0, "normalize": way, "offset": 3}
    both_ways(tmp_path / "film.npy", tmp_path, values)


@pytest.mark.parametrize("name", ["film.npy", "binary-series"])
def test_voxels_that_cannot_be_used_are_filtered_alike(
    name: str, tmp_path: Path, film: Film
) -> None:
    real = film.astype(np.float32)
    real[2:4, 1, 4, 5:9] = np.nan
    real[:, 2, 3] -= 70_000
    if name == "film.npy":
        np.save(tmp_path / name, real)
    else:
        binary_series(tmp_path / name, real)
    whole, pieces = both_ways(tmp_path / name, tmp_path, {"std_threshold": 0})
    assert whole.notes == pieces.notes
    assert [note.split(" are ")[0].split(" have ")[0] for note in whole.notes[:2]] == [
        "4 of 1,800 voxels",
        "30 of 1,800 voxels",
    ]
    assert len(whole.voxels) == 1800 - 34
    for part in ("voxels", "deviation", "mean"):
        assert np.array_equal(getattr(whole, part), getattr(pieces, part), equal_nan=True), part


def test_what_is_wrong_with_the_images_is_said_alike(tmp_path: Path, film: Film) -> None:
    wrong, values = film.astype(np.float32), BrainmapParameters()
    wrong[3] = np.nan
    np.save(tmp_path / "film.npy", wrong)
    np.save(tmp_path / "negative.npy", film - 70_000.0)
    for name, said in (("film.npy", "no number in frame 3 "), ("negative.npy", "offset=N")):
        with pytest.raises(ImageError, match=said):
            find_active_on(Local(), open_images(tmp_path / name), values, tmp_path, silent)
    np.save(tmp_path / "quiet.npy", np.zeros_like(film))
    with pytest.raises(ParameterError, match="No voxel varies"):
        find_active_on(Local(), open_images(tmp_path / "quiet.npy"), values, tmp_path, silent)


def test_images_that_a_worker_does_not_see_are_named(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match=r"film\.npy .*all workers see under the same path"):
        SharedImages(tmp_path / "film.npy", AS_FOUND).open()


def test_workers_need_few_packages() -> None:
    """Code that runs on a cluster's workers, and what it may import."""
    modules = (
        "engines.spread_tasks",
        "clusters.lloyd",
        "voxels.densities",
        "engines.code",
    )
    imports = ", ".join(f"pipelines.brainmap.{name}" for name in modules)
    spared = ("sklearn", "pydantic", "pandas", "distributed", "pyspark")
    code = f"import sys, {imports}; print([name for name in {spared} if name in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
