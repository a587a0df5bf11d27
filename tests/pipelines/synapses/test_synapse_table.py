from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.core.errors import TableError
from pipelines.core.progress import silent
from pipelines.synapses.formats.cells import number
from pipelines.synapses.formats.separators import readings
from pipelines.synapses.parameters import CheckParameters
from pipelines.synapses.table.checking import check
from pipelines.synapses.table.columns import MEASURES, NANOMETRES, REQUIRED
from pipelines.synapses.table.table import CheckedTable, members, read_table

Check = Callable[[pd.DataFrame], CheckedTable]


def message(checked: CheckedTable, row: int) -> str:
    line = checked.report.set_index("row").loc[row]
    return str(line["message"])


def outcome(checked: CheckedTable, row: int) -> str:
    return str(checked.outcomes[row].value)


def test_a_correct_table_is_accepted_whole(table: pd.DataFrame, check_csv: Check) -> None:
    checked = check_csv(table)
    assert checked.counts == {"n_rows": 40, "n_accepted": 40, "n_repaired": 0, "n_rejected": 0}
    assert checked.findings == ()
    assert checked.rows["SynArea"].tolist() == table["SynArea"].tolist()


def test_a_workbook_and_a_text_table_give_the_same_rows(
    table: pd.DataFrame, check_csv: Check, tmp_path: Path
) -> None:
    table.to_excel(tmp_path / "t.xlsx", index=False)
    from_book = read_table(tmp_path / "t.xlsx").rows[list(REQUIRED)]
    pd.testing.assert_frame_equal(from_book, check_csv(table).rows[list(REQUIRED)])


def test_missing_columns_are_listed_with_the_nearest_names(
    table: pd.DataFrame, check_csv: Check
) -> None:
    wrong = table.rename(columns={"SynArea": "Syn_Area"}).drop(columns="NeuronId")
    with pytest.raises(TableError, match=r"lacks the columns NeuronId.*SynArea \(nearest: Syn_A"):
        check_csv(wrong)


def test_column_names_may_differ_in_case(table: pd.DataFrame, check_csv: Check) -> None:
    checked = check_csv(table.rename(columns={"SynArea": " synarea "}))
    assert checked.counts["n_accepted"] == 40
    assert "column synarea was taken as SynArea" in checked.notes[0]


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        ("SynArea", "abc", 'row 9, column SynArea ("abc"): not a number'),
        ("SynArea", None, "row 9, column SynArea: the cell is empty"),
        ("BoutonArea", "NaN", "the cell is empty"),
        ("corr_x_micron", "inf", "not finite"),
        ("corr_soma_y_micron", "1_000", "not a number"),
        ("SynArea", 0, "above 0"),
        ("SynArea", -0.1, "above 0"),
        ("SynArea", 50_000, "at most 10 um2"),
        ("BoutonArea", 201, "at most 200 um2"),
        ("BoutonVolume", -1, "above 0 um3"),
        ("corr_x_micron", 50_000, "check the unit"),
        ("NeuronId", None, "empty; fill in the name"),
        ("SynId", None, "empty; fill in the name"),
        ("SynType", "xx", "must be as (asymmetric) or ss (symmetric)"),
    ],
)
def test_a_wrong_cell_rejects_its_row_and_no_other(
    table: pd.DataFrame, check_csv: Check, column: str, value: Any, words: str
) -> None:
    table.loc[7, column] = value
    checked = check_csv(table)
    assert words in message(checked, 9)
    assert [row for row, found in checked.outcomes.items() if found == "rejected"] == [9]
    assert 9 not in checked.rows.index


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        ("SynArea", 1.5, "outside the usual 0.002 to 1"),
        ("BoutonVolume", 500, "more than a sphere"),
        ("SynId", "new-1", "not a whole number"),
        ("x", 1.0, "does not fit corr_x_micron"),
    ],
)
def test_an_unusual_cell_is_remarked_on_and_its_row_used(
    table: pd.DataFrame, check_csv: Check, column: str, value: Any, words: str
) -> None:
    table.loc[7, column] = value
    checked = check_csv(table)
    assert words in message(checked, 9)
    assert outcome(checked, 9) == "accepted"
    assert 9 in checked.rows.index


def test_far_from_the_soma_is_remarked_on(table: pd.DataFrame, check_csv: Check) -> None:
    table.loc[7, "corr_x_micron"] = table.loc[7, "corr_soma_x_micron"] + 200
    assert "from the soma, which is unusually far" in message(check_csv(table), 9)


