"""Two maps, two K and two correlations side by side; other colours without clustering again."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from plotly.io.json import to_json_plotly

from dashboard import create_app
from dashboard.brainmap.map import result
from dashboard.brainmap.tabs import compared, correlate_tab, k_tab, map_tab
from dashboard.brainmap.tabs.shown import OTHER_K, K
from dashboard.jobs.code_version import code_version
from dashboard.jobs.store import Job, JobState
from dashboard.kit import compare, workbench
from dashboard.kit.bench import Shown
from dashboard.kit.desk import View
from dashboard.kit.figures import NOISE
from dashboard.server import inputs
from dashboard.server.services import Services, services
from dashboard.server.settings import Settings
from dashboard.workspaces import workspaces
from pipelines.core.contingency import adjusted_rand
from pipelines.core.errors import InputError
from pipelines.tasks import run

MAPS: dict[str, dict[str, Any]] = {
    "one": {"k": [3, 4], "std_threshold": 0, "normalize": "zscore"},
    "two": {"k": [4], "std_threshold": 0, "normalize": "none"},
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A film of four kinds of voxels, maps of it, and correlations with two voxels."""
    folder = tmp_path_factory.mktemp("made")
    rng = np.random.default_rng(0)
    which = np.arange(2 * 10 * 12).reshape(2, 10, 12) % 4
    kinds = 5 * rng.normal(size=(4, 24)) + 50
    (folder / "data").mkdir()
    film = folder / "data" / "film.npy"
    np.save(film, np.moveaxis(kinds[which] + 0.1 * rng.normal(size=(2, 10, 12, 24)), -1, 0))
    for name, values in MAPS.items():
        run("brainmap fit", {"images": film}, values, folder / name)
    for name, voxel in (("near", [0, 0, 0]), ("far", [0, 0, 1])):
        values = {"source": "voxel", "voxel": voxel}
        run("brainmap correlate", {"images": film}, values, folder / name)
    return folder


@pytest.fixture
def bench(made: Path, tmp_path: Path) -> Iterator[Services]:
    app = create_app(Settings(home=tmp_path / "home", data=(made / "data",)))
    with app.server.app_context():
        yield services()


def done(found: Services, made: Path, name: str) -> Job:
    """A finished job with a result that was made before."""
    record = json.loads((made / name / "run.json").read_text())
    film = inputs.resolve("images", "data:data/film.npy", found.settings, found.store)
    job_id = found.store.submit(
        record["pipeline"], record["parameters"], [film], version=code_version()
    )
    shutil.copytree(made / name, found.settings.jobs / job_id / "result")
    assert found.store.claim(quick_only=False) is not None
    found.store.finish(job_id, JobState.DONE)
    job = found.store.get(job_id)
    assert job is not None
    return job


def view_of(job: Job, tab: str = "map", **chosen: Any) -> View:
    return View(workspaces.of(job.id)[0], tab, job, chosen)


def test_two_maps_of_four_kinds_of_voxels_agree_whatever_the_normalisation(
    bench: Services, made: Path
) -> None:
    one, two = (done(bench, made, name) for name in MAPS)
    folder = bench.settings.jobs
    found = compared.together(folder / one.id / "result", 4, folder / two.id / "result", 4)
    assert adjusted_rand(found.counts) == 1
    assert sorted(found.counts.max(axis=1).tolist()) == [60, 60, 60, 60]
    drawn = str(to_json_plotly(compare.layout(map_tab.TAB, view_of(two, k="4"), one)))
    assert "240 voxels are in both maps. ARI 1.00" in drawn
    assert "Normalisation" in drawn
    assert "K = 4, inertia" in drawn
    assert "suggest" not in drawn


