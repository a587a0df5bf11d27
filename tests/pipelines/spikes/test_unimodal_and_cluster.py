import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import adjusted_rand_score

from pipelines.core.unimodal import dip
from pipelines.spikes.parameters import SpikesParameters
from pipelines.spikes.sorting.cluster import find_clusters, renumbered
from pipelines.spikes.sorting.unimodal import CRITICAL_DIP, join_unimodal, pair_dip

SIZES = (600, 300, 150)


def normal(n: int, centre: float, seed: int) -> NDArray[np.float64]:
    return np.random.default_rng(seed).normal(centre, 1, n)


def three_clouds() -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    rng = np.random.default_rng(7)
    centres = np.array([[0, 0, 0, 0], [9, 0, 0, 0], [0, 9, 3, 0]])
    truth = np.repeat(np.arange(3), SIZES)
    return rng.normal(size=(len(truth), 4)) + centres[truth], truth


@pytest.mark.parametrize("n", [60, 500, 4000])
def test_five_of_a_hundred_normal_samples_look_like_two_humps(n: int) -> None:
    above = np.mean([dip(normal(n, 0, seed)) > CRITICAL_DIP for seed in range(200)])
    assert above < 0.1


@pytest.mark.parametrize("n", [100, 2000])
def test_two_humps_four_deviations_apart_are_seen(n: int) -> None:
    both = [np.concatenate([normal(n, 0, seed), normal(n, 4, seed + 99)]) for seed in range(20)]
    assert min(dip(values) for values in both) > CRITICAL_DIP


def test_a_small_cluster_beside_a_large_one_is_seen() -> None:
    rng = np.random.default_rng(0)
    large, small = rng.normal(size=(5000, 3)), rng.normal([6, 0, 0], 1, (60, 3))
    assert pair_dip(large, small) > CRITICAL_DIP


def test_parts_of_one_cloud_are_joined_and_clouds_are_not() -> None:
    points, truth = three_clouds()
    parts = 2 * truth + (points[:, 3] > 0)
    assert adjusted_rand_score(truth, join_unimodal(points, parts)) == 1


@pytest.mark.parametrize("clusterer", ["bgmm", "gmm", "isosplit", "hdbscan"])
def test_a_clusterer_finds_by_itself_how_many_clouds_there_are(clusterer: str) -> None:
    points, truth = three_clouds()
    labels = find_clusters(points, SpikesParameters.parse({"clusterer": clusterer}))
    kept = labels >= 0
    assert set(labels[kept].tolist()) == {0, 1, 2}
    assert kept.mean() > 0.85
    assert adjusted_rand_score(truth[kept], labels[kept]) > 0.97


@pytest.mark.parametrize("clusterer", ["bgmm", "gmm", "kmeans"])
def test_a_clusterer_makes_the_number_that_it_is_told(clusterer: str) -> None:
    points, truth = three_clouds()
    told = SpikesParameters.parse({"clusterer": clusterer, "n_clusters": 3})
    labels = find_clusters(points, told)
    assert np.bincount(labels).tolist() == sorted(np.bincount(labels).tolist(), reverse=True)
    assert adjusted_rand_score(truth, labels) > 0.97


@pytest.mark.parametrize("clusterer", ["bgmm", "gmm", "kmeans", "hdbscan"])
def test_the_same_seed_gives_the_same_labels(clusterer: str) -> None:
    points, _ = three_clouds()
    told = SpikesParameters.parse({"clusterer": clusterer, "n_clusters": 3, "seed": 5})
    assert np.array_equal(find_clusters(points, told), find_clusters(points, told))


def test_small_clusters_are_not_units_and_the_largest_is_the_first() -> None:
    labels = np.array([4, 4, 7, 7, 7, 9, -1])
    assert renumbered(labels, least=2).tolist() == [1, 1, 0, 0, 0, -1, -1]


def test_too_few_spikes_make_no_unit() -> None:
    assert find_clusters(np.zeros((5, 2)), SpikesParameters()).tolist() == [-1] * 5
