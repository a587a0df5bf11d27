"""From a file to its workspace: the pages of the subjects, the file browser, links of earlier."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from dash import html, no_update
from flask.testing import FlaskClient
from plotly.io.json import to_json_plotly

from dashboard import create_app
from dashboard.brainmap import page as brainmap
from dashboard.jobs.store import JobState
from dashboard.server import browse, roots, submission
from dashboard.server.services import Services
from dashboard.server.settings import Settings
from dashboard.spikes import page as spikes
from dashboard.start import entries, grid, new
from dashboard.synapses import page as synapses
from dashboard.workspaces import workspaces
from pipelines.core.errors import InputError

PAGES = {"spikes": spikes, "brainmap": brainmap, "synapses": synapses}


@pytest.fixture
def lab(settings: Settings) -> Path:
    """A data root with a film, a table, another file and a folder of images."""
    root = settings.data[0]
    np.save(root / "film.npy", np.zeros((4, 1, 3, 3), np.uint16))
    (root / "table.csv").write_text("NeuronId,x\n1,2\n", encoding="utf-8")
    (root / "notes.txt").write_text("words", encoding="utf-8")
    (root / ".hidden.npy").write_bytes(b"")
    series = root / "fish" / "run2"
    series.mkdir(parents=True)
    for number in range(3):
        (series / f"t{number}.tif").write_bytes(b"II*\0\x08\0\0\0")
    return root


@pytest.fixture
def press(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """What the next callback takes for pressed."""

    def pressed(identity: Any, value: Any = 1) -> None:
        monkeypatch.setattr("dashboard.server.pressed.latest", lambda: (identity, value))
        monkeypatch.setattr("dashboard.server.pressed.triggers", lambda: [identity])

    return pressed


def drawn(component: Any) -> str:
    return str(to_json_plotly(component))


def parts(components: Any) -> list[Any]:
    return list(html.Div(components)._traverse())


def take(subject: str, words: str = "", uploaded: list[str | None] | None = None) -> Any:
    return new.take(new.ChosenPath(text=words, at=1), uploaded or [None], 1, subject)


@pytest.mark.parametrize("subject", PAGES)
def test_a_subject_without_workspaces_teaches_and_offers_the_example(
    found: Services, subject: str
) -> None:
    shown = drawn(PAGES[subject].layout())
    assert "will be here" in shown
    assert '"type":"try"' in shown
    assert "All steps as forms" in shown
    assert "home-search" not in shown


def test_a_subject_lists_its_own_workspaces(found: Services) -> None:
    workspaces.create("synapses", "Three cells", {"table": "example:synapses"})
    workspaces.create("brainmap", "Fish 7", {"images": "example:brainmap"})
    shown = drawn(synapses.layout())
    assert "Three cells" in shown
    assert "Fish 7" not in shown
    assert "will be here" in drawn(spikes.layout())
    assert "No workspace has all of that" in drawn(synapses.layout(search="fish"))


@pytest.mark.parametrize("subject", PAGES)
def test_words_of_a_form_open_the_form(found: Services, subject: str) -> None:
    page = PAGES[subject]
    assert not {"search", "tag", "of"} & page.FORM_WORDS
    first = next(iter(page.BENCHES.values()))
    for given in ({"step": first.word}, {first.sources[0].name: "data:lab/x"}, {"job": "none"}):
        assert "Parameters" in drawn(page.layout(**given))
    assert "new-area" in drawn(page.layout(utm="1"))


def test_of_a_folder_what_is_recognised_is_marked(lab: Path, settings: Settings) -> None:
    found = browse.look(settings.data, "", "images")
    assert [(one.name, one.is_folder, one.is_input) for one in found.entries] == [
        ("fish", True, False),
        ("film.npy", False, True),
        ("notes.txt", False, False),
        ("table.csv", False, False),
    ]
    [run] = browse.look(settings.data, "data/fish", "images").entries
    assert (run.place, run.is_input) == ("data/fish/run2", True)
    assert browse.look(settings.data, run.place, "images").is_input
    tables = {one.name for one in browse.look(settings.data, "", "table").entries if one.is_input}
    assert tables == {"table.csv"}
    buttons = [part for part in parts(entries.folder(found, [])) if isinstance(part, html.Button)]
    assert [getattr(one, "data-place") for one in buttons] == ["data/fish", "data/film.npy"]


def test_several_roots_are_listed_first(lab: Path, settings: Settings, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    found = browse.look([*settings.data, other], "", "images")
    assert [(one.name, one.is_folder) for one in found.entries] == [("data", True), ("other", True)]


@pytest.mark.parametrize(
    ("place", "says"),
    [
        ("data/../secret", "must not contain"),
        ("/etc", "must begin with the name of a data root"),
        ("data/nothing", "does not exist"),
        ("data/film.npy", "is no folder"),
        ("data/out", "link that leads out"),
        ("data/home", "home folder of a Neuroboard"),
        ("data/home/jobs", "home folder of a Neuroboard"),
        ("data/" + "x" * 5000, "does not exist"),
        ("data/\x00", "does not exist"),
    ],
)
def test_no_folder_is_looked_into_that_cannot_be_chosen(
    lab: Path, settings: Settings, tmp_path: Path, place: str, says: str
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "film.npy").write_bytes(b"")
    (lab / "out").symlink_to(outside)
    (lab / "out.npy").symlink_to(outside / "film.npy")
    (lab / "home" / "jobs").mkdir(parents=True)
    (lab / "home" / roots.HOME_MARK).write_bytes(b"")
    names = {one.name for one in browse.look(settings.data, "data", "images").entries}
    assert names.isdisjoint({"out", "out.npy", "home", ".hidden.npy"})
    with pytest.raises(InputError, match=says):
        browse.look(settings.data, place, "images")


def test_a_folder_of_very_many_files_is_cut_and_says_so(settings: Settings) -> None:
    for number in range(browse.MOST_ENTRIES + 20):
        (settings.data[0] / f"{number}.txt").touch()
    (settings.data[0] / "z.npy").write_bytes(b"")
    found = browse.look(settings.data, "", "images")
    assert (len(found.entries), found.more) == (browse.MOST_ENTRIES, 21)
    assert found.entries[0].name == "z.npy"
    assert "21 more: search to find them" in drawn(entries.folder(found, []))


def test_words_find_what_is_recognised_anywhere_below_the_roots(
    lab: Path, settings: Settings
) -> None:
    [one] = browse.search(settings.data, "RUN2 fish", "images")
    assert (one.place, one.is_input) == ("data/fish/run2", True)
    assert browse.search(settings.data, "notes", "images") == ()


@pytest.mark.parametrize("form", ["{}", '"{}"', " {} ", "file://{}", "'{}'"])
def test_a_whole_path_is_pasted_in_any_form(lab: Path, settings: Settings, form: str) -> None:
    assert roots.named(settings.data, form.format(lab / "film.npy")) == "data/film.npy"
    assert roots.named(settings.data, form.format("/etc/passwd")) == "/etc/passwd"
    assert roots.named(settings.data, "data/film.npy") == "data/film.npy"


def test_a_chosen_file_has_its_workspace_at_once(
    lab: Path, found: Services, press: Callable[..., None]
) -> None:
    press("new-path")
    address, wrong = take("brainmap", "data/film.npy")
    [made] = workspaces.all()
    assert (address, wrong) == (made.at("film", setup="1"), "")
    assert (made.name, made.root.reference) == ("film.npy", "data:data/film.npy")
    assert take("brainmap", str(lab / "film.npy")) == (address, "")
    assert len(workspaces.all()) == 1
    assert "Recently used" in drawn(new.area("brainmap"))
    job = submission.submit("brainmap fit", made.references, {"k": 3})
    found.store.finish(job, JobState.DONE)
    assert take("brainmap", "data/film.npy") == (made.address, "")


def test_a_sorting_made_elsewhere_is_marked_and_leads_to_its_form(
    found: Services, lab: Path, settings: Settings, press: Callable[..., None]
) -> None:
    sorted_elsewhere = lab / "ks4"
    sorted_elsewhere.mkdir()
    for name in ("spike_times", "spike_clusters"):
        np.save(sorted_elsewhere / f"{name}.npy", np.arange(3))
    analyzer = lab / "analyzer.zarr"
    for inner in ("sorting", "recording_info", "extensions/templates/average"):
        (analyzer / inner).mkdir(parents=True)
        (analyzer / inner / ".zgroup").write_text('{"zarr_format": 2}')
    (analyzer / ".zgroup").write_text('{"zarr_format": 2}')
    (analyzer / "recording_info" / ".zattrs").write_text("{}")
    kind = "recording or sorting"
    marked = {one.name for one in browse.look(settings.data, "", kind).entries if one.is_input}
    assert {"ks4", "analyzer.zarr"} <= marked
    place = f"{lab.name}/ks4"
    press("new-path", {"text": place, "at": 1})
    address, wrong = take("spikes", place)
    assert wrong == ""
    assert address == f"/spikes?step=import&foreign_sorting=data%3A{lab.name}%2Fks4"
    assert workspaces.all("spikes") == []
    # Neither of them, nor an array in it, is a recording.
    assert roots.offers(settings.data, "recording") == []


def test_what_is_no_such_file_is_one_sentence(
    lab: Path, found: Services, press: Callable[..., None]
) -> None:
    press("new-path")
    for words, says in (
        ("data/notes.txt", "data/notes.txt is no film that is known here: it can be"),
        ("data/nothing", "does not exist"),
        ("/etc/passwd", "must begin with the name of a data root"),
        ("fish", "must begin with the name of a data root"),
    ):
        address, wrong = take("brainmap", words)
        assert address is no_update
        assert says in wrong
    assert workspaces.all() == []


def test_an_upload_and_the_example_have_workspaces_too(
    client: FlaskClient, found: Services, press: Callable[..., None]
) -> None:
    name = "0" * 32
    client.put(f"/uploads/table/{name}/mine.csv", data=b"NeuronId\n1\n")
    reference = client.post(f"/uploads/table/{name}").get_json()["reference"]
    press({"type": "upload", "bench": "new", "name": "table"}, reference)
    address, _ = take("synapses", uploaded=[reference])
    assert address == workspaces.all()[0].at("table", setup="1")
    assert workspaces.all()[0].name == "mine.csv"
    press("new-example")
    assert take("spikes")[0].endswith("?tab=signal&setup=1")
    press({"type": "upload", "bench": "new", "name": "table"}, "data:data/x")
    assert take("synapses", uploaded=["job:nothing"])[0] is no_update


def test_opening_a_folder_ends_the_search(
    lab: Path, found: Services, press: Callable[..., None]
) -> None:
    press("new-place")
    shown, words, _ = new.browsed(new.ChosenPath(text="data/fish", at=1), "film", "brainmap")
    assert words == ""
    assert "run2" in drawn(shown)
    press("new-search")
    shown, words, _ = new.browsed(None, "film", "brainmap")
    assert words is no_update
    assert "film.npy" in drawn(shown)
    shown, *_ = new.browsed(None, str(lab / "fish"), "brainmap")
    assert "Use folder" in drawn(shown)


def test_who_may_only_look_starts_nothing(settings: Settings, press: Callable[..., None]) -> None:
    server = create_app(replace(settings, user_header="X-User", lookers=("lee",))).server
    proxy = {"REMOTE_ADDR": "127.0.0.1"}
    press("new-example")
    with server.test_request_context("/", headers={"X-User": "lee"}, environ_base=proxy):
        assert server.preprocess_request() is None
        address, wrong = take("spikes")
        assert address is no_update
        assert "this needs the role 'work'" in wrong
        assert workspaces.all() == []


def test_links_of_earlier_versions_lead_to_the_desk(client: FlaskClient, found: Services) -> None:
    job = submission.submit("brainmap fit", {"images": "example:brainmap"}, {"k": 3})
    [made] = workspaces.all()
    assert client.get(f"/brainmap?job={job}").location == made.at("map", asked=job)
    found.store.claim(quick_only=False)
    found.store.finish(job, JobState.DONE)
    assert client.get(f"/brainmap?job={job}").location == made.at("map", run=job)
    for stays in (f"/brainmap?step=map&job={job}", f"/spikes?job={job}", "/brainmap?job=none"):
        assert client.get(stays).status_code == 200
    assert client.get(f"/jobs/{job}").status_code == 200


def test_a_link_leads_also_to_a_workspace_that_was_put_away(
    client: FlaskClient, found: Services
) -> None:
    job = submission.submit("spikes sort", {"recording": "example:spikes"}, {})
    found.store.claim(quick_only=False)
    found.store.finish(job, JobState.DONE)
    [made] = workspaces.all("spikes")
    assert client.get(f"/spikes?job={job}").location == made.at("units", run=job)
    workspaces.hide(made.id)
    assert client.get(f"/spikes?job={job}").location == made.at("units", run=job)
    assert grid.is_empty("brainmap")
    assert not grid.is_empty("spikes")
