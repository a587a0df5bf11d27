from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import adjusted_rand_score

from pipelines.core.errors import ParameterError
from pipelines.core.progress import silent
from pipelines.synapses.clusters.fit import fit_rows
from pipelines.synapses.formats.sheets import Sheet
from pipelines.synapses.parameters import FitParameters, SimulationParameters
from pipelines.synapses.simulate import make, simulate
from pipelines.synapses.table.table import check_sheet, read_table


@pytest.mark.parametrize("planted", [2, 3, 4])
def test_the_pipeline_finds_the_planted_clusters(planted: int) -> None:
    simulation = simulate(planted=planted, seed=0)
    rows = check_sheet(Sheet("t", "s", simulation.table.astype(object))).rows
    fitted = fit_rows(rows, FitParameters(), "", silent)
    key = pd.DataFrame(fitted.synapses.key, columns=["NeuronId", "SynType", "SynId"])
    truth = simulation.truth.astype({"SynId": str}).rename(columns=str)
    joined = key.assign(found=fitted.labels).merge(truth, on=["NeuronId", "SynType", "SynId"])
    assert adjusted_rand_score(joined["planted_cluster"], joined["found"]) >= 0.9


def test_the_same_seed_gives_the_same_table() -> None:
    one, other = simulate(seed=4), simulate(seed=4)
    pd.testing.assert_frame_equal(one.table, other.table)
    pd.testing.assert_frame_equal(one.truth, other.truth)
    assert not one.table.equals(simulate(seed=5).table)


def test_a_simulated_table_passes_all_checks() -> None:
    simulation = simulate(n_neurons=4, planted=0, seed=2)
    assert simulation.table.shape[1] == 24
    checked = check_sheet(Sheet("t", "s", simulation.table.astype(object)))
    assert checked.counts["n_accepted"] == len(simulation.table)


def test_volumes_fit_into_the_sphere_of_their_area() -> None:
    table = simulate(seed=3).table
    # Volume of a sphere from its surface: A**1.5 / (6 sqrt(pi)).
    largest = table["BoutonArea"] ** 1.5 / (6 * np.sqrt(np.pi))
    assert (table["BoutonVolume"] <= largest * 1.001).all()


def test_scale_multiplies_the_number_of_synapses() -> None:
    few, many = len(simulate(seed=1).table), len(simulate(seed=1, scale=5).table)
    assert many == pytest.approx(5 * few, rel=0.2)


def test_more_planted_clusters_than_nature_allows_are_refused() -> None:
    with pytest.raises(ParameterError, match="from 0 to 4"):
        simulate(planted=5)


def test_the_example_has_old_synapses_new_ones_an_unknown_neuron_and_the_truth(
    tmp_path: Path,
) -> None:
    make(tmp_path, seed=0)
    old = read_table(tmp_path / "synapses.xlsx")
    new = read_table(tmp_path / "new_synapses.xlsx")
    assert old.counts["n_accepted"] == old.counts["n_rows"] > 300
    assert 30 <= new.counts["n_accepted"] == new.counts["n_rows"] <= 60
    assert len(set(new.rows["NeuronId"]) - set(old.rows["NeuronId"])) == 1
    truth = pd.read_csv(tmp_path / "truth.csv")
    assert len(truth) == old.counts["n_rows"] + new.counts["n_rows"]
    assert not truth.duplicated(["NeuronId", "SynType", "SynId"]).any()


def test_long_tables_are_text_and_longer_ones_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipelines.synapses.simulate.WORKBOOK_ROWS", 100)
    make(tmp_path, 0, SimulationParameters(neurons=2, planted=2, scale=3.0))
    truth = pd.read_csv(tmp_path / "truth.csv")
    assert set(truth["file"]) == {"synapses.csv", "new_synapses.xlsx"}
    assert truth["planted_cluster"].nunique() == 2
    assert len(pd.read_csv(tmp_path / "synapses.csv")) == (truth["file"] == "synapses.csv").sum()
    with pytest.raises(ParameterError, match="lower one of them"):
        make(tmp_path, 0, SimulationParameters(neurons=1, scale=8000))
