"""Results of commit 58027b6 are opened and gone on with."""

import json
import shutil
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd
import pytest
import tifffile

from pipelines.__main__ import main
from pipelines.models import bundles, registry
from pipelines.spikes.curation.log import Log, read_start
from pipelines.spikes.curation.steps import replay
from pipelines.spikes.labels.tables import read_labels
from pipelines.spikes.sorting.sort_file import read_sort_file
from pipelines.spikes.units.folder import read_finished
from pipelines.synapses.classify import published
from pipelines.synapses.clusters.given_clusters import read_labels as read_labels_from
from tests.earlier import ARCHIVES, DIGESTS, HOLDS, needs_same_scikit_learn, unpack

KINDS = ("lab", "spikes", "brainmap", "synapses", "models")
FORMATS = ("phy", "nwb", "curation-json", "blech-hdf5", "csv", "zarr")
CLASSIFIERS = ("random-forest", "xgboost", "knn", "extra-trees", "svc")


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Everything but the home folder; what changes a folder takes a copy."""
    return unpack(tmp_path_factory.mktemp("earlier"), *KINDS)


@pytest.fixture
def here(stored: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where paths are as they were given."""
    monkeypatch.chdir(stored)
    return stored


def run(*words: object) -> None:
    assert main([*map(str, words), "--quiet"]) == 0


@pytest.fixture
def converted(quick_pickles: None, tmp_path: Path) -> Callable[[Path], Path]:
    """Makes a stored model of a copy of a bundle."""

    def convert(bundle: Path) -> Path:
        needs_same_scikit_learn(bundle)
        copy = shutil.copytree(bundle, tmp_path / "converted")
        assert main(["models", "convert", str(copy)]) == 0
        return Path(copy)

    return convert


