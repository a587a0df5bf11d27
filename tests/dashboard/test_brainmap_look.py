"""The callbacks of a first look: threshold, box, film, and the way to the map."""

import time
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
from dash.exceptions import PreventUpdate
from plotly.io.json import to_json_plotly

from dashboard.brainmap import page as brainmap
from dashboard.brainmap.look import film
from dashboard.brainmap.look import threshold as look
from dashboard.kit import results, workbench
from dashboard.server.services import Services
from dashboard.server.settings import Settings
from pipelines import tasks
from pipelines.brainmap.images.info import StatedSizes
from pipelines.brainmap.parameters import BrainmapParameters


@pytest.fixture
def job_id(found: Services, settings: Settings) -> str:
    """A finished look at a film whose first rows are quiet."""
    random = np.random.default_rng(0)
    film = random.integers(500, 510, (12, 2, 16, 18)).astype(np.uint16)
    film[::2, :, 8:] += 400
    file = settings.data[0] / "film.npy"
    np.save(file, film)
    job_id = workbench.submit("brainmap look", {"images": "data:data/film.npy"}, {})
    out = settings.jobs / job_id / "result"
    tasks.run("brainmap look", {"images": file}, {}, out)
    return job_id


def test_the_count_follows_the_threshold_at_once(job_id: str) -> None:
    start = time.perf_counter()
    slider, number, kept, link, _ = look.set_threshold(
        "look-threshold", np.log10(0.1), 0.2, None, "0", job_id
    )
    assert time.perf_counter() - start < 0.1
    assert number == pytest.approx(0.1)
    assert kept == "288 of 576 voxels kept (50.0%)"
    assert parse_qs(urlsplit(link).query)["std_threshold"] == ["0.1"]
    assert not isinstance(slider, float)


def test_the_way_to_the_map_keeps_how_the_film_was_read(job_id: str, found: Services) -> None:
    stated = {"pixel_um": [0.5, 0.65], "fill_frames": [], "frame_s": 0.4, "planes": None}
    job = replace(results.job(job_id), parameters=stated)
    given = parse_qs(urlsplit(look.map_link(job, 0.1)).query)
    assert (given["pixel_um"], given["frame_s"]) == (["0.5,0.65"], ["0.4"])
    assert not {"fill_frames", "planes"} & given.keys()
    typed = {name: given[name][0] for name in ("pixel_um", "frame_s")}
    assert BrainmapParameters.parse(typed).sizes == StatedSizes((0.5, 0.65), None, 0.4)


@pytest.mark.parametrize("number", ["", None, -1])
def test_half_typed_thresholds_change_nothing(job_id: str, number: Any) -> None:
    with pytest.raises(PreventUpdate):
        look.set_threshold("look-number", -1, number, None, "0", job_id)


def test_no_voxel_of_the_box_passes_its_threshold() -> None:
    std = np.random.default_rng(0).random((9, 12)).astype(np.float32)
    box = {"x0": 7.2, "x1": 2.9, "y0": -3.0, "y1": 4.4}
    threshold = look.largest_in_box(std, {"shapes": [box]})
    inside = std[0:5, 3:8]
    assert inside.max() <= threshold < inside.max() * 1.002
    moved = {f"shapes[0].{name}": value for name, value in box.items()}
    assert look.largest_in_box(std, moved) == threshold


@pytest.mark.parametrize("drawn", [None, {}, {"autosize": True}, {"shapes": []}])
def test_zooming_is_no_box(drawn: Any) -> None:
    with pytest.raises(PreventUpdate):
        look.largest_in_box(np.ones((3, 3), np.float32), drawn)


def test_any_plane_is_shown_at_any_time(job_id: str) -> None:
    figure = film.show_frame(3, "1", 0, 100, "Viridis", 1, job_id)
    assert figure.data[0].z.shape == (16, 18)
    dark = film.show_frame(3, "1", 0, 50, "Viridis", 1, job_id)
    assert dark.data[0].zmax < figure.data[0].zmax
    with pytest.raises(PreventUpdate):
        film.show_frame(3, "1", 60, 50, "Viridis", 1, job_id)


def test_the_film_starts_again_at_its_end() -> None:
    assert [film.next_time(None, time, 3, 1) for time in (0, 2, 3)] == [1, 3, 0]
    assert film.play(1, True) == (False, "Pause")


def test_the_map_s_form_is_filled_from_the_address(found: Services, job_id: str) -> None:
    job = found.store.get(job_id)
    assert job is not None
    query = {name: value[0] for name, value in parse_qs(look.map_link(job, 0.0321)[10:]).items()}
    page = to_json_plotly(brainmap.layout(**query))
    assert "data:data" in page
    assert '"value":0.0321' in page


def test_settings_in_an_address_that_do_not_suit_are_left_out() -> None:
    assert workbench.known_values(brainmap.BENCH, {"std_threshold": "high", "x": "1"}) == {}
    known = workbench.known_values(brainmap.BENCH, {"std_threshold": "0.5", "x": "1"})
    assert known == {"std_threshold": 0.5}
