"""Workspaces: which jobs belong to one, what is written on it, and how it survives."""

import contextlib
import json
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard import create_app
from dashboard.home import usage
from dashboard.jobs import migrations, record
from dashboard.jobs.database import StoreError
from dashboard.jobs.repair import mend
from dashboard.jobs.store import JobInput, JobState, Store
from dashboard.server import submission
from dashboard.server.services import Services, services
from dashboard.server.settings import Settings
from dashboard.workspaces import workspaces
from dashboard.workspaces.store import Workspaces
from dashboard.workspaces.workspace import (
    LONGEST_NAME,
    LONGEST_TAG,
    MOST_TAGS,
    Workspace,
    clean_name,
    clean_notes,
    clean_tags,
)
from pipelines.core.errors import InputError, NoRoomError, NotAllowedError, ParameterError
from pipelines.steps import STEPS
from tests.earlier import unpack
from tests.full_disk import fill, small_disk

FILM = JobInput("images", "data:lab/fish 7.tif", "lab/fish 7.tif", "/lab/fish 7.tif", "film-key")
OTHER = JobInput("images", "data:lab/fish 8.tif", "lab/fish 8.tif", "/lab/fish 8.tif", "other-key")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "jobs.sqlite")


@pytest.fixture
def kept(store: Store) -> Workspaces:
    return Workspaces(store.file)


def submit(store: Store, task: str, *items: JobInput, workspace: str = "", **values: int) -> str:
    return store.submit(task, values, items, version="1", workspace=workspace)


def result_of(job_id: str, name: str) -> JobInput:
    return JobInput(name, f"job:{job_id}", f"a result (job {job_id})", "unused", f"job:{job_id}")


def names(found: list[Workspace]) -> list[str]:
    return [one.name for one in found]


# Which jobs belong to which.


def test_a_first_job_makes_a_workspace_named_after_its_file(store: Store, kept: Workspaces) -> None:
    job_id = store.submit("brainmap look", {}, [FILM], version="1", author="anna")
    (made,) = kept.of(job_id)
    assert (made.subject, made.name, made.owner) == ("brainmap", "fish 7.tif", "anna")
    assert made.root == FILM
    assert made.references == {"images": "data:lab/fish 7.tif"}
    assert made.address == f"/brainmap/{made.id}"


def test_jobs_of_one_film_are_one_workspace_and_those_of_another_another(
    store: Store, kept: Workspaces
) -> None:
    first = [submit(store, "brainmap fit", FILM, k=k) for k in (2, 3)]
    first.append(submit(store, "brainmap look", FILM))
    second = submit(store, "brainmap fit", OTHER)
    (one,), (other,) = kept.of(first[0]), kept.of(second)
    assert [job.id for job in store.of_workspace(one.id)] == first[::-1]
    assert [job.id for job in store.of_workspace(one.id, "brainmap fit")] == first[1::-1]
    assert [job.id for job in store.of_workspace(other.id)] == [second]


def test_what_is_made_of_results_belongs_to_them(store: Store, kept: Workspaces) -> None:
    series = submit(store, "brainmap series", FILM)
    fit = submit(store, "brainmap fit", result_of(series, "images"))
    colours = submit(store, "brainmap colorize", result_of(fit, "map"))
    (made,) = kept.all()
    assert [job.id for job in store.of_workspace(made.id)] == [colours, fit, series]


def test_a_film_and_a_table_of_the_same_key_are_two(store: Store, kept: Workspaces) -> None:
    submit(store, "brainmap look", FILM)
    submit(store, "synapses check", replace(FILM, name="table"))
    assert sorted(one.subject for one in kept.all()) == ["brainmap", "synapses"]


def test_a_classifier_is_a_tool_and_not_what_a_labelling_is_about(
    store: Store, kept: Workspaces
) -> None:
    table = JobInput("table", "upload:a", "units.csv", "/a", "upload:a")
    recording = JobInput("recording", "data:lab/day 2", "lab/day 2", "/lab/day 2", "day-2")
    trained = submit(store, "spikes train-labels", table)
    sorted_ = submit(store, "spikes sort", recording)
    labelled = submit(
        store, "spikes label", result_of(sorted_, "units"), result_of(trained, "bundle")
    )
    assert names(kept.of(labelled)) == ["day 2"]


