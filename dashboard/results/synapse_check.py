"""The result of checking a table of synapses: what was said of which row."""

import pandas as pd
from dash import html
from dash.development.base_component import Component

from dashboard.aria import aria
from dashboard.jobs.store import Job
from dashboard.results import common

MOST_ROWS = 5000
"""Rows that a table on the page holds; the download has all."""
MOST_REMARKS = 200


def view(job: Job) -> Component:
    """Counts, and what was said of which row."""
    return html.Div([_counts(job), report(job)])


def _counts(job: Job) -> Component:
    found = common.headline(job)
    figures_ = {
        "Rows": common.number(found["n_rows"]),
        "Accepted": common.number(found["n_accepted"]),
        "Repaired": common.number(found["n_repaired"]),
        "Rejected": common.number(found["n_rejected"]),
    }
    links = [common.download(job, "report.csv", "Report, row by row (CSV)")]
    return html.Div(
        [common.stats(figures_), html.Div(links, className="downloads")], className="card"
    )


def report(job: Job) -> Component:
    """Remarks on rows that are not simply accepted, as a table."""
    remarks = pd.read_csv(common.folder(job.id) / "report.csv", dtype=str, keep_default_na=False)
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
