import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest
from sklearn.metrics import accuracy_score, f1_score

from pipelines.core.errors import InputError
from pipelines.core.progress import silent
from pipelines.synapses.classify.classifiers import stratified_folds
from pipelines.synapses.classify.holdout import (
    NO_ANSWER,
    Holdout,
    calibration_error,
    chance_calibration_error,
    hold_out,
    score,
    wilson_interval,
)
from pipelines.synapses.classify.outliers import NEIGHBORS, ONE_CLASS, OnMap, Outlying
from pipelines.synapses.classify.predict import predict
from pipelines.synapses.classify.train import train
from pipelines.synapses.clusters.fit import fit
from pipelines.synapses.clusters.model import load_fitted
from pipelines.synapses.clusters.neighbors import Neighborhood
from pipelines.synapses.parameters import FitParameters, PredictParameters, TrainParameters
from pipelines.synapses.simulate import Simulation

FAST = TrainParameters(n_trees=20)


def test_the_card_says_what_the_model_is(bundle_folder: Path, historic: Path) -> None:
    card = json.loads((bundle_folder / "card.json").read_text())
    assert card["features"] == ["pca_1", "pca_2", "pca_3", "ln_SynArea", "ln_BoutonArea"]
    assert card["units"] == ["um", "um", "um", "ln(um2)", "ln(um2)"]
    assert card["versions"]["scikit-learn"]
    assert sum(map(sum, card["confusion_matrix"])) == sum(card["n_per_class"])
    low, high = card["holdout_accuracy_interval"]
    assert low <= card["holdout_accuracy"] <= high
    assert sorted(card["outlier_auroc"]) == ["areas_x4", "axes_swapped", "box"]


def test_planted_clusters_are_told_when_held_out(bundle_folder: Path) -> None:
    card = json.loads((bundle_folder / "card.json").read_text())
    assert card["holdout_accuracy"] >= 0.95
    assert card["holdout_macro_f1"] >= 0.9
    assert card["holdout_calibration_error"] <= 0.05
    assert card["outlier_auroc"]["box"] >= 0.95


def test_without_structure_held_out_labels_are_not_told_better_than_by_chance(
    fit_folder: Path,
) -> None:
    fitted = load_fitted(fit_folder)
    labels = np.random.default_rng(0).permutation(fitted.labels)
    found = score(labels, hold_out(replace(fitted, labels=labels), FAST, silent))
    assert found.accuracy < found.largest_class_share + 0.1


def test_nothing_of_a_held_out_synapse_is_learnt(fit_folder: Path) -> None:
    """A synapse moved far away changes what is said of it, and of no other in its fold."""
    fitted = load_fitted(fit_folder)
    before = hold_out(fitted, FAST, silent)
    fold_of = stratified_folds(fitted.labels, FAST.folds, FAST.seed)
    row, areas = 0, fitted.synapses.areas.copy()
    areas[row] *= 8
    moved = replace(fitted, synapses=replace(fitted.synapses, areas=areas))
    after = hold_out(moved, FAST, silent)
    others = (fold_of == fold_of[row]) & (np.arange(len(fold_of)) != row)
    assert (after.probability[others] == before.probability[others]).all()
    was, now = before.outlying[NEIGHBORS].held, after.outlying[NEIGHBORS].held
    assert (now[others] == was[others]).all()
    assert now[row] > was[row]


def test_every_class_is_spread_over_the_folds() -> None:
    labels = np.repeat([-1, 0, 1, 2], [7, 50, 23, 2])
    folds = stratified_folds(labels, 5, seed=0)
    for name in (-1, 0, 1, 2):
        counts = np.bincount(folds[labels == name], minlength=5)
        assert counts.max() - counts.min() <= 1


def test_figures_count_all_clustered_rows() -> None:
    labels = np.array([0, 0, 0, 0, 1, 1, 1, -1])
    predicted = np.array([0, 0, 0, 1, 1, 1, NO_ANSWER, 0])
    probability = np.array([1, 1, 1, 1, 1, 1, 0, 0.4])
    distance = np.array([1, 1, 1, 1, 1, 1, np.nan, 1.0])
    outlying = {NEIGHBORS: Outlying(distance, {"box": np.array([5.0])})}
    found = score(labels, Holdout(predicted, probability, outlying))
    real = labels >= 0
    assert found.accuracy == accuracy_score(labels[real], predicted[real]) == 5 / 7
    assert found.macro_f1 == f1_score(labels[real], predicted[real], labels=[0, 1], average="macro")
    assert found.confusion == [[3, 1, 0], [0, 2, 1]]
    assert found.noise_median_probability == 0.4
    assert found.outlier_auroc == {NEIGHBORS: {"box": 1.0}}


