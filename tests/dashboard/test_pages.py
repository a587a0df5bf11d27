"""Pages and callbacks, without a browser."""

from typing import Any

import pytest
from dash import Dash, no_update
from dash.exceptions import PreventUpdate
from flask.testing import FlaskClient
from plotly.io.json import to_json_plotly

from dashboard import create_app
from dashboard.brainmap import page as brainmap
from dashboard.home import job, jobs
from dashboard.jobs.store import JobState
from dashboard.kit import panel, shell, workbench
from dashboard.server.services import Services
from dashboard.server.settings import Settings
from dashboard.spikes import page as spikes
from dashboard.start import example
from dashboard.synapses import page as synapses
from dashboard.workspaces import workspaces

BENCHES = (brainmap.BENCH, spikes.BENCH, *synapses.BENCHES.values())


def text_of(component: Any) -> str:
    """All words of a component."""
    return str(to_json_plotly(component))


PATHS = ("/", "/spikes", "/brainmap", "/synapses", "/models", "/jobs")


@pytest.mark.parametrize("path", PATHS)
def test_pages_answer(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 200
    assert b'<html lang="en">' in answer.data


def test_two_apps_in_one_process_have_the_same_callbacks(
    app: Dash, settings: Settings, tmp_path: Any
) -> None:
    other = create_app(Settings(home=tmp_path / "other"))
    assert set(other.callback_map) == set(app.callback_map)


def test_health_says_when_the_worker_is_silent(client: FlaskClient, found: Services) -> None:
    assert client.get("/health").status_code == 503
    found.store.beat("ready")
    answer = client.get("/health")
    assert (answer.status_code, answer.get_json()["worker"]) == (200, "ready")


def test_one_press_starts_the_example_and_leads_to_its_workspace(found: Services) -> None:
    trigger = {"type": "try", "bench": "brainmap"}
    address = example.start([None, 1, None], trigger)
    [queued] = found.store.latest()
    [made] = workspaces.all()
    assert address == made.at("map", asked=queued.id)
    assert queued.inputs[0].reference == "example:brainmap"
    assert queued.state is JobState.QUEUED


def test_nothing_happens_without_a_click(found: Services) -> None:
    with pytest.raises(PreventUpdate):
        example.start([None, None], None)


@pytest.mark.parametrize("bench", BENCHES, ids=lambda bench: bench.slug)
def test_without_an_input_the_run_button_says_what_to_choose(
    found: Services, bench: workbench.Bench
) -> None:
    ids = [bench.source_id("reference", source) for source in bench.sources]
    address, problem = workbench.run(bench, 1, ids, ["" for _ in ids], [], [])
    assert address is no_update
    assert problem.startswith("Choose the ")
    assert found.store.latest() == []


def test_a_path_out_of_the_root_is_refused_by_the_picker(found: Services) -> None:
    source = brainmap.BENCH.sources[0]
    reference, words, style = workbench.pick(source, "root", "data/../../etc")
    assert reference == ""
    assert "must not contain '..'" in words
    assert "error" in style


def test_an_optional_input_can_be_taken_away_again(found: Services) -> None:
    signal = next(one for one in brainmap.CORRELATE.sources if one.name == "signal")
    assert workbench.pick(signal, "none", 1) == ("", "Nothing chosen yet.", "chosen nothing")
    assert "Remove Signal" in text_of(workbench.picker(brainmap.CORRELATE, signal, ""))
    with pytest.raises(PreventUpdate):
        workbench.pick(brainmap.BENCH.sources[0], "root", "")


def test_a_job_s_form_is_filled_from_the_job(found: Services) -> None:
    parameters = {"n_init": 9}
    job_id = workbench.submit("brainmap fit", {"images": "example:brainmap"}, parameters)
    page = text_of(brainmap.layout(job=job_id))
    assert "example:brainmap" in page
    assert '"value":9' in page


def test_an_unknown_job_has_a_page_that_says_so(found: Services) -> None:
    assert "There is no job nothing" in text_of(job.layout("nothing"))


def test_an_empty_list_of_jobs_says_how_to_start_one(found: Services) -> None:
    assert "No job yet" in text_of(jobs.layout())


def test_the_header_counts_what_runs_and_waits(found: Services) -> None:
    assert shell.describe_activity(0) == "No job running"
    for k in (2, 3):
        workbench.submit("brainmap fit", {"images": "example:brainmap"}, {"k": k})
    found.store.claim(quick_only=False)
    assert shell.describe_activity(1) == "1 running, 1 waiting"


def test_a_waiting_job_says_for_what(found: Services) -> None:
    job_id = workbench.submit("brainmap fit", {"images": "example:brainmap"}, {"k": 2})
    waiting = found.store.get(job_id)
    assert waiting is not None
    assert "worker is starting" in panel.sentence(waiting)
    found.store.beat("ready")
    assert panel.sentence(waiting) == "Starting"


def test_a_result_without_its_files_is_a_sentence(found: Services) -> None:
    job_id = workbench.submit("brainmap fit", {"images": "example:brainmap"}, {"k": "2"})
    found.store.claim(quick_only=False)
    found.store.finish(job_id, JobState.DONE)
    assert "cannot be shown" in text_of(brainmap.layout(job=job_id))
