"""A result as it is: its headline figures, its tables and its files, whatever the step."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from dash import html
from dash.development.base_component import Component

from dashboard.jobs.store import Job
from dashboard.kit import results
from pipelines.core.csv import first_rows

MOST_ROWS = 500
"""Rows of a table that are shown; the file has them all."""


def view(job: Job) -> Component:
    """The whole result."""
    folder = results.folder(job.id)
    files = sorted(file for file in folder.iterdir() if file.is_file())
    head = html.Div(
        [
            results.stats(_figures(results.headline(job))),
            html.Div(
                [results.download(job, one.name, one.name) for one in files],
                className="downloads",
            ),
        ],
        className="card stack",
    )
    tables = [_table(file) for file in files if file.suffix == ".csv"]
    return html.Div([head, *tables])


def _figures(found: Mapping[str, Any]) -> dict[str, str]:
    """Every number among the headline figures, by its name in words."""
    return dict(_named(found, ""))


def _named(found: Mapping[str, Any], before: str) -> Iterator[tuple[str, str]]:
    for name, value in found.items():
        words = f"{before}{name.removeprefix('n_').replace('_', ' ')}"
        if isinstance(value, Mapping):
            yield from _named(value, f"{words}: ")
        elif isinstance(value, int | float) and not isinstance(value, bool):
            yield words, results.number(value)


def _table(file: Path) -> Component:
    rows, n_rows = first_rows(file, MOST_ROWS)
    cut = f" The first {len(rows):,} of {n_rows:,} rows." if n_rows > len(rows) else ""
    return html.Div(
        [
            html.H2(file.name),
            html.P(cut, className="hint") if cut else None,
            results.table(
                rows,
                id={"type": "plain", "file": file.name},
                label=file.name,
                height=min(420, 60 + 42 * len(rows)),
            ),
        ],
        className="card stack",
    )
