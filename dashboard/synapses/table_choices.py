"""What a form offers once a table is chosen: its sheets, its columns, and which are which."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import dash_mantine_components as dmc
from dash import ALL, Dash, Input, Output, State, html, no_update
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from dashboard.kit.bench import Bench
from dashboard.kit.forms import field_id
from dashboard.kit.workbench import Chosen
from dashboard.server import inputs
from dashboard.server.offered import require_offered
from dashboard.server.services import services
from pipelines.core.errors import NeuroboardError
from pipelines.synapses.formats.reading import Outline, read_outline, read_sheet
from pipelines.synapses.parameters import COLUMNS, MAPPING, MOST_COMPARED, OTHER_TABLE, SHEETS
from pipelines.synapses.table.columns import REQUIRED
from pipelines.synapses.table.schemas import FEWEST_COMPARED, comparable
from pipelines.synapses.table.sources import MOST_LACKING, missing_columns

TABLE = "table"
MOST_ROWS = 1000


def register(app: Dash, bench: Bench) -> None:
    """Fill a bench's choices of sheets and columns whenever another table or sheet is chosen."""
    offers = offered(bench)
    source = next((source for source in bench.sources if source.name == TABLE), None)
    sheet = next((name for name, what in offers.items() if what == SHEETS), None)
    if source is None or sheet is None:
        return
    of_table = [
        Input(bench.source_id("reference", source), "data"),
        Input(field_id(bench.slug, sheet), "value"),
        Input(field_id(bench.slug, "header_row"), "value"),
    ]

    def fill(reference: str | None, chosen: str | None, row: Any) -> list[Any]:
        return choices(offers, reference or "", chosen or "", _row(row))

    app.callback([Output(field_id(bench.slug, name), "data") for name in offers], of_table)(fill)
    _register_mapping(app, bench, of_table)


def _register_mapping(app: Dash, bench: Bench, of_table: list[Input]) -> None:
    """Offer the columns of a table for those that it seems to lack."""
    whole = field_id(bench.slug, "columns")
    named = bench.step.parameters.model_fields
    others = [name for name in ("id_column", "group_column", "feature_columns") if name in named]

    def ask(
        reference: str | None, sheet: str | None, row: str | int | float | None, *values: Chosen
    ) -> list[Component]:
        *chosen, given = values
        if not reference or any(chosen):
            return said_of_points(chosen[-1]) if chosen else []
        outline = _outline(reference, _row(row))
        return assignments(bench.slug, outline, sheet or "", read_mapping(given))

    app.callback(
        Output({**whole, "type": MAPPING}, "children"),
        *of_table,
        *[Input(field_id(bench.slug, name), "value") for name in others],
        State(whole, "value"),
    )(ask)

    if "feature_columns" in named:
        app.callback(
            Output(field_id(bench.slug, "feature_columns"), "value"),
            Output({"type": "any-table-said", "bench": bench.slug}, "children"),
            Input({"type": "any-table", "bench": bench.slug}, "n_clicks"),
            *[State(one.component_id, one.component_property) for one in of_table],
            prevent_initial_call=True,
        )(compare_all)

    def gather(headers: list[str | None], ids: list[dict[str, str]]) -> str:
        pairs = zip(ids, headers, strict=True)
        return json.dumps({one["name"]: header for one, header in pairs if header})

    column = {"type": "column", "bench": bench.slug, "name": ALL}
    app.callback(
        Output(whole, "value"),
        Input(column, "value"),
        State(column, "id"),
        prevent_initial_call=True,
    )(gather)


def read_mapping(given: Chosen) -> dict[str, str]:
    """What was chosen before; nothing if it cannot be read."""
    try:
        found = json.loads(str(given or "{}"))
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def assignments(
    slug: str, outline: Outline | None, sheet: str, given: Mapping[str, str]
) -> list[Component]:
    """A choice of a column for each that is needed and not there; none where nothing lacks.

    Args:
        slug: of the bench.
        outline: what the table has.
        sheet: the worksheet that was chosen, or empty.
        given: what was chosen before, the header for a name.
    """
    columns = _columns(outline, sheet) if outline else []
    missing = [name for name in missing_columns(columns) if columns]
    if not missing or (slug.endswith("predict") and len(missing) > MOST_LACKING):
        return []
    text = f"The table has no column {', '.join(missing[:3])}{' ...' if len(missing) > 3 else ''}. "
    chosen = [
        dmc.Select(
            id={"type": "column", "bench": slug, "name": name},
            label=name,
            data=columns,
            value=given.get(name) if given.get(name) in columns else None,
            placeholder="not chosen",
            searchable=True,
            clearable=True,
        )
        for name in missing
    ]
    if len(missing) > MOST_LACKING:
        return _any_table(slug, missing, chosen)
    text += "Say which of its columns it is, or, of a table that is not of synapses, choose its "
    text += f"columns under “{OTHER_TABLE}”."
    return [html.H3("Which column is which"), html.P(text, className="hint"), *chosen]


