import io
import zipfile
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.core.errors import TableError
from pipelines.synapses.formats.limits import Limits
from pipelines.synapses.formats.reading import read_sheet
from pipelines.synapses.formats.sheets import Sheet
from pipelines.synapses.table.table import read_table


def write(folder: Path, name: str, content: bytes) -> Path:
    (folder / name).write_bytes(content)
    return folder / name


def workbook(folder: Path, sheets: dict[str, list[list[object]]]) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        worksheet = book.create_sheet(name)
        for row in rows:
            worksheet.append(row)
    book.save(folder / "book.xlsx")
    return folder / "book.xlsx"


def with_member(file: Path, name: str, content: bytes) -> Path:
    with zipfile.ZipFile(file, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return file


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1", "utf-16"])
def test_text_tables_are_read_in_common_dialects(
    tmp_path: Path, delimiter: str, encoding: str
) -> None:
    text = f"NeuronId{delimiter}note\ncb1{delimiter}Größe\n"
    sheet = read_sheet(write(tmp_path, "a.csv", text.encode(encoding)))
    assert sheet.cells.loc[2].tolist() == ["cb1", "Größe"]


def test_a_decimal_comma_does_not_pass_for_the_delimiter(tmp_path: Path) -> None:
    sheet = read_sheet(write(tmp_path, "a.csv", b"NeuronId;SynArea\ncb1;0,5\ncb2;0,7\n"))
    assert sheet.cells["SynArea"].tolist() == ["0,5", "0,7"]


def test_rows_are_numbered_as_a_spreadsheet_program_does(tmp_path: Path) -> None:
    content = b'\nNeuronId,note\n\ncb1,"two\nlines"\ncb2,x\n'
    assert read_sheet(write(tmp_path, "a.csv", content)).row_numbers == [4, 5]
    book = workbook(tmp_path, {"s": [[], ["NeuronId"], [None], ["cb1"], ["cb2"]]})
    assert read_sheet(book).row_numbers == [4, 5]


def test_the_kind_of_file_is_told_by_its_content(tmp_path: Path) -> None:
    book = workbook(tmp_path, {"s": [["NeuronId"], ["cb1"]]})
    assert read_sheet(book.rename(tmp_path / "named.csv")).name == "s"


def test_of_several_sheets_one_must_be_chosen(tmp_path: Path) -> None:
    book = workbook(tmp_path, {"old": [["a"], [1]], "new": [["a"], [2]], "empty": []})
    with pytest.raises(TableError, match='several sheets, "old", "new": choose one'):
        read_sheet(book)
    assert read_sheet(book, "new").cells["a"].tolist() == [2]
    with pytest.raises(TableError, match='no sheet "other": it has "old", "new", "empty"'):
        read_sheet(book, "other")


def test_empty_sheets_need_no_choice(tmp_path: Path) -> None:
    book = workbook(tmp_path, {"Sheet1": [["a"], [1]], "Sheet2": [], "Sheet3": []})
    assert read_sheet(book).name == "Sheet1"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b" \n\n", "is empty"),
        (b"NeuronId,SynType\n", "no rows below"),
        (b"\xd0\xcf\x11\xe0 old", "save it as .xlsx without password"),
        (b"PK\x03\x04 not really", "damaged"),
        (b"<html><table>", "web page"),
        (b"PAR1....", "Parquet"),
        (b"\x89PNG\r\n\x1a\n\0\0\0", "not a table"),
        (b"a,a\n1,2\n", "two columns a"),
    ],
)
def test_what_is_no_table_is_refused_with_a_reason(
    tmp_path: Path, content: bytes, words: str
) -> None:
    with pytest.raises(TableError, match=words):
        read_sheet(write(tmp_path, "a.csv", content))


def test_a_parquet_file_gives_the_same_cells_as_a_text_table(tmp_path: Path) -> None:
    table = pd.DataFrame({"NeuronId": ["cb1", None], "SynId": [1, 2], "SynArea": [0.05, 0.07]})
    table.to_parquet(tmp_path / "t.parquet", index=False)
    sheet = read_sheet(tmp_path / "t.parquet")
    assert list(sheet.cells.columns) == list(table.columns)
    assert [sheet.cell(row, "NeuronId") for row in (2, 3)] == ["cb1", None]
    assert sheet.cells["SynArea"].tolist() == [0.05, 0.07]
    assert sheet.row_numbers == [2, 3]


@pytest.mark.parametrize("cut", [0.3, 0.6, 0.95])
def test_a_truncated_parquet_file_is_refused(tmp_path: Path, cut: float) -> None:
    pd.DataFrame({"a": range(500)}).to_parquet(tmp_path / "t.parquet")
    content = (tmp_path / "t.parquet").read_bytes()
    (tmp_path / "t.parquet").write_bytes(content[: int(cut * len(content))])
    with pytest.raises(TableError, match="damaged Parquet file"):
        read_sheet(tmp_path / "t.parquet")


