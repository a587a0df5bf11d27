import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import adjusted_rand_score

from pipelines.core.errors import BundleError, TableError
from pipelines.core.progress import silent
from pipelines.models.bundles import write_manifest
from pipelines.synapses.classify.predict import predict
from pipelines.synapses.classify.train import train
from pipelines.synapses.clusters.fit import fit
from pipelines.synapses.parameters import FitParameters, PredictParameters, TrainParameters
from pipelines.synapses.simulate import Simulation, simulate

ANSWERS = ["cluster", "probability", "outlier_score", "is_outlier", "UMAP_1", "UMAP_2"]


class Model:
    """Predicts tables with one bundle."""

    def __init__(self, bundle: Path, folder: Path) -> None:
        self.bundle, self.folder = bundle, folder
        self.results: dict[str, Any] = {}

    def __call__(self, table: pd.DataFrame, **parameters: Any) -> pd.DataFrame:
        table.to_csv(self.folder / "new.csv", index=False)
        inputs = {"bundle": self.bundle, "table": self.folder / "new.csv"}
        self.results = predict(inputs, PredictParameters(**parameters), self.folder, silent)
        return pd.read_csv(self.folder / "predictions.csv", keep_default_na=False, dtype=str)


@pytest.fixture
def model(bundle_folder: Path, tmp_path: Path) -> Model:
    return Model(bundle_folder, tmp_path)


@pytest.fixture(scope="module")
def stranger() -> pd.DataFrame:
    """Thirty synapses of a neuron that the model does not know."""
    table = simulate(n_neurons=7, planted=3, seed=11).table
    return table[table["NeuronId"] == "cb3"].head(30)


def test_resubmitted_synapses_get_their_own_cluster_back(
    model: Model, simulation: Simulation, fit_folder: Path
) -> None:
    shuffled = simulation.table.sample(frac=0.9, random_state=0)
    found = model(shuffled).astype({"SynId": int})
    known = pd.read_csv(fit_folder / "clusters.csv")
    key = ["NeuronId", "SynType", "SynId"]
    both = found.merge(known, on=key, suffixes=("", "_fit"))
    clustered = both[both["cluster_fit"] >= 0]
    assert (clustered["cluster"].astype(int) == clustered["cluster_fit"]).mean() >= 0.99
    np.testing.assert_allclose(both["UMAP_1"].astype(float), both["UMAP_1_fit"], rtol=1e-12)


def test_a_row_gets_the_same_answer_alone_in_a_batch_and_in_any_order(
    model: Model, simulation: Simulation
) -> None:
    batch = simulation.table.iloc[::9].reset_index(drop=True)
    together = model(batch)[ANSWERS]
    backwards = model(batch[::-1])[ANSWERS][::-1].reset_index(drop=True)
    pd.testing.assert_frame_equal(together, backwards)
    for row in range(0, len(batch), 6):
        alone = model(batch.iloc[[row]])[ANSWERS]
        assert alone.iloc[0].tolist() == together.iloc[row].tolist()


def test_all_columns_and_rows_come_back_in_their_order_before_the_answers(
    model: Model, simulation: Simulation
) -> None:
    table = simulation.table.sample(30, random_state=1).assign(comment="=SUM(A1)")
    found = model(table)
    assert list(found.columns) == [*table.columns, *ANSWERS, "note"]
    assert found["SynArea"].astype(float).tolist() == table["SynArea"].tolist()
    assert set(found["comment"]) == {"'=SUM(A1)"}


def test_a_rejected_row_stays_empty_with_its_reason(model: Model, simulation: Simulation) -> None:
    table = simulation.table.iloc[:10].astype(object)
    table.iloc[3, table.columns.get_loc("SynArea")] = "abc"
    found = model(table)
    assert found.loc[3, ANSWERS].tolist() == [""] * 6
    assert "not a number" in found.loc[3, "note"]
    assert model.results["n_rejected"] == 1
    assert model.results["n_predicted"] == 9
    assert model.results["n_rows"] == 10


def test_a_table_without_any_usable_row_comes_back_with_the_reasons(
    model: Model, simulation: Simulation
) -> None:
    found = model(simulation.table.iloc[:3].assign(SynArea="?"))
    assert found["cluster"].tolist() == ["", "", ""]
    assert model.results["n_predicted"] == 0


def test_repaired_rows_are_predicted_and_say_so(model: Model, simulation: Simulation) -> None:
    table = simulation.table.iloc[:4].copy()
    plain = model(table)
    table["NeuronId"] = [" CB1", "cb1", "cb1", "cb1"]
    found = model(table)
    assert found.loc[0, ANSWERS].tolist() == plain.loc[0, ANSWERS].tolist()
    assert "read as cb1" in found.loc[0, "note"]
    assert found.loc[0, "NeuronId"] == " CB1"


def test_a_repeated_row_is_answered_as_the_first(model: Model, simulation: Simulation) -> None:
    table = simulation.table.iloc[[0, 1, 0]]
    found = model(table)
    assert found.loc[0, ANSWERS].tolist() == found.loc[2, ANSWERS].tolist()
    assert "the same as row 2" in found.loc[2, "note"]


def test_a_table_of_predictions_can_be_predicted_again(
    model: Model, simulation: Simulation
) -> None:
    first = model(simulation.table.iloc[:8])
    again = model(first)
    assert again[ANSWERS].equals(first[ANSWERS])
    assert again["input_cluster"].tolist() == first["cluster"].tolist()


