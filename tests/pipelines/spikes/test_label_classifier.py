import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipelines.__main__ import main
from pipelines.core.errors import BundleError, TableError
from pipelines.models import bundles
from pipelines.spikes.classifier import unit_classifier
from pipelines.spikes.labels.metric_table import of_rows, read
from pipelines.tasks import run

PROBABILITIES = Path(__file__).parents[2] / "fixtures" / "unit_labels" / "probabilities.npz"


def simulated(n: int, seed: int) -> pd.DataFrame:
    """Noise is small and misshapen; single units have no refractory violations."""
    random = np.random.default_rng(seed)
    kind = random.choice(["noise", "mua", "good"], n)
    clean = {"noise": 0.5, "mua": 0.4, "good": 0.02}
    return pd.DataFrame(
        {
            "unit_id": np.arange(n),
            "snr": np.where(kind == "noise", 2, 7) * random.lognormal(0, 0.3, n),
            "rp_contamination": [clean[name] for name in kind] * random.lognormal(0, 0.4, n),
            "num_positive_peaks": np.where(kind == "noise", 3, 1) + random.integers(0, 2, n),
            "half_width": 2e-4 * random.lognormal(0, 0.2, n),
            "presence_ratio": random.uniform(0.5, 1, n),
            "majority_vote": kind,
        }
    )


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("curated")
    files = [folder / f"mouse{name}_imec0.csv" for name in ("1a", "1b", "2a", "3a")]
    for seed, file in enumerate(files):
        simulated(150, seed).to_csv(file, index=False)
    return files


