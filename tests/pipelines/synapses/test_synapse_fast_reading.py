"""Columns at once and row by row: the same cells, the same verdict."""

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from pipelines.core.errors import TableError
from pipelines.synapses.formats import sandbox
from pipelines.synapses.formats.cells import number, read_numbers
from pipelines.synapses.formats.limits import Limits
from pipelines.synapses.formats.reading import read_outline, read_sheet
from pipelines.synapses.formats.sheets import Sheet
from pipelines.synapses.formats.text_tables import Text
from pipelines.synapses.simulate import simulate
from pipelines.synapses.table.table import CheckedTable, check_sheet

PLAIN = st.text(st.characters(blacklist_characters='"\r\n,;\t\0', max_codepoint=0x24F), max_size=5)
NUMBERS = st.one_of(st.floats().map(repr), st.integers().map(str), st.sampled_from(["1,5", " 2 "]))
ROWS = st.lists(st.lists(st.one_of(PLAIN, NUMBERS), min_size=3, max_size=3), max_size=6)
ONE_FOLDER = settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def row_by_row(path: Path) -> Sheet:
    """The sheet as it is read where columns at once cannot be trusted."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Text, "columns", lambda *_: None)
        return read_sheet(path)


def outcome(reader: Callable[[Path], Sheet], path: Path) -> Any:
    """The cells by row number, or the sentence of the refusal."""
    try:
        sheet = reader(path)
    except TableError as error:
        return error.sentence
    names = [str(name) for name in sheet.cells.columns]
    rows = {row: [sheet.cell(row, name) for name in names] for row in sheet.row_numbers}
    return rows, sheet.overlong


def said(checked: CheckedTable) -> tuple[Any, ...]:
    return checked.findings, checked.repeats, checked.notes, checked.counts, checked.offers


@ONE_FOLDER
@given(rows=ROWS, delimiter=st.sampled_from([";", "\t"]), end=st.sampled_from(["\n", "\r\n"]))
def test_columns_at_once_give_the_cells_of_each_row(
    tmp_path: Path, rows: list[list[str]], delimiter: str, end: str
) -> None:
    lines = [delimiter.join(cells) for cells in [["NeuronId", "SynId", "SynArea"], *rows]]
    (tmp_path / "t.csv").write_text(end.join(lines), encoding="utf-8", newline="")
    found = [outcome(read, tmp_path / "t.csv") for read in (read_sheet, row_by_row)]
    assert found[0] == found[1]


CELLS = st.sampled_from(
    ["", "abc", "0,5", "1e400", "-1", "NaN", " 0.2 ", "5000", "CB1 ", "007", "+1"]
)


@settings(ONE_FOLDER, max_examples=15)
@given(places=st.lists(st.tuples(st.integers(0, 29), st.integers(0, 23), CELLS), max_size=6))
def test_columns_at_once_give_the_same_verdict(
    tmp_path: Path, places: list[tuple[int, int, str]]
) -> None:
    table = simulate(2, 0, 1).table.head(30).astype(str)
    for row, column, cell in places:
        table.iat[row, column] = cell
    table.to_csv(tmp_path / "t.csv", index=False, quoting=3, sep=";")
    fast = check_sheet(read_sheet(tmp_path / "t.csv"))
    slow = check_sheet(row_by_row(tmp_path / "t.csv"))
    assert said(fast) == said(slow)
    pd.testing.assert_frame_equal(fast.report, slow.report)
    numbers = [checked.rows.select_dtypes("number") for checked in (fast, slow)]
    pd.testing.assert_frame_equal(numbers[0], numbers[1])


def test_a_parquet_file_gives_the_verdict_of_a_text_table(tmp_path: Path) -> None:
    table = simulate(2, 0, 1).table
    table.loc[3, "SynArea"] = np.nan
    table.loc[4, "BoutonArea"] = -1.0
    table.to_csv(tmp_path / "t.csv", index=False)
    table.to_parquet(tmp_path / "t.parquet", index=False)
    outcomes = [
        check_sheet(read_sheet(tmp_path / name)).outcomes for name in ("t.csv", "t.parquet")
    ]
    assert outcomes[0] == outcomes[1]


@given(st.lists(st.one_of(st.none(), st.text(max_size=6), NUMBERS), min_size=1, max_size=8))
def test_numbers_of_a_column_are_those_of_its_cells(given_cells: list[str | None]) -> None:
    texts = pd.Series(given_cells, dtype=pd.StringDtype("pyarrow", na_value=np.nan))
    expected = np.array([number(cell) for cell in given_cells])
    np.testing.assert_array_equal(read_numbers({"a": texts}).values["a"], expected)
    as_objects = pd.Series(given_cells, dtype=object)
    np.testing.assert_array_equal(read_numbers({"a": as_objects}).values["a"], expected)


def test_the_first_row_is_enough_to_offer_columns(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text('\n"a b";c;\n1;2;3\n', encoding="utf-8")
    assert read_outline(tmp_path / "t.csv").sheets == {"": ["a b", "c", "column C"]}
    pd.DataFrame({"x": [1]}).to_parquet(tmp_path / "t.parquet")
    assert read_outline(tmp_path / "t.parquet").sheets == {"": ["x"]}


# -- what unpacks has limits


@pytest.mark.parametrize("suffix", ["xlsx", "parquet"])
def test_a_file_that_needs_more_memory_than_a_table_is_refused(tmp_path: Path, suffix: str) -> None:
    file = tmp_path / f"t.{suffix}"
    table = pd.DataFrame({"a": ["x" * 1000] * 2000, "b": range(2000)})
    table.to_excel(file, index=False) if suffix == "xlsx" else table.to_parquet(file)
    assert len(read_sheet(file).cells) == 2000
    with pytest.raises(TableError, match="takes more memory or time to open than a table needs"):
        read_sheet(file, limits=Limits(answer_bytes=100_000))
    with pytest.raises(TableError, match="takes more memory or time"):
        read_sheet(file, limits=Limits(memory_bytes=20_000_000))


@pytest.mark.parametrize("stored", [True, False])
def test_a_parquet_file_of_one_long_text_many_times_is_refused(
    tmp_path: Path, stored: bool
) -> None:
    many = pyarrow.DictionaryArray.from_arrays(np.zeros(30_000, np.int32), ["x" * 100_000])
    parquet.write_table(pyarrow.table({"a": many}), tmp_path / "t.parquet", store_schema=stored)
    assert (tmp_path / "t.parquet").stat().st_size < 100_000
    with pytest.raises(TableError, match="takes more memory or time"):
        read_sheet(tmp_path / "t.parquet")


def test_a_file_that_takes_too_long_is_refused(tmp_path: Path) -> None:
    simulate(2, 0, 1).table.to_excel(tmp_path / "t.xlsx", index=False)
    with pytest.raises(TableError, match="takes more memory or time"):
        read_sheet(tmp_path / "t.xlsx", limits=Limits(seconds=0))


def test_a_process_that_waits_is_used_and_replaced(tmp_path: Path) -> None:
    simulate(1, 0, 1).table.to_excel(tmp_path / "t.xlsx", index=False)
    spares = sandbox.Spares()
    spares.keep("workbook")
    first = spares.take("workbook")
    spares.refill("workbook")
    second = spares.take("workbook")
    assert first.pid != second.pid
    for process in (first, second):
        assert process.poll() is None
        process.communicate()  # closes its input, at which it ends
        assert process.returncode == 0


def test_columns_of_lists_are_refused(tmp_path: Path) -> None:
    pd.DataFrame({"a": [[1, 2], [3]]}).to_parquet(tmp_path / "t.parquet")
    with pytest.raises(TableError, match="column a holds lists or records"):
        read_sheet(tmp_path / "t.parquet")


def test_limits_grow_with_the_file() -> None:
    assert Limits().processor_seconds(10_000_000) > Limits().processor_seconds(0) > 0
    assert Limits(**asdict(Limits())) == Limits()
