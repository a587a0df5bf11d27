from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipelines.__main__ import main
from pipelines.core.errors import InputError, TableError
from pipelines.core.progress import silent
from pipelines.synapses.clusters.fit import fit
from pipelines.synapses.clusters.given_clusters import read_labels
from pipelines.synapses.parameters import FitParameters
from pipelines.synapses.simulate import Simulation
from pipelines.synapses.table.columns import Schema
from pipelines.tasks import run

KEY = np.array([["cb1", "as", "1"], ["cb1", "as", "2"], ["cb1", "ss", "1"]])


def labels_of(simulation: Simulation) -> pd.DataFrame:
    return simulation.truth.rename(columns={"planted_cluster": "cluster"})


def test_clusters_of_a_table_are_taken_over(
    historic: Path, simulation: Simulation, tmp_path: Path
) -> None:
    labels_of(simulation).sample(frac=1, random_state=0).to_csv(tmp_path / "l.csv", index=False)
    out, labels = tmp_path / "out", str(tmp_path / "l.csv")
    arguments = ["synapses", "fit", str(historic), "--labels-from", labels, "--out", str(out)]
    assert main([*arguments, "--quiet"]) == 0
    found = pd.read_csv(out / "clusters.csv")
    assert found["cluster"].tolist() == simulation.truth["planted_cluster"].tolist()
    record = (out / "run.json").read_text()
    assert '"name": "labels"' in record
    assert "The clusters were read from a table" in record
    assert not (out / "sweep.csv").exists()


def test_synapses_that_a_table_does_not_have_are_named_and_no_noise(tmp_path: Path) -> None:
    text = "neuronid,SynType,SynId,Cluster\nCB1 ,AS,1,2\ncb1,as,9,1\ncb1,as,2,\n"
    (tmp_path / "l.csv").write_text(text)
    found = read_labels(tmp_path / "l.csv", KEY, "all")
    assert found.named.tolist() == [True, True, False]
    assert found.clusters.labels[:2].tolist() == [2, -1]
    assert found.clusters.probability[:2].tolist() == [1.0, 0.0]
    assert found.notes == (
        "1 of 3 rows is not in l.csv and is left out of the clusters: cb1 ss 1.",
        "1 row of l.csv names nothing that is clustered here: cb1 as 9.",
        "1 row has an empty cluster in l.csv, which was taken for noise.",
    )


def test_ids_of_another_table_are_named_as_it_names_them(tmp_path: Path) -> None:
    key = np.array([["all", "point", str(i)] for i in range(4)])
    (tmp_path / "l.csv").write_text("cell,cluster\n0,1\n1,NA\n2,0\n7,1\n")
    found = read_labels(tmp_path / "l.csv", key, "all", Schema(id="cell", features=("a", "b")))
    assert found.clusters.labels[:3].tolist() == [1, -1, 0]
    assert found.notes == (
        "1 of 4 rows is not in l.csv and is left out of the clusters: 3.",
        "1 row of l.csv names nothing that is clustered here: 7.",
        "1 row has an empty cluster in l.csv, which was taken for noise.",
    )


def test_rows_without_a_given_cluster_are_left_out_and_said_first(
    historic: Path, simulation: Simulation, tmp_path: Path
) -> None:
    labels_of(simulation).iloc[5:].to_csv(tmp_path / "l.csv", index=False)
    inputs = {"table": historic, "labels": tmp_path / "l.csv"}
    results = fit(inputs, FitParameters(evidence="none"), tmp_path, silent)
    n_rows = len(simulation.table)
    assert results["n_in_group"] == n_rows - 5
    assert results["notes"][0].startswith(f"5 of {n_rows} rows are not in l.csv")
    found = pd.read_csv(tmp_path / "clusters.csv")
    assert len(found) == n_rows - 5
    assert found["cluster"].tolist() == simulation.truth["planted_cluster"].tolist()[5:]


@pytest.mark.parametrize(
    ("written", "cluster"),
    [("cb 1", 2), ("CB\u00a01 ", 2), ("cb  1", 2), ("cb\u20131", None), ("cb1", None)],
)
def test_names_are_matched_as_a_person_would(
    tmp_path: Path, written: str, cluster: int | None
) -> None:
    key = np.array([["cb 1", "as", "7"], ["cb2", "as", "1"]])
    text = f"NeuronId,SynType,SynId,cluster\n{written},as,007,2\ncb2,as,1.0,0\n"
    (tmp_path / "l.csv").write_text(text, encoding="utf-8")
    found = read_labels(tmp_path / "l.csv", key, "all")
    assert found.named.tolist() == [cluster is not None, True]
    assert found.clusters.labels[1] == 0


def test_ids_that_differ_in_leading_zeros_alone_stay_two(tmp_path: Path) -> None:
    key = np.array([["cb1", "as", "7"], ["cb1", "as", "07"], ["cb1", "as", "8"]])
    text = "NeuronId,SynType,SynId,cluster\ncb1,as,07,1\ncb1,as,007,2\ncb1,as,08,3\n"
    (tmp_path / "l.csv").write_text(text)
    found = read_labels(tmp_path / "l.csv", key, "all")
    assert found.named.tolist() == [False, True, True]
    assert found.clusters.labels[1:].tolist() == [1, 3]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("NeuronId,SynType,SynId\ncb1,as,1\n", "lacks the column cluster"),
        ("NeuronId,SynType,SynId,cluster\ncb1,as,1,a\n", 'column cluster ("a"): a cluster must'),
        ("NeuronId,SynType,SynId,cluster\ncb1,as,1,1.5\n", "must be a whole number"),
        ("NeuronId,SynType,SynId,cluster\ncb1,as,1,1\ncb1,as,1,2\n", "row 3, column cluster"),
        ("NeuronId,SynType,SynId,cluster\ncb9,as,1,1\n", "none of its synapses"),
    ],
)
def test_a_table_of_clusters_that_does_not_fit_is_refused(
    tmp_path: Path, text: str, words: str
) -> None:
    (tmp_path / "l.csv").write_text(text)
    with pytest.raises(TableError) as caught:
        read_labels(tmp_path / "l.csv", KEY, "all")
    assert words in caught.value.sentence


def test_an_input_that_the_task_does_not_know_is_refused(historic: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="takes no input named truth"):
        run("synapses fit", {"table": historic, "truth": historic}, {}, tmp_path / "out")


def test_given_clusters_can_be_of_many_synapses(
    historic: Path, simulation: Simulation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipelines.synapses.clusters.evidence.MOST_ROWS", 50)
    labels_of(simulation).to_csv(tmp_path / "l.csv", index=False)
    inputs = {"table": historic, "labels": tmp_path / "l.csv"}
    results = fit(inputs, FitParameters(umap_neighbors=10), tmp_path, silent)
    assert results["null_p"] is None
    assert results["n_clusters"] == 3
