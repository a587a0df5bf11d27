"""Operations on series and images equal Thunder 1.4.2, or their definitions."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from scipy import ndimage
from scipy.io import savemat

from pipelines.__main__ import main
from pipelines.brainmap.operations import operations
from pipelines.brainmap.voxels.signals import read_signals
from pipelines.core.errors import NeuroboardError, TableError

Operate = Callable[..., NDArray[Any]]
Film = NDArray[np.uint16]


@pytest.fixture
def operate(tmp_path: Path) -> Operate:
    """One operation through the command line."""

    def run(images: Path, operation: str, **values: Any) -> NDArray[Any]:
        out = tmp_path / "out.npy"
        settings = [part for name in values for part in ("--set", f"{name}={values[name]}")]
        command = ["brainmap", "series", str(images), operation, "--out", str(out), "--overwrite"]
        assert main([*command, "--quiet", *settings]) == 0
        assert not any(path.name.startswith(".") for path in tmp_path.iterdir())
        result: NDArray[Any] = np.load(out)
        return result

    return run


@pytest.fixture
def film_file(tmp_path: Path, film: Film) -> Path:
    np.save(tmp_path / "film.npy", film)
    return tmp_path / "film.npy"


@pytest.fixture
def series(film: Film) -> NDArray[np.float64]:
    """The film as (plane, y, x, time)."""
    return np.moveaxis(film, 0, -1).astype(np.float64)


@pytest.mark.parametrize(
    ("key", "operation", "settings"),
    [
        ("normalize_perc20", "normalize", {}),
        ("normalize_mean", "normalize", {"method": "mean"}),
        ("center", "center", {}),
        ("zscore", "zscore", {}),
        ("select_4_8", "select", {"indices": "4,5,6,7"}),
        ("between_0_8", "between", {"left": 0, "right": 8}),
        ("subsample_1_5_5", "subsample", {"factor": "1,5,5"}),
        ("std_image", "std", {}),
        ("mean_image", "mean", {}),
    ],
)
def test_results_equal_thunder(
    fish: Path, operate: Operate, key: str, operation: str, settings: dict[str, Any]
) -> None:
    with np.load(fish / "thunder_reference.npz") as reference:
        expected = reference[key]
    found = operate(fish, operation, **settings)
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-6, equal_nan=True)


def test_correlation_equals_thunder(fish: Path, operate: Operate, tmp_path: Path) -> None:
    with np.load(fish / "thunder_reference.npz") as reference:
        np.save(tmp_path / "signal.npy", reference["signal"])
        expected = reference["correlate"]
    found = operate(fish, "correlate", signal=tmp_path / "signal.npy")
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-6, equal_nan=True)


def test_median_filter_equals_thunder(fish: Path, operate: Operate) -> None:
    with np.load(fish / "thunder_reference.npz") as reference:
        expected = reference["median3_first"]
    found = operate(fish, "median-filter", size=3)
    assert (found.dtype, found.shape) == (np.uint8, (20, 2, 76, 87))
    assert np.array_equal(found[0], expected)


def test_standardized_series_are_divided_by_their_deviation(
    film_file: Path, series: NDArray[np.float64], operate: Operate
) -> None:
    expected = series / series.std(axis=-1, keepdims=True)
    np.testing.assert_allclose(operate(film_file, "standardize"), expected, rtol=1e-12)


def test_a_moving_baseline_is_the_percentile_in_a_window(
    film_file: Path, series: NDArray[np.float64], operate: Operate
) -> None:
    found = operate(film_file, "normalize", method="window", window=3, percentile=50)
    padded = np.concatenate([series[..., :1], series, series[..., -1:]], axis=-1)
    baseline = np.median([padded[..., :-2], padded[..., 1:-1], padded[..., 2:]], axis=0)
    np.testing.assert_allclose(found, (series - baseline) / (baseline + 0.1), rtol=1e-12)


def test_detrending_takes_a_line_but_not_the_level(tmp_path: Path, operate: Operate) -> None:
    times = np.arange(12.0)
    line = 40 + 3 * times
    np.save(tmp_path / "film.npy", (line[:, None, None] * np.ones((12, 2, 3))))
    np.testing.assert_allclose(operate(tmp_path / "film.npy", "detrend"), 40, atol=1e-9)
    cubic = 7 + 0.1 * times**3 - times**2
    np.save(tmp_path / "film.npy", (cubic[:, None, None] * np.ones((12, 2, 3))))
    found = operate(tmp_path / "film.npy", "detrend", method="nonlinear", order=3)
    np.testing.assert_allclose(found, 7, atol=1e-6)


def test_squelch_silences_what_stays_below(film_file: Path, film: Film, operate: Operate) -> None:
    found = operate(film_file, "squelch", threshold=58_000)
    quiet = np.moveaxis(film, 0, -1).max(axis=-1) < 58_000
    assert quiet.any()
    assert not found[quiet].any()
    assert np.array_equal(found[~quiet], np.moveaxis(film, 0, -1)[~quiet])


def test_time_is_thinned_by_one_factor(film_file: Path, film: Film, operate: Operate) -> None:
    found = operate(film_file, "subsample", factor=4)
    assert np.array_equal(found, np.moveaxis(film[::4], 0, -1))
    assert found.dtype == np.uint16


def test_a_sample_holds_series_of_the_film(film_file: Path, film: Film, operate: Operate) -> None:
    found = operate(film_file, "sample", n=9, seed=3)
    every = {tuple(row) for row in film.reshape(6, -1).T.tolist()}
    assert found.shape == (9, 6)
    assert {tuple(row) for row in found.tolist()} <= every
    assert np.array_equal(found, operate(film_file, "sample", n=9, seed=3))


def test_several_signals_give_a_map_each(
    film_file: Path, series: NDArray[np.float64], operate: Operate, tmp_path: Path
) -> None:
    signals = np.random.default_rng(1).random((6, 2))
    lines = ["light,sound", *(f"{a},{b}" for a, b in signals)]
    (tmp_path / "signals.csv").write_text("\n".join(lines), encoding="utf-8")
    found = operate(film_file, "correlate", signal=tmp_path / "signals.csv")
    assert found.shape == (3, 20, 30, 2)
    expected = np.corrcoef(series[2, 5, 7], signals[:, 1])[0, 1]
    assert found[2, 5, 7, 1] == pytest.approx(expected, abs=1e-12)


def test_cross_correlation_peaks_at_the_delay(tmp_path: Path, operate: Operate) -> None:
    pulse = np.zeros(40)
    pulse[15:18] = 1, 2, 1
    late = np.roll(pulse, 3)
    np.save(tmp_path / "film.npy", late[:, None, None] * np.array([[1.0, 0.0]]))
    savemat(tmp_path / "signal.mat", {"signal": pulse[:, None]})
    found = operate(tmp_path / "film.npy", "crosscorr", signal=tmp_path / "signal.mat", lag=4)
    assert found.shape == (1, 1, 2, 9)
    assert np.argmax(found[0, 0, 0]) == 4 + 3
    assert (found[0, 0, 1] == 0).all()
    expected = np.corrcoef(late, pulse)[0, 1]
    assert found[0, 0, 0, 4] == pytest.approx(expected, abs=1e-12)


def test_a_sine_has_coherence_1_at_its_frequency_and_its_own_phase(
    tmp_path: Path, operate: Operate
) -> None:
    times = np.arange(60)
    waves = [np.sin(2 * np.pi * 4 * times / 60 - phase) for phase in (0.7, 5.0)]
    np.save(tmp_path / "film.npy", np.stack(waves, axis=1)[:, None])
    found = operate(tmp_path / "film.npy", "fourier", freq=4)[0, 0]
    np.testing.assert_allclose(found, [[1, 0.7], [1, 5.0]], atol=1e-9)


def test_local_correlation_is_that_with_the_average_around(
    film_file: Path, series: NDArray[np.float64], operate: Operate
) -> None:
    found = operate(film_file, "localcorr", neighborhood=1)
    around = np.floor(series[0:3, 9:12, 19:22].mean(axis=(0, 1, 2)))
    expected = np.corrcoef(series[1, 10, 20], around)[0, 1]
    assert found.shape == (3, 20, 30)
    assert found[1, 10, 20] == pytest.approx(expected, abs=1e-3)


def test_local_correlation_is_with_the_uniform_filter_of_its_size(
    film_file: Path, series: NDArray[np.float64], operate: Operate
) -> None:
    # Thunder 1.4.2 takes the size of the filter, 2 by default; 2 n + 1 came later.
    around = operate(film_file, "uniform-filter", size=2).astype(float)[:, 1, 10, 20]
    expected = np.corrcoef(series[1, 10, 20], around)[0, 1]
    found = operate(film_file, "localcorr")
    assert found[1, 10, 20] == pytest.approx(expected, abs=1e-9)
    by_size = operate(film_file, "localcorr", size=3)
    assert np.array_equal(by_size, operate(film_file, "localcorr", neighborhood=1))


def test_a_single_plane_is_filtered_as_an_image(tmp_path: Path, operate: Operate) -> None:
    film = np.random.default_rng(0).integers(0, 255, (4, 20, 30)).astype(np.uint8)
    np.save(tmp_path / "film.npy", film)
    found = operate(tmp_path / "film.npy", "gaussian-filter", sigma=0.5)
    expected = [ndimage.gaussian_filter(image, 0.5) for image in film]
    assert np.array_equal(found[:, 0], expected)


@pytest.mark.parametrize("operation", ["gaussian-filter", "uniform-filter"])
def test_a_filter_spreads_a_point_and_keeps_its_sum(
    tmp_path: Path, operate: Operate, operation: str
) -> None:
    film = np.zeros((2, 5, 31, 31))
    film[:, 2, 15, 15] = 1
    np.save(tmp_path / "film.npy", film)
    settings = {"sigma": "0.001,2,2"} if operation == "gaussian-filter" else {"size": "1,3,3"}
    found = operate(tmp_path / "film.npy", operation, **settings)
    np.testing.assert_allclose(found.sum(axis=(2, 3))[:, 2], 1, atol=1e-6)
    assert found[0, 1].max() == 0
    peak = 1 / 9 if operation == "uniform-filter" else 1 / (2 * np.pi * 4)
    assert found[0, 2].max() == pytest.approx(peak, rel=0.01)


@given(arrays(np.float64, (3, 9), elements=st.integers(0, 65535).map(float)))
def test_correlations_lie_between_minus_1_and_1(series: NDArray[np.float64]) -> None:
    signal = np.arange(9.0)[None]
    found = operations.correlate(series, signal)[:, 0]
    constant = series.max(axis=1) == series.min(axis=1)
    assert np.array_equal(np.isnan(found), constant)
    assert (np.abs(found[~constant]) <= 1 + 1e-12).all()


@pytest.mark.parametrize(
    ("operation", "settings", "says"),
    [
        ("fourier", {"freq": 3}, "below half the 6 time points"),
        ("select", {"indices": "9"}, "No time point is selected"),
        ("detrend", {"method": "nonlinear", "order": 6}, "more than the 6 time points"),
        ("detrend", {"method": "mean"}, "take linear or nonlinear"),
        ("normalize", {"method": "linear"}, "take percentile, mean or window"),
        ("subsample", {"factor": "1,2"}, "three for plane, y and x"),
        ("gaussian-filter", {"sigma": "0"}, "one number above 0"),
        ("correlate", {}, "No signal is given"),
        ("shrink", {}, "operation"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(
    film_file: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    operation: str,
    settings: dict[str, Any],
    says: str,
) -> None:
    out = tmp_path / "out.npy"
    values = [part for name in settings for part in ("--set", f"{name}={settings[name]}")]
    command = ["brainmap", "series", str(film_file), operation, "--out", str(out), *values]
    assert main([*command, "--quiet"]) == 2
    complaint = capsys.readouterr().err
    assert says in complaint
    assert complaint.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == [film_file.name]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("1\n2\n3\n", "3 time points|6 time points"),
        ("1\n2\n\n4\n5\nx\n", "cannot be read as numbers"),
        ("1\n1\n1\n1\n1\n1\n", "never changes"),
        ("", "cannot be read"),
    ],
)
def test_a_signal_that_does_not_suit_is_explained(tmp_path: Path, content: str, says: str) -> None:
    file = tmp_path / "signal.csv"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(TableError, match=says):
        read_signals(file, 6)


@example(content=b"PK\x03\x04 but no archive", suffix=".npy")
@given(content=st.binary(max_size=200), suffix=st.sampled_from([".npy", ".csv", ".mat"]))
def test_any_file_is_a_signal_or_refused_in_a_sentence(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, suffix: str
) -> None:
    file = tmp_path_factory.getbasetemp() / f"signal{suffix}"
    file.write_bytes(content)
    with pytest.raises(NeuroboardError):
        read_signals(file, 10_000)
