"""From a sorting through review and curation to units that are exported and trained on."""

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipelines.__main__ import main
from pipelines.core.errors import InputError, TableError
from pipelines.spikes.curation.log import Log, curate, read_start
from pipelines.spikes.curation.parameters import ReviewParameters
from pipelines.spikes.curation.steps import CurationStep
from pipelines.spikes.labels.disagreement import disagreement
from pipelines.spikes.review import proposals
from pipelines.spikes.review.review import queue_of
from pipelines.spikes.units.clock import Clock
from pipelines.spikes.units.folder import read_finished
from pipelines.spikes.units.waveforms import similarity
from pipelines.tasks import run

CLOCK = Clock(30_000.0, 60 * 30_000, 0.0015, 0.0005)


@pytest.fixture(scope="module")
def review(sorting: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("review") / "run"
    run("spikes review", {"sorting": sorting}, {"splitter": "bgmm"}, out)
    return out


def curated(sorting: Path, out: Path, *steps: CurationStep, **parameters: str) -> pd.DataFrame:
    start, digest = read_start(sorting)
    log = Log(out.parent / "steps.jsonl", digest)
    for step in steps:
        curate(log, start, step)
    run("spikes curate", {"sorting": sorting, "curation": log.file}, parameters, out)
    return pd.read_csv(out / "units.csv", keep_default_na=False)


def test_a_review_puts_the_most_doubtful_units_first(review: Path) -> None:
    queue = pd.read_csv(review / "queue.csv")
    assert queue["disagree"].is_monotonic_decreasing
    for _, part in queue.groupby("disagree"):
        assert part["probability"].is_monotonic_increasing
    assert set(queue["unit_id"]) == set(pd.read_csv(review / "labels.csv")["unit_id"])


def test_labellers_differ_only_about_what_they_can_say() -> None:
    labels = pd.DataFrame(
        {
            "unit_id": [1, 2, 3, 4],
            "label_thresholds": ["good", "noise", "noise", "good"],
            "label_bombcell": ["good", "mua", "noise", "mua"],
            "label_unitrefine": ["good", "mua", "mua", "noise"],
            "probability_unitrefine": [0.9, 0.9, 0.6, 0.5],
            "reason": "",
        }
    )
    assert disagreement(labels).tolist() == [0, 0, 1, 2]
    assert queue_of(labels)["unit_id"].tolist() == [4, 3, 1, 2]


def test_nothing_done_leaves_every_unit_as_it_was(sorting: Path, tmp_path: Path) -> None:
    (tmp_path / "labels.csv").write_text("unit_id,label\n0,good\n")
    inputs = {"sorting": sorting, "curation": tmp_path / "labels.csv"}
    run("spikes curate", inputs, {}, tmp_path / "out")
    before, after = (pd.read_csv(folder / "units.csv") for folder in (sorting, tmp_path / "out"))
    pd.testing.assert_frame_equal(after[before.columns], before)
    for name in ("spikes.npz", "waveforms.npz"):
        with np.load(sorting / name) as one, np.load(tmp_path / "out" / name) as two:
            assert all(np.array_equal(one[key], two[key], equal_nan=key == "mean") for key in one)


def test_a_merge_has_the_spikes_and_the_mean_of_both(sorting: Path, tmp_path: Path) -> None:
    whole = read_finished(sorting)
    table = curated(sorting, tmp_path / "out", CurationStep("merge", "ada", (0, 1)))
    row = table[table["came_from"] == "0+1"].iloc[0]
    counts = [int((whole.unit_id == unit).sum()) for unit in (0, 1)]
    assert row["n_spikes"] == sum(counts)
    with np.load(tmp_path / "out" / "waveforms.npz") as stored:
        mean = stored["mean"][stored["unit_id"].tolist().index(int(row["unit_id"]))]
    np.testing.assert_allclose(
        mean, np.average(whole.mean[:2], axis=0, weights=counts), rtol=1e-4, atol=1e-3
    )


def test_a_split_is_measured_from_the_recording(sorting: Path, tmp_path: Path) -> None:
    """Two units that are merged and split again have the waveforms that they had."""
    whole = read_finished(sorting)
    places = tuple(np.flatnonzero(whole.unit_id == 0).tolist())
    new = len(whole.units)
    steps = (
        CurationStep("merge", "ada", (0, 1)),
        CurationStep("split", "ada", (new,), spikes=(places,)),
    )
    table = curated(sorting, tmp_path / "out", *steps)
    assert table["came_from"].tolist()[-2:] == ["0", "1"]
    with np.load(tmp_path / "out" / "waveforms.npz") as stored:
        np.testing.assert_allclose(stored["mean"][-2:], whole.mean[:2], atol=0.5)
    assert table["snr"].tolist()[-2:] == pytest.approx(whole.units["snr"].tolist()[:2], rel=0.02)


def test_noise_is_removed_and_everything_else_carried(sorting: Path, tmp_path: Path) -> None:
    from spikeinterface.core import load_sorting_analyzer

    steps = (
        CurationStep("label", "ada", (0,), "noise"),
        CurationStep("label", "ada", (1,), "good"),
    )
    table = curated(sorting, tmp_path / "out", *steps, only="good,mua,unlabelled")
    assert 0 not in table["unit_id"].tolist()
    assert table.loc[table["unit_id"] == 1, "label_curated"].tolist() == ["good"]
    text = (tmp_path / "out" / "methods.txt").read_text()
    assert "labels: 2" in text
    before = load_sorting_analyzer(sorting / "analyzer.zarr")
    after = load_sorting_analyzer(tmp_path / "out" / "analyzer.zarr")
    assert set(after.get_saved_extension_names()) == set(before.get_saved_extension_names())
    assert after.unit_ids.tolist() == table["unit_id"].tolist()


def test_an_export_of_curated_units_carries_their_labels(sorting: Path, tmp_path: Path) -> None:
    units = pd.read_csv(sorting / "units.csv")["unit_id"].tolist()
    steps = [CurationStep("label", "ada", (unit,), "mua" if unit else "noise") for unit in units]
    curated(sorting, tmp_path / "out", *steps)
    run("spikes export", {"sorting": tmp_path / "out"}, {"format": "phy"}, tmp_path / "phy")
    groups = pd.read_csv(tmp_path / "phy" / "cluster_group.tsv", sep="\t")
    assert groups["group"].tolist() == ["noise"] + ["mua"] * (len(units) - 1)
    assert f"labels: {len(units)}" in (tmp_path / "phy" / "methods.txt").read_text()


def test_units_that_nobody_labelled_are_exported_too(sorting: Path, tmp_path: Path) -> None:
    curated(sorting, tmp_path / "out", CurationStep("merge", "ada", (0, 1)))
    run("spikes export", {"sorting": tmp_path / "out"}, {"format": "csv"}, tmp_path / "csv")
    assert pd.read_csv(tmp_path / "csv" / "units.csv")["label"].notna().all()


def test_labels_of_a_labeller_fill_what_no_curator_said(
    sorting: Path, review: Path, tmp_path: Path
) -> None:
    (tmp_path / "l.csv").write_text("unit_id,label\n0,noise\n")
    inputs = {"sorting": sorting, "curation": tmp_path / "l.csv", "labels": review}
    run("spikes curate", inputs, {"fill": "bombcell"}, tmp_path / "out")
    table = pd.read_csv(tmp_path / "out" / "units.csv")
    said = pd.read_csv(review / "labels.csv")["label_bombcell"].tolist()
    assert table["label_curated"].tolist() == ["noise", *said[1:]]
    assert "Bombcell (Fabre et al. 2023" in (tmp_path / "out" / "methods.txt").read_text()


def test_curated_recordings_make_one_table_to_train_on(sorting: Path, tmp_path: Path) -> None:
    folders = []
    for name in ("one", "two"):
        step = CurationStep("label", "ada", (0,), "good" if name == "one" else "noise")
        (tmp_path / name).mkdir()
        curated(sorting, tmp_path / name / "out", step)
        folders.append(str(tmp_path / name / "out"))
    out = tmp_path / "t.csv"
    assert main(["spikes", "training-table", *folders, "--out", str(out), "--quiet"]) == 0
    table = pd.read_csv(out)
    assert table["majority_vote"].tolist() == ["good", "noise"]
    assert {"recording", "snr", "num_positive_peaks", "trough_half_width"} <= set(table.columns)
    assert main(["spikes", "train-labels", *folders, "--out", str(tmp_path / "b"), "--quiet"]) == 2


def test_without_the_recording_whole_units_are_still_curated(sorting: Path, tmp_path: Path) -> None:
    lonely = tmp_path / "sorting"
    shutil.copytree(sorting, lonely)
    record = json.loads((lonely / "run.json").read_text())
    record["inputs"][0]["path"] = str(tmp_path / "gone")
    (lonely / "run.json").write_text(json.dumps(record))
    done = run("spikes review", {"sorting": lonely}, {"splitter": "bgmm"}, tmp_path / "review")
    assert "is not there any more" in done.results["note"]
    table = curated(lonely, tmp_path / "out", CurationStep("merge", "ada", (0, 1)))
    assert "0+1" in table["came_from"].tolist()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("unit_id,label\n0,fine\n", "'fine' is no label"),
        ("unit_id,label\n77,good\n", "no unit 77"),
        ("unit,label\n0,good\n", "needs a column unit_id"),
    ],
)
def test_a_table_that_is_no_curation_is_refused(
    sorting: Path, tmp_path: Path, content: str, words: str
) -> None:
    (tmp_path / "l.csv").write_text(content)
    inputs = {"sorting": sorting, "curation": tmp_path / "l.csv"}
    with pytest.raises(InputError, match=words):
        run("spikes curate", inputs, {}, tmp_path / "out")


