"""The result of checking a table of synapses: what was said of which row."""

import pandas as pd
from dash import html
from dash.development.base_component import Component

from dashboard.jobs.store import Job
from dashboard.results import common

MOST_ROWS = 5000
"""Rows that a table on the page holds; the download has all."""


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
    notable = remarks[remarks["message"] != ""].head(MOST_ROWS)
    if notable.empty:
        return html.P("Every row was accepted as it is.", className="card empty")
    rows = notable.to_dict("records")
    grid = common.table(
        rows,
        id="synapses-report",
        label="Remarks on rows",
        wide="message",
        height=min(360, 70 + 60 * len(rows)),
    )
    return html.Div([html.H2("Remarks on rows"), grid], className="card")
