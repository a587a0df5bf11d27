"""The brain map's further steps: correlate, change series, colour by measure, export."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from dash.exceptions import PreventUpdate
from plotly.io.json import to_json_plotly

from dashboard import views
from dashboard.brainmap import page as brainmap
from dashboard.brainmap.look import film, statistics
from dashboard.brainmap.look import film as brainmap_film
from dashboard.brainmap.map import colored
from dashboard.brainmap.map import result as map_result
from dashboard.brainmap.operations import choice, correlation, series
from dashboard.jobs.store import Job, JobState
from dashboard.kit import forms, panel, workbench
from dashboard.kit import results as common
from dashboard.kit.switches import HIDDEN
from dashboard.server.services import Services
from dashboard.server.settings import Settings
from pipelines import tasks
from pipelines.brainmap.operations.parameters import OperationParameters
from pipelines.core.errors import ParameterError
from pipelines.steps import STEPS

Run = Callable[..., Job]
IMAGES = {"images": "data:data/film.npy"}


@pytest.fixture
def frames(settings: Settings) -> np.ndarray:
    """A film (time, plane, y, x) below the data root."""
    values = np.random.default_rng(0).integers(100, 900, (12, 2, 16, 18)).astype(np.uint16)
    np.save(settings.data[0] / "film.npy", values)
    return values


@pytest.fixture
def run(found: Services, settings: Settings, frames: np.ndarray) -> Run:
    """Start a job and do what the worker would, in this process."""

    def finished(task: str, references: dict[str, str], **values: Any) -> Job:
        complete = STEPS[task].parameters.parse(values).model_dump(mode="json")
        return finish(found, settings, workbench.submit(task, references, complete))

    return finished


def finish(found: Services, settings: Settings, job_id: str) -> Job:
    job = found.store.get(job_id)
    assert job is not None
    paths = {item.name: Path(item.path) for item in job.inputs}
    tasks.run(job.task, paths, job.parameters, settings.jobs / job_id / "result")
    found.store.claim(quick_only=False)
    found.store.finish(job_id, JobState.DONE)
    done = found.store.get(job_id)
    assert done is not None
    return done


def shown(job: Job) -> str:
    page = to_json_plotly(views.view(job))
    assert "cannot be shown" not in page
    return str(page)


def id_in(address: str) -> str:
    return address.rpartition("job=")[2]


def test_a_pressed_voxel_is_correlated_with_all(
    run: Run, found: Services, settings: Settings, frames: np.ndarray
) -> None:
    first = run("brainmap correlate", IMAGES)
    assert "the one that varies most" in shown(first)
    pressed = {"points": [{"x": 5, "y": 3}]}
    chosen, words, disabled, _ = choice.choose({"m.clickData": "m"}, pressed, None, 1)
    assert (words, disabled) == ("Chosen: plane 1, y 3, x 5", False)
    address, _ = choice.correlate(1, chosen, first.id)
    second = finish(found, settings, id_in(address))
    assert second.parameters["voxel"] == [1, 3, 5]
    values = correlation.load(common.folder(second.id)).values
    expected = np.corrcoef(frames[:, 0, 7, 9], frames[:, 1, 3, 5])[0, 1]
    assert values[0, 7, 9] == pytest.approx(expected, abs=1e-6)
    assert "plane 1, y 3, x 5" in shown(second)
    below = correlation.compare({"points": [{"x": 9, "y": 7}]}, "0", second.id)
    assert f"r = {expected:.3f}" in below.layout.title.text
    assert below.data[0].y.tolist() == pytest.approx(frames[:, 1, 3, 5])
    assert below.data[1].y.tolist() == frames[:, 0, 7, 9].tolist()


def test_drawn_boxes_and_outlines_are_regions(run: Run) -> None:
    box = {"type": "rect", "x0": 2.2, "x1": 8.7, "y0": 9.1, "y1": 3.0}
    drawn = {"shapes": [{"type": "rect", "name": "voxel"}, box]}
    chosen, _, _, _ = choice.choose({"m.relayoutData": "m"}, None, drawn, 0)
    assert chosen == {"source": "region", "region": [0, 9, 2, 3, 9]}
    path = {"type": "path", "path": "M1.4,2L6,2.2L5.5,1e1Z"}
    chosen, words, _, _ = choice.choose({"m.relayoutData": "m"}, None, {"shapes": [path]}, 1)
    assert chosen["region"] == [1, 2, 1, 2, 6, 10, 6]
    assert "outline of 3 corners" in words
    with pytest.raises(PreventUpdate):
        choice.choose({"m.relayoutData": "m"}, None, {"xaxis.range[0]": 1}, 0)


def test_a_colour_scale_is_symmetric(run: Run) -> None:
    job = run("brainmap correlate", IMAGES)
    figure, _ = correlation.redraw("1", 0.4, "voxel", job.id)
    assert (figure.data[0].zmin, figure.data[0].zmax) == (-0.4, 0.4)
    with pytest.raises(PreventUpdate):
        correlation.redraw("1", "", "voxel", job.id)


def test_a_clusters_button_leads_to_its_correlation(
    run: Run, found: Services, settings: Settings
) -> None:
    mapped = run("brainmap fit", IMAGES, k="3, 4")
    address, _ = map_result.correlate(1, 2, "4", mapped.id)
    job = finish(found, settings, id_in(address))
    assert "the centroid of cluster 2 (K = 4)" in shown(job)


def test_what_is_shown_of_a_map_is_exported_and_coloured(
    run: Run, found: Services, settings: Settings
) -> None:
    mapped = run("brainmap fit", IMAGES, k="3, 4")
    assert "Voxels coloured by measures" in shown(mapped)
    exported = finish(found, settings, id_in(map_result.export(1, "4", "notebook", mapped.id)))
    assert "map.nwb" in shown(exported)
    assert common.headline(exported)["k"] == 4
    address, _ = colored.keep(1, "fourier", "hv", 2, "", 1, "4", mapped.id)
    assert "phase (radians)" in shown(finish(found, settings, id_in(address)))


def test_a_measure_that_does_not_suit_says_so_beside_the_picture(run: Run) -> None:
    mapped = run("brainmap fit", IMAGES, k="3, 4")
    _, said = colored.redraw("clusters", "rgb", 1, "0, 1, 7", 1, "4", "0", mapped.id)
    assert "no cluster 7" in said
    pictures, said = colored.redraw("clusters", "rgb", 1, "0, 1, 3", 1, "4", "0", mapped.id)
    assert said == ""
    assert "r with cluster 3" in str(to_json_plotly(pictures))
    offered, kept, no_freq, no_clusters = colored.offer("fourier", "rgb")
    assert (kept, no_freq, no_clusters) == ("hv", False, True)
    assert "rgb" not in offered


@pytest.mark.parametrize(
    ("operation", "values", "steps"),
    [
        ("normalize", {}, 12),
        ("fourier", {"freq": 2}, 2),
        ("mean", {}, 1),
        ("subsample", {"factor": "1,2,3"}, 12),
        ("select", {"indices": "4,5"}, 2),
    ],
)
def test_a_voxels_series_is_shown_before_and_after(
    run: Run, frames: np.ndarray, operation: str, values: dict[str, Any], steps: int
) -> None:
    job = run("brainmap series", IMAGES, operation=operation, **values)
    assert operation in shown(job)
    change = series.load(job.id)
    assert change.steps == steps
    voxel = series.choose_voxel({"points": [{"x": 9, "y": 7}]}, "1", job.id)
    assert np.array_equal(change.recorded((1, 7, 9)), frames[:, 1, 7, 9])
    figure = series.show_series(voxel, job.id)
    assert len(figure.data[1].y) == steps
    if operation == "subsample":
        assert np.array_equal(figure.data[1].y, frames[:, 1, 6, 9])
    series.redraw("1", steps - 1, voxel, job.id)
    with pytest.raises(PreventUpdate):
        series.redraw("1", steps, voxel, job.id)


def test_changed_series_are_looked_at_and_mapped(run: Run) -> None:
    job = run("brainmap series", IMAGES, operation="zscore")
    link = series.next_link(job, "map")
    assert {"normalize=none", "std_threshold=0", f"images=job%3A{job.id}"} <= set(
        link.partition("?")[2].split("&")
    )
    looked = run("brainmap look", {"images": f"job:{job.id}"}, normalize="none")
    assert common.headline(looked)["shape"] == [2, 16, 18, 12]
    sampled = run("brainmap series", IMAGES, operation="sample", n=5)
    assert "Map the result" not in shown(sampled)


def test_a_form_shows_what_the_choice_looks_at() -> None:
    switch = brainmap.SERIES.switch
    assert switch is not None
    names = ["operation", "percentile", "order", "planes"]
    assert switch.styles("detrend", names) == [{}, HIDDEN, {}, {}]
    assert brainmap.methods("detrend", "mean") == (["linear", "nonlinear"], "linear")
    assert brainmap.methods("center", None) == ([], None)


def test_no_visitor_names_a_file_of_this_machine() -> None:
    page = str(to_json_plotly(forms.form(OperationParameters, "b", {"signal": "/etc/passwd"})))
    assert "/etc/passwd" not in page
    with pytest.raises(ParameterError, match="upload the file"):
        forms.read(OperationParameters, [{"name": "signal"}], ["/etc/passwd"])


def test_an_uploaded_signal_is_correlated_with(
    run: Run, settings: Settings, frames: np.ndarray
) -> None:
    np.savetxt(settings.data[0] / "signal.csv", frames[:, 1, 2, 3], header="lick", comments="")
    given = {**IMAGES, "signal": "data:data/signal.csv"}
    job = run("brainmap correlate", given, source="signal")
    assert correlation.load(common.folder(job.id)).values[1, 2, 3] == pytest.approx(1)
    changed = run("brainmap series", given, operation="crosscorr", lag=1)
    assert series.load(changed.id).series((1, 2, 3))[1] == pytest.approx(1)


def test_statistics_follow_threshold_percentiles_and_seed(run: Run) -> None:
    job = run("brainmap look", IMAGES)
    shown_look = brainmap_film.load(common.folder(job.id))
    over, some, said = statistics.redraw(0.3, 10, 90, 4, 1, job.id)
    kept = shown_look.sample[shown_look.sampled_std > 0.3].astype(float)
    levels = {trace.name: trace.y for trace in over.data}
    assert np.allclose(levels["10th percentile"], np.percentile(kept, 10, axis=0))
    assert np.allclose(levels["largest"], kept.max(axis=0))
    assert f"Of the {len(kept):,} voxels" in said
    again = statistics.redraw(0.3, 10, 90, 4, 1, job.id)[1]
    other = statistics.redraw(0.3, 10, 90, 4, 2, job.id)[1]
    assert len(some.data) == 4
    assert np.array_equal(some.data[0].y, again.data[0].y)
    assert not all(np.array_equal(a.y, b.y) for a, b in zip(some.data, other.data, strict=True))
    with pytest.raises(PreventUpdate):
        statistics.redraw("", 10, 90, 4, 1, job.id)
    with pytest.raises(PreventUpdate):
        statistics.redraw(0.3, 90, 10, 4, 1, job.id)


def test_the_film_is_thinned_and_gives_the_series_under_the_pointer(
    run: Run, frames: np.ndarray
) -> None:
    job = run("brainmap look", IMAGES)
    picture = film.show_frame(3, "1", 0, 100, "Gray", 4, job.id)
    assert np.array_equal(picture.data[0].z, frames[3, 1, ::4, ::4])
    assert picture.data[0].x[1] == 4
    figure = film.show_series({"points": [{"x": 8, "y": 4}]}, "1", job.id)
    assert np.array_equal(figure.data[0].y, frames[:, 1, 4, 8])
    assert [film.next_time(None, at, 11, 4) for at in (0, 7, 8)] == [4, 11, 0]


def test_a_finished_result_is_reported_with_one_stamp(run: Run) -> None:
    job = run("brainmap look", IMAGES)
    stamp = panel.result_stamp(job)
    assert stamp
    assert panel.show_result(stamp, job.id) is not None
    assert panel.show_result("", job.id) is None
    tree = json.loads(to_json_plotly(panel.view(job)))
    stores = {
        part["props"]["id"]: part["props"].get("data")
        for part in tree["props"]["children"]
        if part["type"] == "Store"
    }
    assert stores["panel-report"] == stores["panel-shown"] == stamp
