import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipelines.core.errors import InputError, TableError
from pipelines.core.progress import silent
from pipelines.synapses.clusters.fit import fit
from pipelines.synapses.clusters.model import load_fitted
from pipelines.synapses.parameters import FitParameters
from pipelines.synapses.simulate import Simulation

COLUMNS = [
    *("NeuronId", "SynType", "SynId", "UMAP_1", "UMAP_2", "cluster", "probability"),
    *("corr_x_micron", "corr_y_micron", "corr_z_micron"),
    *("corr_soma_x_micron", "corr_soma_y_micron", "corr_soma_z_micron"),
    *("SynArea", "BoutonArea"),
    *("pca_1", "pca_2", "pca_3", "soma_distance"),
]


def test_clusters_are_written_in_the_order_of_the_table(
    fit_folder: Path, simulation: Simulation
) -> None:
    clusters = pd.read_csv(fit_folder / "clusters.csv")
    assert list(clusters.columns) == COLUMNS
    key = ["NeuronId", "SynType", "SynId"]
    pd.testing.assert_frame_equal(clusters[key], simulation.table[key])
    assert clusters["SynArea"].tolist() == simulation.table["SynArea"].tolist()


def test_the_same_table_in_another_order_gives_the_same_clusters(
    fit_folder: Path, historic: Path, tmp_path: Path
) -> None:
    table = pd.read_excel(historic, engine="openpyxl").sample(frac=1, random_state=0)
    table.to_csv(tmp_path / "shuffled.csv", index=False)
    fit({"table": tmp_path / "shuffled.csv"}, FitParameters(evidence="none"), tmp_path, silent)
    key = ["NeuronId", "SynType", "SynId"]
    one, other = (
        pd.read_csv(folder / "clusters.csv").sort_values(key).reset_index(drop=True)
        for folder in (fit_folder, tmp_path)
    )
    pd.testing.assert_frame_equal(one, other, check_exact=True)
    assert (tmp_path / "model.npz").read_bytes() == (fit_folder / "model.npz").read_bytes()


def test_a_group_is_clustered_and_every_row_reported(
    historic: Path, tmp_path: Path, simulation: Simulation
) -> None:
    parameters = FitParameters(group="ss", min_cluster_size=8, umap_neighbors=10, evidence="none")
    results = fit({"table": historic}, parameters, tmp_path, silent)
    clusters = pd.read_csv(tmp_path / "clusters.csv")
    expected = int((simulation.table["SynType"] == "ss").sum())
    assert set(clusters["SynType"]) == {"ss"}
    assert len(clusters) == results["n_in_group"] == expected
    assert results["group"] == "ss"
    assert results["n_noise"] == (clusters["cluster"] == -1).sum()
    assert sum(results["cluster_sizes"]) + results["n_noise"] == expected
    assert 0 < results["trustworthiness"] <= 1
    assert len(pd.read_csv(tmp_path / "report.csv")) == results["n_rows"] == len(simulation.table)


def test_a_neuron_with_four_rows_is_rejected_with_a_note(
    simulation: Simulation, tmp_path: Path
) -> None:
    table = simulation.table
    few = table[table["NeuronId"] == "cb1"].head(4)
    rest = table[table["NeuronId"] == "cr1"].head(30)
    pd.concat([few, rest]).to_csv(tmp_path / "t.csv", index=False)
    results = fit({"table": tmp_path / "t.csv"}, FitParameters(evidence="none"), tmp_path, silent)
    assert (results["n_rejected"], results["n_in_group"]) == (4, 30)
    report = pd.read_csv(tmp_path / "report.csv")
    assert "4 usable rows; 5 are needed for its frame" in report.loc[0, "message"]


def test_too_few_usable_rows_name_the_first_problem(table: pd.DataFrame, tmp_path: Path) -> None:
    table["SynArea"] = "?"
    table.to_csv(tmp_path / "t.csv", index=False)
    with pytest.raises(TableError, match=r"0 usable rows .* row 2, column SynArea \(\"\?\"\)"):
        fit({"table": tmp_path / "t.csv"}, FitParameters(evidence="none"), tmp_path, silent)


def test_a_group_without_members_is_refused(historic: Path, tmp_path: Path) -> None:
    with pytest.raises(TableError, match="0 usable rows in the group NeuronId=dg1"):
        fit({"table": historic}, FitParameters(group="NeuronId=dg1"), tmp_path, silent)


def test_the_stored_fit_is_read_back_whole(fit_folder: Path) -> None:
    fitted = load_fitted(fit_folder)
    assert np.array_equal(
        fitted.projection.features(fitted.synapses.take(fitted.selected)), fitted.features
    )
    clusters = pd.read_csv(fit_folder / "clusters.csv")
    assert sorted(clusters["UMAP_1"]) == sorted(fitted.embedding[:, 0])
    record = json.loads((fit_folder / "model.json").read_text())
    assert record["features"] == ["pca_1", "pca_2", "pca_3", "ln_SynArea", "ln_BoutonArea"]
    assert record["versions"]["umap-learn"]


@pytest.mark.parametrize("name", ["model.npz", "model.json"])
def test_a_changed_or_damaged_fit_is_refused(fit_folder: Path, tmp_path: Path, name: str) -> None:
    for file in ("model.npz", "model.json"):
        (tmp_path / file).write_bytes((fit_folder / file).read_bytes())
    content = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(content[: len(content) // 2])
    with pytest.raises(InputError, match="fit the table again"):
        load_fitted(tmp_path)


def test_a_folder_without_a_fit_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no result of synapses fit"):
        load_fitted(tmp_path)
