"""What a job is, kept in its folder: with it, its result is found again when the list is lost."""

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from dashboard.jobs.store import Job, JobInput, JobState, job_of, row_of
from pipelines.core.outputs import RECORD, atomic_file
from pipelines.core.result_files import read_object_if_sound
from pipelines.steps import STEPS

FILE = "job.json"
NO_RESULT = (
    "The list of jobs was damaged and made anew from the folders of the jobs; this one has no "
    "result. Its input and parameters are kept: press Run again."
)


def write(job: Job, folder: Path, home: Path) -> None:
    """Write what a job is into its folder.

    Raises:
        OutputError: it cannot be written.
    """
    with atomic_file(folder / FILE, overwrite=True) as file:
        file.write_text(json.dumps(row_of(job, home), indent=2) + "\n", encoding="utf-8")


def find(jobs: Path, home: Path) -> Iterator[Job]:
    """The jobs that the folders below `jobs` tell of, the oldest first.

    Of a folder that an older version made, the result's `run.json` says what it was.
    """
    folders = [folder for folder in jobs.iterdir() if folder.is_dir()] if jobs.is_dir() else []
    found = [job for folder in folders if (job := _read(folder, home)) is not None]
    return iter(sorted(found, key=lambda job: (job.created, job.id)))


def _read(folder: Path, home: Path) -> Job | None:
    run = read_object_if_sound(folder / "result" / RECORD)
    try:
        row = read_object_if_sound(folder / FILE) or _row_of_run(folder, run)
        if row.get("id") != folder.name or row.get("task") not in STEPS:
            return None
        if not run:
            ended = {"state": JobState.INTERRUPTED, "error": NO_RESULT, "fraction": 0.0}
            return job_of({**row, **ended, "cancel": 0, "traceback": ""}, home)
        finished = (folder / "result" / RECORD).stat().st_mtime
        ended = {"state": JobState.DONE, "error": "", "fraction": 1.0, "finished": finished}
        return job_of({**row, **ended, "seconds": run.get("seconds"), "traceback": ""}, home)
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


def _row_of_run(folder: Path, run: dict[str, Any]) -> dict[str, Any]:
    """A row from what a result records; references are not in it, so inputs are known by path."""
    started = datetime.fromisoformat(run["started"]).timestamp()
    inputs = [
        JobInput(one["name"], "", Path(one["path"]).name, one["path"], one["sha256"])
        for one in run["inputs"]
    ]
    job = Job(
        id=folder.name,
        task=run["pipeline"],
        parameters=run["parameters"],
        inputs=tuple(inputs),
        quick=STEPS[run["pipeline"]].quick,
        state=JobState.DONE,
        fraction=1.0,
        message="",
        error="",
        traceback="",
        cancel=False,
        created=started,
        started=started,
        finished=None,
        author="",
    )
    return row_of(job, folder)
