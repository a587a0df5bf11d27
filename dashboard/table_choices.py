"""What a form offers once a table is chosen: its sheets, and its columns."""

from pathlib import Path
from typing import Any

from dash import Dash, Input, Output, no_update
from dash.exceptions import PreventUpdate

from dashboard import inputs
from dashboard.forms import field_id
from dashboard.services import services
from dashboard.workbench import Bench
from pipelines.errors import NeuroboardError
from pipelines.synapses.parameters import COLUMNS, SHEETS
from pipelines.synapses.reading import Outline, read_outline
from pipelines.tasks import TASKS

TABLE = "table"


def register(app: Dash, bench: Bench) -> None:
    """Fill a bench's choices of sheets and columns whenever another table or sheet is chosen."""
    offers = offered(bench)
    source = next((source for source in bench.sources if source.name == TABLE), None)
    sheet = next((name for name, what in offers.items() if what == SHEETS), None)
    if source is None or sheet is None:
        return

    def fill(reference: str | None, chosen: str | None) -> list[Any]:
        return choices(offers, reference or "", chosen or "")

    app.callback(
        [Output(field_id(bench.slug, name), "data") for name in offers],
        Input(bench.source_id("reference", source), "data"),
        Input(field_id(bench.slug, sheet), "value"),
    )(fill)


def offered(bench: Bench) -> dict[str, str]:
    """The parameters of a bench that are chosen from a table, and what of it they are."""
    fields = TASKS[bench.task].parameters.model_fields
    extras = {name: field.json_schema_extra for name, field in fields.items()}
    return {
        name: str(extra["offers"])
        for name, extra in extras.items()
        if isinstance(extra, dict) and extra.get("offers")
    }


def choices(offers: dict[str, str], reference: str, sheet: str) -> list[Any]:
    """The choices for each parameter, in the order of `offers`."""
    if not reference:
        raise PreventUpdate
    outline = _outline(reference)
    if outline is None:
        return [no_update] * len(offers)
    sheets = [name for name in outline.sheets if name]
    columns = outline.sheets.get(sheet) or next(iter(outline.sheets.values()), [])
    of_kind = {SHEETS: sheets, COLUMNS: list(dict.fromkeys(columns))}
    return [of_kind[what] for what in offers.values()]


def _outline(reference: str) -> Outline | None:
    """The sheets and columns of a table; none when it cannot be read, which running it tells."""
    found = services()
    try:
        item = inputs.resolve(TABLE, reference, found.settings, found.store)
        return read_outline(Path(item.path))
    except (NeuroboardError, OSError):
        return None