def test_two_k_of_one_map_are_compared(bench: Services, made: Path) -> None:
    job = done(bench, made, "one")
    view = view_of(job, "k", **{K: "4", OTHER_K: "3"})
    drawn = str(to_json_plotly(compare.layout(k_tab.TAB, view, job)))
    assert "Left: the compared map, K = 3. Right: the shown one, K = 4." in drawn
    assert "both sides are of one run" in drawn
    assert "other_k=4" in drawn  # a link to any other K
    link = compared.two_ks(view_of(job, "k", k="4"))
    assert "other_k=3" in link
    assert f"compare={job.id}" in link


def test_the_compared_map_has_the_colours_of_the_shown_one(bench: Services, made: Path) -> None:
    job = done(bench, made, "one")
    folder = bench.settings.jobs / job.id / "result"
    found = compared.together(folder, 4, folder, 3)
    four, three = (compared.load(folder).of_k(k) for k in (4, 3))
    colors = compared.colors_of(found, four, three)
    assert sorted(colors) == sorted([*three.colors, NOISE])
    same = compared.together(folder, 4, folder, 4)
    assert compared.colors_of(same, four, four) == four.colors


def test_two_correlations_are_compared(bench: Services, made: Path) -> None:
    near, far = (done(bench, made, name) for name in ("near", "far"))
    drawn = str(to_json_plotly(compare.layout(correlate_tab.TAB, view_of(far, "correlate"), near)))
    assert "Over 240 voxels the two maps correlate with r = " in drawn


def test_maps_of_other_shapes_are_not_compared(bench: Services, made: Path, tmp_path: Path) -> None:
    job = done(bench, made, "two")
    np.save(tmp_path / "small.npy", np.random.default_rng(1).normal(50, 5, size=(24, 1, 6, 6)))
    run("brainmap fit", {"images": tmp_path / "small.npy"}, MAPS["two"], tmp_path / "small")
    with pytest.raises(InputError, match=r"different shapes, \(1, 6, 6\) and \(2, 10, 12\)"):
        compared.together(tmp_path / "small", 4, bench.settings.jobs / job.id / "result", 4)


def test_a_form_that_changes_colours_alone_takes_the_clusters_over(
    bench: Services, made: Path
) -> None:
    job = done(bench, made, "one")
    references = {"images": "data:data/film.npy"}
    assert bench.pages["brainmap fit"].built_on is result.same_but_colors
    other = {**job.parameters, "color_seed": 7}
    assert result.same_but_colors(references, other) == {"earlier": f"job:{job.id}"}
    assert result.same_but_colors(references, job.parameters) == {}
    assert result.same_but_colors(references, {**other, "seed": 1}) == {}
    assert result.same_but_colors({"images": "example:brainmap"}, other) == {}
    np.save(made / "data" / "film.npy", np.load(made / "data" / "film.npy") + 1)
    assert result.same_but_colors(references, other) == {}
    np.save(made / "data" / "film.npy", np.load(made / "data" / "film.npy") - 1)


def test_another_scheme_is_a_job_that_is_given_the_map(bench: Services, made: Path) -> None:
    job = done(bench, made, "one")
    new = bench.store.get(result.recolored(job.id))
    assert new is not None
    assert {item.name: item.reference for item in new.inputs}["earlier"] == f"job:{job.id}"
    assert new.parameters["color_seed"] == job.parameters["color_seed"] + 1
    assert workspaces.of(new.id) == workspaces.of(job.id)


def test_what_is_shown_stays_until_the_new_result_is_there(bench: Services, made: Path) -> None:
    old, new = done(bench, made, "one"), done(bench, made, "two")
    asked = result.recolored(old.id)
    place = workspaces.of(old.id)[0]
    shown = Shown(subject="brainmap", workspace=place.id, tab="map", run=old.id)
    assert workbench.in_workspace(shown, asked) == place.at("map", asked=asked, run=old.id)
    newest: Shown = {**shown, "run": new.id}
    assert workbench.in_workspace(newest, asked) == place.at("map", asked=asked)
    assert workbench.in_workspace({**shown, "run": ""}, asked) == place.at("map", asked=asked)
    assert workbench.in_workspace(shown, new.id) == place.at("map", run=new.id)