# -- proposals


def train(n: int, seed: int) -> np.ndarray:
    """Spikes of one cell: Poisson with a refractory period of 2 ms."""
    gaps = 60 + np.random.default_rng(seed).exponential(60 * 30_000 / n - 60, n)
    return np.cumsum(gaps).astype(np.int64)


def proposed(trains: dict[int, np.ndarray], alike: float) -> list[tuple[str, tuple[int, ...]]]:
    matrix = np.full((len(trains), len(trains)), alike)
    found = proposals.pairs(trains, matrix, CLOCK, ReviewParameters())
    return [(one.kind, one.units) for one in found]


def test_halves_of_one_cell_are_proposed_to_be_merged_and_two_cells_are_not() -> None:
    whole = train(1200, 0)
    half = np.random.default_rng(1).random(len(whole)) < 0.5
    assert proposed({1: whole[half], 2: whole[~half]}, 0.95) == [("merge", (1, 2))]
    assert proposed({1: whole[half], 2: whole[~half]}, 0.5) == []
    assert proposed({1: train(1200, 2), 2: train(1200, 3)}, 0.95) == []


def test_likeness_does_not_mind_a_small_shift() -> None:
    wave = np.sin(np.linspace(0, 6, 60))[:, None] * [1.0, 0.5]
    found = similarity(np.stack([wave, np.roll(wave, 3, axis=0), wave[:, ::-1]]).astype(np.float32))
    assert found[0, 1] > 0.98
    assert found[0, 2] == pytest.approx(0.8, abs=0.05)


