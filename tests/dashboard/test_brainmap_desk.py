"""The desk of a film: every panel draws, and all of them show what is selected."""

import shutil
import zlib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from dash.exceptions import PreventUpdate
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from plotly.io.json import to_json_plotly

from dashboard.brainmap import workspace
from dashboard.brainmap.map import result
from dashboard.brainmap.map.chosen import load, load_map
from dashboard.brainmap.tabs import (
    begin,
    correlate_tab,
    export_tab,
    film_tab,
    k_tab,
    map_tab,
    operations_tab,
    sheet,
    shown,
)
from dashboard.jobs.store import Job, JobState
from dashboard.kit import results, workbench
from dashboard.kit.bench import Shown
from dashboard.kit.desk import Tab, View, panels
from dashboard.kit.figures import Drawn
from dashboard.kit.scale import UNKNOWN
from dashboard.server import people
from dashboard.server.people import Person, Role
from dashboard.server.posted import PostedError
from dashboard.server.services import Services
from dashboard.server.settings import Settings
from dashboard.workspaces import workspaces
from pipelines import tasks
from pipelines.brainmap.map import maps
from pipelines.brainmap.map.folder import MapOfK
from pipelines.core.errors import InputError
from pipelines.figures.png import encode_indexed, pack_rows
from pipelines.report.withheld import NUMBER
from pipelines.steps import STEPS

Run = Callable[..., Job]
SHAPE = (2, 16, 18)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """The result of a step on a small film, made once."""
    images = tmp_path_factory.mktemp("film") / "film.npy"
    frames = np.random.default_rng(0).integers(100, 900, (12, *SHAPE)).astype(np.uint16)
    np.save(images, frames)
    kept: dict[str, Path] = {}

    def result(task: str, parameters: dict[str, Any], paths: dict[str, Path]) -> Path:
        name = f"{task} {parameters}"
        if name not in kept:
            kept[name] = tmp_path_factory.mktemp("made") / "result"
            film = {"images": images} if STEPS[task].input("images") else {}
            tasks.run(task, {**film, **paths}, parameters, kept[name])
        return kept[name]

    return result


@pytest.fixture
def run(found: Services, settings: Settings, made: Callable[..., Path]) -> Run:
    """A finished job of a step."""
    np.save(settings.data[0] / "film.npy", np.zeros(1))

    def finished(task: str, references: dict[str, str] | None = None, **values: Any) -> Job:
        parameters = STEPS[task].parameters.parse(values).model_dump(mode="json")
        given = references or {"images": "data:data/film.npy"}
        job = results.job(workbench.submit(task, given, parameters))
        paths = {item.name: Path(item.path) for item in job.inputs if item.name != "images"}
        whole = made(task, parameters, paths)
        shutil.copytree(whole, settings.jobs / job.id / "result")
        found.store.claim(quick_only=False)
        found.store.finish(job.id, JobState.DONE)
        return results.job(job.id)

    return finished


@pytest.fixture
def mapped(run: Run) -> Job:
    """A finished map of three numbers of clusters."""
    return run("brainmap fit", k=[2, 3, 5])


def view_of(tab: Tab, job: Job | None, **chosen: Any) -> View:
    """The tab as it is opened, with something selected besides."""
    place = workspaces.of(job.id)[0] if job else workspaces.all()[0]
    start = dict(tab.start(View(place, tab.word, job))) if job else {}
    empty: dict[str, Any] = {key.name: None for key in workspace.SUBJECT.keys}
    return View(place, tab.word, job, {**empty, **start, **chosen})


def draw_all(view: View, tab: Tab) -> None:
    """Draw what every panel of a tab shows, and the line above."""
    assert tab.answer(view).sentence
    for panel in panels(tab.part(view)):
        drawn = panel.draw(view)
        assert isinstance(drawn, Drawn) == panel.is_figure, panel.name
        to_json_plotly(drawn.figure if isinstance(drawn, Drawn) else drawn)
        if panel.tools:
            to_json_plotly(panel.tools(view))


def test_every_panel_of_a_map_draws(mapped: Job) -> None:
    tab = map_tab.TAB
    for chosen in ({}, {"k": "3", "cluster": 2}, {"shading": "faded"}, {"planes": "1"}):
        draw_all(view_of(tab, mapped, **chosen), tab)


def test_what_the_map_has_not_is_not_selected(mapped: Job) -> None:
    for chosen in ({"k": "9"}, {"cluster": 7}, {"palette": "x"}, {"planes": "8"}, {"voxel": "9,9"}):
        view = view_of(map_tab.TAB, mapped, **chosen)
        map_tab.draw_map(view)
        map_tab.series(view)
        assert shown.k_of(view) in (2, 3, 5)


