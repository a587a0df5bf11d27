import numpy as np
import pytest
from sklearn.datasets import make_blobs
from sklearn.metrics import adjusted_rand_score

from pipelines.core.errors import TableError
from pipelines.synapses.clusters.cluster import Density, by_size, cluster
from pipelines.synapses.clusters.embed import embed, exact_neighbors, trustworthiness
from pipelines.synapses.parameters import FitParameters


def keys(count: int) -> np.ndarray:
    return np.array([("cb1", "as", f"{i:04}") for i in range(count)])


def blobs(count: int = 150) -> tuple[np.ndarray, np.ndarray]:
    features, truth = make_blobs(count, 5, centers=3, cluster_std=0.5, random_state=1)
    return features, truth


def test_the_order_of_the_rows_decides_nothing() -> None:
    features, _ = blobs()
    key, order = keys(len(features)), np.random.default_rng(0).permutation(len(features))
    straight = embed(features, key, FitParameters())
    shuffled = embed(features[order], key[order], FitParameters())
    assert (shuffled == straight[order]).all()
    density = Density.for_rows(len(features), 0, 0)
    found, again = (
        cluster(straight, key, density),
        cluster(shuffled, key[order], density),
    )
    assert (again.labels == found.labels[order]).all()
    assert (again.probability == found.probability[order]).all()


def test_the_map_keeps_neighbours_and_clusters_apart() -> None:
    features, truth = blobs()
    key = keys(len(features))
    embedding = embed(features, key, FitParameters())
    assert trustworthiness(features, embedding, seed=0) > 0.9
    found = cluster(embedding, key, Density.for_rows(len(features), 0, 0))
    assert adjusted_rand_score(truth, found.labels) > 0.95


def test_the_neighbours_of_a_map_are_exact() -> None:
    features = np.random.default_rng(0).normal(size=(200, 5))
    every = np.linalg.norm(features[:, None] - features[None], axis=2)
    rows, near = exact_neighbors(features, 15)
    assert (rows == np.argsort(every, axis=1)[:, :15]).all()
    assert near == pytest.approx(np.sort(every, axis=1)[:, :15])


def test_a_map_of_noise_is_no_more_trustworthy_than_chance() -> None:
    random = np.random.default_rng(0)
    assert trustworthiness(random.normal(size=(300, 5)), random.normal(size=(300, 2)), 0) < 0.6


def test_fifteen_synapses_can_be_mapped_and_fourteen_cannot() -> None:
    features, _ = blobs(15)
    assert np.isfinite(embed(features, keys(15), FitParameters())).all()
    with pytest.raises(TableError, match="14 synapses are too few for a map"):
        embed(features[:14], keys(14), FitParameters())


def test_clusters_are_numbered_by_falling_size_and_ties_by_their_first_row() -> None:
    labels = np.array([5, 3, 3, -1, 9, 9, 9, 5])
    assert by_size(labels).tolist() == [1, 2, 2, -1, 0, 0, 0, 1]


def test_density_is_chosen_from_the_number_of_rows_unless_it_is_set() -> None:
    assert Density.for_rows(500, 0, 0) == Density(50, 16)
    assert Density.for_rows(40, 0, 0) == Density(10, 3)
    assert Density.for_rows(500, 20, 7) == Density(20, 7)
    assert Density.for_rows(15, 1000, 1000) == Density(15, 14)


def test_a_point_far_from_every_cluster_is_noise_without_probability() -> None:
    random = np.random.default_rng(0)
    dense = [random.normal(centre, 0.1, (60, 2)) for centre in (0, 20)]
    embedding = np.vstack([*dense, [[200, -200]]])
    found = cluster(embedding, keys(121), Density(20, 5))
    assert found.labels[-1] == -1
    assert found.probability[-1] == 0
    assert set(found.labels[:-1]) == {0, 1}
