"""Tables that would run something or lead out."""

import io
import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet

from tests.pipelines.traps import LAUGHS, Bench, Maker

SHEET = (
    '<?xml version="1.0"?>{doctype}<worksheet xmlns="http://schemas.openxmlformats.org/'
    'spreadsheetml/2006/main"><sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>{text}</t></is>'
    '</c></row><row r="2"><c r="A2">{cell}</c></row></sheetData></worksheet>'
)


def workbook(bench: Bench, parts: dict[str, str] | None = None, **words: str) -> Path:
    """A workbook written by hand, for no program that writes them writes such ones."""
    kind = "http://schemas.openxmlformats.org"
    document = f"{kind}/officeDocument/2006/relationships"
    held = {
        "[Content_Types].xml": f'<Types xmlns="{kind}/package/2006/content-types"><Default '
        'Extension="xml" ContentType="application/xml"/><Default Extension="rels" ContentType='
        '"application/vnd.openxmlformats-package.relationships+xml"/><Override PartName='
        '"/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.'
        'spreadsheetml.sheet.main+xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{kind}/package/2006/relationships"><Relationship '
        f'Id="r1" Type="{document}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{kind}/spreadsheetml/2006/main" xmlns:r="{document}">'
        '<sheets><sheet name="a" sheetId="1" r:id="r1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{kind}/package/2006/relationships">'
        f'<Relationship Id="r1" Type="{document}/worksheet" '
        f'Target="{words.pop("target", "worksheets/sheet1.xml")}"/></Relationships>',
        "xl/worksheets/sheet1.xml": SHEET.format(
            **{"doctype": "", "text": "volume", "cell": "<v>1</v>", **words}
        ),
        **(parts or {}),
    }  # fmt: skip
    with zipfile.ZipFile(bench.given / "table.xlsx", "w") as archive:
        for name, text in held.items():
            archive.writestr(name, text)
    return bench.given / "table.xlsx"


def workbook_with_an_entity_of_a_file(bench: Bench) -> Path:
    doctype = f'<!DOCTYPE worksheet [<!ENTITY s SYSTEM "file://{bench.secret}">]>'
    return workbook(bench, doctype=doctype, text="&s;")


def workbook_with_an_entity_in_utf_16(bench: Bench) -> Path:
    doctype = f'<!DOCTYPE worksheet [<!ENTITY s SYSTEM "file://{bench.secret}">]>'
    text = SHEET.format(doctype=doctype, text="&s;", cell="<v>1</v>")
    file = workbook(bench)
    content = io.BytesIO()
    with zipfile.ZipFile(file) as old, zipfile.ZipFile(content, "w") as new:
        for name in old.namelist():
            sheet = name.endswith("sheet1.xml")
            new.writestr(name, text.encode("utf-16") if sheet else old.read(name))
    file.write_bytes(content.getvalue())
    return file


def workbook_that_laughs(bench: Bench) -> Path:
    return workbook(bench, doctype=LAUGHS, text="&a10;")


def workbook_that_calls_a_program(bench: Bench) -> Path:
    return workbook(bench, cell=f"<f>cmd|'/c mkdir {bench.canary}'!A1</f><v>1</v>")


def workbook_with_a_link_to_another(bench: Bench) -> Path:
    link = f'<externalLink><externalBook r:id="file://{bench.secret}"/></externalLink>'
    return workbook(bench, {"xl/externalLinks/externalLink1.xml": link})


def workbook_whose_sheet_lies_elsewhere(bench: Bench) -> Path:
    return workbook(bench, target=f"file://{bench.secret}")


def workbook_with_macros(bench: Bench) -> Path:
    return workbook(bench, {"xl/vbaProject.bin": "Sub Auto_Open()"})


def text_table_with_formulas(bench: Bench) -> Path:
    text = f"=cmd|'/c mkdir {bench.canary}'!A1,volume\n=IMPORTDATA(\"file://{bench.secret}\"),1\n"
    (bench.given / "table.csv").write_text(text)
    return bench.given / "table.csv"


def parquet_with_a_pickled_type(bench: Bench) -> Path:
    """Of CVE-2023-47248: pyarrow before 14.0.1 ran it."""
    kept = {b"ARROW:extension:name": b"arrow.py_extension_type",
            b"ARROW:extension:metadata": bench.pickled}  # fmt: skip
    field = pa.field("volume", pa.float64(), metadata=kept)
    table = pa.table([pa.array([1.0, 2.0])], schema=pa.schema([field]))
    pa.parquet.write_table(table, bench.given / "table.parquet")
    return bench.given / "table.parquet"


def pickled_table(bench: Bench) -> Path:
    (bench.given / "table.xlsx").write_bytes(bench.pickled)
    return bench.given / "table.xlsx"


TABLES: tuple[Maker, ...] = (
    workbook_with_an_entity_of_a_file, workbook_with_an_entity_in_utf_16, workbook_that_laughs,
    workbook_that_calls_a_program, workbook_with_a_link_to_another,
    workbook_whose_sheet_lies_elsewhere, workbook_with_macros, text_table_with_formulas,
    parquet_with_a_pickled_type, pickled_table,
)  # fmt: skip
