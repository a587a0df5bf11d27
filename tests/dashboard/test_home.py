"""Home: workspaces as cards, found, edited, and followed while their jobs run."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from dash import Dash, no_update
from dash.exceptions import PreventUpdate
from plotly.io.json import to_json_plotly

from dashboard import create_app
from dashboard.home import edit, page
from dashboard.jobs.store import Job, JobState
from dashboard.server import scripts, submission
from dashboard.server.services import Services, services
from dashboard.server.settings import Settings
from dashboard.start import grid as cards_grid
from dashboard.workspaces import answers, cards, pictures, workspaces
from dashboard.workspaces.workspace import Workspace
from pipelines.core.errors import InputError
from tests.earlier import unpack

EXAMPLES = {"spikes": "recording", "brainmap": "images", "synapses": "table"}


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return unpack(tmp_path_factory.mktemp("earlier"), "home") / "home"


@pytest.fixture
def old_app(unpacked: Path, tmp_path: Path) -> Dash:
    return create_app(Settings(home=shutil.copytree(unpacked, tmp_path / "home")))


@pytest.fixture
def old(old_app: Dash) -> Iterator[Services]:
    with old_app.server.app_context():
        yield services()


def drawn(**address: str) -> str:
    return json.dumps(json.loads(to_json_plotly(page.layout(**address))))


def named(name: str) -> Workspace:
    (found,) = (one for one in workspaces.all() if one.name == name)
    return found


def test_an_empty_home_shows_what_each_subject_gives(found: Services) -> None:
    shown = drawn()
    assert "first-time" in shown
    for title in ("Spikes", "Brain map", "Synapses"):
        assert f"Try {title} with example data" in shown
    assert "home-search" not in shown
    for subject, (picture, _) in cards.PLACEHOLDERS.items():
        assert cards.placeholder(subject) in shown
        assert (scripts.ASSETS / picture).stat().st_size < 60_000


def test_every_workspace_has_a_card_that_says_its_answer(old: Services) -> None:
    shown = drawn()
    for workspace in workspaces.all():
        assert json.dumps(workspace.name) in shown
    said = {one.name: answers.state(workspaces.jobs(one.id)) for one in workspaces.all()}
    assert said["recording"] == (JobState.DONE, "3 units, 1 good")
    assert said["film.npy"] == (JobState.DONE, "4 clusters of 336 voxels")
    assert said["synapses.csv"] == (JobState.DONE, "3 clusters of 83 rows")
    assert said["new.csv"] == (JobState.DONE, "20 of 20 rows predicted, 3 unlike the known")
    state, text = said["broken"]
    assert state is JobState.FAILED
    assert text.startswith("Sort spikes: ")


def test_cards_are_those_of_the_address(old: Services) -> None:
    workspaces.tag(named("film.npy").id, ["fish"])
    assert cards_in(drawn(subject="synapses")) == {"synapses.csv", "new.csv"}
    assert cards_in(drawn(tag="Fish")) == {"film.npy"}
    assert cards_in(drawn(search="lab broken")) == {"broken"}
    assert cards_in(drawn(search="nothing of that kind")) == set()
    workspaces.hide(named("film.npy").id)
    assert "film.npy" not in cards_in(drawn())
    assert cards_in(drawn(of="hidden")) == {"film.npy"}


@pytest.mark.parametrize("words", ["\x00", "<script>", "%", "' OR 1", "\ud800", "x" * 9000, "İ"])
def test_any_address_is_answered(old: Services, words: str) -> None:
    for name in ("subject", "search", "tag", "of", "other"):
        assert "home-grid" in drawn(**{name: words})


def cards_in(shown: str) -> set[str]:
    everything = [*workspaces.all(), *workspaces.all(hidden=True)]
    return {one.name for one in everything if json.dumps(f"Edit {one.name}") in shown}


@pytest.mark.parametrize("name", ["recording", "film.npy", "synapses.csv", "new.csv"])
def test_a_picture_is_drawn_once_and_kept_in_the_job_s_folder(
    old_app: Dash, old: Services, name: str
) -> None:
    job = pictures.of(workspaces.jobs(named(name).id))
    assert job is not None
    client = old_app.server.test_client()
    first = client.get(pictures.address(job))
    (kept,) = (old.settings.jobs / job.id).glob("picture-*")
    assert (first.status_code, first.data) == (200, kept.read_bytes())
    if kept.suffix == ".png":
        assert first.data.startswith(b"\x89PNG")
    else:
        assert first.data.count(b"<polyline") + first.data.count(b"<path") > 1
        assert b"nan" not in first.data
    shutil.rmtree(old.settings.jobs / job.id / "result")
    again = client.get(pictures.address(job))
    assert (again.data, again.mimetype) == (first.data, first.mimetype)
    assert again.cache_control.max_age > 86400


@pytest.mark.parametrize("task", [one for one in pictures.PICTURES if one != "spikes import"])
def test_a_damaged_result_has_an_empty_picture(old_app: Dash, old: Services, task: str) -> None:
    job = next(job for job in old.store.latest((task,)) if job.state is JobState.DONE)
    for file in (old.settings.jobs / job.id / "result").glob("*.*"):
        if file.is_file():
            file.write_bytes(file.read_bytes()[:7])
    answer = old_app.server.test_client().get(pictures.address(job))
    assert answer.status_code == 200
    assert b"<path" not in answer.data
    assert list((old.settings.jobs / job.id).glob("picture-*")) == []
    assert answers.state([job])[1].endswith(": done")
    assert drawn()


@pytest.mark.parametrize("job", ["nothing", "..", "f922d4cc2aa2", "313fa0b9e020"])
def test_what_has_no_picture_is_not_found(old_app: Dash, job: str) -> None:
    assert old_app.server.test_client().get(f"/jobs/{job}/picture").status_code == 404


def test_a_card_leads_to_its_workspace_or_to_where_it_can_be_worked_on(
    old: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    film = named("film.npy")
    monkeypatch.setattr("dash.page_registry", {})
    newest = workspaces.jobs(film.id)[0]
    assert cards.address(film, [newest]) == f"/brainmap?step=colorize&job={newest.id}"
    assert cards.address(film, []) == f"/brainmap?images={film.root.reference.replace(':', '%3A')}"
    monkeypatch.setattr("dash.page_registry", {"x": {"path_template": "/brainmap/<workspace>"}})
    assert cards.address(film, [newest]) == film.address


def job(state: JobState, fraction: float = 0.0, started: float | None = None) -> Job:
    common: dict[str, Any] = dict.fromkeys(("message", "error", "traceback", "author"), "")
    return Job(
        "a",
        "spikes sort",
        {},
        (),
        False,
        state,
        fraction,
        cancel=False,
        created=0.0,
        started=started,
        finished=None,
        **common,
    )


@pytest.mark.parametrize(
    ("one", "said"),
    [
        (job(JobState.QUEUED), "Sort spikes: waiting"),
        (job(JobState.RUNNING, 0.02, 1000.0), "Sort spikes: 2%"),
        (job(JobState.RUNNING, 0.5, 940.0), "Sort spikes: 50%, about 1 min left"),
        (job(JobState.RUNNING, 0.9, 900.0), "Sort spikes: 90%, less than a minute left"),
        (job(JobState.RUNNING, 0.1, -35000.0), "Sort spikes: 10%, about 90 h left"),
        (job(JobState.RUNNING, 0.5, 2000.0), "Sort spikes: 50%"),  # a clock was set back
        (job(JobState.CANCELLED), "Sort spikes: cancelled"),
    ],
)
def test_what_happens_is_said_in_words(one: Job, said: str) -> None:
    assert answers.state([one], now=1000.0)[1] == said


def test_a_workspace_without_a_job_says_so(found: Services) -> None:
    made = workspaces.create("synapses", "Mine", {"table": "example:synapses"})
    assert answers.state([]) == (None, "Nothing run yet")
    shown = drawn()
    assert "Its clusters will be here" in shown
    assert made.name in shown


def test_the_page_follows_its_jobs_without_drawing_cards_anew(
    found: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = submission.submit("brainmap fit", {"images": "example:brainmap"}, {})
    chosen = cards_grid.Filter(subject="", tag="", of="")
    shown = workspaces.all()
    stamp, look, ids = (
        cards_grid.stamp(),
        cards_grid.look(shown),
        [cards_grid.CardId(type="", workspace=shown[0].id)],
    )
    monkeypatch.setattr("dashboard.server.pressed.triggers", lambda: ["home-tick"])
    with pytest.raises(PreventUpdate):
        cards_grid.refresh(1, "", None, chosen, stamp, look, ids)
    found.store.claim(quick_only=False)
    found.store.report(job_id, 0.25, "Half way")
    grid, said, stamp, same = cards_grid.refresh(2, "", None, chosen, stamp, look, ids)
    assert (grid, same) == (no_update, no_update)
    assert "Map voxels: 25%" in str(said)
    found.store.finish(job_id, JobState.DONE)
    grid, _, stamp, look = cards_grid.refresh(3, "", None, chosen, stamp, look, ids)
    assert pictures.address(workspaces.jobs(shown[0].id)[0]) in str(grid[0])
    monkeypatch.setattr("dashboard.server.pressed.triggers", lambda: ["home-search"])
    grid, *_ = cards_grid.refresh(3, "nothing like it", None, chosen, stamp, look, ids)
    assert "No workspace has all of that" in str(grid)


def test_the_dialog_writes_all_or_nothing(found: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    made = workspaces.create("synapses", "Mine", {"table": "example:synapses"})
    opened = edit.begin([1], {"type": "workspace-edit", "workspace": made.id})
    assert opened[:5] == (made.id, True, "Mine", [], "")

    def press(what: str, *values: Any) -> tuple[Any, str, Any]:
        context = {"triggered_id": what, "triggered": [{"value": 1}]}
        monkeypatch.setattr(edit, "ctx", type("Ctx", (), context))
        return edit.act(1, 1, 1, made.id, *values)

    stays, wrong, _ = press("edit-save", " ", ["new"], "notes")
    assert (stays, wrong) == (
        no_update,
        "A workspace needs a name: write at least one letter or digit.",
    )
    assert workspaces.get(made.id) == made
    assert press("edit-save", "Three cells", ["new"], "notes")[:2] == (False, "")
    assert workspaces.all(tag="new")[0].name == "Three cells"
    press("edit-hide", "", [], "")
    assert workspaces.all() == []
    press("edit-hide", "", [], "")
    assert edit.ask(1, made.id) == ("Delete Three cells? This is final.", True)
    assert press("edit-confirm", "", [], "")[0] is False
    assert workspaces.get(made.id) is None
    with pytest.raises(InputError, match="reload the page"):
        edit.begin([1], {"type": "workspace-edit", "workspace": made.id})


def test_who_may_only_look_is_told_so_in_the_dialog(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = replace(settings, user_header="X-User", lookers=("lee",))
    server = create_app(settings).server
    with server.app_context():
        made = workspaces.create("synapses", "Mine", {"table": "example:synapses"})
    proxy = {"REMOTE_ADDR": "127.0.0.1"}
    with server.test_request_context("/", headers={"X-User": "lee"}, environ_base=proxy):
        assert server.preprocess_request() is None
        assert edit.begin([1], {"workspace": made.id})[7] is True
        context = {"triggered_id": "edit-save", "triggered": [{"value": 1}]}
        monkeypatch.setattr(edit, "ctx", type("Ctx", (), context))
        stays, wrong, _ = edit.act(1, None, None, made.id, "Theirs", [], "")
        assert stays is no_update
        assert "this needs the role 'work'" in wrong
        assert workspaces.get(made.id) == made
