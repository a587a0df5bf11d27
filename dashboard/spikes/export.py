"""The result of an export: what was written, what to do with it, and every file."""

from collections.abc import Mapping
from pathlib import Path

from dash import html
from dash.development.base_component import Component

from dashboard.jobs.store import Job
from dashboard.kit import results, shell
from pipelines.core.formats import Format, of_name
from pipelines.spikes.units.formats import SORTINGS

BESIDE: Mapping[str, str] = {
    "methods.txt": "the paragraph below",
    "thresholds.json": "limits that the labellers used",
    "run.json": "what was done with which input, versions and parameters",
}
"""What each file is that every export has, by its name."""


def view(job: Job) -> Component:
    """The whole result."""
    found = results.headline(job)
    folder = results.folder(job.id)
    written = of_name(SORTINGS, found["format"])
    figures = results.stats(
        {
            "Units": results.number(found["n_units"]),
            "Spikes": results.number(found["n_spikes"]),
            "Format": written.title,
        }
    )
    everything = html.A("Everything as zip", href=f"/jobs/{job.id}/everything.zip")
    head = html.Div(
        [
            figures,
            html.P(written.then, className="hint"),
            html.Div(everything, className="downloads"),
        ],
        className="card",
    )
    return html.Div(
        [head, html.Div([_files(job, folder, written), _methods(folder)], className="card stack")]
    )


def _files(job: Job, folder: Path, written: Format) -> Component:
    holds = {**written.leaves, **BESIDE}
    rows = [
        html.Tr(
            [
                html.Th(_file(job, path), scope="row"),
                html.Td(f"{holds.get(path.name, 'arrays, in the zip')} ({_size(path)})"),
            ]
        )
        for path in sorted(folder.iterdir())
    ]
    return html.Div([html.H2("Files"), shell.table(("file", "holds"), rows)])


def _file(job: Job, path: Path) -> Component | str:
    return results.download(job, path.name, path.name) if path.is_file() else f"{path.name}/"


def _size(path: Path) -> str:
    files = [path] if path.is_file() else [one for one in path.rglob("*") if one.is_file()]
    size = sum(one.stat().st_size for one in files)
    if size < 1000:
        return f"{size} bytes"
    return f"{size / 1e6:,.1f} MB" if size >= 1e6 else f"{size / 1e3:,.1f} kB"


def _methods(folder: Path) -> Component | None:
    file = folder / "methods.txt"
    if not file.is_file():
        return None
    text = file.read_text(encoding="utf-8")
    return html.Div([html.H2("For your methods section"), html.P(text)])