def test_an_unknown_neuron_gets_a_frame_of_its_own_from_five_rows_on(
    model: Model, stranger: pd.DataFrame
) -> None:
    found = model(stranger)
    assert model.results["n_new_neurons"] == 1
    assert (found["cluster"] != "").all()
    assert found["note"].str.contains("New neuron: own frame from 30 rows").all()
    found = model(stranger.head(4))
    assert (found["cluster"] == "").all()
    assert found["note"].str.contains("at least 5 of them together").all()
    assert model.results["n_rejected"] == 4


def test_planted_clusters_are_found_in_an_unknown_neuron(
    tmp_path: Path, model: Model, simulation: Simulation
) -> None:
    """The seventh neuron of the same simulation, which the model has never seen."""
    whole = simulate(n_neurons=7, planted=3, seed=1)
    new = whole.table["NeuronId"] == "cb3"
    assert whole.table[~new].reset_index(drop=True).equals(simulation.table)
    found = model(whole.table[new])
    truth = whole.truth.loc[new, "planted_cluster"]
    assert adjusted_rand_score(truth, found["cluster"]) >= 0.9


def test_the_order_of_an_unknown_neurons_rows_decides_nothing(
    model: Model, stranger: pd.DataFrame
) -> None:
    straight = model(stranger)[ANSWERS]
    backwards = model(stranger[::-1])[ANSWERS][::-1].reset_index(drop=True)
    pd.testing.assert_frame_equal(straight, backwards)


def test_what_lies_far_from_all_training_synapses_is_an_outlier(
    model: Model, simulation: Simulation
) -> None:
    table = simulation.table.iloc[:10].copy()
    table.loc[0, ["SynArea", "BoutonArea"]] = [9.0, 0.06]
    found = model(table)
    assert found.loc[0, "is_outlier"] == "True"
    assert float(found.loc[0, "outlier_score"]) > found["outlier_score"][1:].astype(float).max()


def test_a_lower_quantile_flags_more(model: Model, simulation: Simulation) -> None:
    few = (model(simulation.table, outlier_quantile=0.99)["is_outlier"] == "True").sum()
    many = (model(simulation.table, outlier_quantile=0.6)["is_outlier"] == "True").sum()
    assert few < many


def test_a_moved_soma_of_a_known_neuron_is_refused(model: Model, simulation: Simulation) -> None:
    table = simulation.table.iloc[:6].copy()
    table["corr_soma_x_micron"] += 5
    assert model(table)["note"].str.contains("the model has the soma of this neuron").all()


def test_a_moved_soma_is_repaired_from_the_raw_columns_when_asked_for_and_marked(
    model: Model, simulation: Simulation
) -> None:
    right = model(simulation.table.iloc[:6])
    table = simulation.table.iloc[:6].copy()
    table["corr_soma_x_micron"] += 5
    model(table)
    assert model.results["offers"]["soma-from-raw"]["n_rows"] == 6
    answers = model(table, repair=["soma-from-raw"])
    assert answers["note"].str.contains("the raw columns give the soma that the model has").all()
    assert answers["cluster"].tolist() == right["cluster"].tolist()
    assert answers["UMAP_1"].tolist() == right["UMAP_1"].tolist()
    alone = model(table.iloc[[2]], repair=["soma-from-raw"])
    assert alone["UMAP_1"].tolist() == answers["UMAP_1"].tolist()[2:3]


def test_a_wrong_table_is_refused_as_a_whole(model: Model, simulation: Simulation) -> None:
    with pytest.raises(TableError, match="lacks the column SynArea"):
        model(simulation.table.drop(columns="SynArea"))


def test_a_bundle_of_another_kind_is_refused(
    bundle_folder: Path, tmp_path: Path, simulation: Simulation
) -> None:
    other = tmp_path / "other"
    shutil.copytree(bundle_folder, other)
    card = (other / "card.json").read_text().replace("synapse clusters", "spike labels")
    (other / "card.json").write_text(card)
    write_manifest(other)
    with pytest.raises(BundleError, match="no model of synapse clusters"):
        Model(other, tmp_path)(simulation.table)


def test_damaged_arrays_are_refused(
    bundle_folder: Path, tmp_path: Path, simulation: Simulation
) -> None:
    other = tmp_path / "other"
    shutil.copytree(bundle_folder, other)
    (other / "arrays.npz").write_bytes(b"PK\x03\x04")
    write_manifest(other)
    with pytest.raises(BundleError, match="is damaged"):
        Model(other, tmp_path)(simulation.table)


def test_a_synapse_outside_the_models_group_is_not_answered(
    fit_folder: Path, historic: Path, tmp_path: Path, simulation: Simulation
) -> None:
    for name in ("fit", "bundle"):
        (tmp_path / name).mkdir()
    fit({"table": historic}, FitParameters(group="as"), tmp_path / "fit", silent)
    train({"fit": tmp_path / "fit"}, TrainParameters(n_trees=10), tmp_path / "bundle", silent)
    found = Model(tmp_path / "bundle", tmp_path)(simulation.table)
    assert ((found["cluster"] == "") == (found["SynType"] == "ss")).all()
    assert found.loc[found["SynType"] == "ss", "note"].str.contains("trained on the group as").all()
