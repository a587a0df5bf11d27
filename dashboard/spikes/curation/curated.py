"""The units as curated: what was done, and where to go on."""

from collections.abc import Iterator, Mapping
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from dashboard.jobs.store import Job
from dashboard.kit import results
from dashboard.spikes import locate
from pipelines.spikes.labels.columns import CURATED, CURATED_REASON
from pipelines.spikes.units import metrics
from pipelines.spikes.units.files import SPIKES, UNITS, WAVEFORMS
from pipelines.spikes.units.folder import SortingFolder

FILES = {
    UNITS: "Units (CSV)",
    SPIKES: "Spike times (npz)",
    WAVEFORMS: "Mean waveforms (npz)",
    "curated_with.jsonl": "Steps (JSON lines)",
    "methods.txt": "Methods paragraph",
}
FIRST = {
    "unit_id": "unit",
    CURATED: "label",
    CURATED_REASON: "why",
    "came_from": "came from",
}


def view(job: Job) -> Component:
    """The whole result."""
    found = results.headline(job)
    folder = results.folder(job.id)
    sorting = SortingFolder(folder)
    units = sorting.units
    names = {**FIRST, **metrics.titles()}
    rows = units[[name for name in names if name in units]].to_dict("records")
    files = [
        results.download(job, file, text)
        for file, text in FILES.items()
        if (folder / file).is_file()
    ]
    export = dcc.Link("Export them", href=f"/spikes?step=export&sort={job.id}")
    train = dcc.Link("Train a classifier on them", href="/spikes?step=train")
    return html.Div(
        [
            html.Div(
                [
                    results.stats(_figures(found)),
                    *[html.P(text, className="hint") for text in _words(found)],
                    html.Div(files, className="downloads"),
                    html.Div([html.Span("Go on:"), export, train], className="downloads"),
                ],
                className="card",
            ),
            locate.offer(job.id, sorting.whole()),
            html.Div(
                [
                    html.H2("Units"),
                    results.table(
                        rows,
                        id="curated-units",
                        label="Units as curated",
                        names=names,
                        hints=metrics.hints(),
                        height=min(420, 60 + 42 * len(rows)),
                    ),
                    html.H2("For your methods section"),
                    html.P((folder / "methods.txt").read_text(encoding="utf-8")),
                ],
                className="card stack",
            ),
        ]
    )


def _figures(found: Mapping[str, Any]) -> dict[str, str]:
    return {
        "Units": results.number(found["n_units"]),
        "Spikes": results.number(found["n_spikes"]),
        **{name: results.number(count) for name, count in found["labels"].items()},
    }


def _words(found: Mapping[str, Any]) -> Iterator[str]:
    steps = ", ".join(f"{count} {action}" for action, count in found["steps"].items())
    if steps:
        yield f"Steps that count: {steps}; by {', '.join(found['curators'])}."
    if found["note"]:
        yield found["note"]
    if found["analyzer"]:
        yield found["analyzer"]
