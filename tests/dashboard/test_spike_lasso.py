"""A line around spikes on the page of a sorting: what is in it, and the split that it becomes."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from dash.exceptions import PreventUpdate

from dashboard.home import jobs
from dashboard.jobs.store import JobInput, JobState
from dashboard.server.services import Services
from dashboard.spikes import lasso
from dashboard.spikes.curation import desk as curating
from pipelines.spikes import demo
from pipelines.spikes.curation.log import LOG_FILE, Log, read_start
from pipelines.tasks import run

EVERYTHING = [[-1e6, 1e6, 1e6, -1e6], [-1e6, -1e6, 1e6, 1e6]]
NOTHING = [[1e6, 2e6, 2e6], [1e6, 1e6, 2e6]]


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """12 s of a simulated tetrode, sorted."""
    folder = tmp_path_factory.mktemp("lasso")
    demo.save(demo.simulate(0, 12.0).recording, folder / "recording")
    run("spikes sort", {"recording": folder / "recording"}, {}, folder / "sorted")
    return folder / "sorted"


@pytest.fixture
def job_id(found: Services, result: Path) -> str:
    item = JobInput("recording", "data:data/a.dat", "data/a.dat", "a.dat", "key")
    job_id = found.store.submit("spikes sort", {}, [item], version="1", quick=False)
    folder = found.settings.jobs / job_id
    folder.mkdir(parents=True)
    (folder / "result").symlink_to(result)
    return job_id


def half(result: Path) -> tuple[list[list[float]], int]:
    """A line around the right half of the spikes, and how many are in it."""
    cloud = lasso.clouds(result)[0]
    x = cloud.points[:, 0]
    middle = float(np.median(x)) + 1e-4
    return [[middle, 1e6, 1e6, middle], [-1e6, -1e6, 1e6, 1e6]], int((x > middle).sum())


def test_what_is_in_the_line_is_counted_unit_by_unit(job_id: str, result: Path) -> None:
    outline, count = half(result)
    shown = str(lasso.show(outline, "0", "1 and 2", job_id))
    assert f"{count:,} spikes in the line" in shown
    assert "mean waveform with one standard deviation of its spikes in the line" in shown
    assert "Intervals between successive spikes" in shown
    assert "0 spikes in the line" in str(lasso.show(NOTHING, "0", "1 and 2", job_id))
    assert lasso.HINT in str(lasso.show(None, "0", "1 and 2", job_id))


def test_a_line_around_a_whole_unit_offers_no_split(job_id: str) -> None:
    shown = str(lasso.show(EVERYTHING, "0", "1 and 2", job_id))
    assert "are in the line." in shown
    assert "spikes-split'" not in shown


def test_the_split_is_a_step_of_the_curation_and_is_not_done_twice(
    found: Services, job_id: str, result: Path
) -> None:
    outline, _ = half(result)
    said = str(lasso.split(1, outline, "0", "1 and 2", job_id))
    assert "is split into units" in said
    assert f"/spikes?step=curate&sort={job_id}" in said
    _, digest = read_start(result)
    log = Log(curating.home(found.settings) / digest[:16] / LOG_FILE, digest)
    (step,) = log.read()
    assert step.action == "split"
    assert step.reason == "line drawn in the clusters of group 0, components 1 and 2"
    again = str(lasso.split(1, outline, "0", "1 and 2", job_id))
    assert f"There is no unit {step.units[0]}" in again


def test_a_group_whose_spikes_were_not_all_kept_is_split_in_the_curation_only(
    result: Path,
) -> None:
    cloud = replace(lasso.clouds(result)[0], n_spikes=10**6)
    offered = str(list(lasso._offer(cloud, 2, 5, 10)))
    assert "a line does not find all" in offered
    assert "spikes-split'" not in offered


def test_a_job_is_stopped_or_started_again_from_its_row(found: Services, job_id: str) -> None:
    def button() -> str:
        job = found.store.get(job_id)
        assert job is not None
        return str(jobs.action(job))

    assert "Cancel: data/a.dat" in button()
    found.store.cancel(job_id)
    assert "Run again: data/a.dat" in button()
    found.store.restart(job_id)
    found.store.claim(quick_only=False)
    found.store.finish(job_id, JobState.DONE)
    assert button() == "None"


def test_a_table_of_jobs_is_drawn_anew_only_when_there_is_news(
    found: Services, job_id: str
) -> None:
    _, now = jobs.refresh(1, None)
    with pytest.raises(PreventUpdate):
        jobs.refresh(2, now)
    found.store.cancel(job_id)
    assert jobs.refresh(3, now)[1] != now
