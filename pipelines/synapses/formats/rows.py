"""The kinds of tables that are read, a row for each; the content of a file tells its kind.

This is imported by the process that unpacks workbooks: nothing heavy is imported here.
"""

from collections.abc import Callable
from pathlib import Path

from pipelines.core.formats import Format, suffixes

ZIP, OLE, PARQUET = b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"PAR1"
PACKED = (ZIP, OLE, PARQUET)
"""How files begin that have to be unpacked."""
_WORKBOOK = "pipelines.synapses.formats.reading:read_workbook"


def _begins(*starts: bytes) -> Callable[[Path], bool]:
    def begins(path: Path) -> bool:
        with path.open("rb") as stream:
            return stream.read(8).startswith(starts)

    return begins


TEXT = Format(
    "text",
    "text with any usual separator",
    "pipelines.synapses.formats.reading:read_text",
    suffixes=(".csv", ".tsv", ".txt", ".tab"),
    unoffered=(".txt",),
)
"""What a file is if it is nothing else."""
FORMATS = (
    Format("xlsx", "Excel", _WORKBOOK, suffixes=(".xlsx",), recognises=_begins(ZIP)),
    Format("xls", "Excel 97", _WORKBOOK, suffixes=(".xls",), recognises=_begins(OLE)),
    Format("xlsb", "Excel, binary", _WORKBOOK, suffixes=(".xlsb",), recognises=_begins(ZIP)),
    Format("ods", "OpenDocument", _WORKBOOK, suffixes=(".ods",), recognises=_begins(ZIP)),
    TEXT,
    Format(
        "parquet",
        "Parquet",
        "pipelines.synapses.formats.reading:read_parquet",
        suffixes=(".parquet",),
        recognises=_begins(PARQUET),
    ),
)


def named_kinds() -> str:
    """The kinds as a sentence names them."""
    *others, last = suffixes(FORMATS)
    return f"a file of the kind {', '.join(others)} or {last}"


def is_workbook(row: Format) -> bool:
    """Whether such a file has sheets."""
    return row.read == _WORKBOOK


def row_of(path: Path) -> Format:
    """The row that reads a file; text if nothing else recognises it."""
    return next((row for row in FORMATS if row is not TEXT and row.recognise(path)), TEXT)
