"""Every classifier keeps its promises on planted clusters, and auto chooses among them."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipelines.core.progress import silent
from pipelines.synapses.classify import classifiers, rows
from pipelines.synapses.classify.predict import predict
from pipelines.synapses.classify.train import load_trained, train
from pipelines.synapses.clusters.model import load_fitted
from pipelines.synapses.parameters import PredictParameters, TrainParameters
from pipelines.synapses.simulate import Simulation
from pipelines.synapses.table.arrays import Floats, Integers

ANSWERS = ["cluster", "probability", "outlier_score", "is_outlier", "UMAP_1", "UMAP_2"]
FEW_TREES = {"n_trees": 20}


@pytest.fixture(scope="module", params=rows.candidates())
def bundle(
    request: pytest.FixtureRequest, fit_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    folder = tmp_path_factory.mktemp(request.param)
    parameters = TrainParameters(classifier=request.param, folds=3, **FEW_TREES)
    train({"fit": fit_folder}, parameters, folder, silent)
    return folder


@pytest.fixture(scope="module")
def blobs() -> tuple[Floats, Integers]:
    random = np.random.default_rng(0)
    labels = np.repeat([0, 1, 2], [40, 30, 5])
    return random.normal(size=(75, 5)) + 3.0 * labels[:, np.newaxis], labels


def predictions(bundle: Path, table: pd.DataFrame, folder: Path) -> pd.DataFrame:
    table.to_csv(folder / "new.csv", index=False)
    predict({"bundle": bundle, "table": folder / "new.csv"}, PredictParameters(), folder, silent)
    return pd.read_csv(folder / "predictions.csv", keep_default_na=False, dtype=str)


def test_own_cluster_comes_back_for_permuted_rows(
    bundle: Path, fit_folder: Path, simulation: Simulation, tmp_path: Path
) -> None:
    found = predictions(bundle, simulation.table.sample(frac=1, random_state=3), tmp_path)
    key = ["NeuronId", "SynType", "SynId"]
    known = pd.read_csv(fit_folder / "clusters.csv", dtype=str)
    both = found.merge(known, on=key, suffixes=("", "_fit"))
    clustered = both[both["cluster_fit"] != "-1"]
    assert len(clustered) > 400
    assert (clustered["cluster"] == clustered["cluster_fit"]).mean() >= 0.99


def test_no_answer_changes_between_single_batch_and_shuffled(
    bundle: Path, simulation: Simulation, tmp_path: Path
) -> None:
    batch = simulation.table.iloc[::23].reset_index(drop=True)
    together = predictions(bundle, batch, tmp_path)[ANSWERS]
    order = np.random.default_rng(0).permutation(len(batch))
    shuffled = predictions(bundle, batch.iloc[order], tmp_path)[ANSWERS]
    assert shuffled.iloc[np.argsort(order)].reset_index(drop=True).equals(together)
    for row in range(0, len(batch), 8):
        alone = predictions(bundle, batch.iloc[[row]], tmp_path)[ANSWERS]
        assert alone.iloc[0].tolist() == together.iloc[row].tolist()


def test_probabilities_are_the_same_in_any_batch_to_the_last_bit(
    bundle: Path, fit_folder: Path
) -> None:
    classifier = load_trained(bundle).classifier
    features = load_fitted(fit_folder).features
    many = np.tile(features, (20, 1))
    together = classifier.probabilities(many)
    assert len(many) > classifiers.BLOCK
    assert (together[: len(features)] == together[-len(features) :]).all()
    alone = [classifier.probabilities(features[[row]])[0] for row in range(0, 60)]
    assert (np.array(alone) == together[:60]).all()


def test_the_card_of_planted_clusters_reaches_the_bars(bundle: Path) -> None:
    card = json.loads((bundle / "card.json").read_text())
    assert card["holdout_accuracy"] >= 0.95
    assert card["holdout_macro_f1"] >= 0.9
    low, high = card["holdout_macro_f1_interval"]
    assert low <= card["holdout_macro_f1"] <= high
    assert card["holdout_calibration_error"] <= 0.05
    assert card["outlier_auroc"]["box"] >= 0.95
    assert card["outlier_auroc"]["axes_swapped"] >= 0.98
    assert card["outlier_auroc"]["areas_x4"] >= 0.90
    assert sum(one["n"] for one in card["calibration_curve"]) == sum(card["n_per_class"])


def test_what_the_clusters_differ_in_is_important(bundle: Path) -> None:
    """They are planted along the first axis and in the areas, never across the dendrite."""
    card = json.loads((bundle / "card.json").read_text())
    lost = {name: one["mean"] for name, one in card["feature_importance"].items()}
    assert min(lost["pca_1"], lost["ln_BoutonArea"]) > max(lost["pca_2"], lost["pca_3"]) + 0.05


def test_xgboost_is_stored_without_a_pickle(fit_folder: Path, tmp_path: Path) -> None:
    train({"fit": fit_folder}, TrainParameters(classifier="xgboost", folds=2), tmp_path, silent)
    names = {file.name for file in tmp_path.iterdir()}
    assert names == {"card.json", "arrays.npz", "classifier.ubj", "manifest.json"}
    fitted, again = load_fitted(fit_folder), load_trained(tmp_path).classifier
    real = fitted.labels >= 0
    features, labels = fitted.features[real], fitted.labels[real]
    fresh = classifiers.choose(features, labels, TrainParameters(classifier="xgboost")).classifier
    assert (again.probabilities(features) == fresh.probabilities(features)).all()


def test_auto_compares_all_and_takes_the_best(blobs: tuple[Floats, Integers]) -> None:
    choice = classifiers.choose(*blobs, TrainParameters(**FEW_TREES))
    assert set(choice.macro_f1) == set(rows.candidates())
    best = choice.macro_f1[choice.classifier.name]
    assert best >= max(choice.macro_f1.values()) - 0.001


def test_auto_is_chosen_anew_in_every_fold(fit_folder: Path, tmp_path: Path) -> None:
    train({"fit": fit_folder}, TrainParameters(folds=2, n_trees=10), tmp_path, silent)
    card = json.loads((tmp_path / "card.json").read_text())
    assert len(card["holdout_choices"]) == 2
    assert set(card["holdout_choices"]) <= set(rows.candidates())
    assert card["classifier"] in rows.candidates()


@pytest.mark.parametrize("name", rows.candidates())
def test_very_small_clusters_can_be_learnt(name: str) -> None:
    features = np.arange(15, dtype=float).reshape(3, 5)
    choice = classifiers.choose(
        features, np.array([0, 0, 1]), TrainParameters(classifier=name, n_trees=10)
    )
    sums = choice.classifier.probabilities(features).sum(axis=1)
    assert sums == pytest.approx(1.0)


def test_a_temperature_makes_overconfident_shares_honest() -> None:
    """Shares say 0.95 and 7 of 10 are right: tempered they say 0.7."""
    random = np.random.default_rng(0)
    codes = (random.random(4000) > 0.7).astype(np.int64)
    shares = np.tile([0.95, 0.05], (4000, 1))
    tempered = classifiers.temper(shares, classifiers.best_temperature(shares, codes))
    assert tempered[0, 0] == pytest.approx((codes == 0).mean(), abs=0.01)


def test_separated_clusters_do_not_run_to_certainty() -> None:
    """As after Platt: with n rows no probability beyond (n + 1) / (n + 2) pays."""
    codes = np.repeat([0, 1], 20)
    shares = np.where(codes[:, np.newaxis] == [0, 1], 0.95, 0.05)
    tempered = classifiers.temper(shares, classifiers.best_temperature(shares, codes))
    assert tempered.max() == pytest.approx(41 / 42, abs=1e-3)
