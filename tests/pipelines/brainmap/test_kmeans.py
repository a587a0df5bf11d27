"""Groups of voxels, and how well they describe them."""

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from pipelines.brainmap.clusters.kmeans import Clustering, cluster, quality
from pipelines.brainmap.voxels.series import Series
from pipelines.core.errors import ParameterError

PUBLISHED = {5: (532.19, 2.235e-4), 30: (336.89, 1.728e-4), 100: (275.52, 1.577e-4)}
"""Sum of distances, and 1 / sum of correlations, of all zebrafish voxels for some k."""


@pytest.fixture
def three_groups() -> tuple[Series, np.ndarray]:
    """30, 20 and 10 noisy copies of three courses, shuffled, with their groups."""
    random = np.random.default_rng(1)
    truth = random.permutation(np.repeat([0, 1, 2], [30, 20, 10]))
    courses = np.array([np.sin(np.arange(12)), np.cos(np.arange(12)), np.arange(12) / 4])
    return courses[truth] + 0.05 * random.standard_normal((60, 12)), truth


@pytest.mark.parametrize("k", PUBLISHED)
def test_zebrafish_errors_are_the_published_ones(fish_series: Series, k: int) -> None:
    found = quality(fish_series, cluster(fish_series, k, n_init=10))
    distance, similarity = PUBLISHED[k]
    assert found.error_distance == pytest.approx(distance, rel=0.01)
    assert found.error_similarity == pytest.approx(similarity, rel=0.03)


def test_groups_are_numbered_by_size(three_groups: tuple[Series, np.ndarray]) -> None:
    series, truth = three_groups
    for seed in range(5):
        found = cluster(series, 3, seed=seed)
        assert found.sizes.tolist() == [30, 20, 10]
        assert np.array_equal(found.labels, truth)


def test_centroids_are_the_means_and_inertia_the_squares(
    three_groups: tuple[Series, np.ndarray],
) -> None:
    series, truth = three_groups
    found = cluster(series, 3)
    means = np.array([series[truth == group].mean(axis=0) for group in range(3)])
    np.testing.assert_allclose(found.centroids, means, atol=1e-12)
    assert found.inertia == pytest.approx(((series - means[truth]) ** 2).sum())


def test_the_same_seed_gives_the_same_bits(fish_series: Series) -> None:
    first, second = (cluster(fish_series[::3], 20, seed=4) for _ in range(2))
    assert np.array_equal(first.labels, second.labels)
    assert np.array_equal(first.centroids, second.centroids)
    assert first.inertia == second.inertia


def test_another_seed_gives_another_start(fish_series: Series) -> None:
    found = [cluster(fish_series[::3], 30, n_init=1, seed=seed) for seed in range(2)]
    assert adjusted_rand_score(found[0].labels, found[1].labels) < 1


def test_more_restarts_are_never_worse(fish_series: Series) -> None:
    one, eight = (cluster(fish_series[::3], 20, n_init=n).inertia for n in (1, 8))
    assert eight <= one


def test_similarity_is_pearsons_r_and_0_for_constants() -> None:
    random = np.random.default_rng(0)
    series, centroids = random.standard_normal((2, 20, 9))
    own = np.arange(20, dtype=np.int32)
    expected = [np.corrcoef(a, b)[0, 1] for a, b in zip(series, centroids, strict=True)]
    found = quality(series, Clustering(own, centroids, 0.0)).similarity
    np.testing.assert_allclose(found, expected, atol=1e-6)
    series[0], centroids[1] = 0.1, 0.3
    assert not quality(series, Clustering(own, centroids, 0.0)).similarity[:2].any()


def test_the_errors_are_what_they_are_defined_as() -> None:
    series = np.array([[0.0, 1.0, 2.0], [2.0, 1.0, 0.0], [0.0, 4.0, 8.0]])
    centroids = np.array([[0.0, 2.0, 4.0]])
    found = quality(series, Clustering(np.zeros(3, np.int32), centroids, 0.0))
    assert found.similarity.tolist() == [1, -1, 1]
    assert found.error_similarity == 1
    assert found.error_distance == pytest.approx(5**0.5 + 21**0.5 + 20**0.5)


def test_no_similarity_at_all_is_an_infinite_error() -> None:
    series = np.zeros((2, 3))
    found = quality(series, Clustering(np.zeros(2, np.int32), np.zeros((1, 3)), 0.0))
    assert found.error_similarity == float("inf")


def test_more_groups_than_voxels_are_refused() -> None:
    with pytest.raises(ParameterError, match="k is 30, but only 12 voxels"):
        cluster(np.random.default_rng(0).random((12, 5)), 30)


def test_more_groups_than_different_series_are_refused() -> None:
    series = np.repeat(np.eye(4), 10, axis=0)
    with pytest.raises(ParameterError, match="only 4 different series"):
        cluster(series, 6)
