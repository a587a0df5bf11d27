"""What cannot be normalised is left out and said, or refused with the ways out."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import tifffile
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from pandas.testing import assert_frame_equal

from pipelines import tasks
from pipelines.brainmap.engines.active_on_cluster import find_active_on
from pipelines.brainmap.engines.engine import Local
from pipelines.brainmap.formats.read import open_images
from pipelines.brainmap.operations import filters
from pipelines.brainmap.operations.operations import block_operation
from pipelines.brainmap.operations.parameters import OperationParameters
from pipelines.brainmap.parameters import BrainmapParameters
from pipelines.brainmap.voxels.active import find_active
from pipelines.brainmap.voxels.series import measured
from pipelines.core.errors import ImageError, ParameterError
from pipelines.core.progress import silent

TIMES = 100
PULSE = np.arange(TIMES) % 25 < 5
Film = NDArray[Any]


@pytest.fixture
def film() -> NDArray[np.float64]:
    """Baseline 300; the upper half rises by 60 in every pulse, so its dF/F is +0.20."""
    values = 300 + np.random.default_rng(0).normal(0, 3, (TIMES, 20, 20))
    values[:, :10] += 60 * PULSE[:, None, None]
    return values


def run(task: str, film: Film, folder: Path, **values: Any) -> dict[str, Any]:
    file = folder / "film.npy"
    np.save(file, film)
    given = {"axes": "TYX", **values}
    return tasks.run(f"brainmap {task}", {"images": file}, given, folder / "out").results


def image(folder: Path, name: str) -> NDArray[Any]:
    return tifffile.imread(folder / "out" / f"{name}.tif").reshape(20, 20)


def changes(folder: Path) -> list[float]:
    """Of each centroid, how much higher it is during the pulses."""
    table = pd.read_csv(folder / "out" / "centroids.csv").to_numpy(float)[:, -TIMES:]
    return sorted((table[:, PULSE].mean(axis=1) - table[:, ~PULSE].mean(axis=1)).tolist())


def test_a_negative_film_is_refused_with_both_ways_out(film: Film, tmp_path: Path) -> None:
    said = r"400 of the 400 voxels of .*film.npy .* lowest is -10\d.*offset=N, .*normalize=zscore"
    with pytest.raises(ImageError, match=said):
        run("fit", np.round(film - 400).astype(np.int16), tmp_path, k=2)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("task", ["look", "statistics", "series"])
def test_it_is_refused_wherever_it_is_normalised(task: str, film: Film, tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="offset=N"):
        run(task, film - 400, tmp_path)
    run(task, film - 400, tmp_path, offset=400)


@pytest.mark.parametrize("normalize", ["percentile", "mean"])
def test_a_stated_offset_gives_the_right_change(normalize: str, film: Film, tmp_path: Path) -> None:
    found = run("fit", film - 400, tmp_path, k=2, offset=400, normalize=normalize)
    assert found["notes"] == []
    low, high = changes(tmp_path)
    expected = 60 / 300 if normalize == "percentile" else 60 / 312
    assert (low, high) == (pytest.approx(0, abs=0.005), pytest.approx(expected, abs=0.005))


def test_another_normalisation_needs_no_baseline(film: Film, tmp_path: Path) -> None:
    found = run("fit", film - 400, tmp_path, k=2, normalize="zscore")
    assert (found["n_kept"], found["notes"]) == (400, [])
    assert changes(tmp_path)[1] > 2


@pytest.mark.parametrize("std_threshold", [0, 0.03])
def test_where_some_baselines_are_negative_those_voxels_are_left_out(
    std_threshold: float, film: Film, tmp_path: Path
) -> None:
    film[:, :, ::3] -= 400
    found = run("fit", film, tmp_path, k=2, std_threshold=std_threshold)
    assert (image(tmp_path, "labels")[:, ::3] == -1).all()
    assert (image(tmp_path, "labels")[:10, 1::3] >= 0).all()
    assert found["notes"][0].startswith("140 of 400 voxels have a baseline of zero or less")
    assert changes(tmp_path)[-1] == pytest.approx(0.2, abs=0.005)
    assert np.isnan(image(tmp_path, "std")[:, ::3]).all()


def test_a_film_with_voxels_that_are_always_zero_is_mapped(film: Film, tmp_path: Path) -> None:
    film[:, :, 5:] = 0  # as a mask outside of the brain leaves it
    found = run("fit", film, tmp_path, k=2, std_threshold=0.03)
    assert (found["n_kept"], found["notes"]) == (50, [])


def test_a_baseline_below_its_noise_is_said(film: Film, tmp_path: Path) -> None:
    film[:, 15:] -= 296  # a baseline of 1 to 2 under a noise of 3
    found = run("fit", film, tmp_path, k=2)
    (note,) = (note for note in found["notes"] if "less than their own noise" in note)
    assert 50 < int(note.split()[0]) <= 100


def test_nan_borders_are_filtered_voxels(film: Film, tmp_path: Path) -> None:
    film[:30, :2] = np.nan
    film[60:, :, 18:] = np.inf
    found = run("fit", film.astype(np.float32), tmp_path, k=2)
    assert found["notes"] == [
        "76 of 400 voxels are NaN or infinite in at least one frame, as the borders of registered "
        "films are: they are left out."
    ]
    assert (image(tmp_path, "labels")[:2] == -1).all()
    assert (image(tmp_path, "labels")[:, 18:] == -1).all()
    assert (image(tmp_path, "labels")[2:10, :18] >= 0).all()
    assert changes(tmp_path)[1] == pytest.approx(0.2, abs=0.005)


@pytest.mark.parametrize(("model", "normalize"), [("kmeans", "zscore"), ("gmm", "none")])
def test_a_border_changes_nothing_for_the_rest(
    model: str, normalize: str, film: Film, tmp_path: Path
) -> None:
    values = {"k": (2, 3), "model": model, "normalize": normalize, "std_threshold": 0}
    for name in ("cut", "border"):
        (tmp_path / name).mkdir()
    cut = run("fit", film[:, 2:], tmp_path / "cut", **values)
    film[:, :2] = np.nan
    border = run("fit", film, tmp_path / "border", **values)
    assert border.pop("notes")
    for name in ("shape", "n_voxels", "notes"):
        cut.pop(name), border.pop(name, None)
    assert border == cut
    tables = [pd.read_csv(tmp_path / name / "out" / "sweep.csv") for name in ("cut", "border")]
    # It holds blocks of neighbouring voxels out, whose edges move with the border.
    assert_frame_equal(*(table.drop(columns="crossvalidated_error") for table in tables))


def test_a_first_look_counts_only_voxels_that_can_be_used(film: Film, tmp_path: Path) -> None:
    film[:, :2], film[:, 2:4] = np.nan, film[:, 2:4] - 500
    found = run("look", film, tmp_path)
    assert (found["n_undefined"], found["n_constant"], len(found["notes"])) == (80, 0, 2)
    assert found["n_kept"] == 120
    deviations = np.load(tmp_path / "out" / "deviations.npy")
    assert len(deviations) == 320
    assert np.isfinite(deviations).all()
    mean = image(tmp_path, "mean")
    assert np.isnan(mean[:2]).all()
    assert np.isfinite(mean[2:]).all()


def test_frames_without_a_number_are_named(film: Film, tmp_path: Path) -> None:
    film[[50, 73]] = np.nan
    for task in ("fit", "look", "correlate", "statistics"):
        with pytest.raises(ImageError, match=r"no number in frames 50, 73 \(counted from 0\)"):
            run(task, film, tmp_path)


def test_a_film_that_lacks_a_number_everywhere_is_refused(film: Film, tmp_path: Path) -> None:
    film[:60, :12], film[60:, 12:] = np.nan, np.nan
    with pytest.raises(ImageError, match="in frame 0, counted from 0, 240 of 400 are"):
        run("fit", film, tmp_path)


def test_a_dropped_frame_is_said(film: Film, tmp_path: Path) -> None:
    film[50] = 0
    for task, values in {"fit": {"k": 2}, "look": {}, "correlate": {}, "statistics": {}}.items():
        (tmp_path / task).mkdir()
        notes = run(task, film.astype(np.int16), tmp_path / task, **values)["notes"]
        assert "one value throughout (such as 0) in frame 50 (counted from 0)" in notes[0]


def test_a_correlation_leaves_voxels_without_numbers_out(film: Film, tmp_path: Path) -> None:
    film[7, :2] = np.nan
    found = run("correlate", film, tmp_path)
    assert found["n_undefined"] == 40
    assert "40 of 400 voxels are NaN" in found["notes"][0]
    undefined = np.isnan(image(tmp_path, "correlation"))
    assert undefined[:2].all()
    assert not undefined[2:].any()
    with pytest.raises(ParameterError, match="voxel: 0, 1, 5 is NaN or infinite"):
        tasks.run(
            "brainmap correlate",
            {"images": tmp_path / "film.npy"},
            {"voxel": "0, 1, 5"},
            tmp_path / "none",
        )


def test_a_region_is_the_mean_of_its_numbers(film: Film, tmp_path: Path) -> None:
    film[7, :2] = np.nan
    run("correlate", film, tmp_path, source="region", region="0, 0, 0, 5, 5")
    series = pd.read_csv(tmp_path / "out" / "series.csv")["value"]
    assert np.allclose(series, film[:, 2:6, :6].mean(axis=(1, 2)))


def test_series_without_a_baseline_are_undefined_in_the_result(film: Film, tmp_path: Path) -> None:
    film[:, :3] -= 400
    found = run("series", film, tmp_path, operation="normalize")
    assert found["n_undefined"] == 60 * TIMES
    assert found["notes"][0].startswith("60 of 400 voxels have a baseline of zero or less")
    result = np.load(tmp_path / "out" / "result.npy")[0]
    assert np.isnan(result[:3]).all()
    responds = result[3:10].mean(axis=(0, 1))
    assert responds[PULSE].mean() - responds[~PULSE].mean() == pytest.approx(0.2, abs=0.005)


@pytest.mark.parametrize("operation", ["gaussian-filter", "median-filter", "uniform-filter"])
def test_filters_do_not_spread_nan(operation: str, film: Film) -> None:
    border = film[:1].copy()
    border[0, :2] = np.nan
    change = filters.volume_operation(OperationParameters(operation=operation, size=(3,)))
    found, whole = change(border)[0], change(film[:1])[0]
    assert np.array_equal(np.isnan(found), np.isnan(border[0]))
    np.testing.assert_allclose(found[12:], whole[12:])
    assert abs(found[2:] - whole[2:]).max() < 10


BASELINES = {"percentile": {}, "mean": {"normalize": "mean"}, "stated": {"offset": 37.5}}


@pytest.mark.parametrize("how", BASELINES)
@given(arrays(np.float64, (3, 9), elements=st.integers(-300, 300).map(float)))
def test_more_counts_are_never_less_change(how: str, series: NDArray[np.float64]) -> None:
    block = measured(series, slice(0, 3), BrainmapParameters.parse(BASELINES[how]))
    for recorded, change in zip(series, block.series, strict=True):
        if np.isfinite(change).all():
            assert (np.diff(change[np.argsort(recorded, kind="stable")]) >= 0).all()


@pytest.mark.parametrize("method", ["percentile", "mean", "window"])
@given(arrays(np.float64, (2, 9), elements=st.integers(-300, 300).map(float)))
def test_a_change_has_the_sign_of_the_counts_above_baseline(
    method: str, series: NDArray[np.float64]
) -> None:
    parameters = OperationParameters.parse({"operation": "normalize", "method": method})
    change = block_operation(parameters, 9)(series)
    for recorded, found in zip(series, change, strict=True):
        assert np.isnan(found).all() or not np.isnan(found).any()
        if method != "window" and np.isfinite(found).all():
            assert (np.diff(found[np.argsort(recorded, kind="stable")]) >= 0).all()
        if recorded.min() > 0:
            assert np.isfinite(found).all()


@pytest.mark.parametrize("lost", [0, np.nan])
def test_frames_that_are_named_are_filled_in(lost: float, film: Film, tmp_path: Path) -> None:
    whole = film.astype(np.float32)
    film[[0, 40, 41]] = lost
    found = run("fit", film.astype(np.float32), tmp_path, k=2, fill_frames="41,0,40")
    assert found["notes"] == [
        "The film is filled in, as stated, in frames 0, 40, 41 (counted from 0): by the straight "
        "line between the frames around them."
    ]
    assert changes(tmp_path)[1] == pytest.approx(0.2, abs=0.005)
    reading = BrainmapParameters.parse({"fill_frames": "0, 40, 41"}).reading
    frames = list(open_images(tmp_path / "film.npy", reading).frames())
    np.testing.assert_allclose(frames[0][0], whole[1])
    np.testing.assert_allclose(frames[41][0], whole[39] / 3 + whole[42] * 2 / 3, rtol=1e-6)
    assert np.array_equal(frames[42][0], whole[42])


def test_filled_frames_are_the_same_in_pieces(film: Film, tmp_path: Path) -> None:
    film[[0, 40, 41, 99]] = np.nan
    np.save(tmp_path / "film.npy", film)
    parameters = BrainmapParameters.parse({"fill_frames": (0, 40, 41, 99)})
    images = open_images(tmp_path / "film.npy", parameters.reading)
    whole, pieces = tmp_path / "whole", tmp_path / "pieces"
    whole.mkdir(), pieces.mkdir()
    find_active(images, parameters, whole)
    find_active_on(Local(), images, parameters, pieces, silent)
    assert (whole / "series.npy").read_bytes() == (pieces / "series.npy").read_bytes()


@pytest.mark.parametrize(
    ("frames", "said"), [("100", "no frame 100"), (range(100), "some of them must stay")]
)
def test_frames_that_cannot_be_filled_are_refused(
    frames: Any, said: str, film: Film, tmp_path: Path
) -> None:
    with pytest.raises(ParameterError, match=said):
        run("look", film, tmp_path, fill_frames=list(frames) if frames != "100" else frames)


def test_values_too_large_to_reckon_with_are_not_called_nan(film: Film, tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="beyond 1e15: give the film with numbers, in a larger"):
        run("fit", film * 1e17, tmp_path, k="3")