def test_a_new_sheet_predicted_by_a_stored_model_is_a_workspace(
    store: Store, kept: Workspaces
) -> None:
    model = JobInput("bundle", "model:forest", "Model forest", "/models/forest", "model:1")
    sheet = JobInput("table", "upload:b", "new.csv", "/new.csv", "upload:b")
    (made,) = kept.of(submit(store, "synapses predict", model, sheet))
    assert (made.name, made.references) == ("new.csv", {"table": "upload:b"})


def test_what_several_recordings_teach_belongs_to_all_of_them(
    store: Store, kept: Workspaces
) -> None:
    sortings = [
        submit(store, "spikes sort", JobInput("recording", f"data:{one}", one, f"/{one}", one))
        for one in ("monday", "tuesday")
    ]
    tables = [
        result_of(one, name) for one, name in zip(sortings, ("curated", "curated 2"), strict=True)
    ]
    assert names(kept.of(submit(store, "spikes training-table", *tables))) == ["monday", "tuesday"]


def test_a_job_asked_for_in_two_workspaces_belongs_to_both(store: Store, kept: Workspaces) -> None:
    fit = submit(store, "brainmap fit", FILM)
    submit(store, "brainmap fit", OTHER)
    other = kept.all()[0]
    assert submit(store, "brainmap fit", FILM, workspace=other.id) == fit
    assert names(kept.of(fit)) == ["fish 7.tif", "fish 8.tif"]


def test_a_file_used_within_a_workspace_gets_none_of_its_own(
    store: Store, kept: Workspaces
) -> None:
    submit(store, "brainmap look", FILM)
    (made,) = kept.all()
    submit(store, "brainmap look", OTHER, workspace=made.id)
    assert names(kept.all()) == ["fish 7.tif"]


@pytest.mark.parametrize("workspace", ["0" * 12, "' OR 1 --", "../jobs"])
def test_nothing_is_queued_in_a_workspace_that_is_not_there(store: Store, workspace: str) -> None:
    with pytest.raises(InputError, match="not here any more"):
        submit(store, "brainmap look", FILM, workspace=workspace)
    assert store.latest() == []


def test_a_workspace_of_another_subject_is_none(store: Store, kept: Workspaces) -> None:
    submit(store, "synapses check", replace(FILM, name="table"))
    with pytest.raises(InputError, match="not here any more"):
        submit(store, "brainmap look", FILM, workspace=kept.all()[0].id)


