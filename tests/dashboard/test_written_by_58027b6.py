"""A home folder of commit 58027b6 is opened: its jobs, results, uploads, curation and models."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from dash import Dash
from dash.exceptions import PreventUpdate
from plotly.io.json import to_json_plotly

from dashboard import create_app, views
from dashboard.home import models
from dashboard.jobs.store import JobState
from dashboard.kit import following
from dashboard.pages import step_pages
from dashboard.server import inputs, submission, uploads
from dashboard.server.services import Services, services
from dashboard.server.settings import Settings
from dashboard.spikes import page
from dashboard.spikes.curation import desk as curating
from pipelines.core.errors import InputError
from pipelines.models import registry
from pipelines.models.earlier_models import convert
from pipelines.spikes.curation.steps import CurationStep
from tests.earlier import HOLDS, needs_same_scikit_learn, unpack

JOBS = HOLDS["jobs"]
DONE = {job_id: task for job_id, (task, state) in JOBS.items() if state == "done"}


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return unpack(tmp_path_factory.mktemp("earlier"), "home")


@pytest.fixture
def old_app(unpacked: Path, tmp_path: Path) -> Dash:
    home = shutil.copytree(unpacked / "home", tmp_path / "home")
    return create_app(Settings(home=home))


@pytest.fixture
def old(old_app: Dash) -> Iterator[Services]:
    with old_app.server.app_context():
        yield services()


def the(task: str) -> str:
    """The first job of a kind."""
    return next(job_id for job_id, known in DONE.items() if known == task)


def test_every_kind_of_job_is_there() -> None:
    made_by_commands_alone = {"brainmap statistics", "spikes agreement", "spikes training-table"}
    later = {name for name in step_pages() if name.endswith((" report", " import"))}
    assert set(DONE.values()) == set(step_pages()) - made_by_commands_alone - later


def test_the_jobs_are_listed(old: Services) -> None:
    found = {job.id: [job.task, str(job.state)] for job in old.store.latest()}
    assert found == JOBS


@pytest.mark.parametrize(("job_id", "task"), DONE.items(), ids=DONE.values())
def test_a_result_is_shown(old: Services, job_id: str, task: str) -> None:
    job = old.store.get(job_id)
    assert job is not None
    drawn = to_json_plotly(views.view(job))
    assert views.UNSHOWN not in drawn
    assert len(drawn) > 500


def test_its_files_are_handed_out(old_app: Dash) -> None:
    client = old_app.server.test_client()
    for job_id in DONE:
        with client.get(f"/jobs/{job_id}/files/run.json") as answer:
            assert answer.status_code == 200


def test_uploads_are_found(old: Services) -> None:
    for folder in old.settings.uploads.iterdir():
        assert uploads.find(folder.name, old.settings).path.exists()


def test_a_curation_goes_on(old: Services) -> None:
    job = old.store.get(the("spikes review"))
    assert job is not None
    desk = curating.desk(job)
    assert sorted(desk.state().units) == [0, 3, 4]
    assert desk.state().labels == {0: "good"}
    assert 5 not in desk.take(CurationStep("undo", "ben")).units
    assert sorted(desk.state().units) == [0, 1, 2, 3]


@pytest.mark.usefixtures("quick_pickles")
def test_results_are_inputs_of_new_jobs(old: Services) -> None:
    needs_same_scikit_learn(old.settings.registry / "forest")
    list(convert(old.settings.registry))
    sorting, fit = the("spikes sort"), the("brainmap fit")
    parameters = {"format": "phy"}
    export = submission.submit("spikes export", {"sorting": f"job:{sorting}"}, parameters)
    colored = submission.submit("brainmap colorize", {"map": f"job:{fit}"}, {})
    predict = submission.submit(
        "synapses predict",
        {"bundle": "model:forest", "table": old.store.get(the("synapses fit")).inputs[0].reference},
        {},
    )
    for job_id in (export, colored, predict):
        job = old.store.get(job_id)
        assert job is not None
        assert job.state is JobState.QUEUED
        assert all(Path(item.path).exists() for item in job.inputs)


def test_models_are_offered(old: Services) -> None:
    entries = registry.entries(old.settings.registry)
    assert [(entry.name, bool(entry.retired)) for entry in entries] == [
        ("forest", False),
        ("neighbours", True),
    ]
    assert not any(entry.problems() for entry in entries)


def test_models_that_are_pickles_are_not_used_and_the_page_says_what_to_do(old: Services) -> None:
    words = f"python -m pipelines models convert {old.settings.home}"
    drawn = json.dumps(json.loads(to_json_plotly(models.layout())))
    assert "4 models are of an earlier version" in drawn
    assert words in drawn
    for reference in ("model:forest", f"job:{the('synapses train')}"):
        with pytest.raises(InputError, match=f"{words}.*its predictions stay the same"):
            inputs.resolve("bundle", reference, old.settings, old.store)


def test_an_export_takes_the_newest_labelling_of_its_units(old: Services) -> None:
    sorting, labelling = the("spikes sort"), the("spikes label")
    reference = f"job:{sorting}"
    units, labels = page.EXPORT.sources
    assert following.choose(labels, units, reference, "", "?step=export") == f"job:{labelling}"
    assert following.choose(labels, units, "job:other", f"job:{labelling}", "") is None
    for follower, search in ((f"job:{labelling}", ""), ("", f"?job={the('spikes export')}")):
        with pytest.raises(PreventUpdate):
            following.choose(labels, units, reference, follower, search)
