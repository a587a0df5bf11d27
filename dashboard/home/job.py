"""One job: its progress and result, what it was made from, and its downloads."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from dash import Dash, dcc, html
from dash.development.base_component import Component

from dashboard.jobs.store import Job, JobState
from dashboard.kit import panel, shell
from dashboard.server.services import edit_link, services
from pipelines.core.parameters import FOUND
from pipelines.core.result_files import read_object_if_sound
from pipelines.steps import STEPS

PAGE = {"module": "job", "path_template": "/jobs/<job_id>", "title": "Job – Neuroboard"}
LOG_CHARACTERS = 50_000


def layout(job_id: str = "", **_: str) -> Component:
    """The page of one job."""
    job = services().store.get(job_id)
    if job is None:
        return shell.page("No such job", f"There is no job {job_id} here. It may be deleted.")
    title = f"{STEPS[job.task].title}: job {job.id}"
    return shell.page(
        title,
        f"Created {panel.when(job.created)}{_by(job)}. "
        "This address can be shared with others in your lab.",
        html.Div(list(_actions(job)), className="row actions"),
        panel.view(job),
        html.Section(list(_details(job)), className="card"),
    )


def register(_app: Dash) -> None:
    """Nothing of its own: the panel is connected once for all pages."""


def _by(job: Job) -> str:
    return f" by {job.author}" if job.author else ""


def _actions(job: Job) -> Iterable[Component]:
    yield dcc.Link("Run again with changes", href=edit_link(job.task, job.id), className="button")
    if job.state is JobState.DONE:
        yield html.A("Everything as zip", href=f"/jobs/{job.id}/everything.zip", className="button")
        yield html.A("Script that repeats it", href=f"/jobs/{job.id}/repeat.py", className="button")


def _details(job: Job) -> Iterable[Component]:
    folder = services().settings.jobs / job.id
    record = _record(folder)
    yield html.H2("Parameters")
    yield _pairs(_named_parameters(job))
    yield html.H2("Inputs")
    yield _pairs(_inputs(job, record))
    yield html.H2("Times")
    yield _pairs(_times(job))
    if record:
        yield html.H2("Versions")
        yield _pairs({**record["versions"], "machine": record["machine"]})
    if (folder / "result").is_dir():
        yield html.H2("Files")
        yield html.Ul([html.Li(_file(job, path, folder)) for path in _files(folder)])
    yield _fold("Log", _tail(folder / "log.txt"))
    if job.traceback:
        yield _fold("Details of the fault", job.traceback)


def _named_parameters(job: Job) -> dict[str, Any]:
    fields = STEPS[job.task].parameters.model_fields
    named = {}
    for name, value in job.parameters.items():
        field = fields.get(name)
        extra = field.json_schema_extra if field else None
        unit = f" {extra['unit']}" if isinstance(extra, dict) and extra.get("unit") else ""
        empty = str(extra["empty"]) if isinstance(extra, dict) else FOUND
        shown = empty if value in (None, "") else f"{value}{unit}"
        named[f"{field.title} ({name})" if field else name] = shown
    return named


def _inputs(job: Job, record: dict[str, Any] | None) -> dict[str, Any]:
    if record is None:
        return {item.name: item.label for item in job.inputs}
    labels = {item.name: item.label for item in job.inputs}
    return {
        item["name"]: [labels[item["name"]], html.Br(), html.Code(f"sha256 {item['sha256']}")]
        for item in record["inputs"]
    }


def _times(job: Job) -> dict[str, str]:
    return {
        "created": panel.when(job.created),
        "started": panel.when(job.started) or "not yet",
        "finished": panel.when(job.finished) or "not yet",
    }


def _record(folder: Path) -> dict[str, Any] | None:
    """The record of the run; none if there is none yet, or it is damaged."""
    record = read_object_if_sound(folder / "result" / "run.json")
    return record if {"inputs", "versions", "machine"} <= set(record) else None


def _files(folder: Path) -> list[Path]:
    """Files at the top of a result; deeper ones are in the zip."""
    return sorted(path for path in (folder / "result").iterdir() if path.is_file())


def _file(job: Job, path: Path, folder: Path) -> Component:
    name = path.relative_to(folder / "result").as_posix()
    size = f" ({path.stat().st_size / 1000:,.0f} kB)"
    return html.Span([html.A(name, href=f"/jobs/{job.id}/files/{name}"), size])


def _pairs(values: dict[str, Any]) -> Component:
    rows = [html.Tr([html.Th(name, scope="row"), html.Td(value)]) for name, value in values.items()]
    return html.Div(html.Table(html.Tbody(rows)), className="scroll", tabIndex="0")


def _tail(file: Path) -> str:
    if not file.exists():
        return "Nothing was logged yet."
    return file.read_text(encoding="utf-8", errors="replace")[-LOG_CHARACTERS:]


def _fold(title: str, text: str) -> Component:
    return html.Details([html.Summary(title), html.Pre(text, tabIndex="0")], className="fold")
