"""All CSV and TSV are written in one place; what it writes is read again as it was."""

import re
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.core import csv
from pipelines.core.csv import NUMBER, defused, fused, read_csv, write_csv, write_rows
from pipelines.spikes.curation.agreement import majority
from pipelines.spikes.labels.kept_labels import keep
from pipelines.spikes.sorting.decisions import Decision
from pipelines.spikes.sorting.sort_file import read_sort_file, write_sort_file
from pipelines.spikes.units.unit_tables import read_table, write_table

ROOT = Path(__file__).parents[2]
WRITES = re.compile(r"\.to_csv\(|csv\.writer\(|DictWriter|savetxt|arrow_csv\.write|csv\.CSVWriter")
ELSEWHERE = {
    "pipelines/spikes/reading/channels.py": "a list of names in one text, which is written nowhere",
    "pipelines/synapses/table/faults.py": "makes damaged tables, as other programs write them",
}
CELLS = st.text(st.sampled_from("'=+-@ \t\r\n＝0123456789.,abé\"x;")) | st.text()
FORMULAS = (
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-x",
    "@SUM(1)",
    "\t=1",
    "\r=1",
    "\n=1",
    " =1",
    "＝1+1",
    "'=1",
)


def test_no_other_place_writes_csv() -> None:
    files = [*ROOT.glob("pipelines/**/*.py"), *ROOT.glob("dashboard/**/*.py"), ROOT / "app.py"]
    found = {
        file.relative_to(ROOT).as_posix()
        for file in files
        if WRITES.search(file.read_text(encoding="utf-8"))
    }
    assert found - set(ELSEWHERE) == {"pipelines/core/csv.py"}


@given(CELLS)
def test_a_text_comes_back_and_runs_nothing(cell: str) -> None:
    safe = defused(cell)
    assert fused(safe) == cell
    assert not safe.lstrip(" ").startswith(tuple("=+-@＝＋－＠\t\r\n")) or NUMBER.fullmatch(cell)


@settings(max_examples=50)
@given(st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=5))
def test_a_table_comes_back(rows: list[tuple[str, str]]) -> None:
    frame = pd.DataFrame(rows, columns=["=name", "note"], dtype=str)
    again = csv.fuse(csv.defuse(frame))
    pd.testing.assert_frame_equal(again, frame, check_dtype=False)


@pytest.mark.parametrize("cell", FORMULAS)
def test_a_file_comes_back(cell: str, tmp_path: Path) -> None:
    frame = pd.DataFrame({cell: ["x"], "comment": [cell], "n": [-1]})
    write_csv(frame, tmp_path / "t.csv")
    again = read_csv(tmp_path / "t.csv")
    assert again.values.tolist() == [["x", cell, -1]]
    assert next(iter(again.columns)) == cell
    if "\r" in cell:
        return  # TSV is for phy, and holds words of ours
    write_csv(frame, tmp_path / "t.tsv", "\t")
    assert read_csv(tmp_path / "t.tsv", sep="\t")["comment"].tolist() == [cell]


@pytest.mark.parametrize("cell", ["-1", "+5", "-1.5e-7", "2026-11-28", "-1,5", "-inf", " -3"])
def test_numbers_and_dates_stay(cell: str, tmp_path: Path) -> None:
    write_rows(["a", "b"], [[cell, "x"]], tmp_path / "t.csv")
    assert pd.read_csv(tmp_path / "t.csv", dtype=str)["a"].tolist() == [cell]


@pytest.mark.parametrize("cell", ["=HYPERLINK(1)", "'=x", "-- no", "plain"])
def test_names_of_curators_and_comments_come_back(cell: str, tmp_path: Path) -> None:
    votes = majority({cell: {1: "good"}, "b": {1: "good"}}, 2)
    write_csv(votes, tmp_path / "majority.csv")
    assert (tmp_path / "majority.csv").read_text().splitlines()[
        0
    ] == f"unit_id,{defused(cell)},b,votes,majority_vote"
    units = pd.DataFrame({"unit_id": [1], "comment": [cell]})
    write_table(units, tmp_path / "units.csv")
    assert read_table(tmp_path / "units.csv")["comment"].tolist() == [cell]


def test_a_comment_of_a_sort_file_comes_back(tmp_path: Path) -> None:
    one = Decision(0, 0, 3, (1, 2), 1, True, "", "=1+1")
    write_sort_file([one], tmp_path / "s.csv")
    assert "'=1+1" in (tmp_path / "s.csv").read_text()
    assert read_sort_file(tmp_path / "s.csv")[0].comment == "=1+1"


def test_a_comment_in_units_csv_survives_that_labels_are_kept(tmp_path: Path) -> None:
    sorting, labelled = tmp_path / "sorting", tmp_path / "labelled"
    sorting.mkdir()
    labelled.mkdir()
    (sorting / "units.csv").write_text("unit_id,comment\n1,=cmd|x\n2,'=kept\n")
    (labelled / "labels.csv").write_text("unit_id,label_bombcell,reason\n1,good,\n2,mua,\n")
    (labelled / "labels.json").write_text('{"bombcell": {}}')
    (labelled / "thresholds.json").write_text("{}")
    for _ in range(2):
        keep(labelled, sorting)
    assert read_table(sorting / "units.csv")["comment"].tolist() == ["=cmd|x", "=kept"]
    assert "\n1,'=cmd|x," in (sorting / "units.csv").read_text()
