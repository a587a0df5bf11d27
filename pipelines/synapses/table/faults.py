"""Tables that are wrong in one known way each, to show and to test what becomes of them."""

import io
import zipfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from pipelines.core.csv import write_csv
from pipelines.synapses.table.columns import NANOMETRES

REFUSED, REJECTED, REPAIRED, ACCEPTED = "refused", "rejected", "repaired", "accepted"
BOMB_BYTES = 50_000_000
Make = Callable[[pd.DataFrame, Path], None]


@dataclass(frozen=True)
class Fault:
    """One way in which a table can be wrong.

    Attributes:
        suffix: of the file.
        make: writes the wrong table, of a right one, to a path.
        outcome: what a check says: the file is refused, or rows are rejected, repaired or
            accepted with a remark (or none, where the fault is harmless).
        rows: which rows (numbered as in a spreadsheet) that holds for; all without any.
        repair: what repairs it, or empty.
    """

    suffix: str
    make: Make
    outcome: str
    rows: tuple[int, ...] = ()
    repair: str = ""


def write_faults(table: pd.DataFrame, faults: Iterable[str], folder: Path) -> None:
    """Write a file for each fault, and `faults.csv` with what a check has to say of it.

    Args:
        table: a right one, one line a synapse, of at least 10 rows.
        faults: keys of `FAULTS`.
        folder: where to.
    """
    lines = []
    for name in faults:
        fault, file = FAULTS[name], f"fault-{name}{FAULTS[name].suffix}"
        fault.make(table.reset_index(drop=True).astype(object), folder / file)
        rows = " ".join(map(str, fault.rows)) if fault.rows else "all"
        lines.append((name, file, fault.outcome, rows, fault.repair))
    if lines:
        columns = pd.Index(["fault", "file", "outcome", "rows", "repair"])
        write_csv(pd.DataFrame(lines, columns=columns), folder / "faults.csv")


# -- cells and rows


def _with_cells(cells: Mapping[tuple[int, str], str | float | None]) -> Make:
    """A text table in which some cells, by row number and column, are others."""

    def make(table: pd.DataFrame, file: Path) -> None:
        for (row, column), value in cells.items():
            table[column] = table[column].where(table.index != row - 2, value)
        table.to_csv(file, index=False)

    return make


def _missing_column(table: pd.DataFrame, file: Path) -> None:
    table.rename(columns={"SynArea": "Syn_Area_"}).to_csv(file, index=False)


def _decimal_comma(table: pd.DataFrame, file: Path) -> None:
    text = table.to_csv(sep=";", index=False).replace(".", ",")
    file.write_text(text, encoding="utf-8")


def _repeated_row(table: pd.DataFrame, file: Path) -> None:
    table.loc[3] = table.loc[2]
    table.to_csv(file, index=False)


def _repeated_key(table: pd.DataFrame, file: Path) -> None:
    table.loc[3, ["NeuronId", "SynType", "SynId"]] = table.loc[2, ["NeuronId", "SynType", "SynId"]]
    table.to_csv(file, index=False)


def _unknown_neuron(table: pd.DataFrame, file: Path) -> None:
    first = table["NeuronId"] == table["NeuronId"].iloc[0]
    table[first].assign(NeuronId="cb99").to_csv(file, index=False)


def _case_and_blanks(table: pd.DataFrame, file: Path) -> None:
    table.loc[2, "NeuronId"] = f"{str(table.loc[2, 'NeuronId']).upper()} "
    table.loc[3, "SynType"] = f" {str(table.loc[3, 'SynType']).upper()}"
    table.to_csv(file, index=False)


def _nanometres(table: pd.DataFrame, file: Path) -> None:
    table.assign(**{um: table[nm] for um, nm in NANOMETRES.items()}).to_csv(file, index=False)


def _square_nanometres(table: pd.DataFrame, file: Path) -> None:
    table.assign(SynArea=table["SynArea"] * 1e6).to_csv(file, index=False)


def _wrong_soma(table: pd.DataFrame, file: Path) -> None:
    """The soma of the first neuron is a copy of another column."""
    rows = table["NeuronId"] == table["NeuronId"].iloc[0]
    table.loc[rows, "corr_soma_x_micron"] = table.loc[rows, "corr_z_micron"]
    table.loc[rows, "corr_soma_x"] = table.loc[rows, "corr_z"]
    table[rows].to_csv(file, index=False)


