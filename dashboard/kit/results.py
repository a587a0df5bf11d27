"""Pieces that several results are made of."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import dash_ag_grid as dag
from dash import html
from dash.development.base_component import Component

from dashboard.jobs.store import Job
from dashboard.kit import forms
from dashboard.kit.aria import aria
from dashboard.server.posted import NO_SUCH_RESULT
from dashboard.server.services import services
from pipelines.core.errors import InputError, told
from pipelines.core.words import counted as counted
from pipelines.spikes.recording.timeline import Timeline
from pipelines.steps import STEPS


def job(job_id: str) -> Job:
    """The job of that id.

    Raises:
        InputError: it was deleted meanwhile.
    """
    found = services().store.get(job_id)
    if found is None:
        raise InputError(f"Job {job_id} is not here any more.")
    return found


def folder(job_id: str) -> Path:
    """Where a job's result lies.

    Raises:
        InputError: there is no such job (any more).
    """
    return services().settings.jobs / job(job_id).id / "result"


class _Results(dict[str, Any]):
    """Headline figures, which those of another kind of job lack."""

    def __missing__(self, name: str) -> Any:
        raise InputError(NO_SUCH_RESULT)


def headline(job: Job) -> dict[str, Any]:
    """The headline figures in a job's `run.json`."""
    record = json.loads((folder(job.id) / "run.json").read_text(encoding="utf-8"))
    return _Results(record["results"])


def timeline(found: Mapping[str, Any]) -> Timeline:
    """The segments of a recording, from the headline figures of its sorting or look."""
    rate, duration_s = float(found["sampling_frequency"]), float(found["duration_s"])
    return Timeline.from_results(found, int(found.get("n_samples", round(duration_s * rate))))


def duration(found: Mapping[str, Any]) -> dict[str, str]:
    """Recorded time, and in how many segments if there are several, as headline figures."""
    words = {"Duration": f"{found['duration_s']:.1f} s"}
    n_segments = len(timeline(found).segments)
    return words if n_segments == 1 else {**words, "Segments": str(n_segments)}


def notes(job: Job) -> list[Component]:
    """What a person has to know before reading a result, each a sentence at its top.

    A task writes them as `notes` among its results. What an offer below says is not said twice.
    """
    found = headline(job)
    offered = {offer["message"] for offer in found.get("offers", {}).values()}
    texts = [note for note in found.get("notes", ()) if note not in offered]
    model = STEPS[job.task].parameters
    said = (forms.with_labels(model, told(text)) for text in dict.fromkeys(texts))
    return [html.P(text, className="note") for text in said]


def stats(figures: Mapping[str, str]) -> Component:
    """Headline figures as a row of large numbers with names."""
    items = [
        html.Div([html.Dt(name), html.Dd(value)], className="stat")
        for name, value in figures.items()
    ]
    return html.Dl(items, className="stats")


def table(
    rows: Sequence[Mapping[Any, Any]],
    *,
    id: Any,
    label: str,
    names: Mapping[str, str] | None = None,
    hints: Mapping[str, str] | None = None,
    height: int = 360,
    **properties: Any,
) -> Component:
    """A sortable, filterable table.

    Args:
        rows: one mapping per row; the first row's keys are the columns.
        id: of the grid.
        label: what the table is, for those who do not see it.
        names: headings for columns, where the key is not good enough.
        hints: what columns hold, shown when one points at the heading.
        height: in pixels.
        properties: passed to the grid, such as `selectedRows`.
    """
    headings, told = names or {}, hints or {}
    columns = [
        {
            "field": key,
            "headerName": headings.get(key, key),
            **({"headerTooltip": told[key]} if key in told else {}),
        }
        for key in (rows[0] if rows else {})
    ]
    options = {
        "animateRows": False,
        "ensureDomOrder": True,
        **properties.pop("dashGridOptions", {}),
    }
    grid = dag.AgGrid(
        id=id,
        rowData=list(rows),
        columnDefs=columns,
        defaultColDef={"sortable": True, "filter": True, "resizable": True, "minWidth": 90},
        columnSize="autoSize",
        dashGridOptions=options,
        style={"height": f"{height}px"},
        **properties,
    )
    return html.Div(grid, role="region", tabIndex="0", **aria(label=label))


def download(job: Job, file: str, text: str) -> Component:
    """A link to one file of a result."""
    return html.A(text, href=f"/jobs/{job.id}/files/{file}", download=file, className="download")


def number(value: Any) -> str:
    """A count with thousands separated, a fraction with three digits, or a dash."""
    if value is None or value != value:
        return "–"
    return f"{value:,}" if isinstance(value, int) else f"{value:.3g}"
