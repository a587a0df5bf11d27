from pathlib import Path

import pandas as pd
import pytest

from pipelines.csv_export import defuse, write_csv


@pytest.mark.parametrize(
    "cell", ["=HYPERLINK(1)", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "\r=1"]
)
def test_text_that_a_spreadsheet_would_run_gets_an_apostrophe(cell: str) -> None:
    assert defuse(pd.DataFrame({"note": [cell]}))["note"].tolist() == [f"'{cell}"]


@pytest.mark.parametrize("cell", ["-1.5", "+3", "-1,5", "-2e-7", "plain", "a=b", "", None, -1.5, 7])
def test_numbers_and_harmless_text_stay(cell: object) -> None:
    frame = pd.DataFrame({"note": pd.Series([cell, "x"], dtype=object)})
    assert defuse(frame)["note"].tolist() == [cell, "x"]


def test_column_names_are_defused_too() -> None:
    assert list(defuse(pd.DataFrame({"=1+1": [-1]})).columns) == ["'=1+1"]


def test_the_given_table_is_left_as_it_is(tmp_path: Path) -> None:
    frame = pd.DataFrame({"a": ["=1"], "b": [-0.1]})
    write_csv(frame, tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_bytes() == b"a,b\n'=1,-0.1\n"
    assert frame["a"].tolist() == ["=1"]
