"""A first look: pictures, preview and a threshold that parts quiet from active voxels."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import tifffile

from pipelines import tasks
from pipelines.brainmap import demo
from pipelines.brainmap.formats.read import open_images
from pipelines.brainmap.map import preview
from pipelines.brainmap.parameters import BrainmapParameters
from pipelines.brainmap.voxels.active import find_active


def run(images: Path, out: Path) -> dict[str, Any]:
    return tasks.run("brainmap look", {"images": images}, {}, out).results


def test_the_zebrafish_has_the_published_figures(fish: Path, tmp_path: Path) -> None:
    found = run(fish, tmp_path / "out")
    assert found["shape"] == [2, 76, 87, 20]
    assert (found["n_voxels"], found["n_constant"]) == (13224, 5609)
    deviations = np.load(tmp_path / "out" / "deviations.npy")
    assert (deviations > 0.01).sum() == 5898
    with np.load(fish / "thunder_reference.npz") as reference:
        mean, std = reference["mean_image"], reference["std_of_norm"]
    assert np.allclose(tifffile.imread(tmp_path / "out" / "mean.tif"), mean, rtol=1e-6)
    assert np.allclose(tifffile.imread(tmp_path / "out" / "std.tif"), std, atol=1e-6)


def test_the_suggested_threshold_parts_regions_from_background(tmp_path: Path) -> None:
    demo.make(tmp_path, 0)
    found = run(tmp_path / "images", tmp_path / "out")
    truth = tifffile.imread(tmp_path / "truth.tif")
    std = tifffile.imread(tmp_path / "out" / "std.tif")
    kept = std > found["threshold"]
    assert np.count_nonzero(kept != (truth >= 0)) < 0.001 * truth.size
    assert found["n_kept"] == np.count_nonzero(kept)
    assert f"{found['threshold']:g} parts the voxels" in found["threshold_reason"]


def test_the_map_keeps_what_the_look_counted(fish: Path, tmp_path: Path) -> None:
    found = run(fish, tmp_path / "out")
    values = BrainmapParameters.parse({"std_threshold": found["threshold"]})
    assert len(find_active(open_images(fish), values, tmp_path).voxels) == found["n_kept"]


def test_the_histogram_counts_every_voxel_that_changes(fish: Path, tmp_path: Path) -> None:
    run(fish, tmp_path / "out")
    bins = pd.read_csv(tmp_path / "out" / "histogram.csv")
    assert bins["voxels"].sum() == 13224 - 5609
    width = np.log10(bins["std_to"] / bins["std_from"])
    assert (bins["density"] * width).sum() == pytest.approx(1, abs=0.01)


def test_the_preview_of_large_images_is_thinned(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    film = np.random.default_rng(0).integers(0, 99, (9, 2, 20, 31)).astype(np.uint8)
    np.save(tmp_path / "film.npy", film)
    monkeypatch.setattr(preview, "LONGEST_SIDE", 16)
    monkeypatch.setattr(preview, "PREVIEW_BYTES", 1700)
    found = run(tmp_path / "film.npy", tmp_path / "out")
    assert found["thinned"] == {"pixels": 2, "times": 2}
    assert np.array_equal(np.load(tmp_path / "out" / "preview.npy"), film[::2, :, ::2, ::2])


def test_a_film_in_which_nothing_changes_can_be_looked_at(tmp_path: Path) -> None:
    np.save(tmp_path / "film.npy", np.full((3, 1, 4, 5), 7, np.uint8))
    found = run(tmp_path / "film.npy", tmp_path / "out")
    assert (found["n_constant"], found["threshold"], found["n_kept"]) == (20, 0.0, 0)
    assert pd.read_csv(tmp_path / "out" / "histogram.csv").empty
