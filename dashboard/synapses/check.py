"""The result of checking a table of synapses: what was said of which row."""

import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

import dash_mantine_components as dmc
import pandas as pd
from dash import ALL, Dash, Input, Output, State, dcc, html, no_update
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from dashboard.jobs.store import Job
from dashboard.kit import results, workbench
from dashboard.kit.aria import aria
from dashboard.kit.bench import Shown
from dashboard.server import pressed
from dashboard.server.services import edit_link
from dashboard.server.submission import submit
from pipelines.core.errors import NeuroboardError
from pipelines.steps import STEPS
from pipelines.synapses.fits.folder import REPAIRED, REPORT, read_report
from pipelines.synapses.parameters import CheckParameters
from pipelines.synapses.table.parsing import WITHOUT_HIDDEN
from pipelines.synapses.table.repairs import REPAIRS

MOST_ROWS = 5000
"""Rows that a table on the page holds; the download has all."""
MOST_REMARKS = 200


def view(job: Job) -> Component:
    """Counts, what can be repaired, and what was said of which row."""
    return html.Div([_counts(job), *offers(job), report(job)])


def _counts(job: Job) -> Component:
    found = results.headline(job)
    figures_ = {
        "Rows": results.number(found["n_rows"]),
        "Accepted": results.number(found["n_accepted"]),
        "Repaired": results.number(found["n_repaired"]),
        "Rejected": results.number(found["n_rejected"]),
    }
    links = [results.download(job, REPORT, "Report, row by row (CSV)")]
    usable = found["n_accepted"] + found["n_repaired"]
    if usable:
        name = "Repaired table (CSV)" if found["n_repaired"] else "Usable rows (CSV)"
        links.append(results.download(job, REPAIRED, name))
        links.append(dcc.Link("Cluster this table", href=_use(job), className="button"))
    return html.Div(
        [results.stats(figures_), html.Div(links, className="downloads")], className="card"
    )


def _use(job: Job) -> str:
    """The page that clusters this table, with what was set here."""
    changed = CheckParameters.parse_stored(job.parameters)[0].changed()
    given = {k: in_address(v) for k, v in changed.items()}
    return "/synapses?" + urlencode({"step": "fit", "table": job.inputs[-1].reference, **given})


def in_address(value: Any) -> str:
    """A parameter of a check as an address has it."""
    if isinstance(value, dict):
        return json.dumps(value)
    return ",".join(value) if isinstance(value, list) else str(value)


# -- repairs


def offers(job: Job) -> list[Component]:
    """What can be repaired, each with a button that does so and runs the job again."""
    found = results.headline(job).get("offers", {})
    if not found:
        return []
    items = [_offer(name, offer["n_rows"], offer["message"]) for name, offer in found.items()]
    heading = html.H2("What can be repaired")
    hint = html.P(
        "Nothing is repaired unasked. A repaired row says so in the report and beside its "
        "prediction.",
        className="hint",
    )
    error = html.Div(id="repair-error", role="alert", className="error")
    return [html.Div([heading, hint, *items, error], className="card stack")]


def _offer(name: str, n_rows: int, message: str) -> Component:
    button = dmc.Button(
        f"Repair this ({name})", id={"type": "repair", "name": name}, variant="default", size="sm"
    )
    rows = f"{n_rows:,} row{'' if n_rows == 1 else 's'}"
    return html.Div(
        [
            html.P([html.Strong(f"{REPAIRS[name]} "), rows, f" would be {_effect(name)}."]),
            html.P(message, className="hint"),
            html.Div(button),
        ],
        className="stack",
    )


def _effect(name: str) -> str:
    return "left out" if name == WITHOUT_HIDDEN else "usable again"


def register(app: Dash) -> None:
    """Connect the buttons of the repairs."""
    app.callback(
        Output("url", "href", allow_duplicate=True),
        Output("repair-error", "children"),
        Input({"type": "repair", "name": ALL}, "n_clicks"),
        State("panel-job", "data"),
        State("desk", "data", allow_optional=True),
        prevent_initial_call=True,
    )(repair)


def repair(
    _clicks: Sequence[int | None], job_id: str, shown: Shown | None = None
) -> tuple[Any, Any]:
    """Run a job again with one more repair: the address to go to, and what is wrong."""
    button = pressed.button()
    if button is None:
        raise PreventUpdate
    try:
        started = again(job_id, button["name"])
        if shown:
            return workbench.in_workspace(shown, started), ""
        return edit_link(results.job(job_id).task, started), ""
    except NeuroboardError as error:
        return no_update, error.sentence


def again(job_id: str, name: str) -> str:
    """Submit a job anew with one more repair; the new job.

    Raises:
        NeuroboardError: the repair is unknown, or the person may not run jobs.
    """
    job = results.job(job_id)
    wanted = dict.fromkeys([*job.parameters.get("repair", []), name])
    values = {**job.parameters, "repair": list(wanted)}
    parameters = STEPS[job.task].parameters.parse(values).model_dump(mode="json")
    return submit(job.task, {item.name: item.reference for item in job.inputs}, parameters)


# -- the report


def report(job: Job) -> Component:
    """Remarks on rows that are not simply accepted, as a table."""
    remarks = read_report(results.folder(job.id))
    notable = remarks[remarks["message"] != ""]
    if notable.empty:
        return html.P("Every row was accepted as it is.", className="card empty")
    more = len(notable) - MOST_REMARKS
    hint = f"{more:,} more are in the report." if more > 0 else ""
    return html.Div(
        [
            html.H2("Remarks on rows"),
            _remarks(notable.head(MOST_REMARKS)),
            html.P(hint, className="hint"),
        ],
        className="card",
    )


def _remarks(rows: pd.DataFrame) -> Component:
    """Remarks as rows of text that wraps."""
    head = html.Thead(html.Tr([html.Th(name, scope="col") for name in rows.columns]))
    body = [html.Tr([html.Td(cell) for cell in row]) for row in rows.to_numpy().tolist()]
    return html.Div(
        html.Table([head, html.Tbody(body)]),
        className="scroll tall",
        tabIndex="0",
        role="region",
        **aria(label="Remarks on rows"),
    )