def test_outer_blanks_and_case_of_names_are_repaired_and_reported(
    table: pd.DataFrame, check_csv: Check
) -> None:
    table.loc[7, "NeuronId"] = "CB1 "
    table.loc[8, "SynType"] = f" {str(table.loc[8, 'SynType']).upper()}"
    checked = check_csv(table)
    assert (outcome(checked, 9), outcome(checked, 10)) == ("repaired", "repaired")
    assert "read as cb1" in message(checked, 9)
    assert checked.rows.at[9, "NeuronId"] == "cb1"
    assert checked.rows.at[10, "SynType"] == table.loc[8, "SynType"].strip().lower()


def test_an_exact_repetition_is_dropped_and_said(table: pd.DataFrame, check_csv: Check) -> None:
    checked = check_csv(pd.concat([table, table.iloc[[3]]]))
    assert "the same as row 5; dropped" in message(checked, 42)
    assert outcome(checked, 5) == "accepted"
    assert checked.repeats == {42: 5}


def test_one_key_for_different_synapses_rejects_them(table: pd.DataFrame, check_csv: Check) -> None:
    other = table.iloc[[3]].assign(SynArea=0.123)
    checked = check_csv(pd.concat([table, other]))
    assert "as row 42 but other values" in message(checked, 5)
    assert "as row 5 but other values" in message(checked, 42)
    assert checked.counts["n_rejected"] == 2


def test_the_same_id_may_be_used_for_each_type_of_synapse(
    table: pd.DataFrame, check_csv: Check
) -> None:
    kinds = table.groupby(["NeuronId", "SynId"])["SynType"].nunique()
    assert kinds.max() == 2
    assert check_csv(table).counts["n_rejected"] == 0


def test_a_table_in_nanometres_is_refused_with_the_remedy(
    table: pd.DataFrame, check_csv: Check
) -> None:
    for micron, nm in NANOMETRES.items():
        table[micron] = table[nm]
    with pytest.raises(TableError, match=r"look like nanometres .* divide .* by 1000"):
        check_csv(table)


def test_areas_in_square_nanometres_are_refused_with_the_remedy(
    table: pd.DataFrame, check_csv: Check
) -> None:
    table["SynArea"] = table["SynArea"] * 1e6
    with pytest.raises(TableError, match=r"column SynArea: the areas look like nm2"):
        check_csv(table)


def test_columns_in_nanometres_alone_are_converted_and_it_is_said(
    table: pd.DataFrame, check_csv: Check
) -> None:
    expected = check_csv(table).rows
    checked = check_csv(table.drop(columns=list(NANOMETRES)))
    assert checked.counts["n_repaired"] == 40
    [note] = checked.notes
    assert "corr_soma_z_micron were computed from corr_x, corr_y, corr_z, corr_soma_x" in note
    assert "divided by 1000" in message(checked, 2)
    found = checked.rows[list(MEASURES)].to_numpy(float)
    # The columns in um of the table are rounded to 0.1 nm.
    np.testing.assert_allclose(found, expected[list(MEASURES)].to_numpy(float), atol=1e-4)


def test_decimal_commas_are_converted_when_asked_for_and_reported(
    table: pd.DataFrame, tmp_path: Path, check_csv: Check
) -> None:
    table.to_csv(tmp_path / "comma.csv", sep=";", decimal=",", index=False)
    text = (tmp_path / "comma.csv").read_text().replace(".", ",")
    (tmp_path / "comma.csv").write_text(text)
    assert read_table(tmp_path / "comma.csv").counts["n_rejected"] == 40
    checked = read_table(tmp_path / "comma.csv", repairs=["decimal-comma"])
    assert checked.counts["n_repaired"] == 40
    assert "decimal comma" in message(checked, 2)
    pd.testing.assert_frame_equal(
        checked.rows[list(REQUIRED)], check_csv(table).rows[list(REQUIRED)]
    )


def test_a_single_comma_among_points_is_not_converted(
    table: pd.DataFrame, check_csv: Check
) -> None:
    table.loc[7, "SynArea"] = "0,05"
    checked = check_csv(table)
    assert outcome(checked, 9) == "rejected"
    assert '"0,05"' in message(checked, 9)


def test_a_number_kept_as_text_in_a_workbook_is_read_and_reported(
    table: pd.DataFrame, tmp_path: Path
) -> None:
    table.loc[7, "SynArea"] = "0.05"
    table.to_excel(tmp_path / "t.xlsx", index=False)
    checked = read_table(tmp_path / "t.xlsx")
    assert outcome(checked, 9) == "repaired"
    assert checked.rows.at[9, "SynArea"] == 0.05


