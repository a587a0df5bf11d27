"""Each way in which uploads are wrong: what is said of it, and what repairs it."""

from pathlib import Path
from typing import Any, get_args

import pandas as pd
import pytest

from pipelines.__main__ import main
from pipelines.core.errors import TableError
from pipelines.core.progress import silent
from pipelines.synapses.parameters import CheckParameters, FaultName, Repair
from pipelines.synapses.simulate import Simulation
from pipelines.synapses.table.checking import check
from pipelines.synapses.table.columns import MEASURES, NANOMETRES
from pipelines.synapses.table.faults import FAULTS, REFUSED, write_faults
from pipelines.synapses.table.repairs import REPAIRS
from pipelines.synapses.table.table import read_table

SENTENCES = {
    "missing-column": "lacks the column SynArea (nearest: Syn_Area_): add or rename",
    "text-in-number": 'row 7, column SynArea ("abc"): not a number; fill in the measured number.',
    "decimal-comma": "a decimal comma, as in this table's numbers",
    "repeated-row": "the same as row 4; dropped.",
    "repeated-key": "same NeuronId, SynType and SynId as row 5 but other values; keep one.",
    "unknown-neuron": "",
    "case-and-blanks": "read as cb1.",
    "missing-and-infinite": "row 7, column SynArea: the cell is empty; fill in",
    "nanometres": "they equal corr_x, corr_y, corr_z, corr_soma_x, corr_soma_y, corr_soma_z, so "
    "the factor is 1000): divide position and soma columns by 1000",
    "square-nanometres": "the areas look like nm2",
    "negative-area": "an area must be above 0 and at most 200 um2; check the unit.",
    "wrong-soma": "the soma of cb1 must be the same in all its rows; the column repeats corr_z_",
    "empty-sheet": "has a header but no rows below it",
    "several-sheets": 'has several sheets, "first", "second": choose one by its name.',
    "formula": "row 7, column SynArea: a formula without stored value; open and save the file",
    "zip-bomb": "inflates to far more than a table needs",
    "macros": "contains macros: save it as .xlsx, which has none.",
    "external-link": "links to other workbooks: paste values only into a new one.",
    "web-page": "is a web page or XML, not a table",
    "old-excel": "is damaged, has a password or is no workbook",
    "csv-injection": "not a number",
    "too-many-columns": "at most 200 can be read: remove the others.",
}


