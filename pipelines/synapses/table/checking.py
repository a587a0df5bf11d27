"""Check a table: what can be used, what can be repaired, and what became of every row."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipelines.core.progress import Report
from pipelines.synapses.fits.folder import REPAIRED, REPORT
from pipelines.synapses.formats.reading import read_sheet
from pipelines.synapses.parameters import CheckParameters
from pipelines.synapses.table.left_out import left_out, offers, remarked
from pipelines.synapses.table.schemas import chosen_schema, suggested_logarithms
from pipelines.synapses.table.table import check_sheet, looked_for


def check(
    inputs: Mapping[str, Path], parameters: CheckParameters, folder: Path, report: Report
) -> dict[str, Any]:
    """Check the table `inputs["table"]`.

    Writes `report.csv` (a line for every row) and `repaired.csv` (the usable rows with their
    repairs, ready to be used). Units that are wrong in most rows are a result, not an error:
    so that the repair can be offered.

    Raises:
        ParameterError: the columns that were chosen make no table.
        TableError: no row can be judged.
    """
    table = inputs["table"]
    report(0.1, f"Reading {table.name}")
    schema, columns = chosen_schema(parameters), parameters.columns
    names = looked_for(schema, columns)
    sheet = read_sheet(table, parameters.sheet, names=names, header_row=parameters.header_row)
    report(0.4, f"Checking {len(sheet.cells):,} rows")
    checked = check_sheet(sheet, schema=schema, repairs=parameters.repair, columns=columns)
    report(0.8, "Writing the report")
    checked.write_report(folder / REPORT)
    checked.write_repaired(folder / REPAIRED)
    return {
        **checked.counts,
        "offers": offers(checked),
        "notes": [
            *left_out(checked),
            *(problem.message for problem in checked.wrong),
            *checked.notes,
            *remarked(checked),
            *suggested_logarithms(checked.rows, schema),
        ],
    }
