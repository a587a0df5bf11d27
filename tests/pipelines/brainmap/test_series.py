"""Series of voxels: their order, normalisation and activity."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from pipelines.brainmap.formats.read import open_images
from pipelines.brainmap.parameters import BrainmapParameters
from pipelines.brainmap.voxels.series import Series, deviation, normalize, percentile, zscore
from pipelines.brainmap.voxels.store import series_store
from tests.pipelines.brainmap.conftest import to_series


def test_a_voxel_is_found_at_its_plane_y_x(folder: Path, film: NDArray[np.uint16]) -> None:
    series = to_series(open_images(folder))
    assert series.shape == (3 * 20 * 30, 6)
    place = int(np.ravel_multi_index((2, 7, 11), (3, 20, 30)))
    assert np.array_equal(series[place], film[:, 2, 7, 11])


def test_reading_tells_how_far_it_is(folder: Path) -> None:
    said: list[str] = []
    with series_store(open_images(folder), lambda fraction, sentence: said.append(sentence)):
        assert len(said) == 6
    assert said[0] == "Reading time point 1 of 6"


@pytest.mark.parametrize(
    ("stored", "held"),
    [("uint8", "float32"), ("uint16", "float32"), ("int32", "float64"), ("float64", "float64")],
)
def test_no_digit_of_the_intensities_is_lost(tmp_path: Path, stored: str, held: str) -> None:
    np.save(tmp_path / "film.npy", np.ones((2, 4, 4), stored))
    assert to_series(open_images(tmp_path / "film.npy")).dtype == held


def test_raw_zebrafish_series_are_the_published_ones(fish: Path) -> None:
    series = to_series(open_images(fish))
    first = "26 26 26 26 26 26 26 25 26 25 25 25 26 26 26 26 26 26 26 26"
    assert series[0].tolist() == [float(value) for value in first.split()]
    assert deviation(series).max() == pytest.approx(20.80931282, abs=1e-8)


@pytest.mark.parametrize(
    ("method", "key"),
    [("percentile", "normalize_perc20"), ("mean", "normalize_mean"), ("zscore", "zscore")],
)
def test_normalisation_equals_thunder(fish: Path, method: str, key: str) -> None:
    with np.load(fish / "thunder_reference.npz") as reference:
        expected = reference[key].reshape(-1, 20)
    series = to_series(open_images(fish))
    normalize(series, BrainmapParameters.parse({"normalize": method}))
    defined = np.isfinite(expected)  # Thunder's z-score of a constant series is NaN
    np.testing.assert_allclose(series[defined], expected[defined], rtol=0, atol=1e-6)
    assert (series[~defined] == 0).all()


def test_the_zebrafish_keeps_the_published_voxels(fish: Path, fish_series: Series) -> None:
    with np.load(fish / "thunder_reference.npz") as reference:
        expected = reference["std_of_norm"].ravel()
    spread = deviation(fish_series)
    np.testing.assert_allclose(spread, expected, rtol=0, atol=1e-6)
    assert np.count_nonzero(spread > 0.01) == 5898


def test_intensities_can_stay_as_they_are(film: NDArray[np.uint16]) -> None:
    series = film.reshape(6, -1).T.astype(np.float32)
    before = series.copy()
    normalize(series, BrainmapParameters(normalize="none"))
    assert np.array_equal(series, before)


def test_dark_voxels_without_offset_stay_flat() -> None:
    series = np.array([[0, 0, 0, 0], [1, 1, 1, 2.0]])
    normalize(series, BrainmapParameters(offset=0))
    assert series.tolist() == [[0, 0, 0, 0], [0, 0, 0, 1]]


@given(st.floats(-1e6, 1e6), st.integers(2, 30))
def test_a_constant_series_never_counts_as_active(value: float, times: int) -> None:
    series = np.full((1, times), value)
    assert deviation(series) == 0
    assert (zscore(series) == 0).all()


@given(arrays(np.float64, (3, 8), elements=st.integers(0, 65535).map(float)))
def test_a_z_score_has_mean_0_and_deviation_1(series: NDArray[np.float64]) -> None:
    scores = zscore(series)
    active = deviation(series) > 0
    np.testing.assert_allclose(scores.mean(axis=1), 0, atol=1e-9)
    np.testing.assert_allclose(scores.std(axis=1)[active], 1, atol=1e-9)


@pytest.mark.parametrize("level", [0, 1, 20, 33.3, 50, 66, 99.9, 100])
@pytest.mark.parametrize("times", [2, 3, 20, 61])
def test_percentiles_are_numpys(level: float, times: int) -> None:
    series = 100 * np.random.default_rng(0).standard_normal((40, times))
    for stored in (series, series.astype(np.float32)):
        expected = np.percentile(stored.astype(np.float64), level, axis=1)
        assert np.array_equal(percentile(stored, level), expected)