def test_the_workspace_where_something_happened_last_is_first(
    store: Store, kept: Workspaces, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = submit(store, "brainmap fit", FILM)
    monkeypatch.setattr("dashboard.jobs.store.time.time", lambda: 1.0)  # a clock that was set back
    submit(store, "brainmap fit", OTHER)
    assert names(kept.all()) == ["fish 8.tif", "fish 7.tif"]
    store.restart(first)
    assert names(kept.all()) == ["fish 7.tif", "fish 8.tif"]


def test_a_deleted_job_leaves_its_workspace(store: Store, kept: Workspaces) -> None:
    job_id = submit(store, "brainmap fit", FILM)
    (made,) = kept.all()
    store.cancel(job_id)
    store.delete(job_id)
    assert kept.of(job_id) == []
    assert names(kept.all()) == ["fish 7.tif"]
    assert submit(store, "brainmap fit", FILM) == job_id
    assert kept.of(job_id)[0].id == made.id


def test_every_step_has_a_file_that_a_workspace_can_be_about() -> None:
    assert {step.group for step in STEPS.values()} == set(workspaces.OPENED_BY)
    for subject, task in workspaces.OPENED_BY.items():
        assert STEPS[task].main == workspaces.ROOTS[subject]


# What people write.

ANY = st.text(st.characters(), max_size=200)


@given(ANY)
def test_any_name_is_kept_as_it_is_seen_or_refused_in_a_sentence(text: str) -> None:
    seen = [one for one in text if one.isprintable() and not one.isspace()]
    if not seen or len(text) > LONGEST_NAME:
        with contextlib.suppress(ParameterError):
            assert len(clean_name(text)) <= LONGEST_NAME
        return
    name = clean_name(text)
    assert clean_name(name) == name
    assert 0 < len(name) <= LONGEST_NAME
    assert "\n" not in name
    name.encode("utf-8")
    assert [one for one in name if one.isprintable() and not one.isspace()] == seen


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (" \n\u200c\u202e ", "A workspace needs a name: write at least one letter or digit."),
        ("x" * 1234, "The name of 1,234 characters is too long: shorten it to 120."),
    ],
)
def test_names_that_cannot_be_are_refused_in_a_sentence(text: str, said: str) -> None:
    with pytest.raises(ParameterError) as refused:
        clean_name(text)
    assert refused.value.sentence == said


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("  Tuesday \n tetrode ", "Tuesday tetrode"),
        ("Fisch Nr. 7 – Übung", "Fisch Nr. 7 – Übung"),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("evil\u202etxt.exe", "eviltxt.exe"),
        ("a\ud800b", "ab"),
        ("x" * LONGEST_NAME, "x" * LONGEST_NAME),
    ],
)
def test_names_in_all_scripts_are_kept(text: str, name: str) -> None:
    assert clean_name(text) == name


@given(st.lists(ANY, max_size=30))
def test_any_tags_are_kept_once_each(texts: list[str]) -> None:
    if any(len(text) > LONGEST_TAG for text in texts) or len(texts) > MOST_TAGS:
        texts = [text[:LONGEST_TAG] for text in texts[:MOST_TAGS]]
    tags = clean_tags(texts)
    assert clean_tags(tags) == tags
    assert len({tag.casefold() for tag in tags}) == len(tags) <= MOST_TAGS
    assert all(0 < len(tag) <= LONGEST_TAG for tag in tags)


@given(st.text(st.characters(), max_size=500))
def test_any_notes_are_kept_line_by_line(text: str) -> None:
    notes = clean_notes(text)
    assert clean_notes(notes) == notes
    notes.encode("utf-8")


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        (["x" * 41], "The tag of 41 characters is too long: shorten it to 40."),
        ([f"tag {n}" for n in range(21)], "21 tags are too many: keep at most 20."),
    ],
)
def test_tags_without_end_are_refused(texts: list[str], said: str) -> None:
    with pytest.raises(ParameterError) as refused:
        clean_tags(texts)
    assert refused.value.sentence == said


def test_notes_without_end_are_refused() -> None:
    with pytest.raises(ParameterError, match="Notes of 30,000 characters are too long"):
        clean_notes("x" * 30_000)


# As pages use them.


@pytest.fixture
def film(settings: Settings) -> str:
    (settings.data[0] / "fish.npy").write_bytes(b"a film")
    return f"data:{settings.data[0].name}/fish.npy"


def test_a_workspace_may_be_there_before_any_job(found: Services, film: str) -> None:
    made = workspaces.create("brainmap", "Fish 7", {"images": film})
    assert (made.name, workspaces.jobs(made.id)) == ("Fish 7", [])
    job_id = submission.submit("brainmap look", made.references, {}, workspace=made.id)
    assert [job.id for job in workspaces.jobs(made.id)] == [job_id]
    assert workspaces.of(job_id) == [workspaces.get(made.id)]
    assert workspaces.create("brainmap", "", {"images": film}).name == "Fish 7"


def test_the_workspace_of_a_result_is_that_of_its_job(found: Services, film: str) -> None:
    job_id = submission.submit("brainmap series", {"images": film}, {"operation": "std"})
    found.store.claim(quick_only=False)
    found.store.finish(job_id, JobState.DONE)
    (found.settings.jobs / job_id / "result").mkdir(parents=True)
    made = workspaces.create("brainmap", "again", {"images": f"job:{job_id}"})
    assert [made] == workspaces.all()