def pixels(png: bytes, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """The numbers of the colours of a picture of 256 colours."""
    start = png.index(b"IDAT") + 4
    length = int.from_bytes(png[start - 8 : start - 4], "big")
    rows = np.frombuffer(zlib.decompress(png[start : start + length]), np.uint8)
    return rows.reshape(shape[0], shape[1] + 1)[:, 1:]


def test_a_picture_of_256_colours_holds_what_was_packed() -> None:
    numbers = np.arange(12, dtype=np.uint8).reshape(3, 4)
    colors = np.arange(36, dtype=np.uint8).reshape(12, 3)
    png = encode_indexed(pack_rows(numbers), (3, 4), colors, opaque_from=1)
    assert (pixels(png, (3, 4)) == numbers).all()
    at = png.index(b"PLTE") + 4
    assert png[at : at + 36] == colors.tobytes()
    assert png[png.index(b"tRNS") + 4 :][:2] == b"\x00\xff"


def test_the_sheet_shows_the_cluster_of_every_voxel(mapped: Job) -> None:
    folder = results.folder(mapped.id)
    fitted = load_map(folder, 5, "similarity")
    where = sheet.lay_out(SHAPE, sheet.ALL)
    numbers = pixels(
        sheet.colored_sheet(folder, sheet.SheetChoice(5, "similarity"), fitted), where.size
    )
    for plane in range(SHAPE[0]):
        y, x = where.corner(plane)
        inside = numbers[y : y + SHAPE[1], x : x + SHAPE[2]].astype(int)
        assert (inside - sheet.FIRST == fitted.labels[plane]).all()


def test_another_palette_draws_the_same_sheet_in_other_colours(mapped: Job) -> None:
    folder = results.folder(mapped.id)
    draws = [
        sheet.draw(folder, sheet.SheetChoice(3, palette), UNKNOWN).data[0].source
        for palette in ("similarity", "colorblind", "similarity")
    ]
    assert draws[0] == draws[2] != draws[1]


def test_only_the_cluster_in_front_keeps_its_colour(mapped: Job) -> None:
    fitted = load_map(results.folder(mapped.id), 3, "similarity")
    colors = sheet._colors(fitted, 1)
    assert (colors[sheet.FIRST + 1] == fitted.color_bytes[1]).all()
    assert (colors[[sheet.FIRST, sheet.FIRST + 2]] == sheet.DIMMED).all()


@given(st.tuples(*[st.integers(1, 40)] * 3), st.floats(0.3, 3))
def test_planes_lie_beside_each_other_and_nowhere_twice(
    shape: tuple[int, int, int], aspect: float
) -> None:
    where = sheet.lay_out(shape, sheet.ALL, aspect)
    tiled = where.tiled(np.ones(shape, np.uint8))
    assert tiled.shape == where.size
    assert tiled.sum() == np.prod(shape)


def test_the_series_is_that_of_the_voxel(mapped: Job) -> None:
    finished = load(results.folder(mapped.id))
    place = np.unravel_index(int(finished.voxels[37]), SHAPE)
    drawn = map_tab.series(view_of(map_tab.TAB, mapped, voxel=",".join(map(str, place))))
    assert (drawn.figure.data[1].y == finished.series[37]).all()


def test_a_press_selects_the_voxel_and_its_cluster(mapped: Job) -> None:
    fitted = load_map(results.folder(mapped.id), 5, "similarity")
    own = int(fitted.labels[1, 4, 7])
    assert map_tab.press({"voxel": "1,4,7", "times": 1}, "5", None, mapped.id) == ("1,4,7", own)
    assert map_tab.press({"voxel": "1,4,7", "times": 2}, "5", own, mapped.id) == ("1,4,7", None)
    with pytest.raises(PreventUpdate):
        map_tab.press(None, "5", None, mapped.id)
    for voxel in ("2,4,7", "0,16,0", "-1,0,0", "x", "stack,0", "0,-1,0"):
        with pytest.raises(PostedError):
            map_tab.press({"voxel": voxel, "times": 1}, "5", None, mapped.id)


@given(st.text(alphabet="stack0123456789,-²", max_size=12))
def test_any_selection_of_a_voxel_is_read(text: str) -> None:
    whole = np.zeros(SHAPE, np.int16)
    nothing = np.zeros((1, 12), np.float32)
    fitted = MapOfK(
        whole, whole.astype(np.float32), nothing, nothing, np.array([whole.size]), ("#ffffff",)
    )
    found = sheet.voxel_of(fitted, text)
    assert found is None or fitted.labels[found] == 0


def test_compactness_is_the_mean_similarity_of_a_cluster(mapped: Job) -> None:
    folder = results.folder(mapped.id)
    fitted = load_map(folder, 3, "similarity")
    known = [
        fitted.similarity[(fitted.labels == one) & (fitted.labels != maps.FILTERED)].mean()
        for one in range(3)
    ]
    assert map_tab.compactness(folder, 3) == pytest.approx(known, rel=1e-5)


def test_every_panel_of_the_other_tabs_draws(run: Run, mapped: Job) -> None:
    place = {"map": f"job:{mapped.id}"}
    shown_by: dict[Tab, list[Job]] = {
        k_tab.TAB: [mapped, run("brainmap fit", k=[3])],
        film_tab.TAB: [run("brainmap look")],
        correlate_tab.TAB: [run("brainmap correlate")],
        operations_tab.TAB: [
            run("brainmap series", operation="detrend"),
            run("brainmap series", operation="sample", n=4),
            run("brainmap statistics"),
        ],
        export_tab.TAB: [run("brainmap export", place), run("brainmap colorize", place)],
    }
    assert {*shown_by, map_tab.TAB} == set(workspace.SUBJECT.tabs)
    for tab, jobs in shown_by.items():
        for job in jobs:
            draw_all(view_of(tab, job), tab)
            if tab in (film_tab.TAB, correlate_tab.TAB, operations_tab.TAB):
                for chosen in ELSEWHERE:
                    draw_all(view_of(tab, job, **chosen), tab)


ELSEWHERE: tuple[dict[str, Any], ...] = (
    {"plane": 1, "time": 1, "voxel": "1,2,3"},
    {"plane": -1, "time": 10**9, "voxel": "-1,0,0"},
    {"plane": 99, "time": -1, "voxel": f"0,0,{'9' * 5000}"},
    {"voxel": "stack,1,1"},
    {"voxel": "0,²,1"},
    {"voxel": ",,"},
)
"""Planes, time points and voxels as an address may have them, most of which no film has."""


def test_a_plane_and_a_voxel_are_taken_where_a_film_has_them(mapped: Job) -> None:
    of = partial(view_of, map_tab.TAB, mapped)
    numbers = [shown.number_of(of(plane=one), "plane", 3, usual=1) for one in (0, 2, 3, -1, None)]
    assert numbers == [0, 2, 1, 1, 1]
    assert shown.pointed_of(of(voxel="1,2,3"), (2, 3, 4)) == (1, 2, 3)
    for outside in ("2,2,3", "1,3,3", "1,2,4", "1,2", "1,2,3,0", "", f"1,2,{'9' * 5000}"):
        assert shown.pointed_of(of(voxel=outside), (2, 3, 4)) is None
    for endless in (f"1,2,{'9' * 5000}", f"{'9' * 5000},2,3"):
        assert sheet.voxel_of(shown.fitted_of(of()), endless) is None


def test_a_point_of_a_curve_is_its_k(run: Run, mapped: Job) -> None:
    drawn = k_tab.curve("errors")(view_of(k_tab.TAB, mapped, k="3"))
    for trace in drawn.figure.data:
        assert [workspace.SUBJECT.key("k").check(k) for k in trace.customdata] == ["2", "3", "5"]
    assert drawn.figure.layout.shapes[0].x0 == 3


def test_the_advice_on_k_is_not_repeated(mapped: Job) -> None:
    said = k_tab.answer(view_of(k_tab.TAB, mapped))
    assert results.headline(mapped)["k_reason"] not in said.sentence + said.how
    assert "comes back" in said.how
    form = str(to_json_plotly(result.view(mapped)))
    assert results.headline(mapped)["k_reason"] not in form
    assert NUMBER in form


def test_a_step_begun_on_the_desk_reads_the_film_as_it_was_looked_at(run: Run) -> None:
    look = run("brainmap look", frame_s=0.5)
    place = workspaces.of(look.id)[0]
    started = results.job(begin.start(place.id, "brainmap statistics"))
    assert started.parameters["frame_s"] == 0.5
    assert [one.id for one in workspaces.of(started.id)] == [place.id]
    form = begin.fill(View(place, "map", None))
    assert form["images"] == place.root.reference
    assert float(form["std_threshold"]) == pytest.approx(results.headline(look)["threshold"])
    with pytest.raises(InputError, match="needs a map"):
        begin.start(place.id, "brainmap export")


def test_the_empty_film_is_looked_at_by_itself(run: Run) -> None:
    place = workspaces.of(run("brainmap fit", k=[3]).id)[0]
    page = str(workspace.layout(place.id, "film"))
    assert "Look at images" in page
    assert [job.task for job in workspaces.jobs(place.id)] == ["brainmap look", "brainmap fit"]


def test_who_may_only_look_is_told_what_a_look_would_show(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = workspaces.of(run("brainmap fit", k=[3]).id)[0]
    monkeypatch.setattr(people, "current", lambda: Person("eve", Role.LOOK))
    page = str(workspace.layout(place.id, "film"))
    assert "Look at this film" in page
    assert film_tab.TAB.empty in page


def test_other_colours_keep_the_map_that_is_shown(mapped: Job) -> None:
    place = workspaces.of(mapped.id)[0]
    page: Shown = {"subject": "brainmap", "workspace": place.id, "tab": "map", "run": mapped.id}
    address = map_tab.another_scheme(1, page)
    assert address.startswith(f"{place.address}?tab=map&asked=")
    started = results.job(address.rpartition("=")[2])
    assert started.parameters["color_seed"] == mapped.parameters["color_seed"] + 1
    assert str(workspace.layout(place.id, "map", "", asked=started.id)).count(mapped.id)