# -- files


def _empty_sheet(table: pd.DataFrame, file: Path) -> None:
    table.head(0).to_excel(file, index=False)


def _several_sheets(table: pd.DataFrame, file: Path) -> None:
    with pd.ExcelWriter(file, engine="openpyxl") as book:
        table.to_excel(book, sheet_name="first", index=False)
        table.to_excel(book, sheet_name="second", index=False)


def _formula(table: pd.DataFrame, file: Path) -> None:
    table.loc[5, "SynArea"] = "=1/20"
    table.to_excel(file, index=False)


def _zip_bomb(table: pd.DataFrame, file: Path) -> None:
    _with_member("xl/worksheets/sheet2.xml", b"0" * BOMB_BYTES)(table, file)


def _with_member(name: str, content: bytes) -> Make:
    """A workbook with one more file in its archive."""

    def make(table: pd.DataFrame, file: Path) -> None:
        book = io.BytesIO()
        table.to_excel(book, index=False)
        with zipfile.ZipFile(book, "a", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(name, content)
        file.write_bytes(book.getvalue())

    return make


def _web_page(table: pd.DataFrame, file: Path) -> None:
    file.write_text(f"<html>{table.to_html(index=False)}</html>", encoding="utf-8")


def _old_excel(_: pd.DataFrame, file: Path) -> None:
    file.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512))


def _too_many_columns(table: pd.DataFrame, file: Path) -> None:
    more = pd.DataFrame(1, index=table.index, columns=[f"more_{i}" for i in range(200)])
    pd.concat([table, more], axis=1).to_csv(file, index=False)


FAULTS: Mapping[str, Fault] = {
    "missing-column": Fault(".csv", _missing_column, REFUSED),
    "text-in-number": Fault(".csv", _with_cells({(7, "SynArea"): "abc"}), REJECTED, (7,)),
    "decimal-comma": Fault(".csv", _decimal_comma, REJECTED, (), "decimal-comma"),
    "repeated-row": Fault(".csv", _repeated_row, REJECTED, (5,)),
    "repeated-key": Fault(".csv", _repeated_key, REJECTED, (4, 5)),
    "unknown-neuron": Fault(".csv", _unknown_neuron, ACCEPTED),
    "case-and-blanks": Fault(".csv", _case_and_blanks, REPAIRED, (4, 5)),
    "missing-and-infinite": Fault(
        ".csv",
        _with_cells({(7, "SynArea"): None, (8, "corr_x_micron"): "inf"}),
        REJECTED,
        (7, 8),
    ),
    "nanometres": Fault(".csv", _nanometres, REJECTED, (), "nm-to-um"),
    "square-nanometres": Fault(".csv", _square_nanometres, REJECTED, (), "nm2-to-um2"),
    "negative-area": Fault(".csv", _with_cells({(7, "BoutonArea"): -1.0}), REJECTED, (7,)),
    "wrong-soma": Fault(".csv", _wrong_soma, REJECTED, (), "soma-from-raw"),
    "empty-sheet": Fault(".xlsx", _empty_sheet, REFUSED),
    "several-sheets": Fault(".xlsx", _several_sheets, REFUSED),
    "formula": Fault(".xlsx", _formula, REJECTED, (7,)),
    "zip-bomb": Fault(".xlsx", _zip_bomb, REFUSED),
    "macros": Fault(".xlsx", _with_member("xl/vbaProject.bin", b"macros"), REFUSED),
    "external-link": Fault(
        ".xlsx", _with_member("xl/externalLinks/externalLink1.xml", b"<x/>"), REFUSED
    ),
    "web-page": Fault(".xlsx", _web_page, REFUSED),
    "old-excel": Fault(".xlsx", _old_excel, REFUSED),
    "csv-injection": Fault(
        ".csv", _with_cells({(7, "SynArea"): '=HYPERLINK("http://x")'}), REJECTED, (7,)
    ),
    "too-many-columns": Fault(".csv", _too_many_columns, REFUSED),
}
"""A fault for every row of the list of what uploads get wrong."""
