"""A table on a desk: its rows and the selection are one thing."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import dash_ag_grid as dag
from dash import html
from dash.development.base_component import Component

from dashboard.kit.aria import aria

ROW = "row"
"""What a row is known by, as text, which AG Grid asks for."""


def table(
    rows: Sequence[Mapping[Any, Any]],
    columns: Sequence[Mapping[str, Any]],
    *,
    key: str,
    field: str,
    label: str,
    several: bool = True,
) -> Component:
    """A table that fills its panel; its chosen rows are what is selected.

    Args:
        rows: one mapping per row.
        columns: of AG Grid, such as {"field": "snr", "headerName": "SNR"}.
        key: the name of the `Key` that a row selects.
        field: the column that says which; no two rows have the same there.
        label: what the table is, for those who do not see it.
        several: whether several rows can be chosen.
    """
    identity = {"type": "desk-grid", "key": key, "field": field}
    options = {
        "animateRows": False,
        "rowHeight": 28,
        "headerHeight": 32,
        "suppressFieldDotNotation": True,  # a column may be called "a.b"
        "rowSelection": {
            "mode": "multiRow" if several else "singleRow",
            "enableClickSelection": True,
            "checkboxes": False,
            "headerCheckbox": False,
        },
    }
    grid = dag.AgGrid(
        id=identity,
        rowData=[{**row, ROW: str(row[field])} for row in rows],
        columnDefs=list(columns),
        getRowId=f"params.data.{ROW}",
        defaultColDef={"sortable": True, "filter": True, "resizable": True, "minWidth": 56},
        columnSize="autoSize",
        dashGridOptions=options,
        style={"height": "100%"},
    )
    attributes: dict[str, Any] = {"data-grid": json.dumps(identity)}
    return html.Div(
        grid, role="region", tabIndex="0", className="desk-grid", **aria(label=label), **attributes
    )


def column(field: str, title: str = "", hint: str = "", **more: Any) -> dict[str, Any]:
    """One column: numbers stand right, with three digits."""
    found: dict[str, Any] = {"field": field, "headerName": title or field, **more}
    if hint:
        found["headerTooltip"] = hint
    return found


def number(field: str, title: str = "", hint: str = "", **more: Any) -> dict[str, Any]:
    """A column of numbers, right aligned, shown with three digits."""
    shown = {"function": "params.value == null ? '–' : d3.format(',.3~g')(params.value)"}
    how = {"type": "rightAligned", "valueFormatter": shown, "filter": "agNumberColumnFilter"}
    return column(field, title, hint, **{**how, **more})