@pytest.fixture(scope="module")
def bundle(tables: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("trained") / "bundle"
    texts = [str(file) for file in tables]
    assert main(["spikes", "train-labels", *texts, "--out", str(out), "--quiet"]) == 0
    return out


def test_animals_are_held_out_whole(bundle: Path) -> None:
    card = json.loads((bundle / "card.json").read_text())
    assert card["groups"] == ["mouse1", "mouse2", "mouse3"]
    assert card["held_out"]["balanced_accuracy_neural"] > 0.95
    assert card["held_out"]["balanced_accuracy_single"] > 0.95
    assert set(card["permutation_importance"]["neural"]) == set(card["metrics"])
    assert "trough_half_width" in card["metrics"]


def test_a_trained_classifier_labels_new_units(bundle: Path, tmp_path: Path) -> None:
    truth = simulated(200, 99)
    truth.drop(columns="majority_vote").to_csv(tmp_path / "new.csv", index=False)
    command = ["spikes", "label", "--metrics", str(tmp_path / "new.csv"), "--method", "unitrefine"]
    out = tmp_path / "labels.csv"
    assert main([*command, "--bundle", str(bundle), "--out", str(out), "--quiet"]) == 0
    found = pd.read_csv(out)
    assert (found["label_unitrefine"] == truth["majority_vote"]).mean() > 0.95
    assert found["probability_unitrefine"].between(0, 1).all()
    assert found["unit_id"].tolist() == truth["unit_id"].tolist()


def test_a_unit_gets_the_same_label_alone_as_in_a_table(bundle: Path) -> None:
    classifier, _ = unit_classifier.load(bundle)
    rows = simulated(50, 7)
    whole = classifier.predict(of_rows(rows, "rows"))
    alone = [classifier.predict(of_rows(rows.iloc[[n]], "rows")).neural[0] for n in range(5)]
    np.testing.assert_allclose(whole.neural[:5], alone, rtol=1e-12)


def test_training_again_gives_the_same_bytes(
    bundle: Path, tables: list[Path], tmp_path: Path
) -> None:
    inputs = {f"table {n}" if n > 1 else "table": file for n, file in enumerate(tables, 1)}
    run("spikes train-labels", inputs, {}, tmp_path / "again")
    for name in (bundles.CLASSIFIER, bundles.CARD):
        assert (tmp_path / "again" / name).read_bytes() == (bundle / name).read_bytes()


def test_a_unit_is_called_what_is_most_probable(bundle: Path) -> None:
    classifier, _ = unit_classifier.load(bundle)
    found = classifier.predict(of_rows(simulated(60, 3), "rows"))
    each = {
        "noise": 1 - found.neural,
        "mua": found.neural * (1 - found.single),
        "good": found.neural * found.single,
    }
    assert np.array(list(each))[np.array(list(each.values())).argmax(axis=0)].tolist() == (
        found.labels.tolist()
    )
    np.testing.assert_allclose(found.of_label, np.max(list(each.values()), axis=0))


def test_a_table_that_lacks_most_metrics_is_refused_with_the_list(bundle: Path) -> None:
    classifier, _ = unit_classifier.load(bundle)
    with pytest.raises(TableError, match=r"only 1 of them; it needs 3\. Missing: .*snr"):
        unit_classifier.label(
            of_rows(pd.DataFrame({"presence_ratio": [1.0]}), "t"), classifier, min_metrics=0.5
        )


def test_parts_of_two_classifiers_are_no_classifier(bundle: Path, tmp_path: Path) -> None:
    mixed = Path(shutil.copytree(bundle, tmp_path / "mixed"))
    shutil.copyfile(unit_classifier.SHIPPED / bundles.CLASSIFIER, mixed / bundles.CLASSIFIER)
    bundles.write_manifest(mixed)
    with pytest.raises(BundleError, match="mixed cannot be read: it is damaged"):
        unit_classifier.load(mixed)


def test_a_table_of_a_label_that_is_none_is_refused(tmp_path: Path) -> None:
    rows = simulated(30, 0)
    rows.loc[4, "majority_vote"] = "maybe"
    rows.to_csv(tmp_path / "m.csv", index=False)
    with pytest.raises(TableError, match="row 6, column majority_vote: 'maybe' is no label"):
        run("spikes train-labels", {"table": tmp_path / "m.csv"}, {}, tmp_path / "out")


def test_the_shipped_classifier_tells_noise_and_single_units_of_animals_it_never_saw() -> None:
    _, card = unit_classifier.load(unit_classifier.SHIPPED)
    held = card["held_out"]
    assert held["balanced_accuracy_neural"] >= 0.86
    assert held["balanced_accuracy_single"] >= 0.80
    assert held["macro_f1"] >= 0.77
    assert sum(file.stat().st_size for file in unit_classifier.SHIPPED.iterdir()) < 5e6
    assert not any("nn_" in name or name == "l_ratio" for name in card["metrics"])


def test_the_shipped_classifier_says_the_same_to_the_last_bit_as_its_pickle_did() -> None:
    """Of 20 units with all metrics, 20 with gaps, 19 with one metric and one with none."""
    classifier = unit_classifier.shipped()
    with np.load(PROBABILITIES) as stored:
        values = stored["values"]
        scaled = classifier.scale.apply(values)
        for step, name in zip(classifier.steps, ("neural", "single"), strict=True):
            assert step.probability(values, scaled).tobytes() == stored[name].tobytes()


def test_the_shipped_classifier_reads_tables_with_old_names(shared_data: Path) -> None:
    classifier, card = unit_classifier.load(unit_classifier.SHIPPED)
    table = read(shared_data / "unit_labels" / "mouse5_imec0.csv")
    assert all(table.has(name) for name in card["metrics"])
    found = classifier.predict(table).labels
    assert (found == table.rows["majority_vote"].to_numpy(dtype=str)).mean() > 0.75


def test_a_sorting_is_labelled_in_place(sorting: Path, tmp_path: Path) -> None:
    folder = tmp_path / "sorted"
    shutil.copytree(sorting, folder)
    before = pd.read_csv(folder / "units.csv")
    for _ in range(2):  # labelling again replaces the labels
        assert main(["spikes", "label", str(folder), "--quiet"]) == 0
    after = pd.read_csv(folder / "units.csv")
    assert after[before.columns].equals(before)
    assert after.columns[-5:].tolist() == [
        "label_thresholds",
        "label_bombcell",
        "label_unitrefine",
        "probability_unitrefine",
        "reason",
    ]
    assert (after["label_unitrefine"] != "noise").all()


def test_a_table_alone_needs_a_place_for_the_labels(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "m.csv").write_text("unit_id,snr\n1,5\n")
    assert main(["spikes", "label", "--metrics", str(tmp_path / "m.csv"), "--quiet"]) == 2
    assert "say with --out" in capsys.readouterr().err