def results(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    return found["results"]


def test_the_archives_are_as_they_were_made(tmp_path: Path) -> None:
    for name, digest in DIGESTS["archives"].items():
        assert sha256((ARCHIVES / name).read_bytes()).hexdigest() == digest, name
    unpack(tmp_path, *KINDS, "home")
    files = [file for file in tmp_path.rglob("*") if file.is_file()]
    found = {
        file.relative_to(tmp_path).as_posix(): sha256(file.read_bytes()).hexdigest()
        for file in files
    }
    assert found == DIGESTS["files"]


@pytest.mark.parametrize("name", HOLDS["sortings"])
def test_a_sorting_is_read(stored: Path, name: str) -> None:
    holds = HOLDS["sortings"][name]
    found = read_finished(stored / name)
    assert found.units["unit_id"].tolist() == holds["unit_ids"]
    ids, counts = np.unique(found.unit_id[found.unit_id >= 0], return_counts=True)
    assert dict(zip(map(str, ids.tolist()), counts.tolist(), strict=True)) == holds["n_spikes"]
    assert int(found.sample_index.sum()) == holds["sum_of_samples"]
    assert found.mean.shape[::2] == (len(found.units), len(found.channel_id))


def test_a_curation_goes_on_where_it_was(stored: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(stored / "spikes/units-curated", tmp_path / "units")
    start, digest = read_start(folder)
    state = replay(start, Log(folder / "curation.jsonl", digest).read())
    assert sorted(state.units) == [0, 1, 3, 5, 6]
    assert state.labels == {0: "good", 6: "mua"}
    run_step = ["spikes", "step", str(folder), "label", "--units", "1", "--label", "noise"]
    assert main([*run_step, "--author", "ben"]) == 0
    assert len(Log(folder / "curation.jsonl", digest).read()) == 6


def test_a_curation_gives_the_same_units(here: Path, tmp_path: Path) -> None:
    run("spikes", "curate", "spikes/units-curated", "--out", tmp_path / "curated")
    units = pd.read_csv(tmp_path / "curated/units.csv", keep_default_na=False)
    assert units["unit_id"].tolist() == HOLDS["sortings"]["spikes/curated"]["unit_ids"]
    assert units["label_curated"].tolist() == HOLDS["curated_labels"]["label_curated"]


@pytest.mark.parametrize("name", ["units", "units-tridesclous2", "units-labelled", "curated"])
def test_units_are_labelled(stored: Path, tmp_path: Path, name: str) -> None:
    out = tmp_path / "labels.csv"
    run("spikes", "label", stored / "spikes" / name, "--method", "all", "--out", out)
    table = pd.read_csv(out)
    assert table["unit_id"].tolist() == HOLDS["sortings"][f"spikes/{name}"]["unit_ids"]
    for method in ("thresholds", "bombcell", "unitrefine"):
        assert set(table[f"label_{method}"]) <= {"good", "mua", "noise"}


def test_units_are_labelled_by_the_classifier(
    stored: Path, tmp_path: Path, converted: Callable[[Path], Path]
) -> None:
    bundle = converted(stored / "spikes/classifier")
    metrics = stored / "lab/mouse1_units.csv"
    words = ("spikes", "label", "--metrics", metrics, "--method", "unitrefine", "--bundle", bundle)
    run(*words, "--out", tmp_path / "labels.csv")
    found = pd.read_csv(tmp_path / "labels.csv")
    assert (found["label_unitrefine"] == found["majority_vote"]).mean() > 0.9


def test_units_are_reviewed_with_their_recording(here: Path, tmp_path: Path) -> None:
    run("spikes", "review", "spikes/units", "--out", tmp_path / "with")
    now, then = results(tmp_path / "with"), results(here / "spikes/review")
    assert (now["n_units"], now["n_disagree"]) == (then["n_units"], then["n_disagree"])
    # It proposed outliers of every unit, which were true spikes, and a merge of two cells.
    assert then["proposals"] == {"merge": 1, "outliers": 4}
    assert set(now["proposals"]) <= {"merge", "split"}


def test_units_are_reviewed_without_their_recording(stored: Path, tmp_path: Path) -> None:
    run("spikes", "review", stored / "spikes/units", "--out", tmp_path / "without")
    assert results(tmp_path / "without")["n_units"] == 4


@pytest.mark.parametrize("kind", FORMATS)
def test_units_are_exported_with_their_recording(here: Path, tmp_path: Path, kind: str) -> None:
    words = ("spikes", "export", "spikes/units", "--labels", "spikes/labels", "--format", kind)
    run(*words, "--out", tmp_path / "out")
    assert results(tmp_path / "out")["n_spikes"] == 379


@pytest.mark.parametrize("kind", [kind for kind in FORMATS if kind != "blech-hdf5"])
def test_units_are_exported_without_their_recording(
    stored: Path, tmp_path: Path, kind: str
) -> None:
    run("spikes", "export", stored / "spikes/units-tridesclous2", "--format", kind,
        "--out", tmp_path / "out")  # fmt: skip
    assert results(tmp_path / "out")["n_units"] == 4


def test_waveforms_need_the_recording_and_the_sentence_says_so(
    stored: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["spikes", "export", str(stored / "spikes/units"), "--format", "blech-hdf5"]
    assert main([*words, "--out", str(tmp_path / "out"), "--quiet"]) == 2
    assert "lab/recording" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_exports_are_still_what_other_readers_take(stored: Path) -> None:
    phy = read_labels(stored / "spikes/export-phy/cluster_group.tsv")
    assert list(phy.labels) == [0, 1, 2, 3]
    assert len(read_sort_file(stored / "spikes/export-csv/sort_file.csv")) == 4
    with h5py.File(stored / "spikes/export-blech-hdf5/sorted_units.h5") as root:
        assert root["unit_descriptor"]["waveform_count"].tolist() == [125, 72, 52, 130]


def test_a_sorting_is_run_again_with_its_groups_taken_over(here: Path, tmp_path: Path) -> None:
    run("spikes", "sort", "lab/recording", "--out", tmp_path / "again", "--again", "spikes/units",
        "--set", "min_spikes=20")  # fmt: skip
    with (
        np.load(tmp_path / "again/spikes.npz") as new,
        np.load(here / "spikes/units/spikes.npz") as old,
    ):
        np.testing.assert_array_equal(new["sample_index"], old["sample_index"])
        np.testing.assert_array_equal(new["unit_id"], old["unit_id"])


def test_a_batch_is_not_sorted_again(
    here: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    many = shutil.copytree(here / "spikes/many", tmp_path / "many")
    run("spikes", "batch", "lab/recording", "--out", many, "--set", "min_spikes=20")
    assert "done, 4 units" in (said := capsys.readouterr().out)
    assert "Done before." in said
    table = pd.read_csv(many / "batch.csv")
    assert table["recording"].tolist() == ["lab/broken", "lab/recording"]


def test_labels_that_are_kept_with_units_are_exported(stored: Path, tmp_path: Path) -> None:
    units = stored / "spikes/units-labelled"
    run("spikes", "export", units, "--format", "phy", "--out", tmp_path / "out")
    groups = pd.read_csv(tmp_path / "out/cluster_group.tsv", sep="\t")["group"]
    assert groups.tolist() == HOLDS["labels"]["label_unitrefine"]


def test_curators_agree_as_before(stored: Path, tmp_path: Path) -> None:
    logs = [stored / "spikes/ann.jsonl", stored / "spikes/ben.csv"]
    run("spikes", "agreement", *logs, "--out", tmp_path / "out")
    old = pd.read_csv(stored / "spikes/agreement/majority.csv")
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "out/majority.csv"), old)


def test_curated_units_become_a_training_table(stored: Path, tmp_path: Path) -> None:
    run("spikes", "training-table", stored / "spikes/curated", "--out", tmp_path / "new.csv")
    new, old = pd.read_csv(tmp_path / "new.csv"), pd.read_csv(stored / "spikes/training.csv")
    assert set(old.columns) <= set(new.columns)
    assert new["unit_id"].tolist() == old["unit_id"].tolist()


@pytest.mark.parametrize("name", ["kmeans", "gmm"])
def test_a_map_is_exported(stored: Path, tmp_path: Path, name: str) -> None:
    formats = ("--format", "tiff,png,svg,csv,nwb")
    run("brainmap", "export", stored / "brainmap" / name, *formats, "--out", tmp_path / "out")
    labels = tifffile.imread(stored / "brainmap" / name / "labels.tif")
    clusters, counts = np.unique(labels, return_counts=True)
    holds = HOLDS["maps"][name]["voxels"]
    assert dict(zip(map(str, clusters.tolist()), counts.tolist(), strict=True)) == holds
    assert (tmp_path / "out" / "run.json").is_file()


@pytest.mark.parametrize(
    ("measure", "colors"), [("components", "rgb"), ("fourier", "hsv"), ("clusters", "indexed")]
)
def test_a_map_is_coloured(stored: Path, tmp_path: Path, measure: str, colors: str) -> None:
    run("brainmap", "colorize", stored / "brainmap/kmeans", "--measure", measure,
        "--color-map", colors, "--out", tmp_path / "out")  # fmt: skip


def test_a_film_is_correlated_with_a_cluster_of_a_map(stored: Path, tmp_path: Path) -> None:
    run("brainmap", "correlate", stored / "lab/film.npy", "--map", stored / "brainmap/kmeans",
        "--source", "cluster", "--set", "cluster=0", "--out", tmp_path / "out")  # fmt: skip


def test_a_series_is_a_plain_array(stored: Path) -> None:
    values = np.load(stored / "brainmap/std.npy", allow_pickle=False)
    assert float(values.astype(np.float64).sum()) == HOLDS["series"]["sum"]


@pytest.mark.parametrize("name", ["hdbscan", "gmm", "given"])
def test_a_fit_is_trained_on(stored: Path, tmp_path: Path, name: str) -> None:
    fit = stored / "synapses" / name
    assert pd.read_csv(fit / "clusters.csv")["cluster"].tolist() == HOLDS["fits"][name]
    run("synapses", "train", fit, "--out", tmp_path / "bundle", "--set", "classifier=knn",
        "--set", "folds=2")  # fmt: skip
    run("synapses", "predict", tmp_path / "bundle", stored / "lab/new.csv",
        "--out", tmp_path / "new.csv")  # fmt: skip


def test_clusters_are_taken_over(stored: Path) -> None:
    file = stored / "synapses/gmm/clusters.csv"
    rows = pd.read_csv(file, dtype={"SynId": str})
    key = rows[["NeuronId", "SynType", "SynId"]].to_numpy(str)
    assert read_labels_from(file, key, "all").clusters.labels.tolist() == HOLDS["fits"]["gmm"]


@pytest.mark.parametrize("kind", CLASSIFIERS)
def test_a_bundle_predicts_the_same_to_the_last_bit(
    stored: Path, tmp_path: Path, kind: str, converted: Callable[[Path], Path]
) -> None:
    bundle = converted(stored / "synapses" / kind)
    run("synapses", "predict", bundle, stored / "lab/new.csv", "--out", tmp_path / "new.csv")
    _assert_same_answers(tmp_path / "new.csv", stored / f"synapses/predicted-{kind}.csv")


@pytest.mark.usefixtures("quick_pickles")
def test_a_published_model_predicts_the_same_to_the_last_bit(stored: Path, tmp_path: Path) -> None:
    rows = stored / "synapses/hdbscan/clusters.csv"
    bundle = tmp_path / "as_bundle"
    bundle.mkdir()
    published.renew(bundles.open_bundle(stored / "models/registry/as_bundle"), bundle)
    run("synapses", "predict", bundle, rows, "--out", tmp_path / "new.csv")
    _assert_same_answers(tmp_path / "new.csv", stored / "models/predicted-as_bundle.csv")


def _assert_same_answers(new: Path, old: Path) -> None:
    """Every column that was there holds the same text."""
    ours, theirs = (pd.read_csv(file, dtype=str, keep_default_na=False) for file in (new, old))
    pd.testing.assert_frame_equal(ours[list(theirs.columns)], theirs)


@pytest.mark.usefixtures("quick_pickles")
def test_a_published_pickle_is_taken_again(stored: Path, tmp_path: Path) -> None:
    entry = registry.add(stored / "models/as_bundle.pkl", tmp_path / "registry")
    known = registry.find(stored / "models/registry", "as_bundle")
    assert entry.card()["classifier"] == known.card()["classifier"]


def test_a_registry_is_listed_and_restored(stored: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(stored / "models/registry", tmp_path / "registry")
    entries = registry.entries(folder)
    assert [entry.name for entry in entries] == ["as_bundle", "forest", "neighbours", "units"]
    assert [bool(entry.retired) for entry in entries] == [False, False, True, False]
    assert not any(entry.problems() for entry in entries)
    assert not registry.restore(folder, "neighbours").retired