@pytest.mark.parametrize(
    ("subject", "references", "said"),
    [
        ("brainmap", {}, "Choose the images first"),
        ("brainmap", {"images": "model:forest"}, "cannot be model"),
        ("brainmap", {"images": "data:../../etc/passwd"}, "must begin with"),
        ("spikes", {"recording": "upload:abc"}, "cannot be upload"),
        ("horses", {"images": "data:a"}, "no workspaces of horses"),
    ],
)
def test_a_workspace_begins_with_what_a_form_offers(
    found: Services, subject: str, references: dict[str, str], said: str
) -> None:
    with pytest.raises(InputError, match=said):
        workspaces.create(subject, "", references)
    assert workspaces.all() == []


def test_workspaces_are_found_by_words_tags_and_subject(found: Services, film: str) -> None:
    table = f"data:{found.settings.data[0].name}/cells.csv"
    (found.settings.data[0] / "cells.csv").write_text("a\n1\n", encoding="utf-8")
    fish = workspaces.create("brainmap", "Fish 7", {"images": film}).id
    workspaces.create("synapses", "Three cells", {"table": table})
    workspaces.note(fish, "Light sheet,\ntectum")
    workspaces.tag(fish, ["GCaMP6s", "zebrafish", "gcamp6S", " "])
    assert workspaces.get(fish) == workspaces.all()[0]
    assert workspaces.all()[0].tags == ("GCaMP6s", "zebrafish")
    assert names(workspaces.all("synapses")) == ["Three cells"]
    assert names(workspaces.all(search="TECTUM fish")) == ["Fish 7"]
    assert names(workspaces.all(search="fish.npy")) == ["Fish 7"]
    assert names(workspaces.all(tag="gcamp6s")) == ["Fish 7"]
    assert workspaces.all(search="fish cells") == []
    assert workspaces.all("brainmap", tag="cells") == []


def test_what_is_put_away_comes_back_with_work(found: Services, film: str) -> None:
    made = workspaces.create("brainmap", "Fish", {"images": film})
    workspaces.hide(made.id)
    assert workspaces.all() == []
    assert names(workspaces.all(hidden=True)) == ["Fish"]
    workspaces.show(made.id)
    workspaces.hide(made.id)
    submission.submit("brainmap look", made.references, {})
    assert names(workspaces.all()) == ["Fish"]


def test_a_workspace_is_deleted_with_what_is_only_its_own(found: Services, film: str) -> None:
    made = workspaces.create("brainmap", "Fish", {"images": film})
    jobs = [submission.submit("brainmap fit", made.references, {"k": k}) for k in (2, 3)]
    with pytest.raises(InputError, match="cancel it first"):
        workspaces.delete(made.id)
    (found.settings.data[0] / "other.npy").write_bytes(b"another")
    other = workspaces.create("brainmap", "", {"images": film.replace("fish", "other")})
    submission.submit("brainmap fit", made.references, {"k": 3}, workspace=other.id)
    for job_id in jobs:
        found.store.cancel(job_id)
    workspaces.delete(made.id)
    assert workspaces.get(made.id) is None
    assert [job.id for job in found.store.latest()] == [jobs[1]]
    assert names(workspaces.of(jobs[1])) == ["other.npy"]
    Store(found.store.file)
    assert names(workspaces.all()) == ["other.npy"]
    with pytest.raises(InputError, match="not here any more"):
        workspaces.rename(made.id, "Ghost")


def test_an_upload_that_waits_in_a_workspace_is_not_unused(found: Services) -> None:
    folder = found.settings.uploads / ("a" * 32)
    folder.mkdir()
    (folder / "a.csv").write_text("a\n1\n", encoding="utf-8")
    later = folder.stat().st_mtime + 2 * usage.DAY_SECONDS
    assert usage.unused_uploads(found.store, found.settings, later) == [folder]
    workspaces.create("synapses", "", {"table": f"upload:{'a' * 32}"})
    assert usage.unused_uploads(found.store, found.settings, later) == []


