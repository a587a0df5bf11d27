"""The table of clustered synapses beside the map: whole, or page by page when it is long."""

from typing import Annotated, Any, NotRequired

import dash_ag_grid as dag
import pandas as pd
from dash import ClientsideFunction, Dash, Input, Output, State, html
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate
from pydantic import Field
from typing_extensions import TypedDict

from dashboard.kit import results
from dashboard.kit.aria import aria
from dashboard.server.posted import offered
from dashboard.synapses.check import MOST_ROWS
from dashboard.synapses.choice import Choice, chosen_rows
from dashboard.synapses.rows import clusters

GRID = "synapses-rows"
LABEL = "Synapses with their clusters"
HEIGHT = 440
PAGE_ROWS = 100
FIRST = ("NeuronId", "SynType", "SynId", "cluster", "probability")
SELECTION = {"rowSelection": {"mode": "singleRow", "enableClickSelection": True}}


def is_paged(rows: pd.DataFrame) -> bool:
    """Whether the table is too long to be sent whole."""
    return len(rows) > MOST_ROWS


def grid(rows: pd.DataFrame) -> Component:
    """The table; a long one asks the server for the rows that it shows."""
    if not is_paged(rows):
        return results.table(
            records(rows), id=GRID, label=LABEL, height=HEIGHT, dashGridOptions=SELECTION
        )
    names = records(rows.head(1))[0]
    columns = [{"field": name, "headerName": name} for name in names]
    table = dag.AgGrid(
        id=GRID,
        rowModelType="infinite",
        columnDefs=columns,
        defaultColDef={"sortable": True, "filter": False, "resizable": True, "width": 110},
        dashGridOptions={
            "animateRows": False,
            "ensureDomOrder": True,
            "cacheBlockSize": PAGE_ROWS,
            "maxBlocksInCache": 20,
            **SELECTION,
        },
        getRowId="params.data.number",
        style={"height": f"{HEIGHT}px"},
    )
    return html.Div(table, role="region", tabIndex="0", **aria(label=LABEL))


def records(rows: pd.DataFrame) -> list[dict[Any, Any]]:
    """Rows as the table shows them, each with its number from 0."""
    shown = rows.round(3)
    first = [name for name in FIRST if name in shown.columns]
    rest = [name for name in shown.columns if name not in first]
    numbered = shown[first + rest].assign(number=shown.index)
    found: list[dict[Any, Any]] = numbered.to_dict("records")
    return found


def register(app: Dash) -> None:
    """Connect a long table with the server."""
    app.callback(
        Output(GRID, "getRowsResponse"),
        Input(GRID, "getRowsRequest"),
        State("synapses-choice", "data"),
        State("panel-job", "data"),
        prevent_initial_call=True,
    )(page)
    app.clientside_callback(  # type: ignore[no-untyped-call]
        ClientsideFunction("synapses", "turnBack"),
        Output("synapses-turned", "data"),
        Input("synapses-chosen", "children"),
        State(GRID, "id"),
        prevent_initial_call=True,
    )


class SortedColumn(TypedDict):
    """A column that the table is sorted by."""

    colId: str
    sort: str


class RowsRequest(TypedDict):
    """The part of the table that is asked for."""

    startRow: Annotated[int, Field(ge=0)]
    endRow: Annotated[int, Field(ge=0)]
    sortModel: NotRequired[list[SortedColumn] | None]


def page(request: RowsRequest | None, choice: Choice | None, job_id: str) -> dict[str, Any]:
    """The rows that a long table asks for, of those that are chosen."""
    if not request or not job_id:
        raise PreventUpdate
    rows = clusters(results.folder(job_id))
    chosen = chosen_rows(job_id, choice)
    shown = rows if chosen is None else rows.iloc[chosen]
    for order in request.get("sortModel") or []:
        column = offered(order["colId"], ("number", *shown.columns))
        values = shown.index.to_series() if column == "number" else shown[column]
        ranked = values.sort_values(ascending=order["sort"] == "asc", kind="stable").index
        shown = rows.loc[ranked]
    wanted = shown.iloc[request["startRow"] : request["endRow"]]
    return {"rowData": records(wanted), "rowCount": len(shown)}
