"""The server takes for an input what its form offers, whatever is posted."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from dash import Dash

from dashboard.brainmap import page
from dashboard.jobs.store import JobInput, JobState, Store
from dashboard.kit.bench import Bench, Source
from dashboard.kit.workbench import run
from dashboard.server import offered, submission, uploads
from dashboard.server.services import Services
from dashboard.spikes import batch, recordings
from dashboard.spikes import benches as spike_benches
from dashboard.spikes import page as spikes
from dashboard.synapses import page as synapses
from pipelines.core.errors import InputError
from pipelines.steps import STEPS


def benches() -> list[Bench]:
    modules = (page, batch, spike_benches, recordings, spikes, synapses)
    values = [value for module in modules for value in vars(module).values()]
    values += [one for value in values if isinstance(value, dict) for one in value.values()]
    return list({one.slug: one for one in values if isinstance(one, Bench)}.values())


def offers(source: Source) -> set[str]:
    kinds = {
        "upload": source.upload,
        "data": source.root,
        "example": source.example,
        "job": source.from_task,
        "model": source.from_registry,
    }
    return {kind for kind, given in kinds.items() if given} or {"curation"}


def test_every_form_can_send_what_it_offers_and_nothing_else() -> None:
    found = benches()
    assert len(found) > 12
    sent: dict[str, set[str]] = {}
    for bench in found:
        for source in bench.sources:
            sent.setdefault(f"{bench.task.split()[0]} {source.name}", set()).update(offers(source))
    sent["brainmap images"] |= {"job"}  # a changed series is looked at and mapped from its result
    sent["spikes earlier"] = {"job"}  # groups that failed are sorted again from the result
    sent["brainmap earlier"] = {"job"}  # other colours are given to a finished map
    unsent: set[str] = set()
    assert {
        name: set(kinds) for name, kinds in offered.OFFERED.items() if name not in unsent
    } == sent


def test_every_input_of_every_task_is_decided_on() -> None:
    by_command_alone = {"spikes thresholds"}
    for task in STEPS.values():
        for name in (*task.needed, *task.optional):
            key = f"{task.name.split()[0]} {name}"
            assert key in offered.OFFERED or key in by_command_alone


@pytest.fixture
def planted(found: Services, tmp_path: Path) -> str:
    """A model and a file below the data root, and the same as an upload."""
    root = found.settings.data[0]
    (root / "evil").mkdir()
    (root / "evil" / "manifest.json").write_text("{}")
    (root / "evil.csv").write_text("a,b\n1,2\n")
    folder = found.settings.uploads / ".incoming-0"
    folder.mkdir(parents=True)
    shutil.copy(root / "evil.csv", folder)
    return uploads.keep(folder, found.settings).reference


@pytest.mark.parametrize(
    ("task", "name"),
    [
        ("synapses predict", "bundle"),
        ("synapses train", "fit"),
        ("spikes label", "bundle"),
        ("spikes label", "units"),
        ("spikes label", "thresholds"),
        ("spikes review", "sorting"),
        ("spikes curate", "curation"),
        ("spikes curate", "sorting"),
        ("spikes export", "labels"),
        ("spikes sort", "earlier"),
        ("spikes agreement", "labels"),
        ("spikes training-table", "curated"),
        ("brainmap export", "map"),
        ("brainmap colorize", "map"),
    ],
)
def test_a_forged_reference_starts_no_job(
    found: Services, planted: str, task: str, name: str
) -> None:
    for reference in ("data:data/evil", "data:data/evil.csv", planted, "example:synapses"):
        with pytest.raises(InputError, match=f"The {name} of {task} cannot be"):
            submission.submit(task, everything(task) | {name: reference}, {})
    assert found.store.latest((task,)) == []


def everything(task: str) -> dict[str, str]:
    """References of the right kind for what the task must have."""
    return {
        name: f"{sorted(offered.OFFERED[f'{task.split()[0]} {name}'])[0]}:x"
        for name in STEPS[task].needed
    }


def test_a_forged_reference_among_several_starts_no_job(found: Services, planted: str) -> None:
    given = {"table": f"{planted} data:data/evil.csv"}
    with pytest.raises(InputError, match="The table of spikes train-labels cannot be data"):
        submission.submit("spikes train-labels", given, {})


def test_a_result_of_another_pipeline_is_no_model(found: Services, app: Dash) -> None:
    images = found.settings.data[0] / "film.npy"
    np.save(images, np.zeros((6, 20, 30)))
    item = JobInput("images", "data:data/film.npy", "film", str(images), "k")
    job = found.store.submit("brainmap series", {}, [item], version="1", quick=False)
    with pytest.raises(InputError, match=f"Job {job} is of brainmap series"):
        submission.submit(
            "synapses predict", {"bundle": f"job:{job}", "table": "example:synapses"}, {}
        )


def test_what_the_page_posts_is_checked_too(found: Services, planted: str) -> None:
    bench = synapses.BENCHES["predict"]
    ids = [bench.source_id("reference", source) for source in bench.sources]
    _, says = run(bench, 1, ids, ["data:data/evil", "example:new-synapses"], [], [])
    assert says == "The bundle of synapses predict cannot be data: it can be job, model."
    assert found.store.latest(("synapses predict",)) == []


def test_a_job_with_a_forged_reference_is_not_run_again(
    found: Services,
) -> None:
    forged = JobInput("bundle", "data:data/evil", "evil", "/evil", "k")
    table = JobInput("table", "example:new-synapses", "Example", "/example", "k")
    before = Store(found.settings.home / "jobs.sqlite")  # as it was before references were checked
    job_id = before.submit("synapses predict", {}, [forged, table], version="1")
    before.cancel(job_id)
    with pytest.raises(InputError, match="The bundle of synapses predict cannot be data"):
        found.store.restart(job_id)
    job = found.store.get(job_id)
    assert job is not None
    assert job.state is JobState.CANCELLED
