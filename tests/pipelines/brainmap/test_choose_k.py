"""How many clusters: the sweep, and the evidence for each number."""

import numpy as np
import pytest
from sklearn.cluster import KMeans

from pipelines.brainmap.clusters import choose_k, mixture, quick
from pipelines.brainmap.clusters.kmeans import Clustering, cluster, grouped_by, quality
from pipelines.brainmap.clusters.lloyd import refine
from pipelines.brainmap.engines.engine import Local
from pipelines.brainmap.voxels.densities import most_probable
from pipelines.brainmap.voxels.series import Floats, Series, deviation

KS = (5, 10, 15, 20, 30, 50, 100, 200)
DISTANCES = (532.19, 424.96, 390.85, 367.47, 336.89, 308.24, 275.52, 242.21)
SIMILARITIES = (2.235e-4, 1.942e-4, 1.901e-4, 1.834e-4, 1.728e-4, 1.679e-4, 1.577e-4, 1.512e-4)
"""Published errors of all zebrafish voxels for `KS`."""


@pytest.fixture
def kept(fish_series: Series) -> Series:
    return fish_series[deviation(fish_series) > 0.01]


@pytest.fixture
def patterns() -> tuple[Series, np.ndarray]:
    """1,500 noisy voxels of 12 patterns in 16 time points, with their positions."""
    random = np.random.default_rng(2)
    courses = random.standard_normal((12, 16))
    series = courses[np.arange(1500) % 12] + 0.2 * random.standard_normal((1500, 16))
    positions = np.stack(np.unravel_index(np.arange(1500), (1, 30, 50)), axis=1)
    return series.astype(np.float32), positions


@pytest.mark.parametrize("seed", [0, 2, 3])
def test_the_quick_sweep_of_the_zebrafish_is_near_the_published_errors(
    fish_series: Series, seed: int
) -> None:
    # From a single way to merge the sample's groups, seeds 2 and 3 ended 10 and 12 % off at K = 10.
    found = choose_k.sweep_quickly(fish_series, KS, seed)
    fitness = [quality(fish_series, groups) for groups in found]
    assert [len(groups.centroids) for groups in found] == list(KS)
    assert [item.error_distance for item in fitness] == pytest.approx(DISTANCES, rel=0.03)
    assert [item.error_similarity for item in fitness] == pytest.approx(SIMILARITIES, rel=0.05)


def test_the_exact_sweep_of_the_zebrafish_gives_the_published_errors(fish_series: Series) -> None:
    found = choose_k.sweep_exactly(fish_series, KS[:5], n_init=10, seed=0)
    fitness = [quality(fish_series, groups) for groups in found]
    assert [item.error_distance for item in fitness] == pytest.approx(DISTANCES[:5], rel=0.015)
    assert [item.error_similarity for item in fitness] == pytest.approx(SIMILARITIES[:5], rel=0.03)


@pytest.mark.parametrize("seed", [0, 1])
def test_the_zebrafish_is_suggested_15_to_50_clusters(kept: Series, seed: int) -> None:
    found = choose_k.sweep_quickly(kept, KS, seed)
    errors = np.array([quality(kept, groups).error_distance for groups in found])
    k, reason = choose_k.suggest(KS, errors, np.full(len(KS), np.nan))
    assert 15 <= k <= 50
    assert f"{k} is where the sum of distances bends most" in reason


def test_the_quick_sweep_is_as_good_as_single_starts(patterns: tuple[Series, np.ndarray]) -> None:
    series, _ = patterns
    for k, found in zip((4, 12, 40), choose_k.sweep_quickly(series, (4, 12, 40), 0), strict=True):
        assert found.inertia <= 1.01 * cluster(series, k, n_init=1).inertia


def lloyd(series: Series, start: Floats, passes: int) -> Clustering:
    """Improve centroids by up to so many exact passes."""
    [means] = refine(Local(), series, [start], passes)
    return grouped_by(means, series, Local())


def test_exact_passes_are_lloyds(patterns: tuple[Series, np.ndarray]) -> None:
    series, _ = patterns
    start = series[:9].astype(float)
    reference = KMeans(9, init=series[:9], n_init=1, tol=0, max_iter=300).fit(series)
    found = lloyd(series, start, 60)
    assert found.inertia == pytest.approx(reference.inertia_, rel=1e-5)
    assert sorted(found.sizes) == sorted(np.bincount(reference.labels_))


