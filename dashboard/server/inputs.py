"""References to inputs: short texts that a form, a link and a job's record can carry.

upload:DIGEST            a set of uploaded files
data:ROOT/relative/path  something below a data root
example:NAME             example data, made when first used
job:ID                   the result of an earlier job
model:NAME               a model of the registry
curation:SORTING/DIGEST  the steps of a curation as they were at some time
"""

import hashlib
import json
from pathlib import Path

from dashboard.home.examples import EXAMPLES, example_path
from dashboard.jobs.store import JobInput, JobState, Store
from dashboard.server import roots, uploads
from dashboard.server.settings import Settings
from dashboard.spikes.curation import desk as curating
from pipelines.core.errors import InputError
from pipelines.core.fingerprint import fingerprint
from pipelines.core.provenance import files_below
from pipelines.models import bundles, registry
from pipelines.spikes.units.folder import SortingFolder


def resolve(name: str, reference: str, settings: Settings, store: Store) -> JobInput:
    """Find what a reference stands for.

    Args:
        name: what the task calls this input.
        reference: as above.
        settings: where the roots and the home folder are.
        store: where earlier jobs are.

    Raises:
        InputError: nothing is chosen, or it cannot be found.
    """
    kind, _, rest = reference.partition(":")
    if kind == "upload":
        upload = uploads.find(rest, settings)
        return JobInput(name, reference, upload.label, str(upload.path), reference)
    if kind == "data":
        path = roots.locate(settings.data, rest)
        return JobInput(name, reference, rest, str(path), key_of(path))
    if kind == "example" and rest in EXAMPLES:
        path = example_path(rest, settings)
        return JobInput(name, reference, EXAMPLES[rest].label, str(path), reference)
    if kind == "job":
        return _from_job(name, rest, settings, store)
    if kind == "curation":
        path = curating.snapshot_file(rest, settings)
        return JobInput(name, reference, "Curation", str(path), reference)
    if kind == "model":
        return _from_registry(name, rest, settings)
    raise InputError(f"Choose the {name} first: upload it, pick it, or take the example data.")


def _from_job(name: str, job_id: str, settings: Settings, store: Store) -> JobInput:
    job = store.get(job_id)
    if job is None or job.state is not JobState.DONE:
        raise InputError(f"Job {job_id} has no finished result: run it first.")
    label = f"{job.inputs[0].label.partition(' (job ')[0]} (job {job_id})"
    path = settings.jobs / job_id / "result"
    _refuse_earlier(f"The model of job {job_id}", path)
    return JobInput(name, f"job:{job_id}", label, str(path), f"job:{job_id}{_located(path)}")


def _refuse_earlier(name: str, folder: Path) -> None:
    """A job that used it would end with the same sentence."""
    if bundles.keeps_pickle(folder):
        raise InputError(bundles.earlier_sentence(name, folder))


def _located(result: Path) -> str:
    """Marks a sorting that was told where its recording lies now: what it makes may be more."""
    mark = SortingFolder(result).located_mark()
    return f"@{mark}" if mark else ""


def _from_registry(name: str, model: str, settings: Settings) -> JobInput:
    entry = registry.find(settings.registry, model)
    if entry.retired:
        raise InputError(f"The model {model} is retired: choose another, or restore it.")
    entry.card()
    _refuse_earlier(f"The model {model}", entry.folder)
    label, reference = f"Model {model}", f"model:{model}"
    return JobInput(name, reference, label, str(entry.folder), f"model:{entry.digest}")


def key_of(path: Path) -> str:
    """What the content of a path is known by: cheap for a recording of a hundred GB.

    Where it lies, names, sizes and blocks of its files; of files too large to be read whole also
    when they were changed. The sha256 of everything is taken by the worker, for the record.
    """
    found = fingerprint(path, list(files_below(path)))
    return hashlib.sha256(json.dumps([str(path), found.sha256, found.times]).encode()).hexdigest()
