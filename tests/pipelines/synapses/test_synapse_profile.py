"""The publication's settings as one choice, and its labels as they were published."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipelines.__main__ import main
from pipelines.core.errors import TableError
from pipelines.core.progress import silent
from pipelines.synapses.classify.predict import predict
from pipelines.synapses.classify.train import train
from pipelines.synapses.clusters.fit import fit
from pipelines.synapses.clusters.given_clusters import read_labels
from pipelines.synapses.clusters.model import load_fitted
from pipelines.synapses.parameters import FitParameters, PredictParameters, TrainParameters
from pipelines.synapses.profiles import applied, classifier_for
from pipelines.synapses.simulate import Simulation
from pipelines.synapses.table.arrays import Synapses
from pipelines.synapses.table.features import PUBLISHED, Projection, fit_projection
from pipelines.synapses.table.frames import along_measured_axes, fit_frame

KEY = ["NeuronId", "SynType", "SynId"]


@pytest.mark.parametrize(
    ("group", "size", "samples"),
    [("as", 40, 8), ("ss", 11, 3), ("cb", 15, 4), ("cr", 11, 2), ("pv", 30, 7), ("all", 0, 0)],
)
def test_the_published_sizes_hold_for_the_published_groups(
    group: str, size: int, samples: int
) -> None:
    found = applied(FitParameters(profile="published", group=group, labels="gmm", seed=3))
    assert (found.min_cluster_size, found.min_samples) == (size, samples)
    assert (found.umap_neighbors, found.umap_min_dist, found.seed) == (20, 0.1, 42)
    assert (found.labels, found.dimensions) == ("hdbscan", "2")


def test_without_a_profile_nothing_is_replaced() -> None:
    own = FitParameters(umap_neighbors=7)
    assert applied(own) is own


def test_published_features_are_micrometres_and_areas_times_five() -> None:
    random = np.random.default_rng(0)
    key = np.array([["cb1", "as", str(i)] for i in range(40)])
    position = random.normal(size=(40, 3)) * [2, 9, 1]
    areas = random.lognormal(size=(40, 2))
    synapses = Synapses(key, position, areas)
    everything = np.ones(40, dtype=bool)
    projection = fit_projection(synapses, everything, 1.0, 5.0, recipe=PUBLISHED)
    features = projection.features(synapses)
    assert projection.names == ("pca_1", "pca_2", "pca_3", "SynArea", "BoutonArea")
    assert np.array_equal(features[:, 3:], areas * 5)
    centred = position - position.mean(axis=0)
    distance = np.linalg.norm(features[:, :3], axis=1)
    np.testing.assert_allclose(distance, np.linalg.norm(centred, axis=1))
    again = Projection.from_arrays(projection.to_arrays())
    assert np.array_equal(again.features(synapses), features)
    part = again.refit(synapses, everything)
    assert np.array_equal(part.features(synapses), features)


def test_published_axes_run_with_those_of_the_volume() -> None:
    for seed in range(20):
        random = np.random.default_rng(seed)
        turn, _ = np.linalg.qr(random.normal(size=(3, 3)))
        position = random.normal(size=(60, 3)) * [9, 3, 1] @ turn
        found = fit_frame(position, along_measured_axes).project(position)
        for axis in range(3):
            assert np.corrcoef(found[:, axis], position[:, axis])[0, 1] >= 0


def test_a_published_fit_is_learnt_by_neighbours_and_gives_its_clusters_back(
    historic: Path, simulation: Simulation, tmp_path: Path
) -> None:
    for name in ("fit", "bundle", "answers"):
        (tmp_path / name).mkdir()
    parameters = FitParameters(profile="published", group="pv", evidence="none")
    results = fit({"table": historic}, parameters, tmp_path / "fit", silent)
    assert (results["min_cluster_size"], results["min_samples"]) == (30, 7)
    record = json.loads((tmp_path / "fit" / "model.json").read_text())
    assert record["parameters"]["umap_neighbors"] == 20
    assert record["units"] == ["um", "um", "um", "um2", "um2"]
    train({"fit": tmp_path / "fit"}, TrainParameters(), tmp_path / "bundle", silent)
    card = json.loads((tmp_path / "bundle" / "card.json").read_text())
    assert (card["classifier"], card["features"][-1]) == ("knn", "BoutonArea")
    table = simulation.table[simulation.table["NeuronId"].str.startswith("pv")]
    table.sample(frac=1, random_state=0).to_csv(tmp_path / "new.csv", index=False)
    inputs = {"bundle": tmp_path / "bundle", "table": tmp_path / "new.csv"}
    predict(inputs, PredictParameters(), tmp_path / "answers", silent)
    joined = pd.read_csv(tmp_path / "answers" / "predictions.csv").merge(
        pd.read_csv(tmp_path / "fit" / "clusters.csv"), on=KEY, suffixes=("", "_own")
    )
    real = joined[joined["cluster_own"] >= 0]
    assert len(real) > 100
    assert (real["cluster"] == real["cluster_own"]).mean() >= 0.99


def test_another_choice_of_classifier_is_kept() -> None:
    assert classifier_for("published", TrainParameters(classifier="svc")).classifier == "svc"
    assert classifier_for("default", TrainParameters()).classifier == "auto"


def published_result(simulation: Simulation) -> pd.DataFrame:
    """As the publication wrote it: every synapse twice, clusters from 1, noise -1."""
    truth = simulation.truth.assign(Cluster=simulation.truth["planted_cluster"] + 1)
    by_type = truth.assign(clusterid=truth["SynType"])
    by_neuron = truth.assign(clusterid=truth["NeuronId"].str[:2], Cluster=truth["Cluster"] % 3 + 1)
    return pd.concat([by_type, by_neuron]).drop(columns="planted_cluster")


def test_published_labels_are_taken_for_the_group_that_is_clustered(
    historic: Path, simulation: Simulation, tmp_path: Path
) -> None:
    labels = published_result(simulation)
    labels.to_csv(tmp_path / "result.csv", index=False)
    arguments = ["--labels-from", str(tmp_path / "result.csv"), "--out", str(tmp_path / "fit")]
    settings = ["--set", "profile=published", "--set", "group=as", "--quiet"]
    assert main(["synapses", "fit", str(historic), *arguments, *settings]) == 0
    found = pd.read_csv(tmp_path / "fit" / "clusters.csv").merge(
        labels[labels["clusterid"] == "as"], on=KEY
    )
    assert len(found) == (simulation.table["SynType"] == "as").sum()
    assert (found["cluster"] == found["Cluster"]).all()
    record = json.loads((tmp_path / "fit" / "run.json").read_text())
    assert record["results"]["n_clusters"] == 3
    (tmp_path / "bundle").mkdir()
    train({"fit": tmp_path / "fit"}, TrainParameters(), tmp_path / "bundle", silent)
    card = json.loads((tmp_path / "bundle" / "card.json").read_text())
    assert card["classes"] == [1, 2, 3]
    assert np.sum(card["confusion_matrix"]) == sum(card["n_per_class"]) == len(found)
    assert card["holdout_accuracy"] == pytest.approx(
        np.trace(np.array(card["confusion_matrix"])) / len(found)
    )


def test_labels_without_the_group_are_refused(simulation: Simulation, tmp_path: Path) -> None:
    published_result(simulation).to_csv(tmp_path / "result.csv", index=False)
    key = simulation.table[KEY].to_numpy().astype(str)
    with pytest.raises(TableError, match="groups as, cb, cr, pv, ss, and none of all"):
        read_labels(tmp_path / "result.csv", key, "all")


def test_a_group_can_be_the_rows_with_a_value(historic: Path, tmp_path: Path) -> None:
    settings = ["--set", "group=neuronid=PV1", "--set", "evidence=none", "--quiet"]
    out = tmp_path / "fit"
    assert main(["synapses", "fit", str(historic), "--out", str(out), *settings]) == 0
    assert set(pd.read_csv(out / "clusters.csv")["NeuronId"]) == {"pv1"}
    fitted = load_fitted(out)
    assert fitted.selected.sum() < len(fitted.synapses)