CHANGES: list[Callable[[str], object]] = [
    lambda one: workspaces.rename(one, "Mine"),
    lambda one: workspaces.note(one, "Mine"),
    lambda one: workspaces.tag(one, ["mine"]),
    workspaces.hide,
    workspaces.show,
    workspaces.delete,
    lambda _: workspaces.create("synapses", "", {"table": "example:synapses"}),
]


@pytest.mark.parametrize("name", ["lee", "anna", "olga"])
def test_who_may_only_look_changes_nothing_and_only_owners_delete(
    settings: Settings, name: str
) -> None:
    settings = replace(settings, user_header="X-User", owners=("olga",), lookers=("lee",))
    server = create_app(settings).server
    with server.app_context():
        made = workspaces.create("brainmap", "", {"images": "example:brainmap"})
    proxy = {"REMOTE_ADDR": "127.0.0.1"}
    with server.test_request_context("/", headers={"X-User": name}, environ_base=proxy):
        assert server.preprocess_request() is None
        for change in CHANGES:
            before = workspaces.all()
            if name == "olga" or (name == "anna" and change is not workspaces.delete):
                change(made.id)
                continue
            with pytest.raises(NotAllowedError):
                change(made.id)
            assert workspaces.all() == before


# Older lists of jobs, lost and damaged ones.


@pytest.fixture(scope="module")
def old_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return unpack(tmp_path_factory.mktemp("earlier"), "home") / "home"


BELONGS = {
    "recording": ["look", "sort", "review", "label", "curate", "export"],
    "mouse1_units.csv … mouse2_units.csv (2 files)": ["train-labels"],
    "broken": ["sort"],
    "film.npy": ["fit", "look", "correlate", "series", "export", "colorize"],
    "synapses.csv": ["check", "fit", "train", "predict"],
    "new.csv": ["predict"],
}


def belongs(file: Path) -> dict[str, list[str]]:
    """The steps of each workspace, the oldest first."""
    store = Store(file)
    return {
        one.name: [job.task.split()[1] for job in store.of_workspace(one.id)][::-1]
        for one in Workspaces(file).all()
    }


def test_a_home_of_the_last_release_has_a_workspace_for_each_file(
    old_home: Path, tmp_path: Path
) -> None:
    home = shutil.copytree(old_home, tmp_path / "home")
    assert belongs(home / "jobs.sqlite") == BELONGS
    again = Workspaces(home / "jobs.sqlite").all()
    Store(home / "jobs.sqlite")
    assert Workspaces(home / "jobs.sqlite").all() == again


def test_a_list_that_is_lost_with_folders_of_older_versions_finds_what_their_results_tell(
    old_home: Path, tmp_path: Path
) -> None:
    home = shutil.copytree(old_home, tmp_path / "home")
    for file in (home / "jobs").glob("*/job.json"):
        file.unlink()
    (home / "jobs.sqlite").unlink()
    mend(home / "jobs.sqlite", home / "jobs")
    found = belongs(home / "jobs.sqlite")
    assert sorted(map(len, found.values())) == sorted(
        len(steps) for name, steps in BELONGS.items() if name != "broken"
    )


def earlier(file: Path, version: int) -> None:
    """A list of jobs as each version wrote it: a fit, and colours of its map."""
    file.parent.mkdir(parents=True, exist_ok=True)
    items = [
        {
            "name": "images",
            "reference": "upload:u",
            "label": "u.tif",
            "path": "u",
            "key": "upload:u",
        }
    ]
    built = [
        {"name": "map", "reference": "job:aaa", "label": "u.tif (job aaa)", "path": "", "key": ""}
    ]
    with contextlib.closing(sqlite3.connect(file)) as database, database:
        database.row_factory = sqlite3.Row
        for step in migrations.STEPS[:version]:
            step.apply(database, file.parent)
        database.execute(f"PRAGMA user_version={version}")
        values = [
            ("bbb", "brainmap colorize", json.dumps(built), 2.0),
            ("aaa", "brainmap fit", json.dumps(items), 1.0),
        ]
        for one in values if version < 4 else values[::-1]:
            database.execute(
                "INSERT INTO job (id, task, parameters, inputs, quick, state, created) "
                "VALUES (?, ?, '{}', ?, 0, 'done', ?)",
                one,
            )
        if version >= 4:
            database.execute("UPDATE job SET place = created")


