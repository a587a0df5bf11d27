"""What the home folder holds and how large it is; deleting what nobody needs any more.

The home folder is all there is to back up: copy it, and an app started on the copy has the
same jobs, uploads and models.
"""

import shutil
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from dashboard.jobs.store import Job, Store
from dashboard.server.settings import Settings
from dashboard.workspaces.store import Workspaces
from pipelines.core.errors import InputError, NoRoomError, OutputError
from pipelines.core.provenance import size

GB = 1_000_000_000
DAY_SECONDS = 86400.0
"""An upload of the last day may be waiting for its job."""


@dataclass(frozen=True)
class Use:
    """A part of the home folder.

    Attributes:
        what: in words.
        bytes: how much it takes.
    """

    what: str
    bytes: int


@dataclass(frozen=True)
class StoredJob:
    """A job that is over, with what it takes and who needs it.

    Attributes:
        job: the job.
        bytes: of its result and log.
        readers: ids of jobs that were made from its result.
    """

    job: Job
    bytes: int
    readers: tuple[str, ...]


def overview(settings: Settings) -> list[Use]:
    """The parts of the home folder, the largest first."""
    parts = {
        "Jobs with their results": settings.jobs,
        "Uploads": settings.uploads,
        "Examples": settings.examples,
        "Models of the registry": settings.registry,
        "Curations": settings.home / "curation",
        "Compiled functions": settings.home / "cache",
    }
    uses = [Use(what, _size(folder)) for what, folder in parts.items()]
    return sorted(uses, key=lambda use: -use.bytes)


def require_room(settings: Settings, coming: int = 0) -> None:
    """Do nothing while the home folder is within its quota.

    Args:
        settings: with the quota.
        coming: bytes that are about to be added.

    Raises:
        OutputError: it is full, or has no room for what is coming.
    """
    if not settings.quota_gb:
        return
    used = sum(use.bytes for use in overview(settings))
    if used >= settings.quota_gb * GB:
        raise OutputError(
            f"Neuroboard's folder is full ({used / GB:.1f} of {settings.quota_gb} GB): ask the "
            "person who runs this server to delete old jobs on the page Space."
        )
    if used + coming > settings.quota_gb * GB:
        raise OutputError(
            f"Neuroboard's folder has no room for {in_words(coming)} more ({used / GB:.1f} of "
            f"{settings.quota_gb} GB are used): ask the person who runs this server to delete old "
            "jobs on the page Space."
        )


def stored_jobs(store: Store, settings: Settings) -> list[StoredJob]:
    """Jobs that are over, the largest first."""
    jobs = store.latest(limit=-1)
    readers = _readers(jobs)
    found = [
        StoredJob(job, _size(settings.jobs / job.id), tuple(readers.get(job.id, ())))
        for job in jobs
        if job.state.is_over
    ]
    return sorted(found, key=lambda stored: -stored.bytes)


def delete_jobs(job_ids: Collection[str], store: Store, settings: Settings) -> int:
    """Delete jobs with their results; how many bytes that freed.

    Raises:
        InputError: another job was made from one of them and is not deleted with it.
        NotAllowedError: the person does not own the server.
    """
    wanted = [stored for stored in stored_jobs(store, settings) if stored.job.id in job_ids]
    for stored in wanted:
        kept = [reader for reader in stored.readers if reader not in job_ids]
        if kept:
            raise InputError(
                f"Job {stored.job.id} is what {', '.join(kept)} was made from: delete "
                f"{'that' if len(kept) == 1 else 'those'} first."
            )
    for stored in wanted:
        _delete(stored.job.id, store, settings)
    return sum(stored.bytes for stored in wanted)


def _delete(job_id: str, store: Store, settings: Settings) -> None:
    """On a full disk the result goes first: that makes the room that the list needs."""
    try:
        store.delete(job_id)
    except NoRoomError:
        shutil.rmtree(settings.jobs / job_id, ignore_errors=True)
        store.delete(job_id)
    shutil.rmtree(settings.jobs / job_id, ignore_errors=True)


def unused_uploads(store: Store, settings: Settings, now: float | None = None) -> list[Path]:
    """Uploads, whole or broken off, that are older than a day and in no job and no workspace."""
    read = [job.inputs for job in store.latest(limit=-1)]
    read += [workspace.inputs for workspace in Workspaces(store.file).all()]
    used = {item.reference for inputs in read for item in inputs}
    before = (time.time() if now is None else now) - DAY_SECONDS
    return [
        folder
        for folder in sorted(settings.uploads.iterdir())
        if f"upload:{folder.name}" not in used and folder.stat().st_mtime < before
    ]


def delete_uploads(folders: Sequence[Path]) -> int:
    """Delete uploads; how many bytes that freed."""
    freed = sum(map(_size, folders))
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)
    return freed


def in_words(count: int) -> str:
    """Bytes as a person reads them."""
    if count >= GB:
        return f"{count / GB:,.1f} GB"
    return f"{count / 1e6:,.1f} MB" if count >= 100_000 else f"{count / 1000:,.1f} kB"


def _readers(jobs: Sequence[Job]) -> dict[str, list[str]]:
    readers: dict[str, list[str]] = {}
    for job in jobs:
        for item in job.inputs:
            kind, _, rest = item.reference.partition(":")
            if kind == "job":
                readers.setdefault(rest, []).append(job.id)
    return readers


def _size(folder: Path) -> int:
    """A file may vanish while it is counted: a job is running."""
    try:
        return size(folder) if folder.exists() else 0
    except FileNotFoundError:
        return 0
