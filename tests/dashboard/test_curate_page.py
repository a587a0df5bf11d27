"""The page on which units are curated: presses of keys, blind curators, units as curated."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from dash import Dash

from dashboard.server import submission
from dashboard.server.posted import PATH
from dashboard.server.services import Services
from dashboard.server.settings import Settings
from dashboard.spikes import export
from dashboard.spikes.curation import cloud, proposals, queue, steps, use
from dashboard.spikes.curation import desk as curating
from dashboard.spikes.curation import unit as unit_view
from dashboard.spikes.curation.desk import Desk
from dashboard.spikes.curation.press import Pressed, perform, unit_after
from pipelines import tasks
from pipelines.core.errors import InputError, ParameterError
from pipelines.core.formats import of_name
from pipelines.spikes import demo
from pipelines.spikes.curation.reviewed import Proposal, ReviewFolder
from pipelines.spikes.curation.steps import CurationStep
from pipelines.spikes.units import metrics
from pipelines.spikes.units.folder import read_finished
from pipelines.spikes.units.formats import SORTINGS


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A sorting of the example and its review."""
    folder = tmp_path_factory.mktemp("curate")
    demo.make(folder, seed=0)
    tasks.run("spikes sort", {"recording": folder / "recording"}, {}, folder / "sorted")
    inputs = {"sorting": folder / "sorted"}
    tasks.run("spikes review", inputs, {"splitter": "bgmm"}, folder / "review")
    # The units of the example are one cell each, so that nothing is proposed for them.
    places = np.flatnonzero(read_finished(folder / "sorted").unit_id == 2)[::2]
    made_up = [
        Proposal("merge", (0, 1), "As like as two peas.", 0.9),
        Proposal("split", (2,), "Two clouds.", 0.9, (tuple(places.tolist()),)),
    ]
    ReviewFolder(folder / "review").write_proposals(made_up)
    return folder / "sorted", folder / "review"


@pytest.fixture
def job_id(found: Services, settings: Settings, results: tuple[Path, Path]) -> str:
    sorting, review = results
    sort_job = submission.submit("spikes sort", {"recording": "example:spikes"}, {})
    _finish(found, settings, sort_job, sorting)
    job = submission.submit("spikes review", {"sorting": f"job:{sort_job}"}, {})
    _finish(found, settings, job, review)
    return job


