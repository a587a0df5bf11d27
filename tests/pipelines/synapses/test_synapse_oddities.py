"""Tables as labs write them: what was written is what is read, or a sentence says why not."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from pipelines.__main__ import main
from pipelines.core.errors import TableError
from pipelines.core.progress import silent
from pipelines.synapses.formats.limits import Limits, most_memory_used
from pipelines.synapses.formats.reading import read_outline, read_sheet
from pipelines.synapses.formats.separators import readings
from pipelines.synapses.parameters import CheckParameters
from pipelines.synapses.simulate import Simulation
from pipelines.synapses.table.checking import check
from pipelines.synapses.table.columns import POSITION, REQUIRED, SOMA, Schema
from pipelines.synapses.table.names import matched
from pipelines.synapses.table.sources import missing_columns
from pipelines.synapses.table.table import CheckedTable, read_table
from pipelines.synapses.table.totals import statistics_at_end
from pipelines.synapses.table.units import split_unit

FIXTURES = Path(__file__).parents[2] / "fixtures" / "workbooks"
POINTS = Schema(id="cell", features=("width", "rate"))


def text(folder: Path, content: str, name: str = "t.csv") -> Path:
    (folder / name).write_text(content, encoding="utf-8")
    return folder / name


def book(folder: Path, rows: list[list[Any]]) -> openpyxl.Workbook:
    made = openpyxl.Workbook()
    for row in rows:
        made.active.append(row)
    return made


def measured(checked: CheckedTable) -> np.ndarray:
    return checked.rows[list(checked.schema.measures)].to_numpy(float)


# -- where the names stand


@pytest.mark.parametrize(
    ("above", "note"),
    [
        ("Synapses of May\n", 'row 1 ("Synapses of May") above'),
        ("Synapses of May\n\nby A. B., second batch\n", "rows 1 to 3"),
        ("# made by a script\n# version 2\n", "rows 1 to 2"),
        ("Synapses, three cells, May 2024\n", "row 1"),
        ("\n\n", ""),
    ],
)
def test_names_are_found_below_a_title(
    table: pd.DataFrame, tmp_path: Path, above: str, note: str
) -> None:
    found = read_table(text(tmp_path, above + table.to_csv(index=False)))
    assert found.counts["n_accepted"] == 40
    assert note in " ".join(found.notes)
    assert found.rows["SynArea"].tolist() == table["SynArea"].tolist()


def test_names_are_found_by_their_shape_in_any_table(tmp_path: Path) -> None:
    file = text(tmp_path, "My cells\ncell;Breite;Höhe\na;1;2\nb;3;4\n")
    sheet = read_sheet(file)
    assert list(sheet.cells.columns) == ["cell", "Breite", "Höhe"]
    assert sheet.row_numbers == [3, 4]
    assert read_outline(file).sheets == {"": ["cell", "Breite", "Höhe"]}


def test_where_no_row_looks_like_names_a_person_is_asked(tmp_path: Path) -> None:
    file = text(tmp_path, "My cells\n1,2,3\n4,5,6\n")
    with pytest.raises(TableError, match="say which row holds them with header_row"):
        read_sheet(file)
    assert read_sheet(file, header_row=2).cells["3"].tolist() == ["6"]
    with pytest.raises(TableError, match="header_row is 9, but that row has no cells"):
        read_sheet(file, header_row=9)


@pytest.mark.parametrize("delimiter", [";", ",", "\t", "|"])
def test_a_stated_separator_is_taken(tmp_path: Path, delimiter: str) -> None:
    file = text(tmp_path, f"sep={delimiter}\na{delimiter}b\n1{delimiter}2\n")
    assert read_sheet(file).cells.to_dict("list") == {"a": ["1"], "b": ["2"]}


@pytest.mark.parametrize("delimiter", [";", ",", "\t", "|", " "])
def test_a_separator_is_told_by_the_table(
    table: pd.DataFrame, tmp_path: Path, delimiter: str
) -> None:
    found = read_table(text(tmp_path, table.to_csv(index=False, sep=delimiter)))
    assert found.counts["n_accepted"] == 40


def test_a_comma_table_of_sentences_is_not_cut_at_blanks(tmp_path: Path) -> None:
    file = text(tmp_path, 'row,said\n1,"one two; three"\n2,"four five; six"\n')
    assert list(read_sheet(file).cells.columns) == ["row", "said"]


def test_lines_that_begin_with_a_hash_are_comments(table: pd.DataFrame, tmp_path: Path) -> None:
    lines = table.to_csv(index=False).splitlines()
    lines[5:5] = ["# from here on the second animal"]
    lines.append("#" + lines[-1])
    found = read_table(text(tmp_path, "\n".join(lines)))
    assert found.counts["n_accepted"] == 40
    assert "2 rows that begin with # (rows 6, 43) were left out" in found.notes[0]


def test_names_that_all_begin_with_a_hash_are_names(tmp_path: Path) -> None:
    sheet = read_sheet(text(tmp_path, "cell,width\n#1,2\n#2,3\n"))
    assert sheet.cells["cell"].tolist() == ["#1", "#2"]


# -- units


def with_units(table: pd.DataFrame, length: str, area: str) -> pd.DataFrame:
    names = {name: name.replace("_micron", length) for name in REQUIRED if "micron" in name}
    areas = {"SynArea": f"SynArea {area}", "BoutonArea": f"BoutonArea {area}"}
    return table[list(REQUIRED)].rename(columns=names | areas)


@pytest.mark.parametrize(
    ("length", "area", "per_um"),
    [
        (" micron", "(um²)", 1.0),
        (" (µm)", "[µm2]", 1.0),
        ("_um", "in um^2", 1.0),
        (" [nm]", "(nm²)", 1000.0),
        (" / mm", "(mm2)", 0.001),
    ],
)
def test_units_in_names_are_read_and_converted(
    table: pd.DataFrame, tmp_path: Path, length: str, area: str, per_um: float
) -> None:
    wrong = with_units(table, length, area)
    wrong.iloc[:, 3:9] = wrong.iloc[:, 3:9].astype(float) * per_um
    wrong.iloc[:, 9:] = wrong.iloc[:, 9:].astype(float) * per_um**2
    wrong.to_csv(tmp_path / "t.csv", index=False)
    found = read_table(tmp_path / "t.csv")
    right = table[list(REQUIRED[3:])].to_numpy(float)
    np.testing.assert_allclose(measured(found), right, rtol=1e-12)
    assert found.counts["n_repaired"] == (0 if per_um == 1 else 40)
    assert len(found.notes) == (8 if per_um == 1 else 2)


def test_a_row_of_units_is_no_synapse(table: pd.DataFrame, tmp_path: Path) -> None:
    some = table[list(REQUIRED)].copy()
    some["SynArea"] = some["SynArea"].astype(float) * 1e6
    units = ["", "", "", *["um"] * 6, "nm2", "µm²"]
    lines = some.to_csv(index=False).splitlines()
    lines[1:1] = [",".join(units)]
    found = read_table(text(tmp_path, "\n".join(lines)))
    assert len(found.rows) == 40
    np.testing.assert_allclose(found.rows["SynArea"], table["SynArea"].astype(float))
    assert "row 2 was taken for the units" in found.notes[0]
    assert "SynArea was computed from SynArea, nm2 divided by 1,000,000" in found.notes[1]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("corr_x_micron (nm)", "said to be in micrometres and in nm"),
        ("corr_x (px)", "corr_x_micron is needed in um, and this is said to be in px"),
    ],
)
def test_a_unit_that_cannot_be_is_asked_about(
    table: pd.DataFrame, tmp_path: Path, name: str, words: str
) -> None:
    table[list(REQUIRED)].rename(columns={"corr_x_micron": name}).to_csv(tmp_path / "t.csv")
    with pytest.raises(TableError, match=words.replace("(", r"\(")):
        read_table(tmp_path / "t.csv")


@pytest.mark.parametrize("name", ["x", "layer_m", "group_a", "soma_x", "n s", "corr_x_voxels_"])
def test_a_short_word_at_the_end_is_no_unit(name: str) -> None:
    assert split_unit(name) == (name, None)


# -- columns that are named otherwise


def test_columns_are_assigned_by_a_person(table: pd.DataFrame, tmp_path: Path) -> None:
    own = {"NeuronId": "Zelle", "SynArea": "Fläche (nm²)", "SynId": "a=b"}
    wrong = table[list(REQUIRED)].assign(SynArea=table["SynArea"].astype(float) * 1e6)
    wrong.rename(columns=own).to_csv(tmp_path / "t.csv", index=False)
    with pytest.raises(TableError, match="--column NeuronId=HEADER"):
        read_table(tmp_path / "t.csv")
    options = [word for name, header in own.items() for word in ("--column", f"{name}={header}")]
    out = ["--out", str(tmp_path / "r.csv"), "--repaired", str(tmp_path / "good.csv")]
    assert main(["synapses", "check", str(tmp_path / "t.csv"), *options, *out, "--quiet"]) == 0
    # What was repaired has the names that are needed.
    again = read_table(tmp_path / "good.csv")
    assert again.counts["n_accepted"] == 40
    np.testing.assert_allclose(again.rows["SynArea"], table["SynArea"].astype(float))


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"SynAera": "SynArea"}, "SynAera is none of the columns that are needed"),
        ({"SynArea": "size"}, "has no column size to be taken as SynArea"),
        ({"SynArea": "x", "BoutonArea": "x"}, "column x was given for SynArea and for BoutonArea"),
    ],
)
def test_an_assignment_that_cannot_be_is_refused(
    table: pd.DataFrame, tmp_path: Path, columns: dict[str, str], words: str
) -> None:
    table.to_csv(tmp_path / "t.csv", index=False)
    with pytest.raises(TableError, match=words):
        read_table(tmp_path / "t.csv", columns=columns)


def test_another_kind_of_table_is_told_the_way_out(tmp_path: Path) -> None:
    file = text(tmp_path, "species,bill_length_mm,body_mass_g\nA,39.1,3750\nB,46.5,4500\n")
    with pytest.raises(TableError, match="choose columns with feature_columns, id_column"):
        read_table(file)


# -- separators in numbers


@pytest.mark.parametrize(
    ("cell", "comma", "point"),
    [
        ("1,234", 1.234, 1234.0),
        ("1.234", 1234.0, 1.234),
        ("1.234,5", 1234.5, None),
        ("1,234.5", None, 1234.5),
        ("0,123", 0.123, None),
        ("1 234", 1234.0, 1234.0),
        ("1\u202f234,5", 1234.5, None),
        ("1'234'567.8", None, 1234567.8),
        ("1.23.4", None, None),
    ],
)
def test_a_number_has_the_readings_that_a_person_sees(
    cell: str, comma: float | None, point: float | None
) -> None:
    expected = [np.nan if value is None else value for value in (comma, point)]
    np.testing.assert_array_equal(readings(cell), expected)


STYLES = {
    "german": lambda x: f"{x:,.3f}".replace(",", " ").replace(".", ",").replace(" ", "."),
    "english": lambda x: f"{x:,.3f}",
    "swiss": lambda x: f"{x:,.3f}".replace(",", "'"),
    "french": lambda x: f"{x:,.3f}".replace(",", "\u202f").replace(".", ","),
    "plain": lambda x: f"{x:.3f}",
    "whole german": lambda x: f"{round(x):,}".replace(",", "."),
    "whole english": lambda x: f"{round(x):,}",
}
REPAIRED_BY = {"german": "decimal-comma", "french": "decimal-comma", "english": "thousands"}


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    numbers=st.lists(
        st.tuples(*[st.floats(-9e6, 9e6).map(lambda x: round(x, 3))] * 2), min_size=1, max_size=8
    ),
    style=st.sampled_from(sorted(STYLES)),
    title=st.sampled_from(["", "My cells\n", "# a comment, with comma\n", "\n\n"]),
    repair=st.sampled_from([(), ("decimal-comma",), ("thousands",)]),
)
def test_numbers_are_those_that_were_written_or_a_person_is_asked(
    tmp_path: Path,
    numbers: list[tuple[float, float]],
    style: str,
    title: str,
    repair: tuple[str, ...],
) -> None:
    cells = [[f"c{i}", *map(STYLES[style], pair)] for i, pair in enumerate(numbers)]
    lines = [";".join(row) for row in [["cell", "width", "rate"], *cells]]
    file = text(tmp_path, title + "\n".join(lines))
    found = read_table(file, schema=POINTS, repairs=repair)
    whole = style.startswith("whole")
    written = np.array([[round(x) if whole else x for x in pair] for pair in numbers], float)
    assume(not statistics_at_end(written))  # means and sums below a table are left out
    right = dict(zip([f"c{i}" for i in range(len(numbers))], written.tolist(), strict=True))
    read = dict(zip(found.rows["SynId"], measured(found).tolist(), strict=True))
    stated = repair[0] if repair else ""
    matching = "decimal-comma" if "german" in style or style == "french" else "thousands"
    # A wrong statement of the person counts where every number can be read that way, and so
    # does a point where nothing but points stands in the table.
    certain = stated in ("", matching) and style != "whole german"
    for name, values in read.items() if certain else ():
        assert values == pytest.approx(right[name], abs=0.0006), (style, repair)
    assert found.counts["n_rejected"] == len(right) - len(read)
    if stated == matching and style in REPAIRED_BY:
        assert len(read) == len(right)


@pytest.mark.parametrize(
    ("cells", "offered"),
    [
        (["1,234", "5,678"], ["decimal-comma", "thousands"]),
        (["1,234", "0,5"], ["decimal-comma"]),
        (["1,234", "0.5"], ["thousands"]),
        (["1.234,5", "1.234"], ["decimal-comma"]),
        (["1 234", "2 345"], ["decimal-comma", "thousands"]),
        (["1.234", "5.678"], []),
    ],
)
def test_a_repair_is_offered_where_the_table_tells_and_both_where_not(
    tmp_path: Path, cells: list[str], offered: list[str]
) -> None:
    rows = [["cell", "width", "rate"], *([f"c{i}", cell, 1] for i, cell in enumerate(cells))]
    book(tmp_path, rows).save(tmp_path / "t.xlsx")
    assert sorted(read_table(tmp_path / "t.xlsx", schema=POINTS).offers) == offered


def test_thousands_are_never_made_decimals(table: pd.DataFrame, tmp_path: Path) -> None:
    wrong = table[[*REQUIRED[:3], "SynArea", "BoutonArea"]].copy()
    for name in REQUIRED[3:9]:
        nm = (table[name].astype(float) * 1000).round().astype(int)
        wrong[name.removesuffix("_micron")] = nm.map("{:,}".format)
    wrong.to_csv(tmp_path / "t.csv", index=False)
    found = read_table(tmp_path / "t.csv")
    assert list(found.offers) == ["thousands"]
    assert read_table(tmp_path / "t.csv", repairs=["decimal-comma"]).rows.empty
    repaired = read_table(tmp_path / "t.csv", repairs=["thousands"])
    right = table[list(REQUIRED[3:9])].to_numpy(float)
    np.testing.assert_allclose(repaired.rows[list(REQUIRED[3:9])], right, atol=0.0006)


# -- what a workbook says beside its cells


def test_hidden_rows_are_counted_said_and_left_out_when_asked_for(
    table: pd.DataFrame, tmp_path: Path
) -> None:
    made = book(tmp_path, [list(table.columns), *table.to_numpy().tolist()])
    for row in (*range(2, 12), 20):
        made.active.row_dimensions[row].hidden = True
    made.save(tmp_path / "t.xlsx")
    found = read_table(tmp_path / "t.xlsx")
    assert found.counts["n_accepted"] == 40
    assert "11 rows that are hidden in the workbook (rows 2 to 11, 20) were read" in found.notes[0]
    assert found.offers["without-hidden"].n_rows == 11
    without = read_table(tmp_path / "t.xlsx", repairs=["without-hidden"])
    assert without.rows.index.tolist() == [*range(12, 20), *range(21, 42)]
    assert not without.notes  # they were not "read like all others"


@pytest.mark.parametrize("factor", [0.01, 0.001])
def test_a_neuron_in_another_unit_is_named(
    simulation: Simulation, tmp_path: Path, factor: float
) -> None:
    rows = simulation.table.copy()
    rows.loc[rows["NeuronId"] == "cr1", list(POSITION)] *= factor
    rows.loc[rows["NeuronId"] == "cr1", list(SOMA)] *= factor
    rows.to_csv(tmp_path / "t.csv", index=False)
    first = read_table(tmp_path / "t.csv").notes[0]
    assert "the synapses of neuron cr1 are spread over" in first
    assert "seem to be in another unit" in first


def test_neurons_of_like_size_are_in_one_unit(simulation: Simulation, tmp_path: Path) -> None:
    simulation.table.to_csv(tmp_path / "t.csv", index=False)
    assert not read_table(tmp_path / "t.csv").notes


def test_areas_in_another_unit_cost_rows_and_that_is_said_first(
    table: pd.DataFrame, tmp_path: Path
) -> None:
    table["SynArea"] = table["SynArea"].astype(float) * 1e6
    table.to_csv(tmp_path / "t.csv", index=False)
    notes = check({"table": tmp_path / "t.csv"}, CheckParameters(), tmp_path, silent)["notes"]
    assert notes[0].startswith("40 of 40 rows (100 %) were left out")
    assert "look like nm2" in notes[1]


def test_a_hidden_sheet_forces_no_choice(table: pd.DataFrame, tmp_path: Path) -> None:
    made = book(tmp_path, [list(table.columns), *table.to_numpy().tolist()])
    made.create_sheet("old").append(["a", "b"])
    made["old"].append([1, 2])
    made["old"].sheet_state = "hidden"
    made.save(tmp_path / "t.xlsx")
    found = read_table(tmp_path / "t.xlsx")
    assert 'the sheet "old" is hidden in the workbook and was not read' in found.notes[0]
    assert read_sheet(tmp_path / "t.xlsx", "old").cells["b"].tolist() == [2]


def test_of_several_sheets_the_only_one_with_the_columns_is_read(
    table: pd.DataFrame, tmp_path: Path
) -> None:
    made = book(tmp_path, [list(table.columns), *table.to_numpy().tolist()])
    for line in ("made in May", "by A. B."):
        made["notes" if "notes" in made.sheetnames else made.create_sheet("notes").title].append(
            [line]
        )
    made.save(tmp_path / "t.xlsx")
    assert '"notes" is without the columns' in read_table(tmp_path / "t.xlsx").notes[0]


def test_merged_cells_are_offered_to_be_filled(table: pd.DataFrame, tmp_path: Path) -> None:
    made = book(tmp_path, [list(table.columns), *table.to_numpy().tolist()])
    for first in (2, 22):
        made.active.merge_cells(start_row=first, end_row=first + 19, start_column=1, end_column=1)
    made.save(tmp_path / "t.xlsx")
    found = read_table(tmp_path / "t.xlsx")
    assert found.offers["fill-down"].n_rows == 38
    filled = read_table(tmp_path / "t.xlsx", repairs=["fill-down"])
    assert filled.rows["NeuronId"].tolist() == table["NeuronId"].tolist()
    assert filled.counts["n_repaired"] == 38


def test_a_name_that_is_written_once_is_offered_to_be_filled(
    table: pd.DataFrame, tmp_path: Path
) -> None:
    once = table.assign(NeuronId=table["NeuronId"].where(~table["NeuronId"].duplicated()))
    once.to_csv(tmp_path / "t.csv", index=False)
    assert read_table(tmp_path / "t.csv").offers["fill-down"].n_rows == 38
    filled = read_table(tmp_path / "t.csv", repairs=["fill-down"])
    assert filled.rows["NeuronId"].tolist() == table["NeuronId"].tolist()


def test_a_single_blank_name_is_not_filled(table: pd.DataFrame, tmp_path: Path) -> None:
    table.loc[7, "NeuronId"] = None
    table.to_csv(tmp_path / "t.csv", index=False)
    assert read_table(tmp_path / "t.csv", repairs=["fill-down"]).counts["n_rejected"] == 1


@pytest.mark.parametrize("kind", ["xls", "ods"])
def test_other_workbooks_are_read_with_titles_merged_cells_and_hidden_sheets(kind: str) -> None:
    sheet = read_sheet(FIXTURES / f"cells.{kind}")
    assert sheet.cells["name"].tolist() == ["a", None, "b"]
    assert sheet.cells["size"].tolist() == [1.5, 2, 3.25]
    assert sheet.row_numbers == [4, 5, 6]
    assert sheet.merged == ((4, 5, "name"),)
    assert 'the sheet "old" is hidden in the workbook' in sheet.notes[0]
    assert read_outline(FIXTURES / f"cells.{kind}").sheets["data"] == ["name", "size", "when"]


def test_rows_that_a_filter_hides_are_seen_in_ods_and_said_to_be_unseen_in_xls() -> None:
    assert read_sheet(FIXTURES / "cells.ods").hidden == (6,)
    assert any(
        "whether rows are hidden cannot" in n for n in read_sheet(FIXTURES / "cells.xls").notes
    )


@pytest.mark.parametrize("kind", ["xls", "ods"])
@pytest.mark.parametrize("cut", [0.3, 0.9])
def test_a_truncated_workbook_of_another_kind_is_refused(
    tmp_path: Path, kind: str, cut: float
) -> None:
    content = (FIXTURES / f"cells.{kind}").read_bytes()
    (tmp_path / f"t.{kind}").write_bytes(content[: int(cut * len(content))])
    with pytest.raises(TableError):
        read_sheet(tmp_path / f"t.{kind}")


# -- names and ids


@pytest.mark.parametrize(
    ("ids", "kept"),
    [
        ([720575940621039001, 720575940621039002], ["720575940621039001", "720575940621039002"]),
        ([7.2057594062103901e17, 7.205759406210391e17], []),
        (["007", "008"], ["007", "008"]),
        ([1.0, 2.0], ["1", "2"]),
        (["1.0", "2.0"], ["1", "2"]),
        (["1.0", "1.5"], ["1.0", "1.5"]),
        (["7.20576E+17", "7.20577E+17"], []),
        (["720575940621039000", "720575940621040000"], []),
    ],
)
@pytest.mark.parametrize("kind", ["parquet", "csv", "xlsx"])
def test_ids_keep_every_digit_or_are_refused(
    tmp_path: Path, ids: list[Any], kept: list[str], kind: str
) -> None:
    frame = pd.DataFrame({"cell": ids, "width": [1.0, 2.0], "rate": [3.0, 4.0]})
    file = tmp_path / f"t.{kind}"
    write = {"parquet": frame.to_parquet, "csv": frame.to_csv, "xlsx": frame.to_excel}[kind]
    write(file, index=False)
    found = read_table(file, schema=POINTS)
    if kind == "xlsx" and isinstance(ids[0], int):
        kept = []  # what writes such a workbook keeps 15 digits
    assert found.rows["SynId"].tolist() == kept
    if not kept:
        assert "its last digits are lost" in found.first_problem


def test_a_name_that_became_a_date_is_refused(tmp_path: Path) -> None:
    rows = [["cell", "width", "rate"], ["1-a", 1, 2], [pd.Timestamp("2026-02-01"), 3, 4]]
    book(tmp_path, rows).save(tmp_path / "t.xlsx")
    found = read_table(tmp_path / "t.xlsx", schema=POINTS)
    assert found.rows["SynId"].tolist() == ["1-a"]
    assert "a date among names" in found.first_problem


@pytest.mark.parametrize(
    ("names", "known", "same"),
    [
        (["CB1 ", "cr\u20131", "Zo\u0065\u0308"], ["cb1", "cr-1", "Zo\u00eb"], 3),
        (["1", "2.0"], ["1.0", "2"], 2),
        (["007"], ["7"], 1),
        (["007", "07"], ["7"], 0),
        (["a"], ["A", "a "], 0),
        (["a"], ["A", "a"], 1),
        (["cb1"], ["cb 1", "cb10"], 0),
    ],
)
def test_names_are_the_same_where_a_person_takes_them_so(
    names: list[str], known: list[str], same: int
) -> None:
    found = matched(names, known)
    assert len(found) == same
    if same == len(known):
        assert list(found.values()) == known


# -- what is said first


def test_many_rows_that_go_are_the_first_sentence(table: pd.DataFrame, tmp_path: Path) -> None:
    rows = table["NeuronId"] == "cr1"
    table.loc[rows, "corr_soma_x_micron"] = table.loc[rows, "corr_z_micron"]
    table.loc[rows, "corr_soma_x"] = table.loc[rows, "corr_z"]
    table.to_csv(tmp_path / "t.csv", index=False)
    results = check({"table": tmp_path / "t.csv"}, CheckParameters(), tmp_path, silent)
    assert results["notes"][0].startswith(
        "20 of 40 rows (50 %) were left out, all of neuron cr1: column corr_soma_x_micron: the soma"
    )
    assert results["offers"]["soma-from-raw"]["n_rows"] == 20


def test_remarks_and_offers_are_said_on_the_command_line(
    table: pd.DataFrame, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table.loc[:2, "SynArea"] = 1.5
    table.loc[3, "corr_x_micron"] = "1,234"
    table.to_csv(tmp_path / "t.csv", index=False)
    assert main(["synapses", "check", str(tmp_path / "t.csv"), "--quiet"]) == 0
    said = capsys.readouterr().out
    assert "3 rows were accepted with a remark, see the report: column SynArea: outside" in said
    assert "1234 with the repair thousands. For 1 row: --set repair=thousands" in said
    assert "{" not in said


@pytest.mark.parametrize(
    "statistics",
    [["mean"], ["mean", "std"], ["sum"], [], ["mean", "std", "sem", "count"], ["min", "max"]],
)
def test_means_and_sums_below_a_table_are_no_rows(tmp_path: Path, statistics: list[str]) -> None:
    values = pd.DataFrame({"width": [1.0, 2.5, 4.0, 3.5], "rate": [9.0, 7.0, 8.0, 1.5]})
    rows = [[f"c{i}", *row] for i, row in enumerate(values.to_numpy().tolist())]
    rows += [[name, *values.agg(name).round(4).tolist()] for name in statistics]
    pd.DataFrame(rows, columns=["cell", "width", "rate"]).to_csv(tmp_path / "t.csv", index=False)
    found = read_table(tmp_path / "t.csv", schema=POINTS)
    assert found.rows["SynId"].tolist() == ["c0", "c1", "c2", "c3"]
    assert found.counts["n_rejected"] == len(statistics)


def test_a_last_row_that_is_the_least_or_the_most_by_chance_is_a_row(tmp_path: Path) -> None:
    rows = [[f"c{i}", i % 5 + 1, (3 * i) % 5 + 1] for i in range(20)] + [["c20", 5, 5], ["x", 1, 1]]
    pd.DataFrame(rows, columns=["cell", "width", "rate"]).to_csv(tmp_path / "t.csv", index=False)
    assert len(read_table(tmp_path / "t.csv", schema=POINTS).rows) == 22


def test_an_infinite_number_near_the_end_does_not_hide_the_mean(tmp_path: Path) -> None:
    path = text(tmp_path, "cell,width,rate\na,1,4\nb,inf,6\nc,3,8\nd,5,2\nMean,3,5\n")
    assert read_table(path, schema=POINTS).rows["width"].tolist() == [1, 3, 5]


def test_a_system_that_refuses_a_limit_of_memory_is_watched_instead(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    resource = pytest.importorskip("resource")
    set_limits, watched = [], []

    def setrlimit(kind: int, _: tuple[int, int]) -> None:
        if kind == resource.RLIMIT_AS:  # as macOS does
            raise ValueError("current limit exceeds maximum limit")
        set_limits.append(kind)

    monkeypatch.setattr(resource, "setrlimit", setrlimit)
    monkeypatch.setattr("pipelines.synapses.formats.limits._watch_memory", watched.append)
    Limits(memory_bytes=12345).apply(0)
    assert watched == [12345]
    assert set_limits == [resource.RLIMIT_CPU, resource.RLIMIT_FSIZE]
    assert 10**6 < most_memory_used() < 10**11


def test_a_reader_that_ends_by_itself_is_not_called_too_large(
    table: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table.to_excel(tmp_path / "t.xlsx", index=False)
    monkeypatch.setattr("pipelines.synapses.formats.sandbox.MODULE", "pipelines.no_such_module")
    with pytest.raises(TableError, match="could not be opened, for the process that reads it"):
        read_sheet(tmp_path / "t.xlsx")


@pytest.mark.parametrize(
    "head",
    [
        "cell,width,rate,ratio\nname,µm,Hz,1\n",
        "cell,width,rate,ratio\nid,µm,Hz,n/a\n",
        "id,µm,Hz,unitless\ncell,width,rate,ratio\n",
    ],
)
def test_a_row_of_units_may_say_that_there_is_none_and_stand_above(
    tmp_path: Path, head: str
) -> None:
    found = read_table(text(tmp_path, head + "a,1,4,0.5\nb,2,6,0.7\n"), schema=POINTS)
    assert found.rows["width"].tolist() == [1, 2]
    assert found.sheet.units["width"] == "µm"


def test_units_above_the_names_are_converted(table: pd.DataFrame, tmp_path: Path) -> None:
    names = list(table.columns)
    units = ["nm2" if name == "SynArea" else "-" for name in names]
    scaled = table.assign(SynArea=table["SynArea"] * 1e6)
    body = scaled.to_csv(index=False)
    found = read_table(text(tmp_path, ",".join(units) + "\n" + body))
    assert found.rows["SynArea"].to_numpy() == pytest.approx(table["SynArea"].to_numpy())


@pytest.mark.parametrize("cell", ["#DIV/0!", "#N/A", "#WERT!", "#NV", "#NAME?"])
def test_the_error_of_a_formula_is_no_comment(tmp_path: Path, cell: str) -> None:
    path = text(tmp_path, f"width,rate,cell\n1,2,a\n{cell},4,b\n5,6,c\n")
    assert read_table(path, schema=POINTS).counts["n_rejected"] == 1


def test_a_typographic_minus_is_a_minus(tmp_path: Path) -> None:
    found = read_table(text(tmp_path, "cell,width,rate\na,\u22121.5,2\nb,3,4\n"), schema=POINTS)
    assert found.rows["width"].tolist() == [-1.5, 3]
    path = text(tmp_path, "cell;width;rate\na;\u22121,5;2\nb;3,5;4\n")
    found = read_table(path, schema=POINTS, repairs=("decimal-comma",))
    assert found.rows["width"].tolist() == [-1.5, 3.5]


def test_decimals_of_a_parquet_file_are_numbers(tmp_path: Path) -> None:
    values = [Decimal("1.5"), Decimal("2.25"), None]
    pd.DataFrame({"cell": list("abc"), "width": values, "rate": 1.0}).to_parquet(tmp_path / "t")
    assert read_table(tmp_path / "t", schema=POINTS).rows["width"].tolist() == [1.5, 2.25]


def test_an_id_that_lost_digits_where_commas_are_decimal_is_refused(tmp_path: Path) -> None:
    found = read_table(text(tmp_path, "cell;width;rate\n7,20576E+17;1;2\nb;3;4\n"), schema=POINTS)
    assert found.rows["SynId"].tolist() == ["b"]
    assert "its last digits are lost" in found.first_problem


def test_two_columns_that_differ_in_case_are_asked_about(tmp_path: Path) -> None:
    path = text(tmp_path, "cell,WIDTH,Width,rate\na,1,2,3\n")
    with pytest.raises(TableError, match=r"has width as WIDTH and as Width: .* --column width="):
        read_table(path, schema=POINTS)
    found = read_table(path, schema=POINTS, columns={"width": "Width"})
    assert found.rows["width"].tolist() == [2]


def test_columns_that_could_be_two_are_offered_on_the_page(table: pd.DataFrame) -> None:
    names = [*table.columns.drop("SynArea"), "SynArea (um2)", "SynArea (nm2)"]
    assert missing_columns(names) == ["SynArea"]


def test_names_of_rows_without_a_header_are_thought_of(tmp_path: Path) -> None:
    found = read_table(text(tmp_path, "cell,width,rate\n1,a,1,2\n2,b,3,4\n"), schema=POINTS)
    assert "names of rows (as R writes them) that have no header: add one" in found.first_problem


def test_coordinates_of_two_units_are_asked_about(tmp_path: Path) -> None:
    path = text(tmp_path, "x,y,width\nmm,um,ms\n1,2,3\n")
    with pytest.raises(
        TableError, match="coordinates x and y are said to be in mm and um: convert"
    ):
        read_table(path, schema=Schema(coordinates=("x", "y"), features=("width",)))
