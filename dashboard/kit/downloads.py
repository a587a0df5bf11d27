"""A finished job as files: everything as a zip, and a script that repeats it."""

import tempfile
import threading
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO

from flask import Blueprint, Response, abort, send_file

from dashboard.jobs.store import Job, JobState, Store
from dashboard.server.services import services
from dashboard.workspaces import run_notes
from pipelines.core.errors import InputError
from pipelines.core.provenance import files_below
from pipelines.core.result_files import read_object
from pipelines.core.terminal import shown
from pipelines.files.reading import reading

SCRIPT = '''"""Repeats Neuroboard job {job} ({task}).

Needs only Neuroboard's `pipelines` on the Python path: run it in the project's folder,
    python {name} [FOLDER FOR RESULTS]
"""

import sys
from pathlib import Path

from pipelines.core.provenance import digest
from pipelines.tasks import run

OUT = Path(sys.argv[1] if len(sys.argv) > 1 else "repeated-{job}")


def same(path: str, sha256: str) -> Path:
    """The input, if it still is what the job was run on."""
    if digest(Path(path)) != sha256:
        sys.exit(f"{{path}} is not the input of the job any more (its sha256 differs).")
    return Path(path)

'''

PACKING = threading.BoundedSemaphore(3)
"""Results packed at the same time; of the threads that answer, others are left for pages."""


def blueprint() -> Blueprint:
    """The routes of downloads."""
    routes = Blueprint("export", __name__)
    routes.add_url_rule("/jobs/<job_id>/files/<path:file>", view_func=send_one)
    routes.add_url_rule("/jobs/<job_id>/everything.zip", view_func=send_everything)
    routes.add_url_rule("/jobs/<job_id>/repeat.py", view_func=send_script)
    return routes


def send_one(job_id: str, file: str) -> Response:
    """One file of a result."""
    job = _job(job_id)
    folder = (services().settings.jobs / job.id / "result").resolve()
    try:
        path = (folder / file).resolve()
        found = path.is_relative_to(folder) and path.is_file()
    except (OSError, ValueError):  # a name that no file can have: too long, or with a NUL
        found = False
    if not found:
        abort(404)
    return send_file(path, as_attachment=True, download_name=shown(path.name))


def send_everything(job_id: str) -> Response:
    """Result, record, log, what people noted on it, and script in one zip."""
    job = _job(job_id)
    found = services()
    if not PACKING.acquire(blocking=False):
        abort(503, "Several results are being packed: try again in a minute.")
    try:
        stream = tempfile.TemporaryFile()  # noqa: SIM115  closed when it was sent
        write_zip(job, found.store, found.settings.jobs, stream)
    finally:
        PACKING.release()
    stream.seek(0)
    return send_file(
        stream, mimetype="application/zip", as_attachment=True, download_name=f"{job.id}.zip"
    )


def send_script(job_id: str) -> Response:
    """The script that repeats a job."""
    job = _job(job_id)
    found = services()
    try:
        text = script(job, found.store, found.settings.jobs)
    except InputError as error:
        abort(404, error.sentence)
    answer = Response(text, mimetype="text/x-python")
    answer.headers["Content-Disposition"] = f"attachment; filename={script_name(job)}"
    return answer


def write_zip(job: Job, store: Store, jobs: Path, stream: IO[bytes]) -> None:
    """Write everything of a finished job as a zip."""
    folder = jobs / job.id
    with zipfile.ZipFile(
        stream,
        "w",
        zipfile.ZIP_DEFLATED,
        strict_timestamps=False,  # a clock may have been at 1970
    ) as archive:
        for file in files_below(folder / "result"):
            archive.write(file, f"{job.id}/{file.relative_to(folder).as_posix()}")
        archive.write(folder / "log.txt", f"{job.id}/log.txt")
        if (folder / run_notes.FILE).is_file():
            archive.write(folder / run_notes.FILE, f"{job.id}/{run_notes.FILE}")
        with suppress(InputError):  # what is left of a damaged result can be had all the same
            archive.writestr(f"{job.id}/{script_name(job)}", script(job, store, jobs))


def script_name(job: Job) -> str:
    """File name of the script."""
    return f"repeat_{job.id}.py"


def script(job: Job, store: Store, jobs: Path) -> str:
    """A program that runs a job, and the jobs that it builds on, with `pipelines` alone."""
    head = SCRIPT.format(job=job.id, task=job.task, name=script_name(job))
    return head + "\n".join(_run_lines(step, jobs) for step in _chain(job, store))


def _chain(job: Job, store: Store) -> Iterator[Job]:
    """The jobs whose results a job reads, earliest first, and the job itself."""
    for item in job.inputs:
        kind, _, rest = item.reference.partition(":")
        earlier = store.get(rest) if kind == "job" else None
        if earlier is not None:
            yield from _chain(earlier, store)
    yield job


def _run_lines(job: Job, jobs: Path) -> str:
    file = jobs / job.id / "result" / "run.json"
    with reading(file, InputError, "run the job again", "record of a run"):
        record = read_object(file, InputError, "run the job again")
        digests = {item["name"]: item["sha256"] for item in record["inputs"]}
    lines = [f"run({job.task!r}, {{"]
    for item in job.inputs:
        kind, _, rest = item.reference.partition(":")
        checked = f"same({item.path!r}, {digests[item.name]!r})"
        value = f"OUT / {rest!r}" if kind == "job" else checked
        lines.append(f"    {item.name!r}: {value},")
    lines.append(f"}}, {job.parameters!r}, OUT / {job.id!r})")
    return "\n".join(lines) + "\n"


def _job(job_id: str) -> Job:
    job = services().store.get(job_id)
    if job is None or job.state is not JobState.DONE:
        abort(404)
    return job
