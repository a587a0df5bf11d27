"""What the pages of sorting do beyond showing: batch, look, running again, choosing a solution."""

import json
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pandas as pd
import pytest

from dashboard.jobs.store import JobInput, JobState
from dashboard.server.services import Services
from dashboard.spikes import batch, look
from dashboard.spikes import groups as spike_groups
from dashboard.spikes import page as spikes
from pipelines.spikes.units.clouds import Cloud, Solution, write_clouds


def finished(found: Services, task: str, parameters: dict, results: dict, root: Path) -> str:
    """A job that is done, with an empty result folder."""
    (root / "a.dat").write_bytes(bytes(1000))
    item = JobInput("recording", "data:data/a.dat", "data/a.dat", str(root / "a.dat"), "key")
    job_id = found.store.submit(task, parameters, [item], version="1", quick=False)
    folder = found.settings.jobs / job_id / "result"
    folder.mkdir(parents=True)
    (folder / "run.json").write_text(json.dumps({"results": results}))
    return job_id


def test_a_failed_group_is_run_again_with_the_rest_taken_over(
    found: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = found.settings.data[0]
    job_id = finished(found, "spikes sort", {"seed": 3}, {}, root)
    groups = pd.DataFrame(
        {"group": [0, 1], "channels": ["0", "1"], "state": ["done", "failed"], "reason": ["", "x"]}
    )
    groups.to_csv(found.settings.jobs / job_id / "result" / "groups.csv", index=False)
    job = found.store.get(job_id)
    assert job is not None
    assert "Group 1 (channels 1) failed: x" in str(spike_groups.failures(job))
    sent = []
    monkeypatch.setattr(spike_groups, "submit", lambda *given: sent.append(given) or "new")
    address, problem = spike_groups.run_again(1, job_id)
    assert (address, problem) == ("/spikes?step=sort&job=new", "")
    task, references, parameters = sent[0]
    assert task == "spikes sort"
    assert references == {"recording": "data:data/a.dat", "earlier": f"job:{job_id}"}
    assert parameters["seed"] == 3


def test_a_solution_is_shown_and_used(found: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    job_id = finished(found, "spikes sort", {"choose": "1:4"}, {}, found.settings.data[0])
    labels = np.array([0, 1, 1], np.int16)
    cloud = Cloud(np.arange(3), np.zeros((3, 3), np.float32), labels, {2: Solution(labels, 5.0)}, 3)
    write_clouds({0: cloud}, found.settings.jobs / job_id / "result" / "clouds.npz")
    _, choices, shown, hidden = spike_groups.show("0", "2 components", "1 and 2", job_id)
    assert (choices, shown, hidden) == (["as sorted", "2 components"], "2 components", False)
    sent = []
    monkeypatch.setattr(spike_groups, "submit", lambda *given: sent.append(given) or "new")
    spike_groups.use(1, "0", "2 components", job_id)
    assert sent[0][2]["choose"] == "0:2,1:4"


def test_a_sorting_without_clouds_says_where_they_are(found: Services) -> None:
    job_id = finished(found, "spikes sort", {}, {}, found.settings.data[0])
    job = found.store.get(job_id)
    assert job is not None
    assert f"/spikes?step=curate&sort={job_id}" in str(spike_groups.view(job))


def test_a_batch_is_a_job_for_each_recording_and_stopped_ones_go_on(found: Services) -> None:
    root = found.settings.data[0]
    for name in ("a.dat", "b.dat"):
        (root / name).write_bytes(bytes(1000))
    address, problem = batch.run(1, ["data/a.dat", "data/b.dat"], [], [], [], [])
    assert problem == ""
    jobs = parse_qs(urlsplit(address).query)["jobs"][0].split(",")
    assert len(set(jobs)) == 2
    assert batch.run(1, ["data/a.dat"], [], [], [], [])[0].endswith(f"jobs={jobs[0]}")
    found.store.cancel(jobs[0])
    page = str(spikes.layout(step="batch", jobs=",".join(jobs)))
    assert "1 of 2 are over: 1 cancelled, 1 queued." in page
    assert found.store.get(jobs[0]).state is JobState.CANCELLED


def test_a_probe_and_a_sort_file_go_with_every_recording_of_a_batch(
    found: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a.dat", "b.dat"):
        (found.settings.data[0] / name).write_bytes(bytes(1000))
    sent = []
    monkeypatch.setattr(batch, "submit", lambda *given: sent.append(given) or "job")
    ids = [{"name": "probe"}, {"name": "sort_file"}]
    batch.run(1, ["data/a.dat", "data/b.dat"], ids, ["upload:one", ""], [], [])
    assert [references for _, references, _ in sent] == [
        {"recording": "data:data/a.dat", "probe": "upload:one"},
        {"recording": "data:data/b.dat", "probe": "upload:one"},
    ]
    page = str(spikes.layout(step="batch"))
    assert "Probe file (optional)" in page
    assert "Sort file (optional)" in page


def test_a_batch_with_a_missing_recording_queues_none(found: Services) -> None:
    (found.settings.data[0] / "a.dat").write_bytes(bytes(1000))
    _, problem = batch.run(1, ["data/a.dat", "data/gone.dat"], [], [], [], [])
    assert "gone.dat" in problem
    assert found.store.latest() == []


def test_a_batch_without_recordings_says_what_to_do(found: Services) -> None:
    assert batch.run(1, [], [], [], [], [])[1] == "Choose at least one recording."


def test_the_look_hands_over_to_sorting_what_it_leaves_out(found: Services) -> None:
    results = {"exclude_channels": "3,7", "end_s": 62.0}
    parameters = {"gain_uv": 0.5, "layout": "recorded", "freq_min": 300.0}
    job_id = finished(found, "spikes look", parameters, results, found.settings.data[0])
    job = found.store.get(job_id)
    assert job is not None
    query = parse_qs(urlsplit(look._sort_link(job, results)).query)
    assert query == {
        "step": ["sort"],
        "recording": ["data:data/a.dat"],
        "gain_uv": ["0.5"],
        "exclude_channels": ["3,7"],
        "end_s": ["62.0"],
    }
    page = str(spikes.layout(**{name: value[0] for name, value in query.items()}))
    assert "3,7" in page
    assert "Chosen: data/a.dat" in page
