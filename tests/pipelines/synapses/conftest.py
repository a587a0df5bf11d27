"""Tables of simulated synapses, and one fit and one bundle made from them."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from pipelines.core.progress import silent
from pipelines.synapses.classify.train import train
from pipelines.synapses.clusters.fit import fit
from pipelines.synapses.parameters import FitParameters, TrainParameters
from pipelines.synapses.simulate import Simulation, simulate
from pipelines.synapses.table.table import CheckedTable, read_table

WriteCsv = Callable[[pd.DataFrame], Path]
Check = Callable[[pd.DataFrame], CheckedTable]


@pytest.fixture(scope="session")
def simulation() -> Simulation:
    """Six neurons with three planted clusters."""
    return simulate(n_neurons=6, planted=3, seed=1)


@pytest.fixture
def table(simulation: Simulation) -> pd.DataFrame:
    """A correct table of 40 synapses of two neurons; cells may be replaced by anything."""
    rows = simulation.table
    some = [rows[rows["NeuronId"] == neuron].head(20) for neuron in ("cb1", "cr1")]
    return pd.concat(some, ignore_index=True).astype(object)


@pytest.fixture
def write_csv_file(tmp_path: Path) -> WriteCsv:
    def write(frame: pd.DataFrame) -> Path:
        file = tmp_path / "table.csv"
        frame.to_csv(file, index=False)
        return file

    return write


@pytest.fixture
def check_csv(write_csv_file: WriteCsv) -> Check:
    def check(frame: pd.DataFrame) -> CheckedTable:
        return read_table(write_csv_file(frame))

    return check


@pytest.fixture(scope="session")
def historic(simulation: Simulation, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The whole simulated table as a workbook."""
    file = tmp_path_factory.mktemp("tables") / "historic.xlsx"
    simulation.table.to_excel(file, index=False, sheet_name="synapses")
    return file


@pytest.fixture(scope="session")
def fit_folder(historic: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("fit")
    fit({"table": historic}, FitParameters(evidence="none"), folder, silent)
    return folder


@pytest.fixture(scope="session")
def bundle_folder(fit_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bundle")
    train({"fit": fit_folder}, TrainParameters(n_trees=100), folder, silent)
    return folder