def test_two_clouds_are_proposed_to_be_split() -> None:
    random = np.random.default_rng(0)
    shape = np.sin(np.linspace(0, 6, 30))[:, None] * 10
    values = random.normal(size=(600, 30, 1)) + shape
    second = np.isin(np.arange(600), random.choice(600, 200, replace=False))
    values[second] += np.cos(np.linspace(0, 6, 30))[:, None] * 6
    waves = proposals.UnitWaveforms(
        np.arange(1000, 1600), values.astype(np.float32), np.array([0]), np.ones(1, np.float32)
    )
    points = proposals.points_of(waves)
    parameters = ReviewParameters(splitter="bgmm")
    (one,) = proposals.within(3, np.arange(600) * 3000, waves, points, CLOCK, parameters)
    assert (one.kind, one.units) == ("split", (3,))
    assert set(one.spikes[0]) == set(1000 + np.flatnonzero(second))


# -- curators


def test_agreement_and_majority_are_those_of_the_textbook(tmp_path: Path) -> None:
    """Cohen's own kind of table: 20 both yes, 15 both no, 5 and 10 apart: kappa is 0.4."""
    one = ["good"] * 25 + ["noise"] * 25
    two = ["good"] * 20 + ["noise"] * 5 + ["good"] * 10 + ["noise"] * 15
    three = ["good"] * 50
    files = []
    for name, labels in (("a", one), ("b", two), ("c", three)):
        files.append(tmp_path / f"{name}.csv")
        pd.DataFrame({"unit_id": range(50), "label": labels}).to_csv(files[-1], index=False)
    out = tmp_path / "out"
    assert main(["spikes", "agreement", *map(str, files), "--out", str(out), "--quiet"]) == 0
    pairs = pd.read_csv(out / "agreement.csv").set_index(["one", "two"])
    assert pairs.loc[("a", "b"), "kappa"] == pytest.approx(0.4)
    assert pairs.loc[("a", "b"), "same"] == pytest.approx(0.7)
    assert pairs.loc[("a", "c"), "kappa"] == 0
    votes = pd.read_csv(out / "majority.csv")["majority_vote"].tolist()
    assert votes == ["good"] * 35 + ["noise"] * 15