@pytest.fixture(scope="module")
def faulty(simulation: Simulation, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a file for every fault."""
    folder = tmp_path_factory.mktemp("faults")
    write_faults(simulation.table.head(60), FAULTS, folder)
    return folder


def checked(file: Path, folder: Path, *repairs: str) -> tuple[dict[str, Any], pd.DataFrame]:
    """What a check of a file gives, and its report by row."""
    parameters = CheckParameters.parse({"repair": list(repairs)})
    results = check({"table": file}, parameters, folder, silent)
    report = pd.read_csv(folder / "report.csv", index_col="row", keep_default_na=False)
    return results, report


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_named_with_its_place(name: str, faulty: Path, tmp_path: Path) -> None:
    fault = FAULTS[name]
    file = faulty / f"fault-{name}{fault.suffix}"
    if fault.outcome == REFUSED:
        with pytest.raises(TableError) as refused:
            checked(file, tmp_path)
        assert SENTENCES[name] in refused.value.sentence
        assert refused.value.sentence.startswith(file.name)
        return
    results, report = checked(file, tmp_path)
    rows = fault.rows or tuple(report.index)
    assert report.index[report["outcome"] == fault.outcome].tolist() == list(rows)
    said = [*report["message"], *results["notes"]]
    assert any(SENTENCES[name] in message for message in said)
    assert list(results["offers"]) == ([fault.repair] if fault.repair else [])


@pytest.mark.parametrize("name", [name for name, fault in FAULTS.items() if fault.repair])
def test_a_repair_gives_the_right_table_and_says_so_on_every_row(
    name: str, faulty: Path, tmp_path: Path, simulation: Simulation
) -> None:
    fault = FAULTS[name]
    file = faulty / f"fault-{name}{fault.suffix}"
    results, report = checked(file, tmp_path, fault.repair)
    assert results["n_repaired"] == results["n_rows"] == len(report)
    assert results["offers"] == {}
    assert report["message"].ne("").all()
    again, _ = checked(tmp_path / "repaired.csv", tmp_path)
    assert again["n_accepted"] == results["n_rows"]
    repaired = read_table(tmp_path / "repaired.csv").rows[list(MEASURES)].reset_index(drop=True)
    right = simulation.table[list(MEASURES)].head(len(repaired)).astype(float)
    # Positions in nm are rounded to 0.1 nm, and a soma has the rounding of the raw columns.
    assert (repaired - right).abs().max().max() < 2e-3


def test_a_table_in_nanometres_without_other_columns_is_repaired_too(
    faulty: Path, tmp_path: Path
) -> None:
    table = pd.read_csv(faulty / "fault-nanometres.csv").drop(columns=list(NANOMETRES.values()))
    table.to_csv(tmp_path / "t.csv", index=False)
    results, _ = checked(tmp_path / "t.csv", tmp_path)
    assert results["notes"][0].startswith("60 of 60 rows (100 %) were left out")
    assert any("times x, in um it would be about 0.001" in note for note in results["notes"])
    results, _ = checked(tmp_path / "t.csv", tmp_path, "nm-to-um")
    assert results["n_repaired"] == results["n_rows"]


def test_nothing_is_repaired_that_is_right(tmp_path: Path, simulation: Simulation) -> None:
    simulation.table.head(40).to_csv(tmp_path / "t.csv", index=False)
    results, _ = checked(tmp_path / "t.csv", tmp_path, *REPAIRS)
    assert results["n_accepted"] == 40


def test_the_lists_of_faults_and_repairs_are_whole() -> None:
    assert set(get_args(FaultName)) == set(FAULTS) == set(SENTENCES)
    assert set(get_args(Repair)) == set(REPAIRS)


def test_of_several_sheets_the_chosen_one_is_checked(faulty: Path, tmp_path: Path) -> None:
    parameters = CheckParameters(sheet="second")
    results = check({"table": faulty / "fault-several-sheets.xlsx"}, parameters, tmp_path, silent)
    assert results["n_accepted"] == 60


def test_a_report_cannot_act_as_a_formula(faulty: Path, tmp_path: Path) -> None:
    checked(faulty / "fault-csv-injection.csv", tmp_path)
    report = (tmp_path / "report.csv").read_text(encoding="utf-8")
    assert "\"'=HYPERLINK" in report
    assert ",=HYPERLINK" not in report


def test_repaired_rows_are_used_by_a_fit_only_when_it_is_asked_for(faulty: Path) -> None:
    file = faulty / "fault-nanometres.csv"
    with pytest.raises(TableError, match="look like nanometres"):
        read_table(file)
    assert read_table(file, repairs=("nm-to-um",)).counts["n_repaired"] == 60


def test_the_command_line_simulates_faults_and_writes_the_repaired_table(tmp_path: Path) -> None:
    demo, report, repaired = (tmp_path / name for name in ("demo", "report.csv", "repaired.csv"))
    assert main(["demo", "synapses", str(demo), "--set", "faults=wrong-soma"]) == 0
    assert pd.read_csv(demo / "faults.csv")["repair"].tolist() == ["soma-from-raw"]
    files = ["--out", str(report), "--repaired", str(repaired)]
    wrong = str(demo / "fault-wrong-soma.csv")
    asked = ["synapses", "check", wrong, *files, "--set", "repair=soma-from-raw", "--quiet"]
    assert main(asked) == 0
    assert set(pd.read_csv(report)["outcome"]) == {"repaired"}
    assert pd.read_csv(repaired)["corr_soma_x_micron"].nunique() == 1
    assert main(asked) == 2
