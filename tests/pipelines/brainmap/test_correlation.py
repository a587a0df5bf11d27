"""Correlation maps with a voxel, a region, a cluster or a signal."""

import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import tifffile
from numpy.typing import NDArray

from pipelines import tasks
from pipelines.__main__ import main
from pipelines.brainmap.voxels.regions import region_mask
from pipelines.core.errors import InputError, NeuroboardError, ParameterError

Film = NDArray[np.uint16]


@pytest.fixture
def film_file(tmp_path: Path, film: Film) -> Path:
    np.save(tmp_path / "film.npy", film)
    return tmp_path / "film.npy"


def run(file: Path, out: Path, *, more: dict[str, Path] | None = None, **values: Any) -> Any:
    return tasks.run("brainmap correlate", {"images": file, **(more or {})}, values, out)


def expected(film: Film, series: NDArray[Any]) -> NDArray[np.float64]:
    """Pearson's r by numpy, voxel by voxel: (plane, y, x)."""
    voxels = film.reshape(len(film), -1).T
    found = [np.corrcoef(voxel, series)[0, 1] for voxel in voxels]
    return np.array(found).reshape(film.shape[1:])


def test_a_voxel_is_correlated_with_all_others(film_file: Path, film: Film, tmp_path: Path) -> None:
    record = run(film_file, tmp_path / "out", voxel="1, 4, 7")
    found = tifffile.imread(tmp_path / "out" / "correlation.tif")
    assert np.allclose(found, expected(film, film[:, 1, 4, 7]), atol=1e-6)
    assert found[1, 4, 7] == 1
    assert record.results["series"] == "the voxel at plane 1, y 4, x 7"
    assert list(pd.read_csv(tmp_path / "out" / "series.csv")["value"]) == list(film[:, 1, 4, 7])


def test_the_zebrafish_gives_thunders_map_for_the_same_signal(fish: Path, tmp_path: Path) -> None:
    with np.load(fish / "thunder_reference.npz") as reference:
        signal, correlation = reference["signal"], reference["correlate"]
    np.save(tmp_path / "signal.npy", signal)
    command = ["brainmap", "correlate", str(fish), "--source", "signal", "--quiet"]
    given = ["--signal", str(tmp_path / "signal.npy"), "--out", str(tmp_path / "out")]
    assert main([*command, *given]) == 0
    found = tifffile.imread(tmp_path / "out" / "correlation.tif")
    assert np.allclose(found, correlation, atol=1e-6, equal_nan=True)


def test_a_region_is_its_mean(film_file: Path, film: Film, tmp_path: Path) -> None:
    run(film_file, tmp_path / "out", source="region", region="2, 8, 20, 3, 11")
    found = tifffile.imread(tmp_path / "out" / "correlation.tif")
    mean = film[:, 2, 3:9, 11:21].mean(axis=(1, 2))
    assert np.allclose(found, expected(film, mean), atol=1e-6)


def test_a_box_as_outline_is_the_same_region() -> None:
    box = region_mask((0, 3, 2, 6, 8), (1, 10, 12))
    outline = region_mask((0, 3, 2, 3, 8, 6, 8, 6, 2), (1, 10, 12))
    assert box.sum() == 4 * 7
    assert outline.sum() == pytest.approx(box.sum(), abs=11)  # pixels on the right and lower edge
    assert not (outline & ~box).any()


def test_an_outline_holds_what_lies_inside_a_circle() -> None:
    turn = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    corners = np.round(np.stack([50 + 40 * np.sin(turn), 60 + 40 * np.cos(turn)], axis=1))
    mask = region_mask((1, *corners.astype(int).ravel().tolist()), (2, 100, 120))
    assert mask[0].sum() == 0
    assert mask.sum() == pytest.approx(np.pi * 40**2, rel=0.02)


def test_a_clusters_centroid_is_taken_from_its_map(fish: Path, tmp_path: Path) -> None:
    tasks.run("brainmap fit", {"images": fish}, {"k": "4,6"}, tmp_path / "map")
    more = {"map": tmp_path / "map"}
    run(fish, tmp_path / "out", more=more, source="cluster", cluster=2, k=4)
    table = pd.read_csv(tmp_path / "map" / "centroids_by_k.csv")
    centroid = table[(table["k"] == 4) & (table["cluster"] == 2)].iloc[0, 3:].to_numpy(float)
    assert np.allclose(pd.read_csv(tmp_path / "out" / "series.csv")["value"], centroid)
    with pytest.raises(ParameterError, match="no cluster 9 of 4"):
        run(fish, tmp_path / "no", more=more, source="cluster", cluster=9, k=4)


def test_voxels_that_never_change_have_no_correlation(tmp_path: Path) -> None:
    film = np.random.default_rng(0).random((5, 1, 3, 4))
    film[:, 0, 1, 2] = 0.1
    np.save(tmp_path / "film.npy", film)
    record = run(tmp_path / "film.npy", tmp_path / "out")
    assert record.results["n_undefined"] == 1
    table = pd.read_csv(tmp_path / "out" / "correlation.csv")
    assert table[table["correlation"].isna()][["plane", "y", "x"]].to_numpy().tolist() == [
        [0, 1, 2]
    ]


def test_the_svg_is_xml_with_a_panel_per_plane(film_file: Path, tmp_path: Path) -> None:
    run(film_file, tmp_path / "out")
    drawing = ET.parse(tmp_path / "out" / "correlation.svg").getroot()
    texts = [item.text for item in drawing.iter("{http://www.w3.org/2000/svg}text")]
    assert {"Plane 0", "Plane 1", "Plane 2", "Pearson's r", "x (pixels)"} <= set(texts)


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"voxel": "0, 99, 0"}, "voxel: 0, 99, 0 is not in the images"),
        ({"voxel": "1, 2"}, "voxel: 1, 2 is not in the images"),
        ({"source": "region"}, "region: nothing is no region"),
        ({"source": "region", "region": "0, 1, 2, 3"}, "is no region"),
        ({"source": "region", "region": "7, 1, 2, 3, 4"}, "holds no voxel"),
        ({"source": "cluster"}, "choose a finished map"),
        ({"source": "signal"}, "No signal is given"),
    ],
)
def test_what_cannot_be_correlated_is_one_sentence(
    film_file: Path, tmp_path: Path, values: dict[str, Any], says: str
) -> None:
    with pytest.raises(NeuroboardError, match=says):
        run(film_file, tmp_path / "out", **values)


def test_a_folder_that_is_no_map_is_refused(film_file: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="finished map"):
        run(film_file, tmp_path / "out", more={"map": tmp_path / "empty"}, source="cluster")
