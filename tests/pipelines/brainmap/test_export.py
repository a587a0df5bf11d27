"""A finished map as TIFF, PNG, SVG, CSV and NWB."""

import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tifffile
from pynwb import NWBHDF5IO, validate

from pipelines import tasks
from pipelines.__main__ import main
from pipelines.brainmap.map.folder import FinishedMap, open_map
from pipelines.core.errors import ParameterError


@pytest.fixture(scope="module")
def mapped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("mapped")
    film = np.random.default_rng(0).integers(100, 900, (8, 2, 9, 11)).astype(np.uint16)
    film[:, 0, 0] = 100
    np.save(folder / "film.npy", film)
    tasks.run("brainmap fit", {"images": folder / "film.npy"}, {"k": "3, 5"}, folder / "map")
    return folder / "map"


@pytest.fixture
def found(mapped: Path) -> FinishedMap:
    return open_map(mapped)


def test_nwb_holds_clusters_with_their_voxels_series_and_colours(
    mapped: Path, found: FinishedMap, tmp_path: Path
) -> None:
    command = ["brainmap", "export", str(mapped), "--out", str(tmp_path / "out"), "--quiet"]
    assert main([*command, "--format", "nwb", "--k", "5", "--set", "rate=4"]) == 0
    file = tmp_path / "out" / "map.nwb"
    assert validate(path=str(file)) == []
    labels = np.asarray(found.labels[found.place(5)])
    with NWBHDF5IO(str(file), "r") as stream:
        content = stream.read()
        regions = content.processing["ophys"]["ImageSegmentation"]["clusters"]
        assert regions["n_voxels"][:].tolist() == np.bincount(labels).tolist()
        assert tuple(regions["color"][:]) == found.colors_of(5)
        for cluster in range(5):
            mask = regions["voxel_mask"][cluster]
            places = [(int(z), int(y), int(x)) for x, y, z, _ in mask]
            voxels = np.ravel_multi_index(np.array(places).T, found.shape)
            assert sorted(voxels) == sorted(found.voxels[labels == cluster])
        series = content.processing["ophys"]["Fluorescence"]["centroids"]
        assert np.allclose(series.data[:], found.centroids_of(5).T)
        assert (series.rate, series.unit) == (4.0, "relative change")
        mean = content.processing["map"]["pictures"]["mean_plane_1"]
        assert np.allclose(mean.data[:].T, found.mean[1])


def test_an_unknown_start_is_said_to_be_unknown(mapped: Path, tmp_path: Path) -> None:
    for name, start in (("a", ""), ("b", "2026-03-01T14:30:00+01:00")):
        values = {"formats": "nwb", "session_start": start}
        tasks.run("brainmap export", {"map": mapped}, values, tmp_path / name)
        with NWBHDF5IO(str(tmp_path / name / "map.nwb"), "r") as stream:
            content = stream.read()
            assert ("unknown" in content.session_description) == (start == "")
            assert content.session_start_time.year == (2026 if start else 1970)


def test_the_chosen_k_gives_the_files_of_the_fit(mapped: Path, tmp_path: Path) -> None:
    tasks.run("brainmap export", {"map": mapped}, {"formats": "tiff,png,csv"}, tmp_path / "out")
    for name in ("labels.tif", "similarity.tif", "map.tif"):
        same = tifffile.imread(tmp_path / "out" / name) == tifffile.imread(mapped / name)
        assert same.all(), name
    assert (tmp_path / "out" / "map.png").read_bytes() == (mapped / "map.png").read_bytes()
    for name in ("centroids.csv", "colors.csv"):
        assert pd.read_csv(tmp_path / "out" / name).equals(pd.read_csv(mapped / name)), name


def test_the_svgs_have_axes_and_captions(mapped: Path, tmp_path: Path) -> None:
    tasks.run("brainmap export", {"map": mapped}, {"formats": "svg", "k": 3}, tmp_path / "out")
    svg = "{http://www.w3.org/2000/svg}"
    drawing = ET.parse(tmp_path / "out" / "map.svg").getroot()
    assert len(list(drawing.iter(f"{svg}image"))) == 2
    texts = " ".join(item.text or "" for item in drawing.iter(f"{svg}text"))
    assert "x (pixels)" in texts
    assert "Voxels in the colours of 3 clusters" in texts
    curves = ET.parse(tmp_path / "out" / "centroids.svg").getroot()
    assert len(list(curves.iter(f"{svg}polyline"))) == 3


def test_a_k_that_was_not_tried_is_refused(mapped: Path, tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="no K = 4; it has 3, 5"):
        tasks.run("brainmap export", {"map": mapped}, {"k": 4}, tmp_path / "out")
    with pytest.raises(ParameterError, match="date and time"):
        tasks.run("brainmap export", {"map": mapped}, {"session_start": "noon"}, tmp_path / "out")