def test_a_parquet_file_that_inflates_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    pd.DataFrame({"a": np.zeros(100_000)}).to_parquet(tmp_path / "t.parquet")
    with pytest.raises(TableError, match="inflates"):
        read_sheet(tmp_path / "t.parquet", limits=Limits(rows=50_000))


def test_a_folder_and_a_missing_file_are_refused(tmp_path: Path) -> None:
    with pytest.raises(TableError, match="is a folder"):
        read_sheet(tmp_path)
    with pytest.raises(TableError, match="cannot be read"):
        read_sheet(tmp_path / "missing.csv")


def test_a_text_table_has_no_sheets(tmp_path: Path) -> None:
    with pytest.raises(TableError, match="without sheets"):
        read_sheet(write(tmp_path, "a.csv", b"a\n1\n"), "Sheet1")


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        (Limits(text_bytes=5), "larger than"),
        (Limits(rows=1), "more than 1 rows"),
        (Limits(columns=1), "at most 1 can be read"),
    ],
)
def test_too_large_tables_are_refused(tmp_path: Path, limits: Limits, words: str) -> None:
    with pytest.raises(TableError, match=words):
        read_sheet(write(tmp_path, "a.csv", b"a,b\n1,2\n3,4\n"), limits=limits)


def test_an_archive_bomb_is_refused_before_it_is_parsed(tmp_path: Path) -> None:
    book = workbook(tmp_path, {"s": [["a"], [1]]})
    bomb = with_member(book, "xl/worksheets/sheet9.xml", b" " * 5_000_000)
    with pytest.raises(TableError, match="inflates"):
        read_sheet(bomb)


def test_too_many_members_are_refused(tmp_path: Path) -> None:
    with pytest.raises(TableError, match="inflates"):
        read_sheet(workbook(tmp_path, {"s": [["a"], [1]]}), limits=Limits(members=3))


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("xl/vbaProject.bin", b"x", "macros"),
        ("xl/externalLinks/externalLink1.xml", b"<x/>", "other workbooks"),
        ("xl/extra.xml", b'<!DOCTYPE a [<!ENTITY b "c">]><a/>', "entities"),
    ],
)
def test_active_content_is_refused(tmp_path: Path, name: str, content: bytes, words: str) -> None:
    book = with_member(workbook(tmp_path, {"s": [["a"], [1]]}), name, content)
    with pytest.raises(TableError, match=words):
        read_sheet(book)


def test_another_archive_is_no_workbook(tmp_path: Path) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("a.txt", "x")
    with pytest.raises(TableError, match="no workbook"):
        read_sheet(write(tmp_path, "a.xlsx", stream.getvalue()))


@pytest.mark.parametrize("cut", [0.3, 0.6, 0.9])
def test_a_truncated_workbook_is_refused(tmp_path: Path, cut: float) -> None:
    content = workbook(tmp_path, {"s": [["a"], [1]]}).read_bytes()
    with pytest.raises(TableError, match="damaged"):
        read_sheet(write(tmp_path, "b.xlsx", content[: int(cut * len(content))]))


def test_a_formula_without_a_stored_value_is_told_apart_from_an_empty_cell(
    tmp_path: Path,
) -> None:
    sheet = read_sheet(workbook(tmp_path, {"s": [["a", "b"], ["x", "=1+1"], ["y", None]]}))
    assert sheet.formulas == {(2, "b")}


def test_a_cell_beyond_the_header_of_a_text_table_marks_the_row(tmp_path: Path) -> None:
    assert read_sheet(write(tmp_path, "a.csv", b"a,b\n1,2,3\n1,2,\n")).overlong == (2,)


def test_a_place_is_named_as_a_person_looks_it_up() -> None:
    sheet = Sheet("new.xlsx", "Data", pd.DataFrame())
    assert sheet.place(7, "SynArea") == 'new.xlsx, sheet "Data", row 7, column SynArea'


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(content=st.one_of(st.binary(max_size=200), st.text(max_size=200).map(str.encode)))
def test_any_bytes_give_a_table_or_a_sentence(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(TableError) as raised:
        read_table(write(tmp_path, "any.csv", content))
    assert len(raised.value.sentence) > 20


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_a_workbook_with_any_damage_gives_a_table_or_a_sentence(
    tmp_path: Path, historic: Path, data: st.DataObject
) -> None:
    content = bytearray(historic.read_bytes()[:6000])
    for _ in range(data.draw(st.integers(1, 5))):
        content[data.draw(st.integers(4, len(content) - 1))] = data.draw(st.integers(0, 255))
    with pytest.raises(TableError):
        read_table(write(tmp_path, "any.xlsx", bytes(content)))