@pytest.mark.parametrize("version", range(1, len(migrations.STEPS) + 1))
def test_a_list_of_every_earlier_version_gets_its_workspaces(tmp_path: Path, version: int) -> None:
    file = tmp_path / "home" / "jobs.sqlite"
    earlier(file, version)
    assert mend(file, file.parent / "jobs") == ""
    assert belongs(file) == {"u.tif": ["fit", "colorize"]}
    (made,) = Workspaces(file).all()
    assert (made.created, made.changed) == (1.0, 2.0)


def lose(file: Path) -> None:
    file.unlink()


def no_database(file: Path) -> None:
    file.write_bytes(b"not a database" * 200)


def wrong_row(file: Path) -> None:
    with contextlib.closing(sqlite3.connect(file)) as database, database:
        database.execute("UPDATE workspace SET inputs='[' WHERE name='Fish 8'")


def wrong_tags(file: Path) -> None:
    with contextlib.closing(sqlite3.connect(file)) as database, database:
        database.execute("UPDATE workspace SET tags='[1]'")


def no_table(file: Path) -> None:
    with contextlib.closing(sqlite3.connect(file)) as database, database:
        database.execute("DROP TABLE workspace_job")


@pytest.mark.parametrize("damage", [lose, no_database, wrong_row, wrong_tags, no_table])
def test_a_lost_list_finds_workspaces_and_what_was_written_on_them(
    tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    file, jobs = tmp_path / "home" / "jobs.sqlite", tmp_path / "home" / "jobs"
    jobs.mkdir(parents=True)
    store, kept = Store(file), Workspaces(file)
    fit = submit(store, "brainmap fit", FILM)
    colours = submit(store, "brainmap colorize", result_of(fit, "map"))
    for job_id in (fit, colours):
        job = store.get(job_id)
        assert job is not None
        (jobs / job_id).mkdir()
        record.write(job, jobs / job_id, file.parent)
    (made,) = kept.all()
    waiting = kept.create("brainmap", "Fish 8", [OTHER], "ben")
    kept.change(made.id, name="Fish 7", notes="tectum", tags=("gcamp",))
    kept.change(waiting.id, hidden=True)
    before = {one.id: one for one in kept.all()}
    del store, kept
    for end in ("-wal", "-shm"):
        Path(f"{file}{end}").unlink(missing_ok=True)
    damage(file)
    assert "no result was touched" in mend(file, jobs)
    after = {one.id: one for one in Workspaces(file).all()}
    assert after == before
    assert [job.id for job in Store(file).of_workspace(made.id)] == [colours, fit]
    assert mend(file, jobs) == ""


def test_membership_that_was_asked_for_survives_damage_elsewhere(tmp_path: Path) -> None:
    file = tmp_path / "jobs.sqlite"
    store, kept = Store(file), Workspaces(file)
    fit = submit(store, "brainmap fit", FILM)
    other = kept.create("brainmap", "", [OTHER], "")
    submit(store, "brainmap fit", FILM, workspace=other.id)
    del store
    wrong_tags(file)
    mend(file, tmp_path / "jobs")
    assert sorted(names(Workspaces(file).of(fit))) == ["fish 7.tif", "fish 8.tif"]


@pytest.mark.parametrize("text", ["", "[]", "{", '{"id": "../../x"}', '{"id": 3, "inputs": "[]"}'])
def test_a_damaged_file_beside_the_list_is_passed_over(tmp_path: Path, text: str) -> None:
    file = tmp_path / "jobs.sqlite"
    kept = Workspaces(Store(file).file)
    made = kept.create("brainmap", "Fish", [FILM], "")
    beside = tmp_path / "workspaces"
    (beside / f"{'f' * 12}.json").write_text(text, encoding="utf-8")
    shutil.copy(beside / f"{made.id}.json", beside / f"{'e' * 12}.json")
    file.unlink()
    mend(file, tmp_path / "jobs")
    assert names(Workspaces(file).all()) == ["Fish"]


def test_a_home_that_was_moved_keeps_its_workspaces(tmp_path: Path) -> None:
    file = tmp_path / "old" / "jobs.sqlite"
    file.parent.mkdir()
    upload = JobInput("images", "upload:u", "u.tif", str(file.parent / "uploads/u"), "upload:u")
    submit(Store(file), "brainmap fit", upload)
    shutil.move(file.parent, tmp_path / "new")
    (made,) = Workspaces(tmp_path / "new" / "jobs.sqlite").all()
    assert made.root.path == str(tmp_path / "new" / "uploads" / "u")


# Several at once, locked, full.


def make(file: Path, number: int) -> str:
    """In a process of its own."""
    file.parent.mkdir(exist_ok=True)
    store, kept = Store(file, patience=30), Workspaces(file, patience=30)
    made = kept.create("brainmap", f"By {number}", [FILM], str(number))
    store.submit("brainmap fit", {"k": number}, [FILM], version="1")
    kept.change(made.id, tags=(f"by {number}",))
    return made.id


def test_processes_that_make_the_same_workspace_make_one(tmp_path: Path) -> None:
    file = tmp_path / "jobs.sqlite"
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        pool.submit(
            make, tmp_path / "ready" / "jobs.sqlite", 0
        ).result()  # it has imported everything
        theirs = pool.map(make, [file] * 8, range(8))
        ids = {make(file, number) for number in range(8, 16)} | set(theirs)
    (made,) = Workspaces(file).all()
    assert ids == {made.id}
    assert len(Store(file).of_workspace(made.id)) == 16
    numbers = range(16)
    assert made.name in [f"By {number}" for number in numbers]
    assert made.tags in [(f"by {number}",) for number in numbers]
    kept = json.loads((file.parent / "workspaces" / f"{made.id}.json").read_text(encoding="utf-8"))
    assert (kept["name"], tuple(json.loads(kept["tags"]))) == (made.name, made.tags)


def test_a_locked_list_shows_workspaces_and_changes_none(tmp_path: Path) -> None:
    file = tmp_path / "jobs.sqlite"
    store, kept = Store(file), Workspaces(file, patience=0.05)
    submit(store, "brainmap fit", FILM)
    (made,) = kept.all()
    with contextlib.closing(sqlite3.connect(file)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="locked: nothing was changed"):
            kept.change(made.id, name="Fish")
        with pytest.raises(StoreError, match="locked"):
            kept.create("brainmap", "", [OTHER], "")
        with pytest.raises(StoreError, match="locked"):
            kept.delete(made.id)
        assert kept.all() == [made]
    assert not (tmp_path / "workspaces").exists()
    kept.change(made.id, name="Fish")
    assert names(kept.all()) == ["Fish"]


@pytest.fixture
def full_home(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path / "home") as home:
        yield home


def test_on_a_full_disk_nothing_changes_and_all_is_seen(full_home: Path) -> None:
    server = create_app(Settings(home=full_home)).server
    with server.app_context():
        store, kept = services().store, Workspaces(services().store.file)
        submit(store, "brainmap fit", FILM)
        (made,) = kept.all()
        fill(full_home)
        for number in range(50):
            try:
                kept.change(made.id, notes=str(number) * 20_000)
            except NoRoomError:
                break
        else:
            pytest.fail("the disk was not full")
        (now,) = workspaces.all()
        assert now.notes == (str(number - 1) * 20_000 if number else "")
        (full_home / "fill").unlink()
        assert workspaces.rename(made.id, "Fish").name == "Fish"
        folder = full_home / "workspaces"
        assert [file.name for file in folder.iterdir()] == [f"{made.id}.json"]
