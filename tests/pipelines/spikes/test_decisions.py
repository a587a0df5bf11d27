"""The sort file: decisions that are written, read and replayed."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.__main__ import main
from pipelines.core.errors import ParameterError, TableError
from pipelines.spikes.sorting.decisions import (
    Decision,
    GroupCuts,
    replay,
)
from pipelines.spikes.sorting.sort_file import read_sort_file, write_sort_file
from pipelines.tasks import run

HEADER = "Unit,Chan,Solution,Cluster,Split,single_unit,Type,Comments\n"
DECISIONS = st.builds(
    Decision,
    row=st.just(2),
    group=st.integers(0, 99),
    solution=st.none() | st.integers(1, 9),
    clusters=st.lists(st.integers(0, 99), min_size=1, max_size=4, unique=True).map(tuple),
    parts=st.integers(1, 20),
    single=st.booleans(),
    kind=st.sampled_from(["", "r", "f"]),
    comment=st.sampled_from(["", "a, b", 'she said "no"', "ü"]),
)


def written(folder: Path, rows: str) -> Path:
    file = folder / "sort.csv"
    file.write_text(HEADER + rows)
    return file


def test_a_sort_file_is_read(tmp_path: Path) -> None:
    found = read_sort_file(written(tmp_path, "0,3,5,1+4,,x,r,clean\n1,0,,2,3,,,\n\n,1,,0,x,,F,\n"))
    assert found == [
        Decision(2, 3, 5, (1, 4), 1, True, "r", "clean"),
        Decision(3, 0, None, (2,), 3),
        Decision(5, 1, None, (0,), 2, False, "f"),
    ]


@given(DECISIONS)
def test_what_is_written_is_read_again(
    tmp_path_factory: pytest.TempPathFactory, one: Decision
) -> None:
    file = tmp_path_factory.getbasetemp() / "sort.csv"
    write_sort_file([one], file)
    assert read_sort_file(file) == [one]


NO = ["", "0", "0.0", "0,0", "no", "No", "FALSE", "false", "n", "nein", "nan", "None"]
YES = ["1", "1.0", "1,0", "yes", "y", "TRUE", "True", "x", "X", "ja"]


def one_row(folder: Path, separator: str, **cells: str) -> Decision:
    """A sort file of one row, cells in quotation marks, read."""
    columns = {"Chan": "2", "Cluster": "1", **cells}
    quoted = separator.join(f'"{cell}"' for cell in columns.values())
    (folder / "sort.csv").write_text(f"{separator.join(columns)}\n{quoted}\n")
    (found,) = read_sort_file(folder / "sort.csv")
    return found


separators = st.sampled_from([",", ";", "\t"])
cased = st.sampled_from([str.lower, str.upper, str.title])


@given(separators, st.sampled_from(NO), st.sampled_from(NO), cased)
def test_no_is_no(tmp_path: Path, separator: str, single: str, split: str, case: object) -> None:
    cells = {"single_unit": case(single), "Split": case(split)}  # type: ignore[operator]
    assert one_row(tmp_path, separator, **cells) == Decision(2, 2, None, (1,))


@given(separators, st.sampled_from(YES), st.sampled_from(YES), cased)
def test_yes_is_yes(tmp_path: Path, separator: str, single: str, split: str, case: object) -> None:
    cells = {"single_unit": case(single), "Split": case(split)}  # type: ignore[operator]
    assert one_row(tmp_path, separator, **cells) == Decision(2, 2, None, (1,), 2, True)


@given(separators, st.integers(2, 20), st.integers(0, 99), st.sampled_from(["{}", "{}.0", "{},0"]))
def test_whole_numbers_may_be_written_as_fractions(
    tmp_path: Path, separator: str, number: int, group: int, written: str
) -> None:
    cells = {"Chan": group, "Solution": number, "Split": number, "Cluster": group}
    texts = {name: written.format(value) for name, value in cells.items()}
    assert one_row(tmp_path, separator, **texts) == Decision(2, group, number, (group,), number)


@given(
    st.sampled_from(["single_unit", "Split", "Solution", "Chan", "Cluster"]),
    st.sampled_from(["maybe", "2.5", "-1", "1;2a", "?", "1e3", "0.5", "y n"]),
)
def test_what_cannot_be_understood_is_refused_by_row_column_and_value(
    tmp_path: Path, column: str, cell: str
) -> None:
    with pytest.raises(TableError, match=re.escape(f"row 2, {column}: {cell!r} must be")):
        one_row(tmp_path, ",", **{column: cell})


@pytest.mark.parametrize("cell", ["2", "7"])
def test_a_number_is_no_answer_to_whether_a_unit_is_single(tmp_path: Path, cell: str) -> None:
    with pytest.raises(TableError, match="row 2, single_unit"):
        one_row(tmp_path, ",", single_unit=cell)


def test_a_sort_file_of_a_german_excel_is_read(tmp_path: Path) -> None:
    text = "sep=;\nChan;Cluster;Split;Single Unit;comments\n0;1,3;FALSCH;WAHR;\n"
    (tmp_path / "sort.csv").write_text(text.replace("WAHR", "perhaps"))
    with pytest.raises(TableError, match="row 3, single_unit: 'perhaps' must be yes or a mark"):
        read_sort_file(tmp_path / "sort.csv")
    content = text.replace("WAHR;", "WAHR;größer").encode("cp1252")
    (tmp_path / "sort.csv").write_bytes(content)
    assert read_sort_file(tmp_path / "sort.csv") == [
        Decision(3, 0, None, (1, 3), 1, True, comment="größer")
    ]


def test_a_number_with_a_comma_that_shifts_the_cells_is_refused(tmp_path: Path) -> None:
    (tmp_path / "sort.csv").write_text("Chan,Cluster,Split,single_unit\n0,1,3,0,x\n")
    with pytest.raises(TableError, match="row 2 has 5 cells under 4 columns"):
        read_sort_file(tmp_path / "sort.csv")


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ("0,a,,1,,,,\n", "row 2, Chan: 'a' must be the number of a channel group"),
        ("0,0,,,,,,\n", "row 2, Cluster: '' must be one or several"),
        ("0,0,,1 or 2,,,,\n", "row 2, Cluster: '1 or 2' must be"),
        ("0,0,x,1,,,,\n", "row 2, Solution: 'x' must be"),
        ("0,0,,1,99,,,\n", "row 2, Split: '99' must be"),
        ("0,0,,1,,,q,\n", "row 2, Type: 'q' must be r, f or empty"),
        ("0,0,,1,,,,\n1,0,,1+2,,,,\n", "row 3: cluster 1 of channel 0 is in row 2 already"),
        ("", "has no rows"),
    ],
)
def test_a_wrong_cell_is_named(rows: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(TableError) as caught:
        read_sort_file(written(tmp_path, rows))
    assert words in caught.value.sentence


def test_a_table_without_the_columns_is_refused(tmp_path: Path) -> None:
    (tmp_path / "sort.csv").write_text("a,b\n1,2\n")
    with pytest.raises(TableError, match="has no column Chan"):
        read_sort_file(tmp_path / "sort.csv")


def halves(mask: np.ndarray, parts: int) -> np.ndarray:
    return np.arange(mask.sum()) % parts


AUTOMATIC = np.array([0, 0, 0, 1, 1, 2, 2, -1])
CUT = GroupCuts(AUTOMATIC, lambda _: np.array([0, 1, 1, 1, 1, 0, 0, 0]), halves)


def test_clusters_merge_split_and_the_rest_is_kept_as_noise() -> None:
    labels, said = replay([Decision(2, 0, None, (0, 1), single=True)], CUT)
    assert labels.tolist() == [0, 0, 0, 0, 0, 1, 1, -1]
    assert [said[n].label for n in (0, 1)] == ["good", "noise"]
    labels, said = replay([Decision(2, 0, None, (0,), parts=2), Decision(3, 0, None, (2,))], CUT)
    assert labels.tolist() == [0, 1, 0, 3, 3, 2, 2, -1]
    assert [said[n].label for n in range(4)] == ["mua", "mua", "mua", "noise"]


def test_a_spike_belongs_to_the_first_row_that_names_it() -> None:
    labels, _ = replay([Decision(2, 0, None, (1,)), Decision(3, 0, 2, (1,))], CUT)
    assert labels.tolist() == [2, 1, 1, 0, 0, 3, 3, -1]


def test_a_cluster_that_is_not_there_is_named() -> None:
    with pytest.raises(TableError, match=r"Row 2 .* has no cluster 7; there are: 0, 1, 2"):
        replay([Decision(2, 0, None, (7,))], CUT)


def test_the_sort_file_of_a_sorting_replays_it(
    tetrode: Path, sorting: Path, tmp_path: Path
) -> None:
    inputs = {"recording": tetrode / "recording", "sort_file": sorting / "sort_file.csv"}
    run("spikes sort", inputs, {}, tmp_path / "out")
    before, after = (pd.read_csv(folder / "units.csv") for folder in (sorting, tmp_path / "out"))
    assert after["n_spikes"].tolist() == before["n_spikes"].tolist()
    assert after["label_sort_file"].tolist() == ["good"] * len(before)


def test_decisions_are_replayed_on_the_sorted_groups(
    tetrode: Path, sorting: Path, tmp_path: Path
) -> None:
    before = pd.read_csv(sorting / "units.csv").set_index("cluster")["n_spikes"]
    file = written(tmp_path, "0,0,,0+1,,,,two cells\n1,0,,2,,x,f,\n")
    inputs = {"recording": tetrode / "recording", "sort_file": file}
    run("spikes sort", inputs, {}, tmp_path / "out")
    units = pd.read_csv(tmp_path / "out" / "units.csv").set_index("cluster")
    assert units.loc[0, "n_spikes"] == before[0] + before[1]
    assert units.loc[0, ["label_sort_file", "comment"]].tolist() == ["mua", "two cells"]
    assert units.loc[1, ["n_spikes", "label_sort_file", "type"]].tolist() == [
        *(before[2], "good", "fast spiking")
    ]
    assert units["n_spikes"].sum() == before.sum()  # nothing is lost
    assert (units["label_sort_file"].loc[2:] == "noise").all()
    again = (tmp_path / "out" / "sort_file.csv").read_text().splitlines()
    assert again[1:] == ["0,0,,0+1,,,,two cells", "1,0,,2,,x,f,"]


def test_a_group_that_is_not_there_is_named(tetrode: Path, tmp_path: Path) -> None:
    inputs = {"recording": tetrode / "recording", "sort_file": written(tmp_path, "0,4,,0,,,,\n")}
    with pytest.raises(TableError, match=r"there is no Chan 4; .* groups 0 to 0"):
        run("spikes sort", inputs, {}, tmp_path / "out")


def test_a_sort_file_and_an_earlier_sorting_do_not_go_together(
    tetrode: Path, sorting: Path, tmp_path: Path
) -> None:
    inputs = {"recording": tetrode / "recording", "earlier": sorting}
    inputs["sort_file"] = sorting / "sort_file.csv"
    with pytest.raises(ParameterError, match="not both"):
        run("spikes sort", inputs, {}, tmp_path / "out")


def test_the_command_line_takes_the_short_flags(
    tetrode: Path,
    sorting: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    out = tmp_path / "out"
    sort_file = str(sorting / "sort_file.csv")
    recording = str(tetrode / "recording")
    code = main(
        ["spikes", "sort", "-d", recording, "-f", sort_file, "-p", "--out", str(out), "--quiet"]
    )
    assert code == 0
    assert opened == [(out / "report.html").resolve().as_uri()]
    assert f"plot: {out / 'report.html'}" in capsys.readouterr().out
    assert "label_sort_file" in pd.read_csv(out / "units.csv")
    assert main(["spikes", "sort", "--out", str(tmp_path / "none")]) == 2
    assert "Give either RECORDING by its place or --dir-name PATH" in capsys.readouterr().err