def _any_table(slug: str, missing: Sequence[str], assigned: Sequence[Component]) -> list[Component]:
    """One press for a table that hardly is one of synapses, and how it could still be one."""
    text = (
        f"It has no column {', '.join(missing[:3])} and lacks {len(missing) - 3} more. Rows of any "
        "other table are points that are compared by its numeric columns, each scaled by its "
        "interquartile range; “Feature columns” has the choice."
    )
    button = dmc.Button(
        "Compare rows by the numeric columns",
        id={"type": "any-table", "bench": slug},
        variant="default",
        size="xs",
    )
    identity = {"type": "any-table-said", "bench": slug}
    return [
        html.H3("Is this a table of synapses?"),
        html.P(text, className="hint"),
        html.Div(button),
        html.Div(id=identity, role="alert", className="error"),
        html.Details(
            [html.Summary("It is one of synapses: say which column is which"),
             html.Div(list(assigned), className="stack")],
            className="fold",
        ),
    ]  # fmt: skip


def compare_all(
    clicks: int | None, reference: str | None, sheet: str | None, row: str | int | float | None
) -> tuple[Any, str]:
    """The columns by which the rows of a table can be compared, or why there are none."""
    if not clicks or not reference:
        raise PreventUpdate
    try:
        path = _file(reference)
        cells = read_sheet(path, sheet or "", names=REQUIRED, header_row=_row(row)).cells
    except NeuroboardError as error:
        return no_update, error.sentence
    found = comparable(cells)
    if len(found) < FEWEST_COMPARED:
        columns = ", ".join(found) or "none"
        return no_update, f"Two columns of numbers are needed that vary, and there is {columns}."
    return found[:MOST_COMPARED], ""


def said_of_points(features: Chosen) -> list[Component]:
    """What is compared of a table that is not of synapses."""
    if not isinstance(features, list) or not features:
        return []
    words = f"Rows are points, compared by {', '.join(features)}: see “Feature columns”."
    return [html.P(words, className="hint")]


def _row(value: Any) -> int:
    """A row as it was typed; 0 where it is none."""
    return int(value) if isinstance(value, int | float) and 0 < value <= MOST_ROWS else 0


def offered(bench: Bench) -> dict[str, str]:
    """The parameters of a bench that are chosen from a table, and what of it they are."""
    fields = bench.step.parameters.model_fields
    extras = {name: field.json_schema_extra for name, field in fields.items()}
    return {
        name: str(extra["offers"])
        for name, extra in extras.items()
        if isinstance(extra, dict) and extra.get("offers") in (SHEETS, COLUMNS)
    }


def choices(offers: dict[str, str], reference: str, sheet: str, header_row: int = 0) -> list[Any]:
    """The choices for each parameter, in the order of `offers`."""
    if not reference:
        raise PreventUpdate
    outline = _outline(reference, header_row)
    if outline is None:
        return [no_update] * len(offers)
    sheets = [name for name in outline.sheets if name]
    of_kind = {SHEETS: sheets, COLUMNS: _columns(outline, sheet)}
    return [of_kind[what] for what in offers.values()]


def _columns(outline: Outline, sheet: str) -> list[str]:
    """The columns of a sheet; without one, of the sheet that would be read."""
    if sheet in outline.sheets:
        return list(dict.fromkeys(outline.sheets[sheet]))
    complete = [names for names in outline.sheets.values() if not missing_columns(names)]
    return list(dict.fromkeys(next(iter([*complete, *outline.sheets.values()]), [])))


def _outline(reference: str, header_row: int = 0) -> Outline | None:
    """The sheets and columns of a table; none when it cannot be read, which running it tells."""
    try:
        return read_outline(_file(reference), names=REQUIRED, header_row=header_row)
    except (NeuroboardError, OSError):
        return None


def _file(reference: str) -> Path:
    """The file of a table.

    Raises:
        NeuroboardError: it is not there, or of a kind that no form offers.
    """
    found = services()
    require_offered("synapses fit", TABLE, reference, found.store)
    return Path(inputs.resolve(TABLE, reference, found.settings, found.store).path)