def test_a_date_is_no_number(table: pd.DataFrame, tmp_path: Path) -> None:
    table.loc[7, "SynArea"] = pd.Timestamp("2024-05-01").to_pydatetime()
    table.to_excel(tmp_path / "t.xlsx", index=False)
    assert outcome(read_table(tmp_path / "t.xlsx"), 9) == "rejected"


def test_a_formula_without_a_value_is_named_as_such(table: pd.DataFrame, tmp_path: Path) -> None:
    table.loc[7, "SynArea"] = "=1/20"
    table.to_excel(tmp_path / "t.xlsx", index=False)
    assert "a formula without stored value" in message(read_table(tmp_path / "t.xlsx"), 9)


def test_a_soma_that_varies_rejects_the_neuron_and_shows_where_it_came_from(
    table: pd.DataFrame, check_csv: Check
) -> None:
    neuron = table["NeuronId"] == "cr1"
    right = table.loc[neuron, "corr_soma_x_micron"].iloc[0]
    table.loc[neuron, "corr_soma_x_micron"] = table.loc[neuron, "corr_z_micron"]
    table.loc[neuron, "corr_soma_x"] = table.loc[neuron, "corr_z"]
    checked = check_csv(table)
    assert checked.counts["n_rejected"] == 20
    assert set(checked.rows["NeuronId"]) == {"cb1"}
    text = message(checked, 22)
    assert "the soma of cr1 must be the same in all its rows" in text
    assert "the column repeats corr_z_micron" in text
    assert f"from the raw columns it would be {right:.4g} um" in text


def test_two_synapses_at_one_place_are_remarked_on(table: pd.DataFrame, check_csv: Check) -> None:
    place = ["corr_x_micron", "corr_y_micron", "corr_z_micron"]
    table.loc[7, place] = table.loc[6, place]
    assert "exactly this position" in message(check_csv(table), 9)


def test_a_known_soma_is_checked_row_by_row(table: pd.DataFrame, tmp_path: Path) -> None:
    somas = {"cb1": np.array([1.0, 2.0, 3.0])}
    table.to_csv(tmp_path / "t.csv", index=False)
    checked = read_table(tmp_path / "t.csv", somas=somas)
    assert checked.counts["n_rejected"] == 20
    assert "the model has the soma of this neuron at (1, 2, 3) um" in message(checked, 2)


def test_every_row_is_in_the_report(table: pd.DataFrame, tmp_path: Path) -> None:
    table.loc[7, "SynArea"] = "=cmd()"
    table.to_csv(tmp_path / "t.csv", index=False)
    results = check({"table": tmp_path / "t.csv"}, CheckParameters(), tmp_path, silent)
    report = pd.read_csv(tmp_path / "report.csv")
    assert list(report.columns) == ["row", "column", "value", "outcome", "message"]
    assert report["row"].tolist() == list(range(2, 42))
    assert (report["outcome"] == "rejected").sum() == results["n_rejected"] == 1
    assert report.loc[7, "value"] == "'=cmd()"


def test_groups_are_types_of_synapse_or_neuron_or_any_column(
    table: pd.DataFrame, check_csv: Check
) -> None:
    rows = check_csv(table.assign(Layer=["L1", "l1 ", "L2", "L4"] * 10)).rows
    assert members(rows, "all").sum() == 40
    assert members(rows, "as").sum() + members(rows, "ss").sum() == 40
    assert set(rows.loc[members(rows, "cb"), "NeuronId"]) == {"cb1"}
    assert members(rows, "layer=L1").sum() == 20
    with pytest.raises(TableError, match="no column Area"):
        members(rows, "Area=1")


CELLS = st.one_of(
    st.none(), st.booleans(), st.text(max_size=6), st.integers(), st.floats(), st.just("1,5")
)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(cells=st.lists(st.tuples(st.integers(0, 39), st.integers(0, 23), CELLS), max_size=8))
def test_any_cells_give_a_verdict_on_every_row(
    table: pd.DataFrame, check_csv: Check, cells: list[tuple[int, int, Any]]
) -> None:
    broken = table.copy()
    for row, column, cell in cells:
        broken.iat[row, column] = cell
    checked = check_csv(broken)
    assert len(checked.report) == checked.counts["n_rows"] >= 39
    assert np.isfinite(checked.rows[list(MEASURES)].to_numpy(float)).all()


@given(st.floats(allow_nan=False, allow_infinity=False, min_value=-1e30, max_value=1e30))
def test_a_number_is_read_as_it_was_written(value: float) -> None:
    assert number(repr(value)) == number(value) == value
    assert readings(f"{value:.4f}".replace(".", ","))[0] == float(f"{value:.4f}")
