from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.core.csv import defuse, write_csv


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


def test_a_long_table_is_written_as_a_short_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    frame = pd.DataFrame(
        {
            "name": pd.array(["cb1", None, "=1+1", "-0.5"], dtype="str"),
            "id": [1, 2, 3, 4],
            "area": [0.1, 1.0, float("nan"), 1e-7],
            "cluster": pd.array([1, None, 0, -1], dtype="Int64"),
            "is_outlier": [True, False, None, True],
            "note": ["", "é", None, "+x"],
        }
    )
    write_csv(frame, tmp_path / "short.csv")
    monkeypatch.setattr("pipelines.core.csv.LONG", 0)
    write_csv(frame, tmp_path / "long.csv")
    write_csv(frame.assign(note=["a,b", 'say "x"', "two\nlines", ""]), tmp_path / "quoted.csv")
    assert (tmp_path / "long.csv").read_bytes() == (tmp_path / "short.csv").read_bytes()
    assert pd.read_csv(tmp_path / "quoted.csv")["note"].tolist()[:2] == ["a,b", 'say "x"']


@pytest.mark.parametrize("width", [32, 64])
@given(data=st.data())
def test_numbers_of_a_long_table_are_written_as_those_of_a_short_one(
    data: st.DataObject, width: int, tmp_path: Path
) -> None:
    numbers = st.floats(width=width) | st.floats(-1e3, 1e3, width=width)  # type: ignore[arg-type]
    values = np.array(data.draw(st.lists(numbers, min_size=1)), f"f{width // 8}")
    whole = np.arange(len(values)).astype("i2")
    frame = pd.DataFrame({"value": values, "whole": whole})
    write_csv(frame, tmp_path / "short.csv")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pipelines.core.csv.LONG", 0)
        write_csv(frame, tmp_path / "long.csv")
    assert (tmp_path / "long.csv").read_text() == (tmp_path / "short.csv").read_text()
