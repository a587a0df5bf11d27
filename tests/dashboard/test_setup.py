"""The set-up of a workspace: presets, the fields that matter, and a file that shows itself."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from dash import html, no_update

from dashboard import pages
from dashboard.jobs.store import Job, JobState
from dashboard.kit import forms, workbench, workspace_page
from dashboard.kit.bench import StepPage
from dashboard.kit.desk import View
from dashboard.server import people
from dashboard.server.people import Person, Role
from dashboard.server.services import Services, services
from dashboard.setup import drawer, glance
from dashboard.workspaces import workspaces
from dashboard.workspaces.workspace import Workspace
from pipelines.core.errors import InputError
from pipelines.spikes.recording import signal_reader

SUBJECTS = {one.word: one for one in pages.subjects()}
BENCHES = pages.step_pages()
PRESETS = [(bench, one) for bench in BENCHES.values() for one in bench.presets]


def components(part: Any) -> Iterator[Any]:
    yield part
    children = getattr(part, "children", None)
    if isinstance(part, list | tuple):
        children = part
    for child in children if isinstance(children, list | tuple) else [children]:
        if child is not None and not isinstance(child, str):
            yield from components(child)


def fields(parts: Any) -> list[str]:
    """The parameters whose input stands somewhere in there, in order."""
    ids = [getattr(one, "id", None) for one in components(parts)]
    return [one["name"] for one in ids if isinstance(one, dict) and one["type"] == "parameter"]


def text(parts: Any) -> str:
    """All that is written there."""
    found = []
    for one in components(parts):
        children = getattr(one, "children", None)
        several = children if isinstance(children, list | tuple) else [children]
        found += [child for child in several if isinstance(child, str)]
    return " ".join(found)


def opened(subject: str, workspace: Workspace, **given: str) -> Any:
    """The page of a workspace as its address gives it."""
    tab = given.pop("tab", "")
    return workspace_page.layout(SUBJECTS[subject], workspace.id, tab, "", given)


def drawer_of(page: Any) -> Any:
    """The drawer for the set-up."""
    return next(one for one in components(page) if getattr(one, "id", "") == "desk-change-drawer")


@pytest.fixture
def film(found: Services) -> Workspace:
    root = found.settings.data[0]
    np.save(root / "film.npy", np.zeros((20, 16, 16), np.uint16))
    return workspaces.create("brainmap", "", {"images": "data:data/film.npy"})


# -- rows


@pytest.mark.parametrize(("bench", "preset"), PRESETS, ids=lambda one: getattr(one, "name", ""))
def test_a_preset_is_made_of_parameters_and_says_why_and_from_where(
    bench: StepPage, preset: Any
) -> None:
    parsed = bench.step.parameters.parse(preset.values)
    assert all(getattr(parsed, name) is not None for name in preset.values)
    assert preset.about.endswith(".")
    assert preset.why.endswith(".")
    assert preset.source
    touched = list(dict.fromkeys(name for one in bench.presets for name in one.values))
    whole = drawer._whole(bench, preset, touched)
    ids = [forms.field_id(bench.slug, name) for name in whole]
    again = forms.read(bench.step.parameters, ids, list(whole.values()))
    assert again == parsed


def test_every_home_has_presets_and_three_to_five_fields_that_matter() -> None:
    for subject in SUBJECTS.values():
        bench = BENCHES[subject.home_tab.tasks[0]]
        assert len(bench.presets) >= 4
        for one in (bench, BENCHES[subject.glance]):
            assert 3 <= len(one.main) <= 5
            assert set(one.main) <= set(one.step.parameters.model_fields)


def test_names_of_presets_are_given_once() -> None:
    for bench in BENCHES.values():
        names = [one.name for one in bench.presets]
        assert len(names) == len(set(names))


# -- the drawer


def test_the_set_up_of_every_step_has_all_of_its_fields_once(found: Services) -> None:
    for bench in BENCHES.values():
        shown = fields(drawer.body(bench, None, {}, {}))
        given = fields(workbench.form(bench, None, {}, {}))
        assert sorted(shown) == sorted(given)
        assert shown[: len(bench.main)] == list(bench.main)


def test_what_does_not_matter_is_folded_and_found_by_a_search(found: Services) -> None:
    body = drawer.body(BENCHES["spikes sort"], None, {}, {})
    folds = [one for one in components(body) if getattr(one, "className", "") == "fold"]
    assert [fold.open for fold in folds] == [False, False]
    words = [
        one.to_plotly_json()["props"]["data-words"]
        for one in components(folds)
        if getattr(one, "className", "") == "field"
    ]
    assert sum("refractory" in one for one in words) == 1
    body = drawer.body(BENCHES["spikes sort"], None, {}, {"refractory_ms": 3.0})
    assert [one.open for one in components(body) if getattr(one, "className", "") == "fold"] == [
        False,
        True,
    ]


def test_help_is_one_sentence_with_the_rest_behind_i(found: Services) -> None:
    body = drawer.body(BENCHES["brainmap fit"], None, {}, {})
    model = BENCHES["brainmap fit"].step.parameters
    whole = str(model.model_fields["k"].description)
    control = next(
        one
        for one in components(body)
        if getattr(one, "id", None) == forms.field_id("brainmap", "k")
    )
    assert control.description == "How many groups of voxels to make."
    assert whole in text(body)


@pytest.mark.parametrize(
    ("whole", "first"),
    [
        ("A row. Another.", "A row."),
        ("Such as 0.5, 0.65, are its sides. More.", "Such as 0.5, 0.65, are its sides."),
        (
            "hdbscan: dense regions of the map. gmm: a mixture.",
            "hdbscan: dense regions of the map.",
        ),
        ("The synapses to cluster: all, as or ss.", "The synapses to cluster."),
        ("", "."),
    ],
)
def test_the_first_sentence_of_a_help(whole: str, first: str) -> None:
    assert forms.first_sentence(whole) == first


def test_a_wrong_value_is_said_at_its_field_which_is_unfolded(found: Services) -> None:
    bench = BENCHES["spikes sort"]
    ids = [forms.field_id(bench.slug, name) for name in ("freq_max", "refractory_ms", "seed")]
    values = [6000, 0.1, 0]
    _, sentence = workbench.run(bench, 1, [], [], ids, values)
    assert sentence.startswith("refractory_ms (Refractory period)")
    folds = [{"type": "fold", "bench": bench.slug, "name": name}
             for name in ("How the recording is read", "More settings")]  # fmt: skip
    said, is_open = workbench.at_fields(bench, sentence, ids, folds, [False, False])
    assert said == ["", sentence, ""]
    assert is_open == [False, True]
    assert forms.asked_for(BENCHES["brainmap fit"].step.parameters, "k (Clusters): it must") == [
        "k"
    ]


# -- a file shows itself


def test_an_empty_workspace_shows_its_file_and_the_set_up(found: Services, film: Workspace) -> None:
    page = opened("brainmap", film)
    [job] = workspaces.jobs(film.id)
    assert (job.task, job.state, job.quick) == ("brainmap look", JobState.QUEUED, True)
    assert drawer_of(page).opened
    assert fields(drawer_of(page))[:4] == list(BENCHES["brainmap fit"].main)
    assert "Look at images" in text(page)
    assert "film.npy" in text(drawer_of(page))


def test_it_is_read_once_however_often_it_is_opened(found: Services, film: Workspace) -> None:
    for _ in range(3):
        opened("brainmap", film, tab="film")
    [job] = workspaces.jobs(film.id)
    found.store.cancel(job.id)
    page = opened("brainmap", film)
    [same] = workspaces.jobs(film.id)
    assert (same.id, same.state) == (job.id, JobState.CANCELLED)
    assert "Read again" in text(page)


def test_two_pages_at_once_ask_for_one_job(found: Services, film: Workspace) -> None:
    subject, tab = SUBJECTS["brainmap"], SUBJECTS["brainmap"].tab("film")
    assert tab is not None
    for _ in range(2):  # both saw that there was none
        assert glance.begin(subject, tab, film, [], is_asked=False)
    assert len(workspaces.jobs(film.id)) == 1


def test_who_may_only_look_begins_nothing_and_sets_nothing_up(
    found: Services, film: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(people, "current", lambda: Person("eve", Role.LOOK))
    page = opened("brainmap", film, setup="1")
    assert workspaces.jobs(film.id) == []
    assert not drawer_of(page).opened


def test_other_tabs_open_no_set_up_unless_they_are_asked_to(
    found: Services, film: Workspace
) -> None:
    assert not drawer_of(opened("brainmap", film, tab="operations")).opened
    assert workspaces.jobs(film.id) == []
    assert drawer_of(opened("brainmap", film, tab="map")).opened
    assert workspaces.jobs(film.id) == []
    assert drawer_of(opened("brainmap", film, tab="map", setup="1")).opened
    assert [job.task for job in workspaces.jobs(film.id)] == ["brainmap look"]


def test_a_job_that_was_run_keeps_the_drawer_shut(found: Services, film: Workspace) -> None:
    values = BENCHES["brainmap fit"].step.parameters().model_dump(mode="json")
    workbench.submit("brainmap fit", film.references, values, workspace=film.id)
    assert not drawer_of(opened("brainmap", film, tab="film")).opened
    assert drawer_of(opened("brainmap", film, tab="film", setup="1")).opened


def test_an_imported_sorting_is_imported_again_and_not_sorted(found: Services) -> None:
    folder = found.settings.data[0] / "ks4"
    folder.mkdir()
    for name in ("spike_times", "spike_clusters"):
        np.save(folder / f"{name}.npy", np.arange(3))
    values = BENCHES["spikes import"].step.parameters().model_dump(mode="json")
    given = {"foreign_sorting": "data:data/ks4"}
    job = services().store.get(workbench.submit("spikes import", given, values))
    assert job is not None
    workspace = workspaces.of(job.id)[0]
    assert not drawer_of(opened("spikes", workspace, tab="units")).opened
    home = SUBJECTS["spikes"].home_tab
    shown = drawer.of_tab(home, View(workspace, home.word, None), job)
    assert "Import the sorting" in str(shown)


def ended(film: Workspace, error: str) -> Job:
    """The look of a film, which ended with a sentence."""
    store = services().store
    opened("brainmap", film)
    job = store.claim(quick_only=True)
    assert job is not None
    store.finish(job.id, JobState.FAILED, error)
    found = store.get(job.id)
    assert found is not None
    return found


def test_what_a_file_does_not_say_is_asked_on_the_tab(found: Services, film: Workspace) -> None:
    job = ended(film, "film.npy may be TYX or YXT: say Axes (--axes TYX).")
    page = opened("brainmap", film)
    unread = next(one for one in components(page) if "unread" in getattr(one, "className", ""))
    assert "film.npy may be TYX or YXT" in text(unread)
    assert fields(unread)[0] == "axes"
    assert drawer_of(page).opened
    ids = [{"type": "parameter", "bench": "brainmap-look-again", "name": "axes"},
           {"type": "parameter", "bench": "brainmap", "name": "axes"}]  # fmt: skip
    again = found.store.get(glance.again(film, job, ids, ["YXT", "TZYX"]))
    assert again is not None
    assert again.parameters["axes"] == "YXT"
    assert [item.reference for item in again.inputs] == ["data:data/film.npy"]


def test_a_failed_run_is_set_up_again_with_its_values_and_its_sentence(
    found: Services, film: Workspace
) -> None:
    values = {**BENCHES["brainmap fit"].step.parameters().model_dump(mode="json"), "axes": "YXT"}
    workbench.submit("brainmap fit", film.references, values, workspace=film.id)
    job = found.store.claim(quick_only=False)
    assert job is not None
    sentence = "The film has 16 rows: say --axes TYX."
    found.store.finish(job.id, JobState.FAILED, sentence)
    home = SUBJECTS["brainmap"].home_tab
    body = drawer.of_tab(home, View(film, "map", None))
    said = {
        one.id["name"]: one.children
        for one in components(body)
        if isinstance(getattr(one, "id", None), dict) and one.id["type"] == "field-error"
    }
    assert said["axes"] == sentence
    assert {name for name, words in said.items() if words} == {"axes"}
    control = next(
        one
        for one in components(body)
        if getattr(one, "id", None) == forms.field_id("brainmap", "axes")
    )
    assert control.value == "YXT"
    assert [one.open for one in components(body) if getattr(one, "className", "") == "fold"] == [
        True,
        False,
        False,
    ]


def test_the_first_second_of_a_recording_is_there_however_long_it_is(
    found: Services, tmp_path: Path
) -> None:
    """What was written is what is drawn: a ramp, whose last value in a second is known."""
    samples = np.zeros((90_000, 2), np.int16)
    samples[:, 1] = np.arange(90_000) // 1000
    (tmp_path / "ramp.raw").write_bytes(samples.tobytes())
    given = {"sampling_frequency": 30_000, "num_channels": 2, "gain_uv": 2.0, "layout": "row"}
    values = BENCHES["spikes look"].step.parameters.parse(given).model_dump(mode="json")
    seen = signal_reader.glimpse(str(tmp_path / "ramp.raw"), values, "")
    assert seen.found["duration_s"] == 3.0
    assert seen.found["read_as"] == {
        "format": seen.found["read_as"]["format"],
        "sample_type": "int16",
        "gain_uv": [2.0, 2.0],
    }
    assert [seen.names[place] for place in seen.shown] == ["1", "0"]
    assert seen.envelope.edges_s[-1] == pytest.approx(1.0, abs=1e-3)
    assert seen.envelope.high[:, 0].max() == 2.0 * 30
    assert not seen.envelope.high[:, 1].any()
    with pytest.raises(InputError, match="sampling_frequency"):
        signal_reader.glimpse(str(tmp_path / "ramp.raw"), {}, "")


def test_a_recording_is_seen_while_it_is_looked_at(
    found: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = found.settings.data[0]
    (root / "wires.raw").write_bytes(np.zeros((30_000, 4), np.int16).tobytes())
    place = workspaces.create("spikes", "", {"recording": "data:data/wires.raw"})
    page = opened("spikes", place)
    [job] = workspaces.jobs(place.id)
    asked = next(one for one in components(page) if getattr(one, "id", "") == "glimpse-asked")
    assert asked.data == job.id
    tab = SUBJECTS["spikes"].tab("signal")
    assert tab is not None
    assert glance.at_once(tab, place, job) is None  # the file does not say its rate
    whole = dataclasses.replace(
        job, parameters={"sampling_frequency": 30_000, "num_channels": 4, "gain_uv": 0.2}
    )
    shown = glance.at_once(tab, place, whole)
    assert "30,000 Hz" in text(shown)
    assert "0.2 µV per step" in text(shown)


def test_only_what_takes_seconds_passes_long_work(
    found: Services, film: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = found.settings.data[0]
    (root / "wires.raw").write_bytes(np.zeros((3_000, 4), np.int16).tobytes())
    place = workspaces.create("spikes", "", {"recording": "data:data/wires.raw"})
    quick = found.store.get(glance.read(place, "spikes look", {}))
    monkeypatch.setattr(glance, "QUICK_BYTES", 100)
    long = found.store.get(glance.read(place, "spikes look", {"noisy_times": 5.0}))
    assert quick is not None
    assert long is not None
    assert (quick.quick, long.quick) == (True, False)


def test_a_table_that_is_not_of_synapses_shows_its_rows_and_asks_for_its_columns(
    found: Services,
) -> None:
    root = found.settings.data[0]
    lines = ["cell,width,rate", *(f"c{k},{k}.5,{'' if k == 3 else k}" for k in range(30))]
    (root / "points.csv").write_text("\n".join(lines), encoding="utf-8")
    place = workspaces.create("synapses", "", {"table": "data:data/points.csv"})
    opened("synapses", place)
    job = found.store.claim(quick_only=True)
    assert job is not None
    found.store.finish(job.id, JobState.FAILED, "It lacks NeuronId: say feature_columns.")
    page = opened("synapses", place)
    unread = next(one for one in components(page) if "unread" in getattr(one, "className", ""))
    assert fields(unread)[0] == "feature_columns"
    tab = SUBJECTS["synapses"].tab("table")
    assert tab is not None
    seen = text(glance.at_once(tab, place, job))
    assert "The first 12 of 30 rows" in seen
    assert "0.5 to 29.5" in seen  # width
    assert "30: c0, c1, c10, c11 …" in seen
    rate = next(
        one
        for one in components(glance.at_once(tab, place, job))
        if isinstance(one, html.Tr) and text(one).startswith("rate")
    )
    assert text(rate) == "rate number 1 0 to 29"


def test_a_table_is_clustered_as_it_was_read_and_repaired(found: Services) -> None:
    root = found.settings.data[0]
    (root / "cells.csv").write_text("NeuronId\na\n", encoding="utf-8")
    place = workspaces.create("synapses", "", {"table": "data:data/cells.csv"})
    glance.read(place, "synapses check", {"repair": "nm-to-um", "columns": "SynArea=size"})
    job = found.store.claim(quick_only=True)
    assert job is not None
    found.store.finish(job.id, JobState.DONE)
    home = SUBJECTS["synapses"].home_tab
    given = home.fill(View(place, "map", None))
    values = workbench.known_values(BENCHES["synapses fit"], given)
    assert values == {"repair": ["nm-to-um"], "columns": {"SynArea": "size"}}


RAW_SAYS_NOTHING = (
    "data/wires.raw is a raw binary file: set sampling_frequency, num_channels, dtype and gain_uv, "
    "for it does not say them."
)


def test_what_a_raw_recording_does_not_say_is_asked_first_in_its_set_up(found: Services) -> None:
    root = found.settings.data[0]
    (root / "wires.raw").write_bytes(np.zeros((300, 4), np.int16).tobytes())
    place = workspaces.create("spikes", "", {"recording": "data:data/wires.raw"})
    opened("spikes", place)
    [job] = workspaces.jobs(place.id)
    found.store.claim(quick_only=False)
    found.store.finish(job.id, JobState.FAILED, RAW_SAYS_NOTHING)
    body = drawer.of_home(SUBJECTS["spikes"], place)
    asked = next(
        one for one in components(body) if "setup-asked" in str(getattr(one, "className", ""))
    )
    assert fields([asked]) == ["gain_uv", "sampling_frequency", "num_channels", "dtype"]
    assert len(fields(body)) == len(set(fields(body)))  # none stands a second time, folded away
    home = SUBJECTS["spikes"].home_tab
    view = View(place, home.word, None)
    ids = [forms.field_id(BENCHES["spikes sort"].slug, name) for name in ("sorter", "dtype")]
    again = drawer.asking(home, view, ids, ["group", "int16"])
    kept = next(one for one in components(again) if getattr(one, "id", None) == ids[0])
    assert kept.value == "group"
    assert fields(again) == fields(body)
    assert drawer.asking(home, view) is no_update
