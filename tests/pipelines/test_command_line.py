"""The command line keeps its contract: files, exit codes, sentences."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from pipelines.__main__ import main

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture
def images(tmp_path: Path) -> Path:
    file = tmp_path / "film.npy"
    random = np.random.default_rng(0)
    np.save(file, random.integers(0, 200, (10, 2, 9, 8)).astype(np.uint16))
    return file


def test_a_run_leaves_its_record(images: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert main(["brainmap", "fit", str(images), "--out", str(out), "--set", "k=4"]) == 0
    record = json.loads((out / "run.json").read_text(encoding="utf-8"))
    assert record["pipeline"] == "brainmap fit"
    assert record["parameters"]["k"] == [4]
    assert record["seed"] == 0
    [given] = record["inputs"]
    assert (given["path"], given["size"]) == (str(images), images.stat().st_size)
    assert len(given["sha256"]) == 64
    assert {"python", "numpy", "scikit-learn"} <= set(record["versions"])
    assert record["results"]["shape"] == [2, 9, 8, 10]


@pytest.mark.parametrize(
    ("extra", "says"),
    [
        (["--set", "k=one"], "k (Number of clusters): 'one' cannot be used"),
        (["--set", "kk=3"], "Did you mean k?"),
        (["--set", "std_threshold=1e9"], "voxel"),
    ],
)
def test_a_mistake_is_one_sentence_and_leaves_nothing(
    images: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], extra: list[str], says: str
) -> None:
    out = tmp_path / "out"
    assert main(["brainmap", "fit", str(images), "--out", str(out), "--quiet", *extra]) == 2
    complaint = capsys.readouterr().err
    assert says in complaint
    assert complaint.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == [images.name]


def test_an_existing_result_is_refused_unless_told(images: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    command = ["brainmap", "fit", str(images), "--out", str(out), "--quiet", "--set", "k=3"]
    assert main(command) == 0
    assert main(command) == 2
    assert main([*command, "--overwrite"]) == 0


def test_a_missing_input_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    missing = tmp_path / "nothing.npy"
    assert main(["brainmap", "fit", str(missing), "--out", str(tmp_path / "out")]) == 2
    assert "nothing.npy does not exist" in capsys.readouterr().err


def test_usage_errors_end_with_two_and_no_traceback() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pipelines", "brainmap", "fit"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", [["--help"], ["spikes", "sort", "--help"], ["demo", "--help"]])
def test_help_is_everywhere(command: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(command)
    assert ended.value.code == 0


def test_the_zebrafish_give_the_published_figures(shared_data: Path, tmp_path: Path) -> None:
    out = tmp_path / "fish"
    assert main(["brainmap", "fit", str(shared_data / "fish"), "--out", str(out), "--quiet"]) == 0
    results = json.loads((out / "run.json").read_text(encoding="utf-8"))["results"]
    assert results["shape"] == [2, 76, 87, 20]
    assert results["n_voxels"] == 13_224
    assert results["n_kept"] == 5_898


def test_synapses_go_from_sheet_to_prediction(tmp_path: Path) -> None:
    demo = tmp_path / "demo"
    assert main(["demo", "synapses", str(demo), "--seed", "1"]) == 0
    fit, bundle, csv = tmp_path / "fit", tmp_path / "bundle", tmp_path / "new.csv"
    sheet, new = str(demo / "synapses.xlsx"), str(demo / "new_synapses.xlsx")
    assert main(["synapses", "check", sheet, "--out", str(tmp_path / "r.csv"), "--quiet"]) == 0
    assert main(["synapses", "fit", sheet, "--out", str(fit), "--quiet"]) == 0
    assert main(["synapses", "train", str(fit), "--out", str(bundle), "--quiet"]) == 0
    assert main(["synapses", "predict", str(bundle), new, "--out", str(csv), "--quiet"]) == 0
    assert csv.read_text(encoding="utf-8").count("\n") > 20


def test_spikes_go_from_recording_to_units(tmp_path: Path) -> None:
    demo, out = tmp_path / "demo", tmp_path / "sorted"
    assert main(["demo", "spikes", str(demo)]) == 0
    assert main(["spikes", "sort", str(demo / "recording"), "--out", str(out), "--quiet"]) == 0
    with np.load(out / "spikes.npz") as spikes:
        assert spikes["sample_index"].dtype == np.int64
        assert spikes["unit_id"].dtype == np.int32
        assert (np.diff(spikes["sample_index"]) >= 0).all()
