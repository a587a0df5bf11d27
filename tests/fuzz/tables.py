"""Tables of synapses: workbooks, text, Parquet; and the labels for them."""

import shutil
import tempfile
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from pipelines.core.progress import silent
from pipelines.files.links import refuse_links_out
from pipelines.synapses.clusters.given_clusters import read_labels
from pipelines.synapses.formats.reading import read_outline, read_sheet
from pipelines.synapses.parameters import CheckParameters
from pipelines.synapses.simulate import simulate
from pipelines.synapses.table.checking import check
from tests.earlier import ARCHIVES
from tests.fuzz.reader import Reader, Sample

WORKBOOKS = ARCHIVES.parent / "workbooks"


@cache
def rows() -> pd.DataFrame:
    """Twelve synapses of two neurons."""
    table = simulate(n_neurons=4, planted=3, seed=1).table
    some = [
        table[table["NeuronId"] == neuron].head(6) for neuron in sorted(set(table["NeuronId"]))[:2]
    ]
    return pd.concat(some, ignore_index=True)


def csv(folder: Path) -> str:
    rows().to_csv(folder / "table.csv", index=False)
    return "table.csv"


def csv_of_a_spreadsheet(folder: Path) -> str:
    """With a title, decimal commas and semicolons, as a program in German writes it."""
    text = rows().to_csv(index=False, sep=";", decimal=",", lineterminator="\r\n")
    (folder / "table.csv").write_text(f"Messung;\r\n{text}", encoding="utf-8-sig", newline="")
    return "table.csv"


def tsv(folder: Path) -> str:
    rows().to_csv(folder / "table.tsv", index=False, sep="\t")
    return "table.tsv"


def xlsx(folder: Path) -> str:
    rows().to_excel(folder / "table.xlsx", index=False, sheet_name="synapses")
    return "table.xlsx"


def xlsx_of_two_sheets(folder: Path) -> str:
    with pd.ExcelWriter(folder / "table.xlsx") as writer:
        rows().to_excel(writer, index=False, sheet_name="synapses", startrow=2)
        rows().iloc[:2, :3].to_excel(writer, sheet_name="other")
        writer.book["synapses"].merge_cells("A4:A5")
        writer.book["synapses"].row_dimensions[6].hidden = True
        writer.book["synapses"]["B1"] = "=SUM(A1:A2)"
    return "table.xlsx"


def ods(folder: Path) -> str:
    shutil.copyfile(WORKBOOKS / "cells.ods", folder / "cells.ods")
    return "cells.ods"


def xls(folder: Path) -> str:
    shutil.copyfile(WORKBOOKS / "cells.xls", folder / "cells.xls")
    return "cells.xls"


def parquet(folder: Path) -> str:
    rows().to_parquet(folder / "table.parquet", index=False)
    return "table.parquet"


def parquet_of_many_types(folder: Path) -> str:
    table = rows().astype({"NeuronId": "category"})
    table["when"], table["flag"] = pd.Timestamp("2026-01-01"), True
    table.to_parquet(folder / "table.parquet", compression="zstd")
    return "table.parquet"


def clusters(folder: Path) -> str:
    table = rows()[["NeuronId", "SynType", "SynId"]].assign(cluster=np.arange(len(rows())) % 3)
    table.to_csv(folder / "clusters.csv", index=False)
    return "clusters.csv"


def read(path: Path) -> None:
    """As a form offers its columns, and as the check, the fit and the prediction read it."""
    refuse_links_out(path)
    with tempfile.TemporaryDirectory() as scratch:
        check({"table": path}, CheckParameters(), Path(scratch), silent)
    read_outline(path)


def read_cells(path: Path) -> None:
    """The cells alone, of a table that is not of synapses."""
    refuse_links_out(path)
    read_sheet(path)
    read_outline(path)


def read_clusters(path: Path) -> None:
    refuse_links_out(path)
    key = rows()[["NeuronId", "SynType", "SynId"]].astype(str).to_numpy(dtype=str)
    read_labels(path, key, "all")


READERS = (
    Reader(
        "csv, tsv",
        (Sample("csv", csv), Sample("tsv", tsv), Sample("decimal comma", csv_of_a_spreadsheet)),
        read,
        share=1.2,
    ),
    Reader(
        "xlsx",
        (Sample("plain", xlsx), Sample("two sheets", xlsx_of_two_sheets)),
        read,
        in_child=True,
    ),
    Reader(
        "ods, xls", (Sample("ods", ods), Sample("xls", xls)), read_cells, in_child=True, share=0.6
    ),
    Reader(
        "parquet",
        (Sample("plain", parquet), Sample("types", parquet_of_many_types)),
        read,
        in_child=True,
    ),
    Reader("labels of synapses", (Sample("csv", clusters),), read_clusters),
)