@pytest.fixture
def example(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing is simulated anew for a job that is finished by hand."""
    monkeypatch.setattr("dashboard.server.inputs.example_path", lambda *_: tmp_path)


pytestmark = pytest.mark.usefixtures("example")


def _finish(found: Services, settings: Settings, job_id: str, result: Path) -> None:
    (settings.jobs / job_id).mkdir(parents=True)
    (settings.jobs / job_id / "result").symlink_to(result)
    found.store.claim(quick_only=False)
    from dashboard.jobs.store import JobState

    found.store.finish(job_id, JobState.DONE)


@pytest.fixture
def desk(found: Services, job_id: str) -> Desk:
    job = found.store.get(job_id)
    assert job is not None
    return curating.desk(job)


def press(desk: Desk, unit: int, what: str, who: str = "ada", **more: object) -> tuple[int, str]:
    """Press a button; the unit that is shown then, and what is wrong."""
    pressed = Pressed({"type": "curate-do", "what": what}, unit, who, **more)  # type: ignore[arg-type]
    turn = perform(desk, pressed)
    before, rows = (queue.rows_of(desk, state, "all") for state in (turn.before, turn.state))
    return unit_after(pressed, turn, unit, before, rows), turn.message


def post(app: Dash, job: str, *changed: tuple[Mapping[str, Any], int | None], unit: int) -> Any:
    """What a page sends when buttons (id, number of clicks) have changed, and the answer."""
    values = {
        "curate-unit": unit,
        "curate-show": "all",
        "curate-shown": "all",
        "curate-blind": False,
        "curate-name": "ada",
        "curate-reason": "",
        "panel-job": job,
    }
    key, callback = next(
        item
        for item in app.callback_map.items()
        if any("curate-do" in one["id"] for one in item[1]["inputs"])
    )

    def entry(spec: Mapping[str, Any]) -> Any:
        if "ALL" not in spec["id"]:
            return {**spec, "value": values.get(spec["id"])}
        kind = json.loads(spec["id"])["type"]
        own = [(one, clicks) for one, clicks in changed if one["type"] == kind]
        return [{"id": one, "property": "n_clicks", "value": clicks} for one, clicks in own]

    names = [json.dumps(one, separators=(",", ":"), sort_keys=True) for one, _ in changed]
    body = {
        "output": key,
        "outputs": [one.to_dict() for one in callback["output"]],
        "inputs": [entry(one) for one in callback["inputs"]],
        "state": [entry(one) for one in callback["state"]],
        "changedPropIds": [f"{name}.n_clicks" for name in names],
    }
    return app.server.test_client().post(PATH, json=body)


def button(what: str) -> dict[str, str]:
    return {"type": "curate-do", "what": what}


def test_presses_that_reach_the_server_together_are_done_one_after_the_other(
    app: Dash, desk: Desk, job_id: str
) -> None:
    order = [row["unit"] for row in queue.rows_of(desk, desk.state(), "all")]
    pressed = [(button("good"), 1), (button("noise"), 4), (button("filter"), 1)]
    answer = post(app, job_id, *pressed, unit=order[0]).get_json()["response"]
    assert desk.state().labels == {order[0]: "good", order[1]: "noise"}
    assert answer["curate-unit"]["data"] == order[2]
    assert answer["curate-show"]["value"] == answer["curate-shown"]["data"] == "open"
    assert "All saved: 2 steps" in answer["curate-saved"]["children"]


def test_what_is_wrong_with_one_press_is_said_though_another_went_well(
    app: Dash, desk: Desk, job_id: str
) -> None:
    answer = post(app, job_id, (button("merge"), 1), (button("good"), 1), unit=2).get_json()
    assert "Write the number" in answer["response"]["curate-message"]["children"]
    assert desk.state().labels == {2: "good"}


def test_a_button_that_has_just_appeared_does_nothing(app: Dash, desk: Desk, job_id: str) -> None:
    appeared = {"type": "curate-go", "unit": 3}
    assert post(app, job_id, (appeared, None), unit=2).status_code == 204
    answer = post(app, job_id, (appeared, None), (button("good"), 1), unit=2)
    assert answer.status_code == 200
    assert desk.state().labels == {2: "good"}


def test_no_row_that_the_table_chooses_takes_the_place_of_a_press(app: Dash) -> None:
    """Dash drops the answer to what is asked anew, so that rows ask for themselves."""
    inputs = [{one["id"] for one in callback["inputs"]} for callback in app.callback_map.values()]
    with_rows = [ids for ids in inputs if "curate-queue" in ids]
    assert with_rows == [{"curate-queue"}]


def test_labels_follow_the_queue_and_are_on_the_disk(desk: Desk) -> None:
    order = [row["unit"] for row in queue.rows_of(desk, desk.state(), "all")]
    unit = order[0]
    for what in ("good", "mua", "noise"):
        unit, message = press(desk, unit, what)
        assert message == ""
    assert unit == order[3]
    assert desk.state().labels == dict(zip(order, ("good", "mua", "noise"), strict=False))
    assert desk.log.file.read_text().count("\n") == 4  # the heading and three steps
    assert press(desk, unit, "undo")[0] == order[2]
    assert press(desk, unit, "next")[0] == order[4]
    assert "All saved: 2 steps" in steps.saved(desk, desk.state())


def test_a_metric_younger_than_the_sorting_is_measured_for_merged_and_other_units(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    last = metrics.Metric(
        "last_spike", "last spike (sample)", "", "activity", "place of the last spike", "unit",
        lambda unit: int(unit.sample_index[-1]),
    )  # fmt: skip
    monkeypatch.setattr(metrics, "METRICS", (*metrics.METRICS, last))
    merged, message = press(desk, 0, "merge", other=1)
    assert message == ""
    for unit in (2, merged):
        spikes = desk.review.sorting.sample_index[desk.state().spikes_of(unit)]
        heading, value = "'last spike (sample)'", f"Td('{spikes[-1]:,}')"
        shown = str(unit_view.view(desk, desk.state(), unit))
        assert heading in shown
        assert value in shown[shown.index(heading) :][:60]


def test_what_cannot_be_done_is_said_and_changes_nothing(desk: Desk) -> None:
    for what, words in (
        ("undo", "nothing to undo"),
        ("merge", "number of the unit"),
        ("lasso", "Draw a lasso"),
        ("restore", "No spike was removed"),
        ("split", "no such proposal"),
    ):
        assert words in press(desk, 0, what)[1]
    assert "who curates" in press(desk, 0, "good", who="")[1]
    assert not desk.log.file.exists()


def test_a_proposal_is_taken_by_a_click_and_undone_by_another(desk: Desk) -> None:
    number = next(n for n, one in enumerate(desk.review.proposals) if one.kind == "split")
    (unit,) = desk.review.proposals[number].units
    before = len(desk.state().spikes_of(unit))
    turn = perform(desk, Pressed({"type": "curate-take", "number": number}, unit, "ada"))
    taken = len(desk.review.proposals[number].spikes[0])
    assert sorted(len(turn.state.spikes_of(one)) for one in (6, 7)) == sorted(
        (taken, before - taken)
    )
    assert "taken" in str(proposals.table(desk, turn.state))
    press(desk, unit, "undo")
    assert len(desk.state().spikes_of(unit)) == before


def test_a_merged_unit_comes_first_and_is_shown(desk: Desk) -> None:
    unit, message = press(desk, 0, "merge", other=1)
    assert (message, unit) == ("", 6)
    row = queue.rows_of(desk, desk.state(), "all")[0]
    assert (row["unit"], row["differ"]) == (6, "new")
    assert "came from" in str(unit_view.view(desk, desk.state(), 6))


def the_right_half(desk: Desk, unit: int) -> tuple[list[list[float]], list[int]]:
    """A box around the right half of a unit's cloud, and the spikes in it."""
    points = cloud.points_of(desk, desk.state(), unit)
    assert points is not None
    x, y = points.values.astype(float).T
    left, right, low, high = float(np.median(x)) + 1e-6, x.max() + 1, y.min() - 1, y.max() + 1
    box = [[left, right, right, left], [low, low, high, high]]
    return box, points.spikes[x > left].tolist()


def test_the_lasso_splits_a_unit(desk: Desk) -> None:
    box, inside = the_right_half(desk, 2)
    assert press(desk, 2, "lasso", outline=box)[1] == ""
    assert desk.state().spikes_of(6).tolist() == inside


def test_a_lasso_takes_spikes_that_are_not_drawn(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dashboard.spikes.curation.cloud.MOST_DRAWN", 100)
    shown = str(unit_view.view(desk, desk.state(), 2))
    assert "100 of the unit's" in shown
    assert "takes those that are not drawn" in shown
    box, inside = the_right_half(desk, 2)
    assert len(inside) > 100
    press(desk, 2, "lasso", outline=box)
    assert desk.state().spikes_of(6).tolist() == inside


def test_spikes_of_different_components_are_not_drawn_together(desk: Desk) -> None:
    box, _ = the_right_half(desk, 0)
    press(desk, 0, "merge", other=1)
    shown = str(unit_view.view(desk, desk.state(), 6))
    assert "Propose again looks at them together" in shown
    assert "curate-cloud" not in shown
    assert "Draw a lasso" in press(desk, 6, "lasso", outline=box)[1]


def test_a_blind_curator_sees_no_other_opinion(desk: Desk) -> None:
    press(desk, 0, "good")
    blind = Desk(desk.review, desk.folder, "Bea Né")
    row = queue.rows_of(blind, blind.state(), "all")[0]
    assert set(row) == {"unit", "mine", "spikes", "snr"}
    assert not any(row["mine"] for row in queue.rows_of(blind, blind.state(), "all"))
    assert "Why not good" not in str(unit_view.view(blind, blind.state(), 0))
    with pytest.raises(ParameterError, match="only labels"):
        blind.take(CurationStep("merge", "Bea", (0, 1)))


def test_blind_labels_outlive_a_merge_in_the_meantime(desk: Desk) -> None:
    blind = Desk(desk.review, desk.folder, "bea")
    for unit in (0, 1, 2):
        blind.take(CurationStep("label", "bea", (unit,), "good"))
    press(desk, 0, "merge", other=1)
    assert blind.state().units == desk.state().units
    blind.take(CurationStep("label", "bea", (6,), "mua"))
    assert {unit: blind.state().labels.get(unit) for unit in (2, 6)} == {2: "good", 6: "mua"}


def test_curators_are_compared_and_the_majority_is_taken(desk: Desk, job_id: str) -> None:
    assert "agreement needs two" in str(use.show_agreement(1, job_id))
    votes = {"": "good good mua", "bea": "good mua mua", "cy": "noise mua mua"}
    for name, words in votes.items():
        one = Desk(desk.review, desk.folder, name)
        for unit, label in enumerate(words.split()):
            one.take(CurationStep("label", name or "ada", (unit,), label))
    shown = str(use.show_agreement(1, job_id))
    assert "ada, bea (blind)" in shown
    use.take_majority(1, job_id)
    assert desk.state().labels == {0: "good", 1: "mua", 2: "mua"}


def test_units_as_curated_are_a_job_whose_log_stays_as_it_was(
    desk: Desk, job_id: str, found: Services
) -> None:
    with pytest.raises(InputError, match="Nothing was curated"):
        curating.snapshot(desk)
    press(desk, 0, "noise")
    ids = [{"type": "parameter", "bench": "spikes-use", "name": "only"}]
    href, error = use.use(1, ids, ["good,mua,unlabelled"], job_id)
    assert error == ""
    job = found.store.get(href.rpartition("=")[2])
    assert job is not None
    log = Path(next(item.path for item in job.inputs if item.name == "curation"))
    press(desk, 1, "good")
    assert len(log.read_text().splitlines()) == 2
    inputs = {item.name: Path(item.path) for item in job.inputs}
    out = found.settings.jobs / job.id / "result"
    done = tasks.run(job.task, inputs, job.parameters, out)
    assert done.results["n_units"] == 5
    from dashboard.spikes.curation import curated

    assert "methods section" in str(curated.view(job))


@pytest.mark.parametrize("format", ["phy", "csv", "curation-json", "blech-hdf5", "zarr"])
def test_every_exported_file_is_explained(
    results: tuple[Path, Path], found: Services, settings: Settings, tmp_path: Path, format: str
) -> None:
    done = tasks.run("spikes export", {"sorting": results[0]}, {"format": format}, tmp_path / "out")
    files = {path.name for path in (tmp_path / "out").iterdir() if path.is_file()}
    assert files - {*of_name(SORTINGS, format).leaves, *export.BESIDE} == set()
    sort_job = submission.submit("spikes sort", {"recording": "example:spikes"}, {})
    _finish(found, settings, sort_job, results[0])
    sorting = {"sorting": f"job:{sort_job}"}
    job_id = submission.submit("spikes export", sorting, {"format": done.results["format"]})
    _finish(found, settings, job_id, tmp_path / "out")
    job = found.store.get(job_id)
    assert job is not None
    shown = str(export.view(job))
    assert "methods section" in shown
    assert all(name in shown for name in files)


def test_a_job_may_not_read_a_curation_from_elsewhere(settings: Settings) -> None:
    for rest in ("../../etc/passwd", "0" * 16 + "/" + "0" * 64, ""):
        with pytest.raises(InputError, match="not here any more"):
            curating.snapshot_file(rest, settings)


def test_units_made_since_the_review_are_reviewed_by_another_press(
    desk: Desk, job_id: str, found: Services
) -> None:
    assert "Up to date" in str(proposals.table(desk, desk.state()))
    assert "Nothing was curated" in proposals.propose_again(1, job_id)[1]
    press(desk, 0, "merge", other=1)
    shown = str(proposals.table(desk, desk.state()))
    assert "unit 6, made since the review, has none yet" in shown
    stale = [one for one in desk.review.proposals if {0, 1} & set(one.units)]
    assert f"{len(stale)} about units that have changed" in shown
    assert not any(str(one.evidence) in shown for one in stale)
    href, error = proposals.propose_again(1, job_id)
    job = found.store.get(href.rpartition("=")[2])
    assert error == ""
    assert job is not None
    inputs = {item.name: Path(item.path) for item in job.inputs}
    out = found.settings.jobs / job.id / "result"
    tasks.run(job.task, inputs, job.parameters, out)
    fresh = curating.desk(job)
    assert fresh.log.file == desk.log.file  # the same curation goes on
    row = next(row for row in queue.rows_of(fresh, fresh.state(), "all") if row["unit"] == 6)
    assert row["differ"] in ("yes", "no")
    assert row["bombcell"] in ("good", "mua", "noise")
    assert "Up to date" in str(proposals.table(fresh, fresh.state()))
    view = str(unit_view.view(fresh, fresh.state(), 6))
    assert "curate-cloud" in view
    assert "nothing is compared" not in view


def test_proposals_say_why(desk: Desk) -> None:
    for one in desk.review.proposals:
        assert str(one.evidence).endswith(".")
        assert json.dumps(one.to_json())
