"""The whole way: what a map's folder holds, and that it finds what was planted."""

import csv
import json
import struct
import zlib
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.metrics import adjusted_rand_score

from pipelines import tasks
from pipelines.brainmap import demo
from pipelines.brainmap.map import maps
from pipelines.brainmap.parameters import BrainmapParameters
from pipelines.core.errors import ParameterError
from pipelines.core.provenance import digest
from pipelines.figures.png import write_png

FILES = {
    "labels.tif", "similarity.tif", "map.png", "map.tif", "std.tif", "mean.tif", "centroids.csv",
    "colors.csv", "sweep.csv", "series.npy", "voxels.npy", "run.json", "labels_by_k.npy",
    "labels_imagej.tif",
    "similarity_by_k.npy", "centroids_by_k.csv", "palettes.csv",
}  # fmt: skip


def run(images: Path, out: Path, values: Mapping[str, Any]) -> dict[str, Any]:
    return tasks.run("brainmap fit", {"images": images}, values, out).results


def rows(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def decoded(file: Path) -> NDArray[np.uint8]:
    """An 8-bit RGB image without filters, read as the PNG standard says."""
    content = file.read_bytes()
    assert content[:8] == b"\x89PNG\r\n\x1a\n"
    at, chunks = 8, {}
    while at < len(content):
        size, name = struct.unpack(">I4s", content[at : at + 8])
        body = content[at + 8 : at + 8 + size]
        assert struct.unpack(">I", content[at + 8 + size : at + 12 + size])[0] == zlib.crc32(
            name + body
        )
        chunks[name] = body
        at += 12 + size
    width, height, *kind = struct.unpack(">IIBBBBB", chunks[b"IHDR"])
    assert kind == [8, 2, 0, 0, 0]
    lines = np.frombuffer(zlib.decompress(chunks[b"IDAT"]), np.uint8).reshape(height, -1)
    assert not lines[:, 0].any()
    return lines[:, 1:].reshape(height, width, 3)


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo")
    demo.make(folder, 0)
    return folder


@pytest.fixture(scope="module")
def fitted(example: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    out = tmp_path_factory.mktemp("fit") / "out"
    return out, run(example / "images", out, {"k": "6"})


def test_the_zebrafish_gives_the_published_figures(fish: Path, tmp_path: Path) -> None:
    found = run(fish, tmp_path / "out", {})
    assert found["shape"] == [2, 76, 87, 20]
    assert (found["n_voxels"], found["n_kept"]) == (13224, 5898)
    assert 15 <= found["k"] <= 50
    assert f"{found['k']} is where" in found["k_reason"]
    assert found["color_correlation"] >= 0.94
    assert found["color_min_delta_e"] >= 5
    labels = tifffile.imread(tmp_path / "out" / "labels.tif")
    assert labels.shape == (2, 76, 87)
    assert np.count_nonzero(labels >= 0) == 5898


@pytest.mark.parametrize("values", [{"k": "5,9"}, {"k": "6"}, {"k": "5,6", "model": "gmm"}])
def test_series_that_stay_in_their_file_give_the_same_map(
    example: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, values: dict[str, Any]
) -> None:
    run(example / "images", tmp_path / "memory", values)
    monkeypatch.setattr("pipelines.brainmap.voxels.stored.IN_MEMORY_BYTES", 0)
    run(example / "images", tmp_path / "file", values)
    for name in FILES - {"run.json"}:
        assert digest(tmp_path / "memory" / name) == digest(tmp_path / "file" / name), name


@pytest.mark.parametrize("seed", [0, 1])
def test_planted_regions_are_found(tmp_path: Path, seed: int) -> None:
    demo.make(tmp_path, seed)
    truth = tifffile.imread(tmp_path / "truth.tif")
    regions = len(np.unique(truth[truth >= 0]))
    run(tmp_path / "images", tmp_path / "out", {"k": regions})
    labels = tifffile.imread(tmp_path / "out" / "labels.tif")
    kept = labels >= 0
    assert adjusted_rand_score(truth[kept], labels[kept]) >= 0.9
    assert np.count_nonzero(kept & (truth >= 0)) >= 0.95 * np.count_nonzero(truth >= 0)


def test_the_example_is_a_series_of_uint16_volumes_with_its_truth(example: Path) -> None:
    files = sorted((example / "images").iterdir())
    assert len(files) == 60
    assert files[0].name == "time001.tif"
    volume, truth = tifffile.imread(files[0]), tifffile.imread(example / "truth.tif")
    assert (volume.dtype, truth.dtype) == (np.uint16, np.int16)
    assert volume.shape == truth.shape == (3, 64, 80)
    assert set(np.unique(truth)) == {-1, 0, 1, 2, 3, 4, 5}


def test_the_example_depends_on_the_seed_alone(example: Path, tmp_path: Path) -> None:
    for seed in (0, 1):
        (tmp_path / str(seed)).mkdir()
        demo.make(tmp_path / str(seed), seed)
    assert digest(tmp_path / "0") == digest(example) != digest(tmp_path / "1")


def test_a_map_has_these_files_of_these_types(fitted: tuple[Path, dict[str, Any]]) -> None:
    out, found = fitted
    assert {file.name for file in out.iterdir()} == FILES
    volumes = {name: tifffile.imread(out / f"{name}.tif") for name in ("labels", "similarity")}
    volumes |= {name: tifffile.imread(out / f"{name}.tif") for name in ("mean", "std")}
    assert {values.shape for values in volumes.values()} == {(3, 64, 80)}
    assert volumes.pop("labels").dtype == np.int16
    assert {values.dtype.name for values in volumes.values()} == {"float32"}
    assert tifffile.imread(out / "map.tif").shape == (3, 64, 80, 3)
    assert found == json.loads((out / "run.json").read_text("utf-8"))["results"]


def test_tables_have_a_row_for_each_cluster(fitted: tuple[Path, dict[str, Any]]) -> None:
    out, found = fitted
    labels = tifffile.imread(out / "labels.tif")
    centroids, colors = rows(out / "centroids.csv"), rows(out / "colors.csv")
    assert list(centroids[0]) == ["cluster", "n_voxels", *(f"t{time}" for time in range(60))]
    sizes = [int(row["n_voxels"]) for row in centroids]
    assert sizes == np.bincount(labels[labels >= 0]).tolist()
    assert [row["cluster"] for row in colors] == ["0", "1", "2", "3", "4", "5"]
    assert all(row["hex"].startswith("#") and len(row["hex"]) == 7 for row in colors)
    (sweep,) = rows(out / "sweep.csv")
    assert list(sweep)[:8] == [
        "k", "inertia", "error_distance", "error_similarity", "train_error", "test_error",
        "stability_ari", "bic",
    ]  # fmt: skip
    assert (int(sweep["k"]), float(sweep["inertia"])) == (6, found["inertia"])


def test_the_series_of_a_voxel_can_be_looked_up(fitted: tuple[Path, dict[str, Any]]) -> None:
    out, found = fitted
    series, voxels = np.load(out / "series.npy"), np.load(out / "voxels.npy")
    labels = tifffile.imread(out / "labels.tif").ravel()
    assert series.shape == (found["n_kept"], 60)
    assert series.dtype == np.float32
    assert np.array_equal(voxels, np.flatnonzero(labels >= 0))
    centroid = [float(row) for row in list(rows(out / "centroids.csv")[0].values())[2:]]
    np.testing.assert_allclose(series[labels[voxels] == 0].mean(axis=0), centroid, atol=1e-6)


def test_all_voxels_are_kept_by_a_threshold_of_zero(fish: Path, tmp_path: Path) -> None:
    found = run(fish, tmp_path / "out", {"k": 5, "std_threshold": 0, "n_init": 1})
    assert found["n_kept"] == 13224
    assert not (tifffile.imread(tmp_path / "out" / "labels.tif") < 0).any()


@pytest.mark.parametrize("model", ["kmeans", "gmm"])
def test_a_sweep_keeps_the_map_of_every_k(example: Path, tmp_path: Path, model: str) -> None:
    ks = [3, 6, 12]
    found = run(example / "images", tmp_path / "out", {"k": "3, 6, 12", "model": model})
    labels = np.load(tmp_path / "out" / "labels_by_k.npy")
    assert labels.shape == (3, found["n_kept"])
    assert [int(row.max()) + 1 for row in labels] == ks
    chosen = tifffile.imread(tmp_path / "out" / "labels.tif")
    assert np.array_equal(chosen[chosen >= 0], labels[ks.index(found["k"])])
    sweep = rows(tmp_path / "out" / "sweep.csv")
    assert [int(row["k"]) for row in sweep] == ks
    assert all(float(row["bic"]) for row in sweep)
    assert [bool(row["stability_ari"]) for row in sweep] == [model == "kmeans"] * 3
    assert f"{found['k']} " in found["k_reason"]
    palettes = rows(tmp_path / "out" / "palettes.csv")
    assert {(row["palette"], row["k"]) for row in palettes} == {
        *((name, str(k)) for name in ("similarity", "notebook") for k in ks),
        ("colorblind", "3"), ("colorblind", "6"),
    }  # fmt: skip


def test_too_large_numbers_are_left_out_and_said(tmp_path: Path) -> None:
    np.save(tmp_path / "film.npy", np.random.default_rng(0).random((5, 9, 8)))
    found = run(tmp_path / "film.npy", tmp_path / "out", {"k": "4, 8, 100, 200"})
    assert found["k"] in (4, 8)
    assert "2 larger K left out" in found["k_reason"]


def test_the_same_input_gives_the_same_bytes(example: Path, tmp_path: Path) -> None:
    for name in ("first", "second"):
        run(example / "images", tmp_path / name, {"k": "4, 9", "seed": 3})
    for name in FILES - {"run.json"}:
        first, second = (tmp_path / run_name / name for run_name in ("first", "second"))
        assert first.read_bytes() == second.read_bytes(), name


def test_a_map_of_one_plane_and_two_clusters(tmp_path: Path) -> None:
    np.save(tmp_path / "film.npy", np.random.default_rng(0).random((5, 9, 8)))
    found = run(tmp_path / "film.npy", tmp_path / "out", {"k": 2})
    assert found["shape"] == [1, 9, 8, 5]
    assert found["color_correlation"] is None


def test_a_threshold_that_nothing_passes_is_explained(example: Path, tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match=r"std_threshold = 9: the largest .* is 0"):
        run(example / "images", tmp_path / "out", {"std_threshold": 9})
    assert not (tmp_path / "out").exists()


def test_progress_rises_and_is_told_in_words(example: Path, tmp_path: Path) -> None:
    told: list[tuple[float, str]] = []
    tasks.run(
        "brainmap fit",
        {"images": example / "images"},
        {"k": 6},
        tmp_path / "out",
        report=lambda fraction, sentence: told.append((fraction, sentence)),
    )
    fractions = [fraction for fraction, _ in told]
    assert fractions == sorted(fractions)
    assert "Clustering 3,064 voxels into 6 groups" in [sentence for _, sentence in told]


def test_a_voxel_shows_its_colour_as_far_as_it_resembles_its_cluster() -> None:
    labels = np.array([[[0, 1, 0, -1]]], np.int16)
    similarity = np.array([[[1, 0.5, -0.3, 0]]], np.float32)
    colors = np.array([[200, 0, 0], [0, 100, 0]], np.uint8)
    painted = maps.paint(labels, similarity, np.zeros((1, 1, 4)), colors)
    assert painted[0, 0].tolist() == [[200, 0, 0], [0, 50, 0], [0, 0, 0], [0, 0, 0]]


def test_filtered_voxels_show_the_mean_image_in_grey() -> None:
    labels = np.full((1, 10, 10), -1, np.int16)
    mean = np.arange(100.0).reshape(1, 10, 10)
    painted = maps.paint(labels, np.ones((1, 10, 10), np.float32), mean, np.zeros((1, 3), np.uint8))
    assert (painted == painted[..., :1]).all()
    assert painted[0, 9, 9, 0] > painted[0, 5, 0, 0] > painted[0, 0, 0, 0]


def test_a_stack_from_above_shows_the_plane_that_resembles_its_cluster_most() -> None:
    labels = np.array([[[0, -1, -1]], [[1, 2, -1]]], np.int16)
    similarity = np.array([[[0.9, 0, 0]], [[0.3, 0.1, 0]]], np.float32)
    assert maps.most_similar_plane(labels, similarity).tolist() == [[0, 1, 0]]
    colors = np.array([[1, 2, 3], [4, 5, 6], [7, 8, 9]], np.uint8)
    flat = maps.flat_colors(labels[1], colors)
    assert flat.tolist() == [[[4, 5, 6], [7, 8, 9], [maps.NEUTRAL] * 3]]


def test_planes_stand_side_by_side_in_rows_of_eight() -> None:
    planes = np.arange(10, dtype=np.uint8)[:, None, None, None] * np.ones((1, 2, 3, 3), np.uint8)
    assert maps.side_by_side(planes[:2]).shape == (2, 6, 3)
    sheet = maps.side_by_side(planes)
    assert sheet.shape == (4, 24, 3)
    assert sheet[0, ::3, 0].tolist() == [0, 1, 2, 3, 4, 5, 6, 7]
    assert sheet[2, ::3, 0].tolist() == [8, 9, 0, 0, 0, 0, 0, 0]


def test_the_png_is_the_map(fitted: tuple[Path, dict[str, Any]]) -> None:
    out, _ = fitted
    picture = decoded(out / "map.png")
    assert np.array_equal(picture, np.concatenate(tifffile.imread(out / "map.tif"), axis=1))


@given(height=st.integers(1, 9), width=st.integers(1, 9), seed=st.integers(0, 99))
def test_any_picture_survives_as_png(
    tmp_path_factory: pytest.TempPathFactory, height: int, width: int, seed: int
) -> None:
    picture = np.random.default_rng(seed).integers(0, 256, (height, width, 3)).astype(np.uint8)
    file = tmp_path_factory.getbasetemp() / "picture.png"
    write_png(picture, file)
    assert np.array_equal(decoded(file), picture)


def test_texts_of_the_command_line_are_numbers() -> None:
    values = BrainmapParameters.parse({"k": "30", "std_threshold": "0.02", "planes": "2"})
    assert (values.k, values.std_threshold, values.planes) == ((30,), 0.02, 2)
    assert BrainmapParameters.parse({"k": "20, 5,10,5"}).k == (5, 10, 20)


@pytest.mark.parametrize(
    "values",
    [{"k": 1}, {"k": 501}, {"k": "many"}, {"k": "5,,x"}, {"k": ""}, {"k": []},
     {"std_threshold": -1}, {"normalize": "max"},
     {"percentile": 101}, {"offset": "nan"}, {"planes": 0}, {"seed": -1}, {"clusters": 5}],
)  # fmt: skip
def test_impossible_settings_are_refused(values: dict[str, Any]) -> None:
    with pytest.raises(ParameterError):
        BrainmapParameters.parse(values)


@given(
    st.dictionaries(
        st.sampled_from(sorted(BrainmapParameters.model_fields)),
        st.text() | st.floats() | st.none(),
    )
)
def test_any_settings_are_taken_or_refused_in_a_sentence(values: dict[str, Any]) -> None:
    with suppress(ParameterError):
        assert min(BrainmapParameters.parse(values).k) >= 2