def test_passes_over_a_file_give_the_same_bits(
    patterns: tuple[Series, np.ndarray], tmp_path_factory: pytest.TempPathFactory
) -> None:
    series, _ = patterns
    file = tmp_path_factory.mktemp("series") / "series.npy"
    np.save(file, series)
    start = series[:9].astype(float)
    here, there = (lloyd(x, start, 5) for x in (series, np.load(file, mmap_mode="r")))
    assert np.array_equal(here.labels, there.labels)
    assert np.array_equal(here.centroids, there.centroids)


def test_merging_is_wards() -> None:
    random = np.random.default_rng(0)
    centroids, sizes = random.random((12, 4)), random.integers(1, 40, 12)
    merged = quick.merge_down(centroids, sizes, [3, 11])

    def growth(i: int, j: int) -> float:
        both = np.average(centroids[[i, j]], axis=0, weights=sizes[[i, j]])
        return float(sum(sizes[x] * ((centroids[x] - both) ** 2).sum() for x in (i, j)))

    pair = min(((i, j) for i in range(12) for j in range(i)), key=lambda ij: growth(*ij))
    both = np.average(centroids[list(pair)], axis=0, weights=sizes[list(pair)])
    assert np.abs(merged[11] - both).sum(axis=1).min() < 1e-12
    assert merged[3].shape == (3, 4)


def test_the_knee_of_two_straight_lines_is_where_they_meet() -> None:
    x = np.log(np.array(KS))
    errors = np.where(np.array(KS) <= 20, 10 - 3 * x, 10 - 3 * np.log(20) - 0.2 * (x - np.log(20)))
    assert choose_k.knee(KS, errors) == 20
    assert choose_k.knee([4, 8], np.array([2.0, 1.0])) == 4


@pytest.mark.parametrize("seed", range(5))
def test_training_and_test_curves_cross_for_any_data(seed: int) -> None:
    train, test = np.sort(np.random.default_rng(seed).random((2, 8)))[:, ::-1]
    crossing = choose_k.crossing(KS, train, test)
    assert crossing is not None
    assert KS.index(crossing[1]) == KS.index(crossing[0]) + 1
    assert choose_k.normalized(train).sum() == pytest.approx(1)


def test_held_out_voxels_do_not_ask_for_more_than_the_planted_patterns(
    patterns: tuple[Series, np.ndarray],
) -> None:
    series, positions = patterns
    ks = (4, 8, 12, 24, 96)
    found = choose_k.held_out(series, positions, ks, seed=0)
    assert choose_k.lowest(ks, found.crossvalidated) == 12
    assert (found.test > found.train).all()
    assert (np.diff(found.train) < 0).all()


def test_maps_of_well_separated_patterns_are_stable(patterns: tuple[Series, np.ndarray]) -> None:
    series, _ = patterns
    at_truth, beyond = choose_k.stability(series, (12, 60), seed=0)
    assert at_truth > 0.95
    assert beyond < at_truth


def test_numbers_that_cannot_be_reached_are_left_out() -> None:
    series = np.repeat(np.eye(9, dtype=np.float32), 5, axis=0)
    assert choose_k.usable(series, [5, 9, 10, 200]) == [5, 9]
    assert choose_k.usable(series, [20, 30]) == [20]


def test_the_mixtures_criterion_finds_the_planted_number() -> None:
    random = np.random.default_rng(4)
    courses: Floats = random.standard_normal((6, 5))
    series = 1e-3 * (courses[np.arange(900) % 6] + 0.1 * random.standard_normal((900, 5)))
    ks = (3, 6, 12, 24, 48)
    bic = mixture.information(series, ks, seed=0)
    assert choose_k.lowest(ks, bic) == 6
    assert np.isnan(bic[-1])


def test_a_mixture_of_weak_signals_is_not_swallowed_by_one_component(kept: Series) -> None:
    [found] = mixture.mixtures(kept[::3], [20], seed=0)
    sizes = found.clustering.sizes
    assert sizes.max() < 0.4 * sizes.sum()
    assert (sizes > 0).sum() == 20


def test_voxels_are_put_where_the_fitted_mixture_puts_them(kept: Series) -> None:
    components = mixture.principal_components(kept)
    scores = components.transform(kept)
    model = mixture.fit_mixture(scores, 12, kept.shape[1], seed=0, iterations=10)
    found = most_probable(kept, mixture.densities(components, model))
    assert np.array_equal(found, model.predict(scores))


def test_a_mixture_has_the_same_bits_for_the_same_seed(kept: Series) -> None:
    first, second = (next(mixture.mixtures(kept[::6], [8], seed=1)) for _ in range(2))
    assert np.array_equal(first.clustering.labels, second.clustering.labels)
    assert first.bic == second.bic