@pytest.mark.parametrize(
    ("right", "total", "low", "high"),
    [(111, 116, 0.903, 0.981), (23, 23, 0.857, 1.0), (27, 29, 0.780, 0.981)],
)
def test_the_interval_is_wilsons(right: int, total: int, low: float, high: float) -> None:
    reference = binomtest(right, total).proportion_ci(method="wilson")
    assert wilson_interval(right, total) == pytest.approx(tuple(reference), abs=1e-6)
    assert wilson_interval(right, total) == pytest.approx((low, high), abs=1e-3)


def test_calibration_error_is_the_gap_between_promise_and_outcome() -> None:
    right = np.array([True] * 8 + [False] * 2)
    assert calibration_error(right, np.full(10, 0.85)) == pytest.approx(0.05)
    assert calibration_error(right, np.full(10, 0.8)) == pytest.approx(0.0)


def test_the_distance_is_the_mean_to_the_ten_nearest() -> None:
    training = np.arange(30, dtype=float).reshape(-1, 1)
    assert Neighborhood(training).distance(np.array([[0.0]])).tolist() == [4.5]


def test_a_training_synapse_keeps_its_place_on_the_map() -> None:
    random = np.random.default_rng(0)
    training, embedding = random.normal(size=(40, 5)), random.normal(size=(40, 2))
    known = Neighborhood(training)
    placed = known.place(*known.nearest(training), embedding)
    assert (placed == embedding).all()


def test_a_new_synapse_is_placed_between_its_neighbours() -> None:
    training = np.array([[0.0], [1.0], [100.0], [101.0], [102.0], [103.0]])
    embedding = np.column_stack([training[:, 0], np.zeros(6)])
    known = Neighborhood(training[:2])
    placed = known.place(*known.nearest(np.array([[0.25]])), embedding[:2])
    # Weights 1 / 0.25 and 1 / 0.75: three quarters of the first, one of the second.
    assert placed == pytest.approx(np.array([[0.25, 0.0]]))


def test_training_again_gives_the_same_bundle(fit_folder: Path, tmp_path: Path) -> None:
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        train({"fit": fit_folder}, FAST, tmp_path / name, silent)
    assert (tmp_path / "one/manifest.json").read_bytes() == (
        tmp_path / "other/manifest.json"
    ).read_bytes()


def test_one_cluster_cannot_be_learnt(simulation: Simulation, tmp_path: Path) -> None:
    table = simulation.table
    table[table["NeuronId"] == "cb1"].head(20).to_csv(tmp_path / "t.csv", index=False)
    fit({"table": tmp_path / "t.csv"}, FitParameters(min_cluster_size=19), tmp_path, silent)
    assert set(pd.read_csv(tmp_path / "clusters.csv")["cluster"]) == {-1}
    with pytest.raises(InputError, match="has 0 clusters, a classifier needs two"):
        train({"fit": tmp_path}, FAST, tmp_path, silent)


def test_the_published_machine_on_the_map_is_an_option_with_its_figures(
    fit_folder: Path, tmp_path: Path, simulation: Simulation
) -> None:
    for name in ("bundle", "answers"):
        (tmp_path / name).mkdir()
    parameters = FAST.model_copy(update={"outliers": ONE_CLASS, "classifier": "knn"})
    train({"fit": fit_folder}, parameters, tmp_path / "bundle", silent)
    card = json.loads((tmp_path / "bundle/card.json").read_text())
    ours, published = (card["outlier_auroc_compared"][name] for name in (NEIGHBORS, ONE_CLASS))
    assert card["outlier_auroc"] == published
    assert all(published[kind] < ours[kind] for kind in ours)
    assert 0 < card["outside_on_map"] < 0.2
    simulation.table.head(40).to_csv(tmp_path / "new.csv", index=False)
    inputs = {"bundle": tmp_path / "bundle", "table": tmp_path / "new.csv"}
    predict(inputs, PredictParameters(), tmp_path / "answers", silent)
    found = pd.read_csv(tmp_path / "answers/predictions.csv")
    machine = OnMap.fit(load_fitted(fit_folder).embedding)
    expected = machine.scores(np.empty((40, 0)), found[["UMAP_1", "UMAP_2"]].to_numpy())
    np.testing.assert_allclose(found["outlier_score"], expected, atol=1e-9)


def test_a_perfect_forecaster_still_has_a_calibration_error_by_chance() -> None:
    # One bin of n rows at p: the mean of |share - p| is sqrt(2 p (1 - p) / (pi n)).
    expected = np.sqrt(2 * 0.25 / (np.pi * 400))
    assert chance_calibration_error(np.full(400, 0.5)) == pytest.approx(expected, rel=0.2)
    assert chance_calibration_error(np.ones(50)) == 0