def test_curators_are_compared_by_their_curated_units(sorting: Path, tmp_path: Path) -> None:
    for name, words in (("ada", ("good", "noise")), ("bo", ("good", "good"))):
        (tmp_path / name).mkdir()
        steps = (
            CurationStep("label", name, (unit,), label=word) for unit, word in enumerate(words)
        )
        curated(sorting, tmp_path / name / "out", *steps)
    inputs = {"labels": tmp_path / "ada" / "out", "labels 2": tmp_path / "bo" / "out"}
    run("spikes agreement", inputs, {}, tmp_path / "agreed")
    pair = pd.read_csv(tmp_path / "agreed" / "agreement.csv").iloc[0]
    assert (pair["one"], pair["two"], pair["n_units"], pair["same"]) == ("ada", "bo", 2, 0.5)


def test_one_curator_alone_has_nobody_to_agree_with(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("unit_id,label\n0,good\n")
    with pytest.raises(TableError, match="at least two curators"):
        run("spikes agreement", {"labels": tmp_path / "a.csv"}, {}, tmp_path / "out")


def test_a_short_recording_is_warned_of_with_figures(sorting: Path, review: Path) -> None:
    note = json.loads((review / "run.json").read_text())["results"]["note"]
    assert note.startswith("The recording is 60 s long")
    assert "88% at 60 s" in note


def test_steps_are_taken_on_the_command_line(
    sorting: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "sorting"
    shutil.copytree(sorting, folder, ignore=shutil.ignore_patterns("analyzer.zarr"))
    (tmp_path / "part.txt").write_text("\n".join(map(str, read_start(folder)[0].spikes_of(0)[:9])))
    step = ["spikes", "step", str(folder)]
    who = ["--author", "ada"]
    assert main([*step, "label", "--units", "1,2", "--label", "noise", *who]) == 0
    assert main([*step, "split", "--units", "0", "--spikes", str(tmp_path / "part.txt"), *who]) == 0
    assert "n_units: 7" in capsys.readouterr().out
    assert main([*step, "undo", *who]) == 0
    assert main([*step, "label", "--units", "one", *who]) == 2
    assert main([*step, "label", "--units", "99", "--label", "good", *who]) == 2
    assert "There is no unit 99" in capsys.readouterr().err
    out = tmp_path / "out"
    words = ["spikes", "curate", str(folder), "--only", "unlabelled", "--out", str(out), "--quiet"]
    assert main(words) == 0
    assert pd.read_csv(out / "units.csv")["unit_id"].tolist() == [0, 3, 4, 5]
